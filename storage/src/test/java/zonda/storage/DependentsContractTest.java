package zonda.storage;

/** {@link DependentsContract} over the fake driver. */
class DependentsContractTest extends DependentsContract {
    @Override
    ContractPool makePool() {
        return new FakePool();
    }
}
