package zonda.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static zonda.network.TestNetwork.address;
import static zonda.network.TestNetwork.mac;
import static zonda.network.TestNetwork.nic;
import static zonda.network.TestNetwork.zone;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.UUID;
import java.util.function.IntFunction;
import org.junit.jupiter.api.Test;
import zonda.base.Await;
import zonda.base.Cidr;
import zonda.base.OpException;
import zonda.base.Together;
import zonda.kernel.Command;

/** NICs of real processes on the real kernel. */
class NetworksIT {
    private static final Path IP_FORWARD = Path.of("/proc/sys/net/ipv4/ip_forward");

    @Test
    void zones_on_the_embedded_network_reach_each_other_and_the_global_zone() throws IOException {
        try (var network = new TestNetwork();
                var one = new TestZone();
                var two = new TestZone()) {
            Networks networks = network.up();
            AttachedNic first = networks.attach(zone(nic(one.uuid, mac(), "stub0", "dhcp")), one.pid())
                    .getFirst();
            AttachedNic second = networks.attach(zone(nic(two.uuid, mac(), "stub0", "dhcp")), two.pid())
                    .getFirst();

            String gateway =
                    Cidr.text(network.stub("stub0").address().orElseThrow().address());
            assertThat(one.pings(gateway)).isTrue();
            assertThat(one.pings(address(second))).isTrue();
            assertThat(two.pings(address(first))).isTrue();
            assertThat(one.pings("127.0.0.1")).isTrue();
            assertThat(first.hostEnd()).startsWith(network.prefix()).hasSizeLessThanOrEqualTo(15);
            assertThat(first.gateway().map(Cidr::text)).contains(gateway);
            assertThat(networks.attached(one.uuid)).containsExactly(first);
            assertThat(network.links())
                    .anyMatch(link ->
                            link.name().equals(first.hostEnd()) && link.alias().equals(one.uuid + " net0"));
        }
    }

    @Test
    void a_dhcp_client_gets_the_address_that_the_nic_was_given() throws IOException {
        try (var network = new TestNetwork();
                var zone = new TestZone()) {
            Networks networks = network.up();
            AttachedNic nic = networks.attach(zone(nic(zone.uuid, mac(), "stub0", "dhcp")), zone.pid())
                    .getFirst();

            assertThat(dhcpClient(zone)).contains("lease of " + address(nic) + " obtained");
            network.deleteSwitch("stub0", () -> networks.reconcile(zone.uuid::equals));
            assertThat(dhcpClient(zone)).contains("lease of " + address(nic) + " obtained");
        }
    }

    private static String dhcpClient(TestZone zone) {
        var result = zone.command(
                        "busybox", "udhcpc", "-i", "net0", "-n", "-q", "-f", "-t", "8", "-T", "1", "-s", "/bin/true")
                .run(Duration.ofSeconds(20));

        return result.out() + result.err();
    }

    @Test
    void dns_answers_the_names_of_zones_and_forgets_them() throws IOException {
        try (var network = new TestNetwork();
                var web = new TestZone();
                var client = new TestZone()) {
            Networks networks = network.up();
            var names = List.of("web", "web.example.com", "bad name\n1.2.3.4 evil");
            AttachedNic nic = networks.attach(
                            new ZoneNetwork(web.uuid, names, List.of(nic(web.uuid, mac(), "stub0", "dhcp")), Map.of()),
                            web.pid())
                    .getFirst();
            AttachedNic other = networks.attach(zone(nic(client.uuid, mac(), "stub0", "dhcp")), client.pid())
                    .getFirst();
            String server = Cidr.text(other.resolvers().getFirst());

            assertThat(Await.until(
                            Duration.ofSeconds(5),
                            () -> lookup(client, "web", server).contains(address(nic))))
                    .isTrue();
            assertThat(lookup(client, "web.example.com", server)).contains(address(nic));
            assertThat(lookup(client, "evil", server)).doesNotContain("1.2.3.4");

            networks.detachAll(web.uuid);
            assertThat(Await.until(
                            Duration.ofSeconds(5),
                            () -> !lookup(client, "web", server).contains(address(nic))))
                    .isTrue();
        }
    }

    private static String lookup(TestZone from, String name, String server) {
        var result = from.command("busybox", "nslookup", name, server).run(Duration.ofSeconds(20));
        String out = result.out();
        // The first lines name the server itself.
        return out.contains(name) ? out.substring(out.indexOf(name)) : "";
    }

    @Test
    void nat_hides_zones_from_the_outside() throws IOException {
        String before = Files.readString(IP_FORWARD);
        try (var network = new TestNetwork();
                var zone = new TestZone();
                var outside = new TestZone()) {
            Networks networks = network.up();
            assertThat(Files.readString(IP_FORWARD)).startsWith("1");
            AttachedNic nic = networks.attach(zone(nic(zone.uuid, mac(), "stub0", "dhcp")), zone.pid())
                    .getFirst();

            try (var world = new OutsideWorld(network.prefix() + "out", outside)) {
                try (var capture = outside.capture("out0")) {
                    assertThat(zone.pings(OutsideWorld.ADDRESS)).isTrue();

                    assertThat(capture.sees(hex(OutsideWorld.HOST_ADDRESS))).isTrue();
                    assertThat(capture.has(hex(address(nic)))).isFalse();
                }
                outside.run(
                        "ip",
                        "route",
                        "add",
                        nic.addresses().getFirst().network().toString(),
                        "via",
                        OutsideWorld.HOST_ADDRESS);
                assertThat(outside.pings(address(nic))).isFalse();
            }
            String rules = Command.of("nft", "list", "table", "inet", "zonda_" + network.prefix())
                    .check(Duration.ofSeconds(10));
            assertThat(rules).contains("masquerade");
        }
        assertForwardingAsBefore(before);
    }

    /** Another instance on this machine, that isn't the test's, may need it still. */
    private static void assertForwardingAsBefore(String before) throws IOException {
        try (var files = Files.list(Path.of("/run/zonda/forwarding"))) {
            boolean needed =
                    files.anyMatch(file -> file.getFileName().toString().startsWith("used-by-"));
            assertThat(Files.readString(IP_FORWARD)).isEqualTo(needed ? "1" : before);
        }
    }

    private static String hex(String address) {
        return HexFormat.of().formatHex(Cidr.parseAddress(address).getAddress());
    }

    @Test
    void ipv6_works_on_a_stub_with_a_unique_local_address() throws IOException {
        String config = """
                {"etherstubs": [{"name": "six0", "address6": "fd5a:1:2:3::1/64", "mtu": 1400}]}""";
        try (var network = new TestNetwork(config);
                var one = new TestZone();
                var two = new TestZone()) {
            Networks networks = network.up();
            AttachedNic first = networks.attach(zone(nic(one.uuid, mac(), "six0", "addrconf")), one.pid())
                    .getFirst();
            networks.attach(zone(nic(two.uuid, mac(), "six0", "fd5a:1:2:3::7/64")), two.pid());

            assertThat(one.pings("fd5a:1:2:3::7")).isTrue();
            assertThat(two.pings(address(first))).isTrue();
            assertThat(one.pings("fd5a:1:2:3::1")).isTrue();
            assertThat(one.run("cat", "/proc/net/dev")).contains("net0");
            assertThat(one.run("ip", "link", "show", "net0")).contains("mtu 1400");
            assertThat(network.links()).allMatch(link -> link.mtu() == 1400);
        }
    }

    @Test
    void vlans_of_an_etherstub_are_apart_even_with_the_same_addresses() throws IOException {
        String config = """
                {"etherstubs": [{"name": "stub7", "address": "10.98.7.1/24"}]}""";
        try (var network = new TestNetwork(config);
                var one = new TestZone();
                var two = new TestZone();
                var three = new TestZone()) {
            Networks networks = network.up();
            networks.attach(zone(vlan(one.uuid, 100, "10.98.7.5/24")), one.pid());
            networks.attach(zone(vlan(two.uuid, 100, "10.98.7.6/24")), two.pid());
            networks.attach(zone(vlan(three.uuid, 200, "10.98.7.6/24")), three.pid());

            assertThat(one.pings("10.98.7.6")).isTrue();
            assertThat(one.pings("10.98.7.1")).isFalse();
            assertThat(three.pings("10.98.7.5")).isFalse();

            networks.detachAll(three.uuid);
            assertThat(network.links()).noneMatch(link -> link.alias().contains("vlan 200"));
            networks.detachAll(one.uuid);
            assertThat(network.links()).anyMatch(link -> link.alias().contains("vlan 100"));
            networks.detachAll(two.uuid);
            assertThat(network.links()).hasSize(1);
        }
    }

    private static NicSpec vlan(UUID zone, int vlan, String ip) {
        return new NicSpec(
                zone,
                0,
                "net0",
                mac(),
                "stub7",
                vlan,
                OptionalInt.empty(),
                List.of(NicAddress.parse(ip)),
                List.of(),
                true,
                NicProtection.FULL);
    }

    @Test
    void routes_and_several_nics_are_set_inside() throws IOException {
        String config = """
                {"etherstubs": [{"name": "stub1", "address": "10.98.1.1/24"}, {"name": "stub2"}]}""";
        try (var network = new TestNetwork(config);
                var zone = new TestZone()) {
            var nic0 = new NicSpec(
                    zone.uuid,
                    0,
                    "net0",
                    mac(),
                    "stub1",
                    0,
                    OptionalInt.of(1280),
                    List.of(NicAddress.parse("10.98.1.9/24")),
                    List.of(Cidr.parseAddress("10.98.1.1")),
                    true,
                    NicProtection.FULL);
            NicSpec nic1 = nic(zone.uuid, 1, mac(), "stub2", NicProtection.FULL, "10.98.2.9/24");
            var routes = Map.of(
                    "10.97.0.0/16", "10.98.2.254", "10.96.1.2", "nics[1]", "10.95.0.0/24", "macs[" + nic0.mac() + "]");

            network.up().attach(new ZoneNetwork(zone.uuid, List.of(), List.of(nic0, nic1), routes), zone.pid());

            assertThat(zone.run("ip", "route"))
                    .contains("default via 10.98.1.1 dev net0")
                    .contains("10.97.0.0/16 via 10.98.2.254 dev net1")
                    .contains("10.96.1.2 dev net1 scope link")
                    .contains("10.95.0.0/24 dev net0 scope link");
            assertThat(zone.run("ip", "link", "show", "net0"))
                    .contains("mtu 1280")
                    .contains(nic0.mac().toString());
        }
    }

    @Test
    void what_can_not_be_had_is_refused_by_name_and_leaves_nothing() throws IOException {
        String config = """
                {"etherstubs": [{"name": "stub1", "address": "10.98.1.1/24"}],
                 "nic_tags": [{"name": "external", "bridge": "nosuchbridge"}, {"name": "admin", "nic": "lo"}]}""";
        try (var network = new TestNetwork(config);
                var zone = new TestZone()) {
            Networks networks = network.up();

            refused(networks, zone, nic(zone.uuid, mac(), "nowhere"), "Invalid nic tag \"nowhere\"");
            refused(
                    networks,
                    zone,
                    nic(zone.uuid, mac(), "external"),
                    "nic tag external: there is no link nosuchbridge");
            refused(networks, zone, nic(zone.uuid, mac(), "admin"), "nic tag admin: lo carries 127.0.0.1/8");
            refused(
                    networks,
                    zone,
                    nic(zone.uuid, mac(), "stub1", "10.98.1.1/24"),
                    "10.98.1.1 is the global zone's own");
            assertThat(networks.tagExists("external")).isTrue();
            assertThat(networks.tagExists("nowhere")).isFalse();
            assertThat(networks.tags())
                    .extracting(tag -> tag.problem().isPresent())
                    .containsExactly(false, true, true);

            NicSpec twice = nic(zone.uuid, mac(), "stub1", "10.98.1.2/24");
            var badRoute = new ZoneNetwork(zone.uuid, List.of(), List.of(twice), Map.of("10.0.0.0/8", "172.16.0.1"));
            assertThatThrownBy(() -> networks.attach(badRoute, zone.pid()))
                    .hasMessageContaining("Invalid gateway: \"172.16.0.1\" of route 10.0.0.0/8");
            assertThatThrownBy(() ->
                            networks.attach(zone(twice), ProcessHandle.current().pid()))
                    .hasMessageContaining("no network namespace of its own");
            assertThat(network.links()).hasSize(1);
            assertThat(networks.attached(zone.uuid)).isEmpty();
        }
    }

    private static void refused(Networks networks, TestZone zone, NicSpec nic, String message) {
        assertThatThrownBy(() -> networks.attach(zone(nic), zone.pid()))
                .isInstanceOf(OpException.class)
                .hasMessageContaining(message);
    }

    @Test
    void instances_that_start_at_once_choose_different_networks() throws IOException {
        List<TestNetwork> networks = new ArrayList<>();
        try {
            for (int i = 0; i < 4; i++) {
                networks.add(new TestNetwork());
            }
            try (var together = new Together()) {
                networks.forEach(network -> together.begin(network::up));
                together.await();
            }

            Set<Cidr> chosen = new HashSet<>();
            for (TestNetwork network : networks) {
                assertThat(network.up().tags()).allMatch(tag -> tag.problem().isEmpty());
                chosen.add(network.stub("stub0").address().orElseThrow());
            }
            assertThat(chosen).hasSize(networks.size());
        } finally {
            for (TestNetwork network : networks) {
                network.close();
            }
        }
    }

    @Test
    void a_killed_daemons_successor_adopts_and_reconciles() throws IOException {
        try (var network = new TestNetwork();
                var stays = new TestZone();
                var died = new TestZone()) {
            Networks before = network.up();
            before.attach(zone(nic(stays.uuid, mac(), "stub0", "dhcp")), stays.pid());
            before.attach(zone(nic(died.uuid, mac(), "stub0", "dhcp")), died.pid());
            String gateway =
                    Cidr.text(network.stub("stub0").address().orElseThrow().address());
            String dnsmasq = Files.readString(network.instance.run().resolve("dnsmasq/stub0/pid"));

            Networks after = network.restart();
            assertThat(stays.pings(gateway)).isTrue();
            assertThat(after.reconcile(stays.uuid::equals)).isEmpty();

            assertThat(stays.pings(gateway)).isTrue();
            assertThat(died.pings(gateway)).isFalse();
            assertThat(network.links()).hasSize(2);
            assertThat(Files.readString(network.instance.run().resolve("dnsmasq/stub0/pid")))
                    .isEqualTo(dnsmasq);

            flushedByAStranger(network);
            assertThat(stays.pings(gateway)).isFalse();
            after.reconcile(stays.uuid::equals);
            assertThat(Await.until(Duration.ofSeconds(15), () -> stays.pings(gateway)))
                    .isTrue();

            String table = "zonda_" + network.prefix();
            network.deleteSwitch("stub0", () -> {
                Command.of("nft", "delete table bridge " + table + "; delete table inet " + table)
                        .check(Duration.ofSeconds(10));
                assertThat(stays.pings(gateway)).isFalse();
                assertThat(after.reconcile(stays.uuid::equals)).isEmpty();
            });
            assertThat(Command.of("nft", "list", "table", "inet", table).check(Duration.ofSeconds(10)))
                    .contains("masquerade");
            assertThat(Await.until(Duration.ofSeconds(15), () -> stays.pings(gateway)))
                    .isTrue();

            stays.run("ip", "link", "delete", "net0");
            assertThat(after.reconcile(stays.uuid::equals)).containsExactly(stays.uuid);
            after.detachAll(stays.uuid);
            after.detachAll(stays.uuid);
            assertThat(after.attached(stays.uuid)).isEmpty();
        }
    }

    /** Leaves the rules and takes the elements, which is what a mistake of ours could look like. */
    private static void flushedByAStranger(TestNetwork network) {
        Command.of("nft", "flush", "set", "bridge", "zonda_" + network.prefix(), "macs")
                .check(Duration.ofSeconds(10));
    }

    @Test
    void a_zone_that_starts_again_keeps_its_lease() throws IOException {
        try (var network = new TestNetwork();
                var first = new TestZone();
                var again = new TestZone()) {
            Networks networks = network.up();
            var mac = mac();
            AttachedNic before = networks.attach(zone(nic(first.uuid, mac, "stub0", "dhcp")), first.pid())
                    .getFirst();
            first.close();

            AttachedNic after = networks.attach(zone(nic(first.uuid, mac, "stub0", "dhcp")), again.pid())
                    .getFirst();

            assertThat(after.addresses()).isEqualTo(before.addresses());
            networks.detachAll(first.uuid);
            networks.forget(first.uuid);
            assertThat(Files.readString(network.instance.state().resolve("leases.json")))
                    .doesNotContain(mac.toString());
        }
    }

    @Test
    void two_instances_live_side_by_side() throws IOException {
        String before = Files.readString(IP_FORWARD);
        try (var one = new TestNetwork();
                var zoneOfOne = new TestZone()) {
            one.up().attach(zone(nic(zoneOfOne.uuid, mac(), "stub0", "dhcp")), zoneOfOne.pid());
            try (var two = new TestNetwork();
                    var zoneOfTwo = new TestZone()) {
                Networks networks = two.up();
                networks.attach(zone(nic(zoneOfTwo.uuid, mac(), "stub0", "dhcp")), zoneOfTwo.pid());
                networks.reconcile(_ -> false);

                assertThat(two.stub("stub0").address())
                        .isNotEqualTo(one.stub("stub0").address());
            }
            String gateway = Cidr.text(one.stub("stub0").address().orElseThrow().address());
            assertThat(zoneOfOne.pings(gateway)).isTrue();
            assertThat(Files.readString(IP_FORWARD)).startsWith("1");
        }
        assertForwardingAsBefore(before);
    }

    @Test
    void fifty_nics_are_attached_one_after_another() throws IOException {
        try (var network = new TestNetwork();
                var zone = new TestZone()) {
            Networks networks = network.up();
            String subnet = Cidr.text(
                    network.stub("stub0").address().orElseThrow().network().address());
            String host = subnet.substring(0, subnet.lastIndexOf('.') + 1);

            attachFifty("leased", i -> "dhcp", networks, zone);
            attachFifty("static", i -> host + (2 + i) + "/24", networks, zone);

            long start = System.nanoTime();
            networks.reconcile(_ -> false);
            System.out.printf("reconcile that takes 100 NICs away: %.0f ms%n", (System.nanoTime() - start) / 1e6);
            assertThat(network.links()).hasSize(1);
        }
    }

    private static void attachFifty(String kind, IntFunction<String> ip, Networks networks, TestZone zone) {
        long[] nanos = new long[50];
        for (int i = 0; i < nanos.length; i++) {
            UUID uuid = UUID.randomUUID();
            var ips = List.of(NicAddress.parse(ip.apply(i)));
            var spec = new NicSpec(
                    uuid,
                    0,
                    kind + i,
                    mac(),
                    "stub0",
                    0,
                    OptionalInt.empty(),
                    ips,
                    List.of(),
                    false,
                    NicProtection.FULL);
            long start = System.nanoTime();
            networks.attach(zone(spec), zone.pid());
            nanos[i] = System.nanoTime() - start;
        }
        Arrays.sort(nanos);
        System.out.printf(
                "attach of a NIC, %s: min %.2f ms, median %.2f ms, max %.2f ms%n",
                kind, nanos[0] / 1e6, nanos[25] / 1e6, nanos[49] / 1e6);
    }
}
