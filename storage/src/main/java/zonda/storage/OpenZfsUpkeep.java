package zonda.storage;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import zonda.base.Bytes;
import zonda.base.OpException;
import zonda.storage.PoolDriver.Charge;

/**
 * Makes in ZFS what the records say: names, origins, quotas, and that what is held isn't destroyed. Each is done by its
 * verb, and all of it again when the pool is opened, since a crash can come between a record and its verb.
 */
final class OpenZfsUpkeep {
    /** On snapshots that anything holds here: the real zfs(8) refuses to destroy them, too. */
    private static final String TAG = "zonda";

    private final ZfsProgram zfs;
    private final String pool;
    private final OpenZfsNames names;

    OpenZfsUpkeep(ZfsProgram zfs, String pool, OpenZfsNames names) {
        this.zfs = zfs;
        this.pool = pool;
        this.names = names;
    }

    /** Gives a dataset or snapshot the name that its record says. */
    void rename(Guid node) {
        String now = names.require(node);
        String wanted = names.wanted(node);
        if (!now.equals(wanted)) {
            zfs.check("zfs", "rename", now, wanted);
            names.forget();
        }
    }

    /** To below the store, where nothing is looked for. */
    void moveApart(Guid dataset) {
        names.find(dataset).ifPresent(name -> {
            zfs.run("zfs", "rename", name, pool + "/" + OpenZfsNames.STORE + "/" + dataset);
            names.forget();
        });
    }

    void promote(String clone) {
        zfs.check("zfs", "promote", clone);
        names.forget();
    }

    void limit(String name, Optional<Bytes> quota) {
        String value = quota.map(limit -> String.valueOf(limit.value())).orElse("none");
        zfs.check("zfs", "set", "quota=" + value, name);
    }

    /** What a dataset doesn't say is as the one above it has it. */
    void tune(String name, Tuning own) {
        assign("compression", own.compression(), name);
        boolean isVolume = zfs.check("zfs", "get", "-H", "-o", "value", "type", name)
                .strip()
                .equals("volume");
        if (!isVolume) {
            Optional<String> size = own.recordSize().isPresent()
                    ? Optional.of(String.valueOf(own.recordSize().getAsInt()))
                    : Optional.empty();
            assign("recordsize", size, name);
        }
    }

    private void assign(String property, Optional<String> value, String name) {
        if (value.isPresent()) {
            zfs.check("zfs", "set", property + "=" + value.get(), name);
        } else {
            zfs.check("zfs", "inherit", property, name);
        }
    }

    /** The pool's own dataset is the operator's: what it says there, it was given when the pool was made. */
    void tuneAll(Map<Guid, Tuning> expected) {
        Map<String, Tuning> now = new HashMap<>();
        for (List<String> row : zfs.table(
                "zfs",
                "get",
                "-Hp",
                "-r",
                "-s",
                "local",
                "-t",
                "filesystem,volume",
                "-o",
                "name,property,value",
                "compression,recordsize",
                pool)) {
            Tuning before = now.getOrDefault(row.getFirst(), Tuning.NONE);
            now.put(
                    row.getFirst(),
                    row.get(1).equals("compression")
                            ? before.compression(Optional.of(row.getLast()))
                            : before.recordSize(OptionalInt.of(Integer.parseInt(row.getLast()))));
        }
        expected.forEach((dataset, tuning) -> {
            String name = names.wanted(dataset);
            boolean isAsked = !name.equals(pool) || !tuning.equals(Tuning.NONE);
            if (isAsked && !tuning.equals(now.getOrDefault(name, Tuning.NONE))) {
                tune(name, tuning);
            }
        });
    }

    /** Holds a snapshot in ZFS when its record has holds, and lets go of it when it has none. */
    void protect(Guid snapshot) {
        boolean held = names.isHeld(snapshot);
        var done = zfs.run("zfs", held ? "hold" : "release", TAG, names.require(snapshot));
        if (!done.succeeded()
                && !done.err().contains("tag already exists")
                && !done.err().contains("no such tag")) {
            throw new OpException(zonda.base.Code.FAILED, done.err().strip());
        }
    }

    /** Why ZFS would not destroy all of these: somebody used its own commands. */
    Optional<String> obstacle(Collection<Guid> datasets, Collection<SnapshotId> snapshots) {
        Set<String> going = new HashSet<>();
        datasets.forEach(dataset -> names.find(dataset).ifPresent(going::add));
        snapshots.forEach(snapshot -> names.find(snapshot.snapshot()).ifPresent(going::add));
        if (going.isEmpty()) {
            return Optional.empty();
        }
        List<String> words = new ArrayList<>(List.of("zfs", "list", "-H", "-t", "all", "-o", "name,clones,userrefs"));
        if (!datasets.isEmpty()) {
            words.add(2, "-r");
        }
        words.addAll(going);
        for (String line : zfs.check(words).lines().toList()) {
            List<String> row = List.of(line.split("\t", -1));
            Optional<String> clone = List.of(row.get(1).split(",")).stream()
                    .filter(name -> !name.isEmpty() && !name.equals("-") && !going.contains(name))
                    .findFirst();
            if (!going.contains(row.getFirst())) {
                return Optional.of("'" + row.getFirst() + "' was made with the real zfs(8)");
            } else if (clone.isPresent()) {
                return Optional.of("its clone '" + clone.get() + "' was made with the real zfs(8)");
            } else if (!row.get(2).equals("-") && !row.get(2).equals("0")) {
                return Optional.of("'" + row.getFirst() + "' is held with the real zfs(8)");
            }
        }
        return Optional.empty();
    }

    /** All that a crash can have left undone. */
    void reconcile(Map<Guid, Charge> expected, Set<SnapshotId> snapshots) {
        promoteAll(expected.keySet());
        expected.keySet().stream()
                .map(dataset -> Map.entry(names.wanted(dataset), dataset))
                .sorted(Map.Entry.comparingByKey())
                .forEach(named -> rename(named.getValue()));
        snapshots.forEach(snapshot -> rename(snapshot.snapshot()));
        limitAll(expected);
        protectAll(snapshots);
    }

    private Map<String, String> property(String property, String types) {
        Map<String, String> values = new HashMap<>();
        zfs.table("zfs", "get", "-Hp", "-r", "-t", types, "-o", "name,value", property, pool)
                .forEach(row -> values.put(row.getFirst(), row.getLast()));
        return values;
    }

    /** A dataset whose origin is, by the records, its own snapshot was to be promoted. */
    private void promoteAll(Set<Guid> datasets) {
        Map<String, String> origins = property("origin", "filesystem,volume");
        Map<String, Guid> snapshots = names.snapshotsByName();
        for (Guid dataset : datasets) {
            String name = names.require(dataset);
            Guid origin = snapshots.get(origins.getOrDefault(name, "-"));
            if (origin != null && names.isOf(origin, dataset)) {
                promote(name);
            }
        }
    }

    private void limitAll(Map<Guid, Charge> expected) {
        Map<String, String> quotas = property("quota", "filesystem");
        expected.forEach((dataset, charge) -> {
            long limit = charge.quota().map(Bytes::value).orElse(0L);
            String name = names.wanted(dataset);
            if (quotas.containsKey(name) && !String.valueOf(limit).equals(quotas.get(name))) {
                limit(name, charge.quota());
            }
        });
    }

    private void protectAll(Set<SnapshotId> snapshots) {
        Map<String, String> holders = property("userrefs", "snapshot");
        for (SnapshotId snapshot : snapshots) {
            boolean held = !holders.getOrDefault(names.require(snapshot.snapshot()), "0")
                    .equals("0");
            if (held || names.isHeld(snapshot.snapshot())) {
                protect(snapshot.snapshot());
            }
        }
    }
}
