package zonda.storage;

import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import zonda.base.Bytes;
import zonda.kernel.Btrfs;
import zonda.kernel.BtrfsTrees;
import zonda.kernel.Fd;

/** How much was written to subvolumes after their snapshots. What was found out is kept until the subvolume changes. */
final class BtrfsWritten {
    /** @param since the commit of the snapshot */
    private record Measured(long generation, long since, Bytes written) {}

    private final Map<Path, Measured> known = new ConcurrentHashMap<>();

    Bytes since(Path live, Path snapshot) {
        try (Fd inside = Fd.openDirectory(live);
                Fd old = Fd.openDirectory(snapshot)) {
            long generation = Btrfs.subvolume(inside).generation();
            long since = Btrfs.subvolume(old).made();
            return known.compute(
                            live,
                            (_, before) ->
                                    before != null && before.generation() == generation && before.since() == since
                                            ? before
                                            : new Measured(generation, since, BtrfsTrees.written(inside, since)))
                    .written();
        }
    }

    void forget(Path live) {
        known.remove(live);
    }
}
