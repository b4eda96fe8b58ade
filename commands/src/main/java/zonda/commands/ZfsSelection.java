package zonda.commands;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import zonda.base.Code;
import zonda.base.OpException;
import zonda.storage.Bookmark;
import zonda.storage.Dataset;
import zonda.storage.Datasets;
import zonda.storage.Snapshot;

/** Which datasets, snapshots and bookmarks {@code zfs list} and {@code zfs get} speak of: by -t, -r, -d and the names. */
final class ZfsSelection {
    private static final Set<String> ALL = Set.of("filesystem", "volume", "snapshot", "bookmark");

    private final Session session;
    private final List<Datasets> pools;
    private final Set<String> types;
    private final int depth;
    private final List<String> names;

    private ZfsSelection(Session session, List<Datasets> pools, Getopt options, List<String> names) {
        this.session = session;
        this.pools = pools;
        this.names = names;
        this.types = types(options, names);
        this.depth = depth(options);
    }

    /**
     * The full names, by name, snapshots by age behind their dataset.
     *
     * @param options that have been read, of which -t, -r and -d count
     * @param names none for all
     * @throws OpException NOT_FOUND when one of the names isn't there, USAGE for a type or depth that makes no sense
     */
    static List<String> of(Session session, List<Datasets> pools, Getopt options, List<String> names) {
        return new ZfsSelection(session, pools, options, names).select();
    }

    /** Whether a name is that of something in these datasets' pool, be it there or not. */
    static boolean isOf(Datasets datasets, String name) {
        String pool = datasets.root();
        return name.startsWith(pool)
                && (name.length() == pool.length() || "/@#".indexOf(name.charAt(pool.length())) >= 0);
    }

    /** The datasets of the pool that a name is of; of the first when there is no such pool. */
    static Datasets of(List<Datasets> pools, String name) {
        return pools.stream().filter(one -> isOf(one, name)).findFirst().orElse(pools.getFirst());
    }

    private static Set<String> types(Getopt options, List<String> names) {
        boolean isPart = names.stream().anyMatch(name -> name.indexOf('@') >= 0 || name.indexOf('#') >= 0);
        if (options.value("t").isEmpty()) {
            return isPart ? ALL : Set.of("filesystem", "volume");
        }
        Stream<String> meant = Stream.of(options.value("t").get().split(",", -1))
                .flatMap(type -> switch (type) {
                    case "all" -> ALL.stream();
                    case "fs", "filesystem" -> Stream.of("filesystem");
                    case "vol", "volume" -> Stream.of("volume");
                    case "snap", "snapshot" -> Stream.of("snapshot");
                    case "bookmark" -> Stream.of("bookmark");
                    default -> throw new OpException(Code.USAGE, "invalid type '" + type + "'");
                });
        return Set.copyOf(meant.distinct().toList());
    }

    /** {@code zfs list -t snapshot FILESYSTEM} means the snapshots of that one. */
    private int depth(Getopt options) {
        if (options.value("d").isPresent()) {
            String text = options.value("d").get();
            if (!text.matches("[0-9]{1,9}")) {
                throw new OpException(Code.USAGE, "'" + text + "' is not an integer");
            }
            return Integer.parseInt(text);
        }
        if (options.has("r") || names.isEmpty()) {
            return Integer.MAX_VALUE;
        }
        boolean onlyParts = types.equals(Set.of("snapshot")) || types.equals(Set.of("bookmark"));
        return onlyParts ? 1 : 0;
    }

    private List<String> select() {
        var found = new LinkedHashSet<String>();
        for (String name : names.isEmpty() ? pools.stream().map(Datasets::root).toList() : names) {
            if (name.indexOf('@') >= 0 || name.indexOf('#') >= 0) {
                addPart(name, found);
            } else {
                addTree(name.startsWith("/") || name.startsWith("./") ? ofPath(name) : name, found);
            }
        }
        List<String> sorted = new ArrayList<>(found);
        sorted.sort(BY_NAME);
        return sorted;
    }

    /** Snapshots of one dataset are left in the order that they have. */
    static final Comparator<String> BY_NAME = Comparator.comparing(
                    (String name) -> name.indexOf('@') < 0 ? name : name.substring(0, name.indexOf('@')))
            .thenComparing(name -> name.indexOf('@') >= 0);

    private void addPart(String name, Set<String> found) {
        of(pools, name).properties(name, List.of());
        boolean snapshot = name.indexOf('@') >= 0;
        if (!types.contains(snapshot ? "snapshot" : "bookmark")) {
            throw new OpException(
                    Code.INVALID,
                    "cannot open '" + name + "': " + (snapshot ? "snapshot delimiter '@'" : "bookmark delimiter '#'")
                            + " is not expected here");
        }
        found.add(name);
    }

    private void addTree(String top, Set<String> found) {
        Datasets datasets = of(pools, top);
        List<Dataset> all = datasets.list(top);
        if (all.isEmpty()) {
            throw new OpException(Code.NOT_FOUND, "cannot open '" + top + "': dataset does not exist");
        }
        long level = slashes(top);
        for (Dataset dataset : all) {
            long below = slashes(dataset.name()) - level;
            if (below <= depth && types.contains(dataset.isVolume() ? "volume" : "filesystem")) {
                found.add(dataset.name());
            }
            if (below < depth && types.contains("snapshot")) {
                datasets.snapshots(dataset.name()).stream().map(Snapshot::name).forEach(found::add);
            }
            if (below < depth && types.contains("bookmark")) {
                datasets.bookmarks(dataset.name()).stream().map(Bookmark::name).forEach(found::add);
            }
        }
    }

    private static long slashes(String name) {
        return name.chars().filter(c -> c == '/').count();
    }

    /** The dataset that a path of the caller's lies in. */
    private String ofPath(String text) {
        var path = session.path(text);
        return pools.stream()
                .flatMap(datasets -> datasets.list().stream())
                .filter(Dataset::mounted)
                .filter(dataset -> dataset.mountpoint().filter(path::startsWith).isPresent())
                .max(Comparator.comparingInt(
                        dataset -> dataset.mountpoint().orElseThrow().getNameCount()))
                .map(Dataset::name)
                .orElseThrow(
                        () -> new OpException(Code.NOT_FOUND, "cannot open '" + text + "': not a path of a dataset"));
    }
}
