package zonda.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import zonda.base.Await;
import zonda.base.Json;
import zonda.kernel.Command;
import zonda.kvm.Machine;
import zonda.kvm.Qemu;
import zonda.kvm.Tpm;

/**
 * Debian with cloud-init in machines, as {@code imgadm create --debian --vm} makes it: it learns who it is, is reached over
 * its NIC, and goes through what becomes of a machine. Each boot takes minutes where it is emulated.
 */
@EnabledIfEnvironmentVariable(
        named = "ZONDA_SLOW_TESTS",
        matches = ".+",
        disabledReason = "takes a quarter of an hour; ZONDA_SLOW_TESTS=1 runs it")
class DebianMachineIT {
    private static final Duration BOOT = Duration.ofMinutes(25);
    private static final Duration LOOK = Duration.ofSeconds(5);
    private static final Duration STOP = Duration.ofMinutes(8);
    private static final Duration WORD = Duration.ofMinutes(8);
    private static final String TOLD = "#cloud-config\nwrite_files:\n- {path: /etc/told, content: by user-data}\n";

    @RegisterExtension
    static final Instance zonda = new Instance();

    @TempDir
    static Path files;

    private static UUID image;
    private static Path key;

    @BeforeAll
    static void make_an_image() {
        for (String program : List.of(Qemu.PROGRAM.toString(), "/usr/bin/qemu-img", "/usr/bin/ssh")) {
            assumeTrue(Files.isExecutable(Path.of(program)), "needs " + program);
        }
        key = files.resolve("key");
        Command.of("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key.toString())
                .check(LOOK);
        image = DebianDisk.install(zonda);
    }

    @AfterEach
    void leave_nothing() {
        zonda.deleteAll();
        assertThat(zonda.leftovers().ofZones()).isEmpty();
    }

    private static Json.Obj payload(String brand, String disk, Json.Obj nic) {
        Json.Obj boot = Json.object()
                .with("boot", true)
                .with("model", disk)
                .with("image_uuid", image.toString())
                .with("refreservation", 0);
        Json.Obj customer = Json.object()
                .with("root_authorized_keys", new String(Instance.read(files.resolve("key.pub"))))
                .with("cloud-init:user-data", TOLD);
        return Json.object()
                .with("brand", brand)
                .with("alias", "deb")
                .with("hostname", "deb-" + brand)
                .with("ram", 768)
                .with("vcpus", 1)
                .with("cpu_type", "host")
                .with("resolvers", Json.Arr.ofStrings(List.of("192.0.2.53")))
                .with("customer_metadata", customer)
                .with("nowait", true)
                .with("disks", new Json.Arr(List.of(boot)))
                .with("nics", new Json.Arr(List.of(nic.with("model", "virtio"))));
    }

    private static Ran good(Duration limit, String... words) {
        try (Call call = zonda.call("vmadm", words)) {
            Ran ran = call.endInput().ran(limit);
            assertThat(ran.status()).as(ran.toString()).isZero();
            return ran;
        }
    }

    private static Command.Result ssh(String address, String words) {
        return Command.of("ssh", "-F", "none", "-i", key.toString(), "-o", "BatchMode=yes")
                .with("-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR")
                .with("-o", "ConnectTimeout=10", "root@" + address, words)
                .run(WORD);
    }

    private static String told(String address, String words) {
        Command.Result result = ssh(address, words);
        assertThat(result.status()).as(words + ": " + result).isZero();
        return result.out().strip();
    }

    /** Waits until one can log in and cloud-init has done all that it does. @return the boot's id */
    private static String awaitBoot(UUID vm, String address, String before) {
        String[] id = {""};
        boolean isUp = Await.steadily(BOOT, LOOK, () -> {
            id[0] = ssh(address, "cat /proc/sys/kernel/random/boot_id").out().strip();
            return !id[0].isEmpty() && !id[0].equals(before);
        });
        assertThat(isUp)
                .as(() -> zonda.vmadm("why", vm.toString()).out()
                        + zonda.vmadm("logs", vm.toString()).out())
                .isTrue();
        assertThat(ssh(address, "cloud-init status --wait --long").out())
                .as(() -> ssh(address, "grep -E 'WARN|ERROR|Traceback' -A 12 /var/log/cloud-init.log")
                        .out())
                .contains("status: done");
        return id[0];
    }

    private static void reprovision(UUID vm) {
        String wish = Json.object().with("image_uuid", image.toString()).compact();
        try (Call call = zonda.call("vmadm", "reprovision", vm.toString())) {
            Ran ran = call.type(wish).endInput().ran(STOP);
            assertThat(ran.status()).as(ran.toString()).isZero();
        }
    }

    /** What the guest has written to its console. */
    private static String console(UUID vm) {
        return new String(Instance.read(zonda.root().resolve("var/log/zonda/" + vm + ".console")))
                .replaceAll("(?md)\\n?^\\S+ stdout [PF] ", "");
    }

    /** The guest went down by itself when its power button was pressed. */
    private static void stop(UUID vm) {
        good(STOP, "stop", vm.toString());
        assertThat(zonda.get(vm).integer("exit_status", -1)).isZero();
    }

    private static void isItself(String address, String hostname, String source) {
        assertThat(told(
                        address,
                        "hostname; cat /etc/told; echo; grep -o 'DataSource[A-Za-z]*' /run/cloud-init/result.json"))
                .isEqualTo(hostname + "\nby user-data\n" + source);
        assertThat(told(address, "systemctl --failed --no-legend --plain")).isEmpty();
        assertThat(told(address, "resolvectl dns")).contains("192.0.2.53");
    }

    @Test
    void one_that_asks_its_second_serial_port_goes_through_a_machines_life() {
        String address = Network.of(zonda).address(20);
        String gateway = Network.of(zonda).address(1);
        Json.Obj nic = Instance.nic(address + "/24").with("gateways", Json.Arr.ofStrings(List.of(gateway)));
        UUID vm = zonda.create(payload("kvm", "virtio", nic));
        String boot = awaitBoot(vm, address, "");
        assertThat(zonda.state(vm)).as("it has asked for its metadata").isEqualTo("running");
        isItself(address, "deb-kvm", "DataSourceSmartOS");
        assertThat(told(address, "ip -4 -o addr; ip route")).contains(address + "/24", "default via " + gateway);
        assertThat(told(address, "systemd-analyze cat-config systemd/network/10-cloud-init-net0.network"))
                .as("it does not wait for an IPv6 router")
                .contains("Address=" + address + "/24", "ConfigureWithoutCarrier=yes");
        long mib = Long.parseLong(
                told(address, "df -BM --output=size / | tail -n 1").replaceAll("[ M]", ""));
        assertThat(mib).as("the image's size").isBetween(DebianDisk.SIZE - 300L, (long) DebianDisk.SIZE);

        // Not synced: the guest's agent writes it when it is asked to stand still, and it goes on afterwards.
        told(address, "echo kept > /root/mark");
        good(WORD, "create-snapshot", vm.toString(), "one");
        assertThat(told(address, "rm /root/mark; sync; journalctl -q --no-pager -t qemu-ga"))
                .contains("guest-fsfreeze called");
        assertThat(zonda.daemon().log())
                .as("it was asked in words that it knows")
                .doesNotContain("the guest's agent");
        good(STOP, "reboot", vm.toString());
        awaitBoot(vm, address, boot);
        assertThat(told(address, "ls /root")).isEmpty();
        assertThat(told(address, "journalctl -q --no-pager -b -1 -u qemu-guest-agent"))
                .as("it was not left with an answer to give, and ended when it was told to")
                .contains("Stopped", "Deactivated successfully")
                .doesNotContain("timed out");

        stop(vm);
        good(WORD, "rollback-snapshot", vm.toString(), "one");
        String path = zonda.get(vm).array("disks").objects().getFirst().string("path", "");
        Json.Obj larger = Json.object().with("path", path).with("size", DebianDisk.SIZE + 1024);
        Json.Obj change = Json.object().with("update_disks", new Json.Arr(List.of(larger)));
        Ran updated = zonda.feed(change.compact(), "vmadm", "update", vm.toString());
        assertThat(updated.status()).as(updated.toString()).isZero();
        good(WORD, "start", vm.toString());
        boot = awaitBoot(vm, address, "");
        assertThat(told(address, "cat /root/mark")).isEqualTo("kept");
        assertThat(Long.parseLong(
                        told(address, "df -BM --output=size / | tail -n 1").replaceAll("[ M]", "")))
                .as("it has taken what its disk got")
                .isGreaterThan(mib + 900);

        reprovision(vm);
        awaitBoot(vm, address, boot);
        isItself(address, "deb-kvm", "DataSourceSmartOS");
        assertThat(told(address, "ls /root")).isEmpty();
        assertThat(zonda.get(vm).array("disks").objects().getFirst().integer("size", 0))
                .isEqualTo(DebianDisk.SIZE + 1024);

        ssh(address, "systemctl poweroff");
        assertThat(Await.steadily(STOP, LOOK, () -> zonda.state(vm).equals("stopped")))
                .isTrue();
    }

    @Test
    void one_that_starts_only_what_is_signed_reads_its_disk_of_data() {
        assumeTrue(Files.exists(Machine.Firmware.SECURE_UEFI.freshVariables()), "needs ovmf");
        assumeTrue(Files.exists(Tpm.PROGRAM), "needs swtpm");
        UUID vm = zonda.create(payload("bhyve", "nvme", Instance.nic("dhcp"))
                .with("bootrom", "uefi")
                .with("secure_boot", true)
                .with("tpm", true)
                .with("internal_metadata", Json.object().with("cloudinit_datasource", "nocloud")));
        String mac = zonda.get(vm).array("nics").objects().getFirst().string("mac", "");
        Path given = zonda.root().resolve("run/zonda/network/dnsmasq/stub0/dhcp-hosts/" + mac.replace(':', '-'));
        String address = new String(Instance.read(given)).split(",")[1];

        awaitBoot(vm, address, "");

        isItself(address, "deb-bhyve", "DataSourceNoCloud");
        assertThat(told(address, "mokutil --sb-state; ip -4 -o addr show dev net0"))
                .contains("SecureBoot enabled", address + "/24");
        assertThat(told(address, "cat /sys/class/tpm/tpm0/tpm_version_major /sys/class/tpm/tpm0/pcr-sha256/7"))
                .as("UEFI has told it what it has started")
                .matches("2\n(?!0+$)[0-9A-F]{64}");
        assertThat(console(vm))
                .as("its boot loader's words once, and nobody has answered them")
                .contains("GNU GRUB")
                .doesNotContainPattern("(?s)GNU GRUB.*GNU GRUB")
                .doesNotContain("grub>");
        assertThat(told(address, "python3 -m cloudinit.sources.DataSourceSmartOS hostname 2>&1"))
                .as("what the boot loader has written there is in nobody's way")
                .contains("\"hostname\": \"deb-bhyve\"")
                .doesNotContain("Timeout", "Unexpected");
        stop(vm);
    }
}
