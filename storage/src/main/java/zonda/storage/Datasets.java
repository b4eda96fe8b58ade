package zonda.storage;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Optional;
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
    private final DatasetProperties properties;

    Datasets(Workings pool) {
        this.pool = pool;
        this.catalog = pool.catalog();
        this.tree = pool.tree();
        this.removal = new Removal(pool);
        this.creation = new Creation(pool, removal);
        this.changes = new Changes(pool, removal);
        this.properties = new DatasetProperties(catalog, this);
    }

    /**
     * Makes an empty dataset and mounts it.
     *
     * @throws OpException CONFLICT when the name is taken, NOT_FOUND when its parent isn't there
     */
    public Dataset create(String name, DatasetOptions options) {
        return view(creation.dataset(new DatasetName(name), Optional.empty(), options));
    }

    /**
     * Makes a dataset with the content of a snapshot, and mounts it. The snapshot can't be destroyed while it lives.
     *
     * @throws OpException CONFLICT when the name is taken, NOT_FOUND when its parent or the snapshot isn't there
     */
    public Dataset clone(String snapshot, String name, DatasetOptions options) {
        return view(creation.dataset(new DatasetName(name), Optional.of(SnapshotName.parse(snapshot)), options));
    }

    /**
     * Makes a snapshot of one dataset.
     *
     * @param snapshot the part after {@code @}
     * @throws OpException CONFLICT when there is one of this name
     */
    public Snapshot snapshot(String dataset, String snapshot) {
        return view(creation.snapshot(new SnapshotName(new DatasetName(dataset), snapshot)));
    }

    /**
     * Gives a dataset a new name, or a new parent; those below it, and its snapshots, follow. It is unmounted for a
     * moment.
     *
     * @throws OpException CONFLICT when the name is taken, or the dataset is busy
     */
    public void rename(String from, String to) {
        changes.rename(new DatasetName(from), new DatasetName(to));
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
    }

    /**
     * Destroys a dataset or a snapshot.
     *
     * @param recursive also the datasets below it and all their snapshots; never clones outside of them
     * @throws OpException NOT_FOUND when there is none, CONFLICT naming what depends on it or who uses it
     */
    public void destroy(String name, boolean recursive) {
        if (name.indexOf('@') >= 0) {
            removal.snapshot(SnapshotName.parse(name));
        } else {
            removal.dataset(new DatasetName(name), recursive);
        }
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
        return pool.driver().directory(new SnapshotId(record.dataset(), record.guid()));
    }

    /** Changes the quota at once; empty takes it away. What is over a lowered one stays, and nothing more is written. */
    public void setQuota(String name, Optional<Bytes> quota) {
        changes.options(
                new DatasetName(name),
                old -> new DatasetOptions(quota, old.mountpoint(), old.mode(), old.properties()));
    }

    /** Sets a user property; its name has a colon, zfsprops(7). */
    public void setProperty(String name, String property, String value) {
        changes.options(new DatasetName(name), old -> old.property(property, value));
    }

    /** Takes a user property away; fine when there is none. */
    public void unsetProperty(String name, String property) {
        changes.options(new DatasetName(name), old -> {
            var left = new HashMap<>(old.properties());
            left.remove(property);
            return new DatasetOptions(old.quota(), old.mountpoint(), old.mode(), left);
        });
    }

    /** A user property of the dataset, or of the nearest above it that has it. */
    public Optional<String> property(String name, String property) {
        return catalog.lineage(require(name)).stream()
                .flatMap(dataset ->
                        Optional.ofNullable(dataset.options().properties().get(property)).stream())
                .findFirst();
    }

    /** All properties of a dataset or snapshot. @throws OpException NOT_FOUND when there is none of this name */
    public List<DatasetProperty> properties(String name) {
        return name.indexOf('@') >= 0
                ? properties.of(catalog.require(SnapshotName.parse(name)))
                : properties.of(require(name));
    }

    /** How much data a dataset or snapshot refers to, shared with others or not; of a dataset, as of the last commit. */
    public Bytes referenced(String name) {
        if (name.indexOf('@') < 0) {
            return pool.driver().referenced(require(name).guid());
        }
        Frozen snapshot = catalog.require(SnapshotName.parse(name));
        return pool.driver().referenced(new SnapshotId(snapshot.dataset(), snapshot.guid()));
    }

    /** How much it uses, and how much more it may. */
    public Usage usage(String name) {
        Filesystem dataset = require(name);
        long available = pool.driver().free().value();
        for (Filesystem account : catalog.lineage(dataset)) {
            Optional<Bytes> quota = account.options().quota();
            if (quota.isPresent()) {
                long left =
                        quota.get().value() - pool.driver().used(account.guid()).value();
                available = Math.max(0, Math.min(available, left));
            }
        }
        return new Usage(pool.driver().used(dataset.guid()), dataset.options().quota(), Bytes.of(available));
    }

    /** Mounts the dataset; fine when it is. @throws OpException INVALID when its mountpoint is none */
    public Path mount(String name) {
        try (var _ = pool.claims().claim(List.of(name), List.of())) {
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

    /** Unmounts everything. @throws OpException CONFLICT naming who uses a dataset; then all are mounted as before */
    void unmountAll() {
        unmount(catalog.root().text());
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
                record.options().properties());
    }

    private Snapshot view(Frozen record) {
        return new Snapshot(
                catalog.nameOfSnapshot(record.guid())
                        .map(SnapshotName::toString)
                        .orElse("@" + record.name()),
                record.guid().toString(),
                record.created(),
                catalog.clones(record.guid()).stream().map(DatasetName::text).toList());
    }
}
