package zonda.it.guest;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import zonda.kernel.Command;

/**
 * Real OpenZFS, to ask what is right: a guest that runs scripts, with files that go in and files that come out. Its
 * modules are loaded; a pool is a file of its own disk.
 *
 * <p>What a script finds in {@code /in} are the files of a directory here; what it leaves in {@code /out} is had by
 * {@link #fetch}.
 */
public final class OpenZfsGuest implements AutoCloseable {
    private static final Duration DISK = Duration.ofSeconds(60);
    /** Of what comes out. */
    private static final long OUT = 256L << 20;

    private final Path scratch;
    private final Guest guest;

    private OpenZfsGuest(Path scratch, Guest guest) {
        this.scratch = scratch;
        this.guest = guest;
    }

    /** Skips the test where there is no guest, before it does anything that takes long. */
    public static void requireImage(Path top) {
        assumeTrue(System.getProperty("user.name").equals("root"), "needs root");
        GuestImage.ofOpenZfs(top);
    }

    /** Boots it. Skips the test where it isn't in the cache and isn't to be built. @param in a directory here */
    public static OpenZfsGuest boot(Path top, Path in) {
        assumeTrue(System.getProperty("user.name").equals("root"), "needs root");
        GuestImage image = GuestImage.ofOpenZfs(top);
        try {
            Path scratch = Files.createTempDirectory("zonda-openzfs-");
            Path disk = scratch.resolve("in.ext4");
            Command.of("mke2fs", "-q", "-t", "ext4", "-O", "^has_journal", "-d", in.toString(), disk.toString(), "1G")
                    .check(DISK);
            Path out = scratch.resolve("out");
            try (var file = new RandomAccessFile(out.toFile(), "rw")) {
                file.setLength(OUT);
            }
            Guest guest = Guest.boot(image, List.of(new Guest.Disk(disk, false), new Guest.Disk(out, true)));
            var zfs = new OpenZfsGuest(scratch, guest);
            zfs.sh("mkdir -p /in /out && mount -o ro /dev/vda /in").good();
            return zfs;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public Guest.Ran sh(String script) {
        return guest.sh(script);
    }

    /** Makes an empty pool. To read in it changes nothing, so that increments fit to what was looked at. */
    public void createPool(String name) {
        sh("truncate -s 2G /" + name + ".img && zpool create -O acltype=posix -O atime=off -O mountpoint=/" + name + " "
                        + name + " /" + name + ".img")
                .good();
    }

    /** Copies what is in {@code /out} to a directory here. */
    public void fetch(Path directory) {
        sh("tar -cf /dev/vdb -C /out . && sync").good();
        Command.of("tar", "-xf", scratch.resolve("out").toString(), "-C", directory.toString())
                .check(DISK);
    }

    /** One script in a guest of its own. @param out a directory here that gets what the script leaves in {@code /out} */
    public static Guest.Ran run(Path top, Path in, String script, Path out) {
        try (OpenZfsGuest zfs = boot(top, in)) {
            Guest.Ran ran = zfs.sh(script);
            zfs.fetch(out);
            return ran;
        }
    }

    @Override
    public void close() {
        guest.close();
        try (Stream<Path> files = Files.walk(scratch)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
