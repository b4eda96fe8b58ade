package zonda.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import zonda.kernel.Command;

/** The harness itself: what it would report, it does see. */
class HarnessIT {
    @RegisterExtension
    static final Instance zonda = new Instance();

    @Test
    void what_a_running_zone_has_on_the_machine_is_seen_and_is_gone_when_it_is_deleted() {
        UUID vm = zonda.create(Instance.withNics(zonda.payload(), Instance.nic("dhcp")));

        assertThat(String.join("\n", zonda.present().of(vm)))
                .contains("link: " + zonda.identity().prefix())
                .contains("cgroup: ")
                .contains("conmon")
                .contains("file: ");
        assertThat(String.join("\n", zonda.present().ofZones())).contains("of uid ");
        assertThat(String.join("\n", zonda.present().ofInstance()))
                .contains("mount: ", "loop: ", "table inet zonda_", "link: ", "dnsmasq", "socket: ");

        zonda.delete(vm);
        assertThat(zonda.leftovers().of(vm)).isEmpty();
        assertThat(zonda.leftovers().ofZones()).isEmpty();
    }

    @Test
    void the_real_client_prints_what_the_daemon_says_and_ends_with_its_status() {
        var argv = new ArrayList<>(zonda.client("vmadm", "-"));
        argv.addAll(List.of("get", UUID.randomUUID().toString()));

        Command.Result ran = Command.of(argv)
                .environment("ZONDA_SOCKET", zonda.identity().socket().toString())
                .run(Instance.LIMIT);

        assertThat(ran.status()).isEqualTo(1);
        assertThat(ran.out()).isEmpty();
        assertThat(ran.err()).matches("zoneadm: [0-9a-f-]{36}: No such zone configured\n");
    }

    @Test
    void a_daemon_of_a_build_starts_from_what_the_training_kept() throws IOException {
        Path command = Path.of("/proc/" + zonda.daemon().pid());
        assumeTrue(
                Files.readString(command.resolve("cmdline")).contains("zonda.daemon/"),
                "a daemon of a build's runtime");

        assertThat(Files.readString(command.resolve("maps"))).contains("/daemon.aot");
    }

    @Test
    void the_daemon_ends_after_the_step_it_was_started_to_end_after() {
        zonda.restartToCrashAfter("vm-create:datasets");

        Ran ran = zonda.feed(zonda.payload().compact(), "vmadm", "create");

        assertThat(ran.isLost()).isTrue();
        assertThat(zonda.daemon().end()).isEqualTo(137);
        zonda.start(Map.of());
        assertThat(zonda.vmadm("lookup").out()).isEmpty();
        assertThat(zonda.leftovers().ofZones()).isEmpty();
    }
}
