package zonda.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.UUID;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A host that has OpenZFS: the pool is made of it, and zones live there. One guest for all, in an order. */
@Tag("slow")
@EnabledIfEnvironmentVariable(named = "ZONDA_SLOW_TESTS", matches = ".+", disabledReason = "takes minutes")
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class OpenZfsHostIT {
    @RegisterExtension
    static final GuestHost host = GuestHost.withOpenZfs();

    private static UUID vm;

    private static String real(String command) {
        return host.guest().sh(command).good();
    }

    private static void good(String tool, String... arguments) {
        Ran ran = host.run(tool, arguments);
        assertThat(ran.status()).as(ran.toString()).isZero();
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
                .as("df tells the quota")
                .matches("10[0-4][0-9]{4}");
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

        real("pid=$(systemctl show -P MainPID zondad); kill -9 $pid; tries=0;"
                + " until new=$(systemctl show -P MainPID zondad) && [ $new != 0 ] && [ $new != $pid ]; do"
                + " tries=$((tries + 1)); [ $tries -lt 100 ] || exit 1; sleep 0.2; done");
        host.awaitServing();

        assertThat(host.init(vm)).isEqualTo(init);
        assertThat(host.inZone(vm, "cat /root/file")).isEqualTo("kept");
        assertThat(real("journalctl -q -u zondad -p warning --no-pager | grep -i 'pool\\|dataset' || true"))
                .isEmpty();
    }

    /** Sent by the real zfs, through the daemon, and received by it. */
    @Test
    @Order(4)
    void a_zone_is_sent_and_received() {
        Ran sent = host.run("vmadm", "send", vm.toString());
        assertThat(sent.status()).as(sent.err()).isZero();
        good("vmadm", "delete", vm.toString());
        Ran received = host.feed(sent.bytes(), "vmadm", "receive");
        assertThat(received.status()).as(received.toString()).isZero();

        start();
        assertThat(host.inZone(vm, "cat /root/file")).isEqualTo("kept");
        assertThat(real("zfs get -H -o value mountpoint,canmount zones/" + vm)).isEqualTo("legacy\nnoauto");
    }

    @Test
    @Order(5)
    void a_deleted_zone_leaves_no_dataset() {
        good("vmadm", "delete", vm.toString());

        assertThat(real("zfs list -H -o name -t all")).doesNotContain(vm.toString());
        assertThat(real("findmnt -rno TARGET")).doesNotContain(vm.toString());
        assertThat(real("zpool status -x")).isEqualTo("all pools are healthy");
    }
}
