package zonda.vm;

import java.net.InetAddress;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import zonda.base.Cidr;
import zonda.base.Code;
import zonda.base.Json;
import zonda.base.Mac;
import zonda.base.OpException;

/** The two ways a payload says a NIC's addresses: ip, netmask and gateway of old, ips and gateways since. */
final class Nics {
    private static final String PRIVATE = "(10|192\\.168|172\\.(1[6-9]|2[0-9]|3[01]))\\..*";

    private Nics() {}

    /** With ips and gateways only. An ip whose netmask is missing stays, for the rules to complain of. */
    static Json.Obj modern(Json.Obj nic) {
        Json.Obj changed = nic;
        Optional<String> ip = nic.string("ip");
        if (ip.isPresent() && !nic.has("ips")) {
            Optional<String> text = ip.get().equals("dhcp") || ip.get().contains("/")
                    ? ip
                    : nic.string("netmask").flatMap(Nics::prefix).map(prefix -> ip.get() + "/" + prefix);
            if (text.isEmpty()) {
                return nic;
            }
            changed = changed.with("ips", Json.Arr.ofStrings(List.of(text.get())));
        }
        Optional<String> gateway = nic.string("gateway");
        if (gateway.isPresent() && !nic.has("gateways")) {
            changed = changed.with("gateways", Json.Arr.ofStrings(List.of(gateway.get())));
        }
        Json.Obj modern = changed.without("ip").without("netmask").without("gateway");
        return modern.string("mac")
                .map(mac -> modern.with("mac", canonical(mac)))
                .orElse(modern);
    }

    /** The address of its link, which can not have one of a group: IEEE 802. */
    static Mac link(Json.Obj nic) {
        return Mac.parse(nic.string("mac", "")).unicast();
    }

    /** NICs as their links are: the first is the primary one where none says so, and no link has a group's address. */
    static List<Json.Obj> links(List<Json.Obj> nics) {
        boolean hasPrimary = nics.stream().anyMatch(nic -> nic.bool("primary", false));
        return IntStream.range(0, nics.size())
                .mapToObj(i -> i > 0 || hasPrimary ? nics.get(i) : nics.get(i).with("primary", true))
                .map(nic -> nic.has("mac") ? nic.with("mac", link(nic).toString()) : nic)
                .toList();
    }

    /** Says which of the NICs that an update removes are not there. */
    static void warnOfMissing(Json.Obj update, VmConfig vm, Findings findings) {
        update.array("remove_nics").strings().stream()
                .map(Nics::canonical)
                .filter(mac -> vm.nics().stream()
                        .noneMatch(nic -> nic.string("mac", "").equals(mac)))
                .forEach(mac -> findings.warning("There is no NIC with the MAC address " + mac + ". Skipping..."));
    }

    /** @throws OpException FAILED for a NIC tag that is not there any more, before the VM goes down and can't come up */
    static void requireTags(String verb, VmConfig vm, Predicate<String> exists) {
        missingTags(vm, exists).findFirst().ifPresent(tag -> {
            throw new OpException(Code.FAILED, "Cannot " + verb + " vm: Invalid nic tag \"" + tag + "\"");
        });
    }

    /** The NIC tags that a VM's NICs name and that are not there. */
    static Stream<String> missingTags(VmConfig vm, Predicate<String> exists) {
        return vm.nics().stream().map(nic -> nic.string("nic_tag", "")).filter(exists.negate());
    }

    static Json.Obj withoutEmptyIps(Json.Obj nic) {
        return nic.has("ips") && nic.array("ips").items().isEmpty() ? nic.without("ips") : nic;
    }

    /** The first NIC with an IPv4 address outside of the private networks of RFC 1918, else the first. */
    static int nextPrimary(List<Json.Obj> nics) {
        return IntStream.range(0, nics.size())
                .filter(i -> nics.get(i).array("ips").strings().stream()
                        .anyMatch(ip -> ip.contains(".") && !ip.matches(PRIVATE)))
                .findFirst()
                .orElse(0);
    }

    /** Lower case, zero-padded; what is no MAC stays, for the rules to complain of. */
    static String canonical(String mac) {
        try {
            return Mac.parse(mac).toString();
        } catch (OpException e) {
            return mac;
        }
    }

    /** With ip, netmask and gateway besides, as get prints it. */
    static Json.Obj shown(Json.Obj nic) {
        Json.Obj shown = nic;
        List<String> ips = nic.array("ips").strings();
        if (!ips.isEmpty()) {
            // One of IPv4 stands for all, where there is one.
            String one = ips.stream()
                    .filter(ip -> ip.equals("dhcp") || ip.contains("."))
                    .findFirst()
                    .orElse(ips.getFirst());
            shown = shown.with("ip", one.replaceAll("/.*", ""));
            if (one.contains("/") && !one.contains(":")) {
                shown = shown.with("netmask", netmask(Cidr.parse(one).prefix()));
            }
        }
        List<String> ports = nic.array("blocked_outgoing_ports").strings();
        if (!ports.isEmpty()) {
            shown = shown.with(
                    "blocked_outgoing_ports", Json.Arr.of(ports.stream().map(port -> Json.of(Long.parseLong(port)))));
        }
        List<String> gateways = nic.array("gateways").strings();
        return gateways.isEmpty() ? shown : shown.with("gateway", gateways.getFirst());
    }

    private static String netmask(int prefix) {
        long mask = prefix == 0 ? 0 : 0xffff_ffffL << (32 - prefix) & 0xffff_ffffL;
        return (mask >> 24) + "." + (mask >> 16 & 255) + "." + (mask >> 8 & 255) + "." + (mask & 255);
    }

    /** The length of 255.255.255.0 and its like; empty for anything else. */
    private static Optional<Integer> prefix(String netmask) {
        try {
            InetAddress address = Cidr.parseAddress(netmask);
            int bits = 0;
            for (byte octet : address.getAddress()) {
                bits = bits << 8 | octet & 0xff;
            }
            int ones = Integer.bitCount(bits);
            return address.getAddress().length == 4 && Integer.numberOfLeadingZeros(~bits) == ones
                    ? Optional.of(ones)
                    : Optional.empty();
        } catch (OpException e) {
            return Optional.empty();
        }
    }

    /** Whether its addresses are known beforehand. */
    static boolean isStatic(Json.Obj nic) {
        return nic.array("ips").strings().stream().anyMatch(ip -> ip.contains("/"));
    }
}
