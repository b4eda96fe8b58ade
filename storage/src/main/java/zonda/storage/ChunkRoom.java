package zonda.storage;

import zonda.base.Code;
import zonda.base.OpException;
import zonda.kernel.Btrfs;
import zonda.kernel.Fd;

/**
 * What the devices of a btrfs have that no chunk was given yet. A change of profiles needs some: it makes new chunks
 * before it frees old ones, and a kernel (6.18) that finds no room for a chunk of the system then gives up the
 * transaction and leaves the whole filesystem read-only.
 */
final class ChunkRoom {
    /** Twice the greatest chunk of the system. */
    private static final long LEAST = 64L << 20;

    /** Chunks are emptied that are used to so many percent at most, the cheapest ones first. */
    private static final int[] USAGES = {0, 10, 30, 60};

    private final Fd fd;
    private final BtrfsTool btrfs;

    ChunkRoom(Fd fd, BtrfsTool btrfs) {
        this.fd = fd;
        this.btrfs = btrfs;
    }

    /**
     * Makes room by moving data together, where there is too little.
     *
     * @param blank how many of the devices that it adds are not there yet
     * @throws OpException NO_SPACE when there is still too little; nothing but the place of data has changed
     */
    void require(DeviceChange change, int blank) {
        btrfs.commit();
        int copies = change.copies();
        long devices = devicesWithRoom(change, blank);
        for (int i = 0; devices < copies && i < USAGES.length; i++) {
            btrfs.compact(USAGES[i]);
            devices = devicesWithRoom(change, blank);
        }
        if (devices < copies) {
            throw new OpException(
                    Code.NO_SPACE,
                    "out of space: a change of its copies needs " + (LEAST >> 20) + " MiB that are not allotted on "
                            + copies + " devices, and only " + devices
                            + " of them have so much: destroy some data, or add a device (driver btrfs)");
        }
    }

    /** One that replaces another has its chunks, and so its room. */
    private long devicesWithRoom(DeviceChange change, int blank) {
        long there = Btrfs.devices(fd).stream()
                .filter(device -> device.path().isPresent() || isReplaced(device, change))
                .filter(device -> device.totalBytes() - device.allotted() >= LEAST)
                .count();
        return change.isReplace() ? there : there + blank;
    }

    private static boolean isReplaced(Btrfs.Device device, DeviceChange change) {
        return change.isReplace()
                && change.remove().filter(id -> id == device.id()).isPresent();
    }
}
