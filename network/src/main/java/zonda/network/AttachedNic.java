package zonda.network;

import java.net.InetAddress;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import zonda.base.Cidr;
import zonda.base.Mac;

/**
 * A NIC that a running zone has.
 *
 * @param hostEnd the link's name in the global zone
 * @param bridge the switch it is on there
 * @param addresses what the zone's end has, leased ones included
 * @param gateway where its default route leads, if it set one
 * @param resolvers the DNS servers that its network offers
 * @param dynamic how it gets further addresses, from the network
 */
public record AttachedNic(
        UUID zone,
        int index,
        String interfaceName,
        String hostEnd,
        String bridge,
        String nicTag,
        Mac mac,
        int mtu,
        List<Cidr> addresses,
        Optional<InetAddress> gateway,
        List<InetAddress> resolvers,
        Set<DynamicMethod> dynamic) {
    public AttachedNic {
        addresses = List.copyOf(addresses);
        resolvers = List.copyOf(resolvers);
        dynamic = Set.copyOf(dynamic);
    }

    AttachedNic withResolvers(List<InetAddress> found) {
        return new AttachedNic(
                zone, index, interfaceName, hostEnd, bridge, nicTag, mac, mtu, addresses, gateway, found, dynamic);
    }
}
