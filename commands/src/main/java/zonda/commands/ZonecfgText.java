package zonda.commands;

import java.util.List;
import java.util.Map;
import zonda.vm.XmlElement;

/** A zone's configuration in zonecfg(8)'s words: for people (info), and as the script that makes it (export). */
final class ZonecfgText {
    /** Resource types as zonecfg calls them, by the elements of its file, in the order of a listing. */
    static final Map<String, String> ELEMENTS = Map.of(
            "fs",
            "filesystem",
            "net",
            "network",
            "device",
            "device",
            "rctl",
            "rctl",
            "attr",
            "attr",
            "dataset",
            "dataset");

    static final List<String> RESOURCES = List.of("fs", "net", "device", "rctl", "attr", "dataset");
    private static final List<String> NET = List.of("global-nic", "mac-addr", "physical", "vlan-id");
    private static final List<String> UNSET = List.of("address", "allowed-address", "defrouter");

    private ZonecfgText() {}

    static String info(XmlElement zone) {
        var out = new StringBuilder();
        for (String property : List.of("zonename", "zonepath", "brand", "autoboot", "bootargs", "pool")) {
            out.append(global(zone, property));
        }
        for (String property : List.of("limitpriv", "scheduling-class", "ip-type", "hostid", "fs-allowed")) {
            out.append(global(zone, property));
        }
        RESOURCES.forEach(
                resource -> out.append(info(zone.children(ELEMENTS.getOrDefault(resource, resource)), resource)));
        return out.toString();
    }

    /** One property of the zone's own, as {@code info PROPERTY} has it. */
    static String global(XmlElement zone, String property) {
        String value = zone.attribute(property.equals("zonename") ? "name" : property, "");
        return property + ":" + (value.isEmpty() ? "" : " " + value) + "\n";
    }

    /** These resources of a type. */
    static String info(List<XmlElement> elements, String resource) {
        var out = new StringBuilder();
        for (XmlElement element : elements) {
            out.append(resource).append(":\n");
            switch (resource) {
                case "net" -> {
                    UNSET.forEach(name -> out.append(valueOrNot(element, name)));
                    NET.forEach(name -> out.append(valueOrNot(element, name)));
                    properties(out, element);
                }
                case "rctl" -> {
                    out.append(value(element, "name"));
                    element.children()
                            .forEach(limit ->
                                    out.append("\tvalue: ").append(limit(limit)).append('\n'));
                }
                case "fs" -> {
                    out.append(renamed(element, "directory", "dir"));
                    out.append(value(element, "special"));
                    out.append(valueOrNot(element, "raw"));
                    out.append(value(element, "type"));
                    out.append("\toptions: ").append(options(element)).append('\n');
                }
                case "device" -> {
                    out.append(value(element, "match"));
                    properties(out, element);
                }
                default -> element.attributes().keySet().forEach(name -> out.append(value(element, name)));
            }
        }
        return out.toString();
    }

    private static void properties(StringBuilder out, XmlElement element) {
        element.children()
                .forEach(one -> out.append("\tproperty: ").append(property(one)).append('\n'));
    }

    private static String value(XmlElement element, String name) {
        return renamed(element, name, name);
    }

    private static String renamed(XmlElement element, String attribute, String name) {
        return "\t" + name + ": " + element.attribute(attribute, "") + "\n";
    }

    private static String valueOrNot(XmlElement element, String name) {
        return element.attribute(name)
                .map(value -> "\t" + name + ": " + value + "\n")
                .orElse("\t" + name + " not specified\n");
    }

    private static String limit(XmlElement limit) {
        return "(priv=" + limit.attribute("priv", "") + ",limit=" + limit.attribute("limit", "") + ",action="
                + limit.attribute("action", "") + ")";
    }

    private static String property(XmlElement property) {
        return "(name=" + property.attribute("name", "") + ",value=\"" + property.attribute("value", "") + "\")";
    }

    private static String options(XmlElement filesystem) {
        return "["
                + String.join(
                        ",",
                        filesystem.children().stream()
                                .map(option -> option.attribute("name", ""))
                                .toList())
                + "]";
    }

    /** Subcommands that make the zone anew. */
    static String export(XmlElement zone) {
        var out = new StringBuilder("create -b\n");
        for (String property : List.of("zonepath", "brand", "autoboot", "limitpriv", "ip-type", "fs-allowed")) {
            zone.attribute(property).ifPresent(value -> out.append(set(property, value)));
        }
        for (String resource : RESOURCES) {
            for (XmlElement element : zone.children(ELEMENTS.getOrDefault(resource, resource))) {
                out.append("add ").append(resource).append('\n');
                element.attributes()
                        .forEach((name, value) -> out.append(set(name.equals("directory") ? "dir" : name, value)));
                element.children()
                        .forEach(child -> out.append(
                                switch (child.name()) {
                                    case "rctl-value" -> "add value " + limit(child) + "\n";
                                    case "fsoption" -> "add options [" + child.attribute("name", "") + "]\n";
                                    default -> "add property " + property(child) + "\n";
                                }));
                out.append("end\n");
            }
        }
        return out.toString();
    }

    private static String set(String name, String value) {
        boolean plain = value.matches("[A-Za-z0-9._/:@+-]+");
        return "set " + name + "=" + (plain ? value : "\"" + value + "\"") + "\n";
    }
}
