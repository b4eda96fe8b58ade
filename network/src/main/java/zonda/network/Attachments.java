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
import zonda.base.OpException;
import zonda.base.StateFile;

/**
 * Which NICs are attached: one file a zone, written before the first link is made and removed after the last is gone,
 * so that whatever a killed daemon leaves behind is named here. Nothing is forced to disk: when the machine stops, the
 * links are gone too, and what an earlier boot left is thrown away.
 */
final class Attachments {
    private static final System.Logger LOG = System.getLogger(Attachments.class.getName());
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

    /** A record that can't be understood names no NICs: its links are strays, and its zone is taken away as any other. */
    private void load(Path file) {
        String name = file.getFileName().toString();
        try {
            UUID zone = UUID.fromString(name.substring(0, name.length() - SUFFIX.length()));
            byZone.put(zone, List.of());
            Json.Obj object = StateFile.readObject(file).orElse(Json.Obj.EMPTY);
            byZone.put(
                    zone,
                    object.array("nics").objects().stream()
                            .map(Attachment::from)
                            .toList());
        } catch (IllegalArgumentException | OpException e) {
            LOG.log(System.Logger.Level.WARNING, "{0} is not a record of attached NICs: {1}", file, e.getMessage());
        }
    }

    /** Writes a new record. One that a kill cut short is no loss: nothing of it had been made yet. */
    void put(UUID zone, List<Attachment> nics) {
        byZone.put(zone, List.copyOf(nics));
        try {
            Files.writeString(file(zone), text(zone, nics));
        } catch (IOException e) {
            throw new UncheckedIOException("write " + file(zone) + ": " + e, e);
        }
    }

    /** Writes another record in the place of the zone's. */
    void replace(UUID zone, List<Attachment> nics) {
        byZone.put(zone, List.copyOf(nics));
        write(file(zone), text(zone, nics));
    }

    private static String text(UUID zone, List<Attachment> nics) {
        var array = Json.Arr.of(nics.stream().map(Attachment::toJson));
        return Json.object().with("zone", zone.toString()).with("nics", array).pretty() + "\n";
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
