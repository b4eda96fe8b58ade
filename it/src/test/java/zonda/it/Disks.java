package zonda.it;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import zonda.kernel.Command;

/** Disks of 1 GiB for a test class, loop devices over files, there before its instance and gone after it. */
final class Disks implements BeforeAllCallback, AfterAllCallback {
    private static final Duration LIMIT = Duration.ofSeconds(20);
    private static final long SIZE = 1L << 30;

    private final int number;
    private final List<Path> devices = new ArrayList<>();
    private Path directory;

    Disks(int number) {
        this.number = number;
    }

    @Override
    public void beforeAll(ExtensionContext context) throws IOException {
        assumeTrue(System.getProperty("user.name").equals("root"), "needs root");
        directory = Files.createTempDirectory("zonda-disks-");
        for (int i = 0; i < number; i++) {
            try (var file = new RandomAccessFile(file(i).toFile(), "rw")) {
                file.setLength(SIZE);
            }
            devices.add(Path.of(Command.of("losetup", "--find", "--show", file(i).toString())
                    .check(LIMIT)
                    .strip()));
        }
    }

    private Path file(int disk) {
        return directory.resolve("disk" + disk);
    }

    Path device(int disk) {
        return devices.get(disk);
    }

    @Override
    public void afterAll(ExtensionContext context) throws IOException {
        for (Path device : devices) {
            Command.of("losetup", "--detach", device.toString()).check(LIMIT);
        }
        if (directory != null) {
            for (int i = 0; i < number; i++) {
                Files.deleteIfExists(file(i));
            }
            Files.delete(directory);
        }
    }
}
