package zonda.storage;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import zonda.base.Code;
import zonda.base.OpException;
import zonda.kernel.Directory;
import zonda.kernel.Fd;
import zonda.kernel.Paths;
import zonda.storage.NodeRecord.Filesystem;
import zonda.storage.NodeRecord.Frozen;

/** What differs between a snapshot and a later one, or what is there now: zfs-diff(8). */
public final class Differences {
    private static final String UNRELATED = "Unable to obtain diffs: \n   Not an earlier snapshot from the same fs";

    private final Workings pool;

    Differences(Workings pool) {
        this.pool = pool;
    }

    /** @param top where the later one's dataset is mounted */
    public record Difference(Path top, List<FileChange> changes) {}

    /**
     * Compares, by inode.
     *
     * @param to a later snapshot of the same dataset, or of a clone that came of it; or such a dataset itself, whose files
     *     may change meanwhile
     * @throws OpException INVALID in OpenZFS' words when they don't belong together
     */
    public Difference between(String from, String to) {
        Frozen before = require(from);
        Optional<Frozen> after = to.indexOf('@') < 0 ? Optional.empty() : Optional.of(require(to));
        Filesystem dataset = after.flatMap(one -> pool.catalog().dataset(one.dataset()))
                .orElseGet(() -> pool.catalog().require(new DatasetName(to.split("@", 2)[0])));
        requireLater(before, dataset, after.map(Frozen::txg).orElse(Long.MAX_VALUE));
        if (dataset.isVolume()) {
            throw new OpException(
                    Code.INVALID,
                    "cannot open '" + pool.catalog().nameOf(dataset.guid())
                            + "': operation not applicable to datasets of this type");
        }
        Path top = pool.tree()
                .mountpoint(dataset)
                .filter(_ -> pool.tree().wasMounted(dataset))
                .orElseThrow(() -> new OpException(
                        Code.INVALID,
                        "Cannot diff an unmounted snapshot: operation not applicable to datasets of this type"));
        List<Guid> used = after.map(one -> List.of(before.guid(), one.guid())).orElse(List.of(before.guid()));
        try (var _ = pool.inUse().use(used);
                Directory old = Directory.open(pool.driver().directory(before.id()));
                Fd place = Paths.withoutSymlinks(
                        after.map(one -> pool.driver().directory(one.id())).orElse(top));
                Directory now = Directory.open(place.procPath())) {
            return new Difference(top, TreeDifference.of(old, now));
        }
    }

    private Frozen require(String snapshot) {
        SnapshotName name = SnapshotName.parse(snapshot);
        pool.catalog().require(name.dataset());
        return pool.catalog()
                .find(name)
                .orElseThrow(
                        () -> new OpException(Code.NOT_FOUND, "Unable to obtain diffs: No such file or directory"));
    }

    /** Whether a dataset, as of a time, came of the snapshot. */
    private void requireLater(Frozen before, Filesystem dataset, long time) {
        Filesystem one = dataset;
        long until = time;
        while (!one.guid().equals(before.dataset())) {
            Frozen origin = one.origin()
                    .flatMap(pool.catalog()::snapshot)
                    .orElseThrow(() -> new OpException(Code.INVALID, UNRELATED));
            until = origin.txg() + 1;
            one = pool.catalog().dataset(origin.dataset()).orElseThrow();
        }
        if (before.txg() >= until) {
            throw new OpException(Code.INVALID, UNRELATED);
        }
    }
}
