package zonda.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.time.Duration;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import zonda.base.Await;
import zonda.base.Json;
import zonda.kvm.Qemu;

/** Machines stand still while the host sleeps. */
class HostSleepIT {
    private static final Duration SOON = Duration.ofSeconds(60);

    @RegisterExtension
    static final Instance zonda = new Instance();

    @BeforeAll
    static void needs() {
        assumeTrue(Files.isExecutable(Qemu.PROGRAM), "needs " + Qemu.PROGRAM);
    }

    @AfterEach
    void leave_nothing() {
        zonda.deleteAll();
        assertThat(zonda.leftovers().ofZones()).isEmpty();
    }

    private static UUID machine() {
        return zonda.create(Json.object().with("brand", "kvm").with("ram", 64));
    }

    private static void hostSleep(String word) {
        Ran ran = zonda.vmadm("host-sleep", word);
        assertThat(ran.status()).as(ran.toString()).isZero();
    }

    private static String status(UUID vm) {
        return zonda.vmadm("info", vm.toString(), "status")
                .json()
                .object("status")
                .string("status", "");
    }

    @Test
    void machines_stand_still_whatever_is_done_meanwhile_and_go_on_afterwards() {
        UUID one = machine();
        UUID other = machine();
        UUID stopped = machine();
        assertThat(zonda.vmadm("stop", "-F", stopped.toString()).status()).isZero();

        hostSleep("begin");
        assertThat(status(one)).isEqualTo("paused");
        assertThat(status(other)).isEqualTo("paused");
        assertThat(zonda.vmadm("create-snapshot", one.toString(), "asleep").status())
                .isZero();
        assertThat(status(one)).isEqualTo("paused");
        hostSleep("begin");
        hostSleep("end");
        assertThat(status(one)).isEqualTo("running");
        assertThat(status(other)).isEqualTo("running");
        assertThat(zonda.state(stopped)).isEqualTo("stopped");
        hostSleep("end");
        assertThat(status(one)).isEqualTo("running");
    }

    @Test
    void machines_go_on_when_the_daemon_that_had_them_stand_still_is_no_more() {
        UUID vm = machine();
        hostSleep("begin");

        zonda.kill9();
        zonda.restart();

        assertThat(Await.until(SOON, () -> status(vm).equals("running"))).isTrue();
    }

    @Test
    void another_word_is_refused() {
        Ran ran = zonda.vmadm("host-sleep", "forever");

        assertThat(ran.status()).isEqualTo(2);
        assertThat(ran.err()).contains("host-sleep: begin or end", "vmadm host-sleep begin | end");
    }
}
