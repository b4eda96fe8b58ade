package zonda.storage;

/** {@link NamesContract} over the fake driver. */
class NamesContractTest extends NamesContract {
    @Override
    ContractPool makePool() {
        return new FakePool();
    }
}
