package zonda.network;

import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import zonda.base.Cidr;
import zonda.base.Code;
import zonda.base.OpException;
import zonda.kernel.RouteSocket.PortMode;

/**
 * What a NIC may send beyond its own MAC and addresses; vmadm(8)'s {@code nics.*.allow_*}.
 *
 * @param allowed the kinds of protection that are off
 * @param allowedIps further source addresses, with their prefix lengths
 * @param blockedPorts TCP, UDP and SCTP ports that nothing is sent to, {@code blocked_outgoing_ports}
 */
public record NicProtection(Set<Allowed> allowed, List<Cidr> allowedIps, Set<Integer> blockedPorts) {
    /** Everything on. */
    public static final NicProtection FULL = new NicProtection(Set.of(), List.of(), Set.of());

    /** The kinds, named as vmadm's properties. */
    public enum Allowed {
        IP_SPOOFING,
        MAC_SPOOFING,
        /** Turns ip-nospoof off too, as on SmartOS: a server answers from addresses that it gives. */
        DHCP_SPOOFING,
        /** As {@link #DHCP_SPOOFING}. */
        DHCP_SERVER,
        RESTRICTED_TRAFFIC,
        /** What is for a MAC that no port of the switch has is delivered to the NIC, too. */
        UNFILTERED_PROMISC
    }

    public NicProtection {
        allowed = Set.copyOf(allowed);
        allowedIps = List.copyOf(allowedIps);
        blockedPorts = Set.copyOf(new TreeSet<>(blockedPorts));
        for (int port : blockedPorts) {
            if (port < 1 || port > 65535) {
                throw new OpException(Code.INVALID, "not a port: " + port);
            }
        }
    }

    boolean allowsMacSpoofing() {
        return allowed.contains(Allowed.MAC_SPOOFING);
    }

    /** How the NIC's port is a part of its switch. */
    PortMode portMode() {
        if (allowsMacSpoofing()) {
            return PortMode.OPEN;
        }
        return allowed.contains(Allowed.UNFILTERED_PROMISC) ? PortMode.LISTENING : PortMode.LOCKED;
    }

    boolean allowsIpSpoofing() {
        return allowed.contains(Allowed.IP_SPOOFING) || allowsDhcpServing();
    }

    boolean allowsDhcpServing() {
        return allowed.contains(Allowed.DHCP_SPOOFING) || allowed.contains(Allowed.DHCP_SERVER);
    }

    boolean allowsAnyProtocol() {
        return allowed.contains(Allowed.RESTRICTED_TRAFFIC);
    }
}
