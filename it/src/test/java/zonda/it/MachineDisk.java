package zonda.it;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import zonda.it.guest.GuestImage;
import zonda.kernel.Command;

/** The disk that tests boot machines from: a kernel, a busybox, and a page that says what its guest sees. */
final class MachineDisk {
    private static final Duration LIMIT = Duration.ofMinutes(2);
    private static final List<String> PROGRAMS = List.of(
            "/usr/bin/qemu-system-x86_64",
            "/usr/bin/qemu-img",
            "/usr/bin/mformat",
            "/usr/bin/syslinux",
            "/sbin/debugfs");

    private MachineDisk() {}

    /** Makes it, with the kernel of the guests of tests. Skips the test where that can't be, with the reason. */
    static Path make(Path directory) {
        PROGRAMS.forEach(program -> assumeTrue(Files.isExecutable(Path.of(program)), "needs " + program));
        Path top = Documents.top();
        GuestImage guest = GuestImage.ofHost(top);
        Path disk = directory.resolve("machine.img");
        Command.of(
                        top.resolve("it/src/test/guest/make-machine-disk").toString(),
                        disk.toString(),
                        guest.root().toString(),
                        guest.kernel().toString())
                .check(LIMIT);
        return disk;
    }
}
