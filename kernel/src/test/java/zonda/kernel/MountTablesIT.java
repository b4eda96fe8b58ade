package zonda.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The mounts are in namespaces of the test's own: whoever else makes one, and copies all mounts, has none of them. */
class MountTablesIT {
    private static final Predicate<String> TOP = "/"::equals;
    private static final String[] NEW_NAMESPACE = {"unshare", "--mount", "--propagation", "private", "sh", "-ec"};
    /** Each line that it reads has it do the next thing, of which it says when it is done. */
    private static final String SCRIPT = """
            mount -t tmpfs none "$1"
            mountpoint -d "$1"
            unshare --mount --propagation private sh -ec 'read next; echo copied; read next; umount "$1"; echo gone' sh "$1"
            read next
            umount "$1"
            echo gone
            read next
            """;

    @TempDir
    Path target;

    @Test
    void a_mount_is_counted_in_each_namespace_until_it_goes() throws IOException {
        assumeTrue("root".equals(System.getProperty("user.name")), "mounting needs root");
        Process other =
                Command.of(NEW_NAMESPACE).with(SCRIPT, "sh", target.toString()).start();
        try (BufferedReader said = other.inputReader()) {
            var tables = new MountTables(said.readLine());
            try {
                tables.count(TOP);
            } catch (KernelException e) {
                assumeTrue(false, "needs listmount(2) of other namespaces, Linux 6.12: " + e.getMessage());
            }
            next(other, said, "copied");
            assertThat(tables.count(TOP)).isEqualTo(2);
            assertThat(tables.count("/elsewhere"::equals)).isZero();
            next(other, said, "gone");
            assertThat(tables.count(TOP)).isEqualTo(1);
            next(other, said, "gone");
            assertThat(tables.count(TOP)).isZero();
        } finally {
            other.destroyForcibly();
        }
    }

    private static void next(Process other, BufferedReader said, String word) throws IOException {
        other.getOutputStream().write('\n');
        other.getOutputStream().flush();
        assertThat(said.readLine()).isEqualTo(word);
    }
}
