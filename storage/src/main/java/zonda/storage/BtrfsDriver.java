package zonda.storage;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Callable;
import zonda.base.Bytes;
import zonda.base.StateFile;
import zonda.kernel.Blocking;
import zonda.kernel.Btrfs;
import zonda.kernel.BtrfsHealth;
import zonda.kernel.BtrfsTrees;
import zonda.kernel.Errno;
import zonda.kernel.Fd;
import zonda.kernel.KernelException;
import zonda.kernel.Renames;

/**
 * Datasets as subvolumes of one btrfs filesystem: {@code ds/<guid>/live} is a dataset, {@code snap/<guid>/<guid>} its
 * snapshots. Every dataset and every dataset's snapshots have a directory of their own, since making a snapshot holds
 * its directory's lock for a whole commit.
 *
 * <p>Space: each dataset has a group of level 1, numbered by its guid, with the dataset's quota as limit. Its subvolume
 * and its snapshots are charged to it and to the groups of its ancestors; simple quotas charge an extent to who wrote
 * it, for as long as anyone refers to it, which is the rule of {@code used} in zfsprops(7).
 */
final class BtrfsDriver implements PoolDriver {
    static final Path DATASETS = Path.of("ds");
    static final Path SNAPSHOTS = Path.of("snap");
    static final String LIVE = "live";
    /** A volume's file, in its subvolume. */
    static final String DISK = "disk";
    /** A new content on its way to become live, or the old one on its way out. */
    static final String NEXT = "next";

    private final Path top;
    private final Fd fd;
    private final UUID uuid;
    private final BtrfsSpace space;
    private final BtrfsAccounts accounts;

    private final Measurements measurements = new Measurements();
    private final BtrfsInventory tree;
    private final BtrfsDescriptions descriptions;
    private final BtrfsWritten written = new BtrfsWritten();

    private BtrfsDriver(Path top, Fd fd, UUID uuid, List<Path> devices) {
        this.top = top;
        this.fd = fd;
        this.uuid = uuid;
        this.space = new BtrfsSpace(top, fd, devices);
        this.accounts = new BtrfsAccounts(fd);
        this.tree = new BtrfsInventory(top, fd);
        this.descriptions = new BtrfsDescriptions(top);
    }

    /** On a filesystem whose top is mounted there. @param devices that it is on, or files */
    static BtrfsDriver open(Path top, List<Path> devices) {
        Fd fd = Fd.openDirectory(top);
        return new BtrfsDriver(top, fd, Btrfs.filesystem(fd).uuid(), devices);
    }

    @Override
    public String name() {
        return "btrfs";
    }

    @Override
    public void create(Guid dataset, Charge charge) {
        Path home = makeDirectory(home(dataset));
        if (Files.exists(home.resolve(LIVE))) {
            return;
        }
        accounts.open(dataset, charge.quota());
        try (Fd in = Fd.openDirectory(home)) {
            blocking(() -> {
                Btrfs.createSubvolume(in, LIVE, BtrfsAccounts.groups(charge.accounts()));
                return home;
            });
        }
    }

    @Override
    public void snapshot(SnapshotId id, List<Guid> charged) {
        Path directory = makeDirectory(snapshotsOf(id.dataset()));
        if (Files.exists(directory(id))) {
            return;
        }
        snapshot(
                live(id.dataset()),
                directory,
                new Btrfs.SnapshotOptions(id.snapshot().toString(), true, BtrfsAccounts.groups(charged)));
    }

    @Override
    public void cloneOf(SnapshotId origin, Guid dataset, Charge charge) {
        Path home = makeDirectory(home(dataset));
        if (Files.exists(home.resolve(LIVE))) {
            return;
        }
        accounts.open(dataset, charge.quota());
        snapshot(
                directory(origin),
                home,
                new Btrfs.SnapshotOptions(LIVE, false, BtrfsAccounts.groups(charge.accounts())));
    }

    @Override
    public void makeVolume(Guid dataset, Bytes size) {
        Volumes.make(disk(dataset), size);
    }

    @Override
    public Path disk(Guid volume) {
        return live(volume).resolve(DISK);
    }

    @Override
    public void resize(Guid volume, Bytes size) {
        Volumes.resize(disk(volume), size);
    }

    @Override
    public Bytes sizeOf(Guid volume) {
        return Volumes.size(disk(volume));
    }

    @Override
    public Bytes sizeOf(SnapshotId volume) {
        return Volumes.size(directory(volume).resolve(DISK));
    }

    @Override
    public void rollback(Guid dataset, SnapshotId to, List<Guid> charged) {
        Path home = home(dataset);
        destroyIn(home, NEXT);
        snapshot(directory(to), home, new Btrfs.SnapshotOptions(NEXT, false, BtrfsAccounts.groups(charged)));
        exchange(home);
        measurements.forget(home.resolve(LIVE));
        sync();
        destroyIn(home, NEXT);
    }

    /** The kernel notes in which commit a subvolume was changed last; being snapshot, or made of one, counts as one. */
    @Override
    public boolean isModifiedSince(Guid dataset, SnapshotId snapshot) {
        // What is in memory only has no generation of its own yet.
        sync();
        try (Fd inside = Fd.openDirectory(live(dataset));
                Fd old = Fd.openDirectory(directory(snapshot))) {
            Btrfs.Subvolume now = Btrfs.subvolume(inside);
            return now.generation() > Math.max(now.made(), Btrfs.subvolume(old).made());
        }
    }

    private static void exchange(Path home) {
        Renames.exchange(home.resolve(LIVE), home.resolve(NEXT));
    }

    private static void snapshot(Path source, Path directory, Btrfs.SnapshotOptions options) {
        try (Fd from = Fd.openDirectory(source);
                Fd in = Fd.openDirectory(directory)) {
            blocking(() -> {
                Btrfs.snapshot(from, in, options);
                return in;
            });
        }
    }

    @Override
    public void destroy(Guid dataset) {
        Path home = home(dataset);
        destroyIn(home, NEXT);
        destroyIn(home, LIVE);
        written.forget(live(dataset));
        removeEmpty(snapshotsOf(dataset));
        descriptions.forgetBookmarks(home);
        removeEmpty(home);
        accounts.retire(dataset);
    }

    @Override
    public void destroy(SnapshotId id) {
        Path directory = snapshotsOf(id.dataset());
        destroyIn(directory, id.snapshot().toString());
        descriptions.forgetSnapshot(directory, id.snapshot());
        if (!Files.exists(home(id.dataset()))) {
            // Promoting a clone gave it snapshots of a dataset that is gone by now: no more can come here.
            removeEmpty(directory);
        }
    }

    @Override
    public void recharge(SnapshotId snapshot, List<Guid> from, List<Guid> to) {
        try (Fd inside = Fd.openDirectory(directory(snapshot))) {
            accounts.move(Btrfs.subvolume(inside).id(), from, to);
        }
    }

    private void destroyIn(Path directory, String name) {
        Path subvolume = directory.resolve(name);
        if (!Files.exists(subvolume, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        try (Fd in = Fd.openDirectory(directory)) {
            blocking(() -> {
                try {
                    Btrfs.destroySubvolume(in, name);
                } catch (KernelException e) {
                    if (!e.is(Errno.ENOTEMPTY)) {
                        throw e;
                    }
                    destroyInside(subvolume);
                    Btrfs.destroySubvolume(in, name);
                }
                return name;
            });
        }
        measurements.forget(subvolume);
    }

    /** Whoever works in a dataset can make subvolumes in it; they go with it, innermost first. */
    private void destroyInside(Path subvolume) {
        long outermost;
        try (Fd root = Fd.openDirectory(subvolume)) {
            outermost = Btrfs.subvolume(root).id();
        }
        var inside = new HashMap<Long, List<Long>>();
        BtrfsTrees.subvolumes(fd)
                .forEach(place -> inside.computeIfAbsent(place.parent(), _ -> new ArrayList<>())
                        .add(place.id()));
        var found = new ArrayList<Long>(inside.getOrDefault(outermost, List.of()));
        for (int i = 0; i < found.size(); i++) {
            found.addAll(inside.getOrDefault(found.get(i), List.of()));
        }
        found.reversed().forEach(id -> Btrfs.destroySubvolume(fd, id));
    }

    @Override
    public void mode(Guid dataset, int mode) {
        Modes.set(live(dataset), mode);
    }

    @Override
    public void compress(Guid dataset, Optional<String> compression) {
        blocking(() -> {
            BtrfsCompression.set(live(dataset), compression.flatMap(BtrfsCompression::algorithm));
            return dataset;
        });
    }

    @Override
    public void describe(Guid dataset, String text) {
        descriptions.ofDataset(home(dataset), text);
    }

    @Override
    public void describe(SnapshotId snapshot, String text) {
        descriptions.ofSnapshot(makeDirectory(snapshotsOf(snapshot.dataset())), snapshot.snapshot(), text);
    }

    @Override
    public void describeBookmark(Guid dataset, Guid bookmark, Optional<String> text) {
        descriptions.ofBookmark(home(dataset), bookmark, text);
    }

    @Override
    public List<String> descriptions() {
        return descriptions.all();
    }

    @Override
    public boolean isDescribed(Guid dataset) {
        return descriptions.isDescribed(home(dataset));
    }

    @Override
    public void limit(Guid dataset, Optional<Bytes> quota) {
        accounts.limit(dataset, quota);
    }

    @Override
    public void recharge(Guid dataset, List<Guid> from, List<Guid> to) {
        if (!from.equals(to)) {
            // The tree that says who is charged to it has what is committed.
            sync();
            accounts.move(dataset, from, to);
        }
    }

    /** From sysfs, where the kernel keeps it live: a tree has it as of the last commit only. */
    @Override
    public Bytes used(Guid dataset) {
        String group = Btrfs.groupName(BtrfsAccounts.group(dataset)).replace('/', '_');
        Path file = Path.of("/sys/fs/btrfs", uuid.toString(), "qgroups", group, "referenced");
        return StateFile.read(file)
                .map(text -> Bytes.of(Math.max(0, Long.parseLong(text.strip()))))
                .orElse(Bytes.of(0));
    }

    @Override
    public Bytes referenced(Guid dataset) {
        return referenced(live(dataset));
    }

    @Override
    public Bytes referenced(SnapshotId snapshot) {
        Path subvolume = directory(snapshot);
        return measurements.ofSnapshot(subvolume).orElseGet(() -> referenced(subvolume));
    }

    @Override
    public Bytes written(Guid dataset, SnapshotId since) {
        return blocking(() -> written.since(live(dataset), directory(since)));
    }

    @Override
    public void ceiling(Guid account, Optional<Bytes> limit) {
        accounts.open(account, Optional.empty());
        accounts.limit(account, limit);
    }

    /** The tree is read anew only when it has changed. */
    private Bytes referenced(Path subvolume) {
        try (Fd inside = Fd.openDirectory(subvolume)) {
            return blocking(() -> measurements.of(
                    subvolume, Btrfs.subvolume(inside).generation(), () -> BtrfsTrees.referenced(inside)));
        }
    }

    @Override
    public List<Vdev> vdevs() {
        return Btrfs.devices(fd).stream().map(this::vdev).toList();
    }

    /** The kernel's counters, Documentation/ABI/testing/sysfs-fs-btrfs: lines of a name and a number. */
    private Vdev vdev(Btrfs.Device device) {
        Path file = Path.of("/sys/fs/btrfs", uuid.toString(), "devinfo", String.valueOf(device.id()), "error_stats");
        Map<String, Long> counters = new HashMap<>();
        StateFile.read(file)
                .orElse("")
                .lines()
                .map(line -> line.split(" "))
                .forEach(words -> counters.put(words[0], words.length == 2 ? Long.parseLong(words[1]) : 0));
        return new Vdev(
                device.path().orElse(String.valueOf(device.id())),
                device.path().isEmpty(),
                counters.getOrDefault("read_errs", 0L),
                counters.getOrDefault("write_errs", 0L) + counters.getOrDefault("flush_errs", 0L),
                counters.getOrDefault("corruption_errs", 0L) + counters.getOrDefault("generation_errs", 0L));
    }

    @Override
    public boolean clearErrors(Optional<String> device) {
        List<Btrfs.Device> asked = Btrfs.devices(fd).stream()
                .filter(member -> device.map(path -> isAt(member, path)).orElse(true))
                .toList();
        asked.forEach(member -> BtrfsHealth.clearErrors(fd, member.id()));
        return !asked.isEmpty();
    }

    private static boolean isAt(Btrfs.Device device, String path) {
        return device.path()
                .map(own -> own.equals(path) || own.equals("/dev/" + path))
                .orElse(false);
    }

    @Override
    public void reclaim() {
        blocking(() -> {
            space.reclaim();
            return space;
        });
    }

    @Override
    public Bytes free() {
        return space.free();
    }

    @Override
    public Bytes size() {
        return space.size();
    }

    @Override
    public MountSpec mountSpec(Guid dataset) {
        return new MountSpec.Tree(live(dataset), "/" + DATASETS + "/" + dataset + "/" + LIVE);
    }

    @Override
    public Inventory inventory() {
        return tree.inventory();
    }

    @Override
    public void reconcile(Map<Guid, Charge> expected, Map<SnapshotId, List<Guid>> snapshots) {
        expected.keySet().forEach(dataset -> destroyIn(home(dataset), NEXT));
        Map<Path, Long> ids = tree.subvolumes();
        var charged = new HashMap<Long, List<Guid>>();
        expected.forEach((dataset, charge) -> {
            Long id = ids.get(top.relativize(live(dataset)));
            if (id != null) {
                charged.put(id, charge.accounts());
            }
        });
        snapshots.forEach((snapshot, owners) -> {
            Long id = ids.get(top.relativize(directory(snapshot)));
            if (id != null) {
                charged.put(id, owners);
            }
        });
        accounts.reconcile(expected, charged);
    }

    @Override
    public void sync() {
        blocking(() -> {
            Btrfs.sync(fd);
            return fd;
        });
    }

    @Override
    public void close() {
        fd.close();
    }

    private Path home(Guid dataset) {
        return top.resolve(DATASETS).resolve(dataset.toString());
    }

    private Path live(Guid dataset) {
        return home(dataset).resolve(LIVE);
    }

    private Path snapshotsOf(Guid dataset) {
        return top.resolve(SNAPSHOTS).resolve(dataset.toString());
    }

    @Override
    public Path directory(SnapshotId id) {
        return snapshotsOf(id.dataset()).resolve(id.snapshot().toString());
    }

    private static Path makeDirectory(Path directory) {
        try {
            return Files.createDirectories(directory);
        } catch (IOException e) {
            throw new UncheckedIOException("make " + directory + ": " + e, e);
        }
    }

    private static void removeEmpty(Path directory) {
        try {
            Files.deleteIfExists(directory);
        } catch (DirectoryNotEmptyException e) {
            // Something of another's is in it: recovery reports it.
        } catch (IOException e) {
            throw new UncheckedIOException("remove " + directory + ": " + e, e);
        }
    }

    /** Commits take milliseconds and more: they must not hold the carrier of a virtual thread. */
    private static <T> T blocking(Callable<T> work) {
        if (Thread.currentThread().isVirtual()) {
            return Blocking.call(work);
        }
        try {
            return work.call();
        } catch (RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }
}
