package zonda.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static zonda.network.TestNetwork.mac;
import static zonda.network.TestNetwork.nic;
import static zonda.network.TestNetwork.zone;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import zonda.base.Await;
import zonda.base.Mac;
import zonda.base.OpException;
import zonda.kernel.Command;
import zonda.kernel.RouteSocket;
import zonda.network.NicProtection.Allowed;

/** NIC tags over a bridge and a NIC that aren't ours; the NIC is one end of a pair, its other end "the wire". */
class NicTagsIT {
    private static final Duration LIMIT = Duration.ofSeconds(10);
    private static final String CONFIG = """
            {"nic_tags": [{"name": "external", "nic": "%1$snic"}, {"name": "admin", "bridge": "%1$sbr"}]}""";

    /** The machine's own links, which must be there unchanged afterwards. */
    private static final class Machine implements AutoCloseable {
        final String name = "o" + Long.toString(System.nanoTime() % 1_000_000, 36);

        Machine(TestZone wire) {
            ip("link", "add", name + "nic", "type", "veth", "peer", "name", "wire0", "netns", "" + wire.pid());
            ip("link", "add", name + "br", "type", "bridge");
            ip("link", "set", name + "br", "up");
            ip("link", "add", name + "p", "type", "veth", "peer", "name", "wire1", "netns", "" + wire.pid());
            ip("link", "set", name + "p", "master", name + "br");
            wire.run("ip", "address", "add", "203.0.113.1/24", "dev", "wire0");
            wire.run("ip", "link", "set", "wire0", "up");
        }

        private static void ip(String... words) {
            Command.of("ip").with(words).check(LIMIT);
        }

        int masterOf(String link) {
            try (var socket = RouteSocket.open()) {
                return socket.link(name + link).orElseThrow().master();
            }
        }

        @Override
        public void close() {
            ip("link", "delete", name + "nic");
            ip("link", "delete", name + "p");
            ip("link", "delete", name + "br");
        }
    }

    private static NicSpec onVlan(TestZone zone, int vlan, String ip) {
        NicSpec plain = nic(zone.uuid, mac(), "external", ip);
        return new NicSpec(
                plain.zone(),
                plain.index(),
                plain.interfaceName(),
                plain.mac(),
                plain.nicTag(),
                vlan,
                plain.mtu(),
                plain.ips(),
                plain.gateways(),
                plain.primary(),
                plain.protection());
    }

    private static boolean kernelHasVlans(TestZone wire) {
        return wire.succeeds("ip", "link", "add", "link", "wire0", "name", "probe", "type", "vlan", "id", "9")
                && wire.succeeds("ip", "link", "delete", "probe");
    }

    @Test
    void a_vlan_is_tagged_on_the_link_and_gone_with_its_last_nic() throws IOException {
        try (var wire = new TestZone();
                var machine = new Machine(wire);
                var network = new TestNetwork(CONFIG.formatted(machine.name));
                var zone = new TestZone();
                var untagged = new TestZone()) {
            assumeTrue(kernelHasVlans(wire), "this kernel has no 8021q");
            wire.run("ip", "link", "add", "link", "wire0", "name", "wire0.100", "type", "vlan", "id", "100");
            wire.run("ip", "address", "add", "203.0.113.65/28", "dev", "wire0.100");
            wire.run("ip", "link", "set", "wire0.100", "up");
            Networks networks = network.up();
            int before = network.links().size();

            networks.attach(zone(onVlan(zone, 100, "203.0.113.66/28")), zone.pid());
            networks.attach(zone(nic(untagged.uuid, mac(), "external", "203.0.113.67/28")), untagged.pid());

            assertThat(zone.pings("203.0.113.65")).isTrue();
            assertThat(untagged.pings("203.0.113.65")).isFalse();
            assertThat(untagged.pings("203.0.113.66")).isFalse();
            networks.detachAll(untagged.uuid);
            networks.detachAll(zone.uuid);
            assertThat(network.links()).hasSize(before);
        }
    }

    @Test
    void a_vlan_that_the_kernel_can_not_have_is_refused_and_leaves_nothing() throws IOException {
        try (var wire = new TestZone();
                var machine = new Machine(wire);
                var network = new TestNetwork(CONFIG.formatted(machine.name));
                var zone = new TestZone()) {
            int vlan = kernelHasVlans(wire) ? 4095 : 100;
            Networks networks = network.up();
            int before = network.links().size();

            assertThatThrownBy(() -> networks.attach(zone(onVlan(zone, vlan, "203.0.113.66/28")), zone.pid()))
                    .isInstanceOf(OpException.class)
                    .hasMessageStartingWith("vlan_id " + vlan + " on " + machine.name + "nic: ");

            assertThat(network.links()).hasSize(before);
        }
    }

    @Test
    void a_physical_nic_becomes_the_uplink_and_is_given_back() throws IOException {
        try (var wire = new TestZone();
                var machine = new Machine(wire);
                var one = new TestZone()) {
            try (var network = new TestNetwork(CONFIG.formatted(machine.name))) {
                Networks networks = network.up();
                networks.attach(zone(nic(one.uuid, mac(), "external", "203.0.113.5/24")), one.pid());

                assertThat(one.pings("203.0.113.1")).isTrue();
                assertThat(wire.pings("203.0.113.5")).isTrue();
                assertThat(machine.masterOf("nic")).isNotZero();
                network.restart();
                assertThat(one.pings("203.0.113.1")).isTrue();
            }
            assertThat(machine.masterOf("nic")).isZero();
        }
    }

    @Test
    void an_existing_bridge_gets_ports_and_keeps_everything_else() throws IOException {
        try (var wire = new TestZone();
                var machine = new Machine(wire);
                var one = new TestZone();
                var two = new TestZone()) {
            String before = linkText(machine);
            try (var network = new TestNetwork(CONFIG.formatted(machine.name))) {
                Networks networks = network.up();
                networks.attach(zone(nic(one.uuid, mac(), "admin", "10.98.3.1/24")), one.pid());
                networks.attach(zone(nic(two.uuid, mac(), "admin", "10.98.3.2/24")), two.pid());

                assertThat(one.pings("10.98.3.2")).isTrue();
                networks.reconcile(one.uuid::equals);
            }
            assertThat(linkText(machine)).isEqualTo(before);
        }
    }

    /** Without its counters and state, which its ports' coming and going changes. */
    private static String linkText(Machine machine) {
        String all = Command.of("ip", "-details", "link", "show", machine.name + "br")
                .check(LIMIT);
        return all.replaceAll("<[^>]*>|tso_max_size \\S+|state \\S+|(hello|tcn|topology_change|gc)_timer +\\S+", "");
    }

    @Test
    void permissions_change_while_the_zone_runs() throws IOException {
        String config = "{\"etherstubs\": [{\"name\": \"stub9\", \"address\": \"10.98.9.1/24\"}]}";
        try (var network = new TestNetwork(config);
                var zone = new TestZone()) {
            Networks networks = network.up();
            Mac mac = mac();
            networks.attach(zone(nic(zone.uuid, mac, "stub9", "10.98.9.5/24")), zone.pid());
            assertThat(soonPings(zone, "10.98.9.1")).isTrue();
            zone.run("ip", "address", "delete", "10.98.9.5/24", "dev", "net0");
            zone.run("ip", "address", "add", "10.98.9.66/24", "dev", "net0");
            assertThat(zone.pings("10.98.9.1")).isFalse();

            networks.protect(zone.uuid, mac, new NicProtection(Set.of(Allowed.IP_SPOOFING), List.of(), Set.of()));
            assertThat(soonPings(zone, "10.98.9.1")).isTrue();
            networks.protect(zone.uuid, mac, NicProtection.FULL);
            assertThat(zone.pings("10.98.9.1")).isFalse();

            networks.protect(zone.uuid, mac, new NicProtection(Set.of(Allowed.IP_SPOOFING), List.of(), Set.of()));
            zone.run("ip", "link", "set", "net0", "address", "02:99:99:99:99:99");
            assertThat(zone.pings("10.98.9.1")).isFalse();
            var both = new NicProtection(Set.of(Allowed.IP_SPOOFING, Allowed.MAC_SPOOFING), List.of(), Set.of());
            networks.protect(zone.uuid, mac, both);
            assertThat(soonPings(zone, "10.98.9.1")).isTrue();
        }
    }

    /** A neighbour that didn't answer a moment ago is asked again only after a while. */
    private static boolean soonPings(TestZone zone, String address) {
        return Await.until(Duration.ofSeconds(15), () -> zone.pings(address));
    }
}
