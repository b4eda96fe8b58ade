package zonda.network;

import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.stream.Collectors;
import zonda.base.Cidr;
import zonda.base.Json;
import zonda.base.Mac;
import zonda.network.NicProtection.Allowed;

/** A NIC as it is recorded while its zone runs: enough to find it, to protect it again, and to take it away. */
record Attachment(AttachedNic nic, NicProtection protection) {
    Port port() {
        return new Port(nic.hostEnd(), nic.mac(), nic.addresses(), nic.dynamic(), protection);
    }

    Json.Obj toJson() {
        Json.Obj json = Json.object()
                .with("zone", nic.zone().toString())
                .with("index", nic.index())
                .with("interface", nic.interfaceName())
                .with("host_end", nic.hostEnd())
                .with("bridge", nic.bridge())
                .with("nic_tag", nic.nicTag())
                .with("mac", nic.mac().toString())
                .with("mtu", nic.mtu())
                .with("addresses", texts(nic.addresses()))
                .with("gateway", nic.gateway().map(Cidr::text))
                .with(
                        "resolvers",
                        Json.Arr.ofStrings(
                                nic.resolvers().stream().map(Cidr::text).toList()));
        json = json.with(
                "dynamic_methods",
                Json.Arr.ofStrings(
                        nic.dynamic().stream().map(Enum::name).sorted().toList()));
        var allowed = protection.allowed().stream().map(Allowed::name).sorted().toList();
        var ports = new TreeSet<>(protection.blockedPorts()).stream().map(Json::of);
        return json.with("allowed", Json.Arr.ofStrings(allowed))
                .with("allowed_ips", texts(protection.allowedIps()))
                .with("blocked_outgoing_ports", Json.Arr.of(ports));
    }

    static Attachment from(Json.Obj json) {
        var nic = new AttachedNic(
                UUID.fromString(json.string("zone", "")),
                (int) json.integer("index", 0),
                json.string("interface", ""),
                json.string("host_end", ""),
                json.string("bridge", ""),
                json.string("nic_tag", ""),
                Mac.parse(json.string("mac", "")),
                (int) json.integer("mtu", 0),
                cidrs(json, "addresses"),
                json.string("gateway").map(Cidr::parseAddress),
                json.array("resolvers").strings().stream()
                        .map(Cidr::parseAddress)
                        .toList(),
                named(json, "dynamic_methods", DynamicMethod.values()));
        Set<Allowed> allowed = named(json, "allowed", Allowed.values());
        Set<Integer> ports = json.array("blocked_outgoing_ports").items().stream()
                .filter(Json.Num.class::isInstance)
                .map(port -> ((Json.Num) port).value().intValue())
                .collect(Collectors.toSet());
        return new Attachment(nic, new NicProtection(allowed, cidrs(json, "allowed_ips"), ports));
    }

    private static <E extends Enum<E>> Set<E> named(Json.Obj json, String member, E[] known) {
        List<String> names = json.array(member).strings();
        return Arrays.stream(known).filter(one -> names.contains(one.name())).collect(Collectors.toSet());
    }

    private static Json.Arr texts(List<Cidr> cidrs) {
        return Json.Arr.ofStrings(cidrs.stream().map(Cidr::toString).toList());
    }

    private static List<Cidr> cidrs(Json.Obj json, String name) {
        return json.array(name).strings().stream().map(Cidr::parse).toList();
    }
}
