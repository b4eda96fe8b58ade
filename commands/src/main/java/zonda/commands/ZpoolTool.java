package zonda.commands;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import zonda.base.Code;
import zonda.base.OpException;
import zonda.storage.Pool;
import zonda.storage.Vdev;

/** zpool(8): the pool, its space and its devices. */
public final class ZpoolTool implements Tool {
    private static final String USAGE = """
            usage: zpool command args ...
            where 'command' is one of the following:

            	list [-Hp] [-o property[,...]] [pool] ...
            	status [-x] [pool] ...
            """;
    private static final List<String> DEFAULT_COLUMNS = List.of(
            "name", "size", "alloc", "free", "ckpoint", "expandsz", "frag", "cap", "dedup", "health", "altroot");
    private static final Map<String, String> LONG_NAMES =
            Map.of("allocated", "alloc", "capacity", "cap", "fragmentation", "frag", "dedupratio", "dedup");
    private static final List<String> LEFT = List.of("name", "health", "altroot", "guid");

    private final Pool pool;

    public ZpoolTool(Pool pool) {
        this.pool = pool;
    }

    @Override
    public String name() {
        return "zpool";
    }

    @Override
    public int run(Session session) {
        List<String> words = session.arguments();
        try {
            String verb = words.isEmpty() ? "" : words.getFirst();
            List<String> arguments = words.isEmpty() ? words : words.subList(1, words.size());
            switch (verb) {
                case "list" -> list(session, arguments);
                case "status" -> status(session, arguments);
                case "help", "-?", "-h", "--help" -> session.out(USAGE);
                case "" -> throw new OpException(Code.USAGE, "missing command");
                default -> throw new OpException(Code.USAGE, "unrecognized command '" + verb + "'");
            }
            return 0;
        } catch (OpException e) {
            session.err(e.getMessage());
            if (e.code() == Code.USAGE) {
                session.errRaw(USAGE);
                return Code.USAGE.exitStatus();
            }
            return 1;
        }
    }

    private void requireKnown(List<String> names) {
        for (String name : names) {
            if (!name.equals(pool.config().name())) {
                throw new OpException(Code.NOT_FOUND, "cannot open '" + name + "': no such pool");
            }
        }
    }

    private void list(Session session, List<String> arguments) {
        Getopt options = Getopt.parse(arguments, "H p o= v P L");
        requireKnown(options.operands());
        List<String> columns = options.value("o")
                .map(list -> Arrays.stream(list.split(","))
                        .map(word -> LONG_NAMES.getOrDefault(word, word))
                        .toList())
                .orElse(DEFAULT_COLUMNS);
        for (String column : columns) {
            if (!DEFAULT_COLUMNS.contains(column)) {
                throw new OpException(Code.USAGE, "bad property list: invalid property '" + column + "'");
            }
        }
        List<List<String>> rows = new ArrayList<>();
        rows.add(columns.stream().map(column -> value(column, options.has("p"))).toList());
        if (options.has("H")) {
            session.out(ZfsColumns.tabbed(rows));
            return;
        }
        rows.addFirst(columns.stream().map(ZfsColumns::header).toList());
        session.out(ZfsColumns.table(
                rows, columns.stream().map(column -> !LEFT.contains(column)).toList()));
    }

    private String value(String column, boolean exact) {
        long size = pool.size().value();
        long free = pool.free().value();
        long used = Math.max(0, size - free);
        return switch (column) {
            case "name" -> pool.config().name();
            case "size" -> size(size, exact);
            case "alloc" -> size(used, exact);
            case "free" -> size(free, exact);
            case "cap" -> used * 100 / Math.max(1, size) + (exact ? "" : "%");
            case "dedup" -> exact ? "1.00" : "1.00x";
            case "health" -> health();
            default -> "-";
        };
    }

    private static String size(long bytes, boolean exact) {
        return exact ? String.valueOf(bytes) : ZfsNumbers.human(bytes);
    }

    private boolean isBtrfs() {
        return pool.driver().equals("btrfs");
    }

    private String health() {
        return pool.vdevs().stream().anyMatch(Vdev::missing) ? "DEGRADED" : "ONLINE";
    }

    private void status(Session session, List<String> arguments) {
        Getopt options = Getopt.parse(arguments, "x v P L p s");
        requireKnown(options.operands());
        List<Vdev> vdevs = pool.vdevs();
        boolean healthy = health().equals("ONLINE") && vdevs.stream().noneMatch(ZpoolTool::hasErrors);
        if (options.has("x") && healthy) {
            session.out(
                    options.operands().isEmpty()
                            ? "all pools are healthy\n"
                            : "pool '" + pool.config().name() + "' is healthy\n");
            return;
        }
        var out = new StringBuilder("  pool: " + pool.config().name() + "\n state: " + health() + "\n");
        if (health().equals("DEGRADED")) {
            out.append("status: One or more devices could not be opened.  The other copies of the data are in use.\n");
            out.append("action: Attach the missing device, or replace it with: ")
                    .append(isBtrfs() ? "btrfs replace\n" : "zpool replace\n");
        } else if (!healthy) {
            out.append(
                    "status: One or more devices has had errors; what could be read from another copy was repaired.\n");
            out.append("action: Look for bad cables and disks; the counters are cleared with: ")
                    .append(isBtrfs() ? "btrfs device stats -z\n" : "zpool clear\n");
        }
        out.append("driver: ")
                .append(pool.driver())
                .append(pool.config().embedded() ? ", in a file: for evaluation\n" : "\n");
        out.append("config:\n\n");
        devices(vdevs).lines().forEach(line -> out.append('\t').append(line).append('\n'));
        session.out(
                out.append(healthy ? "\nerrors: No known data errors\n" : "\n").toString());
    }

    private static boolean hasErrors(Vdev vdev) {
        return vdev.readErrors() + vdev.writeErrors() + vdev.checksumErrors() > 0;
    }

    private String devices(List<Vdev> vdevs) {
        List<List<String>> rows = new ArrayList<>();
        rows.add(List.of("NAME", "STATE", "READ", "WRITE", "CKSUM"));
        rows.add(List.of(pool.config().name(), health(), "0", "0", "0"));
        String indent = "  ";
        if (vdevs.size() > 1) {
            rows.add(List.of("  mirror-0", health(), "0", "0", "0"));
            indent = "    ";
        }
        for (Vdev vdev : vdevs) {
            rows.add(List.of(
                    indent + vdev.path(),
                    vdev.missing() ? "UNAVAIL" : "ONLINE",
                    String.valueOf(vdev.readErrors()),
                    String.valueOf(vdev.writeErrors()),
                    String.valueOf(vdev.checksumErrors())));
        }
        return ZfsColumns.table(rows, List.of(false, false, true, true, true));
    }
}
