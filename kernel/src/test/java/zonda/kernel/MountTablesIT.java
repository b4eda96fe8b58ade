package zonda.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import zonda.base.Await;

class MountTablesIT {
    private static final Predicate<String> TOP = "/"::equals;

    @TempDir
    Path target;

    private MountTables tables;

    @BeforeEach
    void mount() {
        assumeTrue("root".equals(System.getProperty("user.name")), "mounting needs root");
        Mounts.mount("none", target, "tmpfs", 0, "");
        tables = new MountTables(Mounts.list().reversed().stream()
                .filter(mount -> mount.target().equals(target))
                .findFirst()
                .orElseThrow()
                .device());
        try {
            tables.count(TOP);
        } catch (KernelException e) {
            assumeTrue(false, "needs listmount(2) of other namespaces, Linux 6.12: " + e.getMessage());
        }
    }

    @AfterEach
    void unmount() {
        if (tables != null) {
            Mounts.list().stream()
                    .filter(mount -> mount.target().equals(target))
                    .forEach(mount -> Mounts.unmount(mount.target()));
        }
    }

    @Test
    void a_mount_is_counted_in_each_namespace_until_it_goes() throws IOException {
        // Others on this machine may copy all mounts at any moment: all counts are lower bounds, until the end.
        assertThat(tables.count(TOP)).isGreaterThanOrEqualTo(1);
        assertThat(tables.count("/elsewhere"::equals)).isZero();
        Process other = Command.of("unshare", "--mount", "--propagation", "private", "cat")
                .start();
        try {
            other.getOutputStream().write('\n');
            other.getOutputStream().flush();
            assertThat(other.getInputStream().read()).isEqualTo('\n');
            assertThat(tables.count(TOP)).isGreaterThanOrEqualTo(2);
            Mounts.unmount(target);
            assertThat(tables.count(TOP)).isGreaterThanOrEqualTo(1);
        } finally {
            other.destroyForcibly();
        }

        assertThat(Await.until(Duration.ofSeconds(10), () -> tables.count(TOP) == 0))
                .isTrue();
    }
}
