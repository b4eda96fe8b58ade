package zonda.zstream;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import zonda.kernel.FileName;

/**
 * Reads ZAP objects, the tables of names that directories and other metadata are, in both their forms: a micro ZAP is
 * one block of entries of 64 bytes; a fat one has a header, a table of pointers in it or in blocks of its own, and
 * leaves, sys/zap_impl.h and sys/zap_leaf.h.
 *
 * <p>A hostile one makes no loop, and no more bytes than it has.
 */
final class Zap {
    static final long MICRO = 0x8000000000000003L;
    static final long HEADER = 0x8000000000000001L;
    static final long LEAF = 0x8000000000000000L;
    static final long MAGIC = 0x2F52AB2ABL;
    static final int LEAF_MAGIC = 0x2AB1EAF;

    static final int MICRO_ENTRY = 64;
    static final int MICRO_NAME = 14;
    static final int CHUNK = 24;
    static final int ARRAY_BYTES = 21;
    static final int CHUNK_ARRAY = 251;
    static final int CHUNK_ENTRY = 252;
    static final int CHUNK_FREE = 253;
    static final int LEAF_HEADER = 48;
    private static final int LONGEST_NAME = 1024;

    /**
     * An entry.
     *
     * @param name its bytes, as {@link FileName} has them
     * @param width bytes of each number of the value
     * @param value numbers, each big endian
     */
    record Entry(String name, int width, byte[] value) {
        long number() {
            return Words.BIG.i64(value, 0);
        }

        boolean isNumber() {
            return width == 8 && value.length >= 8;
        }
    }

    private final StoredObject object;

    private Zap(StoredObject object) {
        this.object = object;
    }

    /** All entries, in no order. @throws StreamException when it isn't a ZAP or is damaged */
    static List<Entry> entries(StoredObject object) {
        return new Zap(object).read();
    }

    /** Entries that are a number each; others are left out. @throws StreamException also when a name occurs twice */
    static Map<String, Long> numbers(StoredObject object) {
        Map<String, Long> numbers = new LinkedHashMap<>();
        for (Entry entry : entries(object)) {
            if (entry.isNumber() && numbers.put(entry.name(), entry.number()) != null) {
                throw StreamException.of(
                        object.id(), "the name \"" + FileName.printable(entry.name()) + "\" is in it twice");
            }
        }
        return numbers;
    }

    private List<Entry> read() {
        byte[] first = object.blocks().get(0L);
        if (first == null || first.length < 128) {
            throw wrong("it should be a table of names (ZAP) and has no content");
        }
        long kind = Words.LITTLE.i64(first, 0);
        if (kind == MICRO) {
            return micro(first);
        }
        if (kind == HEADER && Words.LITTLE.i64(first, 8) == MAGIC) {
            return fat(first);
        }
        throw wrong("it should be a table of names (ZAP) and doesn't begin as one");
    }

    private StreamException wrong(String what) {
        return StreamException.of(object.id(), what);
    }

    private List<Entry> micro(byte[] block) {
        List<Entry> entries = new ArrayList<>();
        for (int at = MICRO_ENTRY; at + MICRO_ENTRY <= block.length; at += MICRO_ENTRY) {
            int start = at + MICRO_NAME;
            int end = start;
            while (end < at + MICRO_ENTRY && block[end] != 0) {
                end++;
            }
            if (end > start) {
                byte[] value = new byte[8];
                Words.BIG.put64(value, 0, Words.LITTLE.i64(block, at));
                entries.add(new Entry(FileName.decode(Arrays.copyOfRange(block, start, end)), 8, value));
            }
        }
        return entries;
    }

    private List<Entry> fat(byte[] header) {
        if ((Words.LITTLE.i64(header, 96) & 1) != 0) {
            throw wrong("its names are numbers, which no directory has");
        }
        List<Entry> entries = new ArrayList<>();
        for (long block : leaves(header)) {
            byte[] leaf = block > 0 && block <= Long.MAX_VALUE / header.length
                    ? object.blocks().get(block * header.length)
                    : null;
            if (leaf == null || Words.LITTLE.i64(leaf, 0) != LEAF || Words.LITTLE.i32(leaf, 24) != LEAF_MAGIC) {
                throw wrong("its pointer table leads to block " + block + ", which isn't a leaf");
            }
            leaf(leaf, entries);
        }
        return entries;
    }

    /** Numbers of the blocks that are leaves, each once. */
    private Set<Long> leaves(byte[] header) {
        Words words = Words.LITTLE;
        long first = words.i64(header, 16);
        long count = words.i64(header, 24);
        long shift = words.i64(header, 32);
        int pointers = header.length / 8;
        Set<Long> leaves = new LinkedHashSet<>();
        if (count == 0) {
            if (shift < 0 || shift > 30 || 1L << shift > pointers / 2) {
                throw wrong("its pointer table of 2^" + shift + " entries isn't in its header");
            }
            for (int i = 0; i < 1 << shift; i++) {
                leaves.add(words.i64(header, header.length / 2 + 8 * i));
            }
            return leaves;
        }
        if (first <= 0
                || count < 0
                || count > object.blocks().size()
                || first > Long.MAX_VALUE / header.length - count
                || shift < 0
                || shift > 40
                || 1L << shift > count * pointers) {
            throw wrong("its pointer table of 2^" + shift + " entries isn't in the " + count + " blocks it should be");
        }
        long left = 1L << shift;
        for (long block = first; block < first + count && left > 0; block++) {
            byte[] table = object.blocks().get(block * header.length);
            if (table == null) {
                throw wrong("block " + block + " of its pointer table is missing");
            }
            for (int i = 0; i < pointers && left > 0; i++, left--) {
                leaves.add(words.i64(table, 8 * i));
            }
        }
        return leaves;
    }

    private void leaf(byte[] leaf, List<Entry> entries) {
        int base = LEAF_HEADER + leaf.length / 32 * 2;
        int chunks = (leaf.length - base) / CHUNK;
        int budget = leaf.length;
        for (int i = 0; i < chunks; i++) {
            int at = base + i * CHUNK;
            if (Words.u8(leaf, at) != CHUNK_ENTRY) {
                continue;
            }
            int width = Words.u8(leaf, at + 1);
            int nameLength = Words.LITTLE.u16(leaf, at + 6);
            int valueLength = Words.LITTLE.u16(leaf, at + 10) * width;
            budget -= nameLength + valueLength;
            if (nameLength < 1 || nameLength > LONGEST_NAME || budget < 0) {
                throw wrong(
                        "an entry of it claims a name of " + nameLength + " and a value of " + valueLength + " bytes");
            }
            byte[] name = array(leaf, Words.LITTLE.u16(leaf, at + 4), nameLength);
            byte[] value = array(leaf, Words.LITTLE.u16(leaf, at + 8), valueLength);
            // The NUL at its end belongs to its length.
            entries.add(new Entry(FileName.decode(Arrays.copyOf(name, nameLength - 1)), width, value));
        }
    }

    private byte[] array(byte[] leaf, int firstChunk, int length) {
        int base = LEAF_HEADER + leaf.length / 32 * 2;
        int chunks = (leaf.length - base) / CHUNK;
        byte[] bytes = new byte[length];
        int chunk = firstChunk;
        for (int done = 0; done < length; done += ARRAY_BYTES) {
            if (chunk >= chunks || Words.u8(leaf, base + chunk * CHUNK) != CHUNK_ARRAY) {
                throw wrong("an entry of it points to content that isn't there");
            }
            int at = base + chunk * CHUNK;
            System.arraycopy(leaf, at + 1, bytes, done, Math.min(ARRAY_BYTES, length - done));
            chunk = Words.LITTLE.u16(leaf, at + 22);
        }
        return bytes;
    }

    /** Turns a block of a ZAP from this byte order into the other one. */
    static void swap(byte[] block, Words from) {
        if (block.length < 128) {
            return;
        }
        long kind = from.i64(block, 0);
        if (kind == MICRO) {
            Words.swap64(block, 0, MICRO_ENTRY);
            for (int at = MICRO_ENTRY; at + MICRO_ENTRY <= block.length; at += MICRO_ENTRY) {
                Words.swap64(block, at, at + 8);
                Words.swap32(block, at + 8);
            }
        } else if (kind == LEAF && from.i32(block, 24) == LEAF_MAGIC) {
            swapLeaf(block);
        } else {
            Words.swap64(block, 0, block.length);
        }
    }

    private static void swapLeaf(byte[] block) {
        Words.swap64(block, 0, 24);
        Words.swap32(block, 24);
        for (int at = 28; at < 36; at += 2) {
            Words.swap16(block, at);
        }
        int base = LEAF_HEADER + block.length / 32 * 2;
        for (int at = LEAF_HEADER; at < base; at += 2) {
            Words.swap16(block, at);
        }
        for (int at = base; at + CHUNK <= block.length; at += CHUNK) {
            switch (Words.u8(block, at)) {
                case CHUNK_ENTRY -> {
                    for (int field = at + 2; field < at + 12; field += 2) {
                        Words.swap16(block, field);
                    }
                    Words.swap32(block, at + 12);
                    Words.swap64(block, at + 16, at + 24);
                }
                default -> Words.swap16(block, at + 22);
            }
        }
    }
}
