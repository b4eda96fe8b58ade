package zonda.images;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import zonda.base.Await;

/**
 * One import of an image at a time, also among processes: a lock within this one, and one on a file (fcntl(2), which
 * knows only processes). Whoever gets it after waiting finds the image installed.
 */
final class ImportLocks {
    private static final Duration LIMIT = Duration.ofHours(2);

    private final ImgadmPaths paths;
    private final Map<UUID, ReentrantLock> locks = new ConcurrentHashMap<>();

    ImportLocks(ImgadmPaths paths) {
        this.paths = paths;
    }

    /** Held until closed, by the thread that closes it. */
    interface Held extends AutoCloseable {
        @Override
        void close();
    }

    /** Waits for it. @throws ImageException INTERNAL_ERROR when another import takes more than two hours */
    Held acquire(UUID uuid) {
        ReentrantLock lock = locks.computeIfAbsent(uuid, _ -> new ReentrantLock());
        Path file = paths.lock(uuid);
        try {
            if (!lock.tryLock(LIMIT.toMillis(), TimeUnit.MILLISECONDS)) {
                throw busy(uuid);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ImageException(ImageError.INTERNAL_ERROR, "interrupted while waiting to import " + uuid, e);
        }
        try {
            FileChannel channel = lockFile(paths.locks(), file, uuid);
            return () -> {
                release(file, channel);
                lock.unlock();
            };
        } catch (RuntimeException e) {
            lock.unlock();
            throw e;
        } catch (IOException e) {
            lock.unlock();
            throw new ImageException(ImageError.FILE_SYSTEM, "lock " + file + ": " + e, e);
        }
    }

    /** The file is removed with its lock, so a lock on a file that is gone by then is no lock. */
    private static FileChannel lockFile(Path directory, Path file, UUID uuid) throws IOException {
        Files.createDirectories(directory);
        while (true) {
            var channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            try {
                if (!Await.until(LIMIT, () -> tryLock(channel))) {
                    throw busy(uuid);
                }
                if (isSame(file, channel)) {
                    return channel;
                }
                channel.close();
            } catch (IOException | RuntimeException e) {
                channel.close();
                throw e;
            }
        }
    }

    private static boolean tryLock(FileChannel channel) {
        try {
            FileLock held = channel.tryLock();
            return held != null;
        } catch (OverlappingFileLockException e) {
            return false; // held by another instance in this process
        } catch (IOException e) {
            throw new ImageException(ImageError.FILE_SYSTEM, "lock a file: " + e, e);
        }
    }

    /** By content: this process' and a random number, written under the lock. */
    private static boolean isSame(Path file, FileChannel channel) throws IOException {
        byte[] mark =
                (ProcessHandle.current().pid() + " " + UUID.randomUUID() + "\n").getBytes(StandardCharsets.US_ASCII);
        channel.truncate(0);
        channel.write(ByteBuffer.wrap(mark), 0);
        try {
            return Arrays.equals(Files.readAllBytes(file), mark);
        } catch (NoSuchFileException e) {
            return false;
        }
    }

    private static void release(Path file, FileChannel channel) {
        try (channel) {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            throw new ImageException(ImageError.FILE_SYSTEM, "unlock " + file + ": " + e, e);
        }
    }

    private static ImageException busy(UUID uuid) {
        return new ImageException(ImageError.INTERNAL_ERROR, "import " + uuid + ": another import of it goes on");
    }
}
