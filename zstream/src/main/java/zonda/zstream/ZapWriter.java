package zonda.zstream;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import zonda.kernel.FileName;

/**
 * Makes ZAP objects: a micro one where names are short and all values numbers and one block has room, else a fat one.
 * In a fat one, entries are sorted by their hash and parted into leaves, so that each leaf holds the hashes of one
 * prefix; the pointer table is in the header as long as it fits.
 */
final class ZapWriter {
    /** MZAP_MAX_BLKSZ, and what fits beside the header. */
    private static final int MICRO_LARGEST = 128 * 1024;

    private static final int MICRO_ENTRIES = MICRO_LARGEST / Zap.MICRO_ENTRY - 1;
    private static final int MICRO_NAME = 49;

    /** ZFS' own size of a fat ZAP's blocks, fzap_default_block_shift. */
    static final int BLOCK = 16 * 1024;

    private static final int HASHES = BLOCK / 32;
    private static final int HASH_SHIFT = 9;
    private static final int CHUNKS = (BLOCK - 2 * HASHES) / Zap.CHUNK - 2;
    private static final int POINTERS = BLOCK / 8;
    private static final int EMBEDDED_SHIFT = 10;
    /** Room that is left in each leaf, so that a receiver needn't split it at the next new name. */
    private static final int SPARE = 40;
    /** A hash has 28 bits, ZAP_HASHBITS. */
    private static final int HASH_BITS = 28;

    private static final long HASH_MASK = -1L << (64 - HASH_BITS);
    private static final int NONE = 0xffff;
    private static final long[] CRC = crc64();

    /** What an object of it is: blocks of one size. */
    record Content(int blockSize, List<byte[]> blocks) {}

    /** One entry, hashed. */
    private record Entry(byte[] name, long hash, int width, byte[] value) {
        int chunks() {
            return 1 + arrays(name.length + 1) + arrays(value.length);
        }

        private static int arrays(int bytes) {
            return (bytes + Zap.ARRAY_BYTES - 1) / Zap.ARRAY_BYTES;
        }
    }

    /** Entries whose hashes begin with the bits of a prefix. */
    private record Leaf(long prefix, int bits, List<Entry> entries) {}

    private ZapWriter() {}

    /** @param salt any number: the order of hashes depends on it. A directory keeps its own over its snapshots */
    static Content numbers(Map<String, Long> members, long salt) {
        boolean isMicro = members.size() <= MICRO_ENTRIES
                && members.keySet().stream().allMatch(name -> FileName.encode(name).length <= MICRO_NAME);
        if (isMicro) {
            return micro(members, salt | 1);
        }
        List<Entry> entries = new ArrayList<>(members.size());
        members.forEach((name, number) -> {
            byte[] value = new byte[8];
            Words.BIG.put64(value, 0, number);
            entries.add(entry(name, 8, value, salt | 1));
        });
        return fat(entries, salt | 1);
    }

    /** Values of 16-bit numbers: layouts of attributes. */
    static Content lists(Map<String, int[]> members, long salt) {
        List<Entry> entries = new ArrayList<>(members.size());
        members.forEach((name, numbers) -> {
            byte[] value = new byte[2 * numbers.length];
            for (int i = 0; i < numbers.length; i++) {
                Words.BIG.put16(value, 2 * i, numbers[i]);
            }
            entries.add(entry(name, 2, value, salt | 1));
        });
        return fat(entries, salt | 1);
    }

    private static Entry entry(String name, int width, byte[] value, long salt) {
        byte[] bytes = FileName.encode(name);
        return new Entry(bytes, hash(bytes, salt), width, value);
    }

    /** CRC-64 of ECMA-182, reflected; sys/zap.c hashes with it. */
    private static long[] crc64() {
        long[] table = new long[256];
        for (int i = 0; i < 256; i++) {
            long value = i;
            for (int bit = 0; bit < 8; bit++) {
                value = value >>> 1 ^ -(value & 1) & 0xC96C5795D7870F42L;
            }
            table[i] = value;
        }
        return table;
    }

    static long hash(byte[] name, long salt) {
        long hash = salt;
        for (byte b : name) {
            hash = hash >>> 8 ^ CRC[(int) (hash ^ b) & 0xff];
        }
        return hash & HASH_MASK;
    }

    private static Content micro(Map<String, Long> members, long salt) {
        int size = Zap.MICRO_ENTRY * (1 + members.size()) + 511 & ~511;
        byte[] block = new byte[size];
        Words words = Words.LITTLE;
        words.put64(block, 0, Zap.MICRO);
        words.put64(block, 8, salt);
        Map<Long, Integer> collisions = new HashMap<>();
        int at = Zap.MICRO_ENTRY;
        for (var member : members.entrySet()) {
            byte[] name = FileName.encode(member.getKey());
            words.put64(block, at, member.getValue());
            words.put32(block, at + 8, collisions.merge(hash(name, salt), 1, Integer::sum) - 1);
            System.arraycopy(name, 0, block, at + Zap.MICRO_NAME, name.length);
            at += Zap.MICRO_ENTRY;
        }
        return new Content(size, List.of(block));
    }

    private static Content fat(List<Entry> entries, long salt) {
        List<Entry> sorted = new ArrayList<>(entries);
        sorted.sort((one, other) -> Long.compareUnsigned(one.hash(), other.hash()));
        List<Leaf> leaves = new ArrayList<>();
        part(new Leaf(0, 0, sorted), leaves);
        int shift = Math.max(
                EMBEDDED_SHIFT, leaves.stream().mapToInt(Leaf::bits).max().orElse(0));
        boolean isEmbedded = shift == EMBEDDED_SHIFT;
        int tableBlocks = isEmbedded ? 0 : (1 << shift) / POINTERS;
        byte[] header = new byte[BLOCK];
        Words words = Words.LITTLE;
        words.put64(header, 0, Zap.HEADER);
        words.put64(header, 8, Zap.MAGIC);
        words.put64(header, 16, isEmbedded ? 0 : leaves.size() + 1);
        words.put64(header, 24, tableBlocks);
        words.put64(header, 32, shift);
        words.put64(header, 56, leaves.size() + 1 + tableBlocks);
        words.put64(header, 64, leaves.size());
        words.put64(header, 72, entries.size());
        words.put64(header, 80, salt);
        List<byte[]> table = new ArrayList<>();
        for (int i = 0; i < tableBlocks; i++) {
            table.add(new byte[BLOCK]);
        }
        List<byte[]> blocks = new ArrayList<>();
        blocks.add(header);
        for (Leaf leaf : leaves) {
            long first = leaf.prefix() << shift - leaf.bits();
            for (long i = first; i < first + (1L << shift - leaf.bits()); i++) {
                byte[] target = isEmbedded ? header : table.get((int) (i / POINTERS));
                int at = isEmbedded ? BLOCK / 2 + 8 * (int) i : 8 * (int) (i % POINTERS);
                words.put64(target, at, blocks.size());
            }
            blocks.add(leaf(leaf));
        }
        blocks.addAll(table);
        return new Content(BLOCK, blocks);
    }

    private static void part(Leaf leaf, List<Leaf> leaves) {
        int chunks = leaf.entries().stream().mapToInt(Entry::chunks).sum();
        if (chunks <= CHUNKS - SPARE || leaf.bits() == HASH_BITS) {
            if (chunks > CHUNKS) {
                throw new IllegalStateException("more names of one hash than a directory can have");
            }
            leaves.add(leaf);
            return;
        }
        int middle = 0;
        while (middle < leaf.entries().size() && (leaf.entries().get(middle).hash() >>> 63 - leaf.bits() & 1) == 0) {
            middle++;
        }
        List<Entry> entries = leaf.entries();
        part(new Leaf(leaf.prefix() << 1, leaf.bits() + 1, entries.subList(0, middle)), leaves);
        part(new Leaf(leaf.prefix() << 1 | 1, leaf.bits() + 1, entries.subList(middle, entries.size())), leaves);
    }

    private static byte[] leaf(Leaf leaf) {
        byte[] block = new byte[BLOCK];
        Words words = Words.LITTLE;
        words.put64(block, 0, Zap.LEAF);
        words.put64(block, 16, leaf.prefix());
        words.put32(block, 24, Zap.LEAF_MAGIC);
        words.put16(block, 30, leaf.entries().size());
        words.put16(block, 32, leaf.bits());
        for (int i = 0; i < HASHES; i++) {
            words.put16(block, Zap.LEAF_HEADER + 2 * i, NONE);
        }
        int next = 0;
        Map<Long, Integer> collisions = new HashMap<>();
        for (Entry entry : leaf.entries()) {
            next = entry(block, leaf.bits(), entry, next, collisions.merge(entry.hash(), 1, Integer::sum) - 1);
        }
        words.put16(block, 28, CHUNKS - next);
        words.put16(block, 34, next < CHUNKS ? next : NONE);
        for (int chunk = next; chunk < CHUNKS; chunk++) {
            block[chunk(chunk)] = (byte) Zap.CHUNK_FREE;
            words.put16(block, chunk(chunk) + 22, chunk + 1 < CHUNKS ? chunk + 1 : NONE);
        }
        return block;
    }

    private static int chunk(int number) {
        return Zap.LEAF_HEADER + 2 * HASHES + number * Zap.CHUNK;
    }

    /** @return the next free chunk */
    private static int entry(byte[] block, int prefixBits, Entry entry, int chunk, int collision) {
        Words words = Words.LITTLE;
        int nameChunk = chunk + 1;
        byte[] name = Arrays.copyOf(entry.name(), entry.name().length + 1);
        int valueChunk = array(block, nameChunk, name);
        int next = array(block, valueChunk, entry.value());
        int at = chunk(chunk);
        block[at] = (byte) Zap.CHUNK_ENTRY;
        block[at + 1] = (byte) entry.width();
        words.put16(block, at + 4, nameChunk);
        words.put16(block, at + 6, name.length);
        words.put16(block, at + 8, valueChunk);
        words.put16(block, at + 10, entry.value().length / entry.width());
        words.put32(block, at + 12, collision);
        words.put64(block, at + 16, entry.hash());
        int bucket = (int) (entry.hash() >>> 64 - HASH_SHIFT - prefixBits) & HASHES - 1;
        int slot = Zap.LEAF_HEADER + 2 * bucket;
        words.put16(block, at + 2, NONE);
        int last = words.u16(block, slot);
        if (last == NONE) {
            words.put16(block, slot, chunk);
            return next;
        }
        // Behind those that are there: equal hashes stand in the order of their collision numbers.
        while (words.u16(block, chunk(last) + 2) != NONE) {
            last = words.u16(block, chunk(last) + 2);
        }
        words.put16(block, chunk(last) + 2, chunk);
        return next;
    }

    private static int array(byte[] block, int first, byte[] bytes) {
        int chunk = first;
        for (int done = 0; done < bytes.length; done += Zap.ARRAY_BYTES) {
            int at = chunk(chunk);
            block[at] = (byte) Zap.CHUNK_ARRAY;
            int count = Math.min(Zap.ARRAY_BYTES, bytes.length - done);
            System.arraycopy(bytes, done, block, at + 1, count);
            chunk++;
            Words.LITTLE.put16(block, at + 22, done + count < bytes.length ? chunk : NONE);
        }
        return chunk;
    }
}
