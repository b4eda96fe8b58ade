package zonda.storage;

/** {@link DelegatingContract} over the fake driver. */
class DelegatingContractTest extends DelegatingContract {
    @Override
    ContractPool makePool() {
        return new FakePool();
    }
}
