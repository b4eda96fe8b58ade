package zonda.storage;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import zonda.base.Undo;
import zonda.storage.NodeRecord.Filesystem;

/** Where each dataset of a pool is mounted, and mounting and unmounting in the order that their paths ask for. */
final class MountedTree {
    private final Catalog catalog;
    private final Mounting mounts;
    private final Path root;
    private final Optional<Path> altroot;

    MountedTree(Catalog catalog, Mounting mounts, Path root) {
        this(catalog, mounts, root, Optional.empty());
    }

    /**
     * @param root where the pool's root dataset is mounted unless it says otherwise
     * @param altroot what the paths that datasets say lie below
     */
    MountedTree(Catalog catalog, Mounting mounts, Path root, Optional<Path> altroot) {
        this.altroot = altroot;
        this.catalog = catalog;
        this.mounts = mounts;
        this.root = root;
    }

    /** By its own property or that of the nearest above it that has one. */
    Optional<Path> mountpoint(Filesystem dataset) {
        if (dataset.isVolume()) {
            return Optional.empty();
        }
        Path below = Path.of("");
        for (Filesystem one : catalog.lineage(dataset)) {
            switch (one.options().mountpoint()) {
                case Mountpoint.At(Path path) -> {
                    Path place = altroot.map(above -> above.resolve(Path.of("/").relativize(path)))
                            .orElse(path);
                    return Optional.of(place.resolve(below));
                }
                case Mountpoint.None() -> {
                    return Optional.empty();
                }
                case Mountpoint.Inherited() -> {
                    if (one.parent().isEmpty()) {
                        return Optional.of(root.resolve(below));
                    }
                    below = Path.of(one.leaf()).resolve(below);
                }
            }
        }
        return Optional.empty();
    }

    /** Whether it was mounted when this service last had to do with it: for listings. */
    boolean wasMounted(Filesystem dataset) {
        return mounts.isMounted(dataset.guid());
    }

    private boolean isMounted(Filesystem dataset) {
        return mountpoint(dataset)
                .filter(target -> mounts.isMounted(dataset.guid(), target))
                .isPresent();
    }

    /** Mounts it unless its mountpoint is none; fine when it is mounted. Answers where. */
    Optional<Path> mount(Filesystem dataset) {
        if (catalog.isInconsistent(dataset.guid())) {
            return Optional.empty();
        }
        Optional<Path> target = mountpoint(dataset);
        target.ifPresent(path -> mounts.mount(dataset.guid(), path));
        return target;
    }

    /** Mounts datasets again that {@link #unmount} answered, under the names that they have by now. */
    void mountAgain(List<Filesystem> unmounted) {
        unmounted.reversed().stream()
                .flatMap(one -> catalog.dataset(one.guid()).stream())
                .forEach(this::mount);
    }

    /** Mounts everything that says where, each after those that it lies in; answers what failed. */
    List<String> mountAll() {
        var failed = new ArrayList<String>();
        for (Filesystem dataset : innermostFirst(catalog.tree(catalog.root())).reversed()) {
            try {
                mount(dataset);
            } catch (RuntimeException e) {
                failed.add("mount " + catalog.nameOf(dataset.guid()) + ": " + e.getMessage());
            }
        }
        return failed;
    }

    /**
     * Unmounts a dataset and all below it, innermost first; all or none. Answers those that were mounted, in that order.
     *
     * @throws zonda.base.OpException CONFLICT naming who uses one
     */
    List<Filesystem> unmount(DatasetName top) {
        List<Filesystem> unmounted = unmountOnly(catalog.tree(top));
        removePlaces(unmounted);
        return unmounted;
    }

    /** As {@link #unmount}, with the datasets that have another parent and are mounted within. */
    List<Filesystem> unmountWithAllInside(DatasetName top) {
        List<Filesystem> unmounted = unmountOnly(withAllInside(catalog.tree(top)));
        removePlaces(unmounted);
        return unmounted;
    }

    private List<Filesystem> withAllInside(List<Filesystem> tree) {
        Set<Guid> own = tree.stream().map(Filesystem::guid).collect(Collectors.toSet());
        List<Path> places =
                tree.stream().flatMap(one -> mountpoint(one).stream()).toList();
        Stream<Filesystem> inside = catalog.tree(catalog.root()).stream()
                .filter(one -> !own.contains(one.guid()) && wasMounted(one))
                .filter(one ->
                        mountpoint(one).filter(at -> isInside(places, at)).isPresent());
        return Stream.concat(tree.stream(), inside).toList();
    }

    private static boolean isInside(List<Path> places, Path path) {
        return places.stream().anyMatch(place -> path.startsWith(place) && !path.equals(place));
    }

    private List<Filesystem> innermostFirst(List<Filesystem> datasets) {
        record Placed(Filesystem dataset, int depth) {}
        return datasets.stream()
                .map(one ->
                        new Placed(one, mountpoint(one).map(Path::getNameCount).orElse(0)))
                .sorted(Comparator.comparingInt(Placed::depth))
                .map(Placed::dataset)
                .toList()
                .reversed();
    }

    private void removePlaces(List<Filesystem> unmounted) {
        unmounted.forEach(one -> mountpoint(one).ifPresent(DatasetMounts::removePlace));
    }

    private List<Filesystem> unmountOnly(List<Filesystem> datasets) {
        var done = new ArrayList<Filesystem>();
        try (var undo = new Undo()) {
            for (Filesystem dataset : innermostFirst(datasets)) {
                if (isMounted(dataset)) {
                    mountpoint(dataset).ifPresent(at -> mounts.unmount(dataset.guid(), nameOf(dataset), at));
                    undo.add(() -> mount(dataset));
                    done.add(dataset);
                }
            }
            undo.keep();
        }
        return List.copyOf(done);
    }

    private DatasetName nameOf(Filesystem dataset) {
        return catalog.nameOf(dataset.guid());
    }

    /**
     * As {@link #unmount}, and nobody else may have any of them mounted anywhere, or all stay mounted. The directories go
     * last: removing one takes what is mounted on it away from all other namespaces as well (rename(2), "EBUSY", and
     * Linux 3.18).
     */
    List<Filesystem> unmountEverywhere(String verb, DatasetName top) {
        return unmountEverywhere(verb, top, catalog.tree(top));
    }

    /** As {@link #unmountEverywhere}, with the datasets that have another parent and are mounted within. */
    List<Filesystem> unmountEverywhereWithAllInside(String verb, DatasetName top) {
        return unmountEverywhere(verb, top, withAllInside(catalog.tree(top)));
    }

    private List<Filesystem> unmountEverywhere(String verb, DatasetName top, List<Filesystem> datasets) {
        List<Filesystem> unmounted = unmountOnly(datasets);
        try (var undo = new Undo()) {
            undo.add(() -> mountAgain(unmounted));
            List<Guid> all = catalog.tree(top).stream().map(Filesystem::guid).toList();
            mounts.refuseOtherHolder(verb, top, all);
            catalog.tree(top).stream()
                    .filter(Filesystem::isVolume)
                    .forEach(volume -> mounts.refuseUser(verb, nameOf(volume), volume.guid()));
            undo.keep();
        }
        removePlaces(unmounted);
        return unmounted;
    }

    /** Who has the dataset mounted besides this service, in whatever namespace. */
    Optional<Holder> otherHolder(Filesystem dataset) {
        return mounts.otherHolder(List.of(dataset.guid()), mountpoint(dataset));
    }
}
