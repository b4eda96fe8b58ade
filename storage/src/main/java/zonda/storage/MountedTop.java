package zonda.storage;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import zonda.base.Code;
import zonda.base.OpException;
import zonda.kernel.Blocking;
import zonda.kernel.Errno;
import zonda.kernel.KernelException;
import zonda.kernel.MountInfo;
import zonda.kernel.Mounts;

/** The top of a pool, mounted; unmounted again unless kept, if it was mounted for this. */
final class MountedTop implements AutoCloseable {
    private final Path top;
    private final boolean ours;
    private final boolean degraded;
    private boolean kept;

    MountedTop(Path top, boolean ours, boolean degraded) {
        this.top = top;
        this.ours = ours;
        this.degraded = degraded;
    }

    Path top() {
        return top;
    }

    boolean degraded() {
        return degraded;
    }

    void keep() {
        kept = true;
    }

    @Override
    public void close() {
        if (ours && !kept) {
            unmount(top);
        }
    }

    /** The mount that is there already. */
    static Optional<MountInfo> find(Path top) {
        return Mounts.list().stream()
                .filter(mount -> mount.target().equals(top))
                .reduce((_, last) -> last);
    }

    static void makeDirectory(Path top) {
        try {
            Files.createDirectories(
                    top, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        } catch (IOException e) {
            throw new UncheckedIOException("create " + top + ": " + e, e);
        }
    }

    /**
     * Below a shared mount, as under systemd, it would be shared: the datasets' mounts, which are copies of it, would be
     * its peers, and whatever is mounted in a dataset would show up, and stay busy, in here.
     */
    static void keepPrivate(Path top) {
        Mounts.makePrivate(top, false);
    }

    /** With what this service has mounted in it. @throws OpException CONFLICT naming who uses it */
    static void unmount(Path top) {
        try {
            Blocking.call(() -> {
                Mounts.list().reversed().stream()
                        .filter(mount -> mount.type().equals("zfs"))
                        .map(MountInfo::target)
                        .filter(inside -> inside.startsWith(top) && !inside.equals(top))
                        .forEach(Mounts::unmount);
                Mounts.unmount(top);
                Files.deleteIfExists(top);
                return top;
            });
        } catch (KernelException e) {
            if (e.is(Errno.EBUSY)) {
                throw new OpException(
                        Code.CONFLICT,
                        "cannot export the pool at " + top + ": it is busy"
                                + MountHolders.ofPlace(top)
                                        .map(who -> ": " + who)
                                        .orElse(""),
                        e);
            }
            throw e;
        }
    }
}
