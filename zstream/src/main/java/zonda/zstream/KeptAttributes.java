package zonda.zstream;

import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import zonda.zstream.TreePlan.Node;

/**
 * How the extended attributes of files are kept: packed into a system attribute, as Linux does with {@code xattr=sa};
 * and those that are too long for that as files in a hidden directory of the file's.
 */
final class KeptAttributes {
    /** DXATTR_MAX_ENTRY_SIZE and DXATTR_MAX_SA_SIZE. */
    private static final int LARGEST_PACKED = 32 * 1024;

    private static final int LARGEST_PACKED_SUM = 60 * 1024;
    private static final long FILE_TYPE = 8L << 60;

    private final ObjectTable table;
    private final Matching matching;
    private final AttributeWriter writer;

    KeptAttributes(ObjectTable table, Matching matching, AttributeWriter writer) {
        this.table = table;
        this.matching = matching;
        this.writer = writer;
    }

    /** Makes the objects that are needed, and says where they are. What didn't change stays where it is. */
    FileValues.Kept of(FoundFile file) {
        Optional<Node> old = matching.before().find(file.id());
        Map<String, byte[]> before = old.map(Node::attributes).orElse(Map.of());
        Map<String, byte[]> wanted = new TreeMap<>(file.facts().attributes());
        before.forEach((name, value) -> {
            if (!matching.hasAttribute(file.id(), name)) {
                wanted.putIfAbsent(name, value); // this host couldn't have it
            }
        });
        if (old.isPresent() && areEqual(before, wanted)) {
            StoredObject object = table.get(file.id());
            byte[] packed = object.bonusType() != StoredObject.SA
                    ? new byte[0]
                    : matching.before()
                            .schema()
                            .values(object)
                            .getOrDefault(Attribute.DXATTR.registered(), new byte[0]);
            return new FileValues.Kept(old.get().znode().attributeDirectory(), packed);
        }
        old.ifPresent(node -> remove(node.znode().attributeDirectory()));
        return keep(file, wanted);
    }

    private static boolean areEqual(Map<String, byte[]> one, Map<String, byte[]> other) {
        return one.keySet().equals(other.keySet())
                && one.entrySet().stream()
                        .allMatch(entry -> Arrays.equals(entry.getValue(), other.get(entry.getKey())));
    }

    /** The directory with what is in it. */
    void remove(long directory) {
        if (directory == 0) {
            return;
        }
        table.find(directory)
                .ifPresent(object ->
                        Zap.numbers(object).values().forEach(entry -> table.remove(entry & ObjectTable.LARGEST, 1)));
        table.remove(directory, 1);
    }

    private FileValues.Kept keep(FoundFile file, Map<String, byte[]> attributes) {
        NvList packed = NvList.EMPTY;
        Map<String, byte[]> files = new TreeMap<>();
        int sum = 0;
        for (var attribute : attributes.entrySet()) {
            int size = attribute.getValue().length + attribute.getKey().length() + 40;
            if (size > LARGEST_PACKED || sum + size > LARGEST_PACKED_SUM) {
                files.put(attribute.getKey(), attribute.getValue());
            } else {
                packed = packed.with(attribute.getKey(), new NvList.Value.Bytes(attribute.getValue()));
                sum += size;
            }
        }
        byte[] bytes = packed.members().isEmpty() ? new byte[0] : packed.encode();
        return new FileValues.Kept(files.isEmpty() ? 0 : directory(file, files), bytes);
    }

    private long directory(FoundFile owner, Map<String, byte[]> files) {
        long id = matching.fresh();
        Map<String, Long> entries = new TreeMap<>();
        files.forEach((name, content) -> entries.put(name, FILE_TYPE | file(owner, id, content)));
        ZapWriter.Content zap = ZapWriter.numbers(entries, id);
        var position = new FileValues.Position(owner.id(), 2, 2 + entries.size());
        var object = object(id, StoredObject.DIRECTORY, zap.blockSize(), owner, position);
        object.content(zap.blocks());
        table.put(object);
        return id;
    }

    private long file(FoundFile owner, long directory, byte[] content) {
        long id = matching.fresh();
        var position = new FileValues.Position(directory, 1, content.length);
        int blockSize = Math.min(128 * 1024, Math.max(512, content.length + 511 & ~511));
        var object = object(id, StoredObject.PLAIN_FILE, blockSize, owner, position);
        object.inline(content);
        table.put(object);
        return id;
    }

    private StoredObject object(long id, int type, int blockSize, FoundFile owner, FileValues.Position position) {
        boolean isDirectory = type == StoredObject.DIRECTORY;
        AttributeWriter.Laid laid = writer.lay(
                id, FileValues.ofAttributes(isDirectory, position, owner.stat().modified()));
        var dnode = new StreamRecord.Dnode(id, type, StoredObject.SA, blockSize, laid.bonus().length, 1, 0);
        return new StoredObject(id, dnode, laid.bonus());
    }
}
