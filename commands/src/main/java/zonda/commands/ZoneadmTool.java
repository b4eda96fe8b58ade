package zonda.commands;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.UUID;
import zonda.base.Code;
import zonda.base.Json;
import zonda.base.OpException;
import zonda.vm.Vms;

/** zoneadm(8): its list. */
public final class ZoneadmTool implements Tool {
    private static final String USAGE = "usage: zoneadm list [-cipv]";
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
            list(session);
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

    private void list(Session session) {
        List<String> words = session.arguments();
        if (words.isEmpty() || !words.getFirst().equals("list")) {
            throw new OpException(
                    Code.USAGE, "only list is supported by this version of Zonda; vmadm(8) does the rest");
        }
        Getopt options = Getopt.parse(words.subList(1, words.size()), "c i p v");
        if (options.has("p") && options.has("v")) {
            throw new OpException(Code.USAGE, "-p and -v exclude each other");
        }
        List<Zone> zones = new ArrayList<>(List.of(new Zone("0", "global", "running", "/", "", "ipkg")));
        vms.list().stream()
                .map(ZoneadmTool::zone)
                .filter(zone -> options.has("c") || isListed(zone, options.has("i")))
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
