package zonda.network;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Says that a test that lives has an instance on this machine: a file that is locked, which the kernel unlocks when the
 * test's process ends. What ended without cleaning up is destroyed by the next test, since its links carry addresses
 * that other tests want.
 */
final class TestClaim implements AutoCloseable {
    private static final Path CLAIMS = Path.of("/run/zonda-test-networks");

    private final Path file;
    private final FileLock lock;

    private TestClaim(Path file, FileLock lock) {
        this.file = file;
        this.lock = lock;
    }

    /** Claims an instance, after those were destroyed that nobody has any more. */
    static TestClaim of(NetworkInstance instance) throws IOException {
        Files.createDirectories(CLAIMS);
        destroyAbandoned();
        Path file = CLAIMS.resolve(instance.prefix());
        FileLock lock = tryLock(file);
        if (lock == null) {
            throw new IOException("another test has the instance " + instance.prefix());
        }
        byte[] directory = instance.state().getParent().toString().getBytes(StandardCharsets.UTF_8);
        Files.write(file, directory, StandardOpenOption.TRUNCATE_EXISTING);
        return new TestClaim(file, lock);
    }

    /** The instance of a test's directory. */
    static NetworkInstance instance(String prefix, Path directory) {
        return new NetworkInstance(prefix, directory.resolve("state"), directory.resolve("run"), Path.of("/run/zonda"));
    }

    private static void destroyAbandoned() throws IOException {
        List<Path> claims;
        try (var files = Files.list(CLAIMS)) {
            claims = files.toList();
        }
        for (Path claim : claims) {
            FileLock lock = tryLock(claim);
            if (lock != null) {
                try (var abandoned = new TestClaim(claim, lock)) {
                    abandoned.destroy();
                }
            }
        }
    }

    private void destroy() throws IOException {
        String directory = Files.exists(file) ? Files.readString(file) : "";
        // Empty when its test ended before it had made anything, or cleaned up at this moment.
        if (!directory.isEmpty()) {
            new Networks(instance(file.getFileName().toString(), Path.of(directory))).destroy();
        }
    }

    /** Null if a living test, of this process or another, has it, or gave it up at this moment. */
    private static @Nullable FileLock tryLock(Path file) throws IOException {
        FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        FileLock lock = null;
        try {
            lock = channel.tryLock();
        } catch (OverlappingFileLockException e) {
            // A test of this process has it.
        } finally {
            if (lock == null) {
                channel.close();
            }
        }
        return lock;
    }

    /** What the kernel does when the test's process is killed. */
    void abandon() throws IOException {
        lock.acquiredBy().close();
    }

    @Override
    public void close() throws IOException {
        Files.deleteIfExists(file);
        lock.acquiredBy().close();
    }
}
