package zonda.storage;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import zonda.base.Code;
import zonda.base.OpException;
import zonda.storage.NodeRecord.Filesystem;
import zonda.storage.NodeRecord.Frozen;
import zonda.storage.NodeRecord.Mark;

/**
 * Which name in ZFS an identity of ours has. Datasets and snapshots that are ours carry it in the user property {@value
 * #IDENTITY}, so it follows them when they are renamed with the real zfs(8). What name they should have, their records
 * say.
 *
 * <p>Any thread may call it.
 */
final class OpenZfsNames {
    static final String IDENTITY = "zonda:guid";
    /** The dataset with the pool's store, no other is named so: ours begin with a letter, a digit, or {@code _:}. */
    static final String STORE = ".zonda";

    private final ZfsProgram zfs;
    private final String pool;
    private final RecordStore records;
    private final ReentrantLock lock = new ReentrantLock();
    /** Of datasets by their guid, of snapshots by their own. Guarded by the lock. */
    private final Map<Guid, String> known = new HashMap<>();

    OpenZfsNames(ZfsProgram zfs, String pool, RecordStore records) {
        this.zfs = zfs;
        this.pool = pool;
        this.records = records;
    }

    /** All that is in the pool: identities, and the names of what has none. */
    record Found(Map<Guid, String> datasets, Map<SnapshotId, String> snapshots, List<String> strangers) {}

    /** Reads the whole pool anew. */
    Found read() {
        var found = new Found(new HashMap<>(), new HashMap<>(), new ArrayList<>());
        Set<String> named = new HashSet<>();
        for (List<String> row : zfs.table(
                "zfs",
                "get",
                "-Hp",
                "-r",
                "-t",
                "filesystem,volume,snapshot",
                "-s",
                "local",
                "-o",
                "name,value",
                IDENTITY,
                pool)) {
            String name = row.getFirst();
            String[] guids = row.getLast().split("/", -1);
            Optional<Guid> dataset = Guid.parse(guids[0]);
            Optional<Guid> snapshot = guids.length == 2 ? Guid.parse(guids[1]) : Optional.empty();
            if (name.indexOf('@') < 0 && dataset.isPresent() && guids.length == 1) {
                found.datasets.put(dataset.get(), name);
                named.add(name);
            } else if (name.indexOf('@') >= 0 && dataset.isPresent() && snapshot.isPresent()) {
                found.snapshots.put(new SnapshotId(dataset.get(), snapshot.get()), name);
                named.add(name);
            }
        }
        for (List<String> row :
                zfs.table("zfs", "list", "-H", "-r", "-t", "filesystem,volume,snapshot", "-o", "name", pool)) {
            String name = row.getFirst();
            if (!named.contains(name) && !isStore(name)) {
                found.strangers.add(name);
            }
        }
        lock.lock();
        try {
            known.clear();
            known.putAll(found.datasets);
            found.snapshots.forEach((id, name) -> known.put(id.snapshot(), name));
        } finally {
            lock.unlock();
        }
        return found;
    }

    private boolean isStore(String name) {
        String store = pool + "/" + STORE;
        return name.equals(store) || name.startsWith(store + "/") || name.startsWith(store + "@");
    }

    /** As it is now; empty when there is none. */
    Optional<String> find(Guid guid) {
        Optional<String> name = look(guid);
        if (name.isEmpty()) {
            read();
            name = look(guid);
        }
        return name;
    }

    private Optional<String> look(Guid guid) {
        lock.lock();
        try {
            return Optional.ofNullable(known.get(guid));
        } finally {
            lock.unlock();
        }
    }

    /** @throws OpException FAILED when there is none */
    String require(Guid guid) {
        return find(guid)
                .orElseThrow(() -> new OpException(
                        Code.FAILED, "nothing in pool " + pool + " has " + IDENTITY + "=" + guid + " any more"));
    }

    /** As {@link #find}, and asked of ZFS itself before something is destroyed: somebody may have renamed it. */
    Optional<String> findSurely(Guid guid, String identity) {
        Optional<String> name = find(guid);
        if (name.isPresent() && !has(name.get(), identity)) {
            read();
            name = look(guid);
        }
        return name;
    }

    /** Whether the dataset or snapshot of this name is ours, and this one. */
    boolean has(String name, String identity) {
        var asked = zfs.run("zfs", "get", "-Hp", "-s", "local", "-o", "value", IDENTITY, name);
        return asked.succeeded() && asked.out().strip().equals(identity);
    }

    void put(Guid guid, String name) {
        lock.lock();
        try {
            known.put(guid, name);
        } finally {
            lock.unlock();
        }
    }

    void remove(Guid guid) {
        lock.lock();
        try {
            known.remove(guid);
        } finally {
            lock.unlock();
        }
    }

    /** Names that changed are read anew when they are needed. */
    void forget() {
        lock.lock();
        try {
            known.clear();
        } finally {
            lock.unlock();
        }
    }

    /** What a snapshot carries. */
    static String identity(SnapshotId id) {
        return id.dataset() + "/" + id.snapshot();
    }

    /** The name that a dataset's or snapshot's record says. @throws OpException FAILED when it has no record */
    String wanted(Guid node) {
        return switch (record(node)) {
            case Filesystem dataset ->
                dataset.parent()
                        .map(parent -> wanted(parent) + "/" + dataset.leaf())
                        .orElse(pool);
            case Frozen snapshot -> wanted(snapshot.dataset()) + "@" + snapshot.name();
            case Mark mark -> wanted(mark.dataset()) + "#" + mark.name();
        };
    }

    /** The part after {@code @}, by the snapshot's record. */
    String leaf(Guid snapshot) {
        String name = wanted(snapshot);
        return name.substring(name.indexOf('@') + 1);
    }

    /** What kind of volume the dataset is by its record; empty when it is a filesystem. */
    Optional<VolumeShape> volume(Guid dataset) {
        return record(dataset) instanceof Filesystem record ? record.options().volume() : Optional.empty();
    }

    /** Whether anything holds the snapshot by its record. */
    boolean isHeld(Guid snapshot) {
        return record(snapshot) instanceof Frozen record
                && !record.notes().holds().isEmpty();
    }

    /** Whether the snapshot is the dataset's by its record. */
    boolean isOf(Guid snapshot, Guid dataset) {
        return records.find(snapshot).orElse(null) instanceof Frozen record
                && record.dataset().equals(dataset);
    }

    /** Those that were there at the last look. */
    Map<String, Guid> snapshotsByName() {
        lock.lock();
        try {
            Map<String, Guid> snapshots = new HashMap<>();
            known.forEach((guid, name) -> {
                if (name.indexOf('@') >= 0) {
                    snapshots.put(name, guid);
                }
            });
            return snapshots;
        } finally {
            lock.unlock();
        }
    }

    private NodeRecord record(Guid node) {
        return records.find(node)
                .orElseThrow(() -> new OpException(Code.FAILED, node + " of pool " + pool + " has no record any more"));
    }
}
