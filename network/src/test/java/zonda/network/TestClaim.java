package zonda.network;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Says that a test that lives has an instance on this machine: a file that is locked, which the kernel unlocks when the
 * test's process ends, or closes any channel to that file (fcntl_locking(2)): it has one, and one only. What ended
 * without cleaning up is destroyed by the next test, since its links carry addresses that other tests want.
 */
final class TestClaim implements AutoCloseable {
    private static final Path CLAIMS = Path.of("/run/zonda-test-networks");
    /** Those of this process. */
    private static final Set<Path> OWN = ConcurrentHashMap.newKeySet();

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
        var claim = new TestClaim(file, lock);
        claim.channel()
                .write(ByteBuffer.wrap(instance.state().getParent().toString().getBytes(StandardCharsets.UTF_8)));
        return claim;
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
        ByteBuffer content = ByteBuffer.allocate((int) channel().size());
        channel().read(content, 0);
        String directory = new String(content.array(), StandardCharsets.UTF_8);
        // Empty when its test ended before it had made anything, or cleaned up at this moment.
        if (!directory.isEmpty()) {
            new Networks(instance(file.getFileName().toString(), Path.of(directory))).destroy();
        }
    }

    private FileChannel channel() {
        return (FileChannel) lock.acquiredBy();
    }

    /** Null if a living test, of this process or another, has it, or gave it up at this moment. */
    private static @Nullable FileLock tryLock(Path file) throws IOException {
        if (!OWN.add(file)) {
            return null;
        }
        FileChannel channel =
                FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
        FileLock lock = channel.tryLock();
        if (lock == null) {
            channel.close();
            OWN.remove(file);
        }
        return lock;
    }

    /** What the kernel does when the test's process is killed. */
    void abandon() throws IOException {
        channel().close();
        OWN.remove(file);
    }

    @Override
    public void close() throws IOException {
        Files.deleteIfExists(file);
        channel().close();
        OWN.remove(file);
    }
}
