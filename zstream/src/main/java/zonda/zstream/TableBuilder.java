package zonda.zstream;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import zonda.zstream.TreePlan.Node;

/**
 * Makes the objects of a filesystem from a tree of files, on top of those of its origin: what didn't change keeps its
 * object as it is, to the byte.
 */
final class TableBuilder {
    /** Numbers of the objects of a new filesystem. */
    private static final long MASTER = 1;

    private static final long ATTRIBUTES = 2;
    private static final long UNLINKED = 3;
    private static final long ROOT = 4;
    private static final long REGISTRY = 5;
    private static final long LAYOUTS = 6;
    private static final long FIRST = 7;

    private static final int RECORD_SIZE = 128 * 1024;
    private static final long VERSION = 5;

    private final ObjectTable table;
    private final Matching matching;
    private final TreePlan before;
    private final AttributeWriter writer;
    private final AttributeSchema schema;
    private final KeptAttributes attributes;
    private final Map<Long, FoundFile> files = new HashMap<>();
    private final Map<Long, Long> links = new HashMap<>();

    private TableBuilder(ObjectTable table, Matching matching, Words words) {
        this.table = table;
        this.matching = matching;
        this.before = matching.before();
        this.schema = before.schema();
        this.writer = new AttributeWriter(schema, words);
        this.attributes = new KeptAttributes(table, matching, writer);
    }

    /** The objects, and which file each is. */
    record Built(ObjectTable table, Map<Long, FoundFile> files) {}

    /** For a full stream. */
    static Built full(List<FoundFile> found, Words words) {
        var builder = new TableBuilder(new ObjectTable(Long.MAX_VALUE), Matching.none(FIRST), words);
        builder.base();
        builder.run(found, ROOT);
        builder.schema(REGISTRY, LAYOUTS);
        return new Built(builder.table, builder.files);
    }

    /** For an incremental one. */
    static Built onTopOf(ObjectMap origin, Matching matching, List<FoundFile> found) {
        var builder = new TableBuilder(origin.table().copy(), matching, Words.LITTLE);
        builder.run(found, matching.before().root());
        Map<String, Long> master = Zap.numbers(builder.table.get(MASTER));
        Map<String, Long> parts = Zap.numbers(builder.table.get(master.getOrDefault("SA_ATTRS", 0L)));
        builder.schema(parts.getOrDefault("REGISTRY", 0L), parts.getOrDefault("LAYOUTS", 0L));
        return new Built(builder.table, builder.files);
    }

    private void base() {
        Map<String, Long> master = new TreeMap<>(Map.of(
                "normalization", 0L,
                "utf8only", 0L,
                "casesensitivity", 0L,
                "VERSION", VERSION,
                "SA_ATTRS", ATTRIBUTES,
                "DELETE_QUEUE", UNLINKED,
                "ROOT", ROOT));
        plain(MASTER, StoredObject.MASTER_NODE, ZapWriter.numbers(master, MASTER));
        Map<String, Long> parts = new TreeMap<>(Map.of("REGISTRY", REGISTRY, "LAYOUTS", LAYOUTS));
        plain(ATTRIBUTES, StoredObject.SA_MASTER, ZapWriter.numbers(parts, ATTRIBUTES));
        plain(UNLINKED, StoredObject.UNLINKED_SET, ZapWriter.numbers(Map.of(), UNLINKED));
    }

    /** An object without attributes. */
    private void plain(long id, int type, ZapWriter.Content content) {
        var dnode = new StreamRecord.Dnode(id, type, 0, content.blockSize(), 0, 1, 0);
        var object = new StoredObject(id, dnode, new byte[0]);
        object.content(content.blocks());
        table.put(object);
    }

    private void schema(long registry, long layouts) {
        if (registry == 0 || layouts == 0) {
            throw StreamException.refused("the origin is a filesystem before version 5, and nothing incremental to it "
                    + "can be made here; send it whole");
        }
        if (writer.isRegistryChanged()) {
            plain(registry, StoredObject.SA_REGISTRATION, writer.registry(registry));
        }
        if (writer.areLayoutsChanged()) {
            plain(layouts, StoredObject.SA_LAYOUTS, writer.layouts(layouts));
        }
    }

    private void run(List<FoundFile> found, long root) {
        matching.number(found, root);
        found.forEach(file -> files.put(file.id(), file));
        found.forEach(file -> file.children().values().forEach(child -> links.merge(child.id(), 1L, Long::sum)));
        Set<Long> gone = new HashSet<>(before.nodes().keySet());
        gone.removeAll(files.keySet());
        found.forEach(file -> file(file, gone));
        gone.forEach(this::remove);
    }

    private void remove(long id) {
        before.find(id).ifPresent(node -> attributes.remove(node.znode().attributeDirectory()));
        table.remove(id, 1);
    }

    private void file(FoundFile file, Set<Long> gone) {
        long id = file.id();
        StoredObject old = table.find(id).orElse(null);
        Map<String, byte[]> oldValues = old == null ? Map.of() : values(old);
        FileValues.Kept kept = attributes.of(file);
        boolean isDirectory = file.stat().isDirectory();
        Map<String, Long> children = isDirectory ? children(file, gone) : Map.of();
        long size = isDirectory
                ? 2 + children.size()
                : file.stat().isFile() || file.stat().isSymlink() ? file.stat().size() : 0;
        var position = new FileValues.Position(
                file.parent().map(FoundFile::id).orElse(id),
                isDirectory ? 2 + subdirectories(file) : links.getOrDefault(id, 1L),
                size);
        Map<String, byte[]> values = new FileValues(oldValues).of(file.facts(), position, kept);
        if (old != null && areEqual(values, oldValues) && (!isDirectory || isSame(id, children))) {
            return;
        }
        object(file, old, areEqual(values, oldValues) && old != null ? laid(old) : writer.lay(id, values), children);
    }

    private static AttributeWriter.Laid laid(StoredObject object) {
        return new AttributeWriter.Laid(object.bonus(), object.spill());
    }

    private Map<String, byte[]> values(StoredObject object) {
        if (object.bonusType() != StoredObject.SA) {
            throw StreamException.refused("the origin has files of a filesystem before version 5, and nothing "
                    + "incremental to it can be made here; send it whole");
        }
        return schema.values(object);
    }

    private static boolean areEqual(Map<String, byte[]> one, Map<String, byte[]> other) {
        return one.keySet().equals(other.keySet())
                && one.entrySet().stream()
                        .allMatch(entry -> Arrays.equals(entry.getValue(), other.get(entry.getKey())));
    }

    private boolean isSame(long id, Map<String, Long> children) {
        Map<String, Long> plain = new TreeMap<>();
        children.forEach((name, entry) -> plain.put(name, entry & ObjectTable.LARGEST));
        return before.find(id).map(node -> node.children().equals(plain)).orElse(false);
    }

    private static long subdirectories(FoundFile directory) {
        return directory.children().values().stream()
                .filter(child -> child.stat().isDirectory())
                .count();
    }

    /** Entries as they are in a directory: the kind of file in the highest 4 bits. */
    private Map<String, Long> children(FoundFile directory, Set<Long> gone) {
        Map<String, Long> entries = new TreeMap<>();
        directory
                .children()
                .forEach((name, child) ->
                        entries.put(name, entry(child.stat().kind().bits(), child.id())));
        before.find(directory.id())
                .ifPresent(old -> old.children().forEach((name, id) -> {
                    Node node = before.find(id).orElseThrow();
                    // Devices that the origin's tree lacks, too, are those that this host doesn't have in trees.
                    if (node.znode().isDevice() && matching.stat(id).isEmpty() && !entries.containsKey(name)) {
                        entries.put(name, entry(node.znode().kind().bits(), id));
                        gone.remove(id);
                    }
                }));
        return entries;
    }

    private static long entry(int kindBits, long id) {
        return (long) (kindBits >> 12) << 60 | id;
    }

    private void object(
            FoundFile file, @Nullable StoredObject old, AttributeWriter.Laid laid, Map<String, Long> children) {
        long id = file.id();
        boolean isDirectory = file.stat().isDirectory();
        var content = new ArrayList<byte[]>();
        int blockSize;
        if (isDirectory && old != null && isSame(id, children)) {
            blockSize = old.blockSize();
            content.addAll(old.blocks().values());
        } else if (isDirectory) {
            ZapWriter.Content zap = ZapWriter.numbers(children, id * 0x9E3779B97F4A7C15L);
            blockSize = zap.blockSize();
            content.addAll(zap.blocks());
        } else {
            blockSize = blockSize(file, old);
        }
        var dnode = new StreamRecord.Dnode(
                id,
                isDirectory ? StoredObject.DIRECTORY : StoredObject.PLAIN_FILE,
                StoredObject.SA,
                blockSize,
                laid.bonus().length,
                old == null ? 1 : old.slots(),
                0);
        var object = new StoredObject(id, dnode, laid.bonus());
        object.spill(laid.spill());
        object.content(content);
        table.put(object);
    }

    /** A file of one block has a block of its size; one that is longer has blocks of the record size. */
    private static int blockSize(FoundFile file, @Nullable StoredObject old) {
        long size = file.stat().isFile() ? file.stat().size() : 0;
        if (old != null && (size <= old.blockSize() || old.blockSize() >= RECORD_SIZE)) {
            return old.blockSize();
        }
        return size >= RECORD_SIZE ? RECORD_SIZE : (int) Math.max(512, size + 511 & ~511);
    }
}
