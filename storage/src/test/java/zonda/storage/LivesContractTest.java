package zonda.storage;

/** {@link LivesContract} over the fake driver. */
class LivesContractTest extends LivesContract {
    @Override
    ContractPool makePool() {
        return new FakePool();
    }
}
