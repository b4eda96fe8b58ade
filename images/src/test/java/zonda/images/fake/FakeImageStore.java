package zonda.images.fake;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import zonda.base.Bytes;
import zonda.images.ImageStore;
import zonda.kernel.Command;
import zonda.kernel.RootDirectory;

/** A pool of plain directories; what is sealed has a file @final beside it. */
public final class FakeImageStore implements ImageStore {
    private final Path directory;
    private final Map<UUID, List<String>> clones = new HashMap<>();
    private volatile boolean destroyRefused;

    public FakeImageStore(Path directory) {
        this.directory = directory;
    }

    public Path root(UUID image) {
        return directory.resolve(image.toString()).resolve("root");
    }

    public void addClone(UUID image, String clone) {
        clones.computeIfAbsent(image, _ -> new ArrayList<>()).add(clone);
    }

    public void refuseDestroy(boolean refuse) {
        destroyRefused = refuse;
    }

    private Path partial(UUID image) {
        return directory.resolve(image + "-partial");
    }

    private Path snapshot(UUID image) {
        return directory.resolve(image + "@final");
    }

    @Override
    public String pool() {
        return "zones";
    }

    @Override
    public State state(UUID image) {
        if (Files.exists(directory.resolve(image.toString()))) {
            return State.INSTALLED;
        }
        if (Files.exists(partial(image))) {
            return Files.exists(snapshot(image)) ? State.SEALED : State.FILLING;
        }
        return State.ABSENT;
    }

    @Override
    public Path createPartial(UUID image) {
        return unchecked(() -> Files.createDirectory(partial(image)));
    }

    @Override
    public Path createPartialVolume(UUID image) {
        return createPartial(image);
    }

    @Override
    public Path clonePartial(UUID image, UUID origin) {
        String from = directory.resolve(origin.toString()).toString();
        Command.of("cp", "-a", from, partial(image).toString()).check(Duration.ofMinutes(1));
        addClone(origin, image.toString());
        return partial(image);
    }

    @Override
    public void seal(UUID image) {
        if (state(image) == State.FILLING) {
            unchecked(() -> Files.createFile(snapshot(image)));
        }
    }

    @Override
    public void commit(UUID image) {
        if (state(image) == State.SEALED) {
            unchecked(() -> Files.move(partial(image), directory.resolve(image.toString())));
        }
    }

    @Override
    public void discard(UUID image) {
        if (state(image) == State.FILLING || state(image) == State.SEALED) {
            remove(partial(image));
            remove(snapshot(image));
        }
    }

    @Override
    public void destroy(UUID image) {
        if (destroyRefused) {
            throw new IllegalStateException("busy");
        }
        remove(directory.resolve(image.toString()));
        remove(snapshot(image));
    }

    private void remove(Path path) {
        try (var pool = RootDirectory.open(directory)) {
            pool.deleteTree(path.getFileName().toString());
        }
    }

    @Override
    public Path content(UUID image) {
        return directory.resolve(image.toString());
    }

    @Override
    public List<String> dependents(UUID image) {
        return List.copyOf(clones.getOrDefault(image, List.of()));
    }

    @Override
    public Bytes used(UUID image) {
        return Bytes.ofMiB(2);
    }

    @Override
    public Set<UUID> partials() {
        try (Stream<Path> names = Files.list(directory)) {
            return names.map(path -> path.getFileName().toString())
                    .filter(name -> name.endsWith("-partial"))
                    .map(name -> UUID.fromString(name.replace("-partial", "")))
                    .collect(Collectors.toSet());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private interface Work {
        Path run() throws IOException;
    }

    private static Path unchecked(Work work) {
        try {
            return work.run();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
