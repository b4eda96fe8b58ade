package zonda.zstream;

import java.util.Arrays;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * An object of a dataset: its attributes, and its content unless that is a file's. What is here is in the little byte
 * order, except bonus and spill of the kind SA, which say their own. Confined to whoever holds its table.
 */
final class StoredObject {
    /** dmu_object_type_t, sys/dmu.h. */
    static final int PLAIN_FILE = 19;

    static final int DIRECTORY = 20;
    static final int MASTER_NODE = 21;
    static final int UNLINKED_SET = 22;
    static final int VOLUME = 23;
    static final int VOLUME_PROPERTIES = 24;
    static final int SA = 44;
    static final int SA_MASTER = 45;
    static final int SA_REGISTRATION = 46;
    static final int SA_LAYOUTS = 47;
    static final int ZNODE = 17;

    /** What one takes in memory beside its content. */
    private static final int OVERHEAD = 200;

    private final long id;
    private int type;
    private int bonusType;
    private int blockSize;
    private int slots;
    private byte[] bonus;
    private byte[] spill = new byte[0];
    private boolean inline;
    private TreeMap<Long, byte[]> blocks = new TreeMap<>();

    StoredObject(long id, StreamRecord.Dnode dnode, byte[] bonus) {
        this.id = id;
        this.bonus = bonus;
        this.type = dnode.type();
        this.bonusType = dnode.bonusType();
        this.blockSize = dnode.blockSize();
        this.slots = dnode.slots();
        this.inline = !isFileContent(type);
    }

    /** One to be changed without changing this one. Blocks are shared, since they are replaced whole. */
    StoredObject copy() {
        var copy = new StoredObject(id, dnode(), bonus);
        copy.spill = spill;
        copy.inline = inline;
        copy.blocks = new TreeMap<>(blocks);
        return copy;
    }

    StreamRecord.Dnode dnode() {
        return new StreamRecord.Dnode(id, type, bonusType, blockSize, bonus.length, slots, 0);
    }

    static boolean isFileContent(int type) {
        return type == PLAIN_FILE || type == VOLUME;
    }

    long id() {
        return id;
    }

    int type() {
        return type;
    }

    int bonusType() {
        return bonusType;
    }

    int blockSize() {
        return blockSize;
    }

    int slots() {
        return slots;
    }

    byte[] bonus() {
        return bonus;
    }

    byte[] spill() {
        return spill;
    }

    void spill(byte[] value) {
        spill = value;
    }

    /** Whether its content is kept here: all but files' is, and that of files which are extended attributes. */
    boolean isInline() {
        return inline;
    }

    /** A file turns out to be an extended attribute: its content, up to its length. */
    void inline(byte[] content) {
        inline = true;
        blocks.clear();
        int size = Math.max(512, blockSize);
        for (int at = 0; at < content.length; at += size) {
            blocks.put(
                    (long) at,
                    Arrays.copyOf(Arrays.copyOfRange(content, at, Math.min(content.length, at + size)), size));
        }
    }

    /** Other attributes, from a further OBJECT record. @return whether its content is lost by that */
    boolean replace(StreamRecord.Dnode dnode, byte[] newBonus) {
        boolean isOther = isFileContent(type) != isFileContent(dnode.type());
        boolean isLost = isOther || dnode.blockSize() != blockSize;
        type = dnode.type();
        bonusType = dnode.bonusType();
        blockSize = dnode.blockSize();
        slots = dnode.slots();
        bonus = newBonus;
        if (isLost) {
            blocks.clear();
        }
        if (isOther) {
            inline = !isFileContent(type);
        }
        return isLost;
    }

    /** Content of a metadata object, whole, in blocks of its size. */
    void content(List<byte[]> content) {
        blocks.clear();
        for (int i = 0; i < content.size(); i++) {
            blocks.put((long) i * blockSize, content.get(i));
        }
    }

    SortedMap<Long, byte[]> blocks() {
        return blocks;
    }

    /** A block of a metadata object. @throws StreamException when it isn't one whole block */
    void write(long offset, byte[] content) {
        if (blockSize == 0 || content.length % blockSize != 0 || offset % blockSize != 0) {
            throw StreamException.of(
                    id, "a write of " + content.length + " bytes at " + offset + ", and its blocks have " + blockSize);
        }
        for (int at = 0; at < content.length; at += blockSize) {
            blocks.put(
                    offset + at,
                    content.length == blockSize ? content : Arrays.copyOfRange(content, at, at + blockSize));
        }
    }

    /** @param length -1 for all up to the end */
    void free(long offset, long length) {
        long end = length < 0 || offset + length < 0 ? Long.MAX_VALUE : offset + length;
        blocks.subMap(offset, Math.max(offset, end)).clear();
    }

    /** Bytes of memory it takes, nearly. */
    long weight() {
        return OVERHEAD + bonus.length + spill.length + blocks.size() * (blockSize + 64L);
    }
}
