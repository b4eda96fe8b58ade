package zonda.storage;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import zonda.base.Await;
import zonda.base.Bytes;
import zonda.kernel.Btrfs;
import zonda.kernel.BtrfsTrees;
import zonda.kernel.Fd;

/** How much fits on a btrfs. Any thread may call it. */
final class BtrfsSpace {
    private static final Duration FREEING = Duration.ofSeconds(5);

    private final File top;
    private final Fd fd;
    private final List<File> files;

    /** @param devices that it is on, or files */
    BtrfsSpace(Path top, Fd fd, List<Path> devices) {
        this.top = top.toFile();
        this.fd = fd;
        this.files =
                devices.stream().filter(Files::isRegularFile).map(Path::toFile).toList();
    }

    Bytes size() {
        return Bytes.of(top.getTotalSpace());
    }

    /**
     * What can still be written. Of a filesystem in files that take space only as they fill that is no more than what is
     * free where they lie: a write that finds no room there is to btrfs a disk that is broken, and it stops for good.
     */
    Bytes free() {
        long around = files.stream().mapToLong(File::getUsableSpace).min().orElse(Long.MAX_VALUE);
        return Bytes.of(Math.min(top.getUsableSpace(), around));
    }

    /**
     * Waits a moment for the space of what was destroyed. The kernel begins to free it half a minute later, or when it is
     * told to write everything.
     */
    void reclaim() {
        if (!BtrfsTrees.isFreeing(fd)) {
            return;
        }
        Btrfs.sync(fd);
        if (Await.until(FREEING, () -> !BtrfsTrees.isFreeing(fd))) {
            // What was freed can be used when that is on the disk.
            Btrfs.sync(fd);
        }
    }
}
