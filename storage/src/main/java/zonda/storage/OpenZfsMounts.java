package zonda.storage;

import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import zonda.kernel.MountInfo;
import zonda.kernel.Mounts;

/**
 * Mounts that only this service sees, below the pool's top: a filesystem of ZFS can be looked into nowhere but where it
 * is mounted.
 *
 * <p>Any thread may call it.
 */
final class OpenZfsMounts {
    /** Begins the name of where a filesystem is mounted to have its mode set. */
    private static final String MODE = "mode-";

    private final ZfsProgram zfs;
    private final Path top;
    private final Path snapshots;
    private final ReentrantLock lock = new ReentrantLock();
    /** Of an earlier daemon, too. Guarded by the lock. */
    private final Set<Path> mounted = new HashSet<>();

    OpenZfsMounts(ZfsProgram zfs, Path top) {
        this.zfs = zfs;
        this.top = top;
        this.snapshots = top.resolve("snapshots");
        List<Path> inside = Mounts.list().stream()
                .map(MountInfo::target)
                .filter(target -> target.startsWith(top))
                .toList();
        inside.stream().filter(target -> target.startsWith(snapshots)).forEach(mounted::add);
        // A daemon was ended between the two.
        inside.stream()
                .filter(target -> String.valueOf(target.getFileName()).startsWith(MODE))
                .forEach(this::unmount);
    }

    /** Where a snapshot's content is; it stays there until {@link #unmount}, or until the pool is exported. */
    Path snapshot(String name, SnapshotId id) {
        lock.lock();
        try {
            Path place = place(id);
            if (mounted.add(place)) {
                mount(name, place);
            }
            return place;
        } finally {
            lock.unlock();
        }
    }

    private Path place(SnapshotId id) {
        return snapshots.resolve(id.snapshot().toString());
    }

    /** Fine when it isn't mounted. */
    void unmount(SnapshotId id) {
        lock.lock();
        try {
            if (mounted.contains(place(id))) {
                unmount(place(id));
                mounted.remove(place(id));
            }
        } finally {
            lock.unlock();
        }
    }

    /** Gives the top directory of a filesystem that is not mounted its mode. */
    void mode(String name, Guid dataset, int mode) {
        Path place = top.resolve(MODE + dataset);
        mount(name, place);
        try {
            zfs.check("chmod", Integer.toOctalString(mode), place.toString());
        } finally {
            unmount(place);
        }
    }

    private void mount(String name, Path place) {
        zfs.check("mkdir", "-p", place.toString());
        zfs.check("mount", "-i", "-t", "zfs", name, place.toString());
    }

    private void unmount(Path place) {
        zfs.check("umount", place.toString());
        zfs.check("rmdir", place.toString());
    }
}
