package zonda.storage;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Predicate;
import zonda.base.Await;
import zonda.base.Code;
import zonda.base.OpException;
import zonda.kernel.Blocking;
import zonda.kernel.Errno;
import zonda.kernel.Fd;
import zonda.kernel.KernelException;
import zonda.kernel.Loop;
import zonda.kernel.MountInfo;
import zonda.kernel.MountTables;
import zonda.kernel.Mounts;
import zonda.kernel.Paths;
import zonda.storage.PoolDriver.MountSpec;

/**
 * Mounts datasets in the mount namespace of the daemon, which is the host's. A mount that is there already, from before
 * a restart, is taken as it is.
 */
final class DatasetMounts implements Mounting {
    private static final Duration PATIENCE = Duration.ofMillis(1500);
    /** A container's start takes seconds where many start at once. */
    private static final Duration STARTS = Duration.ofSeconds(10);

    private final PoolDriver driver;
    /** That of the pool's top, as mountinfo has it: what tells this pool from a copy of it. */
    private final String device;

    private final MountTables tables;
    /** As of our own last look, for listings. */
    private final Set<Guid> mounted = ConcurrentHashMap.newKeySet();

    DatasetMounts(PoolDriver driver, String device) {
        this.driver = driver;
        this.device = device;
        this.tables = new MountTables(device);
    }

    /** Whether the dataset was mounted when this service last had to do with it. */
    @Override
    public boolean isMounted(Guid dataset) {
        return mounted.contains(dataset);
    }

    /** Whether the dataset is what one sees at the path. */
    @Override
    public boolean isMounted(Guid dataset, Path target) {
        return switch (driver.mountSpec(dataset)) {
            case MountSpec.Tree tree -> isSame(tree.directory(), target);
            case MountSpec.Filesystem filesystem ->
                MountedTop.find(target).filter(mount -> isOf(filesystem, mount)).isPresent();
        };
    }

    /** A subvolume has a device number of its own, so stat(2) tells. */
    private static boolean isSame(Path directory, Path target) {
        try {
            return Files.exists(target, LinkOption.NOFOLLOW_LINKS) && Files.isSameFile(directory, target);
        } catch (IOException e) {
            return false;
        }
    }

    private static boolean isOf(MountSpec.Filesystem filesystem, MountInfo mount) {
        return mount.type().equals(filesystem.type()) && mount.source().equals(filesystem.source());
    }

    /** Mounts the dataset; fine when it is mounted there. Its files keep the flags of the pool's mount. */
    @Override
    public void mount(Guid dataset, Path target) {
        if (isMounted(dataset, target)) {
            mounted.add(dataset);
            return;
        }
        platform(() -> {
            makeDirectory(target);
            try (Fd onto = Paths.withoutSymlinks(target)) {
                mount(driver.mountSpec(dataset), onto);
            }
        });
        mounted.add(dataset);
    }

    private static void mount(MountSpec spec, Fd onto) {
        switch (spec) {
            case MountSpec.Tree tree -> {
                try (Fd copy = Mounts.openTree(tree.directory(), false)) {
                    Mounts.moveMount(copy, onto);
                }
            }
            case MountSpec.Filesystem filesystem ->
                Mounts.mount(filesystem.source(), onto.procPath(), filesystem.type(), Mounts.MS_NOATIME, "");
        }
    }

    /**
     * Unmounts the dataset; fine when it isn't mounted there. The directory stays.
     *
     * @throws OpException CONFLICT naming who uses it
     */
    @Override
    public void unmount(Guid dataset, DatasetName name, Path target) {
        if (!isMounted(dataset, target)) {
            mounted.remove(dataset);
            return;
        }
        if (!Await.until(PATIENCE, () -> unmountNow(name, target, true))) {
            unmountNow(name, target, false);
        }
        mounted.remove(dataset);
    }

    /** @return false when who is patient had better come again: this process lets go soon of what it looks at in a zone. */
    private static boolean unmountNow(DatasetName name, Path target, boolean isPatient) {
        try {
            platform(() -> inParent(target, Mounts::unmount));
            return true;
        } catch (KernelException e) {
            if (!e.is(Errno.EBUSY)) {
                throw e;
            }
            Optional<Holder> holder = MountHolders.ofPlace(target);
            long own = ProcessHandle.current().pid();
            if (isPatient && holder.map(who -> who.pid() == own).orElse(true)) {
                return false;
            }
            throw new OpException(Code.CONFLICT, busy("unmount", name, holder), e);
        }
    }

    /**
     * The quick look; false when it can't tell, and all processes have to be asked: where the kernel is too old, or each
     * dataset is a filesystem of its own.
     */
    private boolean nobodyElse(List<Guid> datasets) {
        List<String> roots = new ArrayList<>();
        for (Guid dataset : datasets) {
            switch (driver.mountSpec(dataset)) {
                case MountSpec.Tree tree -> roots.add(tree.root());
                case MountSpec.Filesystem _ -> {
                    return false;
                }
            }
        }
        try {
            return tables.count(root -> roots.stream().anyMatch(one -> isOf(one, root))) == 0;
        } catch (KernelException e) {
            return false;
        }
    }

    private static boolean isOf(String root, String mounted) {
        return mounted.equals(root) || mounted.startsWith(root + "/");
    }

    /** Who has one of the datasets mounted, in whatever namespace, other than at the path given in ours. */
    @Override
    public Optional<Holder> otherHolder(List<Guid> datasets, Optional<Path> own) {
        List<MountSpec> specs = datasets.stream().map(driver::mountSpec).toList();
        Predicate<MountInfo> ofThem = mount -> specs.stream().anyMatch(spec -> switch (spec) {
            case MountSpec.Tree tree -> mount.device().equals(device) && isOf(tree.root(), mount.root());
            case MountSpec.Filesystem filesystem -> isOf(filesystem, mount);
        });
        return MountHolders.ofMount(ofThem, own);
    }

    /**
     * Waits a little, and longer for a process that has just begun: whatever container starts on this host has copies of
     * all mounts until it has left the host's root.
     *
     * @throws OpException CONFLICT naming who has one of the datasets mounted, in whatever namespace
     */
    @Override
    public void refuseOtherHolder(String verb, DatasetName name, List<Guid> datasets) {
        if (nobodyElse(datasets)) {
            return;
        }
        if (Await.until(PATIENCE, () -> otherHolder(datasets, Optional.empty()).isEmpty())) {
            return;
        }
        Await.until(
                STARTS,
                () -> otherHolder(datasets, Optional.empty())
                        .filter(Holder::isJustStarted)
                        .isEmpty());
        Optional<Holder> holder = otherHolder(datasets, Optional.empty());
        if (holder.isPresent()) {
            throw new OpException(Code.CONFLICT, busy(verb, name, holder));
        }
    }

    @Override
    public void refuseUser(String verb, DatasetName name, Guid volume) {
        Path file = driver.disk(volume);
        Optional<Path> loop = Loop.find(file);
        if (loop.isPresent()) {
            throw new OpException(
                    Code.CONFLICT, busy(verb, name, Optional.empty()) + ": " + loop.get() + " is made of it");
        }
        Optional<Holder> holder = MountHolders.ofFile(file);
        if (holder.isPresent()) {
            throw new OpException(Code.CONFLICT, busy(verb, name, holder));
        }
    }

    private static String busy(String verb, DatasetName name, Optional<Holder> holder) {
        return "cannot " + verb + " '" + name + "': dataset is busy"
                + holder.map(who -> ": " + who).orElse("");
    }

    /**
     * Makes the directory, and those above it, as far as they aren't there, and never through a symbolic link: a
     * directory above it can belong to a zone.
     */
    private static void makeDirectory(Path target) {
        if (Files.isDirectory(target, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        Path parent = target.getParent();
        if (parent == null) {
            throw new IllegalArgumentException("no directory holds " + target);
        }
        makeDirectory(parent);
        try (Fd in = Paths.withoutSymlinks(parent)) {
            Files.createDirectory(in.procPath().resolve(target.getFileName()));
        } catch (FileAlreadyExistsException e) {
            if (!Files.isDirectory(target, LinkOption.NOFOLLOW_LINKS)) {
                throw new OpException(Code.CONFLICT, "mountpoint " + target + ": it is not a directory", e);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("make " + target + ": " + e, e);
        }
    }

    /** Removes the directory that a dataset was mounted on, when it is empty. */
    static void removePlace(Path directory) {
        try {
            platform(() -> inParent(directory, DatasetMounts::removeDirectory));
        } catch (KernelException e) {
            boolean gone = e.is(Errno.ENOENT) || e.is(Errno.ENOTDIR) || e.is(Errno.ELOOP);
            if (!gone) {
                throw e;
            }
        }
    }

    private static void removeDirectory(Path directory) {
        try {
            if (Files.isDirectory(directory, LinkOption.NOFOLLOW_LINKS)) {
                Files.deleteIfExists(directory);
            }
        } catch (DirectoryNotEmptyException e) {
            // Files lay there before the dataset was mounted over them.
        } catch (IOException e) {
            throw new UncheckedIOException("remove " + directory + ": " + e, e);
        }
    }

    /** A directory above can be somebody's who puts a symbolic link in its place just then: it is held meanwhile. */
    private static void inParent(Path place, Consumer<Path> work) {
        Path parent = place.getParent();
        if (parent == null) {
            throw new IllegalArgumentException("no directory holds " + place);
        }
        try (Fd in = Paths.withoutSymlinks(parent)) {
            work.accept(in.procPath().resolve(place.getFileName()));
        }
    }

    private static void platform(Runnable work) {
        if (Thread.currentThread().isVirtual()) {
            Blocking.call(() -> {
                work.run();
                return work;
            });
        } else {
            work.run();
        }
    }
}
