package zonda.storage;

import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import zonda.base.Bytes;
import zonda.base.Code;
import zonda.base.Journal.CrashPoint;
import zonda.base.OpException;
import zonda.base.Undo;
import zonda.storage.NodeRecord.Filesystem;
import zonda.storage.NodeRecord.Frozen;
import zonda.storage.PoolDriver.Charge;

/**
 * The datasets of an open pool: zfs(8)'s verbs. Every verb is durable when it returns, and after a crash inside it the
 * dataset is either as before or as asked for. Names are full ones, such as {@code zones/<uuid>} and {@code
 * zones/<uuid>@final}.
 *
 * <p>Any thread may call it. Verbs on the same dataset, or on one above it, wait for each other; others run at the same
 * time. Listings come from memory.
 */
public final class Datasets {
    private final PoolDriver driver;
    private final RecordStore store;
    private final Catalog catalog;
    private final DatasetMounts mounts;
    private final Settings settings;
    private final Finishing finishing;
    private final Claims claims;

    /**
     * What the verbs need to know of their pool.
     *
     * @param mountpoint of the root dataset
     */
    record Settings(Path mountpoint, InstantSource clock, RandomGenerator random, CrashPoint crashPoint) {}

    Datasets(PoolDriver driver, RecordStore store, Catalog catalog, Settings settings) {
        this.driver = driver;
        this.store = store;
        this.catalog = catalog;
        this.settings = settings;
        this.mounts = new DatasetMounts(driver);
        this.finishing = new Finishing(driver);
        this.claims = new Claims(java.time.Duration.ofMinutes(5));
    }

    /**
     * Makes an empty dataset and mounts it.
     *
     * @throws OpException CONFLICT when the name is taken, NOT_FOUND when its parent isn't there
     */
    public Dataset create(String name, DatasetOptions options) {
        return make("create", new DatasetName(name), Optional.empty(), options);
    }

    /**
     * Makes a dataset with the content of a snapshot, and mounts it. The snapshot can't be destroyed while it lives.
     *
     * @throws OpException CONFLICT when the name is taken, NOT_FOUND when its parent or the snapshot isn't there
     */
    public Dataset clone(String snapshot, String name, DatasetOptions options) {
        return make("clone", new DatasetName(name), Optional.of(SnapshotName.parse(snapshot)), options);
    }

    private Dataset make(String verb, DatasetName name, Optional<SnapshotName> from, DatasetOptions options) {
        DatasetName parentName = name.parent()
                .orElseThrow(() -> new OpException(Code.INVALID, "cannot create '" + name + "': missing dataset name"));
        List<String> kept = Stream.concat(Stream.of(parentName.text()), from.map(SnapshotName::toString).stream())
                .toList();
        try (var _ = claims.claim(List.of(name.text()), kept)) {
            if (catalog.find(name).isPresent()) {
                throw new OpException(Code.CONFLICT, "cannot create '" + name + "': dataset already exists");
            }
            Filesystem parent = catalog.find(parentName)
                    .orElseThrow(() ->
                            new OpException(Code.NOT_FOUND, "cannot create '" + name + "': parent does not exist"));
            Optional<Frozen> origin = from.map(catalog::require);
            requireRoom("create '" + name + "'");
            var record = new Filesystem(
                    Guid.random(settings.random()),
                    Optional.of(parent.guid()),
                    name.leaf(),
                    settings.clock().instant(),
                    origin.map(Frozen::guid),
                    options);
            makeSubvolume(verb, record, origin, charge(record, parent));
            mountIfWanted(record);
            return view(record);
        }
    }

    private void makeSubvolume(String verb, Filesystem record, Optional<Frozen> origin, Charge charge) {
        try (var undo = new Undo()) {
            undo.add(() -> store.abandon(record.guid()));
            store.begin(record);
            passed(verb, "intent");
            undo.add(() -> driver.destroy(record.guid()));
            List<Runnable> waiting = store.waiting();
            undo.add(() -> store.keepWaiting(waiting));
            if (origin.isPresent()) {
                driver.cloneOf(
                        new SnapshotId(origin.get().dataset(), origin.get().guid()), record.guid(), charge);
                passed(verb, "subvolume");
                finishing.finish(record);
            } else {
                driver.create(record.guid(), charge);
                passed(verb, "subvolume");
                finishing.finish(record);
                passed(verb, "described");
                driver.sync();
            }
            undo.keep();
            store.settled(waiting);
        }
        store.made(record.guid());
        catalog.put(record);
        passed(verb, "made");
    }

    private Charge charge(Filesystem record, Filesystem parent) {
        List<Guid> accounts = Stream.concat(Stream.of(record), catalog.lineage(parent).stream())
                .map(Filesystem::guid)
                .toList();
        return new Charge(accounts, record.options().quota());
    }

    private List<Guid> accounts(Filesystem dataset) {
        return catalog.lineage(dataset).stream().map(Filesystem::guid).toList();
    }

    /** Destroying needs room as well: what lets a full pool be emptied again is never given away. */
    private void requireRoom(String what) {
        long size = driver.size().value();
        long reserve = Math.min(size / 33 + (1L << 30), size / 10);
        if (driver.free().value() < reserve) {
            throw new OpException(
                    Code.FAILED,
                    "cannot " + what + ": out of space: " + driver.free().human() + " free, of which "
                            + Bytes.of(reserve).human() + " are kept for destroying and repair");
        }
    }

    /**
     * Makes a snapshot of one dataset.
     *
     * @param snapshot the part after {@code @}
     * @throws OpException CONFLICT when there is one of this name
     */
    public Snapshot snapshot(String dataset, String snapshot) {
        var name = new SnapshotName(new DatasetName(dataset), snapshot);
        try (var _ = claims.claim(List.of(name.toString()), List.of(dataset))) {
            Filesystem of = catalog.require(name.dataset());
            if (catalog.find(name).isPresent()) {
                throw new OpException(Code.CONFLICT, "cannot create snapshot '" + name + "': dataset already exists");
            }
            requireRoom("create snapshot '" + name + "'");
            var record = new Frozen(
                    Guid.random(settings.random()),
                    of.guid(),
                    snapshot,
                    settings.clock().instant());
            var id = new SnapshotId(of.guid(), record.guid());
            try (var undo = new Undo()) {
                undo.add(() -> store.abandon(record.guid()));
                store.begin(record);
                passed("snapshot", "intent");
                undo.add(() -> driver.destroy(id));
                List<Runnable> waiting = store.waiting();
                undo.add(() -> store.keepWaiting(waiting));
                driver.snapshot(id, accounts(of));
                passed("snapshot", "subvolume");
                undo.keep();
                store.settled(waiting);
            }
            store.made(record.guid());
            catalog.put(record);
            passed("snapshot", "made");
            return view(record);
        }
    }

    /**
     * Gives a dataset a new name, or a new parent; those below it, and its snapshots, follow.
     *
     * @throws OpException CONFLICT when the name is taken, or the dataset is busy
     */
    public void rename(String from, String to) {
        var oldName = new DatasetName(from);
        var newName = new DatasetName(to);
        List<String> kept = newName.parent().map(DatasetName::text).stream().toList();
        try (var _ = claims.claim(List.of(from, to), newName.isBelow(oldName) ? List.of() : kept)) {
            Filesystem dataset = catalog.require(oldName);
            Filesystem parent = requireFreeName(oldName, newName);
            Filesystem renamed = dataset.withName(Optional.of(parent.guid()), newName.leaf());
            List<Filesystem> mounted = unmountAll(catalog.tree(oldName));
            try {
                passed("rename", "unmounted");
                store.replace(renamed);
                passed("rename", "recorded");
                List<Guid> above = ancestors(dataset);
                catalog.rename(renamed);
                driver.recharge(dataset.guid(), above, ancestors(renamed));
                passed("rename", "charged");
                finishing.describe(renamed);
            } finally {
                mounted.reversed().forEach(one -> mountIfWanted(current(one)));
            }
        }
    }

    private List<Guid> ancestors(Filesystem dataset) {
        return catalog.lineage(dataset).stream().skip(1).map(Filesystem::guid).toList();
    }

    private Filesystem requireFreeName(DatasetName from, DatasetName to) {
        if (from.parent().isEmpty() || to.parent().isEmpty() || to.isBelow(from)) {
            throw new OpException(Code.INVALID, "cannot rename '" + from + "' to '" + to + "': not possible");
        }
        if (catalog.find(to).isPresent()) {
            throw new OpException(Code.CONFLICT, "cannot rename to '" + to + "': dataset already exists");
        }
        return catalog.find(to.parent().get())
                .orElseThrow(
                        () -> new OpException(Code.NOT_FOUND, "cannot rename to '" + to + "': parent does not exist"));
    }

    /** The record as it is now, under whatever name. */
    private Filesystem current(Filesystem dataset) {
        return catalog.require(catalog.nameOf(dataset.guid()));
    }

    /**
     * Gives a dataset the content that it had when the snapshot was made. It is unmounted for a moment.
     *
     * @param destroyNewer destroys the snapshots made after it, as {@code zfs rollback -r}; without, they are a reason
     *     to refuse
     * @throws OpException CONFLICT when it is busy or there are newer snapshots
     */
    public void rollback(String snapshot, boolean destroyNewer) {
        SnapshotName name = SnapshotName.parse(snapshot);
        try (var _ = claims.claim(List.of(name.dataset().text()), List.of())) {
            Filesystem dataset = catalog.require(name.dataset());
            Frozen to = catalog.require(name);
            List<Frozen> all = catalog.snapshots(dataset.guid());
            List<Frozen> newer = all.subList(all.indexOf(to) + 1, all.size());
            if (!newer.isEmpty() && !destroyNewer) {
                throw new OpException(
                        Code.CONFLICT,
                        "cannot rollback to '" + name + "': more recent snapshots exist: " + names(newer));
            }
            newer.forEach(one -> refuseClones(one, "rollback to '" + name + "'"));
            newer.reversed().forEach(one -> bury(one.guid(), List.of(), List.of(one)));
            boolean mounted = isMounted(dataset);
            unmountHere(dataset);
            try {
                List<Runnable> waiting = store.waiting();
                driver.rollback(new SnapshotId(dataset.guid(), to.guid()), accounts(dataset));
                store.settled(waiting);
                passed("rollback", "exchanged");
                finishing.describe(dataset);
            } finally {
                if (mounted) {
                    mountIfWanted(dataset);
                }
            }
        }
    }

    private String names(List<Frozen> snapshots) {
        return snapshots.stream()
                .map(one -> catalog.nameOfSnapshot(one.guid())
                        .map(SnapshotName::toString)
                        .orElse(one.name()))
                .collect(java.util.stream.Collectors.joining(", "));
    }

    /**
     * Destroys a dataset or a snapshot.
     *
     * @param recursive also the datasets below it and all their snapshots; never clones outside of them
     * @throws OpException NOT_FOUND when there is none, CONFLICT naming what depends on it or who uses it
     */
    public void destroy(String name, boolean recursive) {
        if (name.indexOf('@') >= 0) {
            destroySnapshot(SnapshotName.parse(name));
            return;
        }
        var dataset = new DatasetName(name);
        try (var _ = claims.claim(List.of(name), List.of())) {
            catalog.require(dataset);
            destroyTree(dataset, recursive);
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

    private void destroySnapshot(SnapshotName name) {
        try (var _ = claims.claim(List.of(name.toString()), List.of())) {
            Frozen snapshot = catalog.require(name);
            refuseClones(snapshot, "destroy '" + name + "'");
            bury(snapshot.guid(), List.of(), List.of(snapshot));
        }
    }

    private void refuseClones(Frozen snapshot, String what) {
        List<DatasetName> clones = catalog.clones(snapshot.guid());
        if (!clones.isEmpty()) {
            throw new OpException(Code.CONFLICT, "cannot " + what + ": snapshot has dependent clones: " + join(clones));
        }
    }

    private static String join(List<DatasetName> names) {
        return names.stream().map(DatasetName::text).collect(java.util.stream.Collectors.joining(", "));
    }

    private void destroyTree(DatasetName top, boolean recursive) {
        List<Filesystem> datasets = catalog.tree(top);
        List<Frozen> snapshots = datasets.stream()
                .flatMap(dataset -> catalog.snapshots(dataset.guid()).stream())
                .toList();
        if (top.parent().isEmpty()) {
            throw new OpException(Code.INVALID, "cannot destroy '" + top + "': operation does not apply to pools");
        }
        if (!recursive && datasets.size() + snapshots.size() > 1) {
            List<String> children = Stream.concat(
                            datasets.stream()
                                    .skip(1)
                                    .map(one -> catalog.nameOf(one.guid()).text()),
                            Stream.of(names(snapshots)).filter(text -> !text.isEmpty()))
                    .toList();
            throw new OpException(
                    Code.CONFLICT,
                    "cannot destroy '" + top + "': filesystem has children: " + String.join(", ", children)
                            + ": use -r to destroy them too");
        }
        refuseOutsideClones(top, snapshots);
        List<Filesystem> mounted = unmountAll(datasets);
        try (var undo = new Undo()) {
            undo.add(() -> mounted.reversed().forEach(this::mountIfWanted));
            refuseHolders(top, datasets);
            undo.keep();
        }
        passed("destroy", "unmounted");
        bury(datasets.getFirst().guid(), datasets, snapshots);
    }

    private void refuseOutsideClones(DatasetName top, List<Frozen> snapshots) {
        List<DatasetName> outside = snapshots.stream()
                .flatMap(snapshot -> catalog.clones(snapshot.guid()).stream())
                .filter(clone -> !clone.isBelow(top) && !clone.equals(top))
                .toList();
        if (!outside.isEmpty()) {
            throw new OpException(
                    Code.CONFLICT, "cannot destroy '" + top + "': filesystem has dependent clones: " + join(outside));
        }
    }

    /** btrfs destroys a subvolume under the feet of who uses it; ZFS says busy, and so do we. */
    private void refuseHolders(DatasetName top, List<Filesystem> datasets) {
        Optional<Holder> holder =
                mounts.otherHolder(datasets.stream().map(Filesystem::guid).toList(), Optional.empty());
        if (holder.isPresent()) {
            throw new OpException(Code.CONFLICT, DatasetMounts.busy("destroy", top, holder));
        }
    }

    /**
     * From the mark on, its first node and all below it are gone for everyone; their subvolumes follow, after a crash at
     * the next open.
     */
    private void bury(Guid top, List<Filesystem> datasets, List<Frozen> snapshots) {
        store.bury(top);
        passed("destroy", "marked");
        snapshots.forEach(catalog::remove);
        datasets.reversed().forEach(catalog::remove);
        passed("destroy", "buried");
        finishing.destroy(datasets, snapshots);
        passed("destroy", "destroyed");
        snapshots.forEach(one -> store.forget(one.guid()));
        datasets.reversed().forEach(one -> store.forget(one.guid()));
    }

    /** The dataset, or empty when there is none of this name. */
    public Optional<Dataset> find(String name) {
        return catalog.find(new DatasetName(name)).map(this::view);
    }

    /** All datasets by name, each after its parent. */
    public List<Dataset> list() {
        return list(root().text());
    }

    /** A dataset and all below it. Empty when there is none of this name. */
    public List<Dataset> list(String name) {
        return catalog.tree(new DatasetName(name)).stream().map(this::view).toList();
    }

    /** The snapshots of one dataset, oldest first. @throws OpException NOT_FOUND when there is no such dataset */
    public List<Snapshot> snapshots(String dataset) {
        Filesystem of = catalog.require(new DatasetName(dataset));
        return catalog.snapshots(of.guid()).stream().map(this::view).toList();
    }

    /** The snapshot of this full name, or empty. */
    public Optional<Snapshot> findSnapshot(String name) {
        return catalog.find(SnapshotName.parse(name)).map(this::view);
    }

    /** Changes the quota at once; empty takes it away. What is over a lowered one stays, and nothing more is written. */
    public void setQuota(String name, Optional<Bytes> quota) {
        change(name, dataset -> {
            DatasetOptions old = dataset.options();
            return dataset.withOptions(new DatasetOptions(quota, old.mountpoint(), old.mode(), old.properties()));
        });
    }

    /** Sets a user property; its name has a colon, zfsprops(7). */
    public void setProperty(String name, String property, String value) {
        change(name, dataset -> dataset.withOptions(dataset.options().property(property, value)));
    }

    /** Takes a user property away; fine when there is none. */
    public void unsetProperty(String name, String property) {
        change(name, dataset -> {
            DatasetOptions old = dataset.options();
            var left = new java.util.HashMap<>(old.properties());
            left.remove(property);
            return dataset.withOptions(new DatasetOptions(old.quota(), old.mountpoint(), old.mode(), left));
        });
    }

    /** A user property of the dataset, or of the nearest above it that has it. */
    public Optional<String> property(String name, String property) {
        return catalog.lineage(catalog.require(new DatasetName(name))).stream()
                .flatMap(dataset ->
                        Optional.ofNullable(dataset.options().properties().get(property)).stream())
                .findFirst();
    }

    private void change(String name, java.util.function.UnaryOperator<Filesystem> change) {
        try (var _ = claims.claim(List.of(name), List.of())) {
            Filesystem old = catalog.require(new DatasetName(name));
            Filesystem changed = change.apply(old);
            if (changed.equals(old)) {
                return;
            }
            store.replace(changed);
            passed("set", "recorded");
            catalog.put(changed);
            if (!changed.options().quota().equals(old.options().quota())) {
                driver.limit(changed.guid(), changed.options().quota());
            }
            finishing.describe(changed);
        }
    }

    /** How much it uses, and how much more it may. */
    public Usage usage(String name) {
        Filesystem dataset = catalog.require(new DatasetName(name));
        long available = driver.free().value();
        for (Filesystem account : catalog.lineage(dataset)) {
            Optional<Bytes> quota = account.options().quota();
            if (quota.isPresent()) {
                long left = quota.get().value() - driver.used(account.guid()).value();
                available = Math.max(0, Math.min(available, left));
            }
        }
        return new Usage(driver.used(dataset.guid()), dataset.options().quota(), Bytes.of(available));
    }

    /** Mounts the dataset; fine when it is. @throws OpException INVALID when its mountpoint is none */
    public Path mount(String name) {
        try (var _ = claims.claim(List.of(name), List.of())) {
            Filesystem dataset = catalog.require(new DatasetName(name));
            Path target = mountpoint(dataset)
                    .orElseThrow(
                            () -> new OpException(Code.INVALID, "cannot mount '" + name + "': mountpoint is none"));
            mounts.mount(dataset.guid(), target);
            return target;
        }
    }

    /** Unmounts the dataset and those below it; fine when it isn't mounted. @throws OpException CONFLICT naming who
     * uses it */
    public void unmount(String name) {
        try (var _ = claims.claim(List.of(name), List.of())) {
            catalog.require(new DatasetName(name));
            unmountAll(catalog.tree(new DatasetName(name)));
        }
    }

    /** Who has the dataset mounted besides this service, in whatever mount namespace. */
    public Optional<Holder> holder(String name) {
        Filesystem dataset = catalog.require(new DatasetName(name));
        return mounts.otherHolder(List.of(dataset.guid()), mountpoint(dataset));
    }

    /** Mounts everything that says where, each after its parent; answers what failed. */
    List<String> mountAll() {
        var failed = new ArrayList<String>();
        for (Filesystem dataset : catalog.tree(root())) {
            try {
                mountIfWanted(dataset);
            } catch (RuntimeException e) {
                failed.add("mount " + catalog.nameOf(dataset.guid()) + ": " + e.getMessage());
            }
        }
        return failed;
    }

    /** Unmounts everything. @throws OpException CONFLICT naming who uses a dataset; then all are mounted as before */
    void unmountAll() {
        try (var _ = claims.claim(List.of(root().text()), List.of())) {
            unmountAll(catalog.tree(root()));
        }
    }

    private DatasetName root() {
        return catalog.root();
    }

    /** Innermost first; answers those that were mounted, in that order. All or none. */
    private List<Filesystem> unmountAll(List<Filesystem> datasets) {
        var done = new ArrayList<Filesystem>();
        try (var undo = new Undo()) {
            for (Filesystem dataset : datasets.reversed()) {
                if (isMounted(dataset)) {
                    unmountHere(dataset);
                    undo.add(() -> mountIfWanted(dataset));
                    done.add(dataset);
                }
            }
            undo.keep();
        }
        return List.copyOf(done);
    }

    private void unmountHere(Filesystem dataset) {
        mountpoint(dataset).ifPresent(target -> mounts.unmount(dataset.guid(), catalog.nameOf(dataset.guid()), target));
    }

    private boolean isMounted(Filesystem dataset) {
        return mountpoint(dataset)
                .filter(target -> mounts.isMounted(dataset.guid(), target))
                .isPresent();
    }

    private void mountIfWanted(Filesystem dataset) {
        mountpoint(dataset).ifPresent(target -> mounts.mount(dataset.guid(), target));
    }

    private Optional<Path> mountpoint(Filesystem dataset) {
        List<Filesystem> lineage = catalog.lineage(dataset);
        Path below = Path.of("");
        for (Filesystem one : lineage) {
            switch (one.options().mountpoint()) {
                case Mountpoint.At(Path path) -> {
                    return Optional.of(path.resolve(below));
                }
                case Mountpoint.None() -> {
                    return Optional.empty();
                }
                case Mountpoint.Inherited() -> {
                    if (one.parent().isEmpty()) {
                        return Optional.of(settings.mountpoint().resolve(below));
                    }
                    below = Path.of(one.leaf()).resolve(below);
                }
            }
        }
        return Optional.empty();
    }

    private Dataset view(Filesystem record) {
        return new Dataset(
                catalog.nameOf(record.guid()).text(),
                record.guid().toString(),
                record.created(),
                record.origin().flatMap(catalog::nameOfSnapshot).map(SnapshotName::toString),
                record.options().quota(),
                mountpoint(record),
                mounts.isMounted(record.guid()),
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

    private void passed(String verb, String step) {
        settings.crashPoint().passed(verb + ":" + step);
    }
}
