package zonda.metadata;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import zonda.base.Code;
import zonda.base.Json;
import zonda.base.OpException;

/**
 * A VM's metadata, sorted by the kind of key: {@code sdc:…} is computed from the VM's record, {@code …_pw} and the
 * internal namespaces are the operator's to write, all else is the customer's.
 *
 * <p>What the operator keeps from the guest in internal_metadata can't be reached through {@code sdc:} either. A guest
 * can keep only so much here: the record is on the operator's disk.
 */
public final class MetadataNamespaces implements VmMetadata {
    static final int MOST_KEYS = 1024;
    static final int LONGEST_KEY = 255;
    static final long MOST_CHARACTERS = 4 << 20;

    private static final String SDC = "sdc:";
    private static final String PASSWORD = "_pw";
    private static final Pattern NIC_GATEWAY = Pattern.compile("nics\\[([0-9]+)]");
    private static final Pattern MAC_GATEWAY = Pattern.compile("macs\\[([0-9a-f:]+)]");

    private final Supplier<Json.Obj> vm;
    private final CustomerMetadata customer;

    /** @param vm the VM's record as {@code vmadm get} prints it, as it is now */
    public MetadataNamespaces(Supplier<Json.Obj> vm, CustomerMetadata customer) {
        this.vm = vm;
        this.customer = customer;
    }

    @Override
    public Optional<String> get(String key) {
        Json.Obj record = vm.get();
        if (key.startsWith(SDC)) {
            return computed(record, key.substring(SDC.length()));
        }
        String where = isPassword(key) || internalNamespace(record, key).isPresent()
                ? "internal_metadata"
                : "customer_metadata";
        return record.object(where).get(key).flatMap(MetadataNamespaces::text);
    }

    @Override
    public List<String> keys() {
        return List.copyOf(vm.get().object("customer_metadata").members().keySet());
    }

    @Override
    public void put(String key, String value) {
        Json.Obj record = vm.get();
        requireWritable(record, key);
        if (key.isBlank() || key.length() > LONGEST_KEY || key.chars().anyMatch(Character::isISOControl)) {
            throw new OpException(
                    Code.INVALID, "a key has 1 to " + LONGEST_KEY + " characters, none of them a control character");
        }
        requireRoom(record.object("customer_metadata"), key, value);
        customer.put(key, value);
    }

    private static void requireRoom(Json.Obj kept, String key, String value) {
        if (!kept.has(key) && kept.members().size() >= MOST_KEYS) {
            throw new OpException(Code.DENIED, "customer_metadata holds " + MOST_KEYS + " keys already");
        }
        long characters = key.length() + (long) value.length();
        for (Map.Entry<String, Json> entry : kept.without(key).members().entrySet()) {
            characters += entry.getKey().length()
                    + text(entry.getValue()).map(String::length).orElse(0);
        }
        if (characters > MOST_CHARACTERS) {
            throw new OpException(
                    Code.DENIED, "customer_metadata would hold more than " + MOST_CHARACTERS + " characters");
        }
    }

    @Override
    public void delete(String key) {
        requireWritable(vm.get(), key);
        customer.delete(key);
    }

    private static void requireWritable(Json.Obj record, String key) {
        Optional<String> readOnly = key.startsWith(SDC)
                ? Optional.of("sdc")
                : isPassword(key) ? Optional.of("internal") : internalNamespace(record, key);
        readOnly.ifPresent(name -> {
            throw new OpException(Code.DENIED, "Cannot update the \"" + name + "\" Namespace.");
        });
    }

    private static boolean isPassword(String key) {
        return key.endsWith(PASSWORD);
    }

    /** The internal namespace that the key is in: the part before its colon, if the VM declares that. */
    private static Optional<String> internalNamespace(Json.Obj record, String key) {
        int colon = key.indexOf(':');
        return colon < 0
                ? Optional.empty()
                : record.array("internal_metadata_namespaces").strings().stream()
                        .filter(key.substring(0, colon)::equals)
                        .findFirst();
    }

    private static Optional<String> computed(Json.Obj record, String name) {
        return switch (name) {
            case "operator-script" -> record.object("internal_metadata").string("operator-script");
            case "volumes" ->
                record.object("internal_metadata").get("sdc:volumes").flatMap(MetadataNamespaces::text);
            case "routes" -> Optional.of(routes(record).compact());
            case "nics", "resolvers" -> Optional.of(record.array(name).compact());
            default ->
                name.isEmpty() || name.startsWith("internal_metadata")
                        ? Optional.empty()
                        : at(record, name).flatMap(MetadataNamespaces::text);
        };
    }

    /** The value at a path such as {@code nics.0.ip}; a key with dots in it, as a tag may have, is found as a whole. */
    private static Optional<Json> at(Json value, String path) {
        if (path.isEmpty()) {
            return Optional.of(value);
        }
        int dot = path.indexOf('.');
        String first = dot < 0 ? path : path.substring(0, dot);
        String rest = dot < 0 ? "" : path.substring(dot + 1);
        return switch (value) {
            case Json.Obj object -> object.get(path).or(() -> object.get(first).flatMap(inner -> at(inner, rest)));
            case Json.Arr(List<Json> items) ->
                first.matches("[0-9]{1,4}") && Integer.parseInt(first) < items.size()
                        ? at(items.get(Integer.parseInt(first)), rest)
                        : Optional.empty();
            case Json.Null _, Json.Bool _, Json.Num _, Json.Str _ -> Optional.empty();
        };
    }

    private static Optional<String> text(Json value) {
        return switch (value) {
            case Json.Null _ -> Optional.empty();
            case Json.Str(String text) -> Optional.of(text);
            case Json.Bool _, Json.Num _, Json.Arr _, Json.Obj _ -> Optional.of(value.compact());
        };
    }

    /** The form that guest tools read: whether the gateway is a NIC of the VM, the destination, the gateway's address. */
    private static Json.Arr routes(Json.Obj record) {
        List<Json> routes = new ArrayList<>();
        for (Map.Entry<String, Json> route : record.object("routes").members().entrySet()) {
            String gateway = text(route.getValue()).orElse("");
            Optional<Json.Obj> nic = nicOf(record, gateway);
            routes.add(Json.object()
                    .with("linklocal", nic.isPresent())
                    .with("dst", route.getKey())
                    .with("gateway", nic.flatMap(own -> own.string("ip")).orElse(gateway)));
        }
        return new Json.Arr(routes);
    }

    private static Optional<Json.Obj> nicOf(Json.Obj record, String gateway) {
        List<Json.Obj> nics = record.array("nics").objects();
        Matcher byIndex = NIC_GATEWAY.matcher(gateway);
        if (byIndex.matches() && byIndex.group(1).length() < 4) {
            return nics.stream().skip(Integer.parseInt(byIndex.group(1))).findFirst();
        }
        Matcher byMac = MAC_GATEWAY.matcher(gateway);
        return byMac.matches()
                ? nics.stream()
                        .filter(nic -> nic.string("mac", "").equals(byMac.group(1)))
                        .findFirst()
                : Optional.empty();
    }
}
