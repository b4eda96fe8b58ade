package zonda.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import zonda.base.Json;

/** What root of a zone is not: root of the machine. */
class IsolationIT {
    @RegisterExtension
    static final Instance zonda = new Instance();

    /** The least of what podman masks; a file masked is empty, a directory has nothing in it. */
    private static final List<String> MASKED = List.of(
            "/proc/kcore",
            "/proc/keys",
            "/proc/timer_list",
            "/proc/acpi",
            "/proc/scsi",
            "/sys/firmware",
            "/sys/dev/block");

    /** By their numbers in linux/capability.h. */
    private static final Map<String, Integer> FORBIDDEN = Map.ofEntries(
            Map.entry("SYS_MODULE", 16),
            Map.entry("SYS_RAWIO", 17),
            Map.entry("SYS_PACCT", 20),
            Map.entry("SYS_RESOURCE", 24),
            Map.entry("SYS_TIME", 25),
            Map.entry("MAC_OVERRIDE", 32),
            Map.entry("MAC_ADMIN", 33),
            Map.entry("SYSLOG", 34),
            Map.entry("WAKE_ALARM", 35),
            Map.entry("PERFMON", 38),
            Map.entry("BPF", 39),
            Map.entry("CHECKPOINT_RESTORE", 40));

    private static UUID vm;
    private static UUID neighbour;

    @BeforeAll
    static void make_zones() {
        vm = zonda.create(Instance.withNics(zonda.payload("one"), Instance.nic("dhcp")));
        neighbour = zonda.create(zonda.payload("two"));
    }

    /** Runs a script that the zone's kernel view must refuse; its words say by what. */
    private static Ran refused(String script) {
        Ran ran = zonda.zlogin(vm.toString(), script);
        assertThat(ran.status()).as(script + ": " + ran).isNotZero();
        return ran;
    }

    private static String status(UUID zone, String field) {
        String text =
                new String(Instance.read(Path.of("/proc/" + zonda.init(zone) + "/status")), StandardCharsets.US_ASCII);
        return text.lines()
                .filter(line -> line.startsWith(field + ":"))
                .map(line -> line.substring(field.length() + 1).strip())
                .findFirst()
                .orElseThrow();
    }

    @Test
    void root_of_a_zone_is_an_ordinary_user_outside_and_each_zone_another() {
        long one = Long.parseLong(status(vm, "Uid").split("\\s+")[0]);
        long two = Long.parseLong(status(neighbour, "Uid").split("\\s+")[0]);

        assertThat(zonda.sh(vm, "id -u")).isEqualTo("0");
        assertThat(one).isGreaterThanOrEqualTo(zonda.identity().idBase());
        assertThat(two).isGreaterThanOrEqualTo(zonda.identity().idBase());
        assertThat(Math.abs(one - two)).isGreaterThanOrEqualTo(65_536);
        assertThat(zonda.sh(vm, "cat /proc/self/uid_map").split("\\s+"))
                .containsExactly("0", String.valueOf(one), "65536");
    }

    @Test
    void files_of_a_zone_belong_to_its_own_numbers_on_disk() throws Exception {
        zonda.sh(vm, "touch /root/mine; chown 33 /root/mine");

        assertThat(Files.getAttribute(zonda.datasetRoot(vm).resolve("root/mine"), "unix:uid"))
                .isEqualTo(33);
        assertThat(Files.getAttribute(zonda.root().resolve("zones/" + vm), "unix:mode")
                        .toString())
                .as("the zonepath is closed to all but root")
                .isEqualTo(String.valueOf(0040700));
    }

    @Test
    void system_calls_are_filtered_for_init_and_for_programs_from_outside() {
        assertThat(status(vm, "Seccomp")).isEqualTo("2");
        assertThat(zonda.sh(vm, "grep ^Seccomp: /proc/self/status")).isEqualTo("Seccomp:\t2");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "mknod /root/disk b 7 0",
                "echo 1 > /proc/sys/kernel/panic",
                "echo 1 > /proc/sys/vm/drop_caches",
                "echo b > /proc/sysrq-trigger",
                "echo core > /proc/sys/kernel/core_pattern",
                "echo 1 > /sys/kernel/uevent_seqnum",
                "mount -t btrfs /dev/loop0 /mnt",
                "mount -t ext4 /dev/vda /mnt",
                "swapon /bin/busybox",
                "date -s '2001-01-01 00:00:00' >/dev/null; [ $(date +%Y) = 2001 ]",
                "dmesg",
                "cat /dev/mem",
                "mount -o remount,rw /native && touch /native/x",
                "umount /proc/kcore /proc/keys",
            })
    void root_of_a_zone_can_not(String script) {
        refused(script);
    }

    @Test
    void a_module_is_refused_before_the_kernel_looks_at_it() {
        assertThat(refused("insmod /bin/busybox").err()).contains("Operation not permitted");
    }

    @Test
    void the_files_of_the_machine_are_out_of_reach() {
        String root = zonda.root().toString();

        refused("ls " + root);
        refused("ls /proc/1/root/../../../.." + root);
        refused("chroot /proc/1/root/../.. ls " + root);
    }

    @Test
    void a_zone_sees_its_own_processes_mounts_and_links_only() {
        zonda.sh(neighbour, "sleep 12345 >/dev/null 2>&1 </dev/null &");

        assertThat(zonda.sh(vm, "ps -o args")).doesNotContain("sleep 12345").doesNotContain("conmon");
        assertThat(zonda.sh(vm, "cat /proc/mounts")).doesNotContain(neighbour.toString());
        assertThat(zonda.sh(vm, "ls /sys/class/net | grep -v lo")).isEqualTo("net0");
        assertThat(zonda.sh(neighbour, "ls /sys/class/net")).isEqualTo("lo");
        assertThat(zonda.sh(vm, "hostname")).isEqualTo("one");
    }

    @Test
    void devices_are_the_harmless_ones() {
        assertThat(zonda.sh(vm, "ls /dev").lines())
                .contains("null", "zero", "random", "urandom", "tty", "console", "pts", "shm")
                .doesNotContain("mem", "kmem", "kmsg", "vda", "loop0", "loop-control", "kvm", "fuse");
    }

    @Test
    void what_tells_of_the_host_is_masked() {
        for (String path : MASKED) {
            String seen = zonda.sh(
                    vm,
                    "if [ -d " + path + " ]; then ls -A " + path + "; elif [ -e " + path + " ]; then head -c 10 " + path
                            + "; fi");
            assertThat(seen).as(path).isEmpty();
        }
    }

    @Test
    void limits_can_not_be_lifted_from_inside() {
        long limit = Cgroup.of(zonda, vm).memoryLimit();

        zonda.zlogin(vm.toString(), "echo 8000000000 > /sys/fs/cgroup/memory/memory.limit_in_bytes");
        zonda.zlogin(vm.toString(), "echo max > /sys/fs/cgroup/memory.max");
        zonda.zlogin(vm.toString(), "echo -1 > /sys/fs/cgroup/cpu/cpu.cfs_quota_us");
        zonda.zlogin(
                vm.toString(),
                "for c in /sys/fs/cgroup/memory /sys/fs/cgroup/pids; do echo $$ > $c/../cgroup.procs; done");

        assertThat(Cgroup.of(zonda, vm).memoryLimit()).isEqualTo(limit);
        refused("mkdir /sys/fs/cgroup/memory/x");
    }

    @Test
    void memory_and_processes_are_bounded() {
        UUID small = zonda.create(zonda.payload("small").with("max_lwps", 40).with("max_physical_memory", 32));

        Ran fork = zonda.zlogin("small", "for i in $(seq 100); do sleep 20 >/dev/null 2>&1 & done; echo all");
        assertThat(fork.out() + fork.err()).contains("can't fork");
        assertThat(zonda.vmadm("reboot", "-F", "small").status()).isZero();
        Ran eater = zonda.zlogin("small", "head -c 300m /dev/zero | tail");
        assertThat(eater.status()).as(eater.toString()).isNotZero();
        assertThat(zonda.state(small)).isEqualTo("running");
        zonda.delete(small);
    }

    @Test
    void capabilities_are_those_of_a_system_in_its_own_namespace_and_no_more() {
        long effective = Long.parseLong(status(vm, "CapEff"), 16);

        assertThat(effective).isEqualTo(Long.parseLong(status(vm, "CapBnd"), 16));
        for (var never : FORBIDDEN.entrySet()) {
            assertThat(effective & 1L << never.getValue()).as(never.getKey()).isZero();
        }
        assertThat(effective & 1L << 10).as("CAP_NET_BIND_SERVICE").isNotZero();
    }

    @Test
    void limit_priv_takes_capabilities_away_from_init_and_from_programs_from_outside() {
        Json.Obj narrow =
                zonda.payload("narrow").with("limit_priv", "default,-net_rawaccess,-sys_mount,-net_icmpaccess");
        UUID narrowed = zonda.create(narrow);

        long effective = Long.parseLong(status(narrowed, "CapBnd"), 16);
        assertThat(effective & 1L << 13).as("CAP_NET_RAW").isZero();
        assertThat(effective & 1L << 21).as("CAP_SYS_ADMIN").isZero();
        String inside = zonda.sh(narrowed, "grep CapEff /proc/self/status").replaceFirst(".*:\\s*", "");
        assertThat(Long.parseLong(inside, 16)).isEqualTo(effective);
        assertThat(zonda.zlogin("narrow", "mount -t tmpfs none /mnt").status()).isNotZero();
        assertThat(zonda.zlogin("one", "mount -t tmpfs none /mnt && umount /mnt")
                        .status())
                .isZero();
        zonda.delete(narrowed);
    }
}
