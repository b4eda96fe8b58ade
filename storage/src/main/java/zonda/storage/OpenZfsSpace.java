package zonda.storage;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import zonda.base.Bytes;
import zonda.base.OpException;

/**
 * How much space what takes, and what else listings ask of each dataset. A dataset is asked for alone, since ZFS takes
 * seconds to count thousands of them; once another one is asked for right after it, that is a listing, and all of the
 * pool are asked for at once: a program for each would take longer still.
 *
 * <p>Any thread may call it. Its lock is held while ZFS is asked, and never by who changes something.
 */
final class OpenZfsSpace {
    /** ZFS itself counts anew every five seconds. */
    private static final long FRESH_NANOS = 500_000_000;

    private final ZfsProgram zfs;
    private final String pool;
    private final LongSupplier nanos;
    private final ReentrantLock lock = new ReentrantLock();
    /** How often something was made, changed or destroyed. */
    private final AtomicLong changes = new AtomicLong();
    /** Guarded by the lock. */
    private Counted all = Counted.NEVER;

    /** The pool's own dataset and the one that was last asked for alone. Guarded by the lock. */
    private Counted alone = Counted.NEVER;

    /** What snapshots refer to, by their names, which never changes. */
    private final Map<String, Frozen> frozen = new ConcurrentHashMap<>();
    /** When a dataset was last asked for its snapshots alone. */
    private volatile long askedForSnapshots;

    private record Space(
            Bytes used, Bytes referenced, Bytes available, Bytes volume, Bytes unfilled, String compression) {
        static final Space NONE = new Space(Bytes.of(0), Bytes.of(0), Bytes.of(0), Bytes.of(0), Bytes.of(0), "");
    }

    private record Frozen(Bytes referenced, Bytes volume) {
        static final Frozen NONE = new Frozen(Bytes.of(0), Bytes.of(0));
    }

    /**
     * An answer of ZFS.
     *
     * @param spaces by name
     * @param changes that it knows of
     * @param until when it may be told: for as long as it took, so that whoever lists many datasets does not ask again
     *     for each of them
     */
    private record Counted(Map<String, Space> spaces, long changes, long until) {
        static final Counted NEVER = new Counted(Map.of(), -1, 0);
    }

    OpenZfsSpace(ZfsProgram zfs, String pool) {
        this(zfs, pool, System::nanoTime);
    }

    OpenZfsSpace(ZfsProgram zfs, String pool, LongSupplier nanos) {
        this.zfs = zfs;
        this.pool = pool;
        this.nanos = nanos;
        this.askedForSnapshots = nanos.getAsLong() - 2 * FRESH_NANOS;
    }

    Bytes used(String dataset) {
        return of(dataset).used();
    }

    Bytes referenced(String dataset) {
        return of(dataset).referenced();
    }

    Bytes available() {
        return available(pool);
    }

    Bytes available(String dataset) {
        return of(dataset).available();
    }

    Bytes ofVolume(String volume) {
        return of(volume).volume();
    }

    /** Of its refreservation, what its own data does not fill. */
    Bytes unfilled(String dataset) {
        return of(dataset).unfilled();
    }

    /** How data are stored that no dataset says anything about. */
    String compression() {
        return of(pool).compression();
    }

    private Space of(String dataset) {
        lock.lock();
        try {
            return counted(dataset).getOrDefault(dataset, Space.NONE);
        } finally {
            lock.unlock();
        }
    }

    private Map<String, Space> counted(String dataset) {
        if (isFresh(all)) {
            return all.spaces();
        }
        if (!isFresh(alone)) {
            alone = countAlone(dataset);
        }
        if (alone.spaces().containsKey(dataset)) {
            return alone.spaces();
        }
        all = count(List.of("-r", pool));
        return all.spaces();
    }

    private Counted countAlone(String dataset) {
        try {
            return count(dataset.equals(pool) ? List.of(pool) : List.of(pool, dataset));
        } catch (OpException e) {
            // It is gone; or ZFS can't answer, which it will say once more when it is asked for all.
            return Counted.NEVER;
        }
    }

    private boolean isFresh(Counted answer) {
        return answer.changes() == changes.get() && nanos.getAsLong() - answer.until() <= 0;
    }

    private Counted count(List<String> what) {
        long known = changes.get();
        long began = nanos.getAsLong();
        List<String> words = new ArrayList<>(List.of("zfs", "list", "-Hp", "-t", "filesystem,volume", "-o"));
        words.add("name,used,referenced,available,volsize,usedbyrefreservation,compression");
        words.addAll(what);
        Map<String, Space> spaces = new HashMap<>();
        for (List<String> row : zfs.table(words)) {
            List<Bytes> sizes = row.subList(1, row.size() - 1).stream()
                    .map(OpenZfsSpace::bytes)
                    .toList();
            spaces.put(
                    row.getFirst(),
                    new Space(sizes.get(0), sizes.get(1), sizes.get(2), sizes.get(3), sizes.get(4), row.getLast()));
        }
        long ended = nanos.getAsLong();
        return new Counted(spaces, known, ended + Math.max(FRESH_NANOS, ended - began));
    }

    Bytes referencedBySnapshot(String name) {
        return ofSnapshot(name).referenced();
    }

    /** How large a volume was. */
    Bytes ofVolumeSnapshot(String name) {
        return ofSnapshot(name).volume();
    }

    /**
     * All snapshots of its dataset are asked for when one isn't known, and all of the pool when another dataset's were
     * asked for a moment ago: that is a listing.
     */
    private Frozen ofSnapshot(String name) {
        if (!frozen.containsKey(name)) {
            String dataset = name.substring(0, name.indexOf('@'));
            boolean isListing = nanos.getAsLong() - askedForSnapshots < FRESH_NANOS;
            List<String> words = new ArrayList<>(List.of("zfs", "list", "-Hp", "-t", "snapshot"));
            words.addAll(List.of("-o", "name,referenced,volsize"));
            words.addAll(isListing ? List.of("-r", pool) : List.of("-d", "1", dataset));
            zfs.table(words)
                    .forEach(row -> frozen.put(row.getFirst(), new Frozen(bytes(row.get(1)), bytes(row.get(2)))));
            askedForSnapshots = nanos.getAsLong();
        }
        return frozen.getOrDefault(name, Frozen.NONE);
    }

    private static Bytes bytes(String text) {
        return text.equals("-") ? Bytes.of(0) : Bytes.of(Long.parseLong(text));
    }

    /** Something was made, changed or destroyed. */
    void changed() {
        changes.incrementAndGet();
    }

    /** Names mean something else from now on. */
    void renamed() {
        frozen.clear();
        changed();
    }
}
