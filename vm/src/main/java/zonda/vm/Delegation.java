package zonda.vm;

import java.nio.file.Path;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import zonda.base.Code;
import zonda.base.Json;
import zonda.base.OpException;
import zonda.kernel.Errno;
import zonda.kernel.KernelException;
import zonda.kernel.LinuxProcess;
import zonda.storage.Allotment;
import zonda.storage.Dataset;
import zonda.storage.DatasetOptions;
import zonda.storage.Datasets;
import zonda.storage.Snapshot;
import zonda.zones.IdRange;

/**
 * The dataset that a VM manages itself, and those that it makes below: delegate_dataset of vmadm(8).
 *
 * <p>The host has them mounted below the VM's zonepath, where only root gets. The zone sees each at a path of its own: a
 * property of the dataset says where, and without one it is the dataset's name below the zone's root, as on SmartOS.
 */
public final class Delegation {
    /** The property that says where the zone sees a dataset. Only the host's root sets it by hand. */
    public static final String MOUNTPOINT = "zonda:mountpoint";

    private static final System.Logger LOG = System.getLogger(Delegation.class.getName());
    private static final String NAME = "data";
    private static final String NOWHERE = "none";

    private final Host host;
    private final VmConfig vm;
    private final IdRange ids;
    private final Datasets datasets;
    private final ReentrantLock lock;

    /** @param lock held while what the zone sees is changed */
    Delegation(Host host, VmRecord vm, Datasets datasets, ReentrantLock lock) {
        this.host = host;
        this.vm = vm.config();
        this.ids = vm.ids();
        this.datasets = datasets;
        this.lock = lock;
    }

    static boolean isOf(VmConfig vm) {
        return !vm.properties().array("datasets").strings().isEmpty();
    }

    static String top(VmConfig vm) {
        return vm.dataset() + "/" + NAME;
    }

    /** Where it is while the VM's root is made anew. */
    private static String aside(VmConfig vm) {
        return vm.dataset() + "-" + NAME;
    }

    /** A payload that asks for such a dataset, or comes from a VM that had one, in the words of a record. */
    static Json.Obj named(Json.Obj payload) {
        boolean wanted = payload.bool("delegate_dataset", false)
                || !payload.array("datasets").strings().isEmpty();
        Json.Obj plain = payload.without("delegate_dataset").without("datasets");
        return wanted ? plain.with("datasets", Json.Arr.ofStrings(List.of(top(new VmConfig(payload))))) : plain;
    }

    /** Makes it unless it is there, or takes it back from aside. */
    static void make(VmConfig vm, Datasets datasets) {
        if (!isOf(vm) || datasets.find(top(vm)).isPresent()) {
            return;
        }
        if (datasets.find(aside(vm)).isPresent()) {
            datasets.rename(aside(vm), top(vm));
        } else {
            datasets.create(
                    top(vm),
                    DatasetOptions.DEFAULT.tuning(
                            Storing.possible(Storing.of(vm).data(), datasets)));
        }
    }

    /** Saves it from what is done to the VM's root. */
    static void putAside(VmConfig vm, Datasets datasets) {
        if (datasets.find(top(vm)).isPresent()) {
            datasets.rename(top(vm), aside(vm));
        }
    }

    /** Lets go of all snapshots that the zone holds: it must not keep the VM from being deleted by them. */
    static void release(VmConfig vm, Datasets datasets) {
        for (String top : List.of(top(vm), aside(vm))) {
            for (Dataset dataset : datasets.list(top)) {
                for (Snapshot snapshot : datasets.snapshots(dataset.name())) {
                    snapshot.holds().keySet().forEach(tag -> datasets.release(tag, List.of(snapshot.name())));
                }
            }
        }
    }

    static void removeAside(VmConfig vm, Datasets datasets) {
        datasets.destroyIfExists(aside(vm), true);
    }

    /** With zfs_filesystem_limit and zfs_snapshot_limit: how many the VM may make. */
    static Allotment limited(VmConfig vm, Allotment given) {
        return given.filesystems(limit(vm, "zfs_filesystem_limit")).snapshots(limit(vm, "zfs_snapshot_limit"));
    }

    private static OptionalLong limit(VmConfig vm, String property) {
        return vm.properties().integer(property).map(OptionalLong::of).orElse(OptionalLong.empty());
    }

    /** The name of the highest. */
    public String top() {
        return top(vm);
    }

    /** Those of the VM's pool. */
    public Datasets datasets() {
        return datasets;
    }

    /** Where the zone sees a dataset, if it does; and the dataset that says so, if one does. */
    public record Place(Optional<Path> path, Optional<String> saidBy) {}

    /** By its own property or that of the nearest above it that has one. */
    public Place place(String dataset) {
        for (String holder = dataset;
                holder.length() >= top().length();
                holder = holder.substring(0, holder.lastIndexOf('/'))) {
            Optional<String> said = datasets.find(holder)
                    .flatMap(one -> Optional.ofNullable(one.properties().get(MOUNTPOINT)));
            if (said.isPresent()) {
                String below = dataset.substring(holder.length());
                Optional<Path> path = said.filter(Delegation::isPlace).map(at -> Path.of(at + below));
                return new Place(path, Optional.of(holder));
            }
        }
        return new Place(Optional.of(Path.of("/" + dataset)), Optional.empty());
    }

    private static boolean isPlace(String value) {
        return !value.equals(NOWHERE) && !value.equals("legacy") && Filesystems.mayBeTarget(value);
    }

    /** @throws OpException INVALID for a mountpoint that makes no sense */
    public static void requireMountpoint(String value) {
        if (!value.equals(NOWHERE) && !value.equals("legacy") && !isPlace(value)) {
            throw new OpException(
                    Code.INVALID,
                    "bad mountpoint '" + value + "': must be a path of the zone's own, 'legacy', or 'none'");
        }
    }

    /** Whether the zone sees the dataset now. */
    public boolean isShown(String dataset) {
        return place(dataset).path().filter(mounted()::contains).isPresent();
    }

    private Set<Path> mounted() {
        return host.zones()
                .find(vm.uuid())
                .map(zone -> host.zones().mounts(zone.init()))
                .orElse(Set.of());
    }

    /** Shows all of them in a zone that is about to run its first program. */
    void showAll(LinuxProcess init) {
        placed().forEach((dataset, at) -> {
            try {
                show(init, dataset, at);
            } catch (OpException e) {
                // Its root may have something else there, and can put that right when it is up.
                LOG.log(System.Logger.Level.WARNING, "VM " + vm.uuid() + ": show " + dataset + ": " + e.getMessage());
            }
        });
    }

    /** All that are to be seen, each after those that it lies in. */
    private Map<String, Path> placed() {
        Map<String, Path> all = new LinkedHashMap<>();
        record Placed(String dataset, Path at) {}
        datasets.list(top()).stream()
                .filter(dataset -> !dataset.isVolume())
                .flatMap(dataset -> place(dataset.name()).path().map(at -> new Placed(dataset.name(), at)).stream())
                .sorted(Comparator.comparingInt(placed -> placed.at().getNameCount()))
                .forEach(placed -> all.put(placed.dataset(), placed.at()));
        return all;
    }

    private void show(LinuxProcess init, String dataset, Path at) {
        Path source = datasets.mount(dataset);
        try {
            makeDirectory(dataset, at);
            host.zones().show(init, ids, source, at, Set.of());
        } catch (KernelException e) {
            // What is in the way is the zone's own.
            throw new OpException(Code.FAILED, "cannot mount '" + dataset + "' at '" + at + "': " + e.getMessage(), e);
        }
    }

    /** In the zone's root, or in that of its datasets which the place lies in. As root of the zone would, with its ids. */
    private void makeDirectory(String dataset, Path at) {
        Path in = Path.of("/");
        Path directory = host.zonepath(vm).resolve("root");
        for (Map.Entry<String, Path> other : placed().entrySet()) {
            boolean holds = at.startsWith(other.getValue())
                    && !at.equals(other.getValue())
                    && other.getValue().getNameCount() > in.getNameCount();
            if (holds && !other.getKey().equals(dataset)) {
                in = other.getValue();
                directory = datasets.mount(other.getKey());
            }
        }
        try (GuestRoot guest = GuestRoot.open(directory)) {
            guest.makeDirectory(Path.of("/").resolve(in.relativize(at)));
        }
    }

    /** Shows a dataset in the zone, which runs. @throws OpException CONFLICT when it is, INVALID when it has no place */
    public void mount(String dataset) {
        lock.lock();
        try {
            Path at = place(dataset)
                    .path()
                    .orElseThrow(
                            () -> new OpException(Code.INVALID, "cannot mount '" + dataset + "': no mountpoint set"));
            if (mounted().contains(at)) {
                throw new OpException(Code.CONFLICT, "cannot mount '" + dataset + "': filesystem already mounted");
            }
            show(init(), dataset, at);
        } finally {
            lock.unlock();
        }
    }

    /** Takes a dataset, and those below it, from the zone's sight. @throws OpException CONFLICT when one is in use */
    public void unmount(String dataset) {
        lock.lock();
        try {
            if (!isShown(dataset)) {
                throw new OpException(Code.CONFLICT, "cannot unmount '" + dataset + "': not currently mounted");
            }
            hide(Set.of(dataset));
        } finally {
            lock.unlock();
        }
    }

    /**
     * Does something while the zone sees nothing of some datasets and of those below them. After it, the zone sees them
     * again, as far as they are there and have a place, and those that are new.
     *
     * @throws OpException CONFLICT when one is in use; nothing is done then
     */
    public void around(Set<String> hidden, Runnable work) {
        lock.lock();
        try {
            Set<String> known = new HashSet<>(placed().keySet());
            Set<String> away = hide(hidden);
            try {
                work.run();
            } finally {
                showWanted(known, away);
            }
        } finally {
            lock.unlock();
        }
    }

    private void showWanted(Set<String> known, Set<String> away) {
        Set<Path> there = mounted();
        placed().forEach((dataset, at) -> {
            boolean wanted = away.contains(dataset) || !known.contains(dataset);
            if (wanted && !there.contains(at)) {
                show(init(), dataset, at);
            }
        });
    }

    /** @return those that the zone saw */
    private Set<String> hide(Set<String> tops) {
        Set<String> away = new HashSet<>();
        Map<String, Path> all = placed();
        Set<Path> there = mounted();
        for (String dataset : List.copyOf(all.keySet()).reversed()) {
            boolean meant = tops.stream().anyMatch(top -> dataset.equals(top) || dataset.startsWith(top + "/"));
            Path at = all.getOrDefault(dataset, Path.of("/"));
            if (!meant || !there.contains(at)) {
                continue;
            }
            try {
                host.zones().unmount(init(), at);
                away.add(dataset);
            } catch (KernelException e) {
                showWanted(all.keySet(), away);
                if (e.is(Errno.EBUSY)) {
                    throw new OpException(Code.CONFLICT, "cannot unmount '" + at + "': Device busy", e);
                }
                throw e;
            }
        }
        return away;
    }

    private LinuxProcess init() {
        return host.zones()
                .find(vm.uuid())
                .map(zone -> zone.init())
                .filter(LinuxProcess::isAlive)
                .orElseThrow(() -> new OpException(Code.FAILED, "VM " + vm.uuid() + " is not running"));
    }

    /** Its datasets, the highest first. */
    public List<Dataset> all() {
        return datasets.list(top());
    }
}
