package zonda.storage;

import java.nio.file.Path;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import zonda.base.Bytes;
import zonda.base.Json;

/** What the pool's store keeps of a dataset or snapshot: a file {@code <guid>.json} each. */
sealed interface NodeRecord {
    Guid guid();

    Instant created();

    Json.Obj toJson();

    /**
     * A dataset's record.
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
            Optional<Guid> origin,
            DatasetOptions options)
            implements NodeRecord {
        @Override
        public Json.Obj toJson() {
            Json.Obj properties = Json.object();
            for (Map.Entry<String, String> property : new java.util.TreeMap<>(options.properties()).entrySet()) {
                properties = properties.with(property.getKey(), property.getValue());
            }
            Json.Obj text = Json.object()
                    .with("kind", "filesystem")
                    .with("guid", guid.toString())
                    .with("parent", parent.map(Guid::toString))
                    .with("name", leaf)
                    .with("created", created.toString())
                    .with("origin", origin.map(Guid::toString));
            if (options.quota().isPresent()) {
                text = text.with("quota", options.quota().get().value());
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

        Filesystem withOptions(DatasetOptions changed) {
            return new Filesystem(guid, parent, leaf, created, origin, changed);
        }

        Filesystem withName(Optional<Guid> newParent, String newLeaf) {
            return new Filesystem(guid, newParent, newLeaf, created, origin, options);
        }
    }

    /** A snapshot's record. */
    record Frozen(Guid guid, Guid dataset, String name, Instant created) implements NodeRecord {
        @Override
        public Json.Obj toJson() {
            return Json.object()
                    .with("kind", "snapshot")
                    .with("guid", guid.toString())
                    .with("dataset", dataset.toString())
                    .with("name", name)
                    .with("created", created.toString());
        }
    }

    /** Reads a record's text; empty when it is not one, as a file that a crash cut short. */
    static Optional<NodeRecord> parse(String text) {
        try {
            Json.Obj object = Json.parseObject(text);
            Guid guid = Guid.parse(object.string("guid", "")).orElseThrow();
            Instant created = Instant.parse(object.string("created", ""));
            return switch (object.string("kind", "")) {
                case "filesystem" -> Optional.of(filesystem(object, guid, created));
                case "snapshot" ->
                    Optional.of(new Frozen(
                            guid,
                            Guid.parse(object.string("dataset", "")).orElseThrow(),
                            object.string("name").orElseThrow(),
                            created));
                default -> Optional.empty();
            };
        } catch (Json.JsonSyntaxException
                | java.util.NoSuchElementException
                | DateTimeParseException
                | IllegalArgumentException
                | zonda.base.OpException e) {
            return Optional.empty();
        }
    }

    private static Filesystem filesystem(Json.Obj object, Guid guid, Instant created) {
        var properties = new LinkedHashMap<String, String>();
        object.object("properties")
                .members()
                .forEach((name, value) -> properties.put(name, ((Json.Str) value).value()));
        OptionalInt mode = object.string("mode")
                .map(text -> OptionalInt.of(Integer.parseInt(text, 8)))
                .orElse(OptionalInt.empty());
        var options = new DatasetOptions(
                object.integer("quota").map(Bytes::of),
                object.string("mountpoint").map(Mountpoint::parse).orElse(new Mountpoint.Inherited()),
                mode,
                properties);
        return new Filesystem(
                guid,
                object.string("parent").map(text -> Guid.parse(text).orElseThrow()),
                object.string("name").orElseThrow(),
                created,
                object.string("origin").map(text -> Guid.parse(text).orElseThrow()),
                options);
    }
}
