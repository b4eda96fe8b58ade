package zonda.vm;

import java.nio.file.Path;
import java.util.List;
import zonda.kernel.Fd;
import zonda.kvm.LiveDisks;
import zonda.storage.Datasets;

/** Changes the disks of a machine that runs: its volumes, and what its QEMU has of them. */
final class RunningDisks {
    private final HvmControl control;
    private final Datasets datasets;

    RunningDisks(HvmControl control, Datasets datasets) {
        this.control = control;
        this.datasets = datasets;
    }

    /** What goes is out of the machine before its volume is destroyed, and what comes is whole before it is plugged in. */
    void change(VmConfig before, VmConfig vm) {
        DiskChanges changes = DiskChanges.of(before, vm);
        List<Disks.Kept> removed = changes.removed();
        if (!removed.isEmpty()) {
            control.disks(vm, live -> removed.forEach(disk -> live.remove(Path.of(disk.path()), name(disk))));
        }
        HvmDatasets.reconcile(before, vm, datasets, HvmDatasets.Shrinking.NEVER);
        if (changes.added().isEmpty() && changes.grown().isEmpty()) {
            return;
        }
        control.disks(vm, live -> {
            changes.added().forEach(disk -> add(vm, disk, live));
            changes.grown().forEach(disk -> live.grow(Path.of(disk.path()), name(disk), disk.size()));
        });
    }

    private void add(VmConfig vm, Disks.Kept disk, LiveDisks live) {
        Path volume = datasets.volume(disk.dataset().orElseThrow());
        int index = Disks.of(vm).indexOf(disk);
        try (Fd descriptor = Fd.open(volume, Fd.O_RDWR, 0)) {
            live.add(
                    HvmDisks.disk(vm, disk, index),
                    name(disk),
                    new LiveDisks.Source(descriptor, datasets.hasDevices()));
        }
    }

    /** Those of a running machine's that could not be written to. */
    static List<Disks.Kept> failed(VmConfig vm, LiveDisks live) {
        return Disks.of(vm).stream()
                .filter(disk -> live.hasFailed(Path.of(disk.path()), name(disk)))
                .toList();
    }

    private static String name(Disks.Kept disk) {
        return "added" + disk.number();
    }
}
