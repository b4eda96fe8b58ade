package zonda.storage;

import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import zonda.base.Code;
import zonda.base.OpException;
import zonda.base.Undo;
import zonda.storage.NodeRecord.Filesystem;
import zonda.storage.NodeRecord.Frozen;

/** Destroying datasets and snapshots: zfs-destroy(8). One small file that marks the topmost is the point of no return. */
final class Removal {
    private final Workings pool;

    Removal(Workings pool) {
        this.pool = pool;
    }

    void dataset(DatasetName name, boolean recursive) {
        try (var _ = pool.claims().claim(List.of(name.text()), List.of())) {
            pool.catalog().require(name);
            List<Filesystem> datasets = pool.catalog().tree(name);
            List<Frozen> snapshots = datasets.stream()
                    .flatMap(dataset -> pool.catalog().snapshots(dataset.guid()).stream())
                    .toList();
            if (name.parent().isEmpty()) {
                throw new OpException(Code.INVALID, "cannot destroy '" + name + "': operation does not apply to pools");
            }
            if (!recursive) {
                refuseChildren(name, datasets, snapshots);
            }
            refuseOutsideClones(name, snapshots);
            // btrfs destroys a subvolume under the feet of who uses it; ZFS says busy, and so do we.
            List<Filesystem> unmounted = pool.tree().unmountEverywhere("destroy", name);
            try (var undo = new Undo()) {
                undo.add(() -> pool.tree().mountAgain(unmounted));
                pool.passed("destroy", "unmounted");
                mark(datasets.getFirst().guid(), datasets, snapshots);
                undo.keep();
            }
            destroyMarked(datasets, snapshots);
        }
    }

    private void refuseChildren(DatasetName name, List<Filesystem> datasets, List<Frozen> snapshots) {
        if (datasets.size() + snapshots.size() == 1) {
            return;
        }
        String children = Stream.concat(
                        datasets.stream()
                                .skip(1)
                                .map(one -> pool.catalog().nameOf(one.guid()).text()),
                        snapshots.stream().map(this::name))
                .collect(Collectors.joining(", "));
        throw new OpException(
                Code.CONFLICT,
                "cannot destroy '" + name + "': filesystem has children: " + children + ": use -r to destroy them too");
    }

    private String name(Frozen snapshot) {
        return pool.catalog()
                .nameOfSnapshot(snapshot.guid())
                .map(SnapshotName::toString)
                .orElse(snapshot.name());
    }

    /** For messages. */
    String names(List<Frozen> snapshots) {
        return snapshots.stream().map(this::name).collect(Collectors.joining(", "));
    }

    private void refuseOutsideClones(DatasetName top, List<Frozen> snapshots) {
        List<DatasetName> outside = snapshots.stream()
                .flatMap(snapshot -> pool.catalog().clones(snapshot.guid()).stream())
                .filter(clone -> !clone.isBelow(top) && !clone.equals(top))
                .toList();
        if (!outside.isEmpty()) {
            throw new OpException(
                    Code.CONFLICT, "cannot destroy '" + top + "': filesystem has dependent clones: " + join(outside));
        }
    }

    void snapshot(SnapshotName name) {
        try (var _ = pool.claims().claim(List.of(name.toString()), List.of())) {
            Frozen snapshot = pool.catalog().require(name);
            refuseClones(snapshot, "destroy '" + name + "'");
            bury(snapshot.guid(), List.of(), List.of(snapshot));
        }
    }

    void refuseClones(Frozen snapshot, String what) {
        List<DatasetName> clones = pool.catalog().clones(snapshot.guid());
        if (!clones.isEmpty()) {
            throw new OpException(Code.CONFLICT, "cannot " + what + ": snapshot has dependent clones: " + join(clones));
        }
    }

    private static String join(List<DatasetName> names) {
        return names.stream().map(DatasetName::text).collect(Collectors.joining(", "));
    }

    /**
     * From the mark on, its first node and all below it are gone for everyone; their subvolumes follow, after a crash at
     * the next open.
     */
    void bury(Guid top, List<Filesystem> datasets, List<Frozen> snapshots) {
        mark(top, datasets, snapshots);
        destroyMarked(datasets, snapshots);
    }

    private void mark(Guid top, List<Filesystem> datasets, List<Frozen> snapshots) {
        pool.store().bury(top);
        snapshots.forEach(pool.catalog()::remove);
        datasets.reversed().forEach(pool.catalog()::remove);
    }

    private void destroyMarked(List<Filesystem> datasets, List<Frozen> snapshots) {
        pool.passed("destroy", "marked");
        pool.finishing().destroy(datasets, snapshots);
        pool.passed("destroy", "destroyed");
        snapshots.forEach(one -> pool.store().forget(one.guid()));
        datasets.reversed().forEach(one -> pool.store().forget(one.guid()));
    }

    /** Takes back the subvolume of a node that was about to be made. */
    void destroy(NodeRecord unmade) {
        switch (unmade) {
            case Filesystem dataset -> pool.finishing().destroy(List.of(dataset), List.of());
            case Frozen snapshot -> pool.finishing().destroy(List.of(), List.of(snapshot));
        }
    }
}
