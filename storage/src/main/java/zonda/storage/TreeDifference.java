package zonda.storage;

import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import zonda.base.Code;
import zonda.base.OpException;
import zonda.kernel.Directory;
import zonda.kernel.FileName;
import zonda.kernel.FileStat;

/**
 * What became of the files of a tree, that were one subvolume's at two times: files are known by their inodes. What is
 * equal in both is not remembered, so memory is needed for what differs only. What is mounted in a tree is left out.
 */
final class TreeDifference {
    /** Entries that came or went; with their names they take some hundred bytes each. */
    private static final int MOST = 200_000;

    /** An entry that is in one of the trees only. */
    private record Entry(FileStat stat, long directory, String name, String path) {}

    private final Map<Long, List<Entry>> gone = new HashMap<>();
    private final Map<Long, List<Entry>> come = new HashMap<>();
    private final Map<Long, FileChange> changed = new TreeMap<>();
    private int entries;

    private TreeDifference() {}

    /** By inode. */
    static List<FileChange> of(Directory before, Directory after) {
        var difference = new TreeDifference();
        FileStat old = before.stat();
        FileStat now = after.stat();
        if (isChanged(old, now)) {
            difference.changed.put(now.inode(), modified(old, now, ""));
        }
        difference.compare(new Place(before, old.device()), new Place(after, now.device()), "");
        return difference.all();
    }

    /** @param device of the tree that the directory is in */
    private record Place(Directory directory, long device) {
        boolean holds(FileStat stat) {
            return stat.isDirectory() && stat.device() == device;
        }
    }

    private static boolean isChanged(FileStat old, FileStat now) {
        return !old.changed().equals(now.changed())
                || !old.modified().equals(now.modified())
                || old.size() != now.size()
                || old.links() != now.links();
    }

    private static FileChange modified(FileStat old, FileStat now, String path) {
        int links = now.isDirectory() ? 0 : now.links() - old.links();
        return new FileChange(FileChange.What.MODIFIED, now.kind(), path, Optional.empty(), links, now.changed());
    }

    private void compare(Place before, Place after, String path) {
        var names = new TreeSet<>(before.directory().names());
        names.addAll(after.directory().names());
        long oldDirectory = before.directory().stat().inode();
        long newDirectory = after.directory().stat().inode();
        for (String name : names) {
            Optional<FileStat> old = before.directory().stat(name);
            Optional<FileStat> now = after.directory().stat(name);
            String place = path + "/" + name;
            if (old.isPresent()
                    && now.isPresent()
                    && old.get().inode() == now.get().inode()
                    && old.get().kind() == now.get().kind()) {
                both(before, after, new Entry(now.get(), newDirectory, name, place), old.get());
            } else {
                old.ifPresent(stat -> one(gone, before, new Entry(stat, oldDirectory, name, place)));
                now.ifPresent(stat -> one(come, after, new Entry(stat, newDirectory, name, place)));
            }
        }
    }

    private void both(Place before, Place after, Entry entry, FileStat old) {
        FileStat now = entry.stat();
        if (isChanged(old, now)) {
            changed.putIfAbsent(now.inode(), modified(old, now, entry.path()));
        }
        if (before.holds(old) && after.holds(now)) {
            try (Directory inOld = before.directory().child(entry.name());
                    Directory inNew = after.directory().child(entry.name())) {
                compare(new Place(inOld, before.device()), new Place(inNew, after.device()), entry.path());
            }
        }
    }

    private void one(Map<Long, List<Entry>> side, Place place, Entry entry) {
        if (++entries > MOST) {
            throw new OpException(
                    Code.FAILED, "more than " + MOST + " files came, went or moved, which is too many to be compared");
        }
        side.computeIfAbsent(entry.stat().inode(), _ -> new ArrayList<>(1)).add(entry);
        if (place.holds(entry.stat())) {
            try (Directory inside = place.directory().child(entry.name())) {
                for (String name : inside.names()) {
                    inside.stat(name)
                            .ifPresent(stat -> one(
                                    side,
                                    new Place(inside, place.device()),
                                    new Entry(stat, entry.stat().inode(), name, entry.path() + "/" + name)));
                }
            }
        }
    }

    private List<FileChange> all() {
        Map<Long, FileChange> all = new TreeMap<>(changed);
        gone.forEach((inode, names) -> {
            List<Entry> now = come.getOrDefault(inode, List.of());
            if (now.isEmpty()) {
                // With a name left it has changed, and is there.
                all.computeIfAbsent(inode, _ -> alone(FileChange.What.REMOVED, names.getFirst()));
            } else if (!changed.containsKey(inode)) {
                moved(names.getFirst(), now).ifPresent(change -> all.put(inode, change));
            }
        });
        come.forEach((inode, names) -> {
            if (!gone.containsKey(inode)) {
                all.computeIfAbsent(inode, _ -> alone(FileChange.What.ADDED, names.getFirst()));
            }
        });
        return List.copyOf(all.values());
    }

    private static FileChange alone(FileChange.What what, Entry entry) {
        FileStat stat = entry.stat();
        return new FileChange(what, stat.kind(), entry.path(), Optional.empty(), 0, stat.changed());
    }

    /** What lies in a directory that was renamed has not moved. */
    private static Optional<FileChange> moved(Entry old, List<Entry> now) {
        for (Entry entry : now) {
            if (entry.directory() == old.directory() && entry.name().equals(old.name())) {
                return isChanged(old.stat(), entry.stat())
                        ? Optional.of(modified(old.stat(), entry.stat(), entry.path()))
                        : Optional.empty();
            }
        }
        Entry entry = now.getFirst();
        Instant time = entry.stat().changed();
        return Optional.of(new FileChange(
                FileChange.What.RENAMED, entry.stat().kind(), old.path(), Optional.of(entry.path()), 0, time));
    }

    /** The bytes of a name. */
    static byte[] bytes(String path) {
        return FileName.encode(path);
    }
}
