package zonda.storage;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import zonda.base.Journal.CrashPoint;

/**
 * A pool of OpenZFS in a guest. Its records are files here; datasets, snapshots and mounts are there.
 */
final class GuestZfsPool implements ContractPool {
    private static final String IMAGE = "/var/tank.img";
    /** As {@link OpenZfsMedium} makes it, in one script: each takes a quarter of a second to come to the guest. */
    private static final String EMPTY = "set -e; rm -f " + IMAGE + "; truncate -s 1G " + IMAGE
            + "; zpool create -o cachefile=none -o ashift=12 -O mountpoint=legacy -O canmount=noauto -O atime=off"
            + " -O xattr=sa -O acltype=posix tank " + IMAGE + "; zfs create tank/.zonda";

    private final Path directory;
    private final PoolConfig config;
    private final GuestZfs zfs;
    private final Map<Guid, Path> mounts = new HashMap<>();
    private List<String> findings = List.of();
    private OpenZfsDriver driver;
    private Datasets datasets;

    GuestZfsPool(GuestZfs zfs) {
        this.zfs = zfs;
        try {
            directory = Files.createTempDirectory("zonda-openzfs-");
            Files.createDirectories(directory.resolve("store"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        config = PoolConfig.embedded("tank", directory.resolve("mnt"), directory.resolve("run"), Path.of(IMAGE));
        zfs.sh(EMPTY).good();
        var root = new NodeRecord.Filesystem(
                Guid.random(new SplittableRandom()),
                Optional.empty(),
                "tank",
                InstantSource.system().instant(),
                1,
                Optional.empty(),
                DatasetOptions.DEFAULT);
        recordStore().add(root);
        new OpenZfsDriver(zfs, config, recordStore())
                .create(root.guid(), new PoolDriver.Charge(List.of(root.guid()), Optional.empty()));
        datasets = open();
    }

    private Datasets open() {
        RecordStore store = recordStore();
        driver = new OpenZfsDriver(zfs, config, store);
        var maps = new ObjectMaps(directory.resolve("maps"));
        var recovery = new Recovery(driver, store, maps);
        Catalog catalog = recovery.run();
        findings = recovery.findings();
        var tree = new MountedTree(catalog, new GuestMounts(), config.mountpoint());
        tree.mountAll();
        return new Datasets(Workings.of(
                driver,
                new Workings.Stored(store, maps, new PoolHistory(directory.resolve("history"), InstantSource.system())),
                catalog,
                tree,
                new Workings.Surroundings(InstantSource.system(), new SplittableRandom(), CrashPoint.NONE)));
    }

    @Override
    public Datasets datasets() {
        return datasets;
    }

    @Override
    public Datasets reopen() {
        datasets = open();
        return datasets;
    }

    @Override
    public List<String> findings() {
        return findings;
    }

    /** As the guest sees it. */
    @Override
    public Path content(String dataset) {
        return datasets.mount(dataset);
    }

    @Override
    public void write(String dataset, String text) {
        zfs.sh("printf %s " + GuestZfs.quoted(text) + " >" + content(dataset) + "/file")
                .good();
    }

    @Override
    public String read(String dataset) {
        return zfs.sh("cat " + content(dataset) + "/file").out();
    }

    @Override
    public void writeTo(String volume, long at, String text) {
        zfs.sh("printf %s " + GuestZfs.quoted(text) + " | dd of=" + datasets.volume(volume)
                        + " oflag=seek_bytes conv=notrunc,fsync seek=" + at)
                .good();
    }

    @Override
    public String readFrom(String volume, long at, int length) {
        return zfs.sh("dd if=" + datasets.volume(volume) + " iflag=skip_bytes,count_bytes skip=" + at + " count="
                        + length)
                .out();
    }

    @Override
    public long sizeOfDisk(String volume) {
        return Long.parseLong(
                zfs.sh("blockdev --getsize64 " + datasets.volume(volume)).good());
    }

    @Override
    public RecordStore recordStore() {
        return new RecordStore(directory.resolve("store"), false);
    }

    @Override
    public Optional<String> compression(String dataset) {
        return Optional.of(zfs.sh("zfs get -Ho value compression " + dataset)
                        .good()
                        .strip())
                .filter(word -> !word.equals(Tuning.OFF));
    }

    @Override
    public PoolDriver driver() {
        return driver;
    }

    @Override
    public void close() {
        zfs.sh("umount -a -t zfs; zpool destroy -f tank; rm -f " + IMAGE).good();
        ScratchPool.delete(directory);
    }

    /** As {@link DatasetMounts} does it, with the guest's mount(8). */
    private final class GuestMounts implements Mounting {
        @Override
        public boolean isMounted(Guid dataset) {
            return mounts.containsKey(dataset);
        }

        @Override
        public boolean isMounted(Guid dataset, Path target) {
            return target.equals(mounts.get(dataset));
        }

        @Override
        public void mount(Guid dataset, Path target) {
            if (!isMounted(dataset, target)
                    && driver.mountSpec(dataset) instanceof PoolDriver.MountSpec.Filesystem it) {
                zfs.sh("mkdir -p " + target + " && mount -i -t " + it.type() + " " + it.source() + " " + target)
                        .good();
                mounts.put(dataset, target);
            }
        }

        @Override
        public void unmount(Guid dataset, DatasetName name, Path target) {
            zfs.sh("umount " + target).good();
            mounts.remove(dataset);
        }

        @Override
        public Optional<Holder> otherHolder(List<Guid> datasets, Optional<Path> own) {
            return Optional.empty();
        }

        @Override
        public void refuseUser(String verb, DatasetName name, Guid volume) {}

        @Override
        public void refuseOtherHolder(String verb, DatasetName name, List<Guid> datasets) {}
    }
}
