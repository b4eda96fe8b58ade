package zonda.storage;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import zonda.base.Code;
import zonda.base.OpException;

/**
 * Where a pool is.
 *
 * @param name of the pool and of its root dataset
 * @param mountpoint of the root dataset
 * @param runDirectory of the instance; the pool's top is mounted in {@code pools/<name>} below it
 * @param devices whole disks or partitions; several are mirrored. For an embedded pool, one image file
 * @param embedded whether the pool is in a file
 */
public record PoolConfig(String name, Path mountpoint, Path runDirectory, List<Path> devices, boolean embedded) {
    public PoolConfig {
        devices = List.copyOf(devices);
        if (new DatasetName(name).parent().isPresent()) {
            throw new OpException(Code.INVALID, "'" + name + "': not a pool name");
        }
        if (devices.isEmpty() || (embedded && devices.size() > 1)) {
            throw new OpException(Code.INVALID, "pool " + name + ": give devices, or one file for an embedded pool");
        }
        if (devices.stream().distinct().count() != devices.size()) {
            throw new OpException(Code.INVALID, "pool " + name + ": a device is given twice: " + devices);
        }
        if (!mountpoint.isAbsolute()
                || !runDirectory.isAbsolute()
                || !devices.stream().allMatch(Path::isAbsolute)) {
            throw new OpException(Code.INVALID, "pool " + name + ": its paths must be absolute");
        }
    }

    /** A pool in a file. */
    public static PoolConfig embedded(String name, Path mountpoint, Path runDirectory, Path image) {
        return new PoolConfig(name, mountpoint, runDirectory, List.of(image), true);
    }

    /** The image file of an embedded pool. */
    Path image() {
        return devices.getFirst();
    }

    /** Where the filesystem's top is mounted, out of everybody's way. */
    Path top() {
        return runDirectory.resolve("pools").resolve(name);
    }

    /** Devices are given by links such as those of /dev/disk/by-id, and the kernel knows them by their own names. */
    static String realPath(Path device) {
        try {
            return device.toRealPath().toString();
        } catch (IOException e) {
            return device.toString();
        }
    }
}
