package zonda.zstream.zstd;

import java.util.Arrays;
import java.util.Optional;

/** One frame of zstd without its magic number, RFC 8878 3.1.1. */
public final class ZstdFrame {
    private static final int LARGEST_BLOCK = 128 * 1024;

    private final byte[] source;
    private final int end;
    private final Output out;
    private final Sequences sequences = new Sequences();
    private Optional<HuffmanTable> huffman = Optional.empty();
    private byte[] literals = new byte[0];
    private int literalCount;
    private int at;

    /** The frame isn't one. */
    public static final class DamagedException extends RuntimeException {
        DamagedException(String message) {
            super(message, null, false, false);
        }
    }

    /** What was decompressed so far. */
    static final class Output {
        private final byte[] target;
        private final int limit;
        private int position;

        Output(byte[] target, int limit) {
            this.target = target;
            this.limit = limit;
        }

        int position() {
            return position;
        }

        void literals(byte[] from, int offset, int count) {
            need(count <= limit - position, "more content than there is room");
            System.arraycopy(from, offset, target, position, count);
            position += count;
        }

        void fill(byte value, int count) {
            need(count <= limit - position, "more content than there is room");
            Arrays.fill(target, position, position + count, value);
            position += count;
        }

        void copy(int distance, int count) {
            need(distance <= position, "a copy from before the beginning");
            need(count <= limit - position, "more content than there is room");
            int end = position + count;
            if (distance >= count) {
                System.arraycopy(target, position - distance, target, position, count);
                position = end;
                return;
            }
            for (int i = position; i < end; i++) {
                target[i] = target[i - distance];
            }
            position = end;
        }
    }

    private ZstdFrame(byte[] source, int from, int length, Output out) {
        this.source = source;
        this.at = from;
        this.end = from + length;
        this.out = out;
    }

    static void need(boolean condition, String otherwise) {
        if (!condition) {
            throw new DamagedException(otherwise);
        }
    }

    /**
     * Decompresses a frame that begins with its header's descriptor.
     *
     * @param size at most as many bytes are made
     * @return how many were made
     * @throws DamagedException when it isn't such a frame, or makes more
     */
    public static int decompress(byte[] source, int from, int length, byte[] target, int size) {
        try {
            return new ZstdFrame(source, from, length, new Output(target, size)).run();
        } catch (IndexOutOfBoundsException e) {
            throw new DamagedException("it points outside of itself");
        }
    }

    private int run() {
        header();
        boolean isLast;
        do {
            need(at + 3 <= end, "it is cut off");
            int header = source[at] & 0xff | (source[at + 1] & 0xff) << 8 | (source[at + 2] & 0xff) << 16;
            at += 3;
            isLast = (header & 1) != 0;
            int size = header >>> 3;
            switch (header >>> 1 & 3) {
                case 0 -> {
                    need(size <= end - at, "it is cut off");
                    out.literals(source, at, size);
                    at += size;
                }
                case 1 -> {
                    need(at < end, "it is cut off");
                    out.fill(source[at++], size);
                }
                case 2 -> {
                    need(size <= end - at && size <= LARGEST_BLOCK, "it is cut off");
                    block(at, at + size);
                    at += size;
                }
                default -> throw new DamagedException("a block of an unknown kind");
            }
        } while (!isLast);
        return out.position();
    }

    private void header() {
        need(at < end, "it is empty");
        int descriptor = source[at++] & 0xff;
        boolean isSingle = (descriptor & 0x20) != 0;
        need((descriptor & 8) == 0, "a header of an unknown form");
        int dictionary = descriptor & 3;
        need(dictionary == 0, "it needs a dictionary");
        int sizeField = descriptor >>> 6;
        int sizeBytes = sizeField == 0 ? (isSingle ? 1 : 0) : 1 << sizeField;
        at += (isSingle ? 0 : 1) + sizeBytes;
    }

    private void block(int from, int to) {
        int next = literals(from, to);
        sequences.run(source, next, to, out, literals, literalCount);
    }

    /** RFC 8878 3.1.1.3.1. @return where the sequences begin */
    private int literals(int from, int to) {
        need(from < to, "an empty block");
        int first = source[from] & 0xff;
        int type = first & 3;
        int format = first >>> 2 & 3;
        if (type < 2) {
            return plain(from, to, type, format);
        }
        int headerBytes = format < 2 ? 3 : format + 2;
        need(from + headerBytes <= to, "a cut off literals section");
        long bits = 0;
        for (int i = 0; i < headerBytes; i++) {
            bits |= (source[from + i] & 0xffL) << 8 * i;
        }
        int width = format < 2 ? 10 : format == 2 ? 14 : 18;
        int size = (int) (bits >>> 4 & (1L << width) - 1);
        int stored = (int) (bits >>> 4 + width & (1L << width) - 1);
        int start = from + headerBytes;
        need(size <= LARGEST_BLOCK && stored <= to - start, "literals that don't fit");
        room(size);
        int stop = start + stored;
        if (type == 2) {
            HuffmanTable.Read read = HuffmanTable.read(source, start, stop);
            huffman = Optional.of(read.table());
            start += read.bytes();
        }
        HuffmanTable table =
                huffman.orElseThrow(() -> new DamagedException("literals that want the table of a block before"));
        if (format == 0) {
            table.decode(source, start, stop, literals, 0, size);
        } else {
            fourStreams(table, start, stop, size);
        }
        return stop;
    }

    private int plain(int from, int to, int type, int format) {
        int headerBytes = switch (format) {
            case 1 -> 2;
            case 3 -> 3;
            default -> 1;
        };
        need(from + headerBytes <= to, "a cut off literals section");
        int value = 0;
        for (int i = 0; i < headerBytes; i++) {
            value |= (source[from + i] & 0xff) << 8 * i;
        }
        int size = value >>> (headerBytes == 1 ? 3 : 4);
        need(size <= LARGEST_BLOCK, "too many literals");
        room(size);
        int start = from + headerBytes;
        if (type == 0) {
            need(size <= to - start, "cut off literals");
            System.arraycopy(source, start, literals, 0, size);
            return start + size;
        }
        need(start < to, "cut off literals");
        Arrays.fill(literals, 0, size, source[start]);
        return start + 1;
    }

    private void fourStreams(HuffmanTable table, int from, int to, int size) {
        need(to - from >= 6, "cut off literals");
        int part = (size + 3) / 4;
        int start = from + 6;
        for (int i = 0; i < 4; i++) {
            int stop = to;
            if (i < 3) {
                stop = start + (source[from + 2 * i] & 0xff | (source[from + 2 * i + 1] & 0xff) << 8);
            }
            int count = i < 3 ? part : size - 3 * part;
            need(stop <= to && count >= 0, "streams of literals that don't fit");
            table.decode(source, start, stop, literals, i * part, count);
            start = stop;
        }
    }

    private void room(int size) {
        if (literals.length < size) {
            literals = new byte[size];
        }
        literalCount = size;
    }
}
