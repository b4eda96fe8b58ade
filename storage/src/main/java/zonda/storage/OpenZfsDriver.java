package zonda.storage;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import zonda.base.Bytes;
import zonda.base.Code;
import zonda.base.Json;
import zonda.base.OpException;
import zonda.kernel.Blocking;
import zonda.kernel.Mounts;

/**
 * Datasets of a pool of OpenZFS, by its own commands. They have the names there that they have here, so the real zfs(8)
 * shows what is whose; which dataset is which says a user property. ZFS mounts none of them: they are {@code legacy}, and
 * {@code noauto}.
 *
 * <p>Its verbs are in a transaction group when they return, with all that was written to the pool before, records of
 * ours included.
 */
final class OpenZfsDriver implements PoolDriver {
    static final String RECORD = "zonda:record";
    /** Of the value of a property, with its end: ZAP_MAXVALUELEN. */
    private static final int LONGEST_VALUE = 8191;
    /** What ZFS shall leave to this service. */
    private static final List<String> MOUNTED_BY_US = List.of("-o", "mountpoint=legacy", "-o", "canmount=noauto");

    private final ZfsProgram zfs;
    private final String pool;
    private final Path top;
    private final OpenZfsNames names;
    private final OpenZfsSpace space;

    OpenZfsDriver(ZfsProgram zfs, PoolConfig config, RecordStore records) {
        this.zfs = zfs;
        this.pool = config.name();
        this.top = config.top();
        this.names = new OpenZfsNames(zfs, pool, records);
        this.space = new OpenZfsSpace(zfs, pool);
    }

    @Override
    public String name() {
        return "OpenZFS";
    }

    /** Those of ZFS that this service asks of it: two snapshots are two calls. */
    @Override
    public Set<Capability> capabilities() {
        return Set.of(
                Capability.RAIDZ,
                Capability.ENCRYPTION,
                Capability.DEDUPLICATION,
                Capability.COPIES,
                Capability.REFQUOTA,
                Capability.QUOTA_IN_DF);
    }

    @Override
    public void create(Guid dataset, Charge charge) {
        String name = names.wanted(dataset);
        if (name.equals(pool)) {
            zfs.check("zfs", "set", OpenZfsNames.IDENTITY + "=" + dataset, pool);
            names.put(dataset, pool);
            return;
        }
        List<String> words = new ArrayList<>(List.of("zfs", "create"));
        words.addAll(MOUNTED_BY_US);
        make(words, charge.quota(), dataset.toString(), name, List.of(name));
        names.put(dataset, name);
    }

    @Override
    public void snapshot(SnapshotId id, List<Guid> accounts) {
        String name = names.require(id.dataset()) + "@" + names.wantedLeaf(id.snapshot());
        make(List.of("zfs", "snapshot"), Optional.empty(), identity(id), name, List.of(name));
        names.put(id.snapshot(), name);
    }

    @Override
    public void cloneOf(SnapshotId origin, Guid dataset, Charge charge) {
        String name = names.wanted(dataset);
        List<String> words = new ArrayList<>(List.of("zfs", "clone"));
        words.addAll(MOUNTED_BY_US);
        make(words, charge.quota(), dataset.toString(), name, List.of(names.require(origin.snapshot()), name));
        names.put(dataset, name);
    }

    /** Fine when it is there already, and this one. */
    private void make(List<String> verb, Optional<Bytes> quota, String identity, String name, List<String> about) {
        List<String> words = new ArrayList<>(verb);
        quota.ifPresent(limit -> words.addAll(List.of("-o", "quota=" + limit.value())));
        words.addAll(List.of("-o", OpenZfsNames.IDENTITY + "=" + identity));
        words.addAll(about);
        try {
            zfs.check(words);
        } catch (OpException e) {
            if (!names.has(name, identity)) {
                throw e;
            }
        }
        space.changed();
    }

    private static String identity(SnapshotId id) {
        return id.dataset() + "/" + id.snapshot();
    }

    @Override
    public void rollback(SnapshotId to, List<Guid> accounts) {
        String snapshot = names.findSurely(to.snapshot(), identity(to))
                .orElseThrow(() -> new OpException(Code.FAILED, "snapshot " + to.snapshot() + " is gone"));
        zfs.check("zfs", "rollback", snapshot);
        space.changed();
    }

    @Override
    public void destroy(Guid dataset) {
        destroy(names.findSurely(dataset, dataset.toString()));
        names.remove(dataset);
    }

    @Override
    public void destroy(SnapshotId id) {
        destroy(names.findSurely(id.snapshot(), identity(id)));
        names.remove(id.snapshot());
    }

    private void destroy(Optional<String> name) {
        name.ifPresent(it -> {
            zfs.check("zfs", "destroy", it);
            // A later one can have the same name.
            space.renamed();
        });
    }

    /** It has to be mounted for that, out of everybody's way. */
    @Override
    public void mode(Guid dataset, int mode) {
        Path place = top.resolveSibling("." + pool + "-" + dataset);
        String source = names.require(dataset);
        blocking(() -> {
            try {
                Files.createDirectories(place);
                Mounts.mount(source, place, "zfs", 0, "");
                try {
                    Modes.set(place, mode);
                } finally {
                    Mounts.unmount(place);
                    Files.delete(place);
                }
            } catch (IOException e) {
                throw new UncheckedIOException("mount " + source + ": " + e, e);
            }
        });
    }

    @Override
    public void describe(Guid dataset, String text) {
        String value = text.length() < LONGEST_VALUE / 2
                ? text
                : Json.parseObject(text).without("properties").compact();
        zfs.check("zfs", "set", RECORD + "=" + value, names.require(dataset));
    }

    @Override
    public boolean isDescribed(Guid dataset) {
        var asked = zfs.run("zfs", "get", "-Hp", "-s", "local", "-o", "value", RECORD, names.require(dataset));
        return asked.succeeded() && !asked.out().isBlank();
    }

    @Override
    public void limit(Guid dataset, Optional<Bytes> quota) {
        limit(names.require(dataset), quota);
    }

    private void limit(String name, Optional<Bytes> quota) {
        String value = quota.map(limit -> String.valueOf(limit.value())).orElse("none");
        zfs.check("zfs", "set", "quota=" + value, name);
        space.changed();
    }

    /** Where a dataset is in ZFS is whom it is charged to. */
    @Override
    public void recharge(Guid dataset, List<Guid> from, List<Guid> to) {
        rename(dataset);
    }

    private void rename(Guid dataset) {
        String now = names.require(dataset);
        String wanted = names.wanted(dataset);
        if (!now.equals(wanted)) {
            zfs.check("zfs", "rename", now, wanted);
            names.forget();
            space.renamed();
        }
    }

    @Override
    public Bytes used(Guid dataset) {
        return names.find(dataset).map(space::used).orElse(Bytes.of(0));
    }

    @Override
    public Bytes referenced(Guid dataset) {
        return space.referenced(names.require(dataset));
    }

    @Override
    public Bytes referenced(SnapshotId snapshot) {
        return space.referencedBySnapshot(names.require(snapshot.snapshot()));
    }

    @Override
    public List<Vdev> vdevs() {
        return OpenZfsStatus.vdevs(zfs.check("zpool", "status", "-pP", pool));
    }

    @Override
    public Bytes free() {
        return space.available();
    }

    @Override
    public Bytes size() {
        return Bytes.of(Long.parseLong(
                zfs.check("zpool", "list", "-Hp", "-o", "size", pool).strip()));
    }

    @Override
    public MountSpec mountSpec(Guid dataset) {
        return new MountSpec.Filesystem("zfs", names.require(dataset));
    }

    @Override
    public Inventory inventory() {
        OpenZfsNames.Found found = names.read();
        return new Inventory(found.datasets().keySet(), found.snapshots().keySet(), found.strangers());
    }

    /** Charges follow names, and names the records, each after its parent's. */
    @Override
    public void reconcile(Map<Guid, Charge> expected, Set<SnapshotId> snapshots) {
        expected.keySet().stream().sorted(Comparator.comparing(names::wanted)).forEach(this::rename);
        Map<String, String> quotas = new HashMap<>();
        zfs.table("zfs", "get", "-Hp", "-r", "-t", "filesystem", "-o", "name,value", "quota", pool)
                .forEach(row -> quotas.put(row.getFirst(), row.getLast()));
        expected.forEach((dataset, charge) -> {
            long limit = charge.quota().map(Bytes::value).orElse(0L);
            String name = names.wanted(dataset);
            if (!String.valueOf(limit).equals(quotas.get(name))) {
                limit(name, charge.quota());
            }
        });
    }

    @Override
    public void sync() {
        zfs.check("zpool", "sync", pool);
    }

    /** Nothing is held. */
    @Override
    public void close() {}

    private static void blocking(Runnable work) {
        if (Thread.currentThread().isVirtual()) {
            Blocking.call(() -> {
                work.run();
                return work;
            });
        } else {
            work.run();
        }
    }
}
