package zonda.storage;

/** {@link DelegatingContract} over btrfs, in a file. */
class DelegatingContractIT extends DelegatingContract {
    @Override
    ContractPool makePool() {
        return ScratchPool.create();
    }
}
