package zonda.storage;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import zonda.base.Json;
import zonda.base.StateFile;

/**
 * What was done to a pool, in a file that lies on it, a line of JSON each: zpool-history(8). Commands are on the disk when
 * they are noted, unless the disk takes nothing more; what the service itself did comes with the next command or commit.
 * When the file has grown, its older half goes, but for the first line, which tells of the pool's making.
 *
 * <p>Any thread may call it.
 */
public final class PoolHistory {
    /** As much as some ten thousand commands. */
    static final long LARGEST = 4 << 20;

    private static final System.Logger LOG = System.getLogger(PoolHistory.class.getName());

    private final Path file;
    private final InstantSource clock;
    private final ReentrantLock lock = new ReentrantLock();

    PoolHistory(Path file, InstantSource clock) {
        this.file = file;
        this.clock = clock;
    }

    /** What was done. */
    public sealed interface What {
        /**
         * A command that somebody gave.
         *
         * @param words as they were typed, with the name of the command first
         */
        record Command(String words, int uid, String host) implements What {}

        /**
         * A step of the service.
         *
         * @param verb such as {@code create}
         * @param name of the dataset, snapshot or bookmark
         * @param id its guid, unsigned; 0 for none
         * @param more what was changed about it
         */
        record Event(String verb, String name, long id, long txg, String more) implements What {}
    }

    public record Entry(Instant at, What what) {}

    /** On the disk when it returns. */
    public void command(String words, int uid, String host) {
        append(
                Json.object()
                        .with("at", clock.instant().toString())
                        .with("command", words)
                        .with("uid", uid)
                        .with("host", host),
                true);
    }

    void event(What.Event event) {
        append(
                Json.object()
                        .with("at", clock.instant().toString())
                        .with("event", event.verb())
                        .with("name", event.name())
                        .with("id", Long.toUnsignedString(event.id()))
                        .with("txg", event.txg())
                        .with("more", event.more()),
                false);
    }

    private void append(Json.Obj line, boolean durable) {
        lock.lock();
        try (var channel = FileChannel.open(
                file,
                Set.of(StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")))) {
            long end = channel.size();
            // A crash can have cut the last line short.
            String text = (end > 0 && last(channel, end) != '\n' ? "\n" : "") + line.compact() + "\n";
            var bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
            while (bytes.hasRemaining()) {
                end += channel.write(bytes, end);
            }
            if (durable) {
                channel.force(true);
            }
            if (end > LARGEST) {
                shorten();
            }
        } catch (IOException e) {
            // What was done is done, and a pool that can't be written to any more must let it be done.
            LOG.log(System.Logger.Level.WARNING, "append to " + file + ": " + e);
        } finally {
            lock.unlock();
        }
    }

    private static byte last(FileChannel channel, long end) throws IOException {
        var one = ByteBuffer.allocate(1);
        channel.read(one, end - 1);
        return one.get(0);
    }

    private void shorten() {
        List<String> lines = StateFile.read(file).orElse("").lines().toList();
        List<String> kept = new ArrayList<>(lines.subList(lines.size() / 2, lines.size()));
        kept.addFirst(lines.getFirst());
        StateFile.replace(file, String.join("\n", kept) + "\n");
    }

    /** Oldest first. Lines that a crash cut short are left out. */
    public List<Entry> entries() {
        lock.lock();
        try {
            if (!Files.exists(file)) {
                return List.of();
            }
            return StateFile.read(file)
                    .orElse("")
                    .lines()
                    .flatMap(line -> entry(line).stream())
                    .toList();
        } finally {
            lock.unlock();
        }
    }

    private static Optional<Entry> entry(String line) {
        try {
            Json.Obj object = Json.parseObject(line);
            Instant at = Instant.parse(object.string("at", ""));
            Optional<String> command = object.string("command");
            What what = command.isPresent()
                    ? new What.Command(
                            command.get(), Math.toIntExact(object.integer("uid", 0)), object.string("host", ""))
                    : new What.Event(
                            object.string("event", ""),
                            object.string("name", ""),
                            Long.parseUnsignedLong(object.string("id", "0")),
                            object.integer("txg", 0),
                            object.string("more", ""));
            return Optional.of(new Entry(at, what));
        } catch (Json.JsonSyntaxException | DateTimeException | ArithmeticException | NumberFormatException e) {
            return Optional.empty();
        }
    }
}
