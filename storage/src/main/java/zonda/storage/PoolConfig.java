package zonda.storage;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import zonda.base.Code;
import zonda.base.OpException;
import zonda.base.StateFile;

/**
 * Where a pool is.
 *
 * @param name of the pool and of its root dataset
 * @param mountpoint of the root dataset
 * @param runDirectory of the instance; the pool's top is mounted in {@code pools/<name>} below it
 * @param devices whole disks or partitions; several are mirrored. For an embedded pool, one image file
 * @param embedded whether the pool is in a file
 * @param identity a file that keeps the UUID of the pool's filesystem, or the pool's GUID, by which it is found when none of its first devices
 *     is left, or their names have changed
 * @param driver what it is to be made of; otherwise what it is made of, and for a new one OpenZFS where this host has it
 */
public record PoolConfig(
        String name,
        Path mountpoint,
        Path runDirectory,
        List<Path> devices,
        boolean embedded,
        Optional<Path> identity,
        Optional<Driver> driver) {
    /** What pools can be made of. */
    public enum Driver {
        BTRFS,
        OPENZFS
    }

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
        return new PoolConfig(name, mountpoint, runDirectory, List.of(image), true, Optional.empty(), Optional.empty());
    }

    public PoolConfig withDriver(Optional<Driver> other) {
        return new PoolConfig(name, mountpoint, runDirectory, devices, embedded, identity, other);
    }

    /** As this one, an embedded pool, in another file. */
    PoolConfig in(Path image) {
        return new PoolConfig(name, mountpoint, runDirectory, List.of(image), embedded, identity, driver);
    }

    /** What was written to the file of its identity. */
    Optional<String> identified() {
        return identity.flatMap(StateFile::read).map(String::strip);
    }

    /** The image file of an embedded pool. */
    Path image() {
        return devices.getFirst();
    }

    /** Devices are given by links such as those of /dev/disk/by-id, and the kernel knows them by their own names. */
    static String realPath(Path device) {
        try {
            return device.toRealPath().toString();
        } catch (IOException e) {
            return device.toString();
        }
    }

    /** Where the filesystem's top is mounted, out of everybody's way. */
    Path top() {
        return runDirectory.resolve("pools").resolve(name);
    }
}
