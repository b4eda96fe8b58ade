package zonda.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import zonda.base.Await;
import zonda.kernel.Loop;
import zonda.kernel.Mounts;

/** Disks for one test's pools: files of 512 MiB in a directory of its own, each behind a loop device. */
final class ScratchDisks implements AutoCloseable {
    private static final Duration LIMIT = Duration.ofSeconds(20);
    private static final long SIZE = 512L << 20;

    private final Path directory = ScratchPool.newDirectory();
    private final List<Loop> loops = new ArrayList<>();

    Path directory() {
        return directory;
    }

    Path file(int number) {
        return directory.resolve("disk" + number);
    }

    /** The disk of that number, made if it isn't there yet. */
    Loop attach(int number) {
        try {
            if (Files.notExists(file(number))) {
                try (var file = new RandomAccessFile(file(number).toFile(), "rw")) {
                    file.setLength(SIZE);
                }
            }
            Loop loop = Loop.attach(file(number));
            loops.add(loop);
            return loop;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    void detach(Loop loop) {
        Path file = Loop.backingFile(loop.device()).orElseThrow();
        loop.close();
        loops.remove(loop);
        assertThat(Await.until(LIMIT, () -> Loop.find(file).isEmpty())).isTrue();
    }

    /** Unmounts what a test has left, and fails when a disk is still in use. */
    @Override
    public void close() {
        Mounts.list().reversed().stream()
                .filter(mount -> mount.target().startsWith(directory))
                .forEach(mount -> Mounts.detach(mount.target()));
        loops.forEach(Loop::close);
        try (Stream<Path> files = Files.list(directory)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                assertThat(Await.until(LIMIT, () -> Loop.find(file).isEmpty()))
                        .as("the loop device of " + file + " is gone")
                        .isTrue();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        ScratchPool.delete(directory);
    }
}
