package zonda.storage;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import zonda.base.Bytes;

/**
 * How much space what takes, asked for all datasets of a pool at once: a listing asks about each, and a program for each
 * would take seconds.
 *
 * <p>Any thread may call it.
 */
final class OpenZfsSpace {
    /** ZFS itself counts anew every five seconds. */
    private static final Duration FRESH = Duration.ofMillis(500);

    private final ZfsProgram zfs;
    private final String pool;
    private final ReentrantLock lock = new ReentrantLock();
    /** By name. Guarded by the lock. */
    private Map<String, Space> spaces = Map.of();

    private long asked;
    private boolean isStale = true;
    /** What snapshots refer to, by their names, which never changes. */
    private final Map<String, Bytes> frozen = new ConcurrentHashMap<>();

    private record Space(Bytes used, Bytes referenced, Bytes available, Bytes volume) {
        static final Space NONE = new Space(Bytes.of(0), Bytes.of(0), Bytes.of(0), Bytes.of(0));
    }

    OpenZfsSpace(ZfsProgram zfs, String pool) {
        this.zfs = zfs;
        this.pool = pool;
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

    private Space of(String dataset) {
        lock.lock();
        try {
            if (isStale || System.nanoTime() - asked > FRESH.toNanos()) {
                asked = System.nanoTime();
                spaces = read();
                isStale = false;
            }
            return spaces.getOrDefault(dataset, Space.NONE);
        } finally {
            lock.unlock();
        }
    }

    private Map<String, Space> read() {
        var read = new HashMap<String, Space>();
        for (List<String> row : zfs.table(
                "zfs",
                "list",
                "-Hp",
                "-r",
                "-t",
                "filesystem,volume",
                "-o",
                "name,used,referenced,available,volsize",
                pool)) {
            read.put(
                    row.getFirst(),
                    new Space(bytes(row.get(1)), bytes(row.get(2)), bytes(row.get(3)), bytes(row.get(4))));
        }
        return read;
    }

    /** Of a snapshot; all of its dataset are asked for when one isn't known. */
    Bytes referencedBySnapshot(String name) {
        if (!frozen.containsKey(name)) {
            String dataset = name.substring(0, name.indexOf('@'));
            zfs.table("zfs", "list", "-Hp", "-d", "1", "-t", "snapshot", "-o", "name,referenced", dataset)
                    .forEach(row -> frozen.put(row.getFirst(), bytes(row.getLast())));
        }
        return frozen.getOrDefault(name, Bytes.of(0));
    }

    private static Bytes bytes(String text) {
        return text.equals("-") ? Bytes.of(0) : Bytes.of(Long.parseLong(text));
    }

    /** Something was made, changed or destroyed. */
    void changed() {
        lock.lock();
        try {
            isStale = true;
        } finally {
            lock.unlock();
        }
    }

    /** Names mean something else from now on. */
    void renamed() {
        frozen.clear();
        changed();
    }
}
