package zonda.storage;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import zonda.storage.NodeRecord.Filesystem;
import zonda.storage.NodeRecord.Frozen;
import zonda.storage.NodeRecord.Mark;

/**
 * What one destroy takes with it.
 *
 * @param nodes each before what it depends on, as zfs-destroy(8) names them
 */
record Doomed(List<NodeRecord> nodes) {
    Doomed {
        nodes = List.copyOf(nodes);
    }

    static Doomed of(NodeRecord node) {
        return new Doomed(List.of(node));
    }

    List<Filesystem> datasets() {
        return nodes.stream()
                .filter(Filesystem.class::isInstance)
                .map(Filesystem.class::cast)
                .toList();
    }

    List<Frozen> snapshots() {
        return nodes.stream()
                .filter(Frozen.class::isInstance)
                .map(Frozen.class::cast)
                .toList();
    }

    private Set<Guid> guids() {
        var guids = new HashSet<Guid>();
        nodes.forEach(node -> guids.add(node.guid()));
        return guids;
    }

    /** Those that are not below another one: with these marked as gone, all are. */
    List<NodeRecord> heads() {
        Set<Guid> guids = guids();
        return nodes.stream()
                .filter(node -> above(node).filter(guids::contains).isEmpty())
                .toList();
    }

    private static Optional<Guid> above(NodeRecord node) {
        return switch (node) {
            case Filesystem dataset -> dataset.parent();
            case Frozen snapshot -> Optional.of(snapshot.dataset());
            case Mark mark -> Optional.of(mark.dataset());
        };
    }

    /** Collects what goes, out of a catalog. */
    static final class Collector {
        private final Catalog catalog;
        private final boolean clones;
        private final LinkedHashSet<NodeRecord> found = new LinkedHashSet<>();
        /** Renaming can bring an origin below its own clone: then each leads to the other. */
        private final Set<Guid> begun = new HashSet<>();

        /** @param clones whether clones of snapshots that go are to go as well, wherever they are */
        Collector(Catalog catalog, boolean clones) {
            this.catalog = catalog;
            this.clones = clones;
        }

        /** A dataset with all below it. */
        Collector add(Filesystem dataset) {
            if (!begun.add(dataset.guid())) {
                return this;
            }
            DatasetName name = catalog.nameOf(dataset.guid());
            catalog.tree(name).reversed().stream()
                    .filter(one -> one.parent().filter(dataset.guid()::equals).isPresent())
                    .forEach(this::add);
            catalog.snapshots(dataset.guid()).forEach(this::add);
            found.addAll(catalog.bookmarks(dataset.guid()));
            found.add(dataset);
            return this;
        }

        Collector add(Frozen snapshot) {
            if (clones) {
                catalog.clones(snapshot.guid())
                        .forEach(name -> catalog.find(name).ifPresent(this::add));
            }
            found.add(snapshot);
            return this;
        }

        /** What was added, and the snapshots that wait for nothing else any more. */
        Doomed doomed() {
            var going = new HashSet<Guid>();
            found.forEach(node -> going.add(node.guid()));
            List<NodeRecord> all = new ArrayList<>(found);
            for (NodeRecord node : found) {
                if (node instanceof Filesystem clone) {
                    clone.origin()
                            .flatMap(catalog::snapshot)
                            .filter(origin -> !going.contains(origin.guid()) && waitsOnlyFor(origin, going))
                            .ifPresent(origin -> {
                                going.add(origin.guid());
                                all.add(origin);
                            });
                }
            }
            return new Doomed(all);
        }

        private boolean waitsOnlyFor(Frozen snapshot, Set<Guid> going) {
            return snapshot.notes().deferred()
                    && snapshot.notes().holds().isEmpty()
                    && catalog.clones(snapshot.guid()).stream()
                            .allMatch(name -> catalog.find(name)
                                    .filter(clone -> going.contains(clone.guid()))
                                    .isPresent());
        }
    }
}
