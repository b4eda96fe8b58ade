package zonda.storage;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import zonda.base.Bytes;
import zonda.base.Code;
import zonda.base.OpException;
import zonda.storage.NodeRecord.Filesystem;
import zonda.storage.NodeRecord.Frozen;

/** What can be asked of the datasets of an open pool: the half of {@link Datasets} that changes nothing. */
abstract class DatasetQueries {
    final Workings pool;
    final Catalog catalog;
    final MountedTree tree;
    final Removal removal;
    private final DatasetProperties properties;

    DatasetQueries(Workings pool) {
        this.pool = pool;
        this.catalog = pool.catalog();
        this.tree = pool.tree();
        this.removal = new Removal(pool);
        this.properties = new DatasetProperties(pool);
    }

    /** The dataset, or empty when there is none of this name. */
    public final Optional<Dataset> find(String name) {
        return catalog.find(new DatasetName(name)).map(this::view);
    }

    /** Another number after each change of datasets, snapshots and their properties: what was asked before still holds. */
    public final long changes() {
        return catalog.changes();
    }

    /** Whether there is a dataset of this name: of all verbs the quickest. */
    public final boolean has(String name) {
        return catalog.find(new DatasetName(name)).isPresent();
    }

    /** Whether the pool stores files in records of a size: {@code recordsize} of zfsprops(7). */
    public final boolean hasRecords() {
        return pool.driver().hasRecords();
    }

    /** Whether volumes are block devices, and not files. */
    public final boolean hasDevices() {
        return pool.driver().hasDevices();
    }

    /** What the pool's driver is called: {@code btrfs} or {@code OpenZFS}. */
    public final String driverName() {
        return pool.driver().name();
    }

    /** The name of the pool's own dataset. */
    public final String root() {
        return catalog.root().text();
    }

    /** All datasets by name, each after its parent. */
    public final List<Dataset> list() {
        return list(catalog.root().text());
    }

    /** A dataset and all below it. Empty when there is none of this name. */
    public final List<Dataset> list(String name) {
        return catalog.tree(new DatasetName(name)).stream().map(this::view).toList();
    }

    /** The snapshots of one dataset, oldest first. @throws OpException NOT_FOUND when there is no such dataset */
    public final List<Snapshot> snapshots(String dataset) {
        Filesystem of = require(dataset);
        return catalog.snapshots(of.guid()).stream().map(this::view).toList();
    }

    /** The snapshot of this full name, or empty. */
    public final Optional<Snapshot> findSnapshot(String name) {
        return catalog.find(SnapshotName.parse(name)).map(this::view);
    }

    /** Where a snapshot's content is to be read by the host. @throws OpException NOT_FOUND */
    public final Path directory(String snapshot) {
        NodeRecord.Frozen record = catalog.require(SnapshotName.parse(snapshot));
        return pool.driver().directory(record.id());
    }

    /** What a volume is now; empty for a filesystem. @throws OpException NOT_FOUND */
    public final Optional<VolumeShape> volumeShape(String name) {
        Filesystem volume = require(name);
        return volume.options()
                .volume()
                .map(shape -> new VolumeShape(pool.driver().sizeOf(volume.guid()), shape.blockSize()));
    }

    /** The file or device that a volume is, where root alone gets. @throws OpException INVALID for others */
    public final Path volume(String name) {
        Filesystem volume = require(name);
        if (!volume.isVolume()) {
            throw new OpException(Code.INVALID, "cannot open '" + name + "': not a volume");
        }
        return pool.driver().disk(volume.guid());
    }

    /** A user property of the dataset, or of the nearest above it that has it. */
    public final Optional<String> property(String name, String property) {
        return catalog.lineage(require(name)).stream()
                .flatMap(dataset ->
                        Optional.ofNullable(dataset.options().properties().get(property)).stream())
                .findFirst();
    }

    /** All properties of a dataset, snapshot or bookmark. @throws OpException NOT_FOUND when there is none of this name */
    public final List<DatasetProperty> properties(String name) {
        return properties.all(node(name));
    }

    /** Of the properties named those that it has. @throws OpException NOT_FOUND when there is no dataset of this name */
    public final List<DatasetProperty> properties(String name, List<String> wanted) {
        return properties.some(node(name), wanted);
    }

    final NodeRecord node(String name) {
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
    public final List<Bookmark> bookmarks(String dataset) {
        return catalog.bookmarks(require(dataset).guid()).stream()
                .map(mark -> new Bookmark(removal.name(mark), mark.snapshot().toString(), mark.created()))
                .toList();
    }

    /** How much data a dataset or snapshot refers to, shared with others or not; of a dataset, as of the last commit. */
    public final Bytes referenced(String name) {
        if (name.indexOf('@') < 0) {
            return pool.driver().referenced(require(name).guid());
        }
        Frozen snapshot = catalog.require(SnapshotName.parse(name));
        return pool.driver().referenced(snapshot.id());
    }

    /** How much it uses, and how much more it may. */
    public final Usage usage(String name) {
        Filesystem dataset = require(name);
        return new Usage(
                pool.reservations().used(dataset),
                dataset.options().quota(),
                pool.reservations().available(dataset));
    }

    /** Who has the dataset mounted besides this service, in whatever mount namespace. */
    public final Optional<Holder> holder(String name) {
        return tree.otherHolder(require(name));
    }

    final Filesystem require(String name) {
        return catalog.require(new DatasetName(name));
    }

    final Dataset view(Filesystem record) {
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

    final Snapshot view(Frozen record) {
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
