package zonda.vm;

import java.util.Optional;
import java.util.OptionalInt;
import zonda.storage.Datasets;
import zonda.storage.Tuning;

/** How a VM's datasets store what is written to them: zfs_root_compression of vmadm(8) and its kin. */
record Storing(Tuning root, Tuning data) {
    /** What ZFS has where nobody says: then it is the pool's affair. */
    private static final long USUAL_RECORD = 131_072;

    static Storing of(VmConfig vm) {
        return new Storing(tuning(vm, "zfs_root_"), tuning(vm, "zfs_data_"));
    }

    private static Tuning tuning(VmConfig vm, String prefix) {
        OptionalInt record = vm.properties()
                .integer(prefix + "recsize")
                .filter(bytes -> bytes > 0 && bytes != USUAL_RECORD)
                .map(bytes -> OptionalInt.of(Math.toIntExact(bytes)))
                .orElse(OptionalInt.empty());
        return new Tuning(vm.properties().string(prefix + "compression"), record);
    }

    /** Of one of a machine's disks. */
    static Tuning of(Disks.Kept disk) {
        return Tuning.NONE.compression(disk.properties().string("compression"));
    }

    /** As far as the pool can: without records there is no size of them. */
    static Tuning possible(Tuning wanted, Datasets datasets) {
        return datasets.hasRecords() ? wanted : wanted.recordSize(OptionalInt.empty());
    }

    /** Brings the datasets that are there to it. */
    void apply(VmConfig vm, Datasets datasets) {
        datasets.setTuning(vm.dataset(), _ -> possible(root, datasets));
        Optional.of(Delegation.top(vm))
                .filter(top -> datasets.find(top).isPresent())
                .ifPresent(top -> datasets.setTuning(top, old -> shared(old, datasets)));
    }

    /** The zone may have changed what the VM's properties say nothing of. */
    private Tuning shared(Tuning old, Datasets datasets) {
        Tuning wanted = possible(data, datasets);
        return wanted.compression().isPresent() ? wanted : wanted.compression(old.compression());
    }
}
