package zonda.storage;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import zonda.base.Code;
import zonda.base.OpException;
import zonda.storage.NodeRecord.Filesystem;
import zonda.storage.NodeRecord.Frozen;
import zonda.storage.NodeRecord.Mark;

/**
 * Makes records again that a pool's store has lost, of what lies beside the datasets and snapshots themselves: {@code
 * zpool import --rebuild}. Records that are there stay as they are. It can be interrupted at any point and run again.
 */
final class Rebuilding {
    private final PoolDriver driver;
    private final Path directory;

    /** @param directory of the store */
    Rebuilding(PoolDriver driver, Path directory) {
        this.driver = driver;
        this.directory = directory;
    }

    /** How many records it made. @throws OpException FAILED when nothing tells of the pool's root */
    int run() {
        Map<Guid, NodeRecord> described = new HashMap<>();
        driver.descriptions().stream()
                .flatMap(text -> NodeRecord.parse(text).stream())
                .forEach(record -> described.put(record.guid(), record));
        makeDirectory();
        var store = new RecordStore(directory);
        RecordStore.Loaded known = store.load();
        PoolDriver.Inventory inventory = driver.inventory();
        List<NodeRecord> lost = described.values().stream()
                .filter(record -> isThere(record, inventory, described))
                .filter(record -> !known.made().containsKey(record.guid())
                        && !known.making().containsKey(record.guid())
                        && !known.gone().containsKey(record.guid()))
                .toList();
        boolean hasRoot = java.util.stream.Stream.concat(lost.stream(), known.made().values().stream())
                .anyMatch(record ->
                        record instanceof Filesystem dataset && dataset.parent().isEmpty());
        if (!hasRoot) {
            throw new OpException(Code.FAILED, "rebuild: nothing on the pool tells of its root dataset");
        }
        lost.forEach(store::add);
        return lost.size();
    }

    private static boolean isThere(NodeRecord record, PoolDriver.Inventory inventory, Map<Guid, NodeRecord> described) {
        return switch (record) {
            case Filesystem dataset -> inventory.datasets().contains(dataset.guid());
            case Frozen snapshot -> inventory.snapshots().contains(snapshot.id());
            case Mark mark -> Optional.ofNullable(described.get(mark.dataset())).isPresent();
        };
    }

    private void makeDirectory() {
        try {
            Files.createDirectories(
                    directory, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        } catch (IOException e) {
            throw new UncheckedIOException("make " + directory + ": " + e, e);
        }
    }
}
