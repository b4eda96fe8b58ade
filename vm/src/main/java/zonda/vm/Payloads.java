package zonda.vm;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import zonda.base.Json;
import zonda.base.Spelling;
import zonda.vm.Property.Status;
import zonda.vm.Property.Type;
import zonda.vm.Property.Verb;

/**
 * Reads payloads by the property table: which names a verb takes for a brand, of which types, within which bounds.
 * What depends on several properties at once is {@link Rules}' and {@link Defaults}'.
 */
final class Payloads {
    private static final Map<String, String> OLD_NAMES =
            Map.of("dataset_uuid", "image_uuid", "zfs_storage_pool_name", "zpool");

    private static final List<String> ARRAYS = List.of("disks", "nics", "filesystems", "pci_devices");

    private final PropertyTable table;

    Payloads(PropertyTable table) {
        this.table = table;
    }

    /** The payload of typed values, with what is wrong noted and left out. Null stays, for update to clear by. */
    Json.Obj read(Json.Obj raw, Verb verb, Brand brand, Findings findings) {
        Map<String, Json> read = new LinkedHashMap<>();
        ARRAYS.stream()
                .filter(array -> raw.has(array) && raw.has("add_" + array))
                .forEach(array -> findings.rule("Cannot specify both \"" + array + "\" and \"add_" + array + "\""));
        raw.members().forEach((name, value) -> {
            String current = OLD_NAMES.getOrDefault(name, name);
            Optional<Property> property = table.find(current);
            if (property.isEmpty() || current.contains(".")) {
                findings.badProperty(name, unknown(name, table.topLevel()));
            } else if (!property.get().takenBy(verb, brand)) {
                findings.badProperty(name, refused(name, verb, brand));
            } else {
                value(property.get(), name, value, new Taking(verb, brand), findings)
                        .ifPresent(typed -> read.put(current, typed));
            }
        });
        return new Json.Obj(read);
    }

    private static boolean isEmpty(Json value) {
        return value instanceof Json.Null || (value instanceof Json.Str(String text) && text.isEmpty());
    }

    private Optional<Json> value(Property property, String at, Json value, Taking taking, Findings findings) {
        boolean unset = value instanceof Json.Null || (isEmpty(value) && property.type() != Type.UUID);
        Optional<Json> typed = unset ? Optional.empty() : Values.typed(property, value);
        if (unset || typed.filter(one -> Shapes.isUnset(property, one)).isPresent()) {
            return taking.verb() == Verb.UPDATE ? Optional.of(new Json.Null()) : Optional.empty();
        }
        if (typed.isEmpty()) {
            bad(property, at, findings);
            return Optional.empty();
        }
        if (!Shapes.fits(property, typed.get())) {
            // Kept, for rules that have words for it.
            bad(property, at, findings);
        }
        if (property.type() == Type.OBJECT_ARRAY) {
            typed = Optional.of(members(property, at, (Json.Arr) typed.get(), taking, findings));
        }
        if (property.status() == Status.LATER) {
            if (!isDefault(property, typed.get())) {
                findings.later(at);
            }
            return Optional.empty();
        }
        return typed;
    }

    private static void bad(Property property, String at, Findings findings) {
        if (property.name().contains(".")) {
            findings.badMember(property.name(), at);
        } else {
            findings.badValue(at);
        }
    }

    private static boolean isDefault(Property property, Json value) {
        return property.defaultValue().filter(value::equals).isPresent()
                || value.equals(new Json.Bool(false))
                || value.equals(Json.Obj.EMPTY)
                || value.equals(new Json.Arr(List.of()));
    }

    private record Taking(Verb verb, Brand brand) {}

    private Json.Arr members(Property array, String path, Json.Arr value, Taking taking, Findings findings) {
        String kind = array.check().startsWith("as:") ? array.check().substring(3) : array.name();
        Verb verb = array.name().startsWith("update_") ? Verb.UPDATE : Verb.ADD;
        List<Json> read = new ArrayList<>();
        int index = 0;
        for (Json.Obj member : value.objects()) {
            read.add(member(kind, path + "." + index, member, new Taking(verb, taking.brand()), findings));
            index++;
        }
        return new Json.Arr(read);
    }

    private Json.Obj member(String kind, String path, Json.Obj member, Taking taking, Findings findings) {
        Map<String, Json> read = new LinkedHashMap<>();
        member.members().forEach((name, value) -> {
            String at = path + "." + name;
            String anywhere = kind + ".*." + name;
            Optional<Property> property = table.find(kind, name);
            if (property.isEmpty()) {
                findings.badProperty(anywhere, unknown(at, table.members(kind)));
            } else if (!property.get().takenBy(taking.verb(), taking.brand())) {
                findings.badProperty(anywhere, refused(at, taking.verb(), taking.brand()));
            } else {
                value(property.get(), at, value, taking, findings).ifPresent(typed -> read.put(name, typed));
            }
        });
        return new Json.Obj(read);
    }

    private static String unknown(String path, List<String> known) {
        String name = path.substring(path.lastIndexOf('.') + 1);
        return Spelling.nearest(name, known)
                .map(near -> "warning: unknown property \"" + path + "\" is ignored (did you mean \"" + near + "\"?)")
                .orElse("warning: unknown property \"" + path + "\" is ignored");
    }

    private static String refused(String path, Verb verb, Brand brand) {
        String what = switch (verb) {
            case CREATE, ADD -> "create";
            case RECEIVE -> "receive";
            case UPDATE -> "update";
        };
        return "warning: property \"" + path + "\" is ignored: " + what + " does not take it for brand " + brand.word();
    }

    /**
     * Notes what a create of this brand lacks; what is there and wrong is not missing.
     *
     * @param read what {@link #read} made of it
     */
    void checkRequired(Json.Obj given, Json.Obj read, Brand brand, Findings findings) {
        for (Property property : table.all()) {
            String name = property.name();
            if (property.required().contains(brand)
                    && !read.has(name)
                    && isEmpty(given.members().getOrDefault(name, new Json.Null()))) {
                findings.missing(name);
            }
        }
    }
}
