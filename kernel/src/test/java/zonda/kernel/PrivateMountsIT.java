package zonda.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a program with a mount namespace of its own keeps busy. */
class PrivateMountsIT {
    private static final Duration LIMIT = Duration.ofSeconds(10);

    @TempDir
    Path directory;

    private Path kept;
    private Path dropped;

    @BeforeEach
    void mount() throws IOException {
        assumeTrue(System.getProperty("user.name").equals("root"), "needs root");
        kept = Files.createDirectory(directory.resolve("kept"));
        dropped = Files.createDirectory(directory.resolve("dropped"));
        for (Path place : List.of(kept, dropped)) {
            Command.of("mount", "-t", "ramfs", "none", place.toString()).check(LIMIT);
        }
    }

    @AfterEach
    void unmount() {
        for (Path place : List.of(kept, dropped)) {
            Mounts.detach(place);
        }
    }

    @Test
    void a_program_lets_go_of_what_it_does_not_need() throws IOException {
        // With a /proc of its own, as who makes Debian images has.
        Process program = Command.of(
                        "unshare",
                        "--mount",
                        "--propagation",
                        "private",
                        "--pid",
                        "--fork",
                        "--kill-child",
                        "--mount-proc",
                        "cat")
                .start();
        try {
            program.getOutputStream().write('\n');
            program.getOutputStream().flush();
            assertThat(program.getInputStream().read()).isEqualTo('\n');
            LinuxProcess process = LinuxProcess.find(program.pid()).orElseThrow();

            PrivateMounts.drop(process, Set.of("ramfs"), List.of(kept.resolve("below")));

            List<Path> seen =
                    Mounts.list(process.pid()).stream().map(MountInfo::target).toList();
            assertThat(seen).contains(kept).doesNotContain(dropped);
            assertThat(Mounts.list().stream().map(MountInfo::target)).contains(kept, dropped);
        } finally {
            program.destroyForcibly();
        }
        PrivateMounts.drop(new LinuxProcess(program.pid(), 0), Set.of("ramfs"), List.of());
    }
}
