package zonda.images;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.Stream;
import zonda.base.Json;
import zonda.base.StateFile;

/**
 * A folder of images, as {@code imgadm create} leaves them and an IMGAPI server serves them: of each the manifest, {@code
 * NAME.imgmanifest}, beside its file, {@code NAME.} and anything else, and perhaps {@code NAME.icon}. What is in it may
 * be changed by hand at any time. Any thread may call it.
 */
public final class ImageFolder {
    private static final String MANIFEST = ".imgmanifest";
    private static final String ICON = ".icon";
    private static final String PARTIAL = ".partial";

    private final Path directory;

    public ImageFolder(Path directory) {
        this.directory = directory;
    }

    /** One image of the folder. @param base path of its files, without what differs between them */
    record Entry(Manifest manifest, Path base) {
        Path manifestFile() {
            return Path.of(base + MANIFEST);
        }

        Path icon() {
            return Path.of(base + ICON);
        }

        /** The file, if it is there. */
        Optional<Path> file() {
            String prefix = base.getFileName() + ".";
            try (Stream<Path> beside = Files.list(base.toAbsolutePath().getParent())) {
                return beside.filter(path -> path.getFileName().toString().startsWith(prefix))
                        .filter(path -> Stream.of(MANIFEST, ICON, PARTIAL)
                                .noneMatch(suffix -> path.toString().endsWith(suffix)))
                        .sorted()
                        .findFirst();
            } catch (IOException e) {
                throw new UncheckedIOException("list " + base.getParent() + ": " + e, e);
            }
        }

        String state() {
            return manifest.json().string("state", "active");
        }
    }

    /** All images, the oldest first; what is no valid manifest is left out. */
    List<Entry> all() {
        Map<UUID, Entry> found = new TreeMap<>();
        try (Stream<Path> files = Files.list(directory)) {
            files.filter(file -> file.toString().endsWith(MANIFEST))
                    .flatMap(file -> entry(file).stream())
                    .forEach(entry -> found.putIfAbsent(entry.manifest().uuid(), entry));
        } catch (IOException e) {
            throw new UncheckedIOException("list " + directory + ": " + e, e);
        }
        return found.values().stream()
                .sorted(Comparator.comparing(entry -> entry.manifest().json().string("published_at", "")))
                .toList();
    }

    private static Optional<Entry> entry(Path file) {
        try {
            String name = file.toString();
            return StateFile.read(file)
                    .map(Manifest::parse)
                    .map(manifest ->
                            new Entry(manifest, Path.of(name.substring(0, name.length() - MANIFEST.length()))));
        } catch (ImageException e) {
            return Optional.empty();
        }
    }

    Optional<Entry> find(UUID uuid) {
        return all().stream()
                .filter(entry -> entry.manifest().uuid().equals(uuid))
                .findFirst();
    }

    /** The file {@code channels.json}, an array of {@code {name, description, default}}; empty when there is none. */
    List<Json.Obj> channels() {
        return StateFile.read(directory.resolve("channels.json"))
                .map(text -> Json.parse(text) instanceof Json.Arr array ? array.objects() : List.<Json.Obj>of())
                .orElse(List.of());
    }

    /** Takes in a new image, or another manifest of one that is there. */
    Entry put(Manifest manifest) {
        Entry entry = find(manifest.uuid())
                .map(known -> new Entry(manifest, known.base()))
                .orElseGet(() ->
                        new Entry(manifest, directory.resolve(manifest.uuid().toString())));
        StateFile.replace(entry.manifestFile(), manifest.json());
        return entry;
    }

    /** What a file turned out to be. */
    record Stored(String sha1, long size) {}

    /** Takes in an image's file, whole and on disk when it returns, in place of an older one. */
    Stored putFile(Entry entry, InputStream content) throws IOException {
        Optional<Path> old = entry.file();
        Path file = Path.of(entry.base() + ".file");
        Stored stored = write(file, content);
        if (old.isPresent() && !old.get().equals(file)) {
            Files.delete(old.get());
        }
        return stored;
    }

    Stored putIcon(Entry entry, InputStream content) throws IOException {
        return write(entry.icon(), content);
    }

    private static Stored write(Path file, InputStream content) throws IOException {
        Path unfinished = Path.of(file + PARTIAL);
        try {
            MessageDigest sum = MessageDigest.getInstance("SHA-1");
            try (OutputStream out = new DigestOutputStream(Files.newOutputStream(unfinished), sum)) {
                content.transferTo(out);
            }
            try (FileChannel channel = FileChannel.open(unfinished, StandardOpenOption.WRITE)) {
                channel.force(true);
            }
            Files.move(unfinished, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            return new Stored(HexFormat.of().formatHex(sum.digest()), Files.size(file));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("no SHA-1 in this JDK", e);
        } finally {
            Files.deleteIfExists(unfinished);
        }
    }

    void delete(Entry entry) throws IOException {
        Files.deleteIfExists(entry.manifestFile());
        Optional<Path> file = entry.file();
        if (file.isPresent()) {
            Files.delete(file.get());
        }
        Files.deleteIfExists(entry.icon());
    }
}
