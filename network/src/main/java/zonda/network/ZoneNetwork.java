package zonda.network;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import zonda.base.Code;
import zonda.base.OpException;

/**
 * All that one zone wants of the network.
 *
 * @param names what DNS answers its addresses for: alias and hostname. Those that are no host names are left out
 * @param routes vmadm(8)'s {@code routes}: from a destination (address or CIDR) to an address, {@code nics[N]} or {@code
 *     macs[MAC]}
 * @param emulator who emulates a machine in the zone: its NICs end in taps that are his, since a guest has the addresses;
 *     empty when the zone itself has them
 */
public record ZoneNetwork(
        UUID zone, List<String> names, List<NicSpec> nics, Map<String, String> routes, Optional<Emulator> emulator) {
    /**
     * An emulator.
     *
     * @param owner the host's id of who it runs as
     * @param multiqueue by their index, NICs whose frames come and go by several queues
     */
    public record Emulator(long owner, Set<Integer> multiqueue) {
        public Emulator {
            multiqueue = Set.copyOf(multiqueue);
        }
    }

    public ZoneNetwork(UUID zone, List<String> names, List<NicSpec> nics, Map<String, String> routes) {
        this(zone, names, nics, routes, Optional.empty());
    }

    public ZoneNetwork {
        names = List.copyOf(names);
        nics = List.copyOf(nics);
        routes = Map.copyOf(routes);
        for (NicSpec nic : nics) {
            if (!nic.zone().equals(zone)) {
                throw new OpException(Code.INVALID, "nic " + nic.interfaceName() + " is zone " + nic.zone() + "'s");
            }
        }
        if (nics.stream().map(NicSpec::index).distinct().count() != nics.size()) {
            throw new OpException(Code.INVALID, "two nics of zone " + zone + " have the same index");
        }
        if (nics.stream().map(NicSpec::interfaceName).distinct().count() != nics.size()) {
            throw new OpException(Code.INVALID, "two nics of zone " + zone + " have the same interface name");
        }
    }
}
