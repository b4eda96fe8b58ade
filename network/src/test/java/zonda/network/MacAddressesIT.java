package zonda.network;

import static org.assertj.core.api.Assertions.assertThat;
import static zonda.network.TestNetwork.nic;
import static zonda.network.TestNetwork.zone;

import java.io.IOException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import zonda.base.Cidr;
import zonda.base.Mac;

/** A NIC works whatever its MAC begins with: links that we add on its way have other ones. */
class MacAddressesIT {
    private static final String REST = ":12:34:56:78:9a";

    @ParameterizedTest
    @ValueSource(strings = {"02", "06", "90", "fa", "fe"})
    void of_a_zone(String first) throws IOException {
        worksInAZone(first, NicProtection.FULL);
    }

    @Test
    void of_a_zone_whose_port_learns() throws IOException {
        worksInAZone("fe", new NicProtection(Set.of(NicProtection.Allowed.MAC_SPOOFING), List.of(), Set.of()));
    }

    private static void worksInAZone(String first, NicProtection protection) throws IOException {
        try (var network = new TestNetwork();
                var zone = new TestZone();
                var other = new TestZone()) {
            Networks networks = network.up();
            NicSpec nic = nic(zone.uuid, 0, Mac.parse(first + REST), "stub0", protection, "dhcp");
            networks.attach(zone(nic), zone.pid());
            AttachedNic neighbour = networks.attach(
                            zone(nic(other.uuid, TestNetwork.mac(), "stub0", "dhcp")), other.pid())
                    .getFirst();

            assertThat(zone.pings(gateway(network))).isTrue();
            assertThat(zone.pings(TestNetwork.address(neighbour))).isTrue();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"02", "06", "90", "fa", "fe"})
    void of_a_machine(String first) throws IOException {
        Mac mac = Mac.parse(first + REST);
        try (var network = new TestNetwork();
                var zone = new TestZone()) {
            var machine = new ZoneNetwork(
                    zone.uuid,
                    List.of(),
                    List.of(nic(zone.uuid, mac, "stub0", "dhcp")),
                    Map.of(),
                    Optional.of(new ZoneNetwork.Emulator(0, Set.of())));
            AttachedNic nic = network.up().attach(machine, zone.pid()).getFirst();
            String own = TestNetwork.address(nic);
            String gateway = gateway(network);

            try (var guest = zone.guest(MachineEnd.tap(nic.index()), Frames.arpRequest(mac, own, gateway))) {
                assertThat(guest.sees(HexFormat.of().formatHex(Frames.arpReplyTo(mac, gateway, own))))
                        .isTrue();
            }
        }
    }

    private static String gateway(TestNetwork network) throws IOException {
        return Cidr.text(network.stub("stub0").address().orElseThrow().address());
    }
}
