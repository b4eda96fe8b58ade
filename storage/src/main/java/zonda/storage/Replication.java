package zonda.storage;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import zonda.storage.NodeRecord.Filesystem;
import zonda.zstream.NvList;

/** What {@code zfs receive -F} of an incremental {@code -R} stream takes away: what the sender hasn't any more. */
final class Replication {
    private final Workings pool;
    private final String top;
    private final UnaryOperator<String> target;
    /** The identities of the sender's snapshots, by the names of its datasets here. */
    private final Map<String, Set<Long>> sent = new HashMap<>();

    /** @param target the name here of a sender's dataset */
    Replication(Workings pool, NvList list, String top, UnaryOperator<String> target) {
        this.pool = pool;
        this.top = top;
        this.target = target;
        for (NvList.Value value : list.list("fss").members().values()) {
            if (value instanceof NvList.Value.Nested(NvList entry)
                    && entry.members().get("name") instanceof NvList.Value.Text(String name)) {
                Set<Long> guids = new HashSet<>();
                entry.list("snaps").members().values().forEach(snapshot -> {
                    if (snapshot instanceof NvList.Value.Number guid) {
                        guids.add(guid.value());
                    }
                });
                sent.put(target.apply(name), guids);
            }
        }
    }

    /** @throws zonda.base.OpException CONFLICT when something else depends on it, or uses it */
    void destroyWhatIsGone(boolean dryRun) {
        var name = new DatasetName(target.apply(top));
        if (dryRun || pool.catalog().find(name).isEmpty()) {
            return;
        }
        var removal = new Removal(pool);
        List<DatasetName> gone = new ArrayList<>();
        for (Filesystem dataset : pool.catalog().tree(name)) {
            DatasetName own = pool.catalog().nameOf(dataset.guid());
            Set<Long> known = sent.get(own.text());
            if (known == null) {
                if (gone.stream().noneMatch(above -> own.isBelow(above))) {
                    gone.add(own);
                }
                continue;
            }
            List<SnapshotName> snapshots = pool.catalog().snapshots(dataset.guid()).stream()
                    .filter(one -> !known.contains(one.identity().value()))
                    .map(one -> new SnapshotName(own, one.name()))
                    .toList();
            if (!snapshots.isEmpty()) {
                removal.snapshots(snapshots, DestroyOptions.ALONE);
            }
        }
        gone.forEach(one -> removal.dataset(one, DestroyOptions.RECURSIVE));
    }
}
