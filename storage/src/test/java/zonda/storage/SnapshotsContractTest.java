package zonda.storage;

/** {@link SnapshotsContract} over the fake driver. */
class SnapshotsContractTest extends SnapshotsContract {
    @Override
    ContractPool makePool() {
        return new FakePool();
    }
}
