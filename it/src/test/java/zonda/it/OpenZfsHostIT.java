package zonda.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;
import org.junit.jupiter.api.extension.RegisterExtension;
import zonda.base.Await;
import zonda.base.Json;

/** A host that has OpenZFS: the pool is made of it, and zones live there. One guest for all, in an order. */
@Tag("slow")
@EnabledIfEnvironmentVariable(named = "ZONDA_SLOW_TESTS", matches = ".+", disabledReason = "takes minutes")
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class OpenZfsHostIT {
    @RegisterExtension
    static final GuestHost host = GuestHost.withOpenZfs();

    private static final Duration SOON = Duration.ofSeconds(240);

    private static UUID vm;
    private static UUID machine;

    private static String real(String command) {
        return host.guest().sh(command).good();
    }

    private static void good(String tool, String... arguments) {
        Ran ran = host.run(tool, arguments);
        assertThat(ran.status()).as(ran.toString()).isZero();
    }

    private static String property(String property, String dataset) {
        return real("zfs get -Hp -o value " + property + " " + dataset);
    }

    private static void start() {
        if (!host.get(vm).string("state", "").equals("running")) {
            good("vmadm", "start", vm.toString());
        }
    }

    @Test
    @Order(1)
    void the_pool_is_of_openzfs_and_its_datasets_are_mounted_by_us() {
        assertThat(host.run("zpool", "status").out()).contains("driver: OpenZFS", "/var/lib/zonda/zones.img");
        assertThat(real("zpool list -H -o name,health")).isEqualTo("zones\tONLINE");
        assertThat(real("zfs get -H -o value mountpoint,canmount zones")).isEqualTo("legacy\nnoauto");
        assertThat(real("findmnt -rno SOURCE,FSTYPE /zones")).isEqualTo("zones zfs");
        assertThat(real("zfs list -H -o name -t snapshot")).matches("zones/[0-9a-f-]{36}@final");
    }

    @Test
    @Order(2)
    void a_zone_is_a_clone_of_its_image_with_its_quota_and_goes_back_to_a_snapshot() {
        vm = host.create(host.payload("zoned"));

        assertThat(host.get(vm).string("state", "")).isEqualTo("running");
        assertThat(real("zfs get -H -o value origin zones/" + vm)).endsWith("@final");
        assertThat(real("zfs get -Hp -o value quota zones/" + vm)).isEqualTo(String.valueOf(1 << 30));
        assertThat(host.inZone(vm, "echo kept >/root/file; df -P -k / | tail -n 1 | tr -s ' ' | cut -d ' ' -f 2"))
                .as("df tells the quota, and what the image has beside it")
                .matches("10[0-5][0-9]{4}");
        good("vmadm", "create-snapshot", vm.toString(), "one");
        assertThat(real("zfs list -H -o name -t snapshot -d 1 zones/" + vm)).startsWith("zones/" + vm + "@");
        host.inZone(vm, "echo other >/root/file");
        good("vmadm", "rollback-snapshot", vm.toString(), "one");
        start();
        assertThat(host.inZone(vm, "cat /root/file")).isEqualTo("kept");
    }

    @Test
    @Order(3)
    void kill_9_of_the_daemon_leaves_the_zone_and_the_next_daemon_takes_its_pool_over() {
        long init = host.init(vm);

        killTheDaemon();

        assertThat(host.init(vm)).isEqualTo(init);
        assertThat(host.inZone(vm, "cat /root/file")).isEqualTo("kept");
        assertThat(real("journalctl -q -u zondad -p warning --no-pager | grep -i 'pool\\|dataset' || true"))
                .isEmpty();
    }

    @Test
    @Order(4)
    void a_quota_is_kept_by_zfs_and_is_changed_while_the_zone_runs() {
        long init = host.init(vm);
        good("vmadm", "update", vm.toString(), "quota=2", "zfs_root_compression=gzip", "zfs_root_recsize=32768");

        assertThat(property("quota,compression,recordsize", "zones/" + vm))
                .isEqualTo((2L << 30) + "\ngzip\n" + (32 << 10));
        assertThat(host.init(vm)).isEqualTo(init);
        real("zfs set quota=8M zones/" + vm);
        Ran full = host.run("zlogin", vm.toString(), "dd if=/dev/urandom of=/root/much bs=1M count=24; rm /root/much");
        assertThat(full.err()).containsIgnoringCase("quota exceeded");
        good("vmadm", "update", vm.toString(), "quota=1");
        assertThat(property("quota", "zones/" + vm)).isEqualTo(String.valueOf(1 << 30));
    }

    /** Sent by the real zfs, through the daemon, and received by it. */
    @Test
    @Order(5)
    void a_zone_is_sent_and_received() {
        sendAndReceive(vm);

        start();
        assertThat(host.inZone(vm, "cat /root/file")).isEqualTo("kept");
        assertThat(real("zfs get -H -o value mountpoint,canmount zones/" + vm)).isEqualTo("legacy\nnoauto");
    }

    @Test
    @Order(6)
    void an_image_of_a_zone_is_installed_and_a_zone_is_reprovisioned_from_it() {
        good("vmadm", "stop", "-F", vm.toString());
        good("imgadm", "create", "-o", "/root", "-c", "gzip", vm.toString(), "name=kept", "version=1");
        good("imgadm", "install", "-q", "-m", "/root/kept-1.imgmanifest", "-f", "/root/kept-1.zfs.gz");
        String image = host.run("imgadm", "list", "-H", "-o", "uuid", "name=kept")
                .out()
                .strip();
        UUID other = host.create(host.payload("other").with("delegate_dataset", true));
        String data = "zones/" + other + "/data";
        assertThat(property("mountpoint,canmount", data)).isEqualTo("legacy\nnoauto");
        host.inZone(other, "echo mine >/" + data + "/file; echo gone >/root/file");

        Ran ran =
                host.feed(Json.object().with("image_uuid", image).compact(), "vmadm", "reprovision", other.toString());

        assertThat(ran.status()).as(ran.toString()).isZero();
        assertThat(property("origin", "zones/" + other)).isEqualTo("zones/" + image + "@final");
        assertThat(host.inZone(other, "cat /root/file /" + data + "/file")).isEqualTo("kept\nmine");
        good("vmadm", "delete", other.toString());
        good("imgadm", "delete", image);
        assertThat(real("zfs list -H -o name -t all")).doesNotContain(other.toString(), image);
    }

    @Test
    @Order(7)
    void volumes_and_reservations_are_those_of_zfs() {
        good("zfs", "create", "-V", "16M", "-b", "8192", "zones/volume");
        good("zfs", "create", "-o", "reservation=32M", "zones/kept");

        assertThat(property("volsize,volblocksize,volmode", "zones/volume")).isEqualTo((16 << 20) + "\n8192\ndev");
        assertThat(property("reservation", "zones/kept")).isEqualTo(String.valueOf(32 << 20));
        good("zfs", "set", "reservation=none", "zones/kept");
        assertThat(property("reservation", "zones/kept")).isEqualTo("0");
        real("udevadm settle; [ -b /dev/zvol/zones/volume ] && printf words | dd of=/dev/zvol/zones/volume conv=fsync");
        good("zfs", "set", "volsize=32M", "zones/volume");
        assertThat(real("blockdev --getsize64 /dev/zvol/zones/volume; head -c 5 /dev/zvol/zones/volume"))
                .isEqualTo((32 << 20) + "\nwords");
        good("zfs", "destroy", "zones/volume");
        good("zfs", "destroy", "zones/kept");
        assertThat(real("zfs list -H -o name")).doesNotContain("zones/volume", "zones/kept");
    }

    private static void sendAndReceive(UUID uuid) {
        Ran sent = host.run("vmadm", "send", uuid.toString());
        assertThat(sent.status()).as(sent.err()).isZero();
        good("vmadm", "delete", uuid.toString());
        Ran received = host.feed(sent.bytes(), "vmadm", "receive");
        assertThat(received.status()).as(received.toString()).isZero();
    }

    private static void killTheDaemon() {
        real("pid=$(systemctl show -P MainPID zondad); kill -9 $pid; tries=0;"
                + " until new=$(systemctl show -P MainPID zondad) && [ $new != 0 ] && [ $new != $pid ]; do"
                + " tries=$((tries + 1)); [ $tries -lt 100 ] || exit 1; sleep 0.2; done");
        host.awaitServing();
    }

    private static UUID machine(String alias, UUID image, int size) {
        Json.Obj disk = Json.object()
                .with("model", "virtio")
                .with("image_uuid", image.toString())
                .with("size", size)
                .with("boot", true);
        return host.create(Json.object()
                .with("brand", "kvm")
                .with("alias", alias)
                .with("ram", 64)
                .with("quota", 1)
                .with("disks", new Json.Arr(List.of(disk))));
    }

    /** An emulated machine's emulated machine takes its time. */
    private static void awaitBoot(UUID machine, int count, int times) {
        String word = "boot " + count + ".";
        assertThat(Await.until(SOON, () -> says(machine, word) == times))
                .as(() -> host.run("vmadm", "logs", machine.toString()).out())
                .isTrue();
    }

    private static long says(UUID machine, String word) {
        return host.run("vmadm", "logs", machine.toString())
                .out()
                .lines()
                .filter(line -> line.contains(word))
                .count();
    }

    private static UUID installed(String name) {
        String file = "/root/" + name + "-1";
        good("imgadm", "install", "-q", "-m", file + ".imgmanifest", "-f", file + ".zvol.gz");
        return UUID.fromString(host.run("imgadm", "list", "-H", "-o", "uuid", "name=" + name)
                .out()
                .strip());
    }

    @Test
    @Order(8)
    void a_machine_boots_from_a_volume_of_zfs_and_goes_back_to_a_snapshot() {
        real("echo " + Base64.getEncoder().encodeToString(CountingDisk.sector())
                + " | base64 -d >/root/counting.img && truncate -s 16M /root/counting.img");
        UUID image = UUID.randomUUID();
        good("imgadm", "create", "-q", "--from", "/root/counting.img", "name=disk", "version=1", "uuid=" + image);
        assertThat(property("type,volsize", "zones/" + image)).isEqualTo("volume\n" + (16 << 20));
        assertThat(real("zfs list -H -o name -t all")).doesNotContain("partial");

        machine = machine("machine", image, 32);
        String disk = "zones/" + machine + "-disk0";
        assertThat(property("origin,volsize,volmode,refreservation", disk))
                .isEqualTo("zones/" + image + "@final\n" + (32 << 20) + "\ndev\n" + (32 << 20));
        awaitBoot(machine, 1, 1);
        assertThat(real("stat -L -c '%F %u' /proc/" + host.init(machine) + "/root/dev/zvol/rdsk/" + disk))
                .startsWith("block special file ")
                .doesNotEndWith(" 0");
        good("vmadm", "create-snapshot", machine.toString(), "one");
        good("vmadm", "reboot", "-F", machine.toString());
        awaitBoot(machine, 2, 1);
        good("vmadm", "stop", "-F", machine.toString());
        good("vmadm", "rollback-snapshot", machine.toString(), "one");
        good("vmadm", "start", machine.toString());
        awaitBoot(machine, 2, 2);
        good("vmadm", "stop", "-F", machine.toString());
    }

    @Test
    @Order(9)
    void a_machines_disk_becomes_an_image_and_another_that_is_incremental_to_it() {
        good("imgadm", "create", "-o", "/root", "-c", "gzip", machine.toString(), "name=counted", "version=1");
        UUID first = installed("counted");
        assertThat(property("type", "zones/" + first)).isEqualTo("volume");
        UUID second = machine("second", first, 32);
        awaitBoot(second, 3, 1);
        good("vmadm", "stop", "-F", second.toString());

        good("imgadm", "create", "-i", "-o", "/root", "-c", "gzip", second.toString(), "name=more", "version=1");
        UUID more = installed("more");
        assertThat(property("origin", "zones/" + more)).isEqualTo("zones/" + first + "@final");
        UUID third = machine("third", more, 32);
        awaitBoot(third, 4, 1);
        Ran back = host.feed(
                Json.object().with("image_uuid", first.toString()).compact(), "vmadm", "reprovision", third.toString());
        assertThat(back.status()).as(back.toString()).isZero();
        awaitBoot(third, 3, 1);
        assertThat(property("origin", "zones/" + third + "-disk0")).isEqualTo("zones/" + first + "@final");
        for (UUID made : List.of(third, second)) {
            good("vmadm", "delete", made.toString());
        }
        good("imgadm", "delete", more.toString());
        Ran other =
                host.run("imgadm", "install", "-q", "-m", "/root/more-1.imgmanifest", "-f", "/root/counted-1.zvol.gz");
        assertThat(other.status()).as(other.toString()).isEqualTo(1);
        assertThat(other.err()).contains("UncompressionError");
        good("imgadm", "delete", first.toString());
        assertThat(real("zfs list -H -o name -t all")).doesNotContain(more.toString(), first.toString());
    }

    @Test
    @Order(10)
    void a_machine_is_sent_and_received_and_has_disks_below_its_own_dataset() {
        sendAndReceive(machine);
        good("vmadm", "start", machine.toString());
        awaitBoot(machine, 3, 1);
        good("vmadm", "delete", machine.toString());
        assertThat(real("zfs list -H -o name -t all")).doesNotContain(machine.toString());

        Json.Obj empty = Json.object().with("model", "nvme").with("size", 16);
        UUID bhyve = host.create(Json.object()
                .with("brand", "bhyve")
                .with("ram", 64)
                .with("flexible_disk_size", 64)
                .with("autoboot", false)
                .with("disks", new Json.Arr(List.of(empty, empty))));
        assertThat(property("volsize,reservation", "zones/" + bhyve + "/disk1")).isEqualTo((16 << 20) + "\n0");
        Ran grown = host.feed(
                "{\"update_disks\": [{\"path\": \"/dev/zvol/rdsk/zones/" + bhyve + "/disk0\", \"size\": 24}],"
                        + " \"remove_disks\": [\"/dev/zvol/rdsk/zones/" + bhyve + "/disk1\"]}",
                "vmadm",
                "update",
                bhyve.toString());
        assertThat(grown.status()).as(grown.toString()).isZero();
        assertThat(property("volsize", "zones/" + bhyve + "/disk0")).isEqualTo(String.valueOf(24 << 20));
        assertThat(real("zfs list -H -o name")).doesNotContain("disk1");
        good("vmadm", "delete", bhyve.toString());
        assertThat(real("zfs list -H -o name -t all")).doesNotContain(bhyve.toString());
    }

    /** Its files are there, its volume is being made, or it is whole: whichever it was. */
    @Test
    @Order(11)
    void a_daemon_that_dies_while_a_disk_becomes_an_image_leaves_it_whole_or_nothing_of_it() {
        for (int pause : List.of(1, 3)) {
            UUID image = UUID.randomUUID();
            real("truncate -s 16M /root/dying.img; head -c 12M /dev/urandom | dd of=/root/dying.img conv=notrunc 2>&1");
            real("nohup " + host.program("imgadm") + " create -q --from /root/dying.img name=dying version=1 uuid="
                    + image
                    + " >/root/dying.log 2>&1 </dev/null & tries=0;"
                    + " until zfs list -H -o name | grep -q " + image + "; do"
                    + " tries=$((tries + 1)); [ $tries -lt 600 ] || exit 1; sleep 0.1; done; sleep " + pause);
            killTheDaemon();

            String left = real("zfs list -H -o name -t all");
            assertThat(left).doesNotContain("partial");
            boolean isThere = host.run("imgadm", "get", image.toString()).status() == 0;
            assertThat(left.contains("zones/" + image + "@final")).as(left).isEqualTo(isThere);
            if (isThere) {
                good("imgadm", "delete", image.toString());
            }
            assertThat(real("zfs list -H -o name -t all")).doesNotContain(image.toString());
        }
    }

    @Test
    @Order(12)
    void a_reboot_of_the_host_imports_the_pool_and_brings_the_zone_back() {
        start();
        host.guest().reboot();
        host.awaitServing();

        assertThat(Await.until(SOON, () -> host.get(vm).string("state", "").equals("running")))
                .isTrue();
        assertThat(real("zpool list -H -o name,health")).isEqualTo("zones\tONLINE");
        assertThat(host.inZone(vm, "cat /root/file")).isEqualTo("kept");
        good("vmadm", "create-snapshot", vm.toString(), "two");
    }

    @Test
    @Order(13)
    void a_deleted_zone_leaves_no_dataset() {
        good("vmadm", "delete", vm.toString());

        assertThat(real("zfs list -H -o name -t all")).doesNotContain(vm.toString());
        assertThat(real("findmnt -rno TARGET")).doesNotContain(vm.toString());
        assertThat(real("zpool status -x")).isEqualTo("all pools are healthy");
    }
}
