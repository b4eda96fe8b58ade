package zonda.network;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import zonda.base.Cidr;
import zonda.base.Code;
import zonda.base.Mac;
import zonda.base.OpException;
import zonda.kernel.Errno;
import zonda.kernel.KernelException;
import zonda.kernel.Link;
import zonda.kernel.NetNamespace;
import zonda.kernel.Route;
import zonda.kernel.RouteSocket;

/** Sets up the zone's end of its NICs, inside its network namespace and before anything of the zone runs. */
final class ZoneEnd {
    private static final Pattern NIC_GATEWAY = Pattern.compile("nics\\[([0-9]{1,3})]");
    private static final Pattern MAC_GATEWAY = Pattern.compile("macs\\[([0-9a-fA-F:]{11,17})]");
    private static final Cidr DEFAULT = Cidr.parse("0.0.0.0/0");

    private ZoneEnd() {}

    /** @param nics with the specification that each came from, in order */
    static void configure(NetNamespace namespace, List<AttachedNic> nics, Map<String, String> routes) {
        namespace.call(() -> {
            try (var socket = RouteSocket.open()) {
                socket.up(socket.link("lo").orElseThrow());
                Map<String, Link> links = new HashMap<>();
                for (AttachedNic nic : nics) {
                    Link link = socket.link(nic.interfaceName()).orElseThrow();
                    links.put(nic.interfaceName(), link);
                    acceptAdvertisements(nic.interfaceName(), nic.dynamic().contains(DynamicMethod.ADDRCONF));
                    nic.addresses().forEach(address -> socket.addAddress(link, address));
                    socket.up(link);
                    nic.gateway()
                            .ifPresent(gateway -> set(socket, new Route(DEFAULT, Optional.of(gateway), link.index())));
                }
                routes.forEach((destination, gateway) -> set(socket, route(links, nics, destination, gateway)));
            }
            return true;
        });
    }

    /**
     * An address that a router advertises would be refused by ip-nospoof unless the NIC is to have it; the zone would
     * prefer it as its source. One with a random identifier is refused always. 2 is for zones that forward, too
     * (Documentation/networking/ip-sysctl.rst).
     */
    private static void acceptAdvertisements(String link, boolean on) {
        Path settings = Path.of("/proc/sys/net/ipv6/conf", link);
        if (Files.exists(settings)) {
            write(settings.resolve("accept_ra"), on ? "2" : "0");
            write(settings.resolve("use_tempaddr"), "0");
            write(settings.resolve("addr_gen_mode"), "0");
        }
    }

    static void write(Path file, String value) {
        try {
            Files.writeString(file, value);
        } catch (IOException e) {
            throw new UncheckedIOException("write " + value + " to " + file + ": " + e, e);
        }
    }

    /** @throws OpException INVALID when it leads to where no NIC is */
    private static void set(RouteSocket socket, Route route) {
        try {
            socket.setRoute(route);
        } catch (KernelException e) {
            if (route.gateway().isPresent() && (e.is(Errno.ENETUNREACH) || e.is(Errno.EINVAL))) {
                throw new OpException(
                        Code.INVALID,
                        "Invalid gateway: \"" + route.gateway().get().getHostAddress() + "\" of route "
                                + route.destination() + " (it must be on the network of one of the VM's NICs)",
                        e);
            }
            throw e;
        }
    }

    private static Route route(Map<String, Link> links, List<AttachedNic> nics, String destination, String gateway) {
        Cidr to = destination(destination);
        return nicOf(nics, gateway)
                .map(nic -> Objects.requireNonNull(links.get(nic.interfaceName())))
                .map(link -> new Route(to, Optional.empty(), link.index()))
                .orElseGet(() -> new Route(to, Optional.of(Cidr.parseAddress(gateway)), 0));
    }

    /** Refuses what {@link #configure} could not set. @throws OpException INVALID with vmadm's words */
    static void check(List<NicSpec> nics, Map<String, String> routes) {
        routes.forEach((destination, gateway) -> {
            destination(destination);
            Matcher byIndex = NIC_GATEWAY.matcher(gateway);
            Matcher byMac = MAC_GATEWAY.matcher(gateway);
            boolean known = byIndex.matches()
                    ? nics.stream().anyMatch(nic -> nic.index() == Integer.parseInt(byIndex.group(1)))
                    : byMac.matches()
                            ? nics.stream().anyMatch(nic -> nic.mac().equals(Mac.parse(byMac.group(1))))
                            : isIpv4(gateway);
            if (!known) {
                throw new OpException(
                        Code.INVALID,
                        "Invalid route gateway: \"" + gateway + "\" (must be IP address, nic or mac of this VM)");
            }
        });
    }

    private static Cidr destination(String text) {
        try {
            Cidr cidr = Cidr.parseOrHost(text);
            if (cidr.isIpv4()) {
                return cidr.network();
            }
        } catch (OpException e) {
            throw new OpException(Code.INVALID, badDestination(text), e);
        }
        throw new OpException(Code.INVALID, badDestination(text));
    }

    private static String badDestination(String text) {
        return "Invalid route destination: \"" + text + "\" (must be IP address or CIDR)";
    }

    private static boolean isIpv4(String text) {
        try {
            InetAddress address = Cidr.parseAddress(text);
            return address.getAddress().length == 4;
        } catch (OpException e) {
            return false;
        }
    }

    private static Optional<AttachedNic> nicOf(List<AttachedNic> nics, String gateway) {
        Matcher byIndex = NIC_GATEWAY.matcher(gateway);
        if (byIndex.matches()) {
            return nics.stream()
                    .filter(nic -> nic.index() == Integer.parseInt(byIndex.group(1)))
                    .findFirst();
        }
        Matcher byMac = MAC_GATEWAY.matcher(gateway);
        return byMac.matches()
                ? nics.stream()
                        .filter(nic -> nic.mac().equals(Mac.parse(byMac.group(1))))
                        .findFirst()
                : Optional.empty();
    }
}
