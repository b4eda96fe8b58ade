package zonda.commands;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import zonda.base.Code;
import zonda.base.OpException;
import zonda.storage.Pool;

/** What zpool(8) tells of pools' properties: list and get. */
final class ZpoolListing {
    private static final List<String> DEFAULT_COLUMNS = List.of(
            "name",
            "size",
            "allocated",
            "free",
            "checkpoint",
            "expandsize",
            "fragmentation",
            "capacity",
            "dedupratio",
            "health",
            "altroot");
    private static final Map<String, String> SHORT_NAMES = Map.of(
            "alloc", "allocated",
            "cap", "capacity",
            "frag", "fragmentation",
            "dedup", "dedupratio",
            "ckpoint", "checkpoint",
            "expandsz", "expandsize");
    private static final Map<String, String> HEADERS = Map.of(
            "allocated", "ALLOC",
            "capacity", "CAP",
            "fragmentation", "FRAG",
            "dedupratio", "DEDUP",
            "checkpoint", "CKPOINT",
            "expandsize", "EXPANDSZ");
    private static final List<String> LEFT = List.of("name", "health", "altroot", "guid", "readonly", "comment");
    private static final List<String> FIELDS = List.of("name", "property", "value", "source");

    private final List<Pool> pools;

    ZpoolListing(List<Pool> pools) {
        this.pools = pools;
    }

    void list(Session session, List<String> arguments) {
        Getopt options = Getopt.parse(arguments, "H p o= v P L" + ZpoolJson.OPTIONS);
        List<String> columns = options.value("o").map(ZpoolListing::words).orElse(DEFAULT_COLUMNS);
        if (options.has("j")) {
            json(session, "zpool list", options, options.operands(), columns);
            return;
        }
        List<List<String>> rows = new ArrayList<>();
        for (Pool pool : ZpoolTool.named(pools, options.operands())) {
            Map<String, String> values = properties(pool, options.has("p"));
            columns.forEach(column -> requireKnown(values, column));
            rows.add(columns.stream()
                    .map(column -> values.getOrDefault(column, "-"))
                    .toList());
        }
        if (options.has("H")) {
            session.out(ZfsColumns.tabbed(rows));
            return;
        }
        rows.addFirst(columns.stream()
                .map(column -> HEADERS.getOrDefault(column, ZfsPropertyNames.header(column)))
                .toList());
        session.out(ZfsColumns.table(
                rows, columns.stream().map(column -> !LEFT.contains(column)).toList()));
    }

    /** @param asked properties; none for all */
    private void json(Session session, String command, Getopt options, List<String> names, List<String> asked) {
        ZpoolJson json = ZpoolJson.of(command, options);
        session.out(json.text(ZpoolTool.named(pools, names), pool -> {
            Map<String, String> all = properties(pool, options.has("p") || options.has("json-int"));
            asked.forEach(property -> requireKnown(all, property));
            Map<String, String> shown = new LinkedHashMap<>(all);
            shown.keySet().removeIf(name -> name.equals("name") || !asked.isEmpty() && !asked.contains(name));
            return json.properties(pool, shown);
        }));
    }

    private static List<String> words(String list) {
        return Arrays.stream(list.split(","))
                .map(word -> SHORT_NAMES.getOrDefault(word, word))
                .toList();
    }

    private static void requireKnown(Map<String, String> values, String property) {
        if (!values.containsKey(property)) {
            throw new OpException(Code.USAGE, "bad property list: invalid property '" + property + "'");
        }
    }

    void get(Session session, List<String> arguments) {
        Getopt options = Getopt.parse(arguments, "H p o=" + ZpoolJson.OPTIONS);
        List<String> operands = options.operands();
        if (operands.isEmpty()) {
            throw new OpException(Code.USAGE, "missing property argument");
        }
        if (options.has("j")) {
            List<String> asked = operands.getFirst().equals("all") ? List.of() : words(operands.getFirst());
            json(session, "zpool get", options, operands.subList(1, operands.size()), asked);
            return;
        }
        List<String> fields = options.value("o")
                .filter(word -> !word.equals("all"))
                .map(word -> List.of(word.split(",")))
                .orElse(FIELDS);
        fields.stream().filter(field -> !FIELDS.contains(field)).forEach(field -> {
            throw new OpException(Code.USAGE, "invalid column name '" + field + "'");
        });
        List<List<String>> rows = new ArrayList<>();
        for (Pool pool : ZpoolTool.named(pools, operands.subList(1, operands.size()))) {
            Map<String, String> values = properties(pool, options.has("p"));
            List<String> asked = operands.getFirst().equals("all")
                    ? values.keySet().stream()
                            .filter(name -> !name.equals("name"))
                            .toList()
                    : words(operands.getFirst());
            for (String property : asked) {
                requireKnown(values, property);
                Map<String, String> row = Map.of(
                        "name",
                        pool.config().name(),
                        "property",
                        property,
                        "value",
                        values.getOrDefault(property, "-"),
                        "source",
                        "-");
                rows.add(fields.stream()
                        .map(field -> row.getOrDefault(field, "-"))
                        .toList());
            }
        }
        if (options.has("H")) {
            session.out(ZfsColumns.tabbed(rows));
            return;
        }
        rows.addFirst(fields.stream().map(ZfsPropertyNames::header).toList());
        session.out(ZfsColumns.table(rows, fields.stream().map(_ -> false).toList()));
    }

    /** Whether it is a property that pools have. */
    static boolean isTold(Pool pool, String property) {
        return properties(pool, true).containsKey(property);
    }

    /** In the order of zpoolprops(7); what has no meaning on btrfs is a minus. */
    private static Map<String, String> properties(Pool pool, boolean exact) {
        long size = pool.size().value();
        long free = pool.free().value();
        long used = Math.max(0, size - free);
        Map<String, String> values = new LinkedHashMap<>();
        values.put("name", pool.config().name());
        values.put("size", size(size, exact));
        values.put("capacity", used * 100 / Math.max(1, size) + (exact ? "" : "%"));
        values.put("altroot", "-");
        values.put("health", ZpoolStatus.health(pool));
        values.put("free", size(free, exact));
        values.put("allocated", size(used, exact));
        values.put("readonly", "off");
        values.put("dedupratio", exact ? "1.00" : "1.00x");
        values.put("expandsize", "-");
        values.put("fragmentation", "-");
        values.put("checkpoint", "-");
        return values;
    }

    private static String size(long bytes, boolean exact) {
        return exact ? String.valueOf(bytes) : ZfsNumbers.human(bytes);
    }
}
