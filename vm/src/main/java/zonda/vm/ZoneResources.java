package zonda.vm;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import zonda.base.Json;

/** The resources of zonecfg(8) that a zone can have several of: networks, devices, filesystems and datasets. */
final class ZoneResources {
    /** What is an attribute of a network itself; the others are net-attr elements in it. */
    private static final Set<String> OF_NETWORK = Set.of("physical", "mac-addr", "vlan-id", "global-nic");

    private static final Pattern VOLUME = Pattern.compile("/dev/zvol/.*[-/]disk([0-9]{1,8})");
    private static final String FILESYSTEM = "zone.filesystem.";

    private final Map<String, Property> networks;
    private final Map<String, Property> disks;
    private final Map<String, Property> pciDevices;
    private final Map<String, Property> filesystems;

    ZoneResources(PropertyTable table) {
        this.networks = membersOf(table, "nics", "net/");
        this.disks = membersOf(table, "disks", "device/");
        this.pciDevices = membersOf(table, "pci_devices", "device/");
        this.filesystems = membersOf(table, "filesystems", FILESYSTEM);
    }

    private static Map<String, Property> membersOf(PropertyTable table, String array, String prefix) {
        var members = new LinkedHashMap<String, Property>();
        for (String member : table.members(array)) {
            table.find(array, member)
                    .filter(property ->
                            property.stored().startsWith(prefix) && property.type() != Property.Type.READ_ONLY)
                    .ifPresent(property -> members.put(property.stored().substring(prefix.length()), property));
        }
        return members;
    }

    List<XmlElement> write(Json.Obj properties) {
        var found = new ArrayList<XmlElement>();
        properties.array("filesystems").objects().forEach(one -> found.add(filesystem(one)));
        properties.array("nics").objects().forEach(nic -> found.add(with(XmlElement.of("network"), nic, networks)));
        found.addAll(devices(properties.array("disks"), disks, false));
        found.addAll(devices(properties.array("pci_devices"), pciDevices, true));
        properties.array("datasets").strings().stream()
                .filter(XmlElement::canHold)
                .forEach(dataset -> found.add(XmlElement.of("dataset").with("name", dataset)));
        return found;
    }

    /** A device is known by its path for a disk or for one that is passed through. */
    private static List<XmlElement> devices(Json.Arr devices, Map<String, Property> members, boolean passedThrough) {
        return devices.objects().stream()
                .map(device -> with(XmlElement.of("device"), device, members))
                .filter(device -> device.attribute("match").isPresent() && isPassedThrough(device) == passedThrough)
                .toList();
    }

    private static boolean isPassedThrough(XmlElement device) {
        return device.attribute("match", "").startsWith("/devices/");
    }

    private static XmlElement with(XmlElement empty, Json.Obj object, Map<String, Property> members) {
        XmlElement element = empty;
        var attributes = new ArrayList<XmlElement>();
        for (var member : members.entrySet()) {
            String name = member.getKey();
            var text = object.get(member.getValue().member()).flatMap(ZoneXml::text);
            if (text.isPresent() && isOwn(name)) {
                element = element.with(name, text.get());
            } else if (text.isPresent()) {
                attributes.add(XmlElement.of("net-attr").with("name", name).with("value", text.get()));
            }
        }
        return element.with(attributes);
    }

    private static boolean isOwn(String name) {
        return OF_NETWORK.contains(name) || name.equals("match");
    }

    private XmlElement filesystem(Json.Obj filesystem) {
        XmlElement element = XmlElement.of("filesystem");
        for (var member : filesystems.entrySet()) {
            var text = filesystem.get(member.getValue().member()).flatMap(ZoneXml::text);
            if (text.isPresent()) {
                element = element.with(member.getKey(), text.get());
            }
        }
        return element.with(filesystem.array("options").strings().stream()
                .filter(XmlElement::canHold)
                .map(option -> XmlElement.of("fsoption").with("name", option))
                .toList());
    }

    /** SmartOS writes a VM's volumes in any order, and shows them by their numbers. */
    private static List<Json.Obj> byNumber(List<Json.Obj> disks) {
        Iterator<Json.Obj> volumes = disks.stream()
                .filter(disk -> number(disk).isPresent())
                .sorted(Comparator.comparing(disk -> number(disk).orElseThrow()))
                .iterator();
        return disks.stream()
                .map(disk -> number(disk).isPresent() ? volumes.next() : disk)
                .toList();
    }

    private static Optional<Integer> number(Json.Obj disk) {
        Matcher path = VOLUME.matcher(disk.string("path", ""));
        return path.matches() ? Optional.of(Integer.valueOf(path.group(1))) : Optional.empty();
    }

    Json.Obj read(XmlElement zone, Json.Obj found) {
        Json.Obj properties = found;
        var pci = new ArrayList<XmlElement>();
        var plain = new ArrayList<XmlElement>();
        zone.children("device").forEach(device -> (isPassedThrough(device) ? pci : plain).add(device));
        properties = with(properties, "filesystems", filesystems(zone.children("filesystem")));
        properties = with(properties, "disks", byNumber(objects(plain, disks)));
        properties = with(properties, "pci_devices", objects(pci, pciDevices));
        properties = with(
                properties,
                "datasets",
                zone.children("dataset").stream()
                        .map(dataset -> Json.of(dataset.attribute("name", "")))
                        .toList());
        return properties.with("nics", new Json.Arr(List.copyOf(objects(zone.children("network"), networks))));
    }

    private static Json.Obj with(Json.Obj properties, String name, List<? extends Json> items) {
        return items.isEmpty() ? properties : properties.with(name, new Json.Arr(List.copyOf(items)));
    }

    private static List<Json.Obj> objects(List<XmlElement> elements, Map<String, Property> members) {
        return elements.stream().map(element -> object(element, members)).toList();
    }

    private static Json.Obj object(XmlElement element, Map<String, Property> members) {
        var values = new LinkedHashMap<String, String>(element.attributes());
        element.children("net-attr")
                .forEach(attr -> values.put(attr.attribute("name", ""), attr.attribute("value", "")));
        Json.Obj object = Json.object();
        for (var member : members.entrySet()) {
            String value = values.get(member.getKey());
            if (value != null) {
                object = object.with(member.getValue().member(), ZoneXml.value(member.getValue(), value));
            }
        }
        return object;
    }

    private List<Json.Obj> filesystems(List<XmlElement> elements) {
        return elements.stream()
                .map(element -> {
                    Json.Obj filesystem = object(element, filesystems);
                    List<String> options = element.children("fsoption").stream()
                            .map(option -> option.attribute("name", ""))
                            .toList();
                    return options.isEmpty() ? filesystem : filesystem.with("options", Json.Arr.ofStrings(options));
                })
                .toList();
    }
}
