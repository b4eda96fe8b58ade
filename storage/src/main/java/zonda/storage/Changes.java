package zonda.storage;

import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import zonda.base.Bytes;
import zonda.base.Code;
import zonda.base.OpException;
import zonda.base.Undo;
import zonda.storage.NodeRecord.Filesystem;
import zonda.storage.NodeRecord.Frozen;

/** Changing datasets that are there: zfs-set(8), zfs-rename(8), zfs-rollback(8). */
final class Changes {
    private final Workings pool;
    private final Removal removal;

    Changes(Workings pool, Removal removal) {
        this.pool = pool;
        this.removal = removal;
    }

    /** Replaces the record of a dataset, whose name stays. @return whether that is another */
    boolean options(DatasetName name, UnaryOperator<DatasetOptions> change) {
        try (var _ = pool.claims().claim(List.of(name.text()), List.of())) {
            Filesystem old = pool.catalog().require(name);
            Filesystem changed = old.withOptions(change.apply(old.options()));
            if (!changed.equals(old)) {
                replace(old, changed);
            }
            return !changed.equals(old);
        }
    }

    /** How what is written to a dataset from now on is stored, and to those below it that don't say themselves. @return as {@link #options} */
    boolean tune(DatasetName name, UnaryOperator<Tuning> change) {
        return options(name, old -> {
            Tuning tuning = change.apply(old.tuning());
            if (tuning.recordSize().isPresent() && !pool.driver().hasRecords()) {
                throw new OpException(
                        Code.NOT_SUPPORTED,
                        "cannot set property for '" + name + "': 'recordsize' is not supported by the driver "
                                + pool.driver().name());
            }
            return old.tuning(tuning);
        });
    }

    private void replace(Filesystem old, Filesystem changed) {
        boolean isAllotted = !changed.options().allotment().equals(old.options().allotment());
        if (isAllotted) {
            pool.reservations().requireFits(old, changed.options().allotment());
            if (changed.options().allotment().reserves()) {
                pool.reservations().prepare();
            }
        }
        pool.store().replace(changed);
        pool.catalog().put(changed);
        pool.passed("set", "recorded");
        if (isAllotted || !changed.options().quota().equals(old.options().quota())) {
            limit(old, changed, isAllotted);
            pool.passed("set", "limited");
        }
        if (!changed.options().tuning().equals(old.options().tuning())) {
            pool.driver().tune(changed.guid(), changed.options().tuning());
            pool.compressAll(pool.catalog().nameOf(changed.guid()));
            pool.passed("set", "tuned");
        }
        pool.finishing().describe(changed);
    }

    /** A driver may refuse a quota that is below what is used, or to reserve what it has not. */
    private void limit(Filesystem old, Filesystem changed, boolean isAllotted) {
        try {
            // Where the service counts reservations, they may have set another limit than the quota.
            if (!changed.options().quota().equals(old.options().quota())
                    || pool.driver().reservations().isEmpty()) {
                pool.reservations().quotaChanged(changed);
            }
            if (isAllotted) {
                pool.driver()
                        .reservations()
                        .ifPresent(
                                own -> own.set(changed.guid(), changed.options().allotment()));
                pool.reservations().changed(changed);
            } else {
                pool.reservations().refresh();
            }
        } catch (OpException e) {
            pool.store().replace(old);
            pool.catalog().put(old);
            throw e;
        }
    }

    /** A file's length changes at once or not at all. */
    void resize(DatasetName name, Bytes size) {
        try (var _ = pool.claims().claim(List.of(name.text()), List.of())) {
            Filesystem volume = pool.catalog().require(name);
            VolumeShape shape = volume.options()
                    .volume()
                    .orElseThrow(() -> new OpException(
                            Code.INVALID,
                            "cannot set property for '" + name
                                    + "': 'volsize' does not apply to datasets of this type"));
            VolumeShape.requireSize(size, shape.blockSize());
            Filesystem changed = volume.withOptions(volume.options().allotment(resized(volume, size, shape)));
            if (!changed.equals(volume)) {
                replace(volume, changed);
            }
            pool.driver().resize(volume.guid(), size);
            pool.passed("set", "resized");
        }
    }

    /** What all of the volume was reserved for follows its size, as in ZFS. */
    private Allotment resized(Filesystem volume, Bytes size, VolumeShape shape) {
        Allotment given = volume.options().allotment();
        Bytes whole = VolumeShape.reservation(pool.driver().sizeOf(volume.guid()), shape.blockSize());
        return given.refreservation().equals(Optional.of(whole))
                ? given.refreservation(Optional.of(VolumeShape.reservation(size, shape.blockSize())))
                : given;
    }

    void rename(DatasetName from, DatasetName to) {
        List<String> kept = to.parent().map(DatasetName::text).stream().toList();
        try (var _ = pool.claims().claim(List.of(from.text(), to.text()), to.isBelow(from) ? List.of() : kept)) {
            Filesystem dataset = pool.catalog().require(from);
            Filesystem parent = requireFreeName(from, to);
            List<Guid> above = ancestors(dataset);
            try (var _ =
                    pool.population().expect(pool.population().of(dataset, parent), above, "rename '" + from + "'")) {
                rename(from, dataset, dataset.withName(Optional.of(parent.guid()), to.leaf()));
            }
        }
    }

    private void rename(DatasetName from, Filesystem dataset, Filesystem renamed) {
        List<Filesystem> mounted = pool.tree().unmountWithAllInside(from);
        try (var undo = new Undo()) {
            undo.add(() -> pool.tree().mountAgain(mounted));
            pool.passed("rename", "unmounted");
            List<Guid> above = ancestors(dataset);
            pool.store().replace(renamed);
            pool.catalog().rename(renamed);
            pool.passed("rename", "recorded");
            pool.driver().recharge(dataset.guid(), above, ancestors(renamed));
            if (!pool.catalog().reserving().isEmpty()) {
                pool.reservations().changed(renamed);
            }
            pool.compressAll(pool.catalog().nameOf(renamed.guid()));
            pool.passed("rename", "charged");
            pool.finishing().describe(renamed);
        }
    }

    private List<Guid> ancestors(Filesystem dataset) {
        return pool.catalog().accounts(dataset).stream().skip(1).toList();
    }

    private Filesystem requireFreeName(DatasetName from, DatasetName to) {
        if (from.parent().isEmpty() || to.parent().isEmpty() || to.isBelow(from)) {
            throw new OpException(Code.INVALID, "cannot rename '" + from + "' to '" + to + "': not possible");
        }
        if (pool.catalog().find(to).isPresent()) {
            throw new OpException(Code.CONFLICT, "cannot rename to '" + to + "': dataset already exists");
        }
        Filesystem parent = pool.catalog()
                .find(to.parent().get())
                .orElseThrow(
                        () -> new OpException(Code.NOT_FOUND, "cannot rename to '" + to + "': parent does not exist"));
        if (parent.isVolume()) {
            throw new OpException(Code.INVALID, "cannot rename to '" + to + "': parent is not a filesystem");
        }
        return parent;
    }

    /** Nothing is destroyed before it is sure that nobody uses the dataset. */
    void rollback(SnapshotName name, boolean destroyNewer) {
        try (var _ = pool.claims().claim(List.of(name.dataset().text()), List.of())) {
            Filesystem dataset = pool.catalog().require(name.dataset());
            Frozen to = pool.catalog().require(name);
            List<NodeRecord> newer = newer(dataset, to);
            if (!newer.isEmpty() && !destroyNewer) {
                throw new OpException(
                        Code.CONFLICT,
                        "cannot rollback to '" + name + "': more recent snapshots or bookmarks exist\n"
                                + "use '-r' to force deletion of the following snapshots and bookmarks:\n"
                                + newer.stream().map(removal::name).collect(Collectors.joining("\n")));
            }
            refuseClones(name, newer);
            List<Filesystem> mounted = pool.tree().unmountEverywhereWithAllInside("rollback", name.dataset());
            try (var undo = new Undo()) {
                undo.add(() -> pool.tree().mountAgain(mounted));
                pool.passed("rollback", "unmounted");
                if (!newer.isEmpty()) {
                    removal.refuseObstacle(new Doomed(newer.reversed()));
                    removal.bury(new Doomed(newer.reversed()));
                }
                pool.store()
                        .settling(() -> pool.driver()
                                .rollback(
                                        dataset.guid(), to.id(), pool.catalog().accounts(dataset)));
                pool.compress(dataset);
                pool.passed("rollback", "exchanged");
                pool.reservations().refresh();
                pool.finishing().describe(dataset);
            }
        }
    }

    /** The snapshots and bookmarks that were made after it, oldest first. */
    List<NodeRecord> newer(Filesystem dataset, Frozen than) {
        List<Frozen> all = pool.catalog().snapshots(dataset.guid());
        return Stream.<NodeRecord>concat(
                        all.subList(all.indexOf(than) + 1, all.size()).stream(),
                        pool.catalog().bookmarks(dataset.guid()).stream().filter(mark -> mark.txg() > than.txg()))
                .toList();
    }

    private void refuseClones(SnapshotName to, List<NodeRecord> newer) {
        List<String> clones = newer.stream()
                .flatMap(node -> pool.catalog().clones(node.guid()).stream())
                .map(DatasetName::text)
                .toList();
        if (!clones.isEmpty()) {
            throw new OpException(
                    Code.CONFLICT,
                    "cannot rollback to '" + to + "': clones of previous snapshots exist\n"
                            + "use '-R' to force deletion of the following clones and dependents:\n"
                            + String.join("\n", clones));
        }
        newer.stream().filter(Frozen.class::isInstance).map(Frozen.class::cast).forEach(removal::refuseHolds);
    }
}
