package zonda.storage;

import java.util.List;
import java.util.Optional;
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
            Optional<Frozen> origin = from.map(pool.catalog()::require);
            pool.requireRoom("create '" + name + "'");
            var record = new Filesystem(
                    pool.newGuid(),
                    Optional.of(parent.guid()),
                    name.leaf(),
                    pool.surroundings().clock().instant(),
                    origin.map(Frozen::guid),
                    options);
            String verb = origin.isPresent() ? "clone" : "create";
            make(verb, record, origin, charge(record, parent));
            mountOrRemove(verb, record);
            return record;
        }
    }

    private void make(String verb, Filesystem record, Optional<Frozen> origin, Charge charge) {
        var finishing = pool.finishing();
        begun(verb, record, () -> {
            if (origin.isPresent()) {
                pool.driver()
                        .cloneOf(
                                new SnapshotId(
                                        origin.get().dataset(), origin.get().guid()),
                                record.guid(),
                                charge);
                pool.passed(verb, "subvolume");
                // What is done here and lost in a crash is done again at the next open: the intent is still there.
                finishing.finish(record);
            } else {
                pool.driver().create(record.guid(), charge);
                pool.passed(verb, "subvolume");
                finishing.finish(record);
                pool.passed(verb, "described");
                pool.driver().sync();
            }
        });
        pool.catalog().put(record);
    }

    /** Nothing is kept of a dataset that can't be mounted: whoever asked for it can ask again. */
    private void mountOrRemove(String verb, Filesystem record) {
        try (var undo = new Undo()) {
            undo.add(() -> removal.bury(record.guid(), List.of(record), List.of()));
            pool.passed(verb, "made");
            pool.tree().mount(record);
            undo.keep();
        }
    }

    Frozen snapshot(SnapshotName name) {
        try (var _ = pool.claims()
                .claim(List.of(name.toString()), List.of(name.dataset().text()))) {
            Filesystem of = pool.catalog().require(name.dataset());
            if (pool.catalog().find(name).isPresent()) {
                throw new OpException(Code.CONFLICT, "cannot create snapshot '" + name + "': dataset already exists");
            }
            pool.requireRoom("create snapshot '" + name + "'");
            var record = new Frozen(
                    pool.newGuid(),
                    of.guid(),
                    name.snapshot(),
                    pool.surroundings().clock().instant());
            begun("snapshot", record, () -> {
                pool.driver()
                        .snapshot(
                                new SnapshotId(of.guid(), record.guid()),
                                pool.catalog().accounts(of));
                pool.passed("snapshot", "subvolume");
            });
            pool.catalog().put(record);
            pool.passed("snapshot", "made");
            return record;
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

    private Charge charge(Filesystem record, Filesystem parent) {
        List<Guid> accounts = Stream.concat(Stream.of(record.guid()), pool.catalog().accounts(parent).stream())
                .toList();
        return new Charge(accounts, record.options().quota());
    }
}
