package zonda.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import zonda.base.Await;
import zonda.base.Json;

/** delegate_dataset: a zone manages a dataset of its own with zfs(8), and gets at nothing else by it. */
class DelegationIT {
    @RegisterExtension
    static final Instance zonda = new Instance();

    private static final String ZFS = "zfs() { /native/usr/sbin/zfs \"$@\"; }; cd /; ";

    @AfterEach
    void leave_nothing() {
        zonda.deleteAll();
        assertThat(zonda.leftovers().ofZones()).isEmpty();
        assertThat(zonda.run("zfs", "list", "-H", "-o", "name").out()).doesNotContain("data");
    }

    private static UUID delegated() {
        return zonda.create(zonda.payload().with("delegate_dataset", true));
    }

    /** In the zone, with $D for the dataset that is delegated to it. */
    private static String in(UUID vm, String script) {
        return zonda.sh(vm, ZFS + "D=zones/" + vm + "/data; " + script);
    }

    private static void refused(UUID vm, String command, String message) {
        Ran ran = zonda.zlogin(vm.toString(), ZFS + "D=zones/" + vm + "/data; " + command);
        assertThat(ran.err()).as(command).contains(message);
        assertThat(ran.status()).as(ran.toString()).isNotZero();
    }

    @Test
    void a_zone_makes_snapshots_clones_and_datasets_below_its_own_and_they_outlive_it_all() {
        UUID vm = delegated();
        String data = "zones/" + vm + "/data";
        assertThat(zonda.get(vm).array("datasets").strings()).containsExactly(data);
        assertThat(zonda.get(vm).has("delegate_dataset")).isFalse();
        assertThat(in(vm, "zfs list -H -o name,mountpoint,mounted")).isEqualTo(data + "\t/" + data + "\tyes");

        in(vm, "zfs create $D/db && echo one > /$D/db/f && zfs snapshot $D/db@a && echo two > /$D/db/f");
        assertThat(in(vm, "zfs rollback $D/db@a && cat /$D/db/f && stat -c %u /$D/db/f"))
                .isEqualTo("one\n0");
        assertThat(in(vm, "zfs set mountpoint=/srv $D && cat /srv/db/f && ls /$D | wc -l"))
                .isEqualTo("one\n0");
        assertThat(in(
                        vm,
                        "zfs clone $D/db@a $D/copy && cat /srv/copy/f && zfs promote $D/copy && zfs destroy $D/db"
                                + " && zfs rename $D/copy $D/db && cat /srv/db/f"))
                .isEqualTo("one\none");
        assertThat(in(
                        vm,
                        "zfs get -Ho value,source mountpoint $D/db; zfs set quota=50M $D/db;"
                                + " zfs get -Ho value quota $D/db; zfs send $D/db@a | wc -c | sed 's/.../many/'"))
                .startsWith("/srv/db\tinherited from " + data + "\n50M\nmany");
        refused(vm, "cd /srv/db; zfs destroy -r $D/db", "Device busy");
        assertThat(in(vm, "zfs unmount $D/db && ls /srv/db; zfs mount $D/db && cat /srv/db/f; zfs mount"))
                .startsWith("one\n" + data)
                .endsWith("/srv/db");

        zonda.restart();
        assertThat(in(vm, "zfs list -H -o name")).isEqualTo(data + "\n" + data + "/db");
        assertThat(zonda.vmadm("reboot", "-F", vm.toString()).status()).isZero();
        assertThat(in(vm, "cat /srv/db/f")).isEqualTo("one");
        assertThat(zonda.vmadm("create-snapshot", vm.toString(), "x").err())
                .startsWith("Cannot currently snapshot zones that have datasets");

        Ran ran = zonda.feed(
                Json.object().with("image_uuid", zonda.image().toString()).compact(),
                "vmadm",
                "reprovision",
                vm.toString());
        assertThat(ran.status()).as(ran.toString()).isZero();
        assertThat(in(vm, "cat /srv/db/f; zfs list -H -t snapshot -o name $D/db"))
                .isEqualTo("one\n" + data + "/db@a");

        byte[] stream = zonda.vmadm("send", vm.toString()).bytes();
        zonda.delete(vm);
        assertThat(zonda.run("zfs", "list", "-H", "-o", "name").out()).doesNotContain("data");
        try (Call receive = zonda.call("vmadm", "receive")) {
            Ran received = receive.type(stream).endInput().ran(Instance.LIMIT);
            assertThat(received.status()).as(received.toString()).isZero();
        }
        assertThat(zonda.vmadm("start", vm.toString()).status()).isZero();
        assertThat(in(vm, "cat /srv/db/f; zfs list -H -t snapshot -o name -r $D"))
                .isEqualTo("one\n" + data + "/db@a");
    }

    @Test
    void how_much_a_zone_makes_is_limited_and_what_is_indestructible_stays() {
        UUID vm = zonda.create(zonda.payload()
                .with("delegate_dataset", true)
                .with("zfs_filesystem_limit", 2)
                .with("indestructible_delegated", true));
        in(vm, "zfs create $D/a");
        refused(vm, "zfs create $D/b", "out of space");
        assertThat(zonda.vmadm("update", vm.toString(), "zfs_filesystem_limit=3", "zfs_snapshot_limit=2")
                        .status())
                .isZero();
        in(vm, "zfs create $D/b && zfs snapshot $D/b@one");
        refused(vm, "zfs snapshot $D/b@two", "out of space");
        refused(vm, "zfs release do_not_destroy $D@indestructible", "permission denied");
        assertThat(zonda.vmadm("delete", vm.toString()).err())
                .isEqualTo("Failed to delete VM " + vm + ": indestructible_delegated is set, cannot delete\n");
        assertThat(zonda.vmadm("update", vm.toString(), "indestructible_delegated=false", "zfs_filesystem_limit=")
                        .status())
                .isZero();
        in(vm, "zfs create $D/c");
        assertThat(in(vm, "zfs list -H -t snapshot -o name -r $D")).isEqualTo("zones/" + vm + "/data/b@one");
    }

    @Test
    void what_a_vm_writes_is_compressed_as_its_properties_say_and_its_log_is_as_long_as_they_say() throws Exception {
        UUID vm = zonda.create(zonda.payload()
                .with("delegate_dataset", true)
                .with("zfs_root_compression", "lz4")
                .with("zlog_max_size", 3000));
        String root = "zones/" + vm;
        String much = "yes the same words | head -c 8000000 > ";
        assertThat(compression(root)).isEqualTo("lz4 local");
        assertThat(compression(root + "/data")).isEqualTo("lz4 inherited from " + root);
        long before = used(root);
        in(vm, much + "/usr/much; mkdir -p /" + root + "/data/a; " + much + "/" + root + "/data/a/much; sync");
        assertThat(used(root) - before).isLessThan(4 << 20);

        assertThat(zonda.vmadm("update", vm.toString(), "zfs_root_compression=", "zfs_data_compression=gzip")
                        .status())
                .isZero();
        assertThat(compression(root)).isEqualTo("off default");
        assertThat(in(vm, "zfs get -H -o value,source compression $D")).isEqualTo("gzip\tlocal");
        assertThat(in(vm, "zfs set compression=zstd-3 $D; zfs create $D/b; zfs get -H -o value compression $D/b"))
                .isEqualTo("zstd-3");
        refused(vm, "zfs set compression=all $D", "'compression' must be one of");
        before = used(root);
        in(vm, much + "/usr/more; sync");
        assertThat(used(root) - before).isGreaterThan(7_000_000);

        in(vm, "for i in $(seq 200); do echo some words of the console $i; done > /dev/console");
        assertThat(Await.until(
                        Instance.LIMIT,
                        () -> zonda.vmadm("logs", vm.toString()).out().contains("console 200")))
                .isTrue();
        assertThat(zonda.vmadm("logs", vm.toString()).out()).hasSizeLessThan(3000);
    }

    private static String compression(String dataset) {
        return zonda.run("zfs", "get", "-H", "-o", "value,source", "compression", dataset)
                .out()
                .strip()
                .replace('\t', ' ');
    }

    private static long used(String dataset) {
        zonda.run("zpool", "sync");
        return Long.parseLong(
                zonda.run("zfs", "list", "-Hp", "-o", "used", dataset).out().strip());
    }

    @Test
    void the_data_survive_a_daemon_that_dies_while_the_root_is_made_anew() {
        UUID vm = delegated();
        in(vm, "zfs set mountpoint=/srv $D; zfs create $D/db; echo one > /srv/db/f");
        String payload =
                Json.object().with("image_uuid", zonda.image().toString()).compact();
        boolean slow = System.getenv("ZONDA_SLOW_TESTS") != null;
        for (String step : slow ? List.of("aside", "destroy", "record", "datasets") : List.of("destroy")) {
            zonda.restartToCrashAfter("vm-reprovision:" + step);
            zonda.feed(payload, "vmadm", "reprovision", vm.toString());
            assertThat(zonda.daemon().end()).as(step).isNotZero();
            zonda.start(Map.of());
            assertThat(Await.until(Instance.LIMIT, () -> zonda.state(vm).equals("running")))
                    .as(step)
                    .isTrue();
            assertThat(in(vm, "cat /srv/db/f")).as(step).isEqualTo("one");
        }
    }

    @Test
    void a_zone_gets_at_nothing_else() throws Exception {
        UUID other = delegated();
        in(other, "echo secret > /$D/f; zfs snapshot $D@s; zfs hold keep $D@s");
        UUID vm = delegated();
        String before =
                zonda.run("zfs", "list", "-H", "-t", "all", "-o", "name").out();
        String foreign = "zones/" + other + "/data";

        assertThat(in(vm, "zfs list -H -t all -o name")).isEqualTo("zones/" + vm + "/data");
        for (String name : List.of("zones", "zones/" + vm, foreign, foreign + "@s", "/zones", "zones/cores")) {
            refused(vm, "zfs list " + name, "cannot open '" + name + "': dataset does not exist");
            refused(vm, "zfs get all " + name, "dataset does not exist");
        }
        refused(vm, "zfs destroy -r " + foreign, "dataset does not exist");
        refused(vm, "zfs destroy -r $D", "permission denied");
        refused(vm, "zfs send " + foreign + "@s", "dataset does not exist");
        refused(vm, "zfs clone " + foreign + "@s $D/mine", "dataset does not exist");
        refused(vm, "zfs release keep " + foreign + "@s", "dataset does not exist");
        refused(vm, "zfs create zones/evil", "permission denied");
        refused(vm, "zfs rename $D zones/evil", "permission denied");
        refused(vm, "zfs set quota=none $D", "permission denied");
        refused(vm, "zfs create -V 10M $D/v", "unknown option: -V");
        refused(vm, "zfs create -o reservation=1G $D/r", "can not be set in a zone");
        refused(vm, "zfs create -o mountpoint=/proc/sys $D/p", "bad mountpoint");
        refused(vm, "zfs create $D/../x", "not a dataset name");
        refused(vm, "zfs receive $D/r < /dev/null", "not supported in a zone");
        refused(vm, "zfs frobnicate", "unrecognized command");
        assertThat(in(vm, "zfs get -H -o property all $D")).doesNotContain("zonda");

        // A link that leads out, and requests that are none.
        in(vm, "ln -s /etc /$D/link");
        refused(vm, "zfs create -o mountpoint=/$D/link/x $D/x", "cannot mount 'zones/" + vm + "/data/x'");
        in(
                vm,
                "for junk in '' 'ZFS 2 1' 'ZFS 1 999' 'ZFS 1 1'; do"
                        + " echo \"$junk\" | /native/usr/lib/zonda/nc -N -U /native/.zonecontrol/zfs.sock; done;"
                        + " head -c 100000 /dev/zero | /native/usr/lib/zonda/nc -N -U /native/.zonecontrol/zfs.sock; true");
        in(vm, "zfs destroy $D/x 2>/dev/null; rm -f /$D/link; true");
        String user = "echo user:x:1000:1000::/:/bin/sh >> /etc/passwd;"
                + " /native/usr/bin/busybox su user -c '/native/usr/sbin/zfs list'";
        assertThat(zonda.zlogin(vm.toString(), user).status())
                .as("only root of the zone may")
                .isNotZero();

        assertThat(zonda.run("zfs", "list", "-H", "-t", "all", "-o", "name").out())
                .isEqualTo(before);
        assertThat(in(other, "cat /$D/f; zfs holds -H $D@s | cut -f2")).isEqualTo("secret\nkeep");
        UUID plain = zonda.create(zonda.payload());
        refused(plain, "zfs list", "no dataset is delegated to this zone");
        assertThat(Files.exists(zonda.root().resolve("var/zonecontrol/" + plain + "/zfs.sock")))
                .isFalse();
        in(
                vm,
                "zfs snapshot $D@mine; zfs clone $D@mine $D/c; zfs hold k $D@mine; zfs promote $D/c; zfs hold l $D/c@mine");
        refused(vm, "zfs set a:b=\"$(printf 'x\\ny')\" $D", "control characters");
        assertThat(zonda.vmadm("delete", vm.toString()).status())
                .as("whatever the zone holds, and however it has turned its datasets")
                .isZero();
    }
}
