package zonda.storage;

/** {@link TuningContract} over the fake driver. */
class TuningContractTest extends TuningContract {
    @Override
    ContractPool makePool() {
        return new FakePool();
    }
}
