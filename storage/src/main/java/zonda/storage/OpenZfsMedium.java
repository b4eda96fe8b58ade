package zonda.storage;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import zonda.base.Code;
import zonda.base.OpException;
import zonda.base.Undo;
import zonda.kernel.Blocking;
import zonda.kernel.MountInfo;
import zonda.kernel.Mounts;

/** Pools of OpenZFS. A pool's top is a dataset of its own, {@code <pool>/.zonda}. */
final class OpenZfsMedium implements PoolMedium {
    private static final Path DEVICE = Path.of("/dev/zfs");

    private final ZfsProgram zfs;

    OpenZfsMedium(ZfsProgram zfs) {
        this.zfs = zfs;
    }

    /** Whether this host has OpenZFS: the module is loaded, and the programs are there. */
    static boolean isHere() {
        return Files.exists(DEVICE) && ZfsProgram.isHere();
    }

    @Override
    public void requireHost() {
        if (!isHere()) {
            throw new OpException(
                    Code.FAILED,
                    "this host has no OpenZFS: the module zfs must be loaded, and zfsutils-linux installed");
        }
    }

    @Override
    public boolean exists(PoolConfig config) {
        return isImported(config) || importable(config).contains(config.name());
    }

    /** Names of pools on the devices that could be imported. */
    private List<String> importable(PoolConfig config) {
        List<String> words = new ArrayList<>(List.of("zpool", "import"));
        words.addAll(places(config));
        return zfs.run(words)
                .out()
                .lines()
                .map(String::strip)
                .filter(line -> line.startsWith("pool: "))
                .map(line -> line.substring("pool: ".length()))
                .toList();
    }

    private static List<String> places(PoolConfig config) {
        List<String> words = new ArrayList<>();
        config.devices().stream()
                .filter(Files::exists)
                .forEach(device -> words.addAll(List.of("-d", device.toString())));
        return words;
    }

    /**
     * Whether the pool of this name is there.
     *
     * @throws OpException CONFLICT when one of this name is there that has other devices
     */
    private boolean isImported(PoolConfig config) {
        var listed = zfs.run("zpool", "status", "-pP", config.name());
        if (!listed.succeeded()) {
            return false;
        }
        List<String> devices =
                OpenZfsStatus.vdevs(listed.out()).stream().map(Vdev::path).toList();
        if (config.devices().stream().noneMatch(device -> devices.stream().anyMatch(path -> isSame(device, path)))) {
            throw new OpException(
                    Code.CONFLICT,
                    "another pool named '" + config.name() + "' is imported on this host, on " + devices
                            + ": give pool.name another name");
        }
        return true;
    }

    /** A whole disk that was given to ZFS is listed by its first partition. */
    private static boolean isSame(Path device, String listed) {
        String real = PoolConfig.realPath(device);
        String path = PoolConfig.realPath(Path.of(listed));
        return path.equals(real) || path.equals(real + "1") || path.equals(real + "p1");
    }

    @Override
    public void format(PoolConfig config) {
        isImported(config);
        List<String> words = new ArrayList<>(List.of("zpool", "create", "-o", "cachefile=none", "-o", "ashift=12"));
        for (String property :
                List.of("mountpoint=legacy", "canmount=noauto", "atime=off", "xattr=sa", "acltype=posix")) {
            words.addAll(List.of("-O", property));
        }
        words.add(config.name());
        if (config.devices().size() > 1) {
            words.add("mirror");
        }
        config.devices().forEach(device -> words.add(device.toString()));
        zfs.check(words);
        try (var undo = new Undo()) {
            undo.add(() -> zfs.check("zpool", "destroy", config.name()));
            zfs.check("zfs", "create", store(config));
            undo.keep();
        }
        release(config);
    }

    private static String store(PoolConfig config) {
        return config.name() + "/" + OpenZfsNames.STORE;
    }

    @Override
    public MountedTop mount(PoolConfig config) {
        if (!isImported(config)) {
            List<String> words = new ArrayList<>(List.of("zpool", "import", "-N", "-o", "cachefile=none"));
            words.addAll(places(config));
            words.add(config.name());
            zfs.check(words);
        }
        Path top = config.top();
        Optional<MountInfo> there = MountedTop.find(top);
        if (there.isPresent()) {
            MountedTop.keepPrivate(top);
            return new MountedTop(top, false, false);
        }
        MountedTop.makeDirectory(top);
        return Blocking.call(() -> {
            Mounts.mount(store(config), top, "zfs", Mounts.MS_NOATIME, "");
            MountedTop.keepPrivate(top);
            return new MountedTop(top, true, false);
        });
    }

    @Override
    public void prepare(Path top) {
        Modes.set(top, 0700);
    }

    @Override
    public PoolDriver driver(PoolConfig config, RecordStore records) {
        return new OpenZfsDriver(zfs, config, records);
    }

    @Override
    public List<String> findings(PoolConfig config, PoolDriver driver, MountedTop top) {
        String health =
                zfs.check("zpool", "list", "-H", "-o", "health", config.name()).strip();
        return health.equals("ONLINE")
                ? List.of()
                : List.of("pool " + config.name() + " is " + health + ": zpool status -v says why");
    }

    @Override
    public void release(PoolConfig config) {
        if (isImported(config)) {
            zfs.check("zpool", "export", config.name());
        }
    }

    /** Of what was on them before ZFS, too. */
    @Override
    public void wipe(PoolConfig config) {
        release(config);
        for (Path device : config.devices()) {
            zfs.run("zpool", "labelclear", "-f", device.toString());
        }
    }
}
