package zonda.storage;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
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
 * @param identity a file that keeps the UUID of the pool's filesystem, by which it is found when none of its first devices
 *     is left, or their names have changed
 */
public record PoolConfig(
        String name,
        Path mountpoint,
        Path runDirectory,
        List<Path> devices,
        boolean embedded,
        Optional<Path> identity) {
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
        return new PoolConfig(name, mountpoint, runDirectory, List.of(image), true, Optional.empty());
    }

    /** The image file of an embedded pool. */
    Path image() {
        return devices.getFirst();
    }

    /** Where the filesystem's top is mounted, out of everybody's way. */
    Path top() {
        return runDirectory.resolve("pools").resolve(name);
    }
}
