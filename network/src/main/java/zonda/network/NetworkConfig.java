package zonda.network;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import zonda.base.Cidr;
import zonda.base.Code;
import zonda.base.Json;
import zonda.base.OpException;
import zonda.base.Spelling;
import zonda.network.NicTag.Uplink;

/** What {@code network.json} says. Names of etherstubs and NIC tags are one name space, as for nictagadm(8). */
public record NetworkConfig(List<Etherstub> etherstubs, List<NicTag> nicTags) {
    /** The file's name in the instance's state directory. */
    public static final String FILE = "network.json";

    public NetworkConfig {
        etherstubs = List.copyOf(etherstubs);
        nicTags = List.copyOf(nicTags);
        Set<String> seen = new HashSet<>();
        List<String> names = new ArrayList<>();
        etherstubs.forEach(stub -> names.add(stub.name()));
        nicTags.forEach(tag -> names.add(tag.name()));
        for (String name : names) {
            if (!seen.add(name)) {
                throw new OpException(Code.INVALID, FILE + ": \"" + name + "\" is there twice");
            }
        }
    }

    /** The embedded network: {@code stub0} with NAT, DHCP and DNS on the given /24. */
    static NetworkConfig embedded(Cidr network) {
        var stub = new Etherstub(
                "stub0",
                Optional.of(new Cidr(network.nth(1), network.prefix())),
                Optional.empty(),
                true,
                Optional.of(new DhcpRange(network.nth(64), network.nth(254))),
                true,
                Etherstub.DEFAULT_MTU);
        return new NetworkConfig(List.of(stub), List.of());
    }

    /** With these as well. @throws OpException INVALID when a name is there already */
    NetworkConfig with(NetworkConfig more) {
        return new NetworkConfig(
                Stream.concat(etherstubs.stream(), more.etherstubs.stream()).toList(),
                Stream.concat(nicTags.stream(), more.nicTags.stream()).toList());
    }

    NetworkConfig without(String name) {
        return new NetworkConfig(
                etherstubs.stream().filter(stub -> !stub.name().equals(name)).toList(),
                nicTags.stream().filter(tag -> !tag.name().equals(name)).toList());
    }

    /** With another etherstub in the place of that of its name. */
    NetworkConfig replacing(Etherstub stub) {
        return new NetworkConfig(
                etherstubs.stream()
                        .map(old -> old.name().equals(stub.name()) ? stub : old)
                        .toList(),
                nicTags);
    }

    /** With another NIC tag in the place of that of its name. */
    NetworkConfig replacing(NicTag tag) {
        return new NetworkConfig(
                etherstubs,
                nicTags.stream()
                        .map(old -> old.name().equals(tag.name()) ? tag : old)
                        .toList());
    }

    /** @throws OpException INVALID naming the key that is wrong */
    static NetworkConfig parse(Json.Obj file) {
        onlyKnown(file, FILE, "etherstubs", "nic_tags");
        List<Etherstub> stubs = objects(file, "etherstubs").stream()
                .map(NetworkConfig::etherstub)
                .toList();
        List<NicTag> tags =
                objects(file, "nic_tags").stream().map(NetworkConfig::nicTag).toList();
        return new NetworkConfig(stubs, tags);
    }

    private static Etherstub etherstub(Json.Obj object) {
        String name = required(object, "etherstubs", "name");
        onlyKnown(object, "etherstub " + name, "name", "address", "address6", "nat", "dhcp", "dns", "mtu");
        Optional<DhcpRange> range = object.has("dhcp") ? Optional.of(range(object, name)) : Optional.empty();
        return new Etherstub(
                name,
                string(object, name, "address").map(Cidr::parse),
                string(object, name, "address6").map(Cidr::parse),
                bool(object, name, "nat"),
                range,
                bool(object, name, "dns"),
                integer(object, name, "mtu", Etherstub.DEFAULT_MTU));
    }

    private static DhcpRange range(Json.Obj stub, String name) {
        Json.Obj range = stub.object("dhcp");
        onlyKnown(range, "etherstub " + name + " dhcp", "first", "last");
        return new DhcpRange(
                Cidr.parseAddress(required(range, name + ".dhcp", "first")),
                Cidr.parseAddress(required(range, name + ".dhcp", "last")));
    }

    private static NicTag nicTag(Json.Obj object) {
        String name = required(object, "nic_tags", "name");
        onlyKnown(object, "nic tag " + name, "name", "bridge", "nic");
        Optional<String> bridge = string(object, name, "bridge");
        Optional<String> nic = string(object, name, "nic");
        if (bridge.isPresent() == nic.isPresent()) {
            throw new OpException(Code.INVALID, "nic tag " + name + ": needs one of \"bridge\" and \"nic\"");
        }
        Uplink uplink = bridge.<Uplink>map(Uplink.ExistingBridge::new)
                .orElseGet(() -> new Uplink.PhysicalNic(nic.orElseThrow()));
        return new NicTag(name, uplink);
    }

    Json.Obj toJson() {
        var stubs = Json.Arr.of(etherstubs.stream().map(NetworkConfig::json));
        var tags = Json.Arr.of(nicTags.stream().map(NetworkConfig::json));
        return Json.object().with("etherstubs", stubs).with("nic_tags", tags);
    }

    private static Json.Obj json(Etherstub stub) {
        Json.Obj object = Json.object()
                .with("name", stub.name())
                .with("address", stub.address().map(Cidr::toString))
                .with("address6", stub.address6().map(Cidr::toString))
                .with("nat", stub.nat());
        if (stub.dhcp().isPresent()) {
            DhcpRange range = stub.dhcp().get();
            object = object.with(
                    "dhcp",
                    Json.object().with("first", Cidr.text(range.first())).with("last", Cidr.text(range.last())));
        }
        return object.with("dns", stub.dns()).with("mtu", stub.mtu());
    }

    private static Json.Obj json(NicTag tag) {
        String key = switch (tag.uplink()) {
            case Uplink.ExistingBridge _ -> "bridge";
            case Uplink.PhysicalNic _ -> "nic";
        };
        return Json.object().with("name", tag.name()).with(key, tag.uplink().link());
    }

    private static void onlyKnown(Json.Obj object, String where, String... known) {
        for (String key : object.members().keySet()) {
            if (!List.of(known).contains(key)) {
                String meant = Spelling.nearest(key, List.of(known))
                        .map(word -> ", did you mean \"" + word + "\"?")
                        .orElse("; known are " + String.join(", ", known));
                throw new OpException(Code.INVALID, where + ": unknown key \"" + key + "\"" + meant);
            }
        }
    }

    private static List<Json.Obj> objects(Json.Obj file, String name) {
        Json.Arr array = file.array(name);
        List<Json.Obj> objects = array.objects();
        if (objects.size() != array.items().size()
                || file.has(name) && !(file.get(name).get() instanceof Json.Arr)) {
            throw new OpException(Code.INVALID, FILE + ": \"" + name + "\" must be an array of objects");
        }
        return objects;
    }

    private static String required(Json.Obj object, String where, String name) {
        return object.string(name)
                .orElseThrow(() -> new OpException(Code.INVALID, where + ": \"" + name + "\" must be a string"));
    }

    private static Optional<String> string(Json.Obj object, String where, String name) {
        return object.has(name) ? Optional.of(required(object, where, name)) : Optional.empty();
    }

    private static boolean bool(Json.Obj object, String where, String name) {
        if (object.has(name) && !(object.get(name).get() instanceof Json.Bool)) {
            throw new OpException(Code.INVALID, where + ": \"" + name + "\" must be true or false");
        }
        return object.bool(name, false);
    }

    private static int integer(Json.Obj object, String where, String name, int otherwise) {
        if (object.has(name) && object.integer(name).isEmpty()) {
            throw new OpException(Code.INVALID, where + ": \"" + name + "\" must be a whole number");
        }
        return (int) Math.clamp(object.integer(name, otherwise), -1, Integer.MAX_VALUE);
    }
}
