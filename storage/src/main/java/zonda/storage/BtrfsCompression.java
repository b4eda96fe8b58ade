package zonda.storage;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import zonda.kernel.Directory;
import zonda.kernel.Errno;
import zonda.kernel.FileStat;
import zonda.kernel.KernelException;
import zonda.kernel.Xattrs;

/**
 * Compression of a subvolume's data: btrfs-property(8). The kernel keeps it with each directory and hands it on to what
 * is made in it, so that of a tree that is there already every directory needs it, and the file that a volume is.
 *
 * <p>The top directory comes last: what it says holds for the whole tree, also after a crash.
 */
final class BtrfsCompression {
    static final String ATTRIBUTE = "btrfs.compression";

    /** Each level has a descriptor open while it is walked. Who nests deeper gets no compression down there. */
    private static final int DEEPEST = 200;

    private BtrfsCompression() {}

    /** The algorithm of btrfs that stands for one of ZFS; empty for none. */
    static Optional<String> algorithm(String word) {
        if (word.equals(Tuning.OFF)) {
            return Optional.empty();
        }
        if (word.startsWith("gzip")) {
            return Optional.of("zlib");
        }
        return Optional.of(word.equals("on") || word.startsWith("zstd") ? "zstd" : "lzo");
    }

    /** What the subvolume's top says; empty for no compression. */
    static Optional<String> of(Path subvolume) {
        return Xattrs.get(subvolume, ATTRIBUTE)
                .map(value -> new String(value, StandardCharsets.US_ASCII))
                .filter(value -> !value.isEmpty());
    }

    /** Has all that is written to files from now on compressed so, in directories that are there and new ones. */
    static void set(Path subvolume, Optional<String> algorithm) {
        if (of(subvolume).equals(algorithm)) {
            return;
        }
        try (Directory top = Directory.open(subvolume)) {
            top.stat(BtrfsDriver.DISK).filter(FileStat::isFile).ifPresent(_ -> setFile(top, algorithm));
            below(top, top.stat(), algorithm, 0);
            set(top, algorithm);
        }
    }

    private static void setFile(Directory in, Optional<String> algorithm) {
        if (algorithm.isPresent()) {
            in.attribute(BtrfsDriver.DISK, ATTRIBUTE, bytes(algorithm.get()));
        } else {
            in.removeAttribute(BtrfsDriver.DISK, ATTRIBUTE);
        }
    }

    private static void below(Directory directory, FileStat top, Optional<String> algorithm, int depth) {
        for (String name : directory.names()) {
            boolean inside = directory
                    .stat(name)
                    .filter(found -> found.isDirectory() && found.device() == top.device())
                    .isPresent();
            if (inside && depth < DEEPEST) {
                child(directory, name, top, algorithm, depth + 1);
            }
        }
    }

    private static void child(Directory directory, String name, FileStat top, Optional<String> algorithm, int depth) {
        try (Directory child = directory.child(name)) {
            // Whoever works in the dataset may have put something else there meanwhile.
            if (child.stat().device() == top.device()) {
                below(child, top, algorithm, depth);
                set(child, algorithm);
            }
        } catch (KernelException e) {
            boolean gone = Arrays.asList(Errno.ENOENT, Errno.ENOTDIR, Errno.ELOOP).stream()
                    .anyMatch(e::is);
            if (!gone) {
                throw e;
            }
        }
    }

    private static void set(Directory directory, Optional<String> algorithm) {
        if (algorithm.isPresent()) {
            directory.attribute(ATTRIBUTE, bytes(algorithm.get()));
        } else {
            directory.removeAttribute(ATTRIBUTE);
        }
    }

    private static byte[] bytes(String algorithm) {
        return algorithm.getBytes(StandardCharsets.US_ASCII);
    }
}
