package zonda.commands;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import zonda.base.Code;
import zonda.base.OpException;
import zonda.vm.XmlElement;

/** A zone's configuration while zonecfg(8)'s subcommands change it; nothing else knows of the changes. */
final class ZonecfgEdit {
    private static final Set<String> GLOBAL =
            Set.of("autoboot", "limitpriv", "fs-allowed", "ip-type", "brand", "zonepath");
    /** Limits that may be set like properties of the zone itself. */
    private static final Set<String> LIMITS =
            Set.of("cpu-shares", "max-lwps", "max-msg-ids", "max-sem-ids", "max-shm-ids", "max-shm-memory", "max-swap");

    private static final Map<String, Set<String>> PROPERTIES = Map.of(
            "fs", Set.of("dir", "special", "raw", "type"),
            "net", Set.of("physical", "mac-addr", "vlan-id", "global-nic", "address", "allowed-address", "defrouter"),
            "device", Set.of("match"),
            "rctl", Set.of("name"),
            "attr", Set.of("name", "type", "value"),
            "dataset", Set.of("name"));

    private XmlElement zone;
    /** The type of the resource that is being added or was selected. */
    private Optional<String> type = Optional.empty();

    private XmlElement resource = XmlElement.of("none");
    /** What the resource takes the place of. */
    private Optional<XmlElement> selected = Optional.empty();

    private boolean changed;

    ZonecfgEdit(XmlElement zone) {
        this.zone = zone;
    }

    XmlElement zone() {
        return zone;
    }

    /** Whether anything differs from what was committed last. */
    boolean isChanged() {
        return changed;
    }

    void committed() {
        changed = false;
    }

    void revert(XmlElement committed) {
        zone = committed;
        type = Optional.empty();
        changed = false;
    }

    /** The type of the resource that is open, as the prompt shows it. */
    Optional<String> open() {
        return type;
    }

    void add(List<String> words) {
        if (type.isPresent()) {
            addWithin(words);
            return;
        }
        String named = require(words, "add", "the type of a resource");
        requireType(named);
        type = Optional.of(named);
        selected = Optional.empty();
        resource = XmlElement.of(element(named));
        if (named.equals("attr")) {
            resource = resource.with("name", "").with("type", "string");
        }
    }

    /** {@code add property (name=N,value=V)}, {@code add value (priv=…)}, {@code add options [a,b]}. */
    private void addWithin(List<String> words) {
        String what = require(words, "add", "property, value or options");
        String value = words.size() > 1 ? words.get(1) : "";
        switch (what + " of " + type.orElseThrow()) {
            case "property of net", "property of device" ->
                resource = resource.with(complex("net-attr", value, List.of("name", "value")));
            case "value of rctl" ->
                resource = resource.with(complex("rctl-value", value, List.of("priv", "limit", "action")));
            case "options of fs" -> {
                for (String option : value.replaceAll("^\\[|]$", "").split(",")) {
                    resource = resource.with(XmlElement.of("fsoption").with("name", option));
                }
            }
            default -> throw usage("a " + type.get() + " takes no " + what);
        }
    }

    private static XmlElement complex(String element, String text, List<String> names) {
        Map<String, String> values = pairs(text.replaceAll("^\\(|\\)$", ""));
        XmlElement complex = XmlElement.of(element);
        for (String name : names) {
            String value = values.remove(name);
            if (value == null) {
                throw usage(name + " is missing in " + text);
            }
            if (name.equals("limit")) {
                requireNumber(value);
            }
            complex = complex.with(name, value);
        }
        if (!values.isEmpty()) {
            throw usage(values.keySet().iterator().next() + " is unknown in " + text);
        }
        return complex;
    }

    /** Commas separate pairs only where another name and {@code =} follow: values have commas of their own. */
    private static Map<String, String> pairs(String text) {
        var values = new LinkedHashMap<String, String>();
        for (String pair : text.split(",(?=[a-z-]+=)")) {
            String[] halves = pair.split("=", 2);
            values.put(halves[0].strip(), halves.length > 1 ? halves[1] : "");
        }
        return values;
    }

    void select(List<String> words) {
        requireClosed("select");
        String named = require(words, "select", "the type of a resource");
        requireType(named);
        XmlElement one = only(named, words.subList(1, words.size()));
        type = Optional.of(named);
        selected = Optional.of(one);
        resource = one;
    }

    private XmlElement only(String named, List<String> filters) {
        List<XmlElement> matching = matching(named, filters);
        if (matching.size() != 1) {
            throw new OpException(
                    Code.FAILED,
                    (matching.isEmpty() ? "no " : matching.size() + " resources of type ") + named
                            + (matching.isEmpty() ? " resource" : "") + " match"
                            + (matching.isEmpty() ? "es" : "") + ": " + String.join(" ", filters));
        }
        return matching.getFirst();
    }

    /** @param filters each property=value */
    List<XmlElement> matching(String named, List<String> filters) {
        return zone.children(element(named)).stream()
                .filter(one -> filters.stream().allMatch(filter -> matches(one, filter)))
                .toList();
    }

    private static boolean matches(XmlElement one, String filter) {
        String[] halves = filter.split("=", 2);
        return halves.length == 2 && one.attribute(attribute(halves[0])).equals(Optional.of(halves[1]));
    }

    void set(List<String> words) {
        String[] halves = require(words, "set", "property=value").split("=", 2);
        if (halves.length < 2) {
            throw usage("set wants property=value");
        }
        String name = halves[0];
        String value = words.size() > 1 ? halves[1] + String.join(" ", words.subList(1, words.size())) : halves[1];
        if (type.isPresent()) {
            requireProperty(type.get(), name);
            resource = resource.with(attribute(name), value);
        } else if (GLOBAL.contains(name)) {
            change(value.isEmpty() ? zone.without(name) : zone.with(name, value));
        } else if (LIMITS.contains(name)) {
            limit(name, value);
        } else {
            throw usage("a zone has no property " + name);
        }
    }

    private static void requireNumber(String limit) {
        if (!limit.matches("\\d{1,18}")) {
            throw usage("a limit is a number, and " + limit + " is none");
        }
    }

    private void limit(String name, String value) {
        requireNumber(value);
        XmlElement limit = XmlElement.of("rctl")
                .with("name", "zone." + name)
                .with(XmlElement.of("rctl-value")
                        .with("priv", "privileged")
                        .with("limit", value)
                        .with("action", name.equals("cpu-shares") ? "none" : "deny"));
        change(withoutLimit(name).with(limit));
    }

    private XmlElement withoutLimit(String name) {
        return zone.drop(
                one -> one.name().equals("rctl") && one.attribute("name", "").equals("zone." + name));
    }

    void clear(List<String> words) {
        String name = require(words, "clear", "a property");
        if (type.isPresent()) {
            requireProperty(type.get(), name);
            resource = resource.without(attribute(name));
        } else if (LIMITS.contains(name)) {
            change(withoutLimit(name));
        } else if (GLOBAL.contains(name)) {
            change(zone.without(name));
        } else {
            throw usage("a zone has no property " + name);
        }
    }

    /** Resources of the zone, or what an open resource has several of. @param force removes several at once */
    void remove(List<String> words, boolean force) {
        String named = require(words, "remove", "the type of a resource");
        List<String> filters = words.subList(1, words.size());
        if (type.isPresent()) {
            removeWithin(named, filters);
            return;
        }
        requireType(named);
        List<XmlElement> matching = force ? matching(named, filters) : List.of(only(named, filters));
        change(zone.drop(matching::contains));
    }

    private void removeWithin(String what, List<String> words) {
        String value = words.isEmpty() ? "" : words.getFirst().replaceAll("^[(\\[]|[)\\]]$", "");
        Map<String, String> wanted = what.equals("options") ? Map.of("name", value) : pairs(value);
        XmlElement fewer = resource.drop(child -> child.attributes().entrySet().containsAll(wanted.entrySet()));
        if (fewer.equals(resource)) {
            throw new OpException(Code.FAILED, "the " + type.orElseThrow() + " has no " + what + " " + value);
        }
        resource = fewer;
    }

    void end() {
        if (type.isEmpty()) {
            throw usage("end has nothing to end");
        }
        List<XmlElement> children = new ArrayList<>(zone.children());
        if (selected.isPresent()) {
            children.set(children.indexOf(selected.get()), resource);
        } else {
            children.add(resource);
        }
        change(zone.with(children));
        type = Optional.empty();
    }

    void cancel() {
        if (type.isEmpty()) {
            throw usage("cancel has nothing to cancel");
        }
        type = Optional.empty();
    }

    private void change(XmlElement next) {
        changed |= !next.equals(zone);
        zone = next;
    }

    void requireClosed(String verb) {
        if (type.isPresent()) {
            throw usage(verb + ": end or cancel the " + type.get() + " first");
        }
    }

    private static String element(String named) {
        return ZonecfgText.ELEMENTS.getOrDefault(named, named);
    }

    private static String attribute(String property) {
        return property.equals("dir") ? "directory" : property;
    }

    private static void requireType(String named) {
        if (!ZonecfgText.ELEMENTS.containsKey(named)) {
            throw usage("no resource is called " + named + "; there are " + String.join(", ", ZonecfgText.RESOURCES));
        }
    }

    private static void requireProperty(String named, String property) {
        if (!PROPERTIES.getOrDefault(named, Set.of()).contains(property)) {
            throw usage("a " + named + " has no property " + property);
        }
    }

    private static String require(List<String> words, String verb, String what) {
        if (words.isEmpty()) {
            throw usage(verb + " wants " + what);
        }
        return words.getFirst();
    }

    private static OpException usage(String message) {
        return new OpException(Code.USAGE, message);
    }
}
