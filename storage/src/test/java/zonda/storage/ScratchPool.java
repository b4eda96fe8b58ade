package zonda.storage;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import zonda.base.Await;
import zonda.base.Bytes;
import zonda.base.Journal.CrashPoint;
import zonda.kernel.Command;
import zonda.kernel.Loop;
import zonda.kernel.MountInfo;
import zonda.kernel.Mounts;

/** A pool in a file of its own, for one test; closing it takes it away, and fails when something of it is left. */
final class ScratchPool implements ContractPool {
    private static final Duration LIMIT = Duration.ofSeconds(20);
    private static final Bytes SIZE = Bytes.ofMiB(512);

    private final Path directory;
    private final PoolConfig config;
    private volatile CrashPoint crashPoint = CrashPoint.NONE;
    private Pool pool;

    private ScratchPool(Path directory, PoolConfig config, Bytes size) {
        this.directory = directory;
        this.config = config;
        // As everything is under systemd: so that namespaces which other programs of this host make meanwhile, with
        // copies of all mounts, let go of ours when they are unmounted here.
        Mounts.bind(directory, directory, false);
        Command.of("mount", "--make-shared", directory.toString()).check(LIMIT);
        this.pool = Files.exists(config.image()) ? pools().open(config) : pools().create(config, Optional.of(size));
    }

    static ScratchPool create() {
        return create(SIZE);
    }

    static ScratchPool create(Bytes size) {
        Path directory = newDirectory();
        return new ScratchPool(directory, config(directory), size);
    }

    /** The pool that is in a copy of this file. Two copies of a pool can't be open at one time. */
    static ScratchPool ofCopy(Path image) {
        Path directory = newDirectory();
        copy(image, config(directory).image());
        return new ScratchPool(directory, config(directory), SIZE);
    }

    static Path newDirectory() {
        requireHost();
        try {
            Path directory = Files.createTempDirectory("zonda-pool-").toRealPath();
            assumeTrue(!Files.getFileStore(directory).type().equals("btrfs"), "a pool in a file can't lie on btrfs");
            return directory;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void copy(Path from, Path to) {
        Command.of("cp", "--sparse=always", from.toString(), to.toString()).check(LIMIT);
    }

    /**
     * What a power cut right now would leave on the disk: the file as it is under the mounted filesystem. A copy during
     * which the filesystem has written its superblock mixes two states that no disk ever had, and is made again.
     */
    void copyAsInPowerCut(Path to) {
        byte[] before;
        do {
            before = superblock();
            copy(config.image(), to);
        } while (!java.util.Arrays.equals(before, superblock()));
    }

    /** The first of them, of 4 KiB at 64 KiB: btrfs(5). */
    private byte[] superblock() {
        try (var file = new java.io.RandomAccessFile(config.image().toFile(), "r")) {
            byte[] block = new byte[4096];
            file.seek(64 << 10);
            file.readFully(block);
            return block;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Skips the test where there can be no pool. */
    static void requireHost() {
        assumeTrue("root".equals(System.getProperty("user.name")), "mounting needs root");
        assumeTrue(Files.exists(Path.of("/sys/fs/btrfs/features/simple_quota")), "needs btrfs of Linux 6.7");
    }

    private static PoolConfig config(Path directory) {
        return PoolConfig.embedded(
                        "tank", directory.resolve("mnt"), directory.resolve("run"), directory.resolve("pool.img"))
                .withDriver(Optional.of(PoolConfig.Driver.BTRFS));
    }

    Pools pools() {
        // SplittableRandom isn't seeded: guids must differ between the pools that a host has at one time.
        return new Pools(InstantSource.system(), new SplittableRandom(), step -> crashPoint.passed(step));
    }

    PoolConfig config() {
        return config;
    }

    Path directory() {
        return directory;
    }

    Path mountpoint() {
        return config.mountpoint();
    }

    @Override
    public Datasets datasets() {
        return pool.datasets();
    }

    @Override
    public List<String> findings() {
        return pool.findings();
    }

    @Override
    public Path content(String dataset) {
        return datasets().mount(dataset);
    }

    @Override
    public RecordStore recordStore() {
        return new RecordStore(config.top().resolve(".zonda/store"));
    }

    @Override
    public Optional<String> compression(String dataset) {
        return BtrfsCompression.of(content(dataset));
    }

    @Override
    public PoolDriver driver() {
        return pool.driver();
    }

    Pool pool() {
        return pool;
    }

    void crashAt(CrashPoint point) {
        crashPoint = point;
    }

    /** As a daemon that is started again: everything is still mounted. */
    @Override
    public Datasets reopen() {
        pool.close();
        pool = pools().open(config);
        return pool.datasets();
    }

    /** As after a reboot. */
    Datasets exportAndOpen() {
        pools().export(pool);
        pool = pools().open(config);
        return pool.datasets();
    }

    /** Makes what is written durable, and the accounts exact: the kernel books an extent when it commits. */
    void sync() {
        Command.of("btrfs", "filesystem", "sync", config.top().toString()).check(LIMIT);
    }

    List<MountInfo> mounts() {
        return Mounts.list().stream()
                .filter(mount ->
                        mount.target().startsWith(directory) && !mount.target().equals(directory))
                .toList();
    }

    @Override
    public void close() {
        crashPoint = CrashPoint.NONE;
        pool.close();
        List<MountInfo> left = mounts();
        left.reversed().forEach(mount -> Mounts.detach(mount.target()));
        Mounts.detach(directory);
        boolean free = Await.until(LIMIT, () -> Loop.find(config.image()).isEmpty());
        delete(directory);
        if (!free) {
            throw new AssertionError("the loop device of " + config.image() + " is still there");
        }
    }

    /** Takes the pool away as an operator does, and fails when anything is left of it. */
    void destroy() {
        pools().destroy(pool);
        Mounts.detach(directory);
        if (!mounts().isEmpty() || Files.exists(config.image())) {
            throw new AssertionError("left behind: " + mounts() + ", " + config.image());
        }
    }

    static void delete(Path directory) {
        try (Stream<Path> all = Files.walk(directory)) {
            all.sorted(Comparator.reverseOrder()).forEach(path -> path.toFile().delete());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
