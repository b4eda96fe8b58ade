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
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import zonda.base.Json;
import zonda.base.StateFile;
import zonda.kernel.Xattrs;

/**
 * The record files of a pool, in a directory on the pool itself. A node's files by their names:
 *
 * <ul>
 *   <li>{@code <guid>.making}: its intent. The node counts from the moment its subvolume is there too.
 *   <li>{@code <guid>.json}: it is there, whole, and was durable before it got this name.
 *   <li>{@code <guid>.gone}: it is destroyed, whatever else is there, and with it the nodes whose guids the file has.
 *   <li>{@code <guid>.group}: its intent, and those of the nodes whose guids the file has, count together or not at all.
 *   <li>{@code <guid>.changes}: records of several nodes that take the place of theirs, all of them: opening the pool
 *       does that again.
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
    private static final String GROUP = ".group";
    private static final String CHANGES = ".changes";
    private static final String ATTRIBUTE = "trusted.zonda.record";

    private final Path directory;
    private final boolean attributes;
    private final ReentrantLock lock = new ReentrantLock();
    /** Nodes whose record is still named as an intent. Guarded by the lock. */
    private final Set<Guid> unsettled = new HashSet<>();
    /** What to do after the next commit. Guarded by the lock. */
    private List<Runnable> afterCommit = new ArrayList<>();
    /** Changes that were announced and are not all made yet, by their first node. Guarded by the lock. */
    private final Map<Guid, List<NodeRecord>> announced = new LinkedHashMap<>();

    /** In a directory of the pool. */
    RecordStore(Path directory) {
        this(directory, true);
    }

    /** @param attributes whether extended attributes are committed with or before what is made after them */
    RecordStore(Path directory, boolean attributes) {
        this.directory = directory;
        this.attributes = attributes;
    }

    /**
     * What a crash may have left: each node by the files it has.
     *
     * @param gone marks, each with the other nodes that it marks
     * @param groups nodes that count together
     */
    record Loaded(
            Map<Guid, NodeRecord> making,
            Map<Guid, NodeRecord> made,
            Map<Guid, List<Guid>> gone,
            Map<Guid, List<Guid>> groups,
            List<String> unreadable) {
        private Loaded() {
            this(new HashMap<>(), new HashMap<>(), new HashMap<>(), new HashMap<>(), new ArrayList<>());
        }
    }

    /** Reads all files. What isn't readable and isn't an intent is named, and left alone. */
    Loaded load() {
        finishAnnounced();
        var loaded = new Loaded();
        list().forEach(file -> sort(file, loaded));
        lock.lock();
        try {
            unsettled.addAll(loaded.making.keySet());
            unsettled.removeAll(loaded.made.keySet());
        } finally {
            lock.unlock();
        }
        return loaded;
    }

    private List<Path> list() {
        try (Stream<Path> entries = Files.list(directory)) {
            return entries.toList();
        } catch (IOException e) {
            throw new UncheckedIOException("list " + directory + ": " + e, e);
        }
    }

    /** Makes changes again that a crash cut short. A file that is not readable is reported with the others. */
    private void finishAnnounced() {
        for (Path file : list()) {
            Optional<Guid> first = guid(file, CHANGES);
            Optional<List<NodeRecord>> changes = first.isEmpty() ? Optional.empty() : changes(file);
            if (first.isPresent() && changes.isPresent()) {
                for (NodeRecord record : changes.get()) {
                    Path made = file(record.guid(), MADE);
                    StateFile.replace(Files.exists(made) ? made : file(record.guid(), MAKING), record.toJson());
                }
                StateFile.delete(file);
            }
        }
    }

    private static Optional<List<NodeRecord>> changes(Path file) {
        try {
            List<Json.Obj> objects = Json.parseObject(StateFile.read(file).orElse(""))
                    .array("records")
                    .objects();
            List<NodeRecord> records = objects.stream()
                    .flatMap(object -> NodeRecord.parse(object.compact()).stream())
                    .toList();
            return records.size() == objects.size() ? Optional.of(records) : Optional.empty();
        } catch (Json.JsonSyntaxException e) {
            return Optional.empty();
        }
    }

    private static Optional<Guid> guid(Path file, String suffix) {
        String name = String.valueOf(file.getFileName());
        return name.endsWith(suffix)
                ? Guid.parse(name.substring(0, name.length() - suffix.length()))
                : Optional.empty();
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
            case GONE -> into.gone.put(guid.get(), guids(file));
            case GROUP -> into.groups.put(guid.get(), guids(file));
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
            case MAKING + ".tmp", MADE + ".tmp", GONE + ".tmp", GROUP + ".tmp", CHANGES + ".tmp" -> delete(file);
            default -> into.unreadable.add(file.toString());
        }
    }

    /** What {@link #list(List)} wrote. */
    private static List<Guid> guids(Path file) {
        return StateFile.read(file)
                .orElse("")
                .lines()
                .flatMap(line -> Guid.parse(line).stream())
                .toList();
    }

    private static String list(List<Guid> guids) {
        return guids.stream().map(guid -> guid + "\n").collect(Collectors.joining());
    }

    /** The record of one node, also when it is only about to be there; empty when there is none. */
    Optional<NodeRecord> find(Guid guid) {
        return Stream.of(MADE, MAKING)
                .map(suffix -> file(guid, suffix))
                .filter(Files::exists)
                .flatMap(file -> read(file).stream())
                .findFirst();
    }

    private Optional<NodeRecord> read(Path file) {
        Optional<NodeRecord> record = StateFile.read(file).flatMap(NodeRecord::parse);
        return record.isPresent() || !attributes
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
        boolean fits = attributes && text.length <= Finishing.LONGEST_ATTRIBUTE;
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

    /**
     * From here on the intents of these nodes, and so the nodes, count together or not at all. Durable when it returns.
     */
    void together(List<Guid> nodes) {
        StateFile.replace(file(nodes.getFirst(), GROUP), list(nodes));
    }

    /** The nodes that {@link #together} named are all there, or none is, for good. */
    void apart(List<Guid> nodes) {
        afterCommit(() -> delete(file(nodes.getFirst(), GROUP)));
    }

    /** A node without a subvolume: its record is all of it. Durable when it returns. */
    void add(NodeRecord record) {
        StateFile.replace(file(record.guid(), MADE), record.toJson());
    }

    /** Replaces a node's record; durable when it returns. */
    void replace(NodeRecord record) {
        lock.lock();
        try {
            replaceAnnounced();
            write(record);
        } finally {
            lock.unlock();
        }
    }

    private void write(NodeRecord record) {
        String suffix = unsettled.contains(record.guid()) ? MAKING : MADE;
        StateFile.replace(file(record.guid(), suffix), record.toJson());
    }

    /** From when it returns these records have, durably, taken the place of theirs, and {@link #replaceAnnounced} says so. */
    void announce(List<? extends NodeRecord> records) {
        Guid first = records.getFirst().guid();
        lock.lock();
        try {
            replaceAnnounced();
            StateFile.replace(
                    file(first, CHANGES),
                    Json.object().with("records", Json.Arr.of(records.stream().map(NodeRecord::toJson))));
            announced.put(first, List.copyOf(records));
        } finally {
            lock.unlock();
        }
    }

    /** What fails, on a full pool say, comes again before the next change, or at the next open. */
    void replaceAnnounced() {
        lock.lock();
        try {
            for (Guid first : List.copyOf(announced.keySet())) {
                announced.getOrDefault(first, List.of()).forEach(this::write);
                StateFile.delete(file(first, CHANGES));
                announced.remove(first);
            }
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

    /** Marks several nodes, and all that lies below them, as destroyed: all or none. Durable when it returns. */
    void bury(Guid first, List<Guid> others) {
        if (others.isEmpty()) {
            bury(first);
            return;
        }
        Path mark = file(first, GONE);
        try {
            StateFile.replace(mark, list(others));
        } catch (UncheckedIOException e) {
            delete(mark);
            throw e;
        }
    }

    /** The node's subvolume is destroyed: its files go after the next commit. */
    void forget(Guid guid) {
        forget(List.of(), guid);
    }

    /** As {@link #forget(Guid)}, of several nodes; the mark by which they are known to be gone goes last. */
    void forget(List<Guid> nodes, Guid mark) {
        afterCommit(() -> {
            nodes.forEach(this::deleteAll);
            deleteAll(mark);
        });
    }

    private void deleteAll(Guid node) {
        unsettled.remove(node);
        delete(file(node, MAKING));
        delete(file(node, MADE));
        delete(file(node, GONE));
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
