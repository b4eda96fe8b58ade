package zonda.storage;

/** {@link VolumesContract} over the fake driver. */
class VolumesContractTest extends VolumesContract {
    @Override
    ContractPool makePool() {
        return new FakePool();
    }
}
