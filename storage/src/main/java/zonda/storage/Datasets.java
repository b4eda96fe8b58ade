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
public final class Datasets {
    private final Workings pool;
    private final Catalog catalog;
    private final MountedTree tree;
    private final Creation creation;
    private final Removal removal;
    private final Changes changes;
    private final Noting noting;
    private final Promotion promotion;
    private final DatasetProperties properties;
    private final DatasetStreams streams;
    private final Delegating delegating;
    private final Differences differences;

    Datasets(Workings pool) {
        this.pool = pool;
        this.catalog = pool.catalog();
        this.tree = pool.tree();
        this.removal = new Removal(pool);
        this.creation = new Creation(pool, removal);
        this.changes = new Changes(pool, removal);
        this.noting = new Noting(pool, removal);
        this.promotion = new Promotion(pool);
        this.properties = new DatasetProperties(pool);
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

    /** The dataset, or empty when there is none of this name. */
    public Optional<Dataset> find(String name) {
        return catalog.find(new DatasetName(name)).map(this::view);
    }

    /** Whether there is a dataset of this name: of all verbs the quickest. */
    public boolean has(String name) {
        return catalog.find(new DatasetName(name)).isPresent();
    }

    /** Whether the pool stores files in records of a size: {@code recordsize} of zfsprops(7). */
    public boolean hasRecords() {
        return pool.driver().hasRecords();
    }

    /** What the pool's driver is called: {@code btrfs} or {@code OpenZFS}. */
    public String driverName() {
        return pool.driver().name();
    }

    /** The name of the pool's own dataset. */
    public String root() {
        return catalog.root().text();
    }

    /** All datasets by name, each after its parent. */
    public List<Dataset> list() {
        return list(catalog.root().text());
    }

    /** A dataset and all below it. Empty when there is none of this name. */
    public List<Dataset> list(String name) {
        return catalog.tree(new DatasetName(name)).stream().map(this::view).toList();
    }

    /** The snapshots of one dataset, oldest first. @throws OpException NOT_FOUND when there is no such dataset */
    public List<Snapshot> snapshots(String dataset) {
        Filesystem of = require(dataset);
        return catalog.snapshots(of.guid()).stream().map(this::view).toList();
    }

    /** The snapshot of this full name, or empty. */
    public Optional<Snapshot> findSnapshot(String name) {
        return catalog.find(SnapshotName.parse(name)).map(this::view);
    }

    /** Where a snapshot's content is to be read by the host. @throws OpException NOT_FOUND */
    public Path directory(String snapshot) {
        NodeRecord.Frozen record = catalog.require(SnapshotName.parse(snapshot));
        return pool.driver().directory(record.id());
    }

    /** Changes the quota at once; empty takes it away. What is over a lowered one stays, and nothing more is written. */
    public void setQuota(String name, Optional<Bytes> quota) {
        changes.options(new DatasetName(name), old -> old.withQuota(quota));
        note("set", name, "quota=" + quota.map(Bytes::value).orElse(0L));
    }

    /**
     * Changes what a dataset is given beside its quota, at once.
     *
     * @throws OpException INVALID for what a volume can't have, FAILED when what shall be reserved isn't free
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

    /** What a volume is now; empty for a filesystem. @throws OpException NOT_FOUND */
    public Optional<VolumeShape> volumeShape(String name) {
        Filesystem volume = require(name);
        return volume.options()
                .volume()
                .map(shape -> new VolumeShape(pool.driver().sizeOf(volume.guid()), shape.blockSize()));
    }

    /** The file or device that a volume is, where root alone gets. @throws OpException INVALID for others */
    public Path volume(String name) {
        Filesystem volume = require(name);
        if (!volume.isVolume()) {
            throw new OpException(Code.INVALID, "cannot open '" + name + "': not a volume");
        }
        return pool.driver().disk(volume.guid());
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

    /** A user property of the dataset, or of the nearest above it that has it. */
    public Optional<String> property(String name, String property) {
        return catalog.lineage(require(name)).stream()
                .flatMap(dataset ->
                        Optional.ofNullable(dataset.options().properties().get(property)).stream())
                .findFirst();
    }

    /** All properties of a dataset, snapshot or bookmark. @throws OpException NOT_FOUND when there is none of this name */
    public List<DatasetProperty> properties(String name) {
        return properties.all(node(name));
    }

    /** Of the properties named those that it has. @throws OpException NOT_FOUND when there is no dataset of this name */
    public List<DatasetProperty> properties(String name, List<String> wanted) {
        return properties.some(node(name), wanted);
    }

    private NodeRecord node(String name) {
        int hash = name.indexOf('#');
        if (hash >= 0) {
            return catalog.find(new DatasetName(name.substring(0, hash)))
                    .flatMap(of -> catalog.bookmark(of.guid(), name.substring(hash + 1)))
                    .orElseThrow(() ->
                            new OpException(Code.NOT_FOUND, "cannot open '" + name + "': dataset does not exist"));
        }
        return name.indexOf('@') >= 0 ? catalog.require(SnapshotName.parse(name)) : require(name);
    }

    /** The bookmarks of one dataset, by name. @throws OpException NOT_FOUND when there is no such dataset */
    public List<Bookmark> bookmarks(String dataset) {
        return catalog.bookmarks(require(dataset).guid()).stream()
                .map(mark -> new Bookmark(removal.name(mark), mark.snapshot().toString(), mark.created()))
                .toList();
    }

    /** How much data a dataset or snapshot refers to, shared with others or not; of a dataset, as of the last commit. */
    public Bytes referenced(String name) {
        if (name.indexOf('@') < 0) {
            return pool.driver().referenced(require(name).guid());
        }
        Frozen snapshot = catalog.require(SnapshotName.parse(name));
        return pool.driver().referenced(snapshot.id());
    }

    /** How much it uses, and how much more it may. */
    public Usage usage(String name) {
        Filesystem dataset = require(name);
        return new Usage(
                pool.reservations().used(dataset),
                dataset.options().quota(),
                pool.reservations().available(dataset));
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

    /** Who has the dataset mounted besides this service, in whatever mount namespace. */
    public Optional<Holder> holder(String name) {
        return tree.otherHolder(require(name));
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

    private Filesystem require(String name) {
        return catalog.require(new DatasetName(name));
    }

    private Dataset view(Filesystem record) {
        return new Dataset(
                catalog.nameOf(record.guid()).text(),
                record.guid().toString(),
                record.created(),
                record.origin().flatMap(catalog::nameOfSnapshot).map(SnapshotName::toString),
                record.options().quota(),
                tree.mountpoint(record),
                tree.wasMounted(record),
                record.options().properties(),
                record.isVolume());
    }

    private Snapshot view(Frozen record) {
        return new Snapshot(
                catalog.nameOfSnapshot(record.guid())
                        .map(SnapshotName::toString)
                        .orElse("@" + record.name()),
                record.guid().toString(),
                record.created(),
                catalog.clones(record.guid()).stream().map(DatasetName::text).toList(),
                record.notes().holds(),
                record.notes().deferred(),
                record.notes().properties());
    }
}
