package zonda.storage;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;
import zonda.storage.DatasetProperty.Source;
import zonda.storage.DatasetProperty.Value;
import zonda.storage.NodeRecord.Filesystem;
import zonda.storage.NodeRecord.Frozen;

/** What {@code zfs get} tells of a dataset or snapshot, in zfsprops(7)'s order; its own user properties come last. */
final class DatasetProperties {
    private final Catalog catalog;
    private final Datasets datasets;

    DatasetProperties(Catalog catalog, Datasets datasets) {
        this.catalog = catalog;
        this.datasets = datasets;
    }

    List<DatasetProperty> of(Filesystem dataset) {
        String name = catalog.nameOf(dataset.guid()).text();
        Dataset shown = datasets.find(name).orElseThrow();
        Usage usage = datasets.usage(name);
        List<DatasetProperty> found = new ArrayList<>();
        found.add(fact("type", new Value.Text("filesystem")));
        found.add(fact("creation", new Value.Time(dataset.created().getEpochSecond())));
        found.add(fact("used", new Value.Size(usage.used())));
        found.add(fact("available", new Value.Size(usage.available())));
        found.add(fact("referenced", new Value.Size(datasets.referenced(name))));
        found.add(fact("mounted", new Value.Text(shown.mounted() ? "yes" : "no")));
        shown.origin().ifPresent(origin -> found.add(fact("origin", new Value.Text(origin))));
        found.add(new DatasetProperty(
                "quota",
                usage.quota().<Value>map(Value.Size::new).orElseGet(Value.NoLimit::new),
                usage.quota().isPresent() ? new Source.Local() : new Source.Default()));
        found.add(new DatasetProperty(
                "mountpoint",
                new Value.Text(shown.mountpoint().map(Path::toString).orElse("none")),
                mountpointSource(dataset)));
        found.add(fact("guid", new Value.Text(guid(dataset.guid()))));
        found.addAll(userProperties(dataset));
        return List.copyOf(found);
    }

    List<DatasetProperty> of(Frozen snapshot) {
        String name = catalog.nameOfSnapshot(snapshot.guid()).orElseThrow().toString();
        String clones =
                catalog.clones(snapshot.guid()).stream().map(DatasetName::text).collect(Collectors.joining(","));
        List<DatasetProperty> found = new ArrayList<>();
        found.add(fact("type", new Value.Text("snapshot")));
        found.add(fact("creation", new Value.Time(snapshot.created().getEpochSecond())));
        found.add(fact("referenced", new Value.Size(datasets.referenced(name))));
        found.add(fact("guid", new Value.Text(guid(snapshot.guid()))));
        found.add(fact("clones", new Value.Text(clones)));
        return List.copyOf(found);
    }

    private static String guid(Guid guid) {
        return Long.toUnsignedString(guid.value());
    }

    private static DatasetProperty fact(String name, Value value) {
        return new DatasetProperty(name, value, new Source.None());
    }

    private Source mountpointSource(Filesystem dataset) {
        return catalog.lineage(dataset).stream()
                .filter(one -> !(one.options().mountpoint() instanceof Mountpoint.Inherited))
                .findFirst()
                .map(one -> source(dataset, one))
                .orElseGet(Source.Default::new);
    }

    private Source source(Filesystem dataset, Filesystem holder) {
        return holder.guid().equals(dataset.guid())
                ? new Source.Local()
                : new Source.Inherited(catalog.nameOf(holder.guid()).text());
    }

    private List<DatasetProperty> userProperties(Filesystem dataset) {
        Map<String, Filesystem> holders = new LinkedHashMap<>();
        for (Filesystem one : catalog.lineage(dataset)) {
            one.options().properties().keySet().forEach(name -> holders.putIfAbsent(name, one));
        }
        return new TreeMap<>(holders)
                .entrySet().stream()
                        .map(entry -> new DatasetProperty(
                                entry.getKey(),
                                new Value.Text(Optional.ofNullable(entry.getValue()
                                                .options()
                                                .properties()
                                                .get(entry.getKey()))
                                        .orElse("-")),
                                source(dataset, entry.getValue())))
                        .toList();
    }
}
