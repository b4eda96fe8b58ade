package zonda.network;

import static org.assertj.core.api.Assertions.assertThat;
import static zonda.network.Frames.BROADCAST;
import static zonda.network.Frames.arp;
import static zonda.network.Frames.bootp;
import static zonda.network.Frames.ethernet;
import static zonda.network.Frames.mark;
import static zonda.network.Frames.neighbourAdvertisement;
import static zonda.network.Frames.routerAdvertisement;
import static zonda.network.Frames.tcp;
import static zonda.network.Frames.udp;
import static zonda.network.Frames.udp6;
import static zonda.network.Frames.vlan;
import static zonda.network.TestNetwork.mac;
import static zonda.network.TestNetwork.nic;
import static zonda.network.TestNetwork.zone;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import zonda.base.Cidr;
import zonda.base.Mac;
import zonda.network.NicProtection.Allowed;

/** What a zone's root can put on the wire, with frames made by hand, and what arrives in the next zone. */
class AntiSpoofIT {
    private static final String CONFIG = """
            {"etherstubs": [{"name": "stub9", "address": "10.98.9.1/24", "address6": "fd5a:9::1/64"}]}""";
    private static final String OWN = "10.98.9.5";
    private static final String OWN6 = "fd5a:9::5";
    private static final String OTHERS = "10.98.9.66";
    private static final String OTHERS6 = "fd5a:9::66";
    private static final String END = "the-end";

    /** By name: {@code ok-} for what is a zone's good right, and else what is wrong with it. */
    private static Map<String, byte[]> frames(Mac mac) {
        Mac other = Mac.parse("02:99:99:99:99:99");
        String local = Cidr.text(mac.linkLocal());
        Map<String, byte[]> frames = new LinkedHashMap<>();
        frames.put("ok-udp", udp(mac, OWN, "ok-udp"));
        frames.put("ok-zero", udp(mac, "0.0.0.0", "ok-zero"));
        frames.put("ok-arp", arp(mac, mac, OWN, "ok-arp"));
        frames.put("ok-probe", arp(mac, mac, "0.0.0.0", "ok-probe"));
        frames.put("ok-dhcp", udp(mac, "0.0.0.0", 68, 67, bootp(1, mac, "ok-dhcp")));
        frames.put("ok-v6", udp6(mac, OWN6, 5000, 5001, "ok-v6"));
        frames.put("ok-local", udp6(mac, local, 5000, 5001, "ok-local"));
        frames.put("ok-na", neighbourAdvertisement(mac, OWN6, OWN6, mac, "ok-na"));
        frames.put("mac", udp(other, OWN, "mac"));
        frames.put("ip", udp(mac, OTHERS, "ip"));
        frames.put("arp-mac", arp(mac, other, OWN, "arp-mac"));
        frames.put("arp-ip", arp(mac, mac, OTHERS, "arp-ip"));
        frames.put("chaddr", udp(mac, "0.0.0.0", 68, 67, bootp(1, other, "chaddr")));
        frames.put("dhcp-reply", udp(mac, OWN, 67, 68, bootp(2, other, "dhcp-reply")));
        frames.put("dhcp-trick", udp(mac, OWN, 1067, 68, bootp(2, other, "dhcp-trick")));
        frames.put("v6", udp6(mac, OTHERS6, 5000, 5001, "v6-spoof"));
        frames.put("dhcp6-reply", udp6(mac, local, 547, 546, "dhcp6-reply"));
        frames.put("na-target", neighbourAdvertisement(mac, OWN6, OTHERS6, mac, "na-targ"));
        frames.put("na-option", neighbourAdvertisement(mac, OWN6, OWN6, other, "na-opti"));
        frames.put("ra", routerAdvertisement(mac, local, "ra-mark"));
        frames.put("lldp", ethernet(BROADCAST, mac, 0x88cc, bytes("lldp-mark")));
        frames.put("vlan", vlan(udp(mac, OWN, "vlan-mark"), 42));
        frames.put("smtp", tcp(mac, OWN, 25, "smtp-mark"));
        return frames;
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    @Test
    void only_what_is_the_nics_own_comes_through() throws IOException {
        assertThat(arriving(NicProtection.FULL))
                .containsExactlyInAnyOrder(
                        "ok-udp", "ok-zero", "ok-arp", "ok-probe", "ok-dhcp", "ok-v6", "ok-local", "ok-na", "smtp");
    }

    @Test
    void each_permission_lets_through_what_it_says() throws IOException {
        assertThat(beyond(Allowed.IP_SPOOFING))
                .containsExactlyInAnyOrder("ip", "arp-mac", "arp-ip", "v6", "na-target", "na-option");
        assertThat(beyond(Allowed.MAC_SPOOFING)).containsExactlyInAnyOrder("mac", "arp-mac", "na-option");
        assertThat(beyond(Allowed.DHCP_SERVER))
                .containsExactlyInAnyOrder(
                        "ip",
                        "arp-mac",
                        "arp-ip",
                        "v6",
                        "na-target",
                        "na-option",
                        "chaddr",
                        "dhcp-reply",
                        "dhcp-trick",
                        "dhcp6-reply",
                        "ra");
        assertThat(beyond(Allowed.DHCP_SPOOFING)).isEqualTo(beyond(Allowed.DHCP_SERVER));
        assertThat(beyond(Allowed.RESTRICTED_TRAFFIC)).containsExactlyInAnyOrder("lldp");
    }

    @Test
    void further_addresses_and_blocked_ports_count() throws IOException {
        var nets = new NicProtection(
                Set.of(), List.of(Cidr.parse("10.98.9.64/26"), Cidr.parse("fd5a:9::60/124")), Set.of(25));
        var hosts = new NicProtection(
                Set.of(), List.of(Cidr.parse(OTHERS + "/32"), Cidr.parse(OTHERS6 + "/128")), Set.of());

        assertThat(arriving(nets)).contains("ip", "arp-ip", "v6", "na-target").doesNotContain("smtp", "mac");
        assertThat(arriving(hosts))
                .contains("ip", "arp-ip", "v6", "na-target", "smtp")
                .doesNotContain("mac");
    }

    @Test
    void what_is_for_a_mac_that_nobody_has_is_for_who_may_have_several() throws IOException {
        try (var network = new TestNetwork(CONFIG);
                var sender = new TestZone();
                var plain = new TestZone();
                var nested = new TestZone()) {
            Networks networks = network.up();
            Mac mac = mac();
            var several = new NicProtection(Set.of(Allowed.UNFILTERED_PROMISC), List.of(), Set.of());
            networks.attach(zone(nic(sender.uuid, mac, "stub9", OWN + "/24")), sender.pid());
            networks.attach(zone(nic(plain.uuid, mac(), "stub9", "10.98.9.7/24")), plain.pid());
            networks.attach(
                    zone(nic(nested.uuid, 0, mac(), "stub9", several, "10.98.9.8/24", "fd5a:9::8/64")), nested.pid());
            byte[] inner = udp(mac, OWN, "inner");
            System.arraycopy(mac().bytes(), 0, inner, 0, mac.bytes().length);
            try (var usual = plain.capture("net0");
                    var open = nested.capture("net0")) {
                sender.sendFrames("net0", List.of(inner, udp(mac, OWN, END)));

                assertThat(usual.sees(mark(END))).isTrue();
                assertThat(open.sees(mark(END))).isTrue();
                assertThat(usual.has(mark("inner"))).isFalse();
                assertThat(open.has(mark("inner"))).isTrue();
            }
        }
    }

    private static Set<String> beyond(Allowed allowed) throws IOException {
        Set<String> more = new TreeSet<>(arriving(new NicProtection(Set.of(allowed), List.of(), Set.of())));
        Set<String> usual = arriving(NicProtection.FULL);
        assertThat(more).containsAll(usual);
        more.removeAll(usual);
        return more;
    }

    /** The frames that arrive in another zone when one with this protection sends them all. */
    private static Set<String> arriving(NicProtection protection) throws IOException {
        try (var network = new TestNetwork(CONFIG);
                var bad = new TestZone();
                var victim = new TestZone()) {
            Networks networks = network.up();
            Mac mac = mac();
            networks.attach(zone(nic(bad.uuid, 0, mac, "stub9", protection, OWN + "/24", OWN6 + "/64")), bad.pid());
            networks.attach(zone(nic(victim.uuid, mac(), "stub9", "10.98.9.7/24", "fd5a:9::7/64")), victim.pid());
            Map<String, byte[]> frames = frames(mac);
            frames.put(END, udp(mac, OWN, END));
            try (var capture = victim.capture("net0")) {
                bad.sendFrames("net0", List.copyOf(frames.values()));

                assertThat(capture.sees(mark(END))).isTrue();
                Set<String> arrived = new TreeSet<>();
                frames.forEach((name, frame) -> {
                    if (!name.equals(END) && capture.has(withoutPadding(frame))) {
                        arrived.add(name);
                    }
                });
                return arrived;
            }
        }
    }

    /** Where br_netfilter looks at bridged frames, it cuts IPv4 to its length. */
    private static String withoutPadding(byte[] frame) {
        return HexFormat.of().formatHex(frame).replaceFirst("(00)+$", "");
    }
}
