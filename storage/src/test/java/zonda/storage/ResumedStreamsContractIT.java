package zonda.storage;

/** {@link ResumedStreamsContract} over btrfs, in a file. */
class ResumedStreamsContractIT extends ResumedStreamsContract {
    @Override
    ContractPool makePool() {
        return ScratchPool.create();
    }
}
