package zonda.storage;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import zonda.base.Bytes;
import zonda.storage.DatasetProperty.Source;
import zonda.storage.DatasetProperty.Value;
import zonda.storage.NodeRecord.Filesystem;
import zonda.storage.NodeRecord.Frozen;
import zonda.storage.NodeRecord.Mark;

/**
 * What {@code zfs get} tells of a dataset, snapshot or bookmark, in zfsprops(7)'s order; user properties come last. Each
 * property is found out only when it is asked for, since some of them read whole trees.
 */
final class DatasetProperties {
    private static final List<String> OF_DATASETS = List.of(
            "type",
            "creation",
            "used",
            "available",
            "referenced",
            "mounted",
            "origin",
            "quota",
            "reservation",
            "mountpoint",
            "compression",
            "createtxg",
            "refreservation",
            "guid",
            "usedbyrefreservation",
            "filesystem_limit",
            "snapshot_limit",
            "filesystem_count",
            "snapshot_count",
            "receive_resume_token");
    private static final List<String> OF_VOLUMES = List.of(
            "type",
            "creation",
            "used",
            "available",
            "referenced",
            "origin",
            "reservation",
            "volsize",
            "volblocksize",
            "compression",
            "createtxg",
            "refreservation",
            "guid",
            "usedbyrefreservation",
            "snapshot_limit",
            "snapshot_count",
            "receive_resume_token");
    private static final List<String> OF_SNAPSHOTS = List.of(
            "type", "creation", "referenced", "volsize", "createtxg", "guid", "defer_destroy", "userrefs", "clones");
    private static final List<String> OF_BOOKMARKS = List.of("type", "creation", "createtxg", "guid");

    private final Workings pool;
    private final Catalog catalog;

    DatasetProperties(Workings pool) {
        this.pool = pool;
        this.catalog = pool.catalog();
    }

    List<DatasetProperty> all(NodeRecord node) {
        List<String> names = switch (node) {
            case Filesystem dataset -> dataset.isVolume() ? OF_VOLUMES : OF_DATASETS;
            case Frozen _ -> OF_SNAPSHOTS;
            case Mark _ -> OF_BOOKMARKS;
        };
        return some(
                node,
                Stream.concat(names.stream(), userProperties(node).keySet().stream())
                        .toList());
    }

    /** Those of the names that it has. */
    List<DatasetProperty> some(NodeRecord node, List<String> names) {
        return names.stream().flatMap(name -> one(node, name).stream()).toList();
    }

    private Optional<DatasetProperty> one(NodeRecord node, String name) {
        if (name.indexOf(':') >= 0) {
            return Optional.ofNullable(userProperties(node).get(name));
        }
        return switch (name) {
            case "type" -> fact(name, new Value.Text(Removal.kind(node)));
            case "creation" -> fact(name, new Value.Time(node.created().getEpochSecond()));
            case "createtxg" -> fact(name, new Value.Count(node.txg()));
            default ->
                switch (node) {
                    case Filesystem dataset ->
                        dataset.isVolume() && !OF_VOLUMES.contains(name) ? Optional.empty() : ofDataset(dataset, name);
                    case Frozen snapshot -> ofSnapshot(snapshot, name);
                    case Mark mark -> name.equals("guid") ? fact(name, guid(mark.snapshot())) : Optional.empty();
                };
        };
    }

    private Optional<DatasetProperty> ofDataset(Filesystem dataset, String name) {
        return switch (name) {
            case "used" -> fact(name, new Value.Size(pool.reservations().used(dataset)));
            case "available" -> fact(name, new Value.Size(pool.reservations().available(dataset)));
            case "usedbyrefreservation" ->
                fact(name, new Value.Size(pool.reservations().unfilled(dataset)));
            case "referenced" -> fact(name, new Value.Size(pool.driver().referenced(dataset.guid())));
            case "mounted" -> fact(name, new Value.Text(pool.tree().wasMounted(dataset) ? "yes" : "no"));
            case "origin" ->
                dataset.origin()
                        .flatMap(catalog::nameOfSnapshot)
                        .flatMap(origin -> fact(name, new Value.Text(origin.toString())));
            case "quota" -> size(name, dataset.options().quota());
            case "reservation" -> size(name, dataset.options().allotment().reservation());
            case "refreservation" -> size(name, dataset.options().allotment().refreservation());
            case "filesystem_limit" -> limit(name, dataset.options().allotment().filesystems());
            case "snapshot_limit" -> limit(name, dataset.options().allotment().snapshots());
            case "filesystem_count" -> count(dataset, name, Population.Kind.FILESYSTEMS);
            case "snapshot_count" -> count(dataset, name, Population.Kind.SNAPSHOTS);
            case "mountpoint" ->
                Optional.of(new DatasetProperty(
                        name,
                        new Value.Text(pool.tree()
                                .mountpoint(dataset)
                                .map(Path::toString)
                                .orElse("none")),
                        mountpointSource(dataset)));
            case "compression" -> Optional.of(compression(dataset));
            case "guid" -> fact(name, guid(dataset.guid()));
            case "receive_resume_token" ->
                catalog.partial(dataset.guid())
                        .flatMap(partial ->
                                fact(name, new Value.Text(partial.token().text())));
            case "volsize", "volblocksize" -> dataset.options().volume().map(shape -> ofVolume(dataset, shape, name));
            default -> Optional.empty();
        };
    }

    private static Optional<DatasetProperty> size(String name, Optional<Bytes> set) {
        return Optional.of(new DatasetProperty(
                name,
                set.<Value>map(Value.Size::new).orElseGet(Value.NoLimit::new),
                set.isPresent() ? new Source.Local() : new Source.Default()));
    }

    private static Optional<DatasetProperty> limit(String name, OptionalLong set) {
        return Optional.of(new DatasetProperty(
                name, new Value.Many(set), set.isPresent() ? new Source.Local() : new Source.Default()));
    }

    private Optional<DatasetProperty> count(Filesystem dataset, String name, Population.Kind kind) {
        OptionalLong counted = pool.population().counted(dataset, kind);
        return Optional.of(new DatasetProperty(
                name, new Value.Many(counted), counted.isPresent() ? new Source.None() : new Source.Default()));
    }

    private DatasetProperty ofVolume(Filesystem dataset, VolumeShape shape, String name) {
        return name.equals("volsize")
                ? new DatasetProperty(name, new Value.Size(pool.driver().sizeOf(dataset.guid())), new Source.Local())
                : new DatasetProperty(name, new Value.Size(Bytes.of(shape.blockSize())), new Source.None());
    }

    private Optional<DatasetProperty> ofSnapshot(Frozen snapshot, String name) {
        return switch (name) {
            case "referenced" -> fact(name, new Value.Size(pool.driver().referenced(snapshot.id())));
            case "guid" -> fact(name, guid(snapshot.identity()));
            case "volsize" ->
                catalog.dataset(snapshot.dataset())
                        .filter(Filesystem::isVolume)
                        .flatMap(_ -> fact(name, new Value.Size(pool.driver().sizeOf(snapshot.id()))));
            case "defer_destroy" -> fact(name, new Value.Text(snapshot.notes().deferred() ? "on" : "off"));
            case "userrefs" ->
                fact(name, new Value.Count(snapshot.notes().holds().size()));
            case "clones" ->
                fact(
                        name,
                        new Value.Text(catalog.clones(snapshot.guid()).stream()
                                .map(DatasetName::text)
                                .collect(Collectors.joining(","))));
            default -> Optional.empty();
        };
    }

    private static Value guid(Guid guid) {
        return new Value.Text(Long.toUnsignedString(guid.value()));
    }

    private static Optional<DatasetProperty> fact(String name, Value value) {
        return Optional.of(new DatasetProperty(name, value, new Source.None()));
    }

    private DatasetProperty compression(Filesystem dataset) {
        return catalog.lineage(dataset).stream()
                .filter(one -> one.options().tuning().compression().isPresent())
                .findFirst()
                .map(one -> new DatasetProperty(
                        "compression",
                        new Value.Text(one.options().tuning().compression().get()),
                        source(dataset, one)))
                .orElseGet(() -> new DatasetProperty(
                        "compression", new Value.Text(pool.driver().usualCompression()), new Source.Default()));
    }

    private Source mountpointSource(Filesystem dataset) {
        return catalog.lineage(dataset).stream()
                .filter(one -> !(one.options().mountpoint() instanceof Mountpoint.Inherited))
                .findFirst()
                .map(one -> source(dataset, one))
                .orElseGet(Source.Default::new);
    }

    private Source source(NodeRecord node, Filesystem holder) {
        return holder.guid().equals(node.guid())
                ? new Source.Local()
                : new Source.Inherited(catalog.nameOf(holder.guid()).text());
    }

    /** By name: a node's own, and those of the datasets above it; a bookmark has none. */
    private Map<String, DatasetProperty> userProperties(NodeRecord node) {
        Map<String, DatasetProperty> found = new TreeMap<>();
        List<Filesystem> above = switch (node) {
            case Filesystem dataset -> catalog.lineage(dataset);
            case Frozen snapshot ->
                catalog.dataset(snapshot.dataset()).map(catalog::lineage).orElse(List.of());
            case Mark _ -> List.of();
        };
        if (node instanceof Frozen snapshot) {
            snapshot.notes()
                    .properties()
                    .forEach((name, value) ->
                            found.put(name, new DatasetProperty(name, new Value.Text(value), new Source.Local())));
        }
        for (Filesystem one : above) {
            one.options()
                    .properties()
                    .forEach((name, value) -> found.putIfAbsent(
                            name, new DatasetProperty(name, new Value.Text(value), source(node, one))));
        }
        return new LinkedHashMap<>(found);
    }
}
