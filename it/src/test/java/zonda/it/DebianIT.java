package zonda.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import zonda.base.Await;
import zonda.base.Json;

/** Debian with systemd as a zone: boots well, is administered as a machine, and stops in order. */
@Tag("slow")
class DebianIT {
    @RegisterExtension
    static final Instance zonda = new Instance();

    private static final Duration SOON = Duration.ofSeconds(60);
    private static final Duration MAKING = Duration.ofMinutes(10);
    private static final Duration STOP = Duration.ofSeconds(10);

    private static final UUID IMAGE = UUID.randomUUID();

    /** One for those that leave it as it was. */
    private static UUID vm = IMAGE;

    @BeforeAll
    static void make_the_image() {
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/mmdebstrap")), "needs the package mmdebstrap");
        try (Call call = zonda.call(
                "imgadm", "create", "--debian", "bookworm", "name=debian-12", "version=1", "uuid=" + IMAGE)) {
            Ran ran = call.endInput().ran(MAKING);
            assumeTrue(!ran.err().contains("(NotSupported)"), "no apt sources for bookworm: " + ran.err());
            // A mirror that can't be reached is no fault of ours.
            assumeTrue(!ran.err().contains("Failed to fetch"), "mmdebstrap: " + ran.err());
            assertThat(ran.status()).as(ran.toString()).isZero();
        }
    }

    @BeforeEach
    void boot() {
        if (zonda.vmadm("lookup", "state=running").out().isEmpty()) {
            bootAnew();
        }
    }

    private static void bootAnew() {
        zonda.deleteAll();
        vm = zonda.create(Instance.withNics(payload(), Instance.nic("dhcp")));
    }

    private static Json.Obj payload() {
        return zonda.payload("deb01")
                .with("brand", "lx")
                .with("kernel_version", "6.1")
                .with("image_uuid", IMAGE.toString())
                .with("max_physical_memory", 512)
                .with("max_lwps", 500)
                .with("quota", 2);
    }

    @AfterAll
    static void leave_nothing() {
        zonda.deleteAll();
        assertThat(zonda.leftovers().ofZones()).isEmpty();
    }

    @Test
    void systemd_says_that_it_runs_and_no_unit_has_failed() {
        bootAnew();
        assertThat(zonda.sh(vm, "systemctl is-system-running")).isEqualTo("running");
        assertThat(zonda.sh(vm, "systemctl --failed --no-legend --plain")).isEmpty();
        assertThat(zonda.sh(vm, "cat /proc/1/comm")).isEqualTo("systemd");
        assertThat(zonda.sh(vm, "journalctl -b -p err -q --no-pager")).isEmpty();
        assertThat(zonda.sh(vm, "ls /var/svc")).isEqualTo("provision_success");
    }

    @Test
    void it_is_a_machine_with_its_name_its_address_and_its_packages() {
        assertThat(zonda.sh(vm, "hostnamectl"))
                .contains("Static hostname: deb01")
                .contains("Machine ID: " + vm.toString().replace("-", ""))
                .contains("Debian GNU/Linux 12");
        assertThat(zonda.sh(vm, "ip -4 -o addr show dev eth0")).contains("inet 10.99.");
        assertThat(zonda.sh(vm, "dpkg-query -W -f '${Status}' systemd")).isEqualTo("install ok installed");
        assertThat(zonda.sh(vm, "dpkg --verify systemd dbus login; echo verified"))
                .isEqualTo("verified");
        assertThat(zonda.sh(vm, "stat -c %U:%G /usr/bin/passwd /var/mail /etc/shadow"))
                .isEqualTo("root:root\nroot:mail\nroot:shadow");
        assertThat(zonda.sh(vm, "systemd-run --wait --quiet --pipe sh -c 'echo from a unit'"))
                .isEqualTo("from a unit");
    }

    @Test
    void the_console_asks_for_a_login() {
        try (Call console = zonda.onTerminal("zlogin", "-C", "deb01")) {
            assertThat(Await.until(SOON, console::isRaw)).isTrue();
            console.type("\r");
            console.awaitOut("deb01 login:", SOON);
            console.type("\r~.");
            assertThat(console.ran(SOON).status()).isZero();
        }
    }

    @Test
    void a_login_is_a_shell_on_a_terminal() {
        try (Call login = zonda.onTerminal("zlogin", "deb01")) {
            assertThat(Await.until(SOON, login::isRaw)).isTrue();
            login.resize(40, 90).type("stty size; tty; exit 4\r");
            assertThat(login.ran(SOON).status()).isEqualTo(4);
            assertThat(login.out()).contains("40 90").contains("/dev/pts/");
        }
    }

    @Test
    void it_stops_in_order_within_ten_seconds() {
        zonda.sh(
                vm,
                "printf '[Service]\\nType=oneshot\\nRemainAfterExit=yes\\nExecStart=true\\nExecStop=touch /root/bye\\n'"
                        + " > /run/systemd/system/bye.service; systemctl start bye");
        long start = System.nanoTime();

        assertThat(zonda.vmadm("stop", vm.toString()).status()).isZero();

        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(STOP);
        assertThat(zonda.datasetRoot(vm).resolve("root/bye")).exists();
        assertThat(zonda.get(vm).integer("exit_status")).contains(-2L);
    }

    @Test
    void systemctl_reboot_comes_back_and_poweroff_stays_off() {
        long before = zonda.init(vm);
        zonda.zlogin("deb01", "systemctl reboot");
        assertThat(Await.until(
                        SOON,
                        () -> zonda.get(vm)
                                .integer("pid")
                                .filter(now -> now != before)
                                .isPresent()))
                .isTrue();
        assertThat(Await.until(
                        SOON,
                        () -> zonda.zlogin("deb01", "systemctl is-system-running --wait")
                                .out()
                                .equals("running\n")))
                .isTrue();

        zonda.zlogin("deb01", "systemctl poweroff");
        assertThat(Await.until(SOON, () -> zonda.state(vm).equals("stopped"))).isTrue();
    }

    @Test
    void its_limits_hold_and_its_root_is_nobody_outside() {
        assertThat(Cgroup.of(zonda, vm).memoryLimit()).isEqualTo(512L << 20);
        assertThat(Cgroup.of(zonda, vm).processLimit()).isEqualTo(500);
        String status =
                new String(Instance.read(Path.of("/proc/" + zonda.init(vm) + "/status")), StandardCharsets.US_ASCII);
        String uid = status.lines()
                .filter(line -> line.startsWith("Uid:"))
                .findFirst()
                .orElseThrow()
                .split("\\s+")[1];
        assertThat(Long.parseLong(uid)).isGreaterThanOrEqualTo(zonda.identity().idBase());
        assertThat(status).contains("Seccomp:\t2");

        Ran fork = zonda.zlogin(
                "deb01", "exec dash -c 'for i in $(seq 600); do sleep 30 >/dev/null 2>&1 & done; echo all'");
        assertThat(fork.err()).contains("Cannot fork");
        assertThat(zonda.state(vm)).isEqualTo("running");
        zonda.deleteAll();
    }

    @Test
    void it_runs_on_over_kill_9_of_the_daemon_with_its_journal_unbroken() {
        String boot = zonda.sh(
                vm, "cat /proc/sys/kernel/random/boot_id; systemctl show -p ActiveEnterTimestampMonotonic dbus");

        zonda.kill9();
        zonda.start(Map.of());

        assertThat(zonda.sh(
                        vm,
                        "cat /proc/sys/kernel/random/boot_id; systemctl show -p ActiveEnterTimestampMonotonic dbus"))
                .isEqualTo(boot);
        assertThat(zonda.sh(vm, "systemctl is-system-running")).isEqualTo("running");
        assertThat(zonda.state(vm)).isEqualTo("running");
    }
}
