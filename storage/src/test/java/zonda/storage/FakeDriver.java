package zonda.storage;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import zonda.base.Bytes;

/**
 * A pool's means without a pool: directories that are copied. What it knows of charges, limits and descriptions is in
 * memory, and outlives a reopened service as it outlives a daemon on a pool.
 */
final class FakeDriver implements PoolDriver {
    private static final int BLOCK = 4096;

    private final Path root;
    private final Map<Guid, List<Guid>> charged = new HashMap<>();
    private final Map<Guid, String> compressed = new HashMap<>();
    private final Map<Guid, Bytes> limits = new HashMap<>();
    private final Map<Guid, String> descriptions = new HashMap<>();

    FakeDriver(Path root) {
        this.root = root;
    }

    /** To whom a dataset, or a snapshot by its own guid, is charged. */
    synchronized List<Guid> charged(Guid node) {
        return charged.getOrDefault(node, List.of());
    }

    synchronized Optional<Bytes> limitOf(Guid dataset) {
        return Optional.ofNullable(limits.get(dataset));
    }

    @Override
    public String name() {
        return "fake";
    }

    Path live(Guid dataset) {
        return root.resolve("ds").resolve(dataset.toString());
    }

    @Override
    public Path directory(SnapshotId id) {
        return root.resolve("snap").resolve(id.dataset() + "-" + id.snapshot());
    }

    @Override
    public synchronized void create(Guid dataset, Charge charge) {
        make(live(dataset));
        charge(dataset, charge);
    }

    private void charge(Guid dataset, Charge charge) {
        charged.put(dataset, charge.accounts());
        limit(dataset, charge.quota());
    }

    @Override
    public synchronized void snapshot(SnapshotId id, List<Guid> accounts) {
        if (!Files.exists(directory(id))) {
            copy(live(id.dataset()), directory(id));
        }
        charged.put(id.snapshot(), accounts);
    }

    @Override
    public synchronized void cloneOf(SnapshotId origin, Guid dataset, Charge charge) {
        if (!Files.exists(live(dataset))) {
            copy(directory(origin), live(dataset));
        }
        charge(dataset, charge);
    }

    @Override
    public synchronized void makeVolume(Guid dataset, Bytes size) {
        Volumes.make(disk(dataset), size);
    }

    @Override
    public Path disk(Guid volume) {
        return live(volume).resolve("disk");
    }

    @Override
    public synchronized void compress(Guid dataset, Optional<String> compression) {
        compression
                .filter(word -> !word.equals(Tuning.OFF))
                .ifPresentOrElse(word -> compressed.put(dataset, word), () -> compressed.remove(dataset));
    }

    Optional<String> compression(Guid dataset) {
        return Optional.ofNullable(compressed.get(dataset));
    }

    @Override
    public void mode(Guid dataset, int mode) {
        Modes.set(live(dataset), mode);
    }

    @Override
    public boolean clearErrors(Optional<String> device) {
        return device.map("fake"::equals).orElse(true);
    }

    @Override
    public synchronized void resize(Guid volume, Bytes size) {
        Volumes.resize(disk(volume), size);
    }

    @Override
    public Bytes sizeOf(Guid volume) {
        return Volumes.size(disk(volume));
    }

    @Override
    public Bytes sizeOf(SnapshotId volume) {
        return Volumes.size(directory(volume).resolve("disk"));
    }

    @Override
    public synchronized void rollback(Guid dataset, SnapshotId to, List<Guid> accounts) {
        delete(live(dataset));
        copy(directory(to), live(dataset));
    }

    @Override
    public synchronized boolean isModifiedSince(Guid dataset, SnapshotId snapshot) {
        return !listing(live(dataset)).equals(listing(directory(snapshot)));
    }

    private static List<String> listing(Path tree) {
        return walk(tree).stream()
                .map(file -> tree.relativize(file) + " " + (Files.isRegularFile(file) ? text(file) : ""))
                .sorted()
                .toList();
    }

    private static String text(Path file) {
        try {
            return new String(Files.readAllBytes(file), java.nio.charset.StandardCharsets.ISO_8859_1);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public synchronized void destroy(Guid dataset) {
        delete(live(dataset));
        charged.remove(dataset);
        limits.remove(dataset);
        descriptions.remove(dataset);
    }

    @Override
    public synchronized void destroy(SnapshotId snapshot) {
        delete(directory(snapshot));
        charged.remove(snapshot.snapshot());
    }

    @Override
    public synchronized void describe(Guid dataset, String text) {
        descriptions.put(dataset, text);
    }

    @Override
    public synchronized boolean isDescribed(Guid dataset) {
        return descriptions.containsKey(dataset);
    }

    @Override
    public synchronized void limit(Guid dataset, Optional<Bytes> quota) {
        quota.ifPresentOrElse(bytes -> limits.put(dataset, bytes), () -> limits.remove(dataset));
    }

    @Override
    public synchronized void recharge(Guid dataset, List<Guid> from, List<Guid> to) {
        for (Map.Entry<Guid, List<Guid>> node : charged.entrySet()) {
            List<Guid> old = node.getValue();
            int at = old.indexOf(dataset);
            if (at >= 0) {
                node.setValue(Stream.concat(old.subList(0, at + 1).stream(), to.stream())
                        .toList());
            }
        }
    }

    @Override
    public synchronized void recharge(SnapshotId snapshot, List<Guid> from, List<Guid> to) {
        charged.put(snapshot.snapshot(), to);
    }

    @Override
    public Bytes used(Guid dataset) {
        return Bytes.of(size(live(dataset)));
    }

    @Override
    public Bytes referenced(Guid dataset) {
        return Bytes.of(size(live(dataset)));
    }

    @Override
    public Bytes referenced(SnapshotId snapshot) {
        return Bytes.of(size(directory(snapshot)));
    }

    @Override
    public synchronized void ceiling(Guid account, Optional<Bytes> limit) {
        limit(account, limit);
    }

    /** Of files that are not as they were. */
    @Override
    public synchronized Bytes written(Guid dataset, SnapshotId since) {
        Path tree = live(dataset);
        Path old = directory(since);
        return Bytes.of(walk(tree).stream()
                .filter(Files::isRegularFile)
                .filter(file -> !Files.exists(old.resolve(tree.relativize(file)))
                        || !text(old.resolve(tree.relativize(file))).equals(text(file)))
                .mapToLong(file -> file.toFile().length())
                .sum());
    }

    @Override
    public List<Vdev> vdevs() {
        return List.of(new Vdev("fake", false, 0, 0, 0));
    }

    @Override
    public Bytes free() {
        return Bytes.ofGiB(100);
    }

    @Override
    public Bytes size() {
        return Bytes.ofGiB(200);
    }

    @Override
    public MountSpec mountSpec(Guid dataset) {
        return new MountSpec.Tree(live(dataset), "/" + dataset);
    }

    @Override
    public synchronized Inventory inventory() {
        Set<Guid> datasets = new HashSet<>();
        Set<SnapshotId> snapshots = new HashSet<>();
        names("ds").forEach(name -> Guid.parse(name).ifPresent(datasets::add));
        names("snap")
                .forEach(name -> snapshots.add(new SnapshotId(
                        Guid.parse(name.substring(0, 16)).orElseThrow(),
                        Guid.parse(name.substring(17)).orElseThrow())));
        return new Inventory(datasets, snapshots, List.of());
    }

    private List<String> names(String kind) {
        try (Stream<Path> entries = Files.list(make(root.resolve(kind)))) {
            return entries.map(entry -> entry.getFileName().toString()).toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public synchronized void reconcile(Map<Guid, Charge> expected, Map<SnapshotId, List<Guid>> snapshots) {
        charged.clear();
        expected.forEach(this::charge);
        snapshots.forEach((id, owners) -> charged.put(id.snapshot(), owners));
    }

    @Override
    public void sync() {}

    @Override
    public void close() {}

    private static Path make(Path directory) {
        try {
            return Files.createDirectories(directory);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static long size(Path tree) {
        return walk(tree).stream()
                .filter(Files::isRegularFile)
                .mapToLong(FakeDriver::written)
                .sum();
    }

    /** Of a volume, the blocks that are not of zeros only: a disk takes as little for its holes. */
    private static long written(Path file) {
        if (!file.endsWith("disk")) {
            return file.toFile().length();
        }
        try (InputStream in = Files.newInputStream(file)) {
            byte[] zeros = new byte[BLOCK];
            long written = 0;
            for (byte[] block = in.readNBytes(BLOCK); block.length > 0; block = in.readNBytes(BLOCK)) {
                written += Arrays.equals(block, 0, block.length, zeros, 0, block.length) ? 0 : BLOCK;
            }
            return written;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static List<Path> walk(Path tree) {
        if (!Files.exists(tree)) {
            return List.of();
        }
        try (Stream<Path> all = Files.walk(tree)) {
            return all.toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void copy(Path from, Path to) {
        make(to.getParent());
        for (Path one : walk(from)) {
            try {
                Files.copy(one, to.resolve(from.relativize(one)));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    private static void delete(Path tree) {
        walk(tree).reversed().forEach(one -> one.toFile().delete());
    }
}
