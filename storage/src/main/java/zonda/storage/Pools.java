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
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;
import zonda.base.Bytes;
import zonda.base.Code;
import zonda.base.Journal.CrashPoint;
import zonda.base.OpException;
import zonda.base.StateFile;
import zonda.base.Undo;
import zonda.kernel.Blocking;
import zonda.kernel.Btrfs;
import zonda.kernel.Command;
import zonda.kernel.Errno;
import zonda.kernel.Fd;
import zonda.kernel.KernelException;
import zonda.kernel.Loop;
import zonda.kernel.MountInfo;
import zonda.kernel.Mounts;

/** Makes pools, opens them, and takes them away: what zpool(8) creates, imports, exports and destroys. */
public final class Pools {
    private static final Path FEATURES = Path.of("/sys/fs/btrfs/features");
    private static final Path STORE = Path.of(".zonda/store");
    private static final Path MAPS = Path.of(".zonda/maps");
    private static final Duration MKFS_LIMIT = Duration.ofMinutes(5);

    private final InstantSource clock;
    private final RandomGenerator random;
    private final CrashPoint crashPoint;

    public Pools(InstantSource clock, RandomGenerator random, CrashPoint crashPoint) {
        this.clock = clock;
        this.random = random;
        this.crashPoint = crashPoint;
    }

    /** Whether the pool's embedded file, or filesystem, is there to be opened. */
    public boolean exists(PoolConfig config) {
        if (config.embedded()) {
            return Files.exists(config.image());
        }
        try (Members members = Members.attach(config.devices())) {
            return Command.of(
                            "btrfs",
                            "filesystem",
                            "show",
                            member(config, members)
                                    .orElse(config.devices().getFirst())
                                    .toString())
                    .run(Duration.ofSeconds(30))
                    .out()
                    .contains("'" + label(config) + "'");
        }
    }

    /**
     * Makes a pool and opens it. On devices, what was on them is lost, and a filesystem that is there is a reason to
     * refuse.
     *
     * @param size of an embedded pool's file, which takes space only as it fills
     * @throws OpException FAILED when the kernel can't, CONFLICT when something is there already
     */
    public Pool create(PoolConfig config, Optional<Bytes> size) {
        requireKernel();
        if (config.embedded()) {
            createEmbedded(
                    config, size.orElseThrow(() -> new OpException(Code.INVALID, "an embedded pool needs a size")));
        } else {
            createOnDevices(config);
        }
        return open(config);
    }

    /** The file gets its name when the pool in it is whole: a crash before leaves no pool, and the next try goes. */
    private void createEmbedded(PoolConfig config, Bytes size) {
        if (Files.exists(config.image())) {
            throw new OpException(Code.CONFLICT, "create a pool in " + config.image() + ": the file exists");
        }
        Path unfinished = config.image().resolveSibling(config.image().getFileName() + ".making");
        var draft = PoolConfig.embedded(config.name(), config.mountpoint(), config.runDirectory(), unfinished);
        try (var undo = new Undo()) {
            undo.add(() -> delete(unfinished));
            delete(unfinished);
            ImageFile.create(unfinished, size);
            format(draft);
            populate(draft);
            ImageFile.rename(unfinished, config.image());
            undo.keep();
        }
    }

    private void createOnDevices(PoolConfig config) {
        format(config);
        try (var undo = new Undo()) {
            undo.add(() -> wipe(config.devices()));
            populate(config);
            undo.keep();
        }
    }

    /**
     * Makes a pool on devices or files, whatever was on them; it isn't opened.
     *
     * @param uuid that its filesystem gets
     * @param passed is told of each step
     */
    void make(PoolConfig config, NewPool wanted, String uuid, Consumer<String> passed) {
        requireKernel();
        List<String> argv = new ArrayList<>(List.of("mkfs.btrfs", "-q", "-f", "-U", uuid, "-L", label(config)));
        int copies = wanted.copies();
        int devices = config.devices().size();
        argv.addAll(List.of("-d", Layout.mirrored(copies)));
        argv.addAll(List.of("-m", copies > 1 ? Layout.mirrored(copies) : devices > 1 ? "raid1" : "dup"));
        config.devices().forEach(device -> argv.add(device.toString()));
        Command.of(argv).check(MKFS_LIMIT);
        passed.accept("formatted");
        populate(config, wanted.options());
        passed.accept("populated");
    }

    /** Unmounts what an earlier daemon has left of a pool that goes. @throws OpException CONFLICT naming who uses it */
    static void unmountLeft(PoolConfig config) {
        boolean isMounted =
                Mounts.list().stream().anyMatch(mount -> mount.target().equals(config.top()));
        if (isMounted) {
            unmountTop(config.top());
        }
    }

    private void populate(PoolConfig config) {
        populate(config, DatasetOptions.DEFAULT);
    }

    /** Makes an empty filesystem a pool; durable, and unmounted, when it returns. */
    private void populate(PoolConfig config, DatasetOptions options) {
        try (Mounted mounted = mountTop(config);
                Fd fd = Fd.openDirectory(mounted.top())) {
            Btrfs.enableSimpleQuota(fd);
            for (Path directory : List.of(STORE, BtrfsDriver.DATASETS, BtrfsDriver.SNAPSHOTS)) {
                Files.createDirectories(
                        mounted.top().resolve(directory),
                        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            }
            makeRoot(config, options, mounted.top());
            Btrfs.sync(fd);
        } catch (IOException e) {
            throw new UncheckedIOException("create pool " + config.name() + ": " + e, e);
        }
    }

    /** The dataset that has the pool's own name. */
    private void makeRoot(PoolConfig config, DatasetOptions options, Path top) throws IOException {
        var record = new NodeRecord.Filesystem(
                Guid.random(random), Optional.empty(), config.name(), clock.instant(), 1, Optional.empty(), options);
        try (BtrfsDriver driver = BtrfsDriver.open(top)) {
            var store = new RecordStore(top.resolve(STORE));
            store.begin(record);
            driver.create(record.guid(), new PoolDriver.Charge(List.of(record.guid()), options.quota()));
            new Finishing(driver).finish(record);
            driver.sync();
            store.made(record.guid());
        }
    }

    private static void format(PoolConfig config) {
        List<String> argv = new ArrayList<>(List.of("mkfs.btrfs", "-q", "-L", label(config)));
        if (config.devices().size() > 1) {
            argv.addAll(List.of("-d", "raid1", "-m", "raid1"));
        } else {
            // A second copy of the metadata in the same file has no second place to survive in, and doubles each
            // commit.
            argv.addAll(List.of("-d", "single", "-m", config.embedded() ? "single" : "dup"));
        }
        config.devices().forEach(device -> argv.add(device.toString()));
        Command.of(argv).check(MKFS_LIMIT);
    }

    private static String label(PoolConfig config) {
        return "zonda:" + config.name();
    }

    /** @throws OpException FAILED naming what the kernel lacks */
    private static void requireKernel() {
        if (!Files.exists(FEATURES)
                && !Command.of("modprobe", "btrfs").run(Duration.ofSeconds(30)).succeeded()) {
            throw new OpException(Code.FAILED, "this kernel has no btrfs");
        }
        if (!Files.exists(FEATURES.resolve("simple_quota"))) {
            throw new OpException(
                    Code.FAILED,
                    "this kernel's btrfs has no simple quotas (" + FEATURES.resolve("simple_quota")
                            + " is missing): Linux 6.7 or later is needed");
        }
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

    Pool open(PoolConfig config, Opening how) {
        requireKernel();
        try (Mounted mounted = mountTop(config);
                var undo = new Undo()) {
            requireComplete(config, mounted.top());
            remember(config, mounted.top());
            BtrfsDriver driver = BtrfsDriver.open(mounted.top());
            undo.add(driver::close);
            var store = new RecordStore(mounted.top().resolve(STORE));
            var maps = new ObjectMaps(mounted.top().resolve(MAPS));
            var recovery = new Recovery(driver, store, maps);
            Catalog catalog = named(config, recovery.run(), mounted.top(), () -> new Recovery(driver, store, maps));
            var mounts = new DatasetMounts(driver, deviceOf(mounted.top()));
            var tree = new MountedTree(catalog, mounts, config.mountpoint(), how.altroot());
            var datasets = new Datasets(Workings.of(
                    driver,
                    new Workings.Stored(store, maps),
                    catalog,
                    tree,
                    new Workings.Surroundings(clock, random, crashPoint)));
            List<String> findings = new ArrayList<>(recovery.findings());
            if (mounted.degraded()) {
                findings.add(degraded(config, driver));
            }
            if (how.mount()) {
                findings.addAll(tree.mountAll());
            }
            var health = new PoolHealth(config.name(), mounted.top(), driver, clock);
            var devices = new PoolDevices(config, clock, health.events()::add);
            mounted.keep();
            undo.keep();
            health.start();
            devices.resume();
            return new Pool(config, driver, datasets, new Pool.Care(health, devices), findings);
        }
    }

    /** The records of a pool that was imported under another name still have the old one. */
    private static Catalog named(PoolConfig config, Catalog catalog, Path top, Supplier<Recovery> again) {
        if (catalog.root().text().equals(config.name())) {
            return catalog;
        }
        NodeRecord.Filesystem root = catalog.require(catalog.root());
        new RecordStore(top.resolve(STORE)).replace(root.withName(Optional.empty(), config.name()));
        Command.of("btrfs", "filesystem", "label", top.toString(), label(config))
                .check(Duration.ofMinutes(1));
        return again.get().run();
    }

    private static String degraded(PoolConfig config, BtrfsDriver driver) {
        List<String> there = driver.devices();
        String missing = config.devices().stream()
                .filter(device -> !there.contains(realPath(device)))
                .map(Path::toString)
                .collect(Collectors.joining(", "));
        return "pool " + config.name() + " is DEGRADED: missing " + missing
                + ": data that is written now has no second copy; zpool replace brings the mirror back";
    }

    /** Devices are given by links such as those of /dev/disk/by-id, and the kernel knows them by their own names. */
    private static String realPath(Path device) {
        try {
            return device.toRealPath().toString();
        } catch (IOException e) {
            return device.toString();
        }
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

    private static String deviceOf(Path top) {
        return Mounts.list().stream()
                .filter(mount -> mount.target().equals(top))
                .reduce((_, last) -> last)
                .map(MountInfo::device)
                .orElseThrow(() -> new IllegalStateException("nothing is mounted on " + top));
    }

    /** Unmounts the pool with all its datasets. @throws OpException CONFLICT naming who uses it */
    public void export(Pool pool) {
        pool.datasets().unmountAll();
        pool.close();
        unmountTop(pool.config().top());
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
            wipe(members);
        }
        config.identity().ifPresent(StateFile::delete);
    }

    /** Nothing takes the devices for a pool any more, nor for what was on them before. */
    static void wipe(List<Path> devices) {
        devices.stream()
                .filter(Files::exists)
                .forEach(device ->
                        Command.of("wipefs", "-q", "-a", device.toString()).check(Duration.ofMinutes(1)));
    }

    private static void delete(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            throw new UncheckedIOException("delete " + file + ": " + e, e);
        }
    }

    /** The top of the pool's filesystem, mounted; unmounted again unless kept, if it was mounted for this. */
    private static final class Mounted implements AutoCloseable {
        private final Path top;
        private final boolean ours;
        private final boolean degraded;
        private boolean kept;

        Mounted(Path top, boolean ours, boolean degraded) {
            this.top = top;
            this.ours = ours;
            this.degraded = degraded;
        }

        Path top() {
            return top;
        }

        boolean degraded() {
            return degraded;
        }

        void keep() {
            kept = true;
        }

        @Override
        public void close() {
            if (ours && !kept) {
                unmountTop(top);
            }
        }
    }

    private static Mounted mountTop(PoolConfig config) {
        Path top = config.top();
        Optional<MountInfo> there = Mounts.list().stream()
                .filter(mount -> mount.target().equals(top))
                .findAny();
        if (there.isPresent()) {
            keepPrivate(top);
            return new Mounted(top, false, there.get().superOptions().contains("degraded"));
        }
        try {
            Files.createDirectories(
                    top, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        } catch (IOException e) {
            throw new UncheckedIOException("create " + top + ": " + e, e);
        }
        return Blocking.call(() -> {
            if (config.embedded()) {
                return mountImage(config, top);
            }
            return mountDevices(config, top);
        });
    }

    /** The loop device goes by itself when the last mount does. */
    private static Mounted mountImage(PoolConfig config, Path top) {
        Optional<Path> attached = Loop.find(config.image());
        if (attached.isPresent()) {
            mount(attached.get(), top, "discard=async");
            return new Mounted(top, true, false);
        }
        try (Loop loop = Loop.attach(config.image())) {
            mount(loop.device(), top, "discard=async");
        }
        return new Mounted(top, true, false);
    }

    private static Mounted mountDevices(PoolConfig config, Path top) {
        try (Members members = Members.attach(config.devices())) {
            return mountMembers(config, members, top);
        }
    }

    private static Mounted mountMembers(PoolConfig config, Members members, Path top) {
        Command.of("btrfs", "device", "scan").run(Duration.ofMinutes(1));
        Path first = member(config, members)
                .orElseThrow(() -> new OpException(
                        Code.NOT_FOUND,
                        "pool " + config.name() + ": none of its devices is there: " + config.devices()));
        try {
            mount(first, top, "");
            return new Mounted(top, true, false);
        } catch (KernelException e) {
            boolean redundant = config.devices().size() > 1;
            boolean missing = config.devices().stream().anyMatch(device -> !Files.exists(device)) || e.is(Errno.ENOENT);
            if (!redundant || !missing) {
                throw e;
            }
            mount(first, top, "degraded");
            return new Mounted(top, true, true);
        }
    }

    /** Any that belongs to its filesystem; before that is known, any of those that it was made of. */
    private static Optional<Path> member(PoolConfig config, Members members) {
        Optional<String> uuid = config.identity().flatMap(StateFile::read).map(String::strip);
        if (uuid.isEmpty()) {
            return members.devices().stream().findFirst();
        }
        return Command.of("blkid", "-c", "/dev/null", "-o", "device", "-t", "UUID=" + uuid.get())
                .run(Duration.ofMinutes(1))
                .out()
                .lines()
                .map(Path::of)
                .findFirst();
    }

    private static void remember(PoolConfig config, Path top) {
        config.identity().ifPresent(file -> {
            try (Fd fd = Fd.openDirectory(top)) {
                StateFile.replace(file, Btrfs.filesystem(fd).uuid() + "\n");
            }
        });
    }

    private static void mount(Path device, Path top, String options) {
        String data = "subvolid=5" + (options.isEmpty() ? "" : "," + options);
        Mounts.mount(device.toString(), top, "btrfs", Mounts.MS_NOATIME, data);
        keepPrivate(top);
    }

    /**
     * Below a shared mount, as under systemd, it would be shared: the datasets' mounts, which are copies of it, would be
     * its peers, and whatever is mounted in a dataset would show up, and stay busy, in here.
     */
    private static void keepPrivate(Path top) {
        Mounts.makePrivate(top, false);
    }

    private static void unmountTop(Path top) {
        try {
            Blocking.call(() -> {
                Mounts.unmount(top);
                Files.deleteIfExists(top);
                return top;
            });
        } catch (KernelException e) {
            if (e.is(Errno.EBUSY)) {
                throw new OpException(
                        Code.CONFLICT,
                        "cannot export the pool at " + top + ": it is busy"
                                + MountHolders.ofPlace(top)
                                        .map(who -> ": " + who)
                                        .orElse(""),
                        e);
            }
            throw e;
        }
    }
}
