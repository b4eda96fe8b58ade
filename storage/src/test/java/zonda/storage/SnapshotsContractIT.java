package zonda.storage;

/** {@link SnapshotsContract} over btrfs, in a file. */
class SnapshotsContractIT extends SnapshotsContract {
    @Override
    ContractPool makePool() {
        return ScratchPool.create();
    }
}
