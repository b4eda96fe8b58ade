package zonda.storage;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Stream;
import zonda.base.StateFile;
import zonda.kernel.Xattrs;

/**
 * The record files of a pool, in a directory on the pool itself. A node's files by their names:
 *
 * <ul>
 *   <li>{@code <guid>.making}: its intent. The node counts from the moment its subvolume is there too.
 *   <li>{@code <guid>.json}: it is there, whole, and was durable before it got this name.
 *   <li>{@code <guid>.gone}: it is destroyed, whatever else is there.
 * </ul>
 *
 * Names go from the first to the second, and both disappear, without a wait: that follows some later commit of the
 * filesystem ({@link #settling}), and opening the pool copes with a crash before it. So creating a node costs no
 * wait but its own commit, and destroying one an fsync of one empty file.
 *
 * <p>Any thread may call it; calls on one node come one after another.
 */
final class RecordStore {
    private static final String MAKING = ".making";
    private static final String MADE = ".json";
    private static final String GONE = ".gone";
    private static final String ATTRIBUTE = "trusted.zonda.record";

    private final Path directory;
    private final ReentrantLock lock = new ReentrantLock();
    /** Nodes whose record is still named as an intent. Guarded by the lock. */
    private final Set<Guid> unsettled = new HashSet<>();
    /** What to do after the next commit. Guarded by the lock. */
    private List<Runnable> afterCommit = new ArrayList<>();

    RecordStore(Path directory) {
        this.directory = directory;
    }

    /** What a crash may have left: each node by the files it has. */
    record Loaded(Map<Guid, NodeRecord> making, Map<Guid, NodeRecord> made, Set<Guid> gone, List<String> unreadable) {}

    /** Reads all files. What isn't readable and isn't an intent is named, and left alone. */
    Loaded load() {
        var loaded = new Loaded(new HashMap<>(), new HashMap<>(), new HashSet<>(), new ArrayList<>());
        List<Path> files;
        try (Stream<Path> entries = Files.list(directory)) {
            files = entries.toList();
        } catch (IOException e) {
            throw new UncheckedIOException("list " + directory + ": " + e, e);
        }
        files.forEach(file -> sort(file, loaded));
        lock.lock();
        try {
            unsettled.addAll(loaded.making.keySet());
            unsettled.removeAll(loaded.made.keySet());
        } finally {
            lock.unlock();
        }
        return loaded;
    }

    private void sort(Path file, Loaded into) {
        String name = String.valueOf(file.getFileName());
        int dot = name.indexOf('.');
        Optional<Guid> guid = dot < 0 ? Optional.empty() : Guid.parse(name.substring(0, dot));
        if (guid.isEmpty()) {
            into.unreadable.add(file.toString());
            return;
        }
        switch (name.substring(dot)) {
            case GONE -> into.gone.add(guid.get());
            case MADE ->
                read(file)
                        .ifPresentOrElse(
                                record -> into.made.put(guid.get(), record),
                                () -> into.unreadable.add(file.toString()));
            case MAKING ->
                read(file)
                        .ifPresentOrElse(
                                record -> into.making.put(guid.get(), record),
                                // Cut short by a crash, before anything else was done.
                                () -> delete(file));
            case MAKING + ".tmp", MADE + ".tmp" -> delete(file);
            default -> into.unreadable.add(file.toString());
        }
    }

    /** The record of one node, also when it is only about to be there; empty when there is none. */
    Optional<NodeRecord> find(Guid guid) {
        return Stream.of(MADE, MAKING)
                .map(suffix -> file(guid, suffix))
                .filter(Files::exists)
                .flatMap(file -> read(file).stream())
                .findFirst();
    }

    private static Optional<NodeRecord> read(Path file) {
        Optional<NodeRecord> record = StateFile.read(file).flatMap(NodeRecord::parse);
        return record.isPresent()
                ? record
                : Xattrs.get(file, ATTRIBUTE)
                        .flatMap(text -> NodeRecord.parse(new String(text, StandardCharsets.UTF_8)));
    }

    /**
     * Writes an intent. It is as durable as the subvolume that is made after it: an extended attribute is metadata, and
     * so in the same commit or an earlier one, and holds what the file holds, whose own text may come to the disk later.
     */
    void begin(NodeRecord record) {
        Path file = file(record.guid(), MAKING);
        byte[] text = (record.toJson().pretty() + "\n").getBytes(StandardCharsets.UTF_8);
        boolean fits = text.length <= Finishing.LONGEST_ATTRIBUTE;
        write(file, text, !fits);
        if (fits) {
            Xattrs.set(file, ATTRIBUTE, text);
        }
        lock.lock();
        try {
            unsettled.add(record.guid());
        } finally {
            lock.unlock();
        }
    }

    /** Takes an intent back. */
    void abandon(Guid guid) {
        lock.lock();
        try {
            unsettled.remove(guid);
            delete(file(guid, MAKING));
        } finally {
            lock.unlock();
        }
    }

    /** The node is whole: its record gets its final name after the next commit. */
    void made(Guid guid) {
        afterCommit(() -> settle(guid));
    }

    private void settle(Guid guid) {
        if (unsettled.contains(guid)) {
            move(file(guid, MAKING), file(guid, MADE));
            unsettled.remove(guid);
        }
    }

    /** Replaces a node's record; durable when it returns. */
    void replace(NodeRecord record) {
        lock.lock();
        try {
            String suffix = unsettled.contains(record.guid()) ? MAKING : MADE;
            StateFile.replace(file(record.guid(), suffix), record.toJson());
        } finally {
            lock.unlock();
        }
    }

    /** Marks a node, and all that lies below it, as destroyed; durable when it returns. */
    void bury(Guid guid) {
        Path mark = file(guid, GONE);
        try {
            // fsync of a file that is new also keeps its name on btrfs, so the directory needs none (btrfs(5), tree
            // log).
            write(mark, new byte[0], true);
        } catch (UncheckedIOException e) {
            // Whoever asked is told that it failed: it must not be destroyed later.
            delete(mark);
            throw e;
        }
    }

    /** The node's subvolume is destroyed: its files go after the next commit. */
    void forget(Guid guid) {
        afterCommit(() -> {
            unsettled.remove(guid);
            delete(file(guid, MAKING));
            delete(file(guid, MADE));
            delete(file(guid, GONE));
        });
    }

    private void afterCommit(Runnable work) {
        lock.lock();
        try {
            afterCommit.add(work);
        } finally {
            lock.unlock();
        }
    }

    /** Runs work that ends with a commit, and then what waited for one when it began. */
    void settling(Runnable work) {
        List<Runnable> waiting = takeWaiting();
        boolean durable = false;
        try {
            work.run();
            durable = true;
        } finally {
            if (durable) {
                settle(waiting);
            } else {
                keepWaiting(waiting);
            }
        }
    }

    private List<Runnable> takeWaiting() {
        lock.lock();
        try {
            List<Runnable> waiting = afterCommit;
            afterCommit = new ArrayList<>();
            return waiting;
        } finally {
            lock.unlock();
        }
    }

    /** What fails, on a full pool say, isn't the running verb's affair, and is tried again after a later commit. */
    private void settle(List<Runnable> waiting) {
        lock.lock();
        try {
            for (Runnable one : waiting) {
                try {
                    one.run();
                } catch (UncheckedIOException e) {
                    afterCommit.add(one);
                }
            }
        } finally {
            lock.unlock();
        }
    }

    private void keepWaiting(List<Runnable> waiting) {
        lock.lock();
        try {
            afterCommit.addAll(waiting);
        } finally {
            lock.unlock();
        }
    }

    private Path file(Guid guid, String suffix) {
        return directory.resolve(guid + suffix);
    }

    private static void write(Path file, byte[] text, boolean durable) {
        try (var channel = FileChannel.open(
                file,
                Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")))) {
            var bytes = ByteBuffer.wrap(text);
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
            if (durable) {
                channel.force(true);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("write " + file + ": " + e, e);
        }
    }

    private static void move(Path from, Path to) {
        try {
            Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw new UncheckedIOException("rename " + from + " to " + to + ": " + e, e);
        }
    }

    private static void delete(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            throw new UncheckedIOException("delete " + file + ": " + e, e);
        }
    }
}
