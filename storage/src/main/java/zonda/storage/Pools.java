package zonda.storage;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import zonda.base.Bytes;
import zonda.base.Code;
import zonda.base.Journal.CrashPoint;
import zonda.base.OpException;
import zonda.base.StateFile;
import zonda.base.Undo;
import zonda.kernel.MountInfo;

/** Makes pools, opens them, and takes them away: what zpool(8) creates, imports, exports and destroys. */
public final class Pools {
    private static final Path STORE = Path.of(".zonda/store");
    private static final Path HISTORY = Path.of(".zonda/history");
    private static final Path MAPS = Path.of(".zonda/maps");

    private final InstantSource clock;
    private final RandomGenerator random;
    private final CrashPoint crashPoint;

    public Pools(InstantSource clock, RandomGenerator random, CrashPoint crashPoint) {
        this.clock = clock;
        this.random = random;
        this.crashPoint = crashPoint;
    }

    /** What the configuration says; otherwise what the pool is; of a new one, OpenZFS where this host has it. */
    private static PoolMedium medium(PoolConfig config) {
        PoolConfig.Driver driver = config.driver()
                .or(() -> config.identified().map(Pools::ofIdentity))
                .orElseGet(() -> BtrfsMedium.isOn(config) || !OpenZfsMedium.isHere()
                        ? PoolConfig.Driver.BTRFS
                        : PoolConfig.Driver.OPENZFS);
        return switch (driver) {
            case BTRFS -> new BtrfsMedium();
            case OPENZFS -> new OpenZfsMedium(ZfsProgram.ofHost());
        };
    }

    /** A UUID of btrfs, or a number that is a GUID of ZFS. */
    private static PoolConfig.Driver ofIdentity(String identity) {
        return identity.indexOf('-') >= 0 ? PoolConfig.Driver.BTRFS : PoolConfig.Driver.OPENZFS;
    }

    /** Whether the pool's embedded file, or filesystem, is there to be opened. */
    public boolean exists(PoolConfig config) {
        return medium(config).exists(config);
    }

    /**
     * Makes a pool and opens it. On devices, what was on them is lost, and a filesystem that is there is a reason to
     * refuse.
     *
     * @param size of an embedded pool's file, which takes space only as it fills
     * @throws OpException FAILED when the kernel can't, CONFLICT when something is there already
     */
    public Pool create(PoolConfig config, Optional<Bytes> size) {
        PoolMedium medium = medium(config);
        medium.requireHost();
        if (config.embedded()) {
            createEmbedded(
                    medium,
                    config,
                    size.orElseThrow(() -> new OpException(Code.INVALID, "an embedded pool needs a size")));
        } else {
            createOnDevices(medium, config);
        }
        return open(medium, config, Opening.USUAL);
    }

    /** The file gets its name when the pool in it is whole: a crash before leaves no pool, and the next try goes. */
    private void createEmbedded(PoolMedium medium, PoolConfig config, Bytes size) {
        if (Files.exists(config.image())) {
            throw new OpException(Code.CONFLICT, "create a pool in " + config.image() + ": the file exists");
        }
        Path unfinished = config.image().resolveSibling(config.image().getFileName() + ".making");
        PoolConfig draft = config.in(unfinished);
        try (var undo = new Undo()) {
            undo.add(() -> delete(unfinished));
            undo.add(() -> medium.release(draft));
            medium.release(draft);
            delete(unfinished);
            ImageFile.create(unfinished, size);
            medium.format(draft);
            populate(medium, draft);
            medium.release(draft);
            ImageFile.rename(unfinished, config.image());
            undo.keep();
        }
    }

    private void createOnDevices(PoolMedium medium, PoolConfig config) {
        medium.format(config);
        try (var undo = new Undo()) {
            undo.add(() -> medium.wipe(config, config.devices()));
            undo.add(() -> medium.release(config));
            populate(medium, config);
            undo.keep();
        }
    }

    /**
     * Makes a pool on devices or files, whatever was on them; it isn't opened.
     *
     * @param config of the driver btrfs
     * @param uuid that its filesystem gets
     * @param passed is told of each step
     */
    void make(PoolConfig config, NewPool wanted, String uuid, Consumer<String> passed) {
        var medium = new BtrfsMedium();
        medium.requireHost();
        medium.format(config, wanted, uuid);
        passed.accept("formatted");
        populate(medium, config, wanted.options());
        passed.accept("populated");
    }

    /** Unmounts what an earlier daemon has left of a pool that goes. @throws OpException CONFLICT naming who uses it */
    static void unmountLeft(PoolConfig config) {
        if (MountedTop.find(config.top()).isPresent()) {
            MountedTop.unmount(config.top());
        }
    }

    private void populate(PoolMedium medium, PoolConfig config) {
        populate(medium, config, DatasetOptions.DEFAULT);
    }

    /** Makes what was just formatted a pool; durable, and unmounted, when it returns. */
    private void populate(PoolMedium medium, PoolConfig config, DatasetOptions options) {
        try (MountedTop mounted = medium.mount(config)) {
            medium.prepare(mounted.top());
            Path directory = mounted.top().resolve(STORE);
            Files.createDirectories(
                    directory, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            var store = new RecordStore(directory);
            try (PoolDriver driver = medium.driver(config, store)) {
                makeRoot(config, options, driver, store);
                new PoolHistory(mounted.top().resolve(HISTORY), clock)
                        .event(new PoolHistory.What.Event(
                                "create", "pool " + config.name(), 0, 1, "driver " + driver.name()));
                driver.sync();
            }
        } catch (IOException e) {
            throw new UncheckedIOException("create pool " + config.name() + ": " + e, e);
        }
    }

    /** The dataset that has the pool's own name. */
    private void makeRoot(PoolConfig config, DatasetOptions options, PoolDriver driver, RecordStore store) {
        var record = new NodeRecord.Filesystem(
                Guid.random(random), Optional.empty(), config.name(), clock.instant(), 1, Optional.empty(), options);
        store.begin(record);
        driver.create(record.guid(), new PoolDriver.Charge(List.of(record.guid()), options.quota()));
        new Finishing(driver).finish(record);
        driver.sync();
        store.made(record.guid());
    }

    /**
     * Opens a pool: mounts it, or takes over the mounts of an earlier daemon, completes what was interrupted, and mounts
     * its datasets.
     */
    public Pool open(PoolConfig config) {
        return open(config, Opening.USUAL);
    }

    /**
     * How a pool is opened.
     *
     * @param altroot what the mountpoints of its datasets lie below
     * @param mount whether they are mounted
     */
    record Opening(Optional<Path> altroot, boolean mount) {
        static final Opening USUAL = new Opening(Optional.empty(), true);
    }

    /**
     * Makes the records again that a pool has lost; it isn't opened.
     *
     * @return how many were lost
     */
    public int rebuild(PoolConfig config) {
        PoolMedium medium = medium(config);
        medium.requireHost();
        try (MountedTop mounted = medium.mount(config)) {
            Path store = mounted.top().resolve(STORE);
            try (PoolDriver driver = medium.driver(config, new RecordStore(store))) {
                if (driver.streams().isPresent()) {
                    throw new OpException(Code.NOT_SUPPORTED, "rebuild: not supported by the driver " + driver.name());
                }
                int made = new Rebuilding(driver, store).run();
                driver.sync();
                return made;
            }
        }
    }

    Pool open(PoolConfig config, Opening how) {
        PoolMedium medium = medium(config);
        medium.requireHost();
        return open(medium, config, how);
    }

    private Pool open(PoolMedium medium, PoolConfig config, Opening how) {
        try (MountedTop mounted = medium.mount(config);
                var undo = new Undo()) {
            requireComplete(config, mounted.top());
            medium.remember(config, mounted.top());
            var store = new RecordStore(mounted.top().resolve(STORE));
            PoolDriver driver = medium.driver(config, store);
            undo.add(driver::close);
            var maps = new ObjectMaps(mounted.top().resolve(MAPS));
            var history = new PoolHistory(mounted.top().resolve(HISTORY), clock);
            var recovery = new Recovery(driver, store, maps);
            Catalog catalog = recovery.run();
            if (!catalog.root().text().equals(config.name())) {
                rename(medium, config, catalog, store);
                catalog = new Recovery(driver, store, maps).run();
            }
            var mounts = new DatasetMounts(driver, deviceOf(mounted.top()));
            var tree = new MountedTree(catalog, mounts, config.mountpoint(), how.altroot());
            var datasets = new Datasets(Workings.of(
                    driver,
                    new Workings.Stored(store, maps, history),
                    catalog,
                    tree,
                    new Workings.Surroundings(clock, random, crashPoint)));
            List<String> findings = new ArrayList<>(recovery.findings());
            findings.addAll(medium.findings(config, driver, mounted));
            if (how.mount()) {
                findings.addAll(tree.mountAll());
            }
            var health = new PoolHealth(
                    config.name(), driver, clock, whenChanged -> medium.scrubs(config, clock, whenChanged));
            PoolDevices devices = medium.devices(config, clock, health.events()::add);
            mounted.keep();
            undo.keep();
            var watch = new ReservationWatch(config.name(), datasets.reservations()).start();
            health.start();
            devices.resume();
            return new Pool(
                    config, new Pool.Means(medium, driver), datasets, new Pool.Care(health, devices, watch), findings);
        }
    }

    /** The records of a pool that was imported under another name still have the old one. */
    private static void rename(PoolMedium medium, PoolConfig config, Catalog catalog, RecordStore store) {
        NodeRecord.Filesystem root = catalog.require(catalog.root());
        store.replace(root.withName(Optional.empty(), config.name()));
        medium.rename(config);
    }

    /** On devices, a crash can come between making the filesystem and making it a pool. */
    private static void requireComplete(PoolConfig config, Path top) {
        if (!Files.isDirectory(top.resolve(STORE)) && Files.isDirectory(top.resolve(BtrfsDriver.DATASETS))) {
            throw new OpException(
                    Code.FAILED,
                    "open pool " + config.name() + ": its records are lost, but for what lies beside the datasets: "
                            + "'zpool import --rebuild', or 'zondad rebuild-pool' for the host's own, makes them again");
        }
        if (!Files.isDirectory(top.resolve(STORE))) {
            throw new OpException(
                    Code.FAILED,
                    "open pool " + config.name() + ": " + config.devices()
                            + " have a filesystem that isn't a pool: its creation was interrupted, or it is another's");
        }
    }

    private static String deviceOf(Path top) {
        return MountedTop.find(top)
                .map(MountInfo::device)
                .orElseThrow(() -> new IllegalStateException("nothing is mounted on " + top));
    }

    /** Unmounts the pool with all its datasets. @throws OpException CONFLICT naming who uses it */
    public void export(Pool pool) {
        pool.datasets().unmountAll();
        pool.datasets()
                .history()
                .event(new PoolHistory.What.Event(
                        "export", "pool " + pool.config().name(), 0, 0, ""));
        pool.close();
        MountedTop.unmount(pool.config().top());
        pool.medium().release(pool.config());
    }

    /** Takes the pool away with all its data. */
    public void destroy(Pool pool) {
        PoolConfig config = pool.config();
        List<Path> members = pool.vdevs().stream()
                .filter(vdev -> !vdev.missing())
                .map(vdev -> Path.of(vdev.path()))
                .toList();
        export(pool);
        if (config.embedded()) {
            delete(config.image());
        } else {
            pool.medium().wipe(config, members);
        }
        config.identity().ifPresent(StateFile::delete);
    }

    private static void delete(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            throw new UncheckedIOException("delete " + file + ": " + e, e);
        }
    }
}
