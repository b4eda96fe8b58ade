package zonda.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.UUID;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;
import org.junit.jupiter.api.extension.RegisterExtension;
import zonda.base.Json;

/** A host that sleeps, for real, and the machine that runs on it. */
@Tag("slow")
@EnabledIfEnvironmentVariable(named = "ZONDA_SLOW_TESTS", matches = ".+", disabledReason = "takes minutes")
class GuestSleepIT {
    @RegisterExtension
    static final GuestHost host = new GuestHost();

    private static String real(String command) {
        return host.guest().sh(command).good();
    }

    /** When the journal has a line of a unit or of the kernel, in seconds since the boot, on a clock that does not sleep. */
    private static double when(String of, String text) {
        String lines = real("journalctl -q -b -o short-monotonic --no-pager " + of + " -g '" + text + "' | tail -n 1");
        assertThat(lines).as(of + ": " + text).isNotEmpty();
        return Double.parseDouble(lines.replaceFirst("(?s)^\\[ *([0-9.]+)].*", "$1"));
    }

    @Test
    void a_machine_stands_still_from_before_the_host_sleeps_until_it_is_awake_again() {
        assumeTrue(real("cat /sys/power/state").contains("mem"), "the guest's kernel cannot sleep");
        real("sed 's|@HOME@|" + Documents.top() + "|' " + Documents.top() + "/dist/src/systemd/zonda-sleep.service"
                + " >/etc/systemd/system/zonda-sleep.service && systemctl daemon-reload"
                + " && systemctl enable zonda-sleep.service && systemd-analyze verify zonda-sleep.service");
        UUID vm = host.create(Json.object().with("brand", "kvm").with("ram", 64));

        real("echo s2idle >/sys/power/mem_sleep; echo 0 >/sys/class/rtc/rtc0/wakealarm;"
                + " echo +60 >/sys/class/rtc/rtc0/wakealarm; systemctl suspend");
        real("tries=0; until journalctl -q -b -k -g 'PM: suspend exit' >/dev/null"
                + " && ! systemctl is-active -q zonda-sleep.service; do"
                + " tries=$((tries + 1)); [ $tries -lt 600 ] || exit 1; sleep 0.5; done");

        String unit = "-u zonda-sleep.service";
        assertThat(when(unit, "Finished zonda-sleep.service")).isLessThan(when("-k", "PM: suspend entry"));
        assertThat(when(unit, "Stopping zonda-sleep.service")).isGreaterThan(when("-k", "PM: suspend exit"));
        assertThat(real("journalctl -q -b --no-pager " + unit)).doesNotContain("Failed");
        assertThat(host.run("vmadm", "info", vm.toString(), "status").out()).contains("\"running\": true");
    }
}
