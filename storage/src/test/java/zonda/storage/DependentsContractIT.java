package zonda.storage;

/** {@link DependentsContract} over btrfs, in a file. */
class DependentsContractIT extends DependentsContract {
    @Override
    ContractPool makePool() {
        return ScratchPool.create();
    }
}
