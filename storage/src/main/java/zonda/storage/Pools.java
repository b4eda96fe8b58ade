package zonda.storage;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;
import zonda.base.Bytes;
import zonda.base.Code;
import zonda.base.Journal.CrashPoint;
import zonda.base.OpException;
import zonda.base.Undo;
import zonda.kernel.MountInfo;

/** Makes pools, opens them, and takes them away: what zpool(8) creates, imports, exports and destroys. */
public final class Pools {
    private static final Path FEATURES = Path.of("/sys/fs/btrfs/features");
    private static final Path STORE = Path.of(".zonda/store");
    private static final Duration MKFS_LIMIT = Duration.ofMinutes(5);

    private final InstantSource clock;
    private final RandomGenerator random;
    private final CrashPoint crashPoint;

    public Pools(InstantSource clock, RandomGenerator random, CrashPoint crashPoint) {
        this.clock = clock;
        this.random = random;
        this.crashPoint = crashPoint;
    }

    /** Whether the pool's embedded file, or the pool on its devices, is there to be opened. */
    public boolean exists(PoolConfig config) {
        return config.embedded() ? Files.exists(config.image()) : medium(config).exists(config);
    }

    /** What a pool that is there is made of, whatever else this host could make one of. */
    private static PoolMedium medium(PoolConfig config) {
        return BtrfsMedium.isOn(config) ? new BtrfsMedium() : mediumOfNew();
    }

    /** OpenZFS where the host has it, else btrfs. */
    private static PoolMedium mediumOfNew() {
        return OpenZfsMedium.isHere() ? new OpenZfsMedium(ZfsProgram.ofHost()) : new BtrfsMedium();
    }

    /**
     * Makes a pool and opens it. On devices, what was on them is lost, and a filesystem that is there is a reason to
     * refuse.
     *
     * @param size of an embedded pool's file, which takes space only as it fills
     * @throws OpException FAILED when the kernel can't, CONFLICT when something is there already
     */
    public Pool create(PoolConfig config, Optional<Bytes> size) {
        PoolMedium medium = mediumOfNew();
        medium.requireHost();
        if (config.embedded()) {
            Bytes known = size.orElseThrow(() -> new OpException(Code.INVALID, "an embedded pool needs a size"));
            createEmbedded(medium, config, known);
        } else {
            createOnDevices(medium, config);
        }
        return open(config);
    }

    /** The file gets its name when the pool in it is whole: a crash before leaves no pool, and the next try goes. */
    private void createEmbedded(PoolMedium medium, PoolConfig config, Bytes size) {
        if (Files.exists(config.image())) {
            throw new OpException(Code.CONFLICT, "create a pool in " + config.image() + ": the file exists");
        }
        Path unfinished = config.image().resolveSibling(config.image().getFileName() + ".making");
        var draft = PoolConfig.embedded(config.name(), config.mountpoint(), config.runDirectory(), unfinished);
        try (var undo = new Undo()) {
            undo.add(() -> delete(unfinished));
            delete(unfinished);
            ImageFile.create(unfinished, size);
            medium.format(draft);
            populate(medium, draft);
            ImageFile.rename(unfinished, config.image());
            undo.keep();
        }
    }

    private void createOnDevices(PoolMedium medium, PoolConfig config) {
        medium.format(config);
        try (var undo = new Undo()) {
            undo.add(() -> medium.wipe(config));
            populate(medium, config);
            undo.keep();
        }
    }

    /** Makes an empty pool one of ours; durable, and let go, when it returns. */
    private void populate(PoolMedium medium, PoolConfig config) {
        try (var undo = new Undo()) {
            undo.add(() -> medium.release(config));
            try (MountedTop mounted = medium.mount(config)) {
                medium.prepare(mounted.top());
                Files.createDirectories(
                        mounted.top().resolve(STORE),
                        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
                makeRoot(medium, config);
            } catch (IOException e) {
                throw new UncheckedIOException("create pool " + config.name() + ": " + e, e);
            }
        }
    }

    /** The dataset that has the pool's own name. */
    private void makeRoot(PoolMedium medium, PoolConfig config) {
        var record = new NodeRecord.Filesystem(
                Guid.random(random),
                Optional.empty(),
                config.name(),
                clock.instant(),
                Optional.empty(),
                DatasetOptions.DEFAULT);
        var store = new RecordStore(config.top().resolve(STORE));
        try (PoolDriver driver = medium.driver(config, store)) {
            store.begin(record);
            driver.create(record.guid(), new PoolDriver.Charge(List.of(record.guid()), Optional.empty()));
            new Finishing(driver).finish(record);
            driver.sync();
            store.made(record.guid());
        }
    }

    /**
     * Opens a pool: mounts it, or takes over the mounts of an earlier daemon, completes what was interrupted, and mounts
     * its datasets.
     */
    public Pool open(PoolConfig config) {
        PoolMedium medium = medium(config);
        medium.requireHost();
        try (MountedTop mounted = medium.mount(config);
                var undo = new Undo()) {
            requireComplete(config, mounted.top());
            var store = new RecordStore(mounted.top().resolve(STORE));
            PoolDriver driver = medium.driver(config, store);
            undo.add(driver::close);
            var recovery = new Recovery(driver, store);
            Catalog catalog = recovery.run();
            var mounts = new DatasetMounts(driver, deviceOf(mounted.top()));
            var tree = new MountedTree(catalog, mounts, config.mountpoint());
            var datasets = new Datasets(
                    Workings.of(driver, store, catalog, tree, new Workings.Surroundings(clock, random, crashPoint)));
            List<String> findings = new ArrayList<>(recovery.findings());
            findings.addAll(medium.findings(config, driver, mounted));
            findings.addAll(tree.mountAll());
            mounted.keep();
            undo.keep();
            return new Pool(config, driver, datasets, findings);
        }
    }

    private static String deviceOf(Path top) {
        return MountedTop.find(top)
                .map(MountInfo::device)
                .orElseThrow(() -> new IllegalStateException("nothing is mounted on " + top));
    }

    /** On devices, a crash can come between making the filesystem and making it a pool. */
    private static void requireComplete(PoolConfig config, Path top) {
        if (!Files.isDirectory(top.resolve(STORE))) {
            throw new OpException(
                    Code.FAILED,
                    "open pool " + config.name() + ": " + config.devices()
                            + " have a filesystem that isn't a pool: its creation was interrupted, or it is another's");
        }
    }

    /** Unmounts the pool with all its datasets. @throws OpException CONFLICT naming who uses it */
    public void export(Pool pool) {
        PoolConfig config = pool.config();
        PoolMedium medium = medium(config);
        pool.datasets().unmountAll();
        pool.close();
        MountedTop.unmount(config.top());
        medium.release(config);
    }

    /** Takes the pool away with all its data. */
    public void destroy(Pool pool) {
        PoolConfig config = pool.config();
        PoolMedium medium = medium(config);
        export(pool);
        if (config.embedded()) {
            delete(config.image());
        } else {
            medium.wipe(config);
        }
    }

    private static void delete(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            throw new UncheckedIOException("delete " + file + ": " + e, e);
        }
    }
}
