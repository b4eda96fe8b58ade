package zonda.vm;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import zonda.base.Code;
import zonda.base.Json;
import zonda.base.Mac;
import zonda.base.OpException;

/**
 * Which VMs are meant by {@code key=value} and {@code key=~regex}, and the fields that list and lookup know: vmadm(8).
 */
public final class Query {
    private static final int TYPE_LENGTH = 4;

    private static final Set<String> DISK_FIELDS =
            Set.of("boot", "image_name", "image_size", "image_uuid", "size", "media", "model", "zpool");
    private static final Set<String> NIC_FIELDS =
            Set.of("dhcp_server", "gateway", "interface", "ip", "mac", "model", "netmask", "nic_tag", "vlan_id");

    private final Columns columns;

    public Query(Columns columns) {
        this.columns = columns;
    }

    /**
     * @param what the word that messages use: filter, lookup
     * @throws OpException USAGE for an unknown key or a bad regular expression
     */
    public Predicate<Json.Obj> parse(List<String> terms, String what) {
        List<Predicate<Json.Obj>> all = new ArrayList<>();
        for (String term : terms) {
            all.add(term(term, what));
        }
        return vm -> all.stream().allMatch(predicate -> predicate.test(vm));
    }

    private Predicate<Json.Obj> term(String term, String what) {
        int equals = term.indexOf('=');
        if (equals <= 0) {
            throw new OpException(Code.USAGE, "Invalid " + what + ": \"" + term + "\" (want key=value or key=~regex)");
        }
        String key = term.substring(0, equals);
        if (!isKey(key)) {
            throw new OpException(Code.USAGE, "Invalid " + what + " key: \"" + key + "\"");
        }
        String wanted = term.substring(equals + 1);
        if (wanted.startsWith("~")) {
            Pattern pattern = pattern(wanted.substring(1));
            return vm ->
                    values(vm, key).anyMatch(value -> pattern.matcher(value).find());
        }
        String exact = key.endsWith(".mac") ? mac(wanted) : wanted;
        return vm -> values(vm, key).anyMatch(exact::equals);
    }

    private static Pattern pattern(String text) {
        try {
            return Pattern.compile(text, Pattern.CASE_INSENSITIVE);
        } catch (PatternSyntaxException e) {
            throw new OpException(Code.USAGE, "Invalid regular expression \"" + text + "\": " + e.getDescription(), e);
        }
    }

    private static String mac(String text) {
        try {
            return Mac.parse(text).toString();
        } catch (OpException e) {
            return text;
        }
    }

    private boolean isKey(String key) {
        String[] parts = key.split("\\.", 3);
        if (parts.length == 1) {
            return columns.isColumn(key);
        }
        return switch (parts[0]) {
            case "tags", "customer_metadata", "internal_metadata" -> true;
            case "nics" -> parts.length == 3 && isIndex(parts[1]) && NIC_FIELDS.contains(parts[2]);
            case "disks" -> parts.length == 3 && isIndex(parts[1]) && DISK_FIELDS.contains(parts[2]);
            default -> false;
        };
    }

    private static boolean isIndex(String text) {
        return text.equals("*") || text.matches("[0-9]{1,4}");
    }

    /** The VM's values under a key, as text; several for a key with an asterisk. */
    public static Stream<String> values(Json.Obj vm, String key) {
        String[] parts = key.split("\\.", 3);
        if (parts.length == 1) {
            return value(vm, key).flatMap(Query::text).stream();
        }
        if (vm.get(parts[0]).orElse(Json.Obj.EMPTY) instanceof Json.Arr array && parts.length == 3) {
            List<Json.Obj> members = array.objects();
            return IntStream.range(0, members.size())
                    .filter(index -> parts[1].equals("*") || parts[1].equals(String.valueOf(index)))
                    .mapToObj(members::get)
                    .flatMap(member -> member.get(parts[2]).flatMap(Query::text).stream());
        }
        String rest = key.substring(parts[0].length() + 1);
        return vm.object(parts[0]).get(rest).flatMap(Query::text).stream();
    }

    /** A property of the VM, or one of the two that only list and lookup know: its type in four letters, and its ram. */
    static Optional<Json> value(Json.Obj vm, String name) {
        return switch (name) {
            case "type" -> Brand.find(vm.string("brand", "")).map(Query::type);
            case "ram" -> vm.get("ram").or(() -> vm.get("max_physical_memory"));
            default -> vm.get(name);
        };
    }

    private static Json type(Brand brand) {
        String type = brand.type();
        return Json.of(type.substring(0, Math.min(TYPE_LENGTH, type.length())));
    }

    static Optional<String> text(Json value) {
        return switch (value) {
            case Json.Null() -> Optional.empty();
            case Json.Str(String text) -> Optional.of(text);
            case Json.Num _, Json.Bool _ -> Optional.of(value.compact());
            case Json.Arr array -> Optional.of(String.join(",", array.strings()));
            case Json.Obj object -> Optional.of(object.compact());
        };
    }
}
