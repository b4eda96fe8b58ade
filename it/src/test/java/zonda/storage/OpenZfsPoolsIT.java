package zonda.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;
import org.junit.jupiter.api.io.TempDir;
import zonda.base.Await;
import zonda.base.Bytes;
import zonda.it.guest.GuestJava;
import zonda.it.guest.OpenZfsGuest;
import zonda.kernel.Command;
import zonda.zstream.StreamException;

/** Pools of OpenZFS as they are made, mounted, busy, exported and destroyed on a host that has it. */
@Tag("slow")
@EnabledIfEnvironmentVariable(named = "ZONDA_SLOW_TESTS", matches = ".+", disabledReason = "takes minutes")
class OpenZfsPoolsIT {
    private static final Duration LONGEST = Duration.ofMinutes(20);

    @TempDir
    Path directory;

    @Test
    void a_pool_lives_on_a_host_that_has_openzfs() throws Exception {
        Path top = Path.of("").toAbsolutePath().getParent();
        OpenZfsGuest.requireImage(top);
        Path in = Files.createDirectory(directory.resolve("in"));
        GuestJava.install(
                in,
                PoolOnOpenZfs.class,
                Bytes.class,
                Command.class,
                Pools.class,
                StreamException.class,
                Class.forName("tools.jackson.core.JsonParser"));
        try (OpenZfsGuest guest = OpenZfsGuest.boot(top, in)) {
            guest.sh("(" + GuestJava.command(PoolOnOpenZfs.class) + " >/run/life 2>&1; touch /run/ended) &")
                    .good();
            Await.until(LONGEST, () -> guest.sh("sleep 1; test -e /run/ended").status() == 0);

            assertThat(guest.sh("cat /run/life").good().lines())
                    .containsExactly(
                            "passed: begins",
                            "passed: copies",
                            "passed: is busy",
                            "passed: has volumes",
                            "passed: goes on",
                            "passed: ends");
            assertThat(guest.sh("zpool list -H -o name").good()).isEmpty();
        }
    }
}
