package zonda.network;

import static org.assertj.core.api.Assertions.assertThat;
import static zonda.network.TestNetwork.mac;
import static zonda.network.TestNetwork.nic;
import static zonda.network.TestNetwork.zone;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import zonda.base.Await;
import zonda.base.Cidr;
import zonda.base.Mac;
import zonda.kernel.Command;

/** NICs whose addresses come from a network that isn't ours: from a DHCP server, or from a router's advertisements. */
class DynamicAddressesIT {
    private static final Duration LIMIT = Duration.ofSeconds(10);
    private static final Duration SOON = Duration.ofSeconds(15);

    @TempDir
    private Path directory;

    /** A bridge of the machine's own with a router and DHCP server on it, 203.0.113.1 and 2001:db8:7::1. */
    private final class Outside implements AutoCloseable {
        final String name = "o" + Long.toString(System.nanoTime() % 1_000_000, 36);
        final TestZone router = new TestZone();
        private Process server;

        Outside() {
            ip("link", "add", name + "br", "type", "bridge");
            ip("link", "set", name + "br", "up");
            ip("link", "add", name + "p", "type", "veth", "peer", "name", "wire0", "netns", "" + router.pid());
            ip("link", "set", name + "p", "master", name + "br", "up");
            router.run("ip", "address", "add", "203.0.113.1/24", "dev", "wire0");
            router.run("ip", "address", "add", "2001:db8:7::1/64", "dev", "wire0", "nodad");
            router.run("ip", "link", "set", "wire0", "up");
        }

        private static void ip(String... words) {
            Command.of("ip").with(words).check(LIMIT);
        }

        void serve(String address) throws IOException {
            server = DynamicAddressesIT.this.serve(router, "wire0", address);
        }

        void stopServing() {
            if (server != null) {
                server.destroy();
                server.onExit().join();
            }
        }

        String config() {
            return "{\"nic_tags\": [{\"name\": \"admin\", \"bridge\": \"%sbr\"}]}".formatted(name);
        }

        @Override
        public void close() {
            stopServing();
            ip("link", "delete", name + "p");
            ip("link", "delete", name + "br");
            router.close();
        }
    }

    /** Serves one address, the one given, to whoever asks. */
    private Process serve(TestZone zone, String link, String address) throws IOException {
        Path config = Files.writeString(
                directory.resolve("udhcpd.conf"),
                "start %1$s\nend %1$s\ninterface %3$s\nlease_file %2$s/leases\npidfile %2$s/pid\n"
                                .formatted(address, directory, link)
                        + "option subnet 255.255.255.0\noption router 203.0.113.1\noption dns 203.0.113.1 203.0.113.2\n"
                        + "option lease 600\n");
        Files.deleteIfExists(directory.resolve("leases"));
        Files.createFile(directory.resolve("leases"));
        Process server =
                zone.command("busybox", "udhcpd", "-f", "-S", config.toString()).start();
        assertThat(Await.until(
                        LIMIT, () -> zone.run("busybox", "netstat", "-nul").contains(":67 ")))
                .isTrue();
        return server;
    }

    @Test
    void a_zone_serves_addresses_on_an_etherstub_that_the_global_zone_has_no_part_in() throws IOException {
        try (var network = new TestNetwork("{\"etherstubs\": [{\"name\": \"stub9\"}]}");
                var router = new TestZone();
                var one = new TestZone()) {
            Networks networks = network.up();
            var serves = new NicProtection(Set.of(NicProtection.Allowed.DHCP_SERVER), List.of(), Set.of());
            networks.attach(zone(nic(router.uuid, 0, mac(), "stub9", serves, "203.0.113.1/24")), router.pid());
            Process server = serve(router, "net0", "203.0.113.77");
            try {
                networks.attach(zone(nic(one.uuid, mac(), "stub9", "dhcp", "addrconf")), one.pid());

                assertThat(one.run("ip", "-4", "address", "show", "net0")).contains("203.0.113.77/24");
                assertThat(one.pings("203.0.113.1")).isTrue();
            } finally {
                server.destroy();
                server.onExit().join();
            }
        }
    }

    @Test
    void an_address_is_leased_used_and_renewed_across_a_restart_of_the_daemon() throws IOException {
        try (var outside = new Outside();
                var one = new TestZone();
                var network = new TestNetwork(outside.config())) {
            outside.serve("203.0.113.77");
            Networks networks = network.up();

            List<AttachedNic> nics = networks.attach(zone(nic(one.uuid, mac(), "admin", "dhcp")), one.pid());

            assertThat(one.run("ip", "-4", "address", "show", "net0")).contains("203.0.113.77/24");
            assertThat(one.run("ip", "route")).contains("default via 203.0.113.1");
            assertThat(nics.getFirst().resolvers().stream().map(Cidr::text))
                    .containsExactly("203.0.113.1", "203.0.113.2");
            assertThat(one.pings("203.0.113.1")).isTrue();
            networks = network.restart();
            assertThat(networks.reconcile(one.uuid::equals)).isEmpty();
            assertThat(one.pings("203.0.113.1")).isTrue();

            assertThat(clients(network)).hasSize(1);
            networks.detachAll(one.uuid);
            assertThat(clients(network)).isEmpty();
        }
    }

    @Test
    void an_address_that_no_server_gave_is_still_refused() throws IOException {
        try (var outside = new Outside();
                var one = new TestZone();
                var network = new TestNetwork(outside.config())) {
            outside.serve("203.0.113.77");
            network.up().attach(zone(nic(one.uuid, mac(), "admin", "dhcp")), one.pid());
            assertThat(one.pings("203.0.113.1")).isTrue();

            one.run("ip", "address", "add", "203.0.113.99/24", "dev", "net0");
            one.run("ip", "address", "delete", "203.0.113.77/24", "dev", "net0");

            assertThat(one.pings("203.0.113.1")).isFalse();
        }
    }

    @Test
    void a_server_that_comes_late_is_waited_for() throws IOException {
        try (var outside = new Outside();
                var one = new TestZone();
                var network = new TestNetwork(outside.config())) {
            network.up().attach(zone(nic(one.uuid, mac(), "admin", "dhcp")), one.pid());
            assertThat(one.run("ip", "-4", "address", "show", "net0")).doesNotContain("inet");

            outside.serve("203.0.113.78");

            assertThat(Await.until(
                            SOON,
                            () -> one.run("ip", "-4", "address", "show", "net0").contains("203.0.113.78/24")))
                    .isTrue();
            assertThat(one.pings("203.0.113.1")).isTrue();
        }
    }

    @Test
    void a_client_that_died_is_a_nic_to_attach_again() throws IOException {
        try (var outside = new Outside();
                var one = new TestZone();
                var network = new TestNetwork(outside.config())) {
            outside.serve("203.0.113.77");
            Networks networks = network.up();
            networks.attach(zone(nic(one.uuid, mac(), "admin", "dhcp")), one.pid());

            ProcessHandle client = ProcessHandle.of(clients(network).getFirst()).orElseThrow();
            assertThat(client.destroyForcibly()).isTrue();
            assertThat(Await.until(LIMIT, () -> clients(network).isEmpty())).isTrue();

            assertThat(networks.reconcile(one.uuid::equals)).containsExactly(one.uuid);
        }
    }

    @Test
    void a_prefix_that_a_router_advertises_is_taken_with_the_macs_identifier_only() throws IOException {
        try (var outside = new Outside();
                var one = new TestZone();
                var network = new TestNetwork(outside.config())) {
            Mac mac = mac();
            network.up().attach(zone(nic(one.uuid, mac, "admin", "addrconf")), one.pid());
            outside.router.sendFrames("wire0", List.of(Frames.prefixAdvertisement(mac(), "2001:db8:7::")));
            String address = Cidr.text(mac.autoconfigured(Cidr.parse("2001:db8:7::/64")));

            assertThat(Await.until(
                            SOON,
                            () -> one.run("ip", "-6", "address", "show", "net0", "-tentative")
                                    .contains(address)))
                    .isTrue();
            assertThat(Await.until(SOON, () -> one.pings("2001:db8:7::1"))).isTrue();

            one.run("ip", "address", "add", "2001:db8:7::66/64", "dev", "net0", "nodad");
            one.run("ip", "address", "delete", address + "/64", "dev", "net0");
            assertThat(one.pings("2001:db8:7::1")).isFalse();
        }
    }

    private static List<Long> clients(TestNetwork network) {
        String directory = network.instance.run().resolve("dhcp-clients").toString();
        return ProcessHandle.allProcesses()
                .filter(process -> process.info()
                        .arguments()
                        .filter(words -> List.of(words).contains("udhcpc")
                                && String.join(" ", words).contains(directory))
                        .isPresent())
                .map(ProcessHandle::pid)
                .toList();
    }
}
