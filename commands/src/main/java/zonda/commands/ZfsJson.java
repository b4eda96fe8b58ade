package zonda.commands;

import java.math.BigDecimal;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import zonda.base.Json;
import zonda.commands.ZfsListing.Row;
import zonda.storage.DatasetProperty;
import zonda.storage.DatasetProperty.Source;
import zonda.storage.DatasetProperty.Value;
import zonda.storage.Datasets;

/**
 * What {@code -j} prints, in the shape of OpenZFS 2.3: one object, in it an object for each dataset by its name, in it
 * one for each property.
 *
 * @param exact whether numbers are as they are, {@code -p}
 * @param integers whether they are numbers, not strings, {@code --json-int}
 */
record ZfsJson(Function<String, Datasets> datasets, String command, boolean exact, boolean integers) {
    /** @param shown which properties of a row */
    String text(List<Row> rows, Function<Row, List<String>> shown) {
        var members = new LinkedHashMap<String, Json>();
        for (Row row : rows) {
            List<String> names = shown.apply(row);
            if (!names.isEmpty()) {
                members.put(row.name(), dataset(row, names));
            }
        }
        return output(command, "datasets", members);
    }

    /** What zfs(8) and zpool(8) print alike: which command it is of, and objects of one kind by their names. */
    static String output(String command, String kind, Map<String, Json> members) {
        return Json.object()
                        .with(
                                "output_version",
                                Json.object()
                                        .with("command", command)
                                        .with("vers_major", 0)
                                        .with("vers_minor", 1))
                        .with(kind, new Json.Obj(members))
                        .compact()
                + "\n";
    }

    private Json.Obj dataset(Row row, List<String> names) {
        List<DatasetProperty> facts = datasets.apply(row.name()).properties(row.name(), List.of("type", "createtxg"));
        Json.Obj one = Json.object()
                .with("name", row.name())
                .with("type", text(facts, "type").toUpperCase(Locale.ROOT))
                .with("pool", row.name().split("[/@#]", 2)[0]);
        one = integers
                ? one.with("createtxg", Long.parseLong(text(facts, "createtxg")))
                : one.with("createtxg", text(facts, "createtxg"));
        int at = row.name().indexOf('@');
        if (at >= 0) {
            one = one.with("dataset", row.name().substring(0, at))
                    .with("snapshot_name", row.name().substring(at + 1));
        }
        var properties = new LinkedHashMap<String, Json>();
        names.stream().filter(name -> !name.equals("name")).forEach(name -> properties.put(name, property(row, name)));
        return one.with("properties", new Json.Obj(properties));
    }

    private static String text(List<DatasetProperty> facts, String name) {
        return ZfsColumns.find(facts, name)
                .map(one -> ZfsColumns.text(one.value(), true))
                .orElse("0");
    }

    private Json.Obj property(Row row, String name) {
        String text = row.text(name, exact || integers);
        boolean number = integers
                && row.property(name)
                        .filter(one -> !(one.value() instanceof Value.Text)
                                || one.name().equals("guid"))
                        .isPresent();
        Json.Obj object = Json.object();
        object = number ? object.with("value", new Json.Num(new BigDecimal(text))) : object.with("value", text);
        return object.with(
                "source",
                switch (row.property(name).map(DatasetProperty::source).orElseGet(Source.None::new)) {
                    case Source.None() -> source("NONE", "-");
                    case Source.Default() -> source("DEFAULT", "-");
                    case Source.Local() -> source("LOCAL", "-");
                    case Source.Inherited(String from) -> source("INHERITED", from);
                });
    }

    private static Json.Obj source(String type, String data) {
        return Json.object().with("type", type).with("data", data);
    }
}
