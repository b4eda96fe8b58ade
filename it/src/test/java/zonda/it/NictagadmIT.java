package zonda.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import zonda.base.Await;
import zonda.base.Json;
import zonda.kernel.Command;

/** nictagadm(8), with a link of the test's own in the place of a physical NIC. */
class NictagadmIT {
    private static final Duration LIMIT = Duration.ofSeconds(10);

    @RegisterExtension
    static final Instance zonda = new Instance();

    private final String nic = "o" + UUID.randomUUID().toString().substring(0, 6);

    @BeforeEach
    void make_a_nic() {
        ip("link", "add", nic, "type", "veth", "peer", "name", nic + "p");
    }

    @AfterEach
    void remove_it() {
        ip("link", "delete", nic);
        zonda.deleteAll();
        assertThat(zonda.leftovers().ofZones()).isEmpty();
    }

    private static String ip(String... words) {
        return Command.of("ip").with(words).check(LIMIT);
    }

    private static Ran nictagadm(String... words) {
        return zonda.run("nictagadm", words);
    }

    private static String good(String... words) {
        Ran ran = nictagadm(words);
        assertThat(ran.status()).as(ran.toString()).isZero();
        return ran.out();
    }

    private static void refused(int status, String message, String... words) {
        Ran ran = nictagadm(words);
        assertThat(ran.err()).startsWith(message);
        assertThat(ran.status()).as(ran.toString()).isEqualTo(status);
    }

    private String mac() throws Exception {
        return Files.readString(Path.of("/sys/class/net", nic, "address")).strip();
    }

    @Test
    void name_servers_reach_a_vm_when_another_vm_answers_its_dhcp_at_last() {
        good("add", "-l", "lone0");
        Json.Obj served = Instance.nic("10.97.2.1/24").with("nic_tag", "lone0").with("dhcp_server", true);
        UUID server = zonda.create(Instance.withNics(zonda.payload("server"), served));
        UUID client = zonda.create(
                Instance.withNics(zonda.payload("client"), Instance.nic("dhcp").with("nic_tag", "lone0")));
        assertThat(zonda.sh(client, "cat /etc/resolv.conf 2>/dev/null || echo none"))
                .doesNotContain("nameserver");

        zonda.sh(server, """
                printf 'start 10.97.2.9\\nend 10.97.2.9\\ninterface net0\\nlease_file /root/leases\\npidfile /root/pid\\n' >/root/udhcpd.conf
                printf 'option subnet 255.255.255.0\\noption dns 10.97.2.1\\n' >>/root/udhcpd.conf
                touch /root/leases
                udhcpd /root/udhcpd.conf
                """);

        assertThat(Await.until(
                        LIMIT.multipliedBy(3),
                        () -> zonda.sh(client, "cat /etc/resolv.conf 2>/dev/null || echo none")
                                .contains("nameserver 10.97.2.1")))
                .isTrue();
        assertThat(zonda.sh(client, "ping -c 1 -W 5 10.97.2.1 >/dev/null && echo reached"))
                .isEqualTo("reached");
        zonda.deleteAll();
        good("delete", "lone0");
    }

    @Test
    void a_vm_whose_tag_is_gone_runs_on_rather_than_be_rebooted_into_nothing() {
        good("add", "-l", "gone0");
        Json.Obj nic = Instance.nic("10.97.1.2/24").with("nic_tag", "gone0");
        UUID vm = zonda.create(Instance.withNics(zonda.payload(), nic));
        good("delete", "-f", "gone0");

        Ran reboot = zonda.vmadm("reboot", vm.toString());

        assertThat(reboot.err()).isEqualTo("Cannot reboot vm: Invalid nic tag \"gone0\"\n");
        assertThat(reboot.status()).isEqualTo(1);
        assertThat(zonda.state(vm)).isEqualTo("running");
        assertThat(zonda.vmadm("stop", "-F", vm.toString()).status()).isZero();
        assertThat(zonda.vmadm("start", vm.toString()).err())
                .isEqualTo("Unable to start VM " + vm + ": Invalid nic tag \"gone0\"\n");
    }

    @Test
    void an_etherstub_is_there_at_once_and_vms_use_it() {
        good("-v", "add", "-l", "-p", "mtu=9000", "inner0");

        assertThat(good("list").lines().toList())
                .anyMatch(line -> line.equals("NAME           MACADDRESS         LINK           TYPE"))
                .anyMatch(line -> line.equals("inner0         -                  -              etherstub"));
        UUID vm = zonda.create(Instance.withNics(
                zonda.payload("web01"), Instance.nic("10.77.0.5/24").with("nic_tag", "inner0")));
        UUID peer = zonda.create(Instance.withNics(
                zonda.payload("web02"), Instance.nic("10.77.0.6/24").with("nic_tag", "inner0")));
        assertThat(zonda.sh(vm, "ping -c 1 -W 5 10.77.0.6 >/dev/null && cat /sys/class/net/net0/mtu"))
                .isEqualTo("9000");
        assertThat(good("vms", "inner0").lines()).containsExactlyInAnyOrder(vm.toString(), peer.toString());
        refused(1, "nic tag 'inner0' is in use by the following VMs:\n", "delete", "inner0");
        assertThat(nictagadm("exists", "inner0", "stub0").status()).isZero();

        zonda.deleteAll();
        good("delete", "inner0");
        good("add", "-l", "inner1,inner2");
        assertThat(good("list", "-l", "-p")).contains("inner1:-:-:etherstub\ninner2:-:-:etherstub\n");
        assertThat(good("exists", "inner1", "inner2")).isEmpty();
        good("delete", "inner1");
        good("delete", "inner2");

        Ran gone = nictagadm("exists", "-l", "inner0", "stub0");
        assertThat(gone.status()).isEqualTo(1);
        assertThat(gone.err()).isEqualTo("inner0\n");
        refused(1, "Error: nic tag 'inner0' does not exist", "delete", "inner0");
    }

    @Test
    void a_nic_becomes_a_tag_by_its_mac_and_is_given_back() throws Exception {
        UUID running = zonda.create(Instance.withNics(zonda.payload("web01"), Instance.nic("dhcp")));
        String unpadded = mac().replaceAll("(^|:)0([0-9a-f])", "$1$2");

        good("add", "external", unpadded);

        assertThat(good("list", "-L", "-p", "-d", ",")).isEqualTo("external," + mac() + "," + nic + ",normal\n");
        assertThat(ip("-o", "link", "show", nic)).contains(" master ");
        assertThat(zonda.sh(
                        running,
                        "ping -c 1 -W 5 $(ip route | sed -n 's/default via \\([^ ]*\\).*/\\1/p') >/dev/null"
                                + " && echo still"))
                .isEqualTo("still");
        refused(1, "Error: nic tag 'external' already exists", "add", "external", mac());
        zonda.restart();
        assertThat(nictagadm("exists", "external").status())
                .as("the next daemon knows it")
                .isZero();

        good("delete", "external");

        assertThat(ip("-o", "link", "show", nic)).doesNotContain(" master ");
        assertThat(good("list", "-L", "-p")).isEmpty();
    }

    @Test
    void a_tag_moves_to_another_link_and_an_etherstub_gets_another_mtu_unless_vms_would_notice() throws Exception {
        good("add", "external", mac());
        String other = nic + "p";
        String otherMac =
                Files.readString(Path.of("/sys/class/net", other, "address")).strip();

        good("update", "-p", "mac=" + otherMac, "external");

        assertThat(good("list", "-L", "-p", "-d", ",")).isEqualTo("external," + otherMac + "," + other + ",normal\n");
        assertThat(ip("-o", "link", "show", other)).contains(" master ");
        assertThat(ip("-o", "link", "show", nic)).as("it is given back").doesNotContain(" master ");
        ip("address", "add", "203.0.113.9/24", "dev", nic);
        refused(1, "Error: nic tag external: " + nic + " carries 203.0.113.9/24", "update", "external", mac());
        assertThat(good("list", "-L", "-p")).contains(otherMac);
        refused(1, "Error: mtu of a nic tag is that of its link", "update", "-p", "mtu=9000", "external");
        refused(1, "Error: nic tag 'none' does not exist", "update", "-p", "mtu=9000", "none");
        refused(2, "Error: nothing to update", "update", "external");

        good("add", "-l", "inner0");
        good("update", "-p", "mtu=9000", "inner0");
        zonda.create(Instance.withNics(
                        zonda.payload("web01"),
                        Instance.nic("10.77.0.5/24").with("nic_tag", "inner0").with("mtu", 8000))
                .with("autoboot", false));
        good("update", "-p", "mtu=8000", "inner0");
        refused(1, "nic tag 'inner0' is in use by the following VMs:\n", "update", "-p", "mtu=7999", "inner0");
        refused(1, "Error: an etherstub has no MAC address", "update", "inner0", mac());
        zonda.deleteAll();
        good("delete", "inner0");
        good("delete", "external");
    }

    @Test
    void what_can_not_be_had_is_refused_and_leaves_nothing() throws Exception {
        ip("address", "add", "203.0.113.9/24", "dev", nic);
        String before = Files.readString(zonda.root().resolve("var/lib/zonda/network/network.json"));

        refused(1, "Error: nic tag external: " + nic + " carries 203.0.113.9/24", "add", "external", mac());
        refused(
                1,
                "Error: no physical interface has the MAC address 2:0:0:0:0:1".substring(0, 40),
                "add",
                "x",
                "2:0:0:0:0:1");
        refused(1, "Error: etherstub name must be", "add", "-l", "nodigit");
        refused(1, "Error: etherstub name must be", "add", "-l", "inner8,nodigit");
        refused(1, "Error: nic tag 'stub0' already exists", "add", "-l", "inner8,stub0");
        refused(1, "Error: nic tag name must be 1 to 31", "add", "a".repeat(32), mac());
        refused(1, "Error: invalid mtu: 9001", "add", "-l", "-p", "mtu=9001", "inner0");
        refused(2, "Error: nic tag name not specified", "add");
        refused(2, "Error: nic tag name not specified", "delete");
        refused(2, "Error: nic tag name not specified", "exists");
        refused(2, "Error: -d needs -p", "list", "-d", ",");
        refused(2, "Error: -l and -L exclude each other", "list", "-l", "-L");
        refused(1, "Error: nic tag name must be 1 to 31", "add", "a-b", mac());
        refused(1, "Error: invalid mtu: 99", "add", "-l", "-p", "mtu=99", "inner0");
        refused(2, "Error: MAC address not specified", "add", "external");
        refused(2, "Error: invalid property: colour=red", "add", "-p", "colour=red", "external");
        refused(2, "Error: Unknown command: frobnicate", "frobnicate");

        assertThat(Files.readString(zonda.root().resolve("var/lib/zonda/network/network.json")))
                .isEqualTo(before);
        assertThat(nictagadm("exists", "external").status()).isEqualTo(1);
    }
}
