package zonda.vm;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import zonda.base.Json;

/** What differs between two objects, as vminfod tells it: the changes that make the one of the other. */
public final class JsonDiff {
    /** What the members of a VM's arrays are known by. */
    static final Map<String, String> OF_VMS = Map.of("disks", "path", "nics", "mac", "filesystems", "target");

    /** How members of arrays are known again: by their value of this name. */
    private final Map<String, String> keys;

    private final List<Change> changes = new ArrayList<>();

    private JsonDiff(Map<String, String> keys) {
        this.keys = keys;
    }

    /**
     * One change.
     *
     * @param path names from the top; a member of an array is an empty one
     * @param ident what the member of an array that it is in is known by
     */
    public record Change(
            List<Optional<String>> path, Optional<Json> before, Optional<Json> after, Optional<String> ident) {
        public Change {
            path = List.copyOf(path);
        }

        /** Such as {@code nics.*.ip}. */
        public String prettyPath() {
            return String.join(".", path.stream().map(name -> name.orElse("*")).toList());
        }

        /** added, removed or changed */
        public String action() {
            if (before.isEmpty()) {
                return "added";
            }
            return after.isEmpty() ? "removed" : "changed";
        }

        public Json.Obj toJson() {
            Json.Obj json = Json.object()
                    .with(
                            "path",
                            Json.Arr.of(
                                    path.stream().map(name -> name.map(Json::of).orElseGet(Json.Null::new))))
                    .with("prettyPath", prettyPath())
                    .with("ident", ident)
                    .with("action", action());
            if (before.isPresent()) {
                json = json.with("oldValue", before.get());
            }
            return after.isPresent() ? json.with("newValue", after.get()) : json;
        }
    }

    /**
     * In the order of the names in the first, then those that only the second has.
     *
     * @param keys of arrays at the top, what their members are known by; those of other arrays are known by all they are
     */
    public static List<Change> between(Json.Obj before, Json.Obj after, Map<String, String> keys) {
        var diff = new JsonDiff(keys);
        diff.objects(List.of(), before, after, Optional.empty());
        return List.copyOf(diff.changes);
    }

    private void objects(List<Optional<String>> path, Json.Obj before, Json.Obj after, Optional<String> ident) {
        Set<String> names = new LinkedHashSet<>(before.members().keySet());
        names.addAll(after.members().keySet());
        for (String name : names) {
            values(below(path, Optional.of(name)), before.get(name), after.get(name), ident);
        }
    }

    private void values(
            List<Optional<String>> path, Optional<Json> before, Optional<Json> after, Optional<String> ident) {
        if (before.equals(after)) {
            return;
        }
        if (before.orElse(null) instanceof Json.Obj was && after.orElse(null) instanceof Json.Obj is) {
            objects(path, was, is, ident);
        } else if (before.orElse(null) instanceof Json.Arr was && after.orElse(null) instanceof Json.Arr is) {
            arrays(path, was, is, ident);
        } else {
            changes.add(new Change(path, before, after, ident));
        }
    }

    private void arrays(List<Optional<String>> path, Json.Arr before, Json.Arr after, Optional<String> ident) {
        Map<Object, Json> was = known(path, before);
        Map<Object, Json> is = known(path, after);
        List<Optional<String>> member = below(path, Optional.empty());
        was.forEach((key, value) -> {
            Optional<Json> now = Optional.ofNullable(is.get(key));
            Optional<String> of = key instanceof String name ? Optional.of(name) : ident;
            values(member, Optional.of(value), now, of);
        });
        is.forEach((key, value) -> {
            if (!was.containsKey(key)) {
                changes.add(new Change(
                        member,
                        Optional.empty(),
                        Optional.of(value),
                        key instanceof String name ? Optional.of(name) : ident));
            }
        });
    }

    private Map<Object, Json> known(List<Optional<String>> path, Json.Arr array) {
        Optional<String> key = path.size() == 1
                ? path.getFirst().flatMap(name -> Optional.ofNullable(keys.get(name)))
                : Optional.empty();
        var known = new LinkedHashMap<Object, Json>();
        for (Json item : array.items()) {
            Optional<String> ident = item instanceof Json.Obj object ? key.flatMap(object::string) : Optional.empty();
            known.put(ident.<Object>map(name -> name).orElse(item), item);
        }
        return known;
    }

    private static List<Optional<String>> below(List<Optional<String>> path, Optional<String> name) {
        var longer = new ArrayList<>(path);
        longer.add(name);
        return List.copyOf(longer);
    }
}
