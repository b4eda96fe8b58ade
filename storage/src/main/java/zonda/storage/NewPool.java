package zonda.storage;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import zonda.base.Code;
import zonda.base.OpException;

/**
 * What a further pool shall be: zpool-create(8).
 *
 * @param devices disks, partitions or files
 * @param copies on how many of them each block is: 1 without mirrors
 * @param options of its root dataset
 * @param altroot what its mountpoints lie below
 * @param force whether what is on the devices may be lost
 */
public record NewPool(
        String name, List<Path> devices, int copies, DatasetOptions options, Optional<Path> altroot, boolean force) {
    private static final int MOST_COPIES = 4;
    private static final Set<String> RESERVED =
            Set.of("mirror", "raidz", "draid", "spare", "log", "cache", "special", "dedup", "replace", "replacing");

    public NewPool {
        devices = List.copyOf(devices);
        requireName(name);
        if (copies > MOST_COPIES) {
            throw new OpException(
                    Code.NOT_SUPPORTED,
                    "invalid vdev specification: a mirror of " + copies
                            + " devices is not supported by the driver btrfs, which keeps up to " + MOST_COPIES
                            + " copies");
        }
        if (devices.stream().distinct().count() != devices.size()) {
            throw new OpException(
                    Code.INVALID,
                    "cannot create '" + name + "': one or more vdevs refer to the same device, or one of\n"
                            + "the devices is part of an active md or lvm device");
        }
    }

    /** @throws OpException INVALID in the words of zpool(8) */
    static void requireName(String name) {
        String refused = "cannot create '" + name + "': ";
        if (name.isEmpty() || !Character.isLetter(name.charAt(0)) || name.charAt(0) > 'z') {
            throw new OpException(
                    Code.INVALID, refused + "name must begin with a letter\npool name may have been omitted");
        }
        if (RESERVED.contains(name) || name.startsWith("mirror") || name.startsWith("raidz")) {
            throw new OpException(Code.INVALID, refused + "name is reserved\npool name may have been omitted");
        }
        for (char one : name.toCharArray()) {
            if (!(one < 128 && Character.isLetterOrDigit(one)) && "-_.:".indexOf(one) < 0) {
                throw new OpException(
                        Code.INVALID,
                        refused + "invalid character '" + one + "' in pool name"
                                + (one == '/' ? "\nuse 'zfs create' to create a dataset" : ""));
            }
        }
    }
}
