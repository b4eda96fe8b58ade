package zonda.storage;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import zonda.zstream.ObjectMap;

/**
 * The maps of snapshots that were received or sent: which numbers their objects have in streams, a file {@code
 * <guid>.objects} each, in a directory of the pool. A snapshot gets its map once, before anybody else knows a number of
 * it, and keeps it. Losing one costs no data, but nothing incremental to that snapshot can be sent or received any more
 * by whoever has it too.
 */
final class ObjectMaps {
    private static final String SUFFIX = ".objects";

    private final Path directory;

    ObjectMaps(Path directory) {
        this.directory = directory;
    }

    /** @throws zonda.zstream.StreamException when it is damaged */
    Optional<ObjectMap> find(Guid snapshot) {
        Path file = file(snapshot);
        return Files.exists(file) ? Optional.of(ObjectMap.load(file)) : Optional.empty();
    }

    boolean has(Guid snapshot) {
        return Files.exists(file(snapshot));
    }

    /** Durable when it returns. */
    void save(Guid snapshot, ObjectMap map) {
        try {
            Files.createDirectories(directory);
        } catch (IOException e) {
            throw new UncheckedIOException("make " + directory + ": " + e, e);
        }
        map.save(file(snapshot));
    }

    void delete(Guid snapshot) {
        delete(file(snapshot));
    }

    /** Takes away what crashes have left of snapshots that aren't there. */
    void retain(Set<Guid> snapshots) {
        for (Path file : files()) {
            String name = String.valueOf(file.getFileName());
            int dot = name.indexOf('.');
            Optional<Guid> guid = dot < 0 ? Optional.empty() : Guid.parse(name.substring(0, dot));
            boolean isWhole = name.endsWith(SUFFIX);
            if (guid.isPresent() && (!isWhole || !snapshots.contains(guid.get()))) {
                delete(file);
            }
        }
    }

    private List<Path> files() {
        if (!Files.isDirectory(directory)) {
            return List.of();
        }
        try (Stream<Path> entries = Files.list(directory)) {
            return entries.toList();
        } catch (IOException e) {
            throw new UncheckedIOException("list " + directory + ": " + e, e);
        }
    }

    private Path file(Guid snapshot) {
        return directory.resolve(snapshot + SUFFIX);
    }

    private static void delete(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            throw new UncheckedIOException("delete " + file + ": " + e, e);
        }
    }
}
