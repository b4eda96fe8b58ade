package zonda.network;

import java.net.InetAddress;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import zonda.base.Cidr;
import zonda.base.Code;
import zonda.base.OpException;

/**
 * A switch without an uplink, dladm(8) {@code create-etherstub}, and what the global zone does on it.
 *
 * @param address the global zone's own IPv4 address there, with its network
 * @param address6 the same for IPv6, a unique local address (RFC 4193)
 * @param nat whether zones reach the outside through the global zone's address
 * @param dhcp the addresses given to NICs that ask
 * @param dns whether the global zone answers names there
 */
public record Etherstub(
        String name,
        Optional<Cidr> address,
        Optional<Cidr> address6,
        boolean nat,
        Optional<DhcpRange> dhcp,
        boolean dns,
        int mtu) {
    static final int DEFAULT_MTU = 1500;
    static final int LOWEST_MTU = 576;
    static final int HIGHEST_MTU = 9000;
    private static final Pattern NAME = Pattern.compile("[a-zA-Z][a-zA-Z0-9_]{0,29}[0-9]");

    public Etherstub {
        require(
                NAME.matcher(name).matches(),
                "etherstub name must be a letter, letters, digits or _, and end with a digit, at most 31: \"" + name
                        + "\"");
        require(
                address.isEmpty() || usable(address.get(), true),
                name + ": address must be an IPv4 host in a network of /8 to /30");
        require(address6.isEmpty() || usable(address6.get(), false), name + ": address6 must be an IPv6 host in a /64");
        require(!nat || address.isPresent(), name + ": nat needs an address");
        require(!dns || address.isPresent(), name + ": dns needs an address");
        require(dhcp.isEmpty() || address.isPresent(), name + ": dhcp needs an address");
        require(mtu >= LOWEST_MTU && mtu <= HIGHEST_MTU, name + ": mtu must be 576 to 9000, not " + mtu);
        if (dhcp.isPresent()) {
            Cidr network = address.get();
            require(
                    network.contains(dhcp.get().first())
                            && network.contains(dhcp.get().last()),
                    name + ": dhcp range is outside of " + network.network());
            require(!dhcp.get().contains(network.address()), name + ": dhcp range holds the global zone's own address");
            require(
                    !dhcp.get().contains(network.network().address())
                            && !dhcp.get().contains(network.last()),
                    name + ": dhcp range holds the network's or the broadcast address");
        }
    }

    /** A switch that the global zone takes no part in. */
    public static Etherstub plain(String name, int mtu) {
        return new Etherstub(name, Optional.empty(), Optional.empty(), false, Optional.empty(), false, mtu);
    }

    Etherstub withMtu(int other) {
        return new Etherstub(name, address, address6, nat, dhcp, dns, other);
    }

    private static boolean usable(Cidr cidr, boolean ipv4) {
        return cidr.isIpv4() == ipv4
                && (ipv4 ? cidr.prefix() >= 8 && cidr.prefix() <= 30 : cidr.prefix() == 64)
                && !cidr.network().address().equals(cidr.address())
                && !(ipv4 && cidr.last().equals(cidr.address()));
    }

    /** Whether dnsmasq has something to do on it. */
    boolean isServed() {
        return dns || dhcp.isPresent();
    }

    /** The DNS servers that zones on it can ask: the global zone, or none. */
    List<InetAddress> resolvers() {
        return dns ? address.map(Cidr::address).stream().toList() : List.of();
    }

    private static void require(boolean holds, String otherwise) {
        if (!holds) {
            throw new OpException(Code.INVALID, otherwise);
        }
    }
}
