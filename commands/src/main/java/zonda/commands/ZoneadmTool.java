package zonda.commands;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import zonda.base.Code;
import zonda.base.Json;
import zonda.base.OpException;
import zonda.vm.Vms;

/** zoneadm(8): lists zones, boots and ends them; {@link ZoneadmInstalling} has what comes before. */
public final class ZoneadmTool implements Tool {
    private static final String USAGE = """
            usage: zoneadm list [-cipv]
                   zoneadm -z ZONE list [-pv]
                   zoneadm -z ZONE boot | halt | reboot | shutdown [-r] | verify
                   zoneadm -z ZONE install [-x nodataset] | uninstall [-F] | mark incomplete
                   zoneadm -z ZONE clone [-s SNAPSHOT] SOURCE""";
    private static final List<Integer> WIDTHS = List.of(4, 16, 10, 30, 8, 6);

    private final Vms vms;

    public ZoneadmTool(Vms vms) {
        this.vms = vms;
    }

    @Override
    public String name() {
        return "zoneadm";
    }

    @Override
    public String complaint(OpException e) {
        return e.getMessage().startsWith("zoneadm: ") ? e.getMessage() : "zoneadm: " + e.getMessage();
    }

    /** One zone of the list. */
    private record Zone(String id, String name, String state, String path, String uuid, String brand) {}

    @Override
    public int run(Session session) {
        try {
            List<String> words = session.arguments();
            int leading = Getopt.leading(words);
            Getopt options = Getopt.parse(words.subList(0, leading), "z= u=");
            Optional<UUID> zone =
                    options.value("z").or(() -> options.value("u")).map(vms::resolve);
            if (leading < words.size() && words.get(leading).equals("help")) {
                session.out(USAGE + "\n");
                return 0;
            }
            carryOut(session, zone, words.subList(leading, words.size()));
            return 0;
        } catch (OpException e) {
            if (e.code() == Code.USAGE) {
                session.err(complaint(e));
                session.err(USAGE);
                return Code.USAGE.exitStatus();
            }
            throw e;
        }
    }

    private void carryOut(Session session, Optional<UUID> zone, List<String> words) {
        String verb = words.isEmpty() ? "" : words.getFirst();
        List<String> rest = words.isEmpty() ? words : words.subList(1, words.size());
        switch (verb) {
            case "list" -> list(session, zone, rest);
            case "boot" -> boot(required(zone, verb, rest));
            case "halt" -> end(required(zone, verb, rest), true, verb);
            case "reboot" -> reboot(required(zone, verb, rest), true, verb);
            case "shutdown" -> {
                boolean again = rest.equals(List.of("-r"));
                UUID uuid = required(zone, verb, again ? List.of() : rest);
                if (again) {
                    reboot(uuid, false, verb);
                } else {
                    end(uuid, false, verb);
                }
            }
            case "verify", "install", "uninstall", "clone", "mark" ->
                new ZoneadmInstalling(vms).carryOut(session, required(zone, verb, List.of()), verb, rest);
            case "ready" ->
                throw new OpException(
                        Code.NOT_SUPPORTED, "ready is not supported: a zone gets its devices and NICs as it is booted");
            case "attach", "detach", "move" ->
                throw new OpException(
                        Code.NOT_SUPPORTED,
                        verb + " is not supported: a zone stays where it is; vmadm send and receive take it elsewhere");
            default ->
                throw new OpException(Code.USAGE, verb.isEmpty() ? "which command?" : "no command is called " + verb);
        }
    }

    private static UUID required(Optional<UUID> zone, String verb, List<String> rest) {
        if (!rest.isEmpty()) {
            throw new OpException(Code.USAGE, verb + " does not take " + String.join(" ", rest));
        }
        return zone.orElseThrow(() -> new OpException(Code.USAGE, "-z is missing: " + verb + " of which zone?"));
    }

    private void boot(UUID uuid) {
        if (!vms.boot(uuid)) {
            throw new OpException(Code.FAILED, "zone '" + name(uuid) + "': zone is already booted");
        }
    }

    private void end(UUID uuid, boolean force, String verb) {
        if (!vms.halt(uuid, force)) {
            throw mustRun(uuid, verb);
        }
    }

    private void reboot(UUID uuid, boolean force, String verb) {
        if (vms.running(uuid).isEmpty()) {
            throw mustRun(uuid, verb);
        }
        vms.reboot(uuid, force);
    }

    private OpException mustRun(UUID uuid, String verb) {
        return new OpException(Code.FAILED, "zone '" + name(uuid) + "': must be running before " + verb + ".");
    }

    private String name(UUID uuid) {
        return vms.get(uuid).string("zonename", "");
    }

    private void list(Session session, Optional<UUID> only, List<String> words) {
        Getopt options = Getopt.parse(words, "c i p v");
        if (options.has("p") && options.has("v")) {
            throw new OpException(Code.USAGE, "-p and -v exclude each other");
        }
        List<Zone> zones = new ArrayList<>();
        if (only.isEmpty()) {
            zones.add(new Zone("0", "global", "running", "/", "", "ipkg"));
        }
        vms.list().stream()
                .map(ZoneadmTool::zone)
                .filter(zone -> only.map(uuid -> uuid.toString().equals(zone.uuid()))
                        .orElse(options.has("c") || isListed(zone, options.has("i"))))
                .sorted(Comparator.comparing((Zone zone) -> zone.id().equals("-"))
                        .thenComparing(zone -> zone.id().equals("-") ? 0 : Integer.parseInt(zone.id()))
                        .thenComparing(Zone::name))
                .forEach(zones::add);
        session.out(text(zones, options));
    }

    /** Without options, those that run; with -i, those that are installed, running or not. */
    private static boolean isListed(Zone zone, boolean installed) {
        return !zone.id().equals("-") || (installed && zone.state().equals("installed"));
    }

    private static Zone zone(Json.Obj vm) {
        String id = vm.integer("zoneid").map(String::valueOf).orElse("-");
        UUID uuid = UUID.fromString(vm.string("uuid", ""));
        return new Zone(
                id,
                vm.string("zonename", ""),
                vm.string("zone_state", ""),
                vm.string("zonepath", ""),
                uuid.toString(),
                vm.string("brand", ""));
    }

    /** The global zone has no network of its own. */
    private static String ip(Zone zone) {
        return zone.id().equals("0") ? "shared" : "excl";
    }

    private static String text(List<Zone> zones, Getopt options) {
        var out = new StringBuilder();
        if (options.has("p")) {
            zones.forEach(zone -> out.append(String.join(
                            ":",
                            zone.id(),
                            zone.name(),
                            zone.state(),
                            zone.path(),
                            zone.uuid(),
                            zone.brand(),
                            ip(zone)))
                    .append('\n'));
            return out.toString();
        }
        if (options.has("v")) {
            var table = new Table();
            table.row(List.of("ID", "NAME", "STATUS", "PATH", "BRAND", "IP"), WIDTHS);
            zones.forEach(zone -> table.row(
                    List.of(zone.id(), zone.name(), zone.state(), zone.path(), zone.brand(), ip(zone)), WIDTHS));
            return table.text();
        }
        zones.forEach(zone -> out.append(zone.name()).append('\n'));
        return out.toString();
    }
}
