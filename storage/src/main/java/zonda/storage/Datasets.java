package zonda.storage;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import zonda.base.Bytes;
import zonda.base.Code;
import zonda.base.OpException;
import zonda.storage.NodeRecord.Filesystem;
import zonda.storage.NodeRecord.Frozen;

/**
 * The datasets of an open pool: zfs(8)'s verbs. Every verb is durable when it returns, and after a crash inside it the
 * dataset is either as before or as asked for. Names are full ones, such as {@code zones/<uuid>} and {@code
 * zones/<uuid>@final}.
 *
 * <p>Any thread may call it. Verbs on the same dataset, or on one above it, wait for each other; others run at the same
 * time. Listings come from memory.
 */
public final class Datasets extends DatasetQueries {
    private final Creation creation;
    private final Changes changes;
    private final Noting noting;
    private final Promotion promotion;
    private final DatasetStreams streams;
    private final Delegating delegating;
    private final Differences differences;

    Datasets(Workings pool) {
        super(pool);
        this.creation = new Creation(pool, removal);
        this.changes = new Changes(pool, removal);
        this.noting = new Noting(pool, removal);
        this.promotion = new Promotion(pool);
        this.streams = new DatasetStreams(pool, removal);
        this.delegating = new Delegating(pool, creation);
        this.differences = new Differences(pool);
    }

    /**
     * Makes an empty dataset and mounts it.
     *
     * @throws OpException CONFLICT when the name is taken, NOT_FOUND when its parent isn't there
     */
    public Dataset create(String name, DatasetOptions options) {
        return made("create", creation.dataset(new DatasetName(name), Optional.empty(), options), "");
    }

    /** As {@link #create}, and leaves it unmounted until {@link #mount} or the next open of the pool. */
    public Dataset createUnmounted(String name, DatasetOptions options) {
        return made("create", creation.unmounted(new DatasetName(name), Optional.empty(), options), "");
    }

    /**
     * Makes a dataset with the content of a snapshot, and mounts it. The snapshot can't be destroyed while it lives.
     *
     * @throws OpException CONFLICT when the name is taken, NOT_FOUND when its parent or the snapshot isn't there
     */
    public Dataset clone(String snapshot, String name, DatasetOptions options) {
        Filesystem made = creation.dataset(new DatasetName(name), Optional.of(SnapshotName.parse(snapshot)), options);
        return made("clone", made, "origin=" + snapshot);
    }

    private Dataset made(String verb, Filesystem record, String more) {
        Dataset made = view(record);
        pool.note(verb, made.name(), record, more);
        return made;
    }

    /** What was done to the pool. */
    public PoolHistory history() {
        return pool.history();
    }

    private void note(String verb, String name, String more) {
        pool.note(verb, name, node(name), more);
    }

    /**
     * Makes a snapshot of one dataset.
     *
     * @param snapshot the part after {@code @}
     * @throws OpException CONFLICT when there is one of this name
     */
    public Snapshot snapshot(String dataset, String snapshot) {
        return snapshots(List.of(dataset + "@" + snapshot), Map.of()).getFirst();
    }

    /**
     * Makes snapshots, each of another dataset, all or none, also after a crash. They are not of one moment: whoever
     * writes meanwhile can be in one of them and not in another.
     *
     * @param names full ones
     * @param properties user properties of each
     * @throws OpException CONFLICT when there is one of these names
     */
    public List<Snapshot> snapshots(List<String> names, Map<String, String> properties) {
        List<Frozen> made = creation.snapshots(parse(names), properties);
        made.forEach(one -> pool.note("snapshot", removal.name(one), one, ""));
        return made.stream().map(this::view).toList();
    }

    private static List<SnapshotName> parse(List<String> names) {
        return names.stream().map(SnapshotName::parse).toList();
    }

    /**
     * Gives a dataset a new name, or a new parent; those below it, and its snapshots, follow. It is unmounted for a
     * moment.
     *
     * @throws OpException CONFLICT when the name is taken, or the dataset is busy
     */
    public void rename(String from, String to) {
        changes.rename(new DatasetName(from), new DatasetName(to));
        note("rename", to, "from " + from);
    }

    /**
     * Gives a dataset the content that it had when the snapshot was made. It is unmounted for a moment.
     *
     * @param destroyNewer destroys the snapshots made after it, as {@code zfs rollback -r}; without, they are a reason
     *     to refuse
     * @throws OpException CONFLICT when it is busy or there are newer snapshots
     */
    public void rollback(String snapshot, boolean destroyNewer) {
        changes.rollback(SnapshotName.parse(snapshot), destroyNewer);
        note("rollback", snapshot, "");
    }

    /** As {@link #rollback(String, boolean)}, and clones of the newer snapshots go before, with all that needs them. */
    public void rollbackWithClones(String snapshot) {
        SnapshotName name = SnapshotName.parse(snapshot);
        Filesystem dataset = require(name.dataset().text());
        List<SnapshotName> newer = changes.newer(dataset, catalog.require(name)).stream()
                .filter(Frozen.class::isInstance)
                .map(one -> SnapshotName.parse(removal.name(one)))
                .toList();
        if (!newer.isEmpty()) {
            removal.snapshots(newer, new DestroyOptions(true, true, false));
        }
        rollback(snapshot, true);
    }

    /**
     * Destroys a dataset or a snapshot.
     *
     * @param recursive also the datasets below it and all their snapshots; never clones outside of them
     * @throws OpException NOT_FOUND when there is none, CONFLICT naming what depends on it or who uses it
     */
    public void destroy(String name, boolean recursive) {
        if (name.indexOf('@') >= 0) {
            removal.snapshots(List.of(SnapshotName.parse(name)), DestroyOptions.ALONE);
        } else {
            removal.dataset(new DatasetName(name), recursive ? DestroyOptions.RECURSIVE : DestroyOptions.ALONE);
        }
    }

    /**
     * Destroys a dataset, snapshots or a bookmark, with what the options say; all of it, or nothing.
     *
     * @param what a dataset's name; a bookmark's; or a dataset's, {@code @}, and names and ranges of snapshots
     * @throws OpException NOT_FOUND when there is none, CONFLICT naming what depends on it or who uses it
     */
    public void destroy(String what, DestroyOptions options) {
        int at = what.indexOf('@');
        int hash = what.indexOf('#');
        if (hash >= 0) {
            removal.bookmark(new DatasetName(what.substring(0, hash)), what.substring(hash + 1));
        } else if (at < 0) {
            removal.dataset(new DatasetName(what), options);
        } else {
            removal.snapshots(removal.chosen(what, options.recursive()), options);
        }
    }

    /** What {@link #destroy(String, DestroyOptions)} would destroy, in its order, but for bookmarks, as ZFS names it. */
    public List<String> wouldDestroy(String what, DestroyOptions options) {
        Doomed doomed = what.indexOf('@') < 0
                ? removal.plan(new DatasetName(what), options)
                : removal.plan(removal.chosen(what, options.recursive()), options);
        return doomed.nodes().stream()
                .filter(node -> !(node instanceof NodeRecord.Mark))
                .map(removal::name)
                .toList();
    }

    /** Has the tag hold the snapshots, all or none: they are not destroyed before it is released. */
    public void hold(String tag, List<String> snapshots) {
        noting.hold(parse(snapshots), tag);
        snapshots.forEach(one -> note("hold", one, "tag=" + tag));
    }

    /** The tag lets go of the snapshots, all or none; those that waited for that are destroyed. */
    public void release(String tag, List<String> snapshots) {
        List<Frozen> before = parse(snapshots).stream()
                .flatMap(one -> catalog.find(one).stream())
                .toList();
        noting.release(parse(snapshots), tag);
        for (int i = 0; i < before.size(); i++) {
            pool.note("release", snapshots.get(i), before.get(i), "tag=" + tag);
        }
    }

    /** Gives snapshots another name behind their {@code @}, all or none. */
    public void renameSnapshots(List<String> snapshots, String to) {
        noting.rename(parse(snapshots), to);
        snapshots.forEach(one -> note("rename", one.substring(0, one.indexOf('@') + 1) + to, "from " + one));
    }

    /**
     * Remembers a snapshot, or what another bookmark remembers.
     *
     * @param bookmark its full name, {@code pool/dataset#bookmark}
     */
    public void bookmark(String source, String bookmark) {
        int hash = bookmark.indexOf('#');
        var name = new SnapshotName(new DatasetName(bookmark.substring(0, hash)), bookmark.substring(hash + 1));
        noting.bookmark(source, name.dataset(), name.snapshot());
        note("bookmark", bookmark, "source=" + source);
    }

    /** Its snapshots as streams that other hosts take, and those of other hosts. */
    public DatasetStreams streams() {
        return streams;
    }

    /** What others than root may do with them. */
    public Delegating delegating() {
        return delegating;
    }

    /** What became of their files since a snapshot. */
    public Differences differences() {
        return differences;
    }

    /** Turns a clone and its origin around: the origin is a clone of it afterwards. */
    public void promote(String clone) {
        promotion.promote(new DatasetName(clone));
        note("promote", clone, "");
    }

    /** As {@link #destroy}; false when there is none of this name. */
    public boolean destroyIfExists(String name, boolean recursive) {
        try {
            destroy(name, recursive);
            return true;
        } catch (OpException e) {
            if (e.code() == Code.NOT_FOUND) {
                return false;
            }
            throw e;
        }
    }

    /** Changes the quota at once; empty takes it away. What is over a lowered one stays, and nothing more is written. */
    public void setQuota(String name, Optional<Bytes> quota) {
        changes.options(new DatasetName(name), old -> old.withQuota(quota));
        note("set", name, "quota=" + quota.map(Bytes::value).orElse(0L));
    }

    /**
     * Changes what a dataset is given beside its quota, at once.
     *
     * @throws OpException INVALID for what a volume can't have, NO_SPACE when what shall be reserved isn't free
     */
    public void setAllotment(String name, UnaryOperator<Allotment> change) {
        changes.options(new DatasetName(name), old -> old.allotment(change.apply(old.allotment())));
        note("set", name, require(name).options().allotment().text());
    }

    /** Changes how what is written from now on is stored. @throws OpException NOT_SUPPORTED where the driver can't */
    public void setTuning(String name, UnaryOperator<Tuning> change) {
        if (changes.tune(new DatasetName(name), change)) {
            note("set", name, require(name).options().tuning().text());
        }
    }

    /** Gives a volume another size; what lies behind a smaller one is lost. */
    public void setVolumeSize(String name, Bytes size) {
        changes.resize(new DatasetName(name), size);
        note("set", name, "volsize=" + size.value());
    }

    /** Sets a user property; its name has a colon, zfsprops(7). */
    public void setProperty(String name, String property, String value) {
        changes.options(new DatasetName(name), old -> old.property(property, value));
        note("set", name, property + "=" + value);
    }

    /** Takes a user property away; fine when there is none. */
    public void unsetProperty(String name, String property) {
        changes.options(new DatasetName(name), old -> {
            var left = new HashMap<>(old.properties());
            left.remove(property);
            return old.withProperties(left);
        });
        note("inherit", name, property);
    }

    /** Sets a user property of a snapshot. */
    public void setSnapshotProperty(String snapshot, String property, String value) {
        noting.notes(SnapshotName.parse(snapshot), notes -> {
            var more = new HashMap<>(notes.properties());
            more.put(property, value);
            return notes.withProperties(more);
        });
        note("set", snapshot, property + "=" + value);
    }

    /** Takes a user property of a snapshot away; fine when there is none. */
    public void unsetSnapshotProperty(String snapshot, String property) {
        noting.notes(SnapshotName.parse(snapshot), notes -> {
            var left = new HashMap<>(notes.properties());
            left.remove(property);
            return notes.withProperties(left);
        });
        note("inherit", snapshot, property);
    }

    /** Mounts the dataset; fine when it is. @throws OpException INVALID when its mountpoint is none */
    public Path mount(String name) {
        try (var _ = pool.claims().claim(List.of(name), List.of())) {
            if (require(name).isVolume()) {
                throw new OpException(
                        Code.INVALID, "cannot open '" + name + "': operation not applicable to datasets of this type");
            }
            return tree.mount(require(name))
                    .orElseThrow(
                            () -> new OpException(Code.INVALID, "cannot mount '" + name + "': mountpoint is none"));
        }
    }

    /**
     * Unmounts the dataset and those below it; fine when it isn't mounted.
     *
     * @throws OpException CONFLICT naming who uses it
     */
    public void unmount(String name) {
        try (var _ = pool.claims().claim(List.of(name), List.of())) {
            require(name);
            tree.unmount(new DatasetName(name));
        }
    }

    Reservations reservations() {
        return pool.reservations();
    }

    /**
     * Unmounts everything.
     *
     * @throws OpException CONFLICT naming who uses a dataset, in whatever mount namespace; then all are mounted as before
     */
    void unmountAll() {
        DatasetName root = catalog.root();
        try (var _ = pool.claims().claim(List.of(root.text()), List.of())) {
            tree.unmountEverywhereWithAllInside("unmount", root);
        }
    }
}
