package zonda.base;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;

/**
 * The intents of changes that aren't finished: one file each, in a directory of its own.
 *
 * <p>A saga begins with its intent on disk (fsync), holds every id it will use, and ends by removing the file (fsync of
 * the directory). What is in the directory when a daemon starts was interrupted, and whoever owns that kind of saga
 * completes it or takes it back: the steps are idempotent, so recovery may itself be interrupted.
 *
 * <p>Any thread may call it.
 */
public final class Journal {
    private final Path directory;
    private final InstantSource clock;
    private final CrashPoint crashPoint;

    public Journal(Path directory, InstantSource clock, CrashPoint crashPoint) {
        this.directory = directory;
        this.clock = clock;
        this.crashPoint = crashPoint;
    }

    /** Creates the directory. An intent that was being written when a daemon died was not begun. */
    public void start() {
        try {
            Files.createDirectories(directory);
        } catch (IOException e) {
            throw new UncheckedIOException("create " + directory + ": " + e, e);
        }
        StateFile.discardTemporaries(directory);
    }

    /**
     * Writes the intent; durable when it returns.
     *
     * @param kind what is to be done, such as {@code vm-create}
     * @param about everything recovery needs: the ids, made beforehand, and the wanted state
     */
    public Saga begin(String kind, Json.Obj about) {
        String id = clock.millis() + "-" + UUID.randomUUID();
        Path file = directory.resolve(id + ".json");
        var intent = new Intent(id, kind, about);
        StateFile.replace(
                file,
                Json.object()
                        .with("kind", kind)
                        .with("started", clock.instant().toString())
                        .with("about", about));
        crashPoint.passed(kind + ":intent");
        return new Saga(intent, file, crashPoint);
    }

    /** What was begun and not ended, oldest first. */
    public List<Saga> unfinished() {
        try (Stream<Path> files = Files.list(directory)) {
            return files.filter(file -> file.toString().endsWith(".json"))
                    .sorted()
                    .map(this::read)
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException("list " + directory + ": " + e, e);
        }
    }

    private Saga read(Path file) {
        Json.Obj text = StateFile.readObject(file).orElse(Json.Obj.EMPTY);
        String name = String.valueOf(file.getFileName());
        var intent = new Intent(
                name.substring(0, name.length() - ".json".length()), text.string("kind", ""), text.object("about"));
        return new Saga(intent, file, crashPoint);
    }

    /** What a saga set out to do. */
    public record Intent(String id, String kind, Json.Obj about) {
        /** When it was begun. */
        public Instant started() {
            return Instant.ofEpochMilli(Long.parseLong(id.substring(0, id.indexOf('-'))));
        }
    }

    /** Called after each step by its name, {@code kind:step}; a test ends the process there. */
    @FunctionalInterface
    public interface CrashPoint {
        CrashPoint NONE = _ -> {};

        void passed(String step);
    }
}
