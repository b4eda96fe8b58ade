package zonda.network;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import zonda.base.StateFile;

/**
 * The machine's {@code net.ipv4.ip_forward}, which NAT needs and which isn't ours: the first instance that needs it
 * writes down what it was, the last one to go puts that back, unless someone has changed it meanwhile.
 *
 * <p>Its files are shared by all instances of the machine, and a lock on one of them makes each change of theirs one.
 */
final class Forwarding {
    private static final Path SWITCH = Path.of("/proc/sys/net/ipv4/ip_forward");

    /** A file's lock is the process's: two threads of one are not kept apart by it. */
    private static final ReentrantLock IN_THIS_PROCESS = new ReentrantLock();

    private final Path directory;
    private final Path previous;
    private final Path mark;

    Forwarding(NetworkInstance instance) {
        directory = instance.machine().resolve("forwarding");
        previous = directory.resolve("previous");
        mark = directory.resolve("used-by-" + instance.prefix());
    }

    /** Switches it on. */
    void acquire() {
        locked(() -> {
            StateFile.replace(mark, "");
            String now = read();
            if (!now.equals("1")) {
                StateFile.replace(previous, now);
                write("1");
            }
            return true;
        });
    }

    /** Gives it up; fine when this instance doesn't have it. */
    void release() {
        if (!Files.exists(mark)) {
            return;
        }
        locked(() -> {
            StateFile.delete(mark);
            if (!usedByOthers()) {
                StateFile.read(previous).filter(_ -> read().equals("1")).ifPresent(Forwarding::write);
                StateFile.delete(previous);
            }
            return true;
        });
    }

    private boolean usedByOthers() {
        try (var files = Files.list(directory)) {
            return files.anyMatch(file -> file.getFileName().toString().startsWith("used-by-"));
        } catch (IOException e) {
            throw new UncheckedIOException("list " + directory + ": " + e, e);
        }
    }

    /** Runs the work while no other instance does the same; also for choosing a network that is free. */
    <T> T locked(Supplier<T> work) {
        IN_THIS_PROCESS.lock();
        try {
            Files.createDirectories(directory);
            try (var channel = FileChannel.open(
                            directory.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                    var _ = channel.lock()) {
                return work.get();
            }
        } catch (IOException e) {
            throw new UncheckedIOException("lock " + directory + ": " + e, e);
        } finally {
            IN_THIS_PROCESS.unlock();
        }
    }

    private static String read() {
        // In one read: the kernel answers a second one with the end of the file, wherever the first one stopped.
        try (var in = Files.newInputStream(SWITCH)) {
            byte[] buffer = new byte[64];
            int length = in.read(buffer);
            return new String(buffer, 0, Math.max(0, length), StandardCharsets.US_ASCII).strip();
        } catch (IOException e) {
            throw new UncheckedIOException("read " + SWITCH + ": " + e, e);
        }
    }

    private static void write(String value) {
        try {
            Files.writeString(SWITCH, value);
        } catch (IOException e) {
            throw new UncheckedIOException("write " + value + " to " + SWITCH + ": " + e, e);
        }
    }
}
