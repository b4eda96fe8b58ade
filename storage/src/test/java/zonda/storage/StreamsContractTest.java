package zonda.storage;

/** {@link StreamsContract} over the fake driver. */
class StreamsContractTest extends StreamsContract {
    @Override
    ContractPool makePool() {
        return new FakePool();
    }
}
