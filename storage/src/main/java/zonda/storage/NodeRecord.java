package zonda.storage;

import java.nio.file.Path;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import zonda.base.Bytes;
import zonda.base.Json;

/** What the pool's store keeps of a dataset or snapshot: a file {@code <guid>.json} each. */
sealed interface NodeRecord {
    Guid guid();

    Instant created();

    /** Grows with each node that is made in a pool: their order, whatever the clock does. */
    long txg();

    Json.Obj toJson();

    /** Nodes as they came. */
    Comparator<NodeRecord> AGE = Comparator.comparingLong(NodeRecord::txg).thenComparing(NodeRecord::created);

    /**
     * A dataset's record, be it a filesystem or a volume.
     *
     * @param parent none for the pool's root
     * @param leaf the last part of its name, so that renaming a dataset leaves the records below it alone
     * @param origin the snapshot it is a clone of
     */
    record Filesystem(
            Guid guid,
            Optional<Guid> parent,
            String leaf,
            Instant created,
            long txg,
            Optional<Guid> origin,
            DatasetOptions options)
            implements NodeRecord {
        @Override
        public Json.Obj toJson() {
            Json.Obj properties = json(options.properties());
            Json.Obj text = Json.object()
                    .with("kind", isVolume() ? "volume" : "filesystem")
                    .with("guid", guid.toString())
                    .with("parent", parent.map(Guid::toString))
                    .with("name", leaf)
                    .with("created", created.toString())
                    .with("txg", txg)
                    .with("origin", origin.map(Guid::toString));
            if (options.quota().isPresent()) {
                text = text.with("quota", options.quota().get().value());
            }
            text = tuned(allotted(text, options.allotment()), options.tuning());
            text = options.permissions().isEmpty() ? text : text.with("allow", json(options.permissions()));
            if (options.volume().isPresent()) {
                VolumeShape shape = options.volume().get();
                text = text.with("volsize", shape.size().value()).with("volblocksize", shape.blockSize());
            }
            if (options.mode().isPresent()) {
                text = text.with("mode", Integer.toOctalString(options.mode().getAsInt()));
            }
            text = switch (options.mountpoint()) {
                case Mountpoint.Inherited() -> text;
                case Mountpoint.At(Path path) -> text.with("mountpoint", path.toString());
                case Mountpoint.None() -> text.with("mountpoint", "none");
            };
            return properties.isEmpty() ? text : text.with("properties", properties);
        }

        boolean isVolume() {
            return options.volume().isPresent();
        }

        Filesystem withOptions(DatasetOptions changed) {
            return new Filesystem(guid, parent, leaf, created, txg, origin, changed);
        }

        Filesystem withOrigin(Optional<Guid> other) {
            return new Filesystem(guid, parent, leaf, created, txg, other, options);
        }

        Filesystem withName(Optional<Guid> newParent, String newLeaf) {
            return new Filesystem(guid, newParent, newLeaf, created, txg, origin, options);
        }
    }

    private static Json.Obj allotted(Json.Obj text, Allotment given) {
        Json.Obj more = text;
        if (given.reservation().isPresent()) {
            more = more.with("reservation", given.reservation().get().value());
        }
        if (given.refreservation().isPresent()) {
            more = more.with("refreservation", given.refreservation().get().value());
        }
        if (given.filesystems().isPresent()) {
            more = more.with("filesystem_limit", given.filesystems().getAsLong());
        }
        return given.snapshots().isPresent()
                ? more.with("snapshot_limit", given.snapshots().getAsLong())
                : more;
    }

    private static Json.Obj tuned(Json.Obj text, Tuning tuning) {
        Json.Obj more =
                tuning.compression().map(word -> text.with("compression", word)).orElse(text);
        return tuning.recordSize().isPresent()
                ? more.with("recordsize", tuning.recordSize().getAsInt())
                : more;
    }

    private static Json.Obj json(Permissions permissions) {
        Json.Obj object = Json.object();
        for (Map.Entry<String, List<String>> one : permissions.words().entrySet()) {
            object = object.with(one.getKey(), Json.Arr.ofStrings(one.getValue()));
        }
        return object;
    }

    private static Permissions permissions(Json.Obj object) {
        var words = new LinkedHashMap<String, List<String>>();
        object.members().forEach((target, names) -> words.put(target, ((Json.Arr) names).strings()));
        return Permissions.of(words);
    }

    private static Tuning tuning(Json.Obj object) {
        OptionalInt recordSize = object.integer("recordsize")
                .map(bytes -> OptionalInt.of(Math.toIntExact(bytes)))
                .orElse(OptionalInt.empty());
        return new Tuning(object.string("compression"), recordSize);
    }

    private static Allotment allotment(Json.Obj object) {
        return new Allotment(
                object.integer("reservation").map(Bytes::of),
                object.integer("refreservation").map(Bytes::of),
                number(object, "filesystem_limit"),
                number(object, "snapshot_limit"));
    }

    private static OptionalLong number(Json.Obj object, String member) {
        return object.integer(member).map(OptionalLong::of).orElse(OptionalLong.empty());
    }

    private static Json.Obj json(Map<String, String> texts) {
        Json.Obj object = Json.object();
        for (Map.Entry<String, String> one : new java.util.TreeMap<>(texts).entrySet()) {
            object = object.with(one.getKey(), one.getValue());
        }
        return object;
    }

    /**
     * A snapshot's record.
     *
     * @param dataset whose snapshot it is
     * @param home the dataset that it was made of, which is where a driver has it: promoting a clone changes the one and
     *     not the other
     */
    record Frozen(Guid guid, Guid dataset, Guid home, String name, Instant created, long txg, SnapshotNotes notes)
            implements NodeRecord {
        /** A snapshot as it is when it is made. */
        static Frozen of(Guid guid, SnapshotName name, Filesystem dataset, Instant created, long txg) {
            return new Frozen(guid, dataset.guid(), dataset.guid(), name.snapshot(), created, txg, SnapshotNotes.NONE);
        }

        /** By which streams know it: a received one has its sender's. */
        Guid identity() {
            return notes.streamed().orElse(guid);
        }

        /** As a driver knows it. */
        SnapshotId id() {
            return new SnapshotId(home, guid);
        }

        Frozen withNotes(SnapshotNotes changed) {
            return new Frozen(guid, dataset, home, name, created, txg, changed);
        }

        Frozen withName(String other) {
            return new Frozen(guid, dataset, home, other, created, txg, notes);
        }

        Frozen of(Guid otherDataset) {
            return new Frozen(guid, otherDataset, home, name, created, txg, notes);
        }

        @Override
        public Json.Obj toJson() {
            Json.Obj text = Json.object()
                    .with("kind", "snapshot")
                    .with("guid", guid.toString())
                    .with("dataset", dataset.toString());
            if (!home.equals(dataset)) {
                text = text.with("home", home.toString());
            }
            text = text.with("name", name).with("created", created.toString()).with("txg", txg);
            var holds = new java.util.HashMap<String, String>();
            notes.holds().forEach((tag, since) -> holds.put(tag, since.toString()));
            text = holds.isEmpty() ? text : text.with("holds", json(holds));
            text = notes.deferred() ? text.with("deferred", true) : text;
            text = switch (notes.arrival()) {
                case OVER -> text;
                case AT_ONCE -> text.with("arriving", true);
                case RESUMABLE -> text.with("arriving", true).with("resumable", "existing");
                case RESUMABLE_INTO_NEW -> text.with("arriving", true).with("resumable", "new");
            };
            if (notes.streamed().isPresent()) {
                text = text.with("streamed", notes.streamed().get().toString());
            }
            return notes.properties().isEmpty() ? text : text.with("properties", json(notes.properties()));
        }
    }

    /**
     * A bookmark's record: what is remembered of a snapshot, which need not be there any more.
     *
     * @param created of the snapshot, as is the txg
     */
    record Mark(Guid guid, Guid dataset, String name, Guid snapshot, Instant created, long txg) implements NodeRecord {
        @Override
        public Json.Obj toJson() {
            return Json.object()
                    .with("kind", "bookmark")
                    .with("guid", guid.toString())
                    .with("dataset", dataset.toString())
                    .with("name", name)
                    .with("snapshot", snapshot.toString())
                    .with("created", created.toString())
                    .with("txg", txg);
        }
    }

    /** Reads a record's text; empty when it is not one, as a file that a crash cut short. */
    static Optional<NodeRecord> parse(String text) {
        try {
            Json.Obj object = Json.parseObject(text);
            Guid guid = Guid.parse(object.string("guid", "")).orElseThrow();
            Instant created = Instant.parse(object.string("created", ""));
            return switch (object.string("kind", "")) {
                case "filesystem" -> Optional.of(filesystem(object, Optional.empty(), guid, created));
                case "volume" -> Optional.of(filesystem(object, Optional.of(shape(object)), guid, created));
                case "snapshot" -> Optional.of(snapshot(object, guid, created));
                case "bookmark" ->
                    Optional.of(new Mark(
                            guid,
                            requireGuid(object, "dataset"),
                            object.string("name").orElseThrow(),
                            requireGuid(object, "snapshot"),
                            created,
                            object.integer("txg", 0)));
                default -> Optional.empty();
            };
        } catch (Json.JsonSyntaxException
                | java.util.NoSuchElementException
                | DateTimeParseException
                | IllegalArgumentException
                | ClassCastException
                | zonda.base.OpException e) {
            return Optional.empty();
        }
    }

    private static Guid requireGuid(Json.Obj object, String member) {
        return Guid.parse(object.string(member, "")).orElseThrow();
    }

    private static Frozen snapshot(Json.Obj object, Guid guid, Instant created) {
        Guid dataset = requireGuid(object, "dataset");
        var holds = new LinkedHashMap<String, Instant>();
        texts(object.object("holds")).forEach((tag, since) -> holds.put(tag, Instant.parse(since)));
        var notes = new SnapshotNotes(
                holds,
                object.bool("deferred", false),
                texts(object.object("properties")),
                object.has("streamed") ? Optional.of(requireGuid(object, "streamed")) : Optional.empty(),
                arrival(object));
        return new Frozen(
                guid,
                dataset,
                object.has("home") ? requireGuid(object, "home") : dataset,
                object.string("name").orElseThrow(),
                created,
                object.integer("txg", 0),
                notes);
    }

    private static SnapshotNotes.Arrival arrival(Json.Obj object) {
        if (!object.bool("arriving", false)) {
            return SnapshotNotes.Arrival.OVER;
        }
        return switch (object.string("resumable", "")) {
            case "new" -> SnapshotNotes.Arrival.RESUMABLE_INTO_NEW;
            case "existing" -> SnapshotNotes.Arrival.RESUMABLE;
            default -> SnapshotNotes.Arrival.AT_ONCE;
        };
    }

    private static Map<String, String> texts(Json.Obj object) {
        var texts = new LinkedHashMap<String, String>();
        object.members().forEach((name, value) -> texts.put(name, ((Json.Str) value).value()));
        return texts;
    }

    private static VolumeShape shape(Json.Obj object) {
        return new VolumeShape(
                Bytes.of(object.integer("volsize").orElseThrow()),
                Math.toIntExact(object.integer("volblocksize").orElseThrow()));
    }

    private static Filesystem filesystem(Json.Obj object, Optional<VolumeShape> volume, Guid guid, Instant created) {
        OptionalInt mode = object.string("mode")
                .map(text -> OptionalInt.of(Integer.parseInt(text, 8)))
                .orElse(OptionalInt.empty());
        var options = new DatasetOptions(
                object.integer("quota").map(Bytes::of),
                object.string("mountpoint").map(Mountpoint::parse).orElse(new Mountpoint.Inherited()),
                mode,
                texts(object.object("properties")),
                volume,
                allotment(object),
                tuning(object),
                permissions(object.object("allow")));
        return new Filesystem(
                guid,
                object.string("parent").map(text -> Guid.parse(text).orElseThrow()),
                object.string("name").orElseThrow(),
                created,
                object.integer("txg", 0),
                object.string("origin").map(text -> Guid.parse(text).orElseThrow()),
                options);
    }
}
