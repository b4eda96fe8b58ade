package zonda.storage;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.stream.Stream;
import zonda.base.Code;
import zonda.base.Json;
import zonda.base.OpException;
import zonda.base.StateFile;
import zonda.base.Undo;
import zonda.kernel.Blocking;
import zonda.kernel.Command;
import zonda.kernel.MountInfo;
import zonda.kernel.Mounts;

/** Pools of OpenZFS. A pool's top is a dataset of its own, {@code <pool>/.zonda}. */
final class OpenZfsMedium implements PoolMedium {
    private static final Path DEVICE = Path.of("/dev/zfs");
    private static final String MODULE = "zfs";
    private static final Duration LOADING = Duration.ofSeconds(60);

    private final ZfsProgram zfs;

    OpenZfsMedium(ZfsProgram zfs) {
        this.zfs = zfs;
    }

    /** Whether this host has OpenZFS: the module, loaded or not, and the programs. */
    static boolean isHere() {
        return ZfsProgram.isHere() && (Files.exists(DEVICE) || canBeLoaded());
    }

    private static boolean canBeLoaded() {
        return Command.of("modprobe", "--dry-run", "--quiet", MODULE)
                .run(LOADING)
                .succeeded();
    }

    @Override
    public void requireHost() {
        if (!Files.exists(DEVICE)) {
            Command.of("modprobe", "--quiet", MODULE).run(LOADING);
        }
        if (!Files.exists(DEVICE) || !ZfsProgram.isHere()) {
            throw new OpException(
                    Code.FAILED,
                    "this host has no OpenZFS: install zfs-dkms and zfsutils-linux, or say \"btrfs\" as pool.driver");
        }
    }

    @Override
    public boolean exists(PoolConfig config) {
        return isImported(config) || importable(config).contains(config.name()) || canBeFound(config);
    }

    /** Also where all of its first devices have been replaced. */
    private boolean canBeFound(PoolConfig config) {
        Optional<String> guid = config.identified();
        return guid.isPresent()
                && zfs.run("zpool", "import")
                        .out()
                        .lines()
                        .anyMatch(line -> line.strip().equals("id: " + guid.get()));
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
                .flatMap(OpenZfsMedium::places)
                .filter(Files::exists)
                .forEach(device -> words.addAll(List.of("-d", device.toString())));
        return words;
    }

    /** A whole disk that is given to ZFS gets partitions, and what is ZFS' is in the first. */
    private static Stream<Path> places(Path device) {
        return Stream.of("", "1", "p1", "-part1").map(suffix -> device.resolveSibling(device.getFileName() + suffix));
    }

    /**
     * Whether the pool of this name is there.
     *
     * @throws OpException CONFLICT when one of this name is there that has other devices
     */
    private boolean isImported(PoolConfig config) {
        if (!zfs.run("zpool", "list", "-H", "-o", "name", config.name()).succeeded()) {
            return false;
        }
        Optional<String> guid = config.identified();
        if (guid.isPresent() && guid.get().equals(guid(config))) {
            return true;
        }
        List<String> devices =
                zfs.status(config.name()).vdevs().stream().map(Vdev::path).toList();
        if (config.devices().stream().noneMatch(device -> devices.stream().anyMatch(path -> isSame(device, path)))) {
            throw new OpException(
                    Code.CONFLICT,
                    "another pool named '" + config.name() + "' is imported on this host, on " + devices
                            + ": give pool.name another name");
        }
        return true;
    }

    private String guid(PoolConfig config) {
        return zfs.check("zpool", "get", "-Hp", "-o", "value", "guid", config.name())
                .strip();
    }

    private static boolean isSame(Path device, String listed) {
        String path = PoolConfig.realPath(Path.of(listed));
        return places(device).map(PoolConfig::realPath).anyMatch(path::equals);
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

    /** Only zpool import renames such a pool, and that is the host's own here. */
    @Override
    public void rename(PoolConfig config) {}

    @Override
    public MountedTop mount(PoolConfig config) {
        if (!isImported(config)) {
            bringIn(config);
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

    /** By its first devices; when none of them is left, by its GUID, wherever it is. */
    private void bringIn(PoolConfig config) {
        List<String> words = new ArrayList<>(List.of("zpool", "import", "-N", "-o", "cachefile=none"));
        List<String> places = places(config);
        Optional<String> guid = config.identified();
        if (!places.isEmpty() && importable(config).contains(config.name())) {
            words.addAll(places);
            words.add(config.name());
        } else if (guid.isPresent()) {
            words.addAll(List.of(guid.get(), config.name()));
        } else {
            throw new OpException(
                    Code.NOT_FOUND, "pool " + config.name() + " is on none of its devices: " + config.devices());
        }
        zfs.check(words);
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

    @Override
    public Scrubbing scrubs(PoolConfig config, InstantSource clock, Consumer<Scrub> whenChanged) {
        return new OpenZfsScrubs(zfs, config.name(), clock, whenChanged);
    }

    @Override
    public PoolDevices devices(PoolConfig config, InstantSource clock, BiConsumer<String, Json.Obj> whenChanged) {
        return new OpenZfsDevices(zfs, config.name(), whenChanged);
    }

    /** By the GUID of the pool, which it has for as long as it is there. */
    @Override
    public void remember(PoolConfig config, Path top) {
        config.identity().ifPresent(file -> StateFile.replace(file, guid(config) + "\n"));
    }

    @Override
    public void wipe(PoolConfig config, List<Path> members) {
        for (Path device : members) {
            zfs.run("zpool", "labelclear", "-f", device.toString());
        }
    }
}
