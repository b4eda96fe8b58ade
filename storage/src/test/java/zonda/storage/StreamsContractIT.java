package zonda.storage;

/** {@link StreamsContract} over btrfs, in a file. */
class StreamsContractIT extends StreamsContract {
    @Override
    ContractPool makePool() {
        return ScratchPool.create();
    }
}
