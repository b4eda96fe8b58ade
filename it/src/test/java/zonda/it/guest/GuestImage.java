package zonda.it.guest;

import static org.junit.jupiter.api.Assumptions.abort;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import zonda.kernel.Command;

/** A guest's kernel and disks, made by the script {@code it/src/test/guest/image} and kept where that says. */
public record GuestImage(Path directory) {
    private static final Duration MAKING = Duration.ofMinutes(40);
    private static final int NOT_THERE = 3;
    private static final int LONGEST_REASON = 1_000;

    public Path kernel() {
        return directory.resolve("vmlinuz");
    }

    /** Never written to. */
    public Path root() {
        return directory.resolve("root.ext4");
    }

    /** The root of a zone: Debian with systemd. */
    public Path zone() {
        return directory.resolve("zone.tar");
    }

    /** What the kernel must be told besides what {@link Guest} tells it. */
    String kernelArguments() throws IOException {
        Path file = directory.resolve("cmdline");
        return Files.exists(file) ? Files.readString(file).strip() : "";
    }

    /** A host of Zonda, from the cache or made now. Skips the test where that can't be, with the reason. */
    public static GuestImage ofHost(Path top) {
        return find(top, "guest", true).orElseThrow();
    }

    /**
     * A machine with OpenZFS, from the cache; made now only where {@code ZONDA_OPENZFS} is {@code build}, since building
     * the modules takes seven minutes of a CPU. Otherwise skips the test, with the reason.
     */
    public static GuestImage ofOpenZfs(Path top) {
        Optional<GuestImage> image = find(top, "openzfs", "build".equals(System.getenv("ZONDA_OPENZFS")));
        assumeTrue(
                image.isPresent(),
                "no guest with OpenZFS is in the cache; ZONDA_OPENZFS=build makes one, in seven minutes of a CPU");
        return image.orElseThrow();
    }

    /** Nothing but the kernel of a Debian suite. Skips the test where it can't be had, with the reason. */
    public static GuestImage ofKernel(Path top, String suite) {
        return find(top, "kernel-" + suite, true).orElseThrow();
    }

    /** @param make whether to make it when it isn't there */
    private static Optional<GuestImage> find(Path top, String flavour, boolean make) {
        if (make) {
            assumeTrue(Files.isExecutable(Path.of("/usr/bin/mmdebstrap")), "needs mmdebstrap");
            assumeTrue(Files.isExecutable(Path.of("/sbin/mke2fs")), "needs mke2fs");
        }
        Command command = Command.of(top.resolve("it/src/test/guest/image").toString(), flavour);
        command = make ? command.with("make") : command;
        for (String inherited : List.of("http_proxy", "https_proxy", "no_proxy", "ZONDA_TEST_CACHE")) {
            String value = System.getenv(inherited);
            command = value == null ? command : command.environment(inherited, value);
        }
        Command.Result ran = command.run(MAKING);
        if (ran.status() == NOT_THERE) {
            return Optional.empty();
        }
        if (ran.status() != 0) {
            String said = ran.err().strip();
            abort("no guest can be made here: " + said.substring(Math.max(0, said.length() - LONGEST_REASON)));
        }
        return Optional.of(new GuestImage(Path.of(ran.out().strip())));
    }
}
