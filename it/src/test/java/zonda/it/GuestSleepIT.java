package zonda.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.UUID;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;
import org.junit.jupiter.api.extension.RegisterExtension;
import zonda.base.Json;

/**
 * What systemd does about a host's sleep, and the machine that runs there. It is the guest with OpenZFS that has a QEMU.
 * Its kernel would sleep for ever, so that in place of it something looks what is to be seen at that moment.
 */
@Tag("slow")
@EnabledIfEnvironmentVariable(named = "ZONDA_SLOW_TESTS", matches = ".+", disabledReason = "takes minutes")
class GuestSleepIT {
    private static final String SETUP = """
            set -e
            sed 's|@HOME@|%1$s|' %1$s/dist/src/systemd/zonda-sleep.service >/etc/systemd/system/zonda-sleep.service
            mkdir -p /etc/systemd/system/systemd-suspend.service.d
            cat >/etc/systemd/system/systemd-suspend.service.d/looks.conf <<END
            [Service]
            ExecStart=
            ExecStart=/bin/sh -c '%1$s/bin/vmadm info %2$s status >/run/asleep'
            END
            systemctl daemon-reload
            systemctl enable zonda-sleep.service
            systemd-analyze --man=no verify zonda-sleep.service
            """;
    /** What logind starts, which this guest hasn't, when it is told to suspend. */
    private static final String SLEEP = """
            systemctl start systemd-suspend.service
            tries=0
            while [ "$(systemctl is-active zonda-sleep.service)" != inactive ]; do
                tries=$((tries + 1))
                [ $tries -lt 60 ] || { journalctl -b -n 30 >&2; exit 1; }
                sleep 1
            done
            cat /run/asleep
            """;

    @RegisterExtension
    static final GuestHost host = GuestHost.withOpenZfs();

    private static String real(String command) {
        return host.guest().sh(command).good();
    }

    @Test
    void a_machine_stands_still_from_before_the_host_sleeps_until_it_is_awake_again() {
        UUID vm = host.create(Json.object().with("brand", "kvm").with("ram", 64));
        real(SETUP.formatted(Documents.top(), vm));

        for (int nights = 0; nights < 2; nights++) {
            assertThat(real(SLEEP)).contains("\"status\": \"paused\"");
            assertThat(host.run("vmadm", "info", vm.toString(), "status").out()).contains("\"status\": \"running\"");
        }
        assertThat(real("journalctl -q -b --no-pager -u zonda-sleep.service")).doesNotContain("Failed");
    }
}
