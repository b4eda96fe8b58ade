package zonda.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.extension.RegisterExtension;
import zonda.base.Await;
import zonda.base.Json;

/**
 * A host as most users have it: pure control groups version 2, and the daemon under systemd by the unit that we ship. One
 * guest for all, since its boot takes long; they run in an order, so that what reboots comes late and what removes a
 * program of the host comes last.
 */
@Tag("slow")
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class GuestV2IT {
    @RegisterExtension
    static final GuestHost host = new GuestHost();

    private static final Duration SOON = Duration.ofSeconds(240);

    /** Each start of a daemon takes half a minute on an emulated machine, so those that need more than one are asked for. */
    private static void takesMinutes() {
        assumeTrue(System.getenv("ZONDA_SLOW_TESTS") != null, "takes minutes; ZONDA_SLOW_TESTS=1 runs it");
    }

    /** Deletes it; then no group, process, mount, link, file or dataset of it is left. */
    private static void delete(UUID vm) {
        Ran ran = host.run("vmadm", "delete", vm.toString());
        assertThat(ran.status()).as(ran.toString()).isZero();
        String left = """
                find /sys/fs/cgroup -name '%1$s'
                pgrep -a -f %1$s
                findmnt -rno TARGET | grep %1$s
                ip -o link | grep %2$s
                find /run/zonda /etc/zones /var/lib/zonda /zones -maxdepth 3 -name '*%1$s*'
                true
                """;
        assertThat(host.guest()
                        .sh(left.formatted(vm, vm.toString().substring(0, 8)))
                        .good())
                .isEmpty();
    }

    @Test
    @Order(1)
    void the_host_has_control_groups_of_version_2_only_and_systemd_is_content() {
        assertThat(host.guest()
                        .sh("grep -c cgroup /proc/mounts; stat -f -c %T /sys/fs/cgroup; systemctl is-active zondad;"
                                + " systemctl --failed --no-legend --plain")
                        .good())
                .isEqualTo("1\ncgroup2fs\nactive");
    }

    @Test
    @Order(2)
    void the_limits_of_a_zone_are_those_of_its_group_and_change_while_it_runs() {
        UUID vm = host.create(host.payload("limits")
                .with("max_swap", 256)
                .with("cpu_cap", 50)
                .with("cpu_shares", 200)
                .with("max_lwps", 300)
                .with("zfs_io_priority", 150));
        String[] files = {
            "memory.max", "memory.swap.max", "cpu.max", "cpu.weight", "pids.max", "io.weight", "cgroup.subtree_control"
        };
        String made = host.group(vm, files);
        long init = host.init(vm);

        Ran update = host.run(
                "vmadm",
                "update",
                vm.toString(),
                "max_physical_memory=128",
                "max_swap=512",
                "cpu_cap=150",
                "cpu_shares=50",
                "max_lwps=400",
                "zfs_io_priority=20");

        assertThat(made.lines())
                .contains(
                        "memory.max=" + (64L << 20),
                        "memory.swap.max=" + (192L << 20),
                        "cpu.max=50000 100000",
                        "cpu.weight=200",
                        "pids.max=300",
                        "io.weight=default 150");
        assertThat(update.status()).as(update.toString()).isZero();
        assertThat(host.group(vm, files).lines())
                .contains(
                        "memory.max=" + (128L << 20),
                        "memory.swap.max=" + (384L << 20),
                        "cpu.max=150000 100000",
                        "cpu.weight=50",
                        "pids.max=400",
                        "io.weight=default 20");
        assertThat(host.init(vm)).isEqualTo(init);
        delete(vm);
    }

    @Test
    @Order(3)
    void a_zone_that_passes_its_memory_loses_the_process_and_the_host_notices_nothing() {
        UUID vm = host.create(host.payload("hungry"));
        String daemon = host.guest().sh("systemctl show -P MainPID zondad").good();

        Ran eater = host.run("zlogin", vm.toString(), "dd if=/dev/zero of=/dev/null bs=200M count=1");

        assertThat(eater.status()).as(eater.toString()).isEqualTo(137);
        assertThat(host.group(vm, "memory.events").lines()).contains("oom_kill 1");
        assertThat(host.get(vm).string("state", "")).isEqualTo("running");
        assertThat(host.inZone(vm, "echo still here")).isEqualTo("still here");
        assertThat(host.guest().sh("systemctl show -P MainPID zondad").good()).isEqualTo(daemon);
        delete(vm);
    }

    @Test
    @Order(4)
    void the_real_client_logs_in_with_streams_apart_and_the_exit_code_passed_on() {
        UUID vm = host.create(host.payload("login"));

        var ran = host.guest()
                .sh("echo input | " + host.program("zlogin")
                        + " login 'cat; echo error >&2; cat /proc/self/cgroup; exit 3'");

        assertThat(ran.out()).isEqualTo("input\n0::/\n");
        assertThat(ran.err()).isEqualTo("error\n");
        assertThat(ran.status()).isEqualTo(3);
        assertThat(host.guest()
                        .sh("unset LC_ALL LANG; " + host.program("zlogin") + " login 'cd /root; touch \u00e9; echo *'")
                        .good())
                .as("where neither the daemon nor the client was given a locale")
                .isEqualTo("\u00e9");
        assertThat(host.inZone(vm, "ip -4 -o addr show dev net0")).contains("inet 10.");
        assertThat(host.inZone(vm, "cat /proc/1/oom_score_adj /proc/self/oom_score_adj"))
                .as("what of the daemon's unit the zone has inherited")
                .isEqualTo("0\n0");
        delete(vm);
    }

    @Test
    @Order(5)
    void a_nic_on_a_vlan_of_a_nic_tag_speaks_to_the_wire_in_tagged_frames() {
        host.guest().sh("""
                set -e
                ip netns add wire
                ip link add port0 type veth peer name wire0 netns wire
                ip -n wire link add link wire0 name tagged type vlan id 100
                ip -n wire address add 203.0.113.1/24 dev tagged
                ip -n wire link set wire0 up
                ip -n wire link set tagged up
                """).good();
        String mac = host.guest().sh("cat /sys/class/net/port0/address").good();
        Ran tag = host.run("nictagadm", "add", "-p", "mac=" + mac, "wired");
        assertThat(tag.status()).as(tag.toString()).isZero();
        Json.Obj nic = Instance.nic("203.0.113.2/24").with("nic_tag", "wired").with("vlan_id", 100);

        UUID vm = host.create(Instance.withNics(host.payload("tagged"), nic));

        assertThat(host.inZone(vm, "ping -c 1 -W 5 203.0.113.1")).contains(" 0% packet loss");
        delete(vm);
        assertThat(host.guest().sh("ip -o link | grep -c port0").good())
                .as("the link and its own bridge")
                .isEqualTo("2");
    }

    @Test
    @Order(6)
    void debian_with_systemd_boots_to_running_in_a_zone() {
        takesMinutes();
        UUID image = UUID.randomUUID();
        String manifest = """
                {"v": 2, "uuid": "%s", "owner": "00000000-0000-0000-0000-000000000000", "name": "debian", "version": "13",
                 "state": "active", "disabled": false, "public": false, "type": "lx-dataset", "os": "linux",
                 "published_at": "2026-01-01T00:00:00Z", "files": [{"sha1": "%s", "size": %s, "compression": "none"}]}
                """;
        String sum = host.guest()
                .sh("mkdir -p /mnt && mount -o ro /dev/vdb /mnt && sha1sum /mnt/zone.tar | cut -d ' ' -f 1")
                .good();
        String size = host.guest().sh("stat -c %s /mnt/zone.tar").good();
        host.guest()
                .sh("cat >/root/manifest.json <<'END'\n" + manifest.formatted(image, sum, size) + "END\n")
                .good();
        host.guest()
                .sh(host.program("imgadm") + " install -m /root/manifest.json -f /mnt/zone.tar")
                .good();

        UUID vm = host.create(host.payload("debian")
                .with("brand", "lx")
                .with("kernel_version", "6.1")
                .with("image_uuid", image.toString())
                .with("max_physical_memory", 512)
                .with("quota", 2));

        assertThat(Await.until(
                        SOON,
                        () -> List.of("running\n", "degraded\n")
                                .contains(host.run("zlogin", vm.toString(), "systemctl is-system-running --wait")
                                        .out())))
                .isTrue();
        Ran running = host.run(
                "zlogin", vm.toString(), "systemctl is-system-running; systemctl --failed --no-legend --plain");
        assertThat(running.out()).as(running.toString()).isEqualTo("running\n");
        assertThat(host.inZone(vm, "systemd-run --wait --quiet --pipe -p MemoryMax=64M sh -c 'cat /proc/self/cgroup'"))
                .contains("0::/system.slice/run-");
        assertThat(host.inZone(vm, "echo max > /sys/fs/cgroup/memory.max 2>/dev/null || echo refused"))
                .isEqualTo("refused");
        delete(vm);
    }

    @Test
    @Order(7)
    void kill_9_of_the_daemon_is_repaired_by_systemd_and_the_zone_runs_on() {
        takesMinutes();
        UUID vm = host.create(host.payload("survivor"));
        long init = host.init(vm);
        host.inZone(vm, "touch /run/mark");

        host.guest()
                .sh("pid=$(systemctl show -P MainPID zondad); kill -9 $pid; tries=0;"
                        + " until new=$(systemctl show -P MainPID zondad) && [ $new != 0 ] && [ $new != $pid ]; do"
                        + " tries=$((tries + 1)); [ $tries -lt 100 ] || exit 1; sleep 0.2; done")
                .good();
        host.awaitServing();

        assertThat(host.init(vm)).isEqualTo(init);
        assertThat(host.get(vm).string("state", "")).isEqualTo("running");
        assertThat(host.inZone(vm, "ls /run/mark")).isEqualTo("/run/mark");
    }

    @Test
    @Order(8)
    void a_stopped_daemon_leaves_its_zones_running_and_a_reboot_of_the_host_brings_them_back() {
        takesMinutes();
        UUID vm = UUID.fromString(
                host.run("vmadm", "lookup", "alias=survivor").out().strip());
        UUID sleeper = host.create(host.payload("sleeper").with("autoboot", false));
        long init = host.init(vm);
        host.inZone(vm, "echo '::shutdown:/bin/touch /root/shut-down-in-order' >>/etc/inittab && kill -HUP 1");

        String stopped = host.guest()
                .sh("systemctl stop zondad; systemctl is-active zondad; kill -0 " + init + " && cat /proc/" + init
                        + "/comm; systemctl show -p Result zondad; systemctl start zondad")
                .good();
        host.awaitServing();
        host.guest().reboot();
        host.awaitServing();

        assertThat(stopped).isEqualTo("inactive\ninit\nResult=success");
        assertThat(Await.until(SOON, () -> host.get(vm).string("state", "").equals("running")))
                .isTrue();
        assertThat(host.get(sleeper).string("zone_state", "")).isEqualTo("installed");
        assertThat(host.inZone(vm, "ls /root"))
                .as("what its init does when it is asked to shut down, not when it is killed")
                .isEqualTo("shut-down-in-order");
        assertThat(Await.until(
                        SOON,
                        () -> host.run("zlogin", vm.toString(), "ip -4 -o addr show dev net0")
                                .out()
                                .contains("inet 10.")))
                .isTrue();
        assertThat(host.group(vm, "memory.max")).isEqualTo("memory.max=" + (64L << 20));
        delete(vm);
        delete(sleeper);
    }

    @Test
    @Order(9)
    void runc_does_where_crun_is_not_there() {
        takesMinutes();
        host.guest()
                .sh("mv /usr/bin/crun /usr/bin/crun.away && systemctl restart zondad")
                .good();
        host.awaitServing();

        UUID vm = host.create(host.payload("runc").with("cpu_cap", 50));

        assertThat(host.group(vm, "memory.max", "cpu.max", "pids.max").lines())
                .contains("memory.max=" + (64L << 20), "cpu.max=50000 100000");
        assertThat(host.guest().sh("ls /run/zonda/runtime/" + vm).good()).contains("state.json");
        assertThat(host.run("vmadm", "update", vm.toString(), "max_physical_memory=128")
                        .status())
                .isZero();
        assertThat(host.group(vm, "memory.max")).isEqualTo("memory.max=" + (128L << 20));
        assertThat(host.inZone(vm, "id -u; cat /proc/self/cgroup")).isEqualTo("0\n0::/");
        delete(vm);
    }
}
