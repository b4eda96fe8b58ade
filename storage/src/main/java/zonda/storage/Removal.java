package zonda.storage;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import zonda.base.Code;
import zonda.base.OpException;
import zonda.base.Undo;
import zonda.storage.NodeRecord.Filesystem;
import zonda.storage.NodeRecord.Frozen;
import zonda.storage.NodeRecord.Mark;

/**
 * Destroying datasets, snapshots and bookmarks: zfs-destroy(8). One small file that marks the topmost, or names all that
 * go together, is the point of no return.
 */
final class Removal {
    private final Workings pool;

    Removal(Workings pool) {
        this.pool = pool;
    }

    /** What a destroy of the dataset takes with it. @throws OpException CONFLICT with what the options leave out */
    Doomed plan(DatasetName name, DestroyOptions options) {
        Filesystem dataset = pool.catalog().require(name);
        if (name.parent().isEmpty()) {
            throw new OpException(
                    Code.INVALID,
                    "cannot destroy '" + name + "': operation does not apply to pools\nuse 'zpool destroy " + name
                            + "' to destroy the pool itself");
        }
        if (!options.recursive()) {
            refuseChildren(name, dataset);
        }
        Doomed doomed = new Doomed.Collector(pool.catalog(), options.clones())
                .add(dataset)
                .doomed();
        refuseOutsideClones(name.text(), kind(dataset), doomed);
        for (Filesystem one : doomed.datasets()) {
            if (pool.inUse().isUsed(one.guid())) {
                throw new OpException(
                        Code.CONFLICT, "cannot destroy '" + name(one) + "': dataset is busy: it is being received");
            }
        }
        doomed.snapshots().forEach(this::refuseHolds);
        return doomed;
    }

    /** What a destroy of snapshots takes with it; those that would only go later are not in it. */
    Doomed plan(List<SnapshotName> names, DestroyOptions options) {
        var collector = new Doomed.Collector(pool.catalog(), options.clones());
        for (SnapshotName name : names) {
            Frozen snapshot = pool.catalog().require(name);
            if (options.deferred() && !options.clones() && isNeeded(snapshot)) {
                continue;
            }
            if (!options.clones()) {
                refuseClones(snapshot, "destroy '" + name + "'");
            }
            collector.add(snapshot);
        }
        Doomed doomed = collector.doomed();
        if (!names.isEmpty()) {
            refuseOutsideClones(names.getFirst().toString(), "snapshot", doomed);
        }
        doomed.snapshots().forEach(this::refuseHolds);
        doomed.snapshots().forEach(this::refuseWaited);
        return doomed;
    }

    /** The snapshots that a dataset's name, {@code @}, names and ranges mean. @throws OpException NOT_FOUND for none */
    List<SnapshotName> chosen(String what, boolean recursive) {
        int at = what.indexOf('@');
        DatasetName top = new DatasetName(what.substring(0, at));
        pool.catalog().require(top);
        List<SnapshotName> chosen = new ArrayList<>();
        for (Filesystem dataset :
                recursive ? pool.catalog().tree(top) : List.of(pool.catalog().require(top))) {
            DatasetName name = pool.catalog().nameOf(dataset.guid());
            List<String> all = pool.catalog().snapshots(dataset.guid()).stream()
                    .map(Frozen::name)
                    .toList();
            SnapshotRanges.choose(what.substring(at + 1), all)
                    .forEach(snapshot -> chosen.add(new SnapshotName(name, snapshot)));
        }
        if (chosen.isEmpty()) {
            throw new OpException(Code.NOT_FOUND, "could not find any snapshots to destroy; check snapshot names.");
        }
        return chosen;
    }

    private boolean isNeeded(Frozen snapshot) {
        return !snapshot.notes().holds().isEmpty()
                || !pool.catalog().clones(snapshot.guid()).isEmpty();
    }

    void dataset(DatasetName name, DestroyOptions options) {
        destroy(List.of(name.text()), () -> plan(name, options));
    }

    /** Destroys snapshots, all or none; those that are needed go later if the options say so. */
    void snapshots(List<SnapshotName> names, DestroyOptions options) {
        destroy(names.stream().map(SnapshotName::toString).toList(), () -> {
            Doomed doomed = plan(names, options);
            var going = Set.copyOf(doomed.nodes());
            List<Frozen> later = names.stream()
                    .map(pool.catalog()::require)
                    .filter(snapshot -> !going.contains(snapshot))
                    .map(snapshot -> snapshot.withNotes(snapshot.notes().goingLater()))
                    .toList();
            if (!later.isEmpty()) {
                pool.change("destroy", later);
            }
            return doomed;
        });
    }

    void bookmark(DatasetName dataset, String name) {
        String text = dataset + "#" + name;
        try (var _ = pool.claims().claim(List.of(text), List.of(dataset.text()))) {
            Mark mark = pool.catalog()
                    .find(dataset)
                    .flatMap(of -> pool.catalog().bookmark(of.guid(), name))
                    .orElseThrow(() -> new OpException(Code.NOT_FOUND, "bookmark '" + text + "' does not exist."));
            bury(Doomed.of(mark));
        }
    }

    /** Claims what the plan names; when that has changed meanwhile, once more with the new names. */
    private void destroy(List<String> asked, Supplier<Doomed> plan) {
        List<String> names = asked;
        while (true) {
            try (var _ = pool.claims().claim(names, List.of())) {
                Doomed doomed = plan.get();
                Set<String> wanted = new LinkedHashSet<>(asked);
                doomed.heads().forEach(head -> wanted.add(name(head)));
                if (covers(names, wanted)) {
                    destroyClaimed(doomed);
                    return;
                }
                names = List.copyOf(wanted);
            }
        }
    }

    private static boolean covers(List<String> names, Set<String> wanted) {
        return wanted.stream()
                .allMatch(name -> names.stream()
                        .anyMatch(claimed -> name.equals(claimed)
                                || name.startsWith(claimed + "/")
                                || name.startsWith(claimed + "@")));
    }

    private void destroyClaimed(Doomed doomed) {
        if (doomed.nodes().isEmpty()) {
            return;
        }
        List<DatasetName> tops = doomed.heads().stream()
                .filter(Filesystem.class::isInstance)
                .map(head -> pool.catalog().nameOf(head.guid()))
                .toList();
        try (var undo = new Undo()) {
            for (DatasetName top : tops) {
                // A subvolume of btrfs would be destroyed under the feet of who uses it; ZFS says busy, and so do we.
                List<Filesystem> unmounted = pool.tree().unmountEverywhere("destroy", top);
                undo.add(() -> pool.tree().mountAgain(unmounted));
            }
            refuseObstacle(doomed);
            pool.passed("destroy", "unmounted");
            mark(doomed);
            undo.keep();
        }
        destroyMarked(doomed);
    }

    /** Behind the mark there is no way back, so what is in the way is found out before it. */
    void refuseObstacle(Doomed doomed) {
        pool.driver()
                .obstacle(
                        doomed.datasets().stream().map(Filesystem::guid).toList(),
                        doomed.snapshots().stream().map(Frozen::id).toList())
                .ifPresent(why -> {
                    throw new OpException(
                            Code.CONFLICT,
                            "cannot destroy '" + name(doomed.heads().getFirst()) + "': " + why);
                });
    }

    /** The word for it in messages. */
    static String kind(NodeRecord node) {
        return switch (node) {
            case Filesystem dataset -> dataset.isVolume() ? "volume" : "filesystem";
            case Frozen _ -> "snapshot";
            case Mark _ -> "bookmark";
        };
    }

    private void refuseChildren(DatasetName name, Filesystem dataset) {
        List<String> children = new ArrayList<>();
        for (Filesystem one : pool.catalog().tree(name)) {
            if (!one.equals(dataset)) {
                children.add(name(one));
            }
            pool.catalog().snapshots(one.guid()).forEach(snapshot -> children.add(name(snapshot)));
        }
        if (!children.isEmpty()) {
            throw new OpException(
                    Code.CONFLICT,
                    "cannot destroy '" + name + "': " + kind(dataset) + " has children\n"
                            + "use '-r' to destroy the following datasets:\n" + String.join("\n", children));
        }
    }

    /** The full name of a node that is there. */
    String name(NodeRecord node) {
        return switch (node) {
            case Filesystem dataset -> pool.catalog().nameOf(dataset.guid()).text();
            case Frozen snapshot -> pool.catalog().nameOf(snapshot.dataset()) + "@" + snapshot.name();
            case Mark mark -> pool.catalog().nameOf(mark.dataset()) + "#" + mark.name();
        };
    }

    /** For messages. */
    String names(List<Frozen> snapshots) {
        return snapshots.stream().map(this::name).collect(Collectors.joining(", "));
    }

    private void refuseOutsideClones(String target, String kind, Doomed doomed) {
        var going = new HashSet<String>();
        doomed.datasets().forEach(dataset -> going.add(name(dataset)));
        List<String> outside = doomed.snapshots().stream()
                .flatMap(snapshot -> pool.catalog().clones(snapshot.guid()).stream())
                .map(DatasetName::text)
                .filter(clone -> !going.contains(clone))
                .toList();
        refuseClones("destroy '" + target + "'", kind, outside);
    }

    void refuseClones(Frozen snapshot, String what) {
        List<String> clones = pool.catalog().clones(snapshot.guid()).stream()
                .map(DatasetName::text)
                .toList();
        refuseClones(what, "snapshot", clones);
    }

    private static void refuseClones(String what, String kind, List<String> clones) {
        if (!clones.isEmpty()) {
            throw new OpException(
                    Code.CONFLICT,
                    "cannot " + what + ": " + kind + " has dependent clones\n"
                            + "use '-R' to destroy the following datasets:\n" + String.join("\n", clones));
        }
    }

    /** What came in part of an increment is on top of it: the rest fits to nothing else. */
    private void refuseWaited(Frozen snapshot) {
        boolean isWaited = pool.catalog()
                .partial(snapshot.dataset())
                .filter(partial ->
                        partial.token().fromGuid() == snapshot.identity().value())
                .isPresent();
        if (isWaited) {
            String dataset = pool.catalog().nameOf(snapshot.dataset()).text();
            throw new OpException(
                    Code.CONFLICT,
                    "cannot destroy '" + name(snapshot) + "': snapshot has dependent clones\n"
                            + "what was received of an increment to it is kept: use 'zfs receive -A " + dataset
                            + "' to forget that");
        }
    }

    void refuseHolds(Frozen snapshot) {
        if (pool.inUse().isUsed(snapshot.guid())) {
            throw new OpException(
                    Code.CONFLICT,
                    "cannot destroy snapshot " + name(snapshot) + ": dataset is busy: it is being sent or received");
        }
        if (!snapshot.notes().holds().isEmpty()) {
            String name = name(snapshot);
            throw new OpException(
                    Code.CONFLICT,
                    "cannot destroy snapshot " + name + ": it's being held. Run 'zfs holds -r " + name
                            + "' to see holders.");
        }
    }

    /**
     * From the mark on, all of them are gone for everyone; their subvolumes follow, after a crash at the next open. The
     * caller has unmounted them.
     */
    void bury(Doomed doomed) {
        mark(doomed);
        destroyMarked(doomed);
    }

    private void mark(Doomed doomed) {
        Map<NodeRecord, String> names = new LinkedHashMap<>();
        doomed.nodes().forEach(node -> names.put(node, name(node)));
        List<Guid> heads = doomed.heads().stream().map(NodeRecord::guid).toList();
        pool.store().bury(heads.getFirst(), heads.subList(1, heads.size()));
        for (NodeRecord node : doomed.nodes()) {
            switch (node) {
                case Filesystem dataset -> pool.catalog().remove(dataset);
                case Frozen snapshot -> pool.catalog().remove(snapshot);
                case Mark mark -> pool.catalog().remove(mark);
            }
        }
        names.forEach((node, name) -> pool.note("destroy", name, node, ""));
    }

    private void destroyMarked(Doomed doomed) {
        pool.passed("destroy", "marked");
        List<NodeRecord> partial = doomed.datasets().stream()
                .flatMap(dataset -> pool.catalog().forgetPartial(dataset.guid()).stream())
                .<NodeRecord>map(Partial::snapshot)
                .toList();
        partial.forEach(this::destroy);
        List<String> reasons = pool.finishing().destroyAll(doomed.nodes());
        doomed.snapshots().forEach(snapshot -> pool.maps().delete(snapshot.guid()));
        if (!reasons.isEmpty()) {
            throw new OpException(
                    Code.FAILED,
                    "what was destroyed is still there, and goes when the pool is opened again: " + reasons.getFirst());
        }
        pool.reservations().refresh();
        pool.passed("destroy", "destroyed");
        Guid mark = doomed.heads().getFirst().guid();
        List<Guid> others = Stream.concat(doomed.nodes().stream(), partial.stream())
                .map(NodeRecord::guid)
                .filter(guid -> !guid.equals(mark))
                .toList();
        pool.store().forget(others, mark);
    }

    /** Destroys what a node is on the pool; also of one that was about to be made. */
    void destroy(NodeRecord unmade) {
        pool.finishing().destroy(unmade);
        if (unmade instanceof Frozen snapshot) {
            pool.maps().delete(snapshot.guid());
        }
    }
}
