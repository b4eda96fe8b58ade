package zonda.vm;

import java.nio.file.Path;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import zonda.base.Code;
import zonda.base.Json;
import zonda.base.OpException;
import zonda.zones.ExitStatus;
import zonda.zones.IdRange;

/**
 * The files of {@code /etc/zones}, as zonecfg(8) has them: a zone's configuration in XML, with where the VM is in its
 * life in attrs of our own.
 */
final class ZoneDocuments {
    private static final String HEAD = """
            <?xml version="1.0" encoding="UTF-8"?>
            <!DOCTYPE zone PUBLIC "-//Sun Microsystems Inc//DTD Zones//EN" "file:///usr/share/lib/xml/dtd/zonecfg.dtd.1">
            <!-- Kept by zondad: vmadm(8) and zonecfg(8) change it. -->
            """;
    private static final String LIFE = "zonda-life";
    private static final String IDS = "zonda-id-base";
    private static final String EXIT_STATUS = "zonda-exit-status";
    private static final String EXIT_TIMESTAMP = "zonda-exit-timestamp";
    private static final String FAILURE = "zonda-failure";
    private static final String INCOMING = "zonda-incoming";

    private final ZoneXml xml;
    private final KeptTypes types;
    private final Function<String, Path> mountpoints;

    /** @param mountpoints of each pool by its name */
    ZoneDocuments(PropertyTable table, Function<String, Path> mountpoints) {
        this.xml = new ZoneXml(table);
        this.types = new KeptTypes(table);
        this.mountpoints = mountpoints;
    }

    /** A file as it was found: ours, or one of a host that knows nothing of what we keep besides the configuration. */
    sealed interface Found {
        record Ours(VmRecord record) implements Found {}

        record Foreign(Json.Obj properties) implements Found {}
    }

    XmlElement zone(VmRecord vm) {
        return xml.write(vm.config().properties(), zonepath(vm));
    }

    Path zonepath(VmRecord vm) {
        return mountpoints.apply(vm.config().zpool()).resolve(vm.uuid().toString());
    }

    /** The properties that a zone element holds. */
    Json.Obj properties(XmlElement zone, UUID uuid) {
        return xml.read(zone, uuid);
    }

    /**
     * A record and its file.
     *
     * @param vm its properties in the order that reading the file gives them
     */
    record Written(VmRecord vm, String text) {}

    /** As it was kept by {@link #write}, without its file. */
    VmRecord ordered(VmRecord vm) {
        return ordered(vm, zone(vm));
    }

    private VmRecord ordered(VmRecord vm, XmlElement zone) {
        return vm.with(new VmConfig(xml.read(zone, vm.uuid())));
    }

    Written write(VmRecord vm) {
        XmlElement zone = zone(vm);
        return new Written(ordered(vm, zone), HEAD + withState(vm, zone).text());
    }

    private static XmlElement withState(VmRecord vm, XmlElement configuration) {
        XmlElement zone = configuration
                .with(ZoneXml.attr(IDS, String.valueOf(vm.ids().base())))
                .with(ZoneXml.attr(LIFE, vm.life().name().toLowerCase(Locale.ROOT)));
        if (vm.life() == VmRecord.Life.FAILED) {
            zone = zone.with(ZoneXml.attr("failed", "provisioning"));
        }
        if (vm.lastExit().isPresent()) {
            ExitStatus exit = vm.lastExit().get();
            zone = zone.with(ZoneXml.attr(EXIT_STATUS, String.valueOf(exit.code())))
                    .with(ZoneXml.attr(EXIT_TIMESTAMP, exit.when().toString()));
        }
        if (vm.failure().isPresent()) {
            zone = zone.with(
                    ZoneXml.attr(FAILURE, ZoneXml.json(Json.of(vm.failure().get()))));
        }
        if (vm.incoming().isPresent()) {
            zone = zone.with(ZoneXml.attr(INCOMING, ZoneXml.json(vm.incoming().get())));
        }
        return zone;
    }

    /** @throws OpException INVALID when it isn't XML, or can't be a record */
    Found read(UUID uuid, String document) {
        XmlElement zone = XmlElement.parse(document);
        Json.Obj properties = xml.read(zone, uuid);
        Map<String, String> attrs = zone.children("attr").stream()
                .collect(Collectors.toMap(
                        attr -> attr.attribute("name", ""), attr -> attr.attribute("value", ""), (one, _) -> one));
        if (!attrs.containsKey(IDS)) {
            return new Found.Foreign(withPool(properties, Path.of(zone.attribute("zonepath", ""))));
        }
        return new Found.Ours(new VmRecord(
                new VmConfig(KeptTypes.ofKnownBrand(properties)),
                new IdRange(number(attrs, IDS)),
                life(attrs.getOrDefault(LIFE, "installed")),
                exit(attrs),
                Optional.ofNullable(attrs.get(FAILURE)).map(ZoneDocuments::string),
                Optional.ofNullable(attrs.get(INCOMING)).map(Json::parseObject)));
    }

    /**
     * The configuration of a VM whose file was edited.
     *
     * @throws OpException INVALID when it isn't XML, or another VM's, or a value is of another type than its property
     */
    VmConfig edited(VmRecord known, String document) {
        XmlElement zone = XmlElement.parse(document);
        if (zone.children("attr").stream()
                .noneMatch(attr -> attr.attribute("name", "").equals(IDS))) {
            throw new OpException(Code.INVALID, "the attr " + IDS + " is missing");
        }
        var config = new VmConfig(types.checked(xml.read(zone, known.uuid())));
        fixed("brand", known.config().brand().word(), config.properties().string("brand", ""));
        fixed("name", known.config().zonename(), config.zonename());
        fixed("zpool", known.config().zpool(), config.zpool());
        fixed("zonepath", zonepath(known).toString(), zone.attribute("zonepath").orElse(""));
        return config;
    }

    private static void fixed(String name, String before, String after) {
        if (!before.equals(after)) {
            throw new OpException(
                    Code.INVALID, name + " can't change: it is \"" + before + "\", and not \"" + after + "\"");
        }
    }

    private static long number(Map<String, String> attrs, String name) {
        String text = attrs.getOrDefault(name, "");
        if (!text.matches("-?\\d{1,18}")) {
            throw new OpException(Code.INVALID, "the attr " + name + " must be a number, and is \"" + text + "\"");
        }
        return Long.parseLong(text);
    }

    private static VmRecord.Life life(String word) {
        return Stream.of(VmRecord.Life.values())
                .filter(life -> life.name().toLowerCase(Locale.ROOT).equals(word))
                .findFirst()
                .orElseThrow(() -> new OpException(
                        Code.INVALID,
                        "the attr " + LIFE + " is \"" + word + "\", and must be one of: "
                                + Stream.of(VmRecord.Life.values())
                                        .map(life -> life.name().toLowerCase(Locale.ROOT))
                                        .collect(Collectors.joining(", "))));
    }

    /** Another host says which pool a zone is in by its zonepath alone: {@code /POOL/UUID}. */
    private static Json.Obj withPool(Json.Obj properties, Path zonepath) {
        boolean isTold = properties.has("zpool") || zonepath.getNameCount() != 2;
        return isTold
                ? properties
                : properties.with("zpool", zonepath.getName(0).toString());
    }

    private static Optional<ExitStatus> exit(Map<String, String> attrs) {
        return Optional.ofNullable(attrs.get(EXIT_TIMESTAMP))
                .map(when -> new ExitStatus(exitStatus(attrs), instant(when)));
    }

    private static int exitStatus(Map<String, String> attrs) {
        return attrs.containsKey(EXIT_STATUS) ? (int) number(attrs, EXIT_STATUS) : 0;
    }

    private static Instant instant(String text) {
        try {
            return Instant.parse(text);
        } catch (DateTimeParseException e) {
            throw new OpException(
                    Code.INVALID,
                    "the attr " + EXIT_TIMESTAMP + " must be a time such as 2026-11-27T12:00:00Z, and is \"" + text
                            + "\"",
                    e);
        }
    }

    private static String string(String json) {
        return Json.parse(json) instanceof Json.Str(String text) ? text : json;
    }

    private static String state(VmRecord vm) {
        return switch (vm.life()) {
            case INCOMPLETE -> "incomplete";
            case RECEIVING -> "configured";
            case PROVISIONING, INSTALLED, FAILED -> "installed";
        };
    }

    /** The file {@code index}: a line for each zone, {@code name:state:zonepath:uuid}. */
    String index(List<VmRecord> vms) {
        return "global:installed:/::\n"
                + vms.stream()
                        .map(vm -> String.join(
                                        ":",
                                        vm.config().zonename(),
                                        state(vm),
                                        zonepath(vm).toString(),
                                        vm.uuid().toString())
                                + "\n")
                        .collect(Collectors.joining());
    }
}
