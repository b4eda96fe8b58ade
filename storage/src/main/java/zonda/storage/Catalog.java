package zonda.storage;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import java.util.stream.Stream;
import zonda.base.Code;
import zonda.base.OpException;
import zonda.storage.NodeRecord.Filesystem;
import zonda.storage.NodeRecord.Frozen;
import zonda.storage.NodeRecord.Mark;

/**
 * The tree of an open pool's datasets and snapshots in memory: what is in it is whole, and is what listings show. Its
 * lock is held for lookups and changes in memory only.
 */
final class Catalog {
    private final ReentrantLock lock = new ReentrantLock();
    private final TreeMap<String, Filesystem> byName = new TreeMap<>();
    private final Map<Guid, String> names = new HashMap<>();
    /** Of each dataset, oldest first. */
    private final Map<Guid, LinkedHashMap<String, Frozen>> snapshots = new HashMap<>();

    private final Map<Guid, Frozen> snapshotsByGuid = new HashMap<>();
    /** Of each dataset that has some, by name. */
    private final Map<Guid, TreeMap<String, Mark>> bookmarks = new HashMap<>();

    /** Datasets that have space reserved. */
    private final Set<Guid> reserving = new HashSet<>();

    /** What is being received, or was cut short, by the dataset. */
    private final Map<Guid, Partial> partials = new HashMap<>();

    /** Of each snapshot that has some. */
    private final Map<Guid, List<Guid>> clones = new HashMap<>();

    private long changes;

    private <T> T locked(Supplier<T> work) {
        lock.lock();
        try {
            return work.get();
        } finally {
            lock.unlock();
        }
    }

    /** As {@link #locked}, of work that changes what is in it. */
    private <T> T changing(Supplier<T> work) {
        return locked(() -> {
            T result = work.get();
            changes++;
            return result;
        });
    }

    /** Another number after each change: who knows what was in it at that number knows what is in it. */
    long changes() {
        return locked(() -> changes);
    }

    Optional<Filesystem> find(DatasetName name) {
        return locked(() -> Optional.ofNullable(byName.get(name.text())));
    }

    boolean contains(Guid dataset) {
        return locked(() -> names.containsKey(dataset));
    }

    /** The pool's root dataset. */
    DatasetName root() {
        return locked(() -> new DatasetName(byName.firstKey()));
    }

    /** @throws OpException NOT_FOUND in the words of zfs(8) */
    Filesystem require(DatasetName name) {
        return find(name)
                .orElseThrow(
                        () -> new OpException(Code.NOT_FOUND, "cannot open '" + name + "': dataset does not exist"));
    }

    Optional<Frozen> find(SnapshotName name) {
        return locked(() -> Optional.ofNullable(byName.get(name.dataset().text()))
                .flatMap(
                        dataset -> Optional.ofNullable(ofDataset(dataset.guid()).get(name.snapshot()))));
    }

    Frozen require(SnapshotName name) {
        return find(name)
                .orElseThrow(
                        () -> new OpException(Code.NOT_FOUND, "cannot open '" + name + "': dataset does not exist"));
    }

    private Map<String, Frozen> ofDataset(Guid dataset) {
        LinkedHashMap<String, Frozen> found = snapshots.get(dataset);
        return found == null ? Map.of() : found;
    }

    /** The full name of a dataset that is here. */
    DatasetName nameOf(Guid dataset) {
        return locked(() -> Optional.ofNullable(names.get(dataset)))
                .map(DatasetName::new)
                .orElseThrow(() -> new IllegalStateException("no dataset " + dataset));
    }

    /** The full name of a snapshot, while it is here. */
    Optional<SnapshotName> nameOfSnapshot(Guid snapshot) {
        return locked(() -> Optional.ofNullable(snapshotsByGuid.get(snapshot))
                .map(frozen -> new SnapshotName(nameOf(frozen.dataset()), frozen.name())));
    }

    /** A dataset and those below it, each after its parent, by name. */
    List<Filesystem> tree(DatasetName top) {
        return locked(() -> {
            var found = new ArrayList<Filesystem>();
            Filesystem first = byName.get(top.text());
            if (first != null) {
                found.add(first);
            }
            // '0' is the character behind '/'.
            found.addAll(byName.subMap(top.text() + "/", top.text() + "0").values());
            return List.copyOf(found);
        });
    }

    /** The snapshots of a dataset, oldest first. */
    List<Frozen> snapshots(Guid dataset) {
        return locked(() -> List.copyOf(ofDataset(dataset).values()));
    }

    Optional<Frozen> snapshot(Guid snapshot) {
        return locked(() -> Optional.ofNullable(snapshotsByGuid.get(snapshot)));
    }

    /** The dataset of an identity, while it is here. */
    Optional<Filesystem> dataset(Guid dataset) {
        return locked(() -> Optional.ofNullable(names.get(dataset)).map(byName::get));
    }

    /** The bookmarks of a dataset, by name. */
    List<Mark> bookmarks(Guid dataset) {
        return locked(() ->
                List.copyOf(bookmarks.getOrDefault(dataset, new TreeMap<>()).values()));
    }

    Optional<Mark> bookmark(Guid dataset, String name) {
        return locked(() -> Optional.ofNullable(bookmarks.get(dataset)).map(of -> of.get(name)));
    }

    /** The highest of all nodes. */
    long txg() {
        return locked(() -> Stream.<Map<?, ? extends NodeRecord>>concat(
                        Stream.of(byName, snapshotsByGuid), bookmarks.values().stream())
                .flatMap(nodes -> nodes.values().stream())
                .mapToLong(NodeRecord::txg)
                .max()
                .orElse(0));
    }

    /** What came so far of a snapshot of the dataset. */
    Optional<Partial> partial(Guid dataset) {
        return locked(() -> Optional.ofNullable(partials.get(dataset)));
    }

    List<Partial> partials() {
        return locked(() -> List.copyOf(partials.values()));
    }

    /** Whether the dataset was made for a snapshot that isn't whole yet: there is nothing to be seen in it. */
    boolean isInconsistent(Guid dataset) {
        return partial(dataset).filter(Partial::intoNew).isPresent();
    }

    void put(Partial partial) {
        changing(() -> Optional.ofNullable(partials.put(partial.snapshot().dataset(), partial)));
    }

    Optional<Partial> forgetPartial(Guid dataset) {
        return changing(() -> Optional.ofNullable(partials.remove(dataset)));
    }

    /** All snapshots. */
    Set<Guid> snapshotGuids() {
        return locked(() -> Set.copyOf(snapshotsByGuid.keySet()));
    }

    /** The snapshots that streams know by an identity: those made here, and copies of another's. */
    List<Frozen> byIdentity(Guid identity) {
        return locked(() -> snapshotsByGuid.values().stream()
                .filter(snapshot -> snapshot.identity().equals(identity))
                .toList());
    }

    /** The datasets cloned from a snapshot, by name. */
    List<DatasetName> clones(Guid snapshot) {
        return locked(() -> clones.getOrDefault(snapshot, List.of()).stream()
                .map(this::nameOf)
                .sorted(java.util.Comparator.comparing(DatasetName::text))
                .toList());
    }

    /** A dataset and its ancestors up to the root: those that its space is charged to. */
    List<Filesystem> lineage(Filesystem dataset) {
        return locked(() -> {
            var line = new ArrayList<Filesystem>();
            Optional<Filesystem> next = Optional.of(dataset);
            while (next.isPresent()) {
                line.add(next.get());
                next = next.get().parent().map(names::get).map(byName::get);
            }
            return List.copyOf(line);
        });
    }

    /** How the data of a dataset are stored, by itself or by the nearest above it that says so. */
    Tuning tuning(Filesystem dataset) {
        Tuning found = Tuning.NONE;
        for (Filesystem one : lineage(dataset).reversed()) {
            Tuning own = one.options().tuning();
            found = new Tuning(
                    own.compression().or(found::compression),
                    own.recordSize().isPresent() ? own.recordSize() : found.recordSize());
        }
        return found;
    }

    /**
     * Whom the space of a dataset is charged to: the identities of {@link #lineage}, and behind them {@link
     * Reservations#OTHERS} when others have space reserved, and this one has not.
     */
    List<Guid> accounts(Filesystem dataset) {
        return locked(() -> {
            List<Filesystem> line = lineage(dataset);
            Stream<Guid> own = line.stream().map(Filesystem::guid);
            return reserving.isEmpty() || Reservations.isSure(line)
                    ? own.toList()
                    : Stream.concat(own, Stream.of(Reservations.OTHERS)).toList();
        });
    }

    /** The datasets that have space reserved. */
    List<Filesystem> reserving() {
        return locked(() -> reserving.stream().map(names::get).map(byName::get).toList());
    }

    /** Adds nodes, or puts changed records of them in their place, at once for everyone who looks. */
    void putAll(List<? extends NodeRecord> nodes) {
        changing(() -> {
            for (NodeRecord node : nodes) {
                switch (node) {
                    case Filesystem dataset -> put(dataset);
                    case Frozen snapshot -> put(snapshot);
                    case Mark mark -> put(mark);
                }
            }
            return nodes;
        });
    }

    /** Adds a dataset, or puts a changed record of the same name in its place. */
    void put(Filesystem dataset) {
        changing(() -> {
            String name = dataset.parent()
                    .map(parent -> nameOf(parent).child(dataset.leaf()).text())
                    .orElse(dataset.leaf());
            Filesystem old = byName.put(name, dataset);
            if (dataset.options().allotment().reserves()) {
                reserving.add(dataset.guid());
            } else {
                reserving.remove(dataset.guid());
            }
            boolean known = names.put(dataset.guid(), name) != null;
            if (old != null && !old.origin().equals(dataset.origin())) {
                forgetClone(old);
                known = false;
            }
            if (!known) {
                dataset.origin()
                        .ifPresent(origin -> clones.computeIfAbsent(origin, _ -> new ArrayList<>())
                                .add(dataset.guid()));
            }
            return name;
        });
    }

    private void forgetClone(Filesystem dataset) {
        dataset.origin().ifPresent(origin -> {
            List<Guid> left = new ArrayList<>(clones.getOrDefault(origin, List.of()));
            left.remove(dataset.guid());
            if (left.isEmpty()) {
                clones.remove(origin);
            } else {
                clones.put(origin, left);
            }
        });
    }

    /** Puts a renamed dataset, and with it all below it, under its new name. */
    void rename(Filesystem renamed) {
        changing(() -> {
            List<Filesystem> moved = tree(nameOf(renamed.guid()));
            moved.forEach(dataset -> byName.remove(names.get(dataset.guid())));
            put(renamed);
            moved.stream().skip(1).forEach(this::put);
            return moved;
        });
    }

    /** Adds a snapshot, or puts its record in the place of that which has another name, dataset or notes. */
    void put(Frozen snapshot) {
        changing(() -> {
            Frozen old = snapshotsByGuid.put(snapshot.guid(), snapshot);
            if (old != null
                    && (!old.name().equals(snapshot.name()) || !old.dataset().equals(snapshot.dataset()))) {
                ofDataset(old.dataset()).remove(old.name());
            }
            LinkedHashMap<String, Frozen> of =
                    snapshots.computeIfAbsent(snapshot.dataset(), _ -> new LinkedHashMap<>());
            boolean last = of.isEmpty() || NodeRecord.AGE.compare(of.lastEntry().getValue(), snapshot) <= 0;
            of.put(snapshot.name(), snapshot);
            if (!last) {
                List<Frozen> sorted =
                        of.values().stream().sorted(NodeRecord.AGE).toList();
                of.clear();
                sorted.forEach(one -> of.put(one.name(), one));
            }
            return snapshot;
        });
    }

    void put(Mark mark) {
        changing(() ->
                bookmarks.computeIfAbsent(mark.dataset(), _ -> new TreeMap<>()).put(mark.name(), mark));
    }

    void remove(Filesystem dataset) {
        changing(() -> {
            String name = names.remove(dataset.guid());
            byName.remove(name);
            reserving.remove(dataset.guid());
            snapshots.remove(dataset.guid());
            bookmarks.remove(dataset.guid());
            forgetClone(dataset);
            return name;
        });
    }

    void remove(Frozen snapshot) {
        changing(() -> {
            snapshotsByGuid.remove(snapshot.guid());
            LinkedHashMap<String, Frozen> left = snapshots.get(snapshot.dataset());
            return left == null ? snapshot : left.remove(snapshot.name());
        });
    }

    void remove(Mark mark) {
        changing(() -> {
            TreeMap<String, Mark> left = bookmarks.get(mark.dataset());
            return left == null ? mark : left.remove(mark.name());
        });
    }
}
