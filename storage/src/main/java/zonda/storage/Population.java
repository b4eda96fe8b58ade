package zonda.storage;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import zonda.base.Code;
import zonda.base.OpException;
import zonda.storage.NodeRecord.Filesystem;

/**
 * How many datasets and snapshots there may be below a dataset: {@code filesystem_limit} and {@code snapshot_limit} of
 * zfsprops(7). Limits of all datasets above count, and for everyone: who calls is always the host here, and ZFS lets
 * those pass who may change the limit.
 *
 * <p>Any thread may call it.
 */
final class Population {
    /** What is counted. */
    enum Kind {
        FILESYSTEMS("filesystem_limit"),
        SNAPSHOTS("snapshot_limit");

        private final String property;

        Kind(String property) {
            this.property = property;
        }

        OptionalLong limit(Filesystem dataset) {
            Allotment given = dataset.options().allotment();
            return this == FILESYSTEMS ? given.filesystems() : given.snapshots();
        }
    }

    private record Place(Guid dataset, Kind kind) {}

    private final Catalog catalog;
    /** What verbs are about to make: counted as if it were there. Guarded by this. */
    private final Map<Place, Long> coming = new HashMap<>();

    Population(Catalog catalog) {
        this.catalog = catalog;
    }

    /** What is about to be made; closed when it is there, or is not made. */
    interface Coming extends AutoCloseable {
        @Override
        void close();
    }

    /** More of a kind at one place of the tree. @param dataset what they come below, or whose snapshots they are */
    record More(Filesystem dataset, Kind kind, long count) {}

    /**
     * Makes place for what a verb is about to make.
     *
     * @param what the verb, as in "cannot ...: out of space"
     * @throws OpException FAILED when a limit would be passed
     */
    Coming expect(List<More> wanted, String what) {
        return expect(wanted, List.of(), what);
    }

    /** As {@link #expect(List, String)}. @param exempt whose limits don't matter, since all was below them before */
    synchronized Coming expect(List<More> wanted, List<Guid> exempt, String what) {
        Map<Place, Long> added = new HashMap<>();
        for (More more : wanted) {
            for (Filesystem above : catalog.lineage(more.dataset())) {
                if (more.kind().limit(above).isPresent() && !exempt.contains(above.guid())) {
                    added.merge(new Place(above.guid(), more.kind()), more.count(), Long::sum);
                }
            }
        }
        added.forEach((place, count) -> require(place, count, what));
        added.forEach((place, count) -> coming.merge(place, count, Long::sum));
        return () -> gone(added);
    }

    private void require(Place place, long more, String what) {
        Filesystem dataset = catalog.dataset(place.dataset()).orElseThrow();
        long limit = place.kind().limit(dataset).orElse(Long.MAX_VALUE);
        if (count(dataset, place.kind()) + coming.getOrDefault(place, 0L) + more > limit) {
            throw new OpException(
                    Code.FAILED,
                    "cannot " + what + ": out of space: " + place.kind().property + " of '"
                            + catalog.nameOf(dataset.guid()) + "' is " + limit);
        }
    }

    private synchronized void gone(Map<Place, Long> added) {
        added.forEach((place, count) -> coming.merge(place, -count, Long::sum));
        coming.values().removeIf(count -> count == 0);
    }

    /** How many there are below a dataset; of snapshots, its own too. */
    long count(Filesystem dataset, Kind kind) {
        List<Filesystem> tree = catalog.tree(catalog.nameOf(dataset.guid()));
        return kind == Kind.FILESYSTEMS
                ? tree.size() - 1
                : tree.stream()
                        .mapToLong(one -> catalog.snapshots(one.guid()).size())
                        .sum();
    }

    /** As {@link #count}; empty where neither the dataset nor one above it has a limit, as ZFS counts then only. */
    OptionalLong counted(Filesystem dataset, Kind kind) {
        return catalog.lineage(dataset).stream()
                        .anyMatch(above -> kind.limit(above).isPresent())
                ? OptionalLong.of(count(dataset, kind))
                : OptionalLong.empty();
    }

    /** What comes with a whole tree when it is moved below another dataset. */
    List<More> of(Filesystem moved, Filesystem below) {
        List<More> all = new ArrayList<>();
        all.add(new More(below, Kind.FILESYSTEMS, count(moved, Kind.FILESYSTEMS) + 1));
        all.add(new More(below, Kind.SNAPSHOTS, count(moved, Kind.SNAPSHOTS)));
        return all;
    }
}
