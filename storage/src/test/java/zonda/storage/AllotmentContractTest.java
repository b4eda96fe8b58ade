package zonda.storage;

/** {@link AllotmentContract} over the fake driver. */
class AllotmentContractTest extends AllotmentContract {
    @Override
    ContractPool makePool() {
        return new FakePool();
    }
}
