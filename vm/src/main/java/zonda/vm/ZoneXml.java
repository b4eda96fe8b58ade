package zonda.vm;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import zonda.base.Code;
import zonda.base.Json;
import zonda.base.OpException;
import zonda.vm.Property.Type;

/**
 * A VM's properties as the zone configuration of zonecfg(8), and back, by where the property table says that each is
 * stored. What that file has no place for is in an attr of our own, as JSON, so that reading what was written gives the
 * same properties again.
 */
final class ZoneXml {
    /** The name of the attr that holds what zonecfg(8) has no place for. */
    static final String REST = "zonda-properties";

    private static final Set<String> IN_BASE64 = Set.of(
            "alias",
            "bhyve-extra-opts",
            "qemu-extra-opts",
            "qemu-opts",
            "spice-opts",
            "spice-password",
            "vnc-password");
    private static final Set<String> IN_BYTES =
            Set.of("max-physical-memory", "max-locked-memory", "max-swap", "max-shm-memory");
    private static final Set<String> WEIGHTS = Set.of("cpu-shares", "zfs-io-priority");
    private static final int MIB_BITS = 20;

    private final Map<String, Property> attrs;
    private final Map<String, Property> rctls;
    private final ZoneResources resources;

    ZoneXml(PropertyTable table) {
        this.attrs = storedAs(table, "attr ");
        this.rctls = storedAs(table, "rctl ");
        this.resources = new ZoneResources(table);
    }

    /** The settable properties that are kept there, by the name that they have there. */
    static Map<String, Property> storedAs(PropertyTable table, String prefix) {
        return table.all().stream()
                .filter(property -> property.stored().startsWith(prefix) && property.type() != Type.READ_ONLY)
                .collect(Collectors.toMap(
                        property -> property.stored().substring(prefix.length()),
                        property -> property,
                        (one, _) -> one,
                        LinkedHashMap::new));
    }

    /** The whole zone element. */
    XmlElement write(Json.Obj properties, Path zonepath) {
        XmlElement zone = XmlElement.of("zone")
                .with(
                        "name",
                        properties
                                .string("zonename")
                                .filter(XmlElement::canHold)
                                .orElse(""))
                .with("zonepath", zonepath.toString())
                .with("autoboot", String.valueOf(properties.bool("autoboot", true)))
                .with("brand", properties.string("brand", ""))
                .with("ip-type", "exclusive");
        zone = withList(zone, "limitpriv", properties.array("limit_priv"));
        zone = withList(zone, "fs-allowed", properties.array("fs_allowed"));
        var children = new ArrayList<XmlElement>();
        attrs.forEach((name, property) -> properties
                .get(property.name())
                .flatMap(value -> text(value))
                .ifPresent(text -> children.add(attr(name, IN_BASE64.contains(name) ? encoded(text) : text))));
        rctls.forEach((name, property) -> properties
                .integer(property.name())
                .ifPresent(value -> children.add(rctl(name, IN_BYTES.contains(name) ? value << MIB_BITS : value))));
        children.addAll(resources.write(properties));
        XmlElement plain = zone.with(children);
        return rest(properties, read(plain, uuid(properties)))
                .map(rest -> plain.with(attr(REST, json(rest))))
                .orElse(plain);
    }

    /** As JSON without a character that XML can't hold: in a JSON text such can only be in a string. */
    static String json(Json value) {
        var out = new StringBuilder();
        for (char c : value.compact().toCharArray()) {
            out.append(XmlElement.canHold(String.valueOf(c)) ? c : String.format("\\u%04x", (int) c));
        }
        return out.toString();
    }

    private static UUID uuid(Json.Obj properties) {
        return UUID.fromString(properties.string("uuid", ""));
    }

    /** What reading would not give. */
    private static Optional<Json.Obj> rest(Json.Obj properties, Json.Obj read) {
        var rest = new LinkedHashMap<String, Json>();
        properties.members().forEach((name, value) -> {
            if (!read.get(name).equals(Optional.of(value))) {
                rest.put(name, value);
            }
        });
        return rest.isEmpty() ? Optional.empty() : Optional.of(new Json.Obj(rest));
    }

    private static XmlElement withList(XmlElement zone, String attribute, Json.Arr values) {
        return text(values)
                .filter(words -> !words.isEmpty())
                .map(words -> zone.with(attribute, words))
                .orElse(zone);
    }

    static XmlElement attr(String name, String value) {
        return XmlElement.of("attr").with("name", name).with("type", "string").with("value", value);
    }

    private static XmlElement rctl(String name, long limit) {
        return XmlElement.of("rctl")
                .with("name", "zone." + name)
                .with(XmlElement.of("rctl-value")
                        .with("priv", "privileged")
                        .with("limit", String.valueOf(limit))
                        .with("action", WEIGHTS.contains(name) ? "none" : "deny"));
    }

    private static String encoded(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }

    /** Text that is not base64 is taken as it is: somebody wrote it by hand. */
    private static String decoded(String text) {
        try {
            return new String(Base64.getDecoder().decode(text), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            return text;
        }
    }

    /** A scalar, or a list of them, as an attribute's value; empty when it can't be one. */
    static Optional<String> text(Json value) {
        Optional<String> text = value instanceof Json.Arr(List<Json> items)
                ? Optional.of(
                        items.stream().flatMap(item -> scalar(item).stream()).collect(Collectors.joining(",")))
                : scalar(value);
        return text.filter(XmlElement::canHold);
    }

    private static Optional<String> scalar(Json value) {
        return switch (value) {
            case Json.Str(String string) -> Optional.of(string);
            case Json.Num number -> Optional.of(number.compact());
            case Json.Bool(boolean bool) -> Optional.of(String.valueOf(bool));
            default -> Optional.empty();
        };
    }

    /** The properties that a zone element holds. @throws OpException INVALID when the attr of our own is not JSON */
    Json.Obj read(XmlElement zone, UUID uuid) {
        Json.Obj found = Json.object()
                .with("uuid", uuid.toString())
                .with("zonename", zone.attribute("name", uuid.toString()))
                .with("brand", zone.attribute("brand", ""))
                .with("autoboot", zone.attribute("autoboot", "").equals("true"));
        if (zone.attribute("limitpriv").isPresent()) {
            found = found.with("limit_priv", list(zone.attribute("limitpriv", "")));
        }
        if (zone.attribute("fs-allowed").isPresent()) {
            found = found.with("fs_allowed", list(zone.attribute("fs-allowed", "")));
        }
        Json.Obj rest = Json.object();
        for (XmlElement attr : zone.children("attr")) {
            String name = attr.attribute("name", "");
            String value = attr.attribute("value", "");
            Property property = attrs.get(name);
            if (name.equals(REST)) {
                rest = rest(value);
            } else if (property != null) {
                found = found.with(property.name(), value(property, IN_BASE64.contains(name) ? decoded(value) : value));
            }
        }
        for (XmlElement rctl : zone.children("rctl")) {
            found = readRctl(found, rctl);
        }
        return resources.read(zone, found).withAll(rest);
    }

    private static Json.Obj rest(String text) {
        try {
            return Json.parseObject(text);
        } catch (Json.JsonSyntaxException e) {
            throw new OpException(Code.INVALID, "the attr " + REST + " is not JSON: " + e.getMessage(), e);
        }
    }

    private Json.Obj readRctl(Json.Obj found, XmlElement rctl) {
        String name = rctl.attribute("name", "").replaceFirst("^zone\\.", "");
        Property property = rctls.get(name);
        Optional<String> limit =
                rctl.children("rctl-value").stream().findFirst().flatMap(value -> value.attribute("limit"));
        if (property == null || limit.filter(text -> text.matches("\\d{1,18}")).isEmpty()) {
            return found;
        }
        long value = Long.parseLong(limit.get());
        return found.with(property.name(), IN_BYTES.contains(name) ? value >> MIB_BITS : value);
    }

    /** A value of the property's type; text that can't be one stays text. */
    static Json value(Property property, String text) {
        return switch (property.type()) {
            case INTEGER -> number(text).orElseGet(() -> Json.of(text));
            case BOOLEAN -> Json.of(text.equals("true"));
            case LIST -> list(text);
            default -> Json.of(text);
        };
    }

    private static Optional<Json> number(String text) {
        return text.matches("-?\\d{1,18}") ? Optional.of(Json.of(Long.parseLong(text))) : Optional.empty();
    }

    private static Json.Arr list(String text) {
        return Json.Arr.ofStrings(text.isEmpty() ? List.of() : List.of(text.split(",", -1)));
    }
}
