package zonda.network;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
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
 * so that whatever a killed daemon leaves behind is named here. Nothing is forced to disk: when the machine stops, the
 * links are gone too, and what an earlier boot left is thrown away.
 */
final class Attachments {
    private static final String SUFFIX = ".json";
    private static final Path BOOT_ID = Path.of("/proc/sys/kernel/random/boot_id");

    private final Path directory;
    private final Map<UUID, List<Attachment>> byZone = new ConcurrentHashMap<>();

    Attachments(Path directory) {
        this.directory = directory;
    }

    /** Reads what this boot of the machine has written. */
    void load() {
        try {
            Files.createDirectories(directory);
            String boot = Files.readString(BOOT_ID);
            Path mark = directory.resolve("boot-id");
            boolean sameBoot = Files.exists(mark) && Files.readString(mark).equals(boot);
            try (Stream<Path> files = Files.list(directory)) {
                for (Path file :
                        files.filter(file -> file.toString().endsWith(SUFFIX)).toList()) {
                    if (sameBoot) {
                        load(file);
                    } else {
                        Files.delete(file);
                    }
                }
            }
            write(mark, boot);
        } catch (IOException e) {
            throw new UncheckedIOException("read " + directory + ": " + e, e);
        }
    }

    private static void write(Path file, String text) {
        Path temporary = file.resolveSibling(file.getFileName() + ".tmp");
        try {
            Files.writeString(temporary, text);
            Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw new UncheckedIOException("write " + file + ": " + e, e);
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
        try {
            Files.deleteIfExists(file(zone));
        } catch (IOException e) {
            throw new UncheckedIOException("delete " + file(zone) + ": " + e, e);
        }
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
