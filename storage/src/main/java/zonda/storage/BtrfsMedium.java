package zonda.storage;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import zonda.base.Code;
import zonda.base.Json;
import zonda.base.OpException;
import zonda.base.StateFile;
import zonda.kernel.Blocking;
import zonda.kernel.Btrfs;
import zonda.kernel.Command;
import zonda.kernel.Errno;
import zonda.kernel.Fd;
import zonda.kernel.KernelException;
import zonda.kernel.Loop;
import zonda.kernel.MountInfo;
import zonda.kernel.Mounts;

/** Pools that are btrfs filesystems: one filesystem each, whose top-level subvolume is the pool's top. */
final class BtrfsMedium implements PoolMedium {
    private static final Path FEATURES = Path.of("/sys/fs/btrfs/features");
    private static final Duration MKFS_LIMIT = Duration.ofMinutes(5);
    /** Of the first superblock, btrfs(5). */
    private static final int MAGIC_AT = (64 << 10) + 64;

    private static final String MAGIC = "_BHRfS_M";

    @Override
    public boolean exists(PoolConfig config) {
        if (config.embedded()) {
            return Files.exists(config.image());
        }
        try (Members members = Members.attach(config.devices())) {
            Path member = member(config, members).orElse(config.devices().getFirst());
            return Command.of("btrfs", "filesystem", "show", member.toString())
                    .run(Duration.ofSeconds(30))
                    .out()
                    .contains("'" + label(config) + "'");
        }
    }

    /** Whether there is a btrfs filesystem on one of the devices. */
    static boolean isOn(PoolConfig config) {
        return config.devices().stream().filter(Files::exists).anyMatch(BtrfsMedium::isOn);
    }

    private static boolean isOn(Path device) {
        try (FileChannel channel = FileChannel.open(device)) {
            ByteBuffer magic = ByteBuffer.allocate(MAGIC.length());
            channel.read(magic, MAGIC_AT);
            return MAGIC.equals(new String(magic.array(), StandardCharsets.US_ASCII));
        } catch (IOException e) {
            throw new UncheckedIOException("read " + device + ": " + e, e);
        }
    }

    @Override
    public void requireHost() {
        requireKernel();
    }

    @Override
    public void prepare(Path top) {
        try (Fd fd = Fd.openDirectory(top)) {
            Btrfs.enableSimpleQuota(fd);
            for (Path directory : List.of(BtrfsDriver.DATASETS, BtrfsDriver.SNAPSHOTS)) {
                Files.createDirectories(
                        top.resolve(directory),
                        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            }
        } catch (IOException e) {
            throw new UncheckedIOException("prepare " + top + ": " + e, e);
        }
    }

    @Override
    public PoolDriver driver(PoolConfig config, RecordStore records) {
        return BtrfsDriver.open(config.top(), config.devices());
    }

    @Override
    public List<String> findings(PoolConfig config, PoolDriver driver, MountedTop top) {
        return top.degraded() ? List.of(degraded(config, driver)) : List.of();
    }

    /** There is nothing to it: the kernel forgets a filesystem, and its loop device, with the last mount. */
    @Override
    public void release(PoolConfig config) {}

    @Override
    public void format(PoolConfig config) {
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

    /** A pool of this UUID on devices or files, whatever was on them. */
    void format(PoolConfig config, NewPool wanted, String uuid) {
        List<String> argv = new ArrayList<>(List.of("mkfs.btrfs", "-q", "-f", "-U", uuid, "-L", label(config)));
        int copies = wanted.copies();
        argv.addAll(List.of("-d", Layout.mirrored(copies)));
        argv.addAll(List.of(
                "-m", copies > 1 ? Layout.mirrored(copies) : config.devices().size() > 1 ? "raid1" : "dup"));
        config.devices().forEach(device -> argv.add(device.toString()));
        Command.of(argv).check(MKFS_LIMIT);
    }

    @Override
    public void rename(PoolConfig config) {
        Command.of("btrfs", "filesystem", "label", config.top().toString(), label(config))
                .check(Duration.ofMinutes(1));
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

    private static String degraded(PoolConfig config, PoolDriver driver) {
        List<String> there = driver.vdevs().stream()
                .filter(device -> !device.missing())
                .map(Vdev::path)
                .toList();
        String missing = config.devices().stream()
                .filter(device -> !there.contains(PoolConfig.realPath(device)))
                .map(Path::toString)
                .collect(Collectors.joining(", "));
        return "pool " + config.name() + " is DEGRADED: missing " + missing
                + ": data that is written now has no second copy; zpool replace brings the mirror back";
    }

    @Override
    public Scrubbing scrubs(PoolConfig config, InstantSource clock, Consumer<Scrub> whenChanged) {
        return new BtrfsScrubs(config.name(), config.top(), clock, whenChanged);
    }

    @Override
    public PoolDevices devices(PoolConfig config, InstantSource clock, BiConsumer<String, Json.Obj> whenChanged) {
        return new BtrfsDevices(config, clock, whenChanged);
    }

    @Override
    public void wipe(PoolConfig config, List<Path> members) {
        wipe(members);
    }

    /** Nothing takes the devices for a pool any more, nor for what was on them before. */
    static void wipe(List<Path> devices) {
        devices.stream()
                .filter(Files::exists)
                .forEach(device ->
                        Command.of("wipefs", "-q", "-a", device.toString()).check(Duration.ofMinutes(1)));
    }

    @Override
    public MountedTop mount(PoolConfig config) {
        Path top = config.top();
        Optional<MountInfo> there = MountedTop.find(top);
        if (there.isPresent()) {
            MountedTop.keepPrivate(top);
            return new MountedTop(top, false, there.get().superOptions().contains("degraded"));
        }
        MountedTop.makeDirectory(top);
        return Blocking.call(() -> {
            if (config.embedded()) {
                return mountImage(config, top);
            }
            return mountDevices(config, top);
        });
    }

    /** The loop device goes by itself when the last mount does. */
    private static MountedTop mountImage(PoolConfig config, Path top) {
        Optional<Path> attached = Loop.find(config.image());
        if (attached.isPresent()) {
            mount(attached.get(), top, "discard=async");
            return new MountedTop(top, true, false);
        }
        try (Loop loop = Loop.attach(config.image())) {
            mount(loop.device(), top, "discard=async");
        }
        return new MountedTop(top, true, false);
    }

    private static MountedTop mountDevices(PoolConfig config, Path top) {
        try (Members members = Members.attach(config.devices())) {
            return mountMembers(config, members, top);
        }
    }

    private static MountedTop mountMembers(PoolConfig config, Members members, Path top) {
        Command.of("btrfs", "device", "scan").run(Duration.ofMinutes(1));
        Path first = member(config, members)
                .orElseThrow(() -> new OpException(
                        Code.NOT_FOUND,
                        "pool " + config.name() + ": none of its devices is there: " + config.devices()));
        try {
            mount(first, top, "");
            return new MountedTop(top, true, false);
        } catch (KernelException e) {
            boolean redundant = config.devices().size() > 1;
            boolean missing = config.devices().stream().anyMatch(device -> !Files.exists(device)) || e.is(Errno.ENOENT);
            if (!redundant || !missing) {
                throw e;
            }
            mount(first, top, "degraded");
            return new MountedTop(top, true, true);
        }
    }

    /** Any that belongs to its filesystem; before that is known, any of those that it was made of. */
    private static Optional<Path> member(PoolConfig config, Members members) {
        Optional<String> uuid = config.identified();
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

    @Override
    public void remember(PoolConfig config, Path top) {
        config.identity().ifPresent(file -> {
            try (Fd fd = Fd.openDirectory(top)) {
                StateFile.replace(file, Btrfs.filesystem(fd).uuid() + "\n");
            }
        });
    }

    private static void mount(Path device, Path top, String options) {
        String data = "subvolid=5" + (options.isEmpty() ? "" : "," + options);
        Mounts.mount(device.toString(), top, "btrfs", Mounts.MS_NOATIME, data);
        MountedTop.keepPrivate(top);
    }
}
