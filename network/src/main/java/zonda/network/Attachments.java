package zonda.network;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import zonda.base.Json;
import zonda.base.StateFile;

/**
 * Which NICs are attached: one file a zone, written before the first link is made and removed after the last is gone,
 * so that whatever a crash leaves behind is named here. On a tmpfs, as the links end with the kernel too.
 */
final class Attachments {
    private static final String SUFFIX = ".json";

    private final Path directory;
    private final Map<UUID, List<Attachment>> byZone = new ConcurrentHashMap<>();

    Attachments(Path directory) {
        this.directory = directory;
    }

    /** Reads what is there. */
    void load() {
        try {
            Files.createDirectories(directory);
            try (Stream<Path> files = Files.list(directory)) {
                files.filter(file -> file.toString().endsWith(SUFFIX)).forEach(this::load);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("list " + directory + ": " + e, e);
        }
    }

    private void load(Path file) {
        StateFile.readObject(file).ifPresent(object -> {
            List<Attachment> nics = object.array("nics").objects().stream()
                    .map(Attachment::from)
                    .toList();
            byZone.put(UUID.fromString(object.string("zone", "")), nics);
        });
    }

    void put(UUID zone, List<Attachment> nics) {
        byZone.put(zone, List.copyOf(nics));
        var array = Json.Arr.of(nics.stream().map(Attachment::toJson));
        StateFile.replace(
                file(zone), Json.object().with("zone", zone.toString()).with("nics", array));
    }

    void remove(UUID zone) {
        byZone.remove(zone);
        StateFile.delete(file(zone));
    }

    List<Attachment> of(UUID zone) {
        return byZone.getOrDefault(zone, List.of());
    }

    boolean has(UUID zone) {
        return byZone.containsKey(zone);
    }

    /** All zones' NICs, a snapshot. */
    List<Attachment> all() {
        List<Attachment> all = new ArrayList<>();
        byZone.values().forEach(all::addAll);
        return all;
    }

    List<UUID> zones() {
        return List.copyOf(byZone.keySet());
    }

    private Path file(UUID zone) {
        return directory.resolve(zone + SUFFIX);
    }
}
