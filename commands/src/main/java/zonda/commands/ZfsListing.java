package zonda.commands;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import zonda.base.Code;
import zonda.base.OpException;
import zonda.storage.DatasetProperty;
import zonda.storage.DatasetProperty.Source;
import zonda.storage.DatasetProperty.Value;
import zonda.storage.Datasets;

/** {@code zfs list} and {@code zfs get}. No property is found out that isn't asked for. */
final class ZfsListing {
    private static final String DEFAULT_COLUMNS = "name,used,available,referenced,mountpoint";
    private static final List<String> DEFAULT_FIELDS = List.of("name", "property", "value", "source");
    private static final List<String> FIELDS = List.of("name", "property", "value", "received", "source");
    private static final Set<String> SOURCES = Set.of("local", "default", "inherited", "received", "temporary", "none");

    private final List<Datasets> pools;
    private final ZfsView view;

    ZfsListing(List<Datasets> pools, ZfsView view) {
        this.pools = pools;
        this.view = view;
    }

    private Datasets of(String name) {
        return ZfsSelection.of(pools, name);
    }

    /** Reads names of properties. @param names of what is asked about; none for all pools */
    private List<String> list(String properties, List<String> names) {
        String drivers = (names.isEmpty() ? pools.stream() : names.stream().map(this::of))
                .map(Datasets::driverName)
                .distinct()
                .collect(Collectors.joining(" and "));
        return ZfsPropertyNames.list(properties, drivers);
    }

    /** A dataset, snapshot or bookmark by its name, with those of its properties that are wanted. */
    record Row(String name, List<DatasetProperty> properties) {
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

    private Row row(String name, List<String> wanted) {
        return new Row(
                name,
                seen(
                        name,
                        of(name).properties(
                                        name,
                                        wanted.stream()
                                                .filter(one -> !one.equals("name"))
                                                .toList())));
    }

    private List<DatasetProperty> seen(String name, List<DatasetProperty> properties) {
        return properties.stream().flatMap(one -> view.seen(name, one).stream()).toList();
    }

    /** The rows of names, without those that were destroyed meanwhile by somebody else. */
    private static Stream<Row> present(List<String> names, Function<String, Row> row) {
        return names.stream().flatMap(name -> unlessGone(() -> row.apply(name)).stream());
    }

    private static Optional<Row> unlessGone(Supplier<Row> row) {
        try {
            return Optional.of(row.get());
        } catch (OpException e) {
            if (e.code() == Code.NOT_FOUND) {
                return Optional.empty();
            }
            throw e;
        }
    }

    void list(Session session, List<String> arguments) {
        Getopt options = Getopt.parse(arguments, "H p r d= o= t= s= S= j|json json-int");
        List<String> columns = list(options.value("o").orElse(DEFAULT_COLUMNS), options.operands());
        boolean exact = options.has("p") || options.has("json-int");
        List<String> names = ZfsSelection.of(session, pools, options, options.operands());
        List<String> sortedBy = options.inOrder().stream()
                .filter(one -> one.getKey().equalsIgnoreCase("s"))
                .flatMap(one -> list(one.getValue(), options.operands()).stream())
                .toList();
        List<String> wanted =
                Stream.concat(columns.stream(), sortedBy.stream()).distinct().toList();
        List<Row> rows =
                new ArrayList<>(present(names, name -> row(name, wanted)).toList());
        sort(rows, options);
        if (options.has("j")) {
            session.out(json("zfs list", options).text(rows, _ -> columns));
            return;
        }
        requireJson(options);
        if (rows.isEmpty()) {
            if (!options.has("H")) {
                session.err("no datasets available");
            }
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
        lines.addFirst(columns.stream().map(ZfsPropertyNames::header).toList());
        session.out(ZfsColumns.table(
                lines, columns.stream().map(ZfsPropertyNames::isRightAligned).toList()));
    }

    private ZfsJson json(String command, Getopt options) {
        return new ZfsJson(this::of, command, options.has("p"), options.has("json-int"));
    }

    private static void requireJson(Getopt options) {
        if (options.has("json-int")) {
            throw new OpException(Code.USAGE, "'--json-int' only works with '-j' option");
        }
    }

    /** By each -s (ascending) and -S (descending), in the order given; what lacks a property comes last. */
    private static void sort(List<Row> rows, Getopt options) {
        Comparator<Row> order = (_, _) -> 0;
        for (var option : options.inOrder()) {
            if (option.getKey().equalsIgnoreCase("s")) {
                String property = ZfsPropertyNames.of(option.getValue());
                order = order.thenComparing(by(property, option.getKey().equals("S")));
            }
        }
        rows.sort(order);
    }

    private static Comparator<Row> by(String property, boolean descending) {
        Comparator<Row> ascending = property.equals("name")
                ? Comparator.comparing(Row::name, ZfsSelection.BY_NAME)
                : Comparator.comparing(row -> key(row, property));
        Comparator<Row> lacksLast =
                Comparator.comparing(row -> row.property(property).isEmpty());
        return lacksLast.thenComparing(descending ? ascending.reversed() : ascending);
    }

    /** Numbers as numbers: padded, so that their texts are in their order. */
    private static String key(Row row, String property) {
        String text = row.text(property, true);
        return text.matches("[0-9]{1,20}") ? "%20s".formatted(text) : text;
    }

    void get(Session session, List<String> arguments) {
        Getopt options = Getopt.parse(arguments, "H p r d= o= t= s= j|json json-int");
        if (options.operands().isEmpty()) {
            throw new OpException(Code.USAGE, "missing property argument");
        }
        String asked = options.operands().getFirst();
        Optional<List<String>> wanted = asked.equals("all")
                ? Optional.empty()
                : Optional.of(list(
                        asked, options.operands().subList(1, options.operands().size())));
        List<String> fields = fields(options);
        Optional<Set<String>> sources = options.value("s").map(ZfsListing::sources);
        List<String> operands = options.operands();
        List<String> names = ZfsSelection.of(session, pools, withTypes(options), operands.subList(1, operands.size()));
        List<Row> rows = present(
                        names,
                        name -> wanted.map(list -> row(name, list))
                                .orElseGet(() -> new Row(name, seen(name, of(name).properties(name)))))
                .toList();
        if (options.has("j")) {
            session.out(json("zfs get", options).text(rows, row -> shown(row, wanted, sources)));
            return;
        }
        requireJson(options);
        List<List<String>> lines = new ArrayList<>();
        for (Row row : rows) {
            shown(row, wanted, sources).forEach(property -> lines.add(line(row, property, fields, options)));
        }
        if (options.has("H")) {
            session.out(ZfsColumns.tabbed(lines));
        } else if (!lines.isEmpty()) {
            lines.addFirst(fields.stream().map(ZfsPropertyNames::header).toList());
            session.out(ZfsColumns.table(lines, fields.stream().map(_ -> false).toList()));
        }
    }

    /** Without -t, get speaks of everything that the names and the depth reach. */
    private static Getopt withTypes(Getopt options) {
        return options.value("t").isEmpty() ? options.with("t", "all") : options;
    }

    private static List<String> fields(Getopt options) {
        List<String> fields = options.value("o")
                .map(list -> list.equals("all") ? FIELDS : List.of(list.split(",", -1)))
                .orElse(DEFAULT_FIELDS);
        for (String field : fields) {
            if (!FIELDS.contains(field)) {
                throw new OpException(Code.USAGE, "invalid column name '" + field + "'");
            }
        }
        return fields;
    }

    private static Set<String> sources(String list) {
        for (String source : list.split(",", -1)) {
            if (!SOURCES.contains(source)) {
                throw new OpException(Code.USAGE, "invalid source '" + source + "'");
            }
        }
        return Set.of(list.split(","));
    }

    private static List<String> shown(Row row, Optional<List<String>> wanted, Optional<Set<String>> sources) {
        Stream<String> names = wanted.map(List::stream)
                .orElseGet(() -> row.properties().stream().map(DatasetProperty::name));
        return names.filter(name -> sources.map(some -> some.contains(sourceWord(row, name)))
                        .orElse(true))
                .toList();
    }

    private static String sourceWord(Row row, String property) {
        return switch (row.property(property).map(DatasetProperty::source).orElseGet(Source.None::new)) {
            case Source.None() -> "none";
            case Source.Default() -> "default";
            case Source.Local() -> "local";
            case Source.Inherited _ -> "inherited";
        };
    }

    /** One line of get. */
    private static List<String> line(Row row, String property, List<String> fields, Getopt options) {
        return fields.stream()
                .map(field -> switch (field) {
                    case "name" -> row.name();
                    case "property" -> property;
                    case "value" -> row.text(property, options.has("p"));
                    case "received" -> "-";
                    default ->
                        row.property(property).map(one -> one.source().label()).orElse("-");
                })
                .toList();
    }
}
