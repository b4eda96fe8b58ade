package zonda.images;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;
import zonda.base.StateFile;

/** The installed images of one pool on disk, a file each. Any thread may call it. */
final class Records {
    private final ImgadmPaths paths;
    private final String pool;

    Records(ImgadmPaths paths, String pool) {
        this.paths = paths;
        this.pool = pool;
    }

    Optional<InstalledImage> read(UUID uuid) {
        return StateFile.readObject(paths.record(pool, uuid)).map(InstalledImage::of);
    }

    /** Durable when it returns. */
    void write(InstalledImage image) {
        try {
            Files.createDirectories(paths.records());
        } catch (IOException e) {
            throw new UncheckedIOException("create " + paths.records() + ": " + e, e);
        }
        StateFile.replace(paths.record(pool, image.uuid()), image.json());
    }

    void delete(UUID uuid) {
        StateFile.delete(paths.record(pool, uuid));
    }

    List<InstalledImage> all() {
        String prefix = pool + "-";
        try (Stream<Path> files = Files.list(paths.records())) {
            return files.map(file -> String.valueOf(file.getFileName()))
                    .filter(name -> name.startsWith(prefix) && name.endsWith(".json"))
                    .map(name -> name.substring(prefix.length(), name.length() - ".json".length()))
                    .filter(ManifestRules::isUuid)
                    .sorted()
                    .flatMap(uuid -> read(UUID.fromString(uuid)).stream())
                    .toList();
        } catch (NoSuchFileException e) {
            return List.of();
        } catch (IOException e) {
            throw new UncheckedIOException("list " + paths.records() + ": " + e, e);
        }
    }
}
