package zonda.storage;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import zonda.base.Await;
import zonda.base.Bytes;
import zonda.base.Code;
import zonda.base.Json;
import zonda.base.OpException;

/**
 * Datasets of a pool of OpenZFS, by its own commands. They have the names there that they have here, so the real zfs(8)
 * shows what is whose; which dataset is which says a user property. ZFS mounts none of them: they are {@code legacy}, and
 * {@code noauto}.
 *
 * <p>Its verbs are in a transaction group when they return, with all that was written to the pool before, records of
 * ours included.
 */
final class OpenZfsDriver implements PoolDriver {
    static final String RECORD = "zonda:record";
    /** Of the value of a property, with its end: ZAP_MAXVALUELEN. */
    private static final int LONGEST_VALUE = 8191;
    /** What ZFS shall leave to this service. */
    static final List<String> MOUNTED_BY_US = List.of("-o", "mountpoint=legacy", "-o", "canmount=noauto");
    /** A whole disk for a machine: its partitions are none of the host's business. */
    static final List<String> WITHOUT_PARTITIONS = List.of("-o", "volmode=dev");

    /** udev(7) opens the device of a volume that was written to, for a moment. */
    private static final Duration LOOKED_AT = Duration.ofSeconds(3);

    private final ZfsProgram zfs;
    private final String pool;
    private final OpenZfsNames names;
    private final OpenZfsSpace space;
    private final OpenZfsMounts mounts;
    private final OpenZfsUpkeep upkeep;
    private final OpenZfsReservations reservations;
    private final OpenZfsStreams streams;

    OpenZfsDriver(ZfsProgram zfs, PoolConfig config, RecordStore records) {
        this.zfs = zfs;
        this.pool = config.name();
        this.names = new OpenZfsNames(zfs, pool, records);
        this.space = new OpenZfsSpace(zfs, pool);
        this.mounts = new OpenZfsMounts(zfs, config.top());
        this.upkeep = new OpenZfsUpkeep(zfs, pool, names);
        this.reservations = new OpenZfsReservations(zfs, pool, names, space);
        this.streams = new OpenZfsStreams(zfs, pool, names, space);
    }

    @Override
    public String name() {
        return "OpenZFS";
    }

    @Override
    public void create(Guid dataset, Charge charge) {
        String name = names.wanted(dataset);
        if (name.equals(pool)) {
            zfs.check("zfs", "set", OpenZfsNames.IDENTITY + "=" + dataset, pool);
            names.put(dataset, pool);
            return;
        }
        List<String> words = new ArrayList<>(List.of("zfs", "create"));
        Optional<VolumeShape> volume = names.volume(dataset);
        volume.ifPresent(shape -> words.addAll(
                List.of("-s", "-V", String.valueOf(shape.size().value()), "-b", String.valueOf(shape.blockSize()))));
        words.addAll(volume.isPresent() ? WITHOUT_PARTITIONS : MOUNTED_BY_US);
        make(words, charge.quota(), dataset.toString(), List.of(name));
        names.put(dataset, name);
    }

    @Override
    public void snapshot(SnapshotId id, List<Guid> accounts) {
        String name = names.require(id.dataset()) + "@" + names.leaf(id.snapshot());
        make(List.of("zfs", "snapshot"), Optional.empty(), OpenZfsNames.identity(id), List.of(name));
        names.put(id.snapshot(), name);
    }

    @Override
    public void cloneOf(SnapshotId origin, Guid dataset, Charge charge) {
        String name = names.wanted(dataset);
        List<String> words = new ArrayList<>(List.of("zfs", "clone"));
        words.addAll(names.volume(dataset).isPresent() ? WITHOUT_PARTITIONS : MOUNTED_BY_US);
        make(words, charge.quota(), dataset.toString(), List.of(names.require(origin.snapshot()), name));
        names.put(dataset, name);
    }

    /** Fine when it is there already, and this one. @param about what the verb is about, what is made last */
    private void make(List<String> verb, Optional<Bytes> quota, String identity, List<String> about) {
        List<String> words = new ArrayList<>(verb);
        quota.ifPresent(limit -> words.addAll(List.of("-o", "quota=" + limit.value())));
        words.addAll(List.of("-o", OpenZfsNames.IDENTITY + "=" + identity));
        words.addAll(about);
        try {
            zfs.check(words);
        } catch (OpException e) {
            if (!names.has(about.getLast(), identity)) {
                throw e;
            }
        }
        space.changed();
    }

    @Override
    public Optional<OwnReservations> reservations() {
        return Optional.of(reservations);
    }

    @Override
    public Optional<OwnStreams> streams() {
        return Optional.of(streams);
    }

    @Override
    public boolean isModifiedSince(Guid dataset, SnapshotId snapshot) {
        String property = "written@" + names.leaf(snapshot.snapshot());
        return !zfs.check("zfs", "get", "-Hp", "-o", "value", property, names.require(dataset))
                .strip()
                .equals("0");
    }

    /** It was made one. */
    @Override
    public void makeVolume(Guid dataset, Bytes size) {}

    @Override
    public Path disk(Guid volume) {
        return zfs.device(names.require(volume));
    }

    @Override
    public boolean hasDevices() {
        return true;
    }

    @Override
    public void resize(Guid volume, Bytes size) {
        zfs.check("zfs", "set", "volsize=" + size.value(), names.require(volume));
        space.changed();
    }

    @Override
    public Bytes sizeOf(Guid volume) {
        return space.ofVolume(names.require(volume));
    }

    @Override
    public Bytes sizeOf(SnapshotId volume) {
        return space.ofVolumeSnapshot(names.require(volume.snapshot()));
    }

    @Override
    public void rollback(Guid dataset, SnapshotId to, List<Guid> accounts) {
        String snapshot = names.findSurely(to.snapshot(), OpenZfsNames.identity(to))
                .orElseThrow(() -> new OpException(Code.FAILED, "snapshot " + to.snapshot() + " is gone"));
        zfs.check("zfs", "rollback", snapshot);
        space.changed();
    }

    @Override
    public void destroy(Guid dataset) {
        destroy(names.findSurely(dataset, dataset.toString()));
        names.remove(dataset);
    }

    @Override
    public void destroy(SnapshotId id) {
        mounts.unmount(id);
        destroy(names.findSurely(id.snapshot(), OpenZfsNames.identity(id)));
        names.remove(id.snapshot());
    }

    private void destroy(Optional<String> name) {
        name.ifPresent(it -> {
            if (!Await.until(LOOKED_AT, () -> isDestroyed(it))) {
                zfs.check("zfs", "destroy", it);
            }
            // A later one can have the same name.
            space.renamed();
        });
    }

    private boolean isDestroyed(String name) {
        try {
            zfs.check("zfs", "destroy", name);
            return true;
        } catch (OpException e) {
            if (e.code() != Code.CONFLICT) {
                throw e;
            }
            return false;
        }
    }

    @Override
    public Optional<String> obstacle(Collection<Guid> datasets, Collection<SnapshotId> snapshots) {
        return upkeep.obstacle(datasets, snapshots);
    }

    @Override
    public void moveApart(Guid dataset) {
        upkeep.moveApart(dataset);
        space.renamed();
    }

    @Override
    public void renamed(List<SnapshotId> snapshots) {
        snapshots.forEach(snapshot -> upkeep.rename(snapshot.snapshot()));
        space.renamed();
    }

    @Override
    public void letGo(Collection<SnapshotId> snapshots) {
        snapshots.forEach(mounts::unmount);
    }

    @Override
    public void promoted(Guid clone) {
        upkeep.promote(names.require(clone));
        space.renamed();
    }

    @Override
    public void protect(SnapshotId snapshot) {
        upkeep.protect(snapshot.snapshot());
    }

    @Override
    public void mode(Guid dataset, int mode) {
        mounts.mode(names.require(dataset), dataset, mode);
    }

    @Override
    public void describe(Guid dataset, String text) {
        String value = Finishing.length(text) < LONGEST_VALUE / 2
                ? text
                : Json.parseObject(text).without("properties").compact();
        zfs.check("zfs", "set", RECORD + "=" + value, names.require(dataset));
    }

    @Override
    public void tune(Guid dataset, Tuning own) {
        upkeep.tune(names.require(dataset), own);
        space.changed();
    }

    @Override
    public void reconcileTuning(Map<Guid, Tuning> expected) {
        upkeep.tuneAll(expected);
    }

    @Override
    public boolean hasRecords() {
        return true;
    }

    @Override
    public String usualCompression() {
        return space.compression();
    }

    @Override
    public boolean isDescribed(Guid dataset) {
        var asked = zfs.run("zfs", "get", "-Hp", "-s", "local", "-o", "value", RECORD, names.require(dataset));
        return asked.succeeded() && !asked.out().isBlank();
    }

    @Override
    public void limit(Guid dataset, Optional<Bytes> quota) {
        upkeep.limit(names.require(dataset), quota);
        space.changed();
    }

    /** Where a dataset is in ZFS is whom it is charged to. */
    @Override
    public void recharge(Guid dataset, List<Guid> from, List<Guid> to) {
        upkeep.rename(dataset);
        space.renamed();
    }

    /** A snapshot is charged to whose it is. */
    @Override
    public void recharge(SnapshotId snapshot, List<Guid> from, List<Guid> to) {}

    @Override
    public Bytes used(Guid dataset) {
        return names.find(dataset).map(space::used).orElse(Bytes.of(0));
    }

    @Override
    public Bytes referenced(Guid dataset) {
        return space.referenced(names.require(dataset));
    }

    @Override
    public Bytes referenced(SnapshotId snapshot) {
        return space.referencedBySnapshot(names.require(snapshot.snapshot()));
    }

    @Override
    public List<Vdev> vdevs() {
        return zfs.status(pool).vdevs();
    }

    @Override
    public boolean clearErrors(Optional<String> device) {
        List<String> words = new ArrayList<>(List.of("zpool", "clear", pool));
        words.addAll(device.stream().toList());
        return zfs.run(words).succeeded();
    }

    @Override
    public Bytes free() {
        return space.available();
    }

    /** Without what parity and mirrors take. */
    @Override
    public Bytes size() {
        return Bytes.of(space.used(pool).value() + space.available().value());
    }

    @Override
    public Path directory(SnapshotId snapshot) {
        return mounts.snapshot(names.require(snapshot.snapshot()), snapshot);
    }

    @Override
    public MountSpec mountSpec(Guid dataset) {
        return new MountSpec.Filesystem("zfs", names.require(dataset));
    }

    @Override
    public Inventory inventory() {
        OpenZfsNames.Found found = names.read();
        return new Inventory(found.datasets().keySet(), found.snapshots().keySet(), found.strangers());
    }

    @Override
    public void reconcile(Map<Guid, Charge> expected, Map<SnapshotId, List<Guid>> snapshots) {
        letGo(snapshots.keySet());
        upkeep.reconcile(expected, snapshots.keySet());
        space.renamed();
    }

    @Override
    public void sync() {
        zfs.check("zpool", "sync", pool);
        space.changed();
    }

    /** Nothing is held. */
    @Override
    public void close() {}
}
