package zonda.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
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
                .contains("mount: ", "loop: ", "table inet zonda_", "link: ", "dnsmasq");

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
}
