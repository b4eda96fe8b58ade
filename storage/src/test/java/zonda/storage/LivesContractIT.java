package zonda.storage;

/** {@link LivesContract} over btrfs, in a file. */
class LivesContractIT extends LivesContract {
    @Override
    ContractPool makePool() {
        return ScratchPool.create();
    }
}
