package zonda.storage;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import zonda.base.Code;
import zonda.base.OpException;
import zonda.storage.NodeRecord.Filesystem;
import zonda.storage.NodeRecord.Frozen;

/**
 * Making a clone independent of its origin, which depends on it afterwards: zfs-promote(8). The snapshots up to the
 * origin go over to the clone. What is told here is what records change, and who pays for the snapshots; where a
 * driver's clones depend on their origins, it follows.
 */
final class Promotion {
    private final Workings pool;

    Promotion(Workings pool) {
        this.pool = pool;
    }

    void promote(DatasetName name) {
        List<String> claimed = List.of(name.text());
        while (true) {
            try (var _ = pool.claims().claim(claimed, List.of())) {
                Filesystem clone = pool.catalog().require(name);
                Frozen origin = clone.origin()
                        .flatMap(pool.catalog()::snapshot)
                        .orElseThrow(() -> new OpException(
                                Code.INVALID, "cannot promote '" + name + "': not a cloned filesystem"));
                String source = pool.catalog().nameOf(origin.dataset()).text();
                if (claimed.contains(source)) {
                    promoteClaimed(name, clone, origin);
                    return;
                }
                claimed = List.of(name.text(), source);
            }
        }
    }

    private void promoteClaimed(DatasetName name, Filesystem clone, Frozen origin) {
        Filesystem source = pool.catalog().dataset(origin.dataset()).orElseThrow();
        List<Frozen> all = pool.catalog().snapshots(source.guid());
        List<Frozen> moved = all.subList(0, all.indexOf(origin) + 1);
        for (Frozen snapshot : moved) {
            if (pool.catalog().find(new SnapshotName(name, snapshot.name())).isPresent()) {
                throw new OpException(
                        Code.CONFLICT,
                        "cannot promote '" + name + "': snapshot name '"
                                + pool.catalog().nameOf(source.guid()) + "@" + snapshot.name()
                                + "' from origin conflicts with '" + name + "@" + snapshot.name() + "' from target");
            }
        }
        var more = new Population.More(clone, Population.Kind.SNAPSHOTS, moved.size());
        List<Guid> exempt = pool.catalog().accounts(source);
        try (var _ = pool.population().expect(List.of(more), exempt, "promote '" + name + "'")) {
            turn(clone, source, origin, moved);
        }
    }

    private void turn(Filesystem clone, Filesystem source, Frozen origin, List<Frozen> moved) {
        pool.driver().letGo(moved.stream().map(Frozen::id).toList());
        List<Guid> before = pool.catalog().accounts(source);
        List<NodeRecord> changed = new ArrayList<>();
        changed.add(clone.withOrigin(source.origin()));
        changed.add(source.withOrigin(Optional.of(origin.guid())));
        moved.forEach(snapshot -> changed.add(snapshot.of(clone.guid())));
        pool.change("promote", changed);
        List<Guid> after = pool.catalog().accounts(clone);
        pool.driver().promoted(clone.guid());
        pool.driver().sync();
        moved.forEach(snapshot -> pool.driver().recharge(snapshot.id(), before, after));
        pool.passed("promote", "charged");
        pool.finishing().describe(clone.withOrigin(source.origin()));
        pool.finishing().describe(source.withOrigin(Optional.of(origin.guid())));
        pool.reservations().refresh();
    }
}
