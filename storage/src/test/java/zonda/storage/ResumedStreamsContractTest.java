package zonda.storage;

/** {@link ResumedStreamsContract} over the fake driver. */
class ResumedStreamsContractTest extends ResumedStreamsContract {
    @Override
    ContractPool makePool() {
        return new FakePool();
    }
}
