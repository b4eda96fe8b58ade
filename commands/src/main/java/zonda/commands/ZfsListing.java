package zonda.commands;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import zonda.base.Code;
import zonda.base.OpException;
import zonda.storage.Dataset;
import zonda.storage.DatasetProperty;
import zonda.storage.DatasetProperty.Source;
import zonda.storage.DatasetProperty.Value;
import zonda.storage.Datasets;
import zonda.storage.Snapshot;

/** {@code zfs list} and {@code zfs get}. */
final class ZfsListing {
    private static final List<String> DEFAULT_COLUMNS =
            List.of("name", "used", "available", "referenced", "mountpoint");
    private static final Set<String> PROPERTIES = Set.of(
            "name",
            "type",
            "creation",
            "used",
            "available",
            "referenced",
            "mounted",
            "origin",
            "quota",
            "mountpoint",
            "guid",
            "clones");
    private static final List<String> GET_FIELDS = List.of("name", "property", "value", "source");
    private static final Set<String> TYPES =
            Set.of("filesystem", "fs", "snapshot", "snap", "volume", "vol", "bookmark", "all");

    private final Datasets datasets;

    ZfsListing(Datasets datasets) {
        this.datasets = datasets;
    }

    /** A dataset or snapshot by its name, with its properties. */
    private record Row(String name, List<DatasetProperty> properties) {
        Optional<DatasetProperty> property(String property) {
            return property.equals("name")
                    ? Optional.of(new DatasetProperty("name", new Value.Text(name), new Source.None()))
                    : ZfsColumns.find(properties, property);
        }

        String text(String property, boolean exact) {
            return property(property)
                    .map(one -> ZfsColumns.text(one.value(), exact))
                    .orElse("-");
        }
    }

    void list(Session session, List<String> arguments) {
        Getopt options = Getopt.parse(arguments, "H p r d= o= t= s= S=");
        List<String> columns =
                properties(options.value("o").map(ZfsListing::words).orElse(DEFAULT_COLUMNS));
        boolean exact = options.has("p");
        List<Row> rows = rows(options);
        sort(rows, arguments);
        if (rows.isEmpty()) {
            session.err("no datasets available");
            return;
        }
        List<List<String>> lines = new ArrayList<>();
        for (Row row : rows) {
            lines.add(columns.stream().map(column -> row.text(column, exact)).toList());
        }
        if (options.has("H")) {
            session.out(ZfsColumns.tabbed(lines));
            return;
        }
        lines.addFirst(columns.stream().map(ZfsColumns::header).toList());
        session.out(ZfsColumns.table(
                lines, columns.stream().map(ZfsColumns::isRightAligned).toList()));
    }

    private static List<String> words(String list) {
        return Arrays.stream(list.split(",")).map(ZfsColumns::property).toList();
    }

    private static List<String> properties(List<String> names) {
        for (String name : names) {
            if (!PROPERTIES.contains(name) && name.indexOf(':') < 0) {
                throw new OpException(Code.USAGE, "bad property list: invalid property '" + name + "'");
            }
        }
        return names;
    }

    /** What the operands, -t, -r and -d mean: everything without an operand, those named alone without -r. */
    private List<Row> rows(Getopt options) {
        Set<String> types = types(options);
        boolean all = options.operands().isEmpty();
        int depth = all || options.has("r") ? Integer.MAX_VALUE : 0;
        if (options.value("d").isPresent()) {
            depth = depth(options.value("d").get());
        }
        List<String> tops = all ? List.of(datasets.list().getFirst().name()) : options.operands();
        List<Row> rows = new ArrayList<>();
        for (String top : tops) {
            if (top.indexOf('@') >= 0) {
                rows.add(new Row(top, datasets.properties(top)));
                continue;
            }
            require(top);
            boolean snapshotsOfTop = types.contains("snapshot");
            for (Dataset dataset : within(top, depth)) {
                if (types.contains("filesystem")) {
                    rows.add(new Row(dataset.name(), datasets.properties(dataset.name())));
                }
                if (snapshotsOfTop) {
                    datasets.snapshots(dataset.name()).stream()
                            .map(Snapshot::name)
                            .map(name -> new Row(name, datasets.properties(name)))
                            .forEach(rows::add);
                }
            }
        }
        return rows;
    }

    private void require(String name) {
        if (datasets.find(name).isEmpty()) {
            throw new OpException(Code.NOT_FOUND, "cannot open '" + name + "': dataset does not exist");
        }
    }

    private List<Dataset> within(String top, int depth) {
        long level = top.chars().filter(c -> c == '/').count();
        return datasets.list(top).stream()
                .filter(dataset -> dataset.name().chars().filter(c -> c == '/').count() - level <= depth)
                .toList();
    }

    private static Set<String> types(Getopt options) {
        boolean namesSnapshots = options.operands().stream().anyMatch(name -> name.indexOf('@') >= 0);
        List<String> wanted = options.value("t")
                .map(list -> List.of(list.split(",")))
                .orElse(namesSnapshots ? List.of("filesystem", "snapshot") : List.of("filesystem"));
        for (String type : wanted) {
            if (!TYPES.contains(type)) {
                throw new OpException(Code.USAGE, "invalid type '" + type + "'");
            }
        }
        Stream<String> meant = wanted.stream().flatMap(type -> switch (type) {
            case "all" -> Stream.of("filesystem", "snapshot");
            case "fs" -> Stream.of("filesystem");
            case "snap" -> Stream.of("snapshot");
            default -> Stream.of(type);
        });
        return Set.copyOf(meant.distinct().toList());
    }

    private static int depth(String text) {
        if (!text.matches("[0-9]{1,9}")) {
            throw new OpException(Code.USAGE, "depth must be a number, not '" + text + "'");
        }
        return Integer.parseInt(text);
    }

    /** By each -s (ascending) and -S (descending), in the order given. */
    private static void sort(List<Row> rows, List<String> arguments) {
        Comparator<Row> order = (_, _) -> 0;
        boolean any = false;
        for (int i = 0; i < arguments.size() - 1; i++) {
            if (arguments.get(i).equals("-s") || arguments.get(i).equals("-S")) {
                String property = properties(words(arguments.get(i + 1))).getFirst();
                Comparator<Row> by = Comparator.comparing(row -> key(row, property));
                order = order.thenComparing(arguments.get(i).equals("-S") ? by.reversed() : by);
                any = true;
            }
        }
        if (any) {
            rows.sort(order);
        }
    }

    /** Numbers as numbers: padded, so that their texts are in their order. */
    private static String key(Row row, String property) {
        String text = row.text(property, true);
        return text.matches("[0-9]{1,19}") ? "%20s".formatted(text) : text;
    }

    void get(Session session, List<String> arguments) {
        Getopt options = Getopt.parse(arguments, "H p r d= o= t= s=");
        if (options.operands().isEmpty()) {
            throw new OpException(Code.USAGE, "missing property argument");
        }
        List<String> wanted = words(options.operands().getFirst());
        boolean all = wanted.equals(List.of("all"));
        if (!all) {
            properties(wanted);
        }
        Getopt names = Getopt.parse(withoutOperand(arguments, options.operands().getFirst()), "H p r d= o= t= s=");
        List<String> fields =
                options.value("o").map(list -> List.of(list.split(","))).orElse(GET_FIELDS);
        for (String field : fields) {
            if (!GET_FIELDS.contains(field)) {
                throw new OpException(Code.USAGE, "invalid column name '" + field + "'");
            }
        }
        List<List<String>> lines = new ArrayList<>();
        for (Row row : rows(names)) {
            List<String> shown =
                    all ? row.properties().stream().map(DatasetProperty::name).toList() : wanted;
            for (String property : shown) {
                line(row, property, fields, options).ifPresent(lines::add);
            }
        }
        if (options.has("H")) {
            session.out(ZfsColumns.tabbed(lines));
            return;
        }
        lines.addFirst(fields.stream().map(ZfsColumns::header).toList());
        session.out(ZfsColumns.table(lines, fields.stream().map(_ -> false).toList()));
    }

    private static List<String> withoutOperand(List<String> arguments, String operand) {
        List<String> rest = new ArrayList<>(arguments);
        rest.remove(operand);
        return rest;
    }

    /** One line of get; none when -s asks for another source. */
    private static Optional<List<String>> line(Row row, String property, List<String> fields, Getopt options) {
        Optional<DatasetProperty> found = row.property(property);
        String source = found.map(one -> one.source().label()).orElse("-");
        boolean wanted = options.value("s")
                .map(list -> List.of(list.split(",")))
                .map(sources -> sources.contains(sourceWord(source)))
                .orElse(true);
        if (!wanted) {
            return Optional.empty();
        }
        return Optional.of(fields.stream()
                .map(field -> switch (field) {
                    case "name" -> row.name();
                    case "property" -> property;
                    case "value" -> row.text(property, options.has("p"));
                    default -> source;
                })
                .toList());
    }

    private static String sourceWord(String label) {
        return label.equals("-") ? "none" : label.startsWith("inherited") ? "inherited" : label;
    }
}
