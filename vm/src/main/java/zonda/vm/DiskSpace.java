package zonda.vm;

import java.util.Optional;
import zonda.base.Bytes;
import zonda.base.Json;
import zonda.storage.VolumeShape;

/**
 * What is kept free for a machine's disks: vmadm(8), disks.*.refreservation. As SmartOS has it, a disk of brand kvm has
 * its size, and one of brand bhyve what ZFS reserves for a volume by itself; a VM with flexible_disk_size has space kept
 * for all its disks together.
 */
final class DiskSpace {
    static final String NAME = "refreservation";
    /** The word for what ZFS reserves by itself. */
    static final String AUTO = "auto";

    private static final long MIB = Bytes.ofMiB(1).value();

    private DiskSpace() {}

    /** A new disk of the VM, with as many MiB as are kept free for it. */
    static Json.Obj complete(VmConfig vm, Json.Obj disk) {
        if (disk.string(NAME).filter(AUTO::equals).isPresent()) {
            return disk.with(NAME, auto(vm, disk));
        }
        return disk.has(NAME)
                ? disk
                : usual(vm, disk).map(most -> disk.with(NAME, most)).orElse(disk);
    }

    /** The disk after a change, before which it was another: what is kept as usual follows its size. */
    static Json.Obj changed(VmConfig vm, Json.Obj before, Json.Obj after, Json.Obj change, Findings findings) {
        if (change.string(NAME).filter(AUTO::equals).isPresent()) {
            findings.badValue(
                    "update_disks.*." + NAME,
                    "refreservation can be auto of a new disk only: give MiB, or leave it out");
            return after;
        }
        boolean given =
                change.get(NAME).filter(value -> !(value instanceof Json.Null)).isPresent();
        return given || (!change.has(NAME) && !isUsual(vm, before)) ? after : complete(vm, after.without(NAME));
    }

    private static boolean isUsual(VmConfig vm, Json.Obj disk) {
        return disk.has(NAME) && disk.integer(NAME).equals(usual(vm, disk));
    }

    /** The disk of a VM that keeps space for all its disks together from now on. */
    static Json.Obj shared(VmConfig before, Json.Obj disk) {
        return isUsual(before, disk) ? disk.without(NAME) : disk;
    }

    private static Optional<Long> usual(VmConfig vm, Json.Obj disk) {
        boolean isVolume = new Disks.Kept(vm.uuid(), disk).dataset().isPresent();
        if (!isVolume || vm.properties().has("flexible_disk_size")) {
            return Optional.empty();
        }
        return Optional.of(vm.brand() == Brand.KVM ? size(vm, disk).value() / MIB : auto(vm, disk));
    }

    private static long auto(VmConfig vm, Json.Obj disk) {
        int block = (int) (long) disk.integer("block_size", VolumeShape.USUAL_BLOCK);
        return Math.ceilDiv(VolumeShape.reservation(size(vm, disk), block).value(), MIB);
    }

    private static Bytes size(VmConfig vm, Json.Obj disk) {
        return new Disks.Kept(vm.uuid(), disk).size();
    }
}
