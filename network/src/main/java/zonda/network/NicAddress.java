package zonda.network;

import zonda.base.Cidr;

/** One item of a NIC's {@code ips}. */
public sealed interface NicAddress {
    /** An address with its network. */
    record Static(Cidr cidr) implements NicAddress {}

    /** {@code "dhcp"}: IPv4, from the network. */
    record Dhcp() implements NicAddress {}

    /** {@code "addrconf"}: IPv6, from the network's prefix and the NIC's MAC. */
    record Addrconf() implements NicAddress {}

    /** @throws zonda.base.OpException INVALID unless it is an address with a prefix length, dhcp or addrconf */
    static NicAddress parse(String text) {
        return switch (text) {
            case "dhcp" -> new Dhcp();
            case "addrconf" -> new Addrconf();
            default -> new Static(Cidr.parse(text));
        };
    }
}
