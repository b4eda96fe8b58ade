package zonda.network;

import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import zonda.base.Cidr;
import zonda.base.Mac;
import zonda.kernel.NftElements.Element;

/**
 * The host end of a NIC and what may come in by it, as elements of the sets of {@link AntiSpoof}.
 *
 * @param addresses what the zone's end has
 * @param dynamic how it may get more
 */
record Port(String link, Mac mac, List<Cidr> addresses, Set<DynamicMethod> dynamic, NicProtection protection) {
    private static final int NAME_SIZE = 16;

    Port {
        addresses = List.copyOf(addresses);
        dynamic = Set.copyOf(dynamic);
    }

    /** In the order of {@link AntiSpoof#SETS}. */
    List<Element> elements() {
        List<Element> elements = new ArrayList<>();
        elements.add(exact("macs", mac.bytes()));
        elements.add(exact("chaddrs", mac.bytes()));
        elements.add(exact("hwoptions", mac.bytes()));
        flag(elements, "anymac", protection.allowsMacSpoofing());
        flag(elements, "anyip", protection.allowsIpSpoofing());
        flag(elements, "servers", protection.allowsDhcpServing());
        flag(elements, "anyproto", protection.allowsAnyProtocol());
        flag(
                elements,
                "leasing",
                dynamic.contains(DynamicMethod.DHCPV4) || dynamic.contains(DynamicMethod.GUEST_DHCPV4));
        if (dynamic.contains(DynamicMethod.ADDRCONF)) {
            byte[] address = mac.linkLocal().getAddress();
            byte[] identifier = Arrays.copyOfRange(address, address.length / 2, address.length);
            elements.add(exact("ids6", identifier));
            elements.add(exact("targetids6", identifier));
        }
        for (int port : protection.blockedPorts()) {
            elements.add(exact("blocked", new byte[] {(byte) (port >> 8), (byte) port}));
        }
        sources(elements, Cidr.host(mac.linkLocal()));
        addresses.forEach(address -> sources(elements, Cidr.host(address.address())));
        protection.allowedIps().forEach(allowed -> sources(elements, allowed));
        return elements.stream().distinct().sorted(AntiSpoof.BY_SET).toList();
    }

    private void flag(List<Element> elements, String set, boolean on) {
        if (on) {
            elements.add(new Element(set, key(new byte[0]), Optional.empty()));
        }
    }

    /** IPv6 addresses may also be advertised as the target of a neighbour advertisement. */
    private void sources(List<Element> elements, Cidr allowed) {
        String family = allowed.isIpv4() ? "v4" : "v6";
        if (allowed.isHost()) {
            byte[] address = allowed.address().getAddress();
            elements.add(exact(family, address));
            if (!allowed.isIpv4()) {
                elements.add(exact("targets6", address));
            }
        } else {
            elements.add(range(family + "nets", allowed));
            if (!allowed.isIpv4()) {
                elements.add(range("targets6nets", allowed));
            }
        }
    }

    private Element exact(String set, byte[] value) {
        return new Element(set, key(value), Optional.empty());
    }

    private Element range(String set, Cidr network) {
        InetAddress first = network.network().address();
        return new Element(
                set, key(first.getAddress()), Optional.of(key(network.last().getAddress())));
    }

    /** The interface name in 16 octets, then the value, padded to four. */
    private byte[] key(byte[] value) {
        byte[] key = Arrays.copyOf(link.getBytes(StandardCharsets.US_ASCII), NAME_SIZE + (value.length + 3 & ~3));
        System.arraycopy(value, 0, key, NAME_SIZE, value.length);
        return key;
    }
}
