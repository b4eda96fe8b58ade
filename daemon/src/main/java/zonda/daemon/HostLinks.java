package zonda.daemon;

import java.net.Inet4Address;
import java.net.InterfaceAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import zonda.base.Json;
import zonda.network.Networks;

/** The host's links as sysinfo(8) has them. A NIC that is in a bridge or a bond has the addresses of that. */
final class HostLinks {
    private static final Path NET = Path.of("/sys/class/net");
    private static final Path VLANS = Path.of("/proc/net/vlan/config");

    private final List<Networks.Tag> tags;

    HostLinks(List<Networks.Tag> tags) {
        this.tags = tags;
    }

    Json.Obj physical() {
        Json.Obj found = Json.object();
        for (String link : links(path -> Files.exists(path.resolve("device")))) {
            found = found.with(
                    link,
                    Json.object()
                            .with("MAC Address", HostFile.text(NET.resolve(link).resolve("address")))
                            .with("ip4addr", address(link).map(HostLinks::text).orElse(""))
                            .with("Link Status", status(link))
                            .with("NIC Names", Json.Arr.ofStrings(names(link))));
        }
        return found;
    }

    /** VLANs of the host's own: those of VMs are on switches. */
    Json.Obj virtual() {
        Json.Obj found = Json.object();
        for (String line : HostFile.lines(VLANS)) {
            String[] field = line.split("\\s*\\|\\s*");
            if (field.length != 3 || !field[1].matches("[0-9]+")) {
                continue;
            }
            String link = field[0].strip();
            Optional<InterfaceAddress> address = address(link);
            found = found.with(
                    link,
                    Json.object()
                            .with("MAC Address", HostFile.text(NET.resolve(link).resolve("address")))
                            .with("ip4addr", address.map(HostLinks::text).orElse(""))
                            .with("netmask", address.map(HostLinks::netmask).orElse(""))
                            .with("Link Status", status(link))
                            .with("Host Interface", field[2].strip())
                            .with("VLAN", field[1]));
        }
        return found;
    }

    Json.Obj aggregations() {
        Json.Obj found = Json.object();
        for (String link : links(path -> Files.isDirectory(path.resolve("bonding")))) {
            Path bonding = NET.resolve(link).resolve("bonding");
            String rate = HostFile.text(bonding.resolve("lacp_rate")).split(" ", 2)[0];
            found = found.with(
                    link,
                    Json.object()
                            .with(
                                    "LACP mode",
                                    HostFile.text(bonding.resolve("mode")).startsWith("802.3ad") ? rate : "off")
                            .with(
                                    "Interfaces",
                                    Json.Arr.ofStrings(Stream.of(HostFile.text(bonding.resolve("slaves"))
                                                    .split(" +"))
                                            .filter(name -> !name.isEmpty())
                                            .toList())));
        }
        return found;
    }

    /** The global zone's own IPv4 address on the link behind a NIC tag. */
    Optional<String> addressOn(String tag) {
        return tags.stream()
                .filter(one -> one.name().equals(tag))
                .findFirst()
                .flatMap(one -> one.uplink().flatMap(HostLinks::address).or(() -> address(one.bridge())))
                .map(HostLinks::text);
    }

    private List<String> names(String link) {
        Optional<String> master = master(link);
        return tags.stream()
                .filter(tag -> tag.uplink().filter(link::equals).isPresent()
                        || master.filter(tag.bridge()::equals).isPresent()
                        || master.equals(tag.uplink()) && master.isPresent())
                .map(Networks.Tag::name)
                .toList();
    }

    private static List<String> links(java.util.function.Predicate<Path> wanted) {
        return HostFile.list(NET).stream()
                .filter(wanted)
                .map(path -> String.valueOf(path.getFileName()))
                .toList();
    }

    private static String status(String link) {
        String state = HostFile.text(NET.resolve(link).resolve("operstate"));
        return state.equals("up") || state.equals("down") ? state : "unknown";
    }

    private static Optional<String> master(String link) {
        Path master = NET.resolve(link).resolve("master");
        return Files.exists(master)
                ? HostFile.list(NET).stream()
                        .filter(path -> isSame(path, master))
                        .map(path -> String.valueOf(path.getFileName()))
                        .findFirst()
                : Optional.empty();
    }

    private static boolean isSame(Path one, Path other) {
        return HostFile.text(one.resolve("ifindex")).equals(HostFile.text(other.resolve("ifindex")));
    }

    private static Optional<InterfaceAddress> address(String link) {
        try {
            Optional<InterfaceAddress> own = Optional.ofNullable(NetworkInterface.getByName(link)).stream()
                    .flatMap(found -> found.getInterfaceAddresses().stream())
                    .filter(address -> address.getAddress() instanceof Inet4Address)
                    .findFirst();
            return own.isPresent() ? own : master(link).flatMap(HostLinks::address);
        } catch (SocketException e) {
            return Optional.empty(); // The link went.
        }
    }

    private static String text(InterfaceAddress address) {
        return address.getAddress().getHostAddress();
    }

    private static String netmask(InterfaceAddress address) {
        int length = address.getNetworkPrefixLength();
        int mask = length == 0 ? 0 : -1 << (Integer.SIZE - length);
        return (mask >>> 24) + "." + ((mask >>> 16) & 0xff) + "." + ((mask >>> 8) & 0xff) + "." + (mask & 0xff);
    }
}
