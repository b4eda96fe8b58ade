package zonda.storage;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import zonda.base.Code;
import zonda.base.OpException;
import zonda.storage.NodeRecord.Filesystem;
import zonda.storage.NodeRecord.Frozen;
import zonda.storage.NodeRecord.Mark;

/** What changes records of snapshots only: zfs-hold(8), zfs-release(8), zfs-bookmark(8), zfs-rename(8), zfs-set(8). */
final class Noting {
    private static final int LONGEST_TAG = 255;

    private final Workings pool;
    private final Removal removal;

    Noting(Workings pool, Removal removal) {
        this.pool = pool;
        this.removal = removal;
    }

    private static List<String> texts(List<SnapshotName> names) {
        return names.stream().map(SnapshotName::toString).toList();
    }

    void hold(List<SnapshotName> names, String tag) {
        if (tag.isEmpty() || tag.length() > LONGEST_TAG) {
            throw new OpException(Code.INVALID, "cannot hold snapshot '" + names.getFirst() + "': tag too long");
        }
        try (var _ = pool.claims().claim(texts(names), List.of())) {
            List<Frozen> held = new ArrayList<>();
            for (SnapshotName name : names) {
                Frozen snapshot = require(name, "hold snapshot");
                if (snapshot.notes().holds().containsKey(tag)) {
                    throw new OpException(
                            Code.CONFLICT, "cannot hold snapshot '" + name + "': tag already exists on this dataset");
                }
                held.add(snapshot.withNotes(snapshot.notes().held(tag, pool.now())));
            }
            pool.change("hold", held);
            held.forEach(snapshot -> pool.driver().protect(snapshot.id()));
        }
    }

    /** Those that were to go when nobody holds them any more go with the last hold. */
    void release(List<SnapshotName> names, String tag) {
        try (var _ = pool.claims().claim(texts(names), List.of())) {
            List<Frozen> released = new ArrayList<>();
            for (SnapshotName name : names) {
                Frozen snapshot = require(name, "release hold from snapshot");
                if (!snapshot.notes().holds().containsKey(tag)) {
                    throw new OpException(
                            Code.NOT_FOUND,
                            "cannot release hold from snapshot '" + name + "': no such tag on this dataset");
                }
                released.add(snapshot.withNotes(snapshot.notes().released(tag)));
            }
            pool.change("release", released);
            released.forEach(snapshot -> pool.driver().protect(snapshot.id()));
            List<NodeRecord> free = released.stream()
                    .filter(this::waitsForNothing)
                    .map(NodeRecord.class::cast)
                    .toList();
            if (!free.isEmpty()) {
                removal.bury(new Doomed(free));
            }
        }
    }

    private boolean waitsForNothing(Frozen snapshot) {
        return snapshot.notes().deferred()
                && snapshot.notes().holds().isEmpty()
                && pool.catalog().clones(snapshot.guid()).isEmpty();
    }

    private Frozen require(SnapshotName name, String verb) {
        return pool.catalog()
                .find(name)
                .orElseThrow(() ->
                        new OpException(Code.NOT_FOUND, "cannot " + verb + " '" + name + "': dataset does not exist"));
    }

    /** Gives snapshots, of different datasets, another name, all or none. */
    void rename(List<SnapshotName> from, String to) {
        List<SnapshotName> targets =
                from.stream().map(name -> new SnapshotName(name.dataset(), to)).toList();
        var claimed = new ArrayList<>(texts(from));
        claimed.addAll(texts(targets));
        try (var _ = pool.claims().claim(claimed, List.of())) {
            for (SnapshotName name : targets) {
                if (pool.catalog().find(name).isPresent()) {
                    throw new OpException(
                            Code.CONFLICT,
                            "cannot rename '" + from.getFirst() + "': "
                                    + (from.size() == 1
                                            ? "dataset already exists"
                                            : "a child dataset already has a snapshot with the new name"));
                }
            }
            List<Frozen> renamed = from.stream()
                    .map(name -> pool.catalog().require(name).withName(to))
                    .toList();
            pool.change("rename", renamed);
            pool.driver().renamed(renamed.stream().map(Frozen::id).toList());
        }
    }

    void notes(SnapshotName name, UnaryOperator<SnapshotNotes> change) {
        try (var _ = pool.claims().claim(List.of(name.toString()), List.of())) {
            Frozen old = pool.catalog().require(name);
            Frozen changed = old.withNotes(change.apply(old.notes()));
            if (!changed.equals(old)) {
                pool.change("set", List.of(changed));
            }
        }
    }

    /**
     * Remembers a snapshot, or what another bookmark remembers, under a name of the dataset.
     *
     * @param source a snapshot's or a bookmark's full name
     */
    void bookmark(String source, DatasetName dataset, String name) {
        String text = dataset + "#" + name;
        try (var _ = pool.claims().claim(List.of(text), List.of(dataset.text(), source))) {
            Filesystem of = pool.catalog().find(dataset).orElseThrow(() -> refused(text, "dataset does not exist"));
            Mark mark = remembered(source, of.guid(), name, text);
            if (pool.catalog().bookmark(of.guid(), name).isPresent()) {
                throw new OpException(Code.CONFLICT, "cannot create bookmark '" + text + "': bookmark exists");
            }
            pool.store().add(mark);
            pool.finishing().describe(mark);
            pool.catalog().put(mark);
            pool.passed("bookmark", "made");
        }
    }

    private Mark remembered(String source, Guid of, String name, String text) {
        int hash = source.indexOf('#');
        if (hash < 0) {
            Frozen snapshot = pool.catalog().require(SnapshotName.parse(source));
            requireAncestor(snapshot.dataset(), of, text);
            return new Mark(pool.newGuid(), of, name, snapshot.identity(), snapshot.created(), snapshot.txg());
        }
        Mark old = pool.catalog()
                .find(new DatasetName(source.substring(0, hash)))
                .flatMap(dataset -> pool.catalog().bookmark(dataset.guid(), source.substring(hash + 1)))
                .orElseThrow(
                        () -> new OpException(Code.NOT_FOUND, "cannot open '" + source + "': dataset does not exist"));
        requireAncestor(old.dataset(), of, text);
        return new Mark(pool.newGuid(), of, name, old.snapshot(), old.created(), old.txg());
    }

    /** The same dataset, or one that it came of by cloning. */
    private void requireAncestor(Guid source, Guid dataset, String text) {
        Optional<Guid> next = Optional.of(dataset);
        while (next.isPresent() && !next.get().equals(source)) {
            next = next.flatMap(pool.catalog()::dataset)
                    .flatMap(Filesystem::origin)
                    .flatMap(pool.catalog()::snapshot)
                    .map(Frozen::dataset);
        }
        if (next.isEmpty()) {
            throw refused(text, "source is not an ancestor of the new bookmark's dataset");
        }
    }

    private static OpException refused(String text, String why) {
        return new OpException(Code.INVALID, "cannot create bookmark '" + text + "': " + why);
    }
}
