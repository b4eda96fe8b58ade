package zonda.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.platform.commons.util.StringUtils;
import org.opentest4j.TestAbortedException;
import zonda.base.Bytes;
import zonda.it.guest.Guest;
import zonda.it.guest.GuestJava;
import zonda.it.guest.OpenZfsGuest;
import zonda.it.guest.TestRun;
import zonda.kernel.Command;
import zonda.storage.Pools;

/** The tests of module storage that say what a pool promises, on a host that has OpenZFS. */
@Tag("slow")
class OpenZfsDriverIT {
    @TempDir
    static Path directory;

    private static OpenZfsGuest zfs;

    @BeforeAll
    static void boot() throws Exception {
        OpenZfsGuest.requireImage(Documents.top());
        Path in = Files.createDirectory(directory.resolve("in"));
        GuestJava.install(
                in,
                TestRun.class,
                Bytes.class,
                Command.class,
                Pools.class,
                Class.forName("zonda.storage.DatasetsContractIT"),
                Class.forName("tools.jackson.core.JsonParser"),
                Test.class,
                StringUtils.class,
                TestAbortedException.class,
                Assertions.class);
        zfs = OpenZfsGuest.boot(Documents.top(), in);
    }

    @AfterAll
    static void close() {
        if (zfs != null) {
            zfs.close();
        }
    }

    private static void run(String... classes) {
        Guest.Ran ran = zfs.sh(GuestJava.command(TestRun.class) + " " + String.join(" ", classes) + " 2>&1");

        List<String> lines = ran.out().lines().toList();
        assertThat(lines.stream().filter(line -> line.contains(" ms: failed:")))
                .as(ran.out())
                .isEmpty();
        assertThat(lines.stream().filter(line -> line.endsWith(" ms: passed")))
                .as(ran.out())
                .hasSizeGreaterThan(5);
        assertThat(ran.status()).as(ran.out()).isZero();
    }

    @Test
    void datasets_do_what_they_promise() {
        run("zonda.storage.DatasetsContractIT");
    }
}
