package zonda.storage;

/** {@link NamesContract} over btrfs, in a file. */
class NamesContractIT extends NamesContract {
    @Override
    ContractPool makePool() {
        return ScratchPool.create();
    }
}
