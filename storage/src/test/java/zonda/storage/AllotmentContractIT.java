package zonda.storage;

/** {@link AllotmentContract} over btrfs, in a file. */
class AllotmentContractIT extends AllotmentContract {
    @Override
    ContractPool makePool() {
        return ScratchPool.create();
    }
}
