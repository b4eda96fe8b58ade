package zonda.storage;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import zonda.base.Code;
import zonda.base.OpException;
import zonda.base.Undo;
import zonda.storage.NodeRecord.Filesystem;
import zonda.storage.NodeRecord.Frozen;
import zonda.storage.PoolDriver.Charge;

/**
 * Making datasets and snapshots: zfs-create(8), zfs-clone(8), zfs-snapshot(8). Each writes its intent, makes the
 * subvolume, and counts from the commit that has both.
 */
final class Creation {
    private final Workings pool;
    private final Removal removal;

    Creation(Workings pool, Removal removal) {
        this.pool = pool;
        this.removal = removal;
    }

    /** Makes a dataset, of a snapshot's content if one is given, and mounts it. */
    Filesystem dataset(DatasetName name, Optional<SnapshotName> from, DatasetOptions options) {
        return dataset(name, from, options, true);
    }

    /** As {@link #dataset}, and leaves it unmounted. */
    Filesystem unmounted(DatasetName name, Optional<SnapshotName> from, DatasetOptions options) {
        return dataset(name, from, options, false);
    }

    private Filesystem dataset(DatasetName name, Optional<SnapshotName> from, DatasetOptions options, boolean mounted) {
        DatasetName parentName = name.parent()
                .orElseThrow(() -> new OpException(Code.INVALID, "cannot create '" + name + "': missing dataset name"));
        List<String> kept = Stream.concat(Stream.of(parentName.text()), from.map(SnapshotName::toString).stream())
                .toList();
        try (var _ = pool.claims().claim(List.of(name.text()), kept)) {
            if (pool.catalog().find(name).isPresent()) {
                throw new OpException(Code.CONFLICT, "cannot create '" + name + "': dataset already exists");
            }
            Filesystem parent = pool.catalog()
                    .find(parentName)
                    .orElseThrow(() ->
                            new OpException(Code.NOT_FOUND, "cannot create '" + name + "': parent does not exist"));
            if (parent.isVolume()) {
                throw new OpException(Code.INVALID, "cannot create '" + name + "': parent is not a filesystem");
            }
            Optional<Frozen> origin = from.map(pool.catalog()::require);
            pool.requireRoom(parent, "create '" + name + "'");
            pool.reservations().requireFits(parent, options.allotment(), "cannot create '" + name + "': out of space");
            var one = new Population.More(parent, Population.Kind.FILESYSTEMS, 1);
            try (var _ = pool.population().expect(List.of(one), "create '" + name + "'")) {
                return make(name, parent, origin, options, mounted);
            }
        }
    }

    private Filesystem make(
            DatasetName name, Filesystem parent, Optional<Frozen> origin, DatasetOptions options, boolean mounted) {
        var record = new Filesystem(
                pool.newGuid(),
                Optional.of(parent.guid()),
                name.leaf(),
                pool.now(),
                pool.nextTxg(),
                origin.map(Frozen::guid),
                ofMaker(
                        parent,
                        origin.map(snapshot -> copied(snapshot, options)).orElse(options)));
        String verb = origin.isPresent() ? "clone" : "create";
        make(verb, record, origin, charge(record));
        mountOrRemove(verb, record, mounted);
        return record;
    }

    /** Who makes a dataset gets there what its makers get: root, when nothing else is said. */
    private DatasetOptions ofMaker(Filesystem parent, DatasetOptions options) {
        return options.permissions().isEmpty()
                ? options.permissions(
                        Delegating.made(Caller.ROOT, pool.catalog().lineage(parent)))
                : options;
    }

    /** A volume's clone is a volume, of the size that the snapshot has. */
    private DatasetOptions copied(Frozen origin, DatasetOptions options) {
        return pool.catalog()
                .dataset(origin.dataset())
                .flatMap(dataset -> dataset.options().volume())
                .map(shape -> options.volume(new VolumeShape(pool.driver().sizeOf(origin.id()), shape.blockSize())))
                .orElse(options);
    }

    private void make(String verb, Filesystem record, Optional<Frozen> origin, Charge charge) {
        var finishing = pool.finishing();
        if (record.options().allotment().reserves()) {
            pool.reservations().prepare();
        }
        begun(verb, record, () -> {
            if (origin.isPresent()) {
                pool.driver().cloneOf(origin.get().id(), record.guid(), charge);
                pool.passed(verb, "subvolume");
                // What is done here and lost in a crash is done again at the next open: the intent is still there.
                finishing.finish(record);
                pool.compress(record);
            } else {
                pool.driver().create(record.guid(), charge);
                pool.passed(verb, "subvolume");
                finishing.finish(record);
                pool.compress(record);
                pool.passed(verb, "described");
                pool.driver().sync();
            }
        });
        pool.catalog().put(record);
        if (record.options().allotment().reserves()) {
            pool.reservations().changed(record);
        }
    }

    /** Nothing is kept of a dataset that can't be mounted: whoever asked for it can ask again. */
    private void mountOrRemove(String verb, Filesystem record, boolean mounted) {
        try (var undo = new Undo()) {
            undo.add(() -> removal.bury(Doomed.of(record)));
            pool.passed(verb, "made");
            if (mounted) {
                pool.tree().mount(record);
            }
            undo.keep();
        }
    }

    /** Makes snapshots, all or none. What is written meanwhile can be in one of them and not in another. */
    List<Frozen> snapshots(List<SnapshotName> names, Map<String, String> properties) {
        List<String> texts = names.stream().map(SnapshotName::toString).toList();
        List<String> kept =
                names.stream().map(name -> name.dataset().text()).distinct().toList();
        try (var _ = pool.claims().claim(texts, kept)) {
            for (SnapshotName name : names) {
                if (pool.catalog()
                        .isInconsistent(pool.catalog().require(name.dataset()).guid())) {
                    throw taken(name, "dataset is busy: it is not received whole yet");
                }
            }
            for (SnapshotName name : names) {
                if (pool.catalog().find(name).isPresent()) {
                    throw taken(name, "dataset already exists");
                }
                if (Collections.frequency(names, name) > 1) {
                    throw taken(name, "multiple snapshots of same fs not allowed");
                }
            }
            for (SnapshotName name : names) {
                Filesystem dataset = pool.catalog().require(name.dataset());
                pool.requireRoom(dataset, "create snapshot '" + name + "'");
                pool.reservations()
                        .requireRoomForSnapshot(dataset, "cannot create snapshot '" + name + "': out of space");
            }
            var notes = SnapshotNotes.NONE.withProperties(properties);
            Instant now = pool.now();
            List<Frozen> records = names.stream()
                    .map(name -> Frozen.of(
                                    pool.newGuid(), name, pool.catalog().require(name.dataset()), now, pool.nextTxg())
                            .withNotes(notes))
                    .toList();
            try (var _ = pool.population().expect(more(names), "create snapshot '" + names.getFirst() + "'")) {
                make(records);
            }
            pool.passed("snapshot", "made");
            return records;
        }
    }

    private List<Population.More> more(List<SnapshotName> names) {
        return names.stream()
                .map(name -> new Population.More(pool.catalog().require(name.dataset()), Population.Kind.SNAPSHOTS, 1))
                .toList();
    }

    private void make(List<Frozen> records) {
        if (records.size() == 1) {
            begun("snapshot", records.getFirst(), () -> {
                snapshot(records.getFirst());
                pool.passed("snapshot", "subvolume");
            });
        } else {
            begunTogether(records);
        }
        pool.catalog().putAll(records);
        pool.reservations().refresh();
    }

    private static OpException taken(SnapshotName name, String why) {
        return new OpException(Code.CONFLICT, "cannot create snapshot '" + name + "': " + why);
    }

    private void snapshot(Frozen record) {
        Filesystem of = pool.catalog().dataset(record.dataset()).orElseThrow();
        pool.finishing().describe(record);
        pool.driver().snapshot(record.id(), pool.catalog().accounts(of));
    }

    /** As {@link #begun}, of several snapshots that count together. */
    private void begunTogether(List<Frozen> records) {
        var store = pool.store();
        List<Guid> guids = records.stream().map(Frozen::guid).toList();
        try (var undo = new Undo()) {
            undo.add(pool.driver()::sync);
            // While one subvolume is left, or was, the intents say that the others are missing.
            undo.add(() -> {
                guids.forEach(store::abandon);
                store.apart(guids);
            });
            store.together(guids);
            pool.passed("snapshot", "together");
            records.forEach(store::begin);
            pool.passed("snapshot", "intent");
            undo.add(() -> records.forEach(removal::destroy));
            store.settling(() -> {
                inParallel(records);
                pool.passed("snapshot", "subvolumes");
            });
            undo.keep();
        }
        guids.forEach(store::made);
        store.apart(guids);
    }

    /** Those who ask at one time share a commit: a hundred snapshots at once take a fifth of the time, and lie closer. */
    private void inParallel(List<Frozen> records) {
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<?>> all = new ArrayList<>();
            records.forEach(record -> all.add(threads.submit(() -> snapshot(record))));
            for (Future<?> one : all) {
                one.get();
            }
        } catch (ExecutionException e) {
            throw e.getCause() instanceof RuntimeException cause ? cause : new IllegalStateException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new OpException(Code.FAILED, "cannot create snapshots: interrupted", e);
        }
    }

    /** Between a durable intent and a node that counts; the work ends with a commit, or all is taken back. */
    private void begun(String verb, NodeRecord record, Runnable work) {
        var store = pool.store();
        try (var undo = new Undo()) {
            // Taken back, but not durably so, it would come up again after a power cut although the verb failed.
            undo.add(pool.driver()::sync);
            undo.add(() -> store.abandon(record.guid()));
            store.begin(record);
            pool.passed(verb, "intent");
            undo.add(() -> removal.destroy(record));
            store.settling(work);
            undo.keep();
        }
        store.made(record.guid());
    }

    private Charge charge(Filesystem record) {
        return new Charge(pool.catalog().accounts(record), record.options().quota());
    }
}
