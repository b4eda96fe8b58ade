package zonda.zstream;

import java.util.Arrays;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;
import zonda.zstream.zstd.ZstdFrame;

/** Takes blocks apart that ZFS compressed: the algorithms of enum zio_compress, sys/zio_compress.h. */
final class Decompression {
    static final int OFF = 2;
    static final int LZJB = 3;
    static final int EMPTY = 4;
    static final int GZIP_1 = 5;
    static final int GZIP_9 = 13;
    static final int ZLE = 14;
    static final int LZ4 = 15;
    static final int ZSTD = 16;

    private static final int ZLE_LITERALS = 64;

    /** The content isn't what the algorithm makes. */
    static final class Damaged extends RuntimeException {
        Damaged(String message) {
            super(message, null, false, false);
        }
    }

    private Decompression() {}

    /**
     * Fills the first {@code size} bytes of the target.
     *
     * @param stored how many bytes of the source there are: zeros may follow the compressed ones
     * @throws Damaged saying what is wrong
     */
    static void into(int algorithm, byte[] source, int stored, byte[] target, int size) {
        try {
            switch (algorithm) {
                case 0, OFF -> {
                    System.arraycopy(source, 0, target, 0, Math.min(stored, size));
                    Arrays.fill(target, Math.min(stored, size), size, (byte) 0);
                }
                case EMPTY -> Arrays.fill(target, 0, size, (byte) 0);
                case LZJB -> lzjb(source, stored, target, size);
                case ZLE -> zle(source, stored, target, size);
                case LZ4 -> lz4(source, stored, target, size);
                case ZSTD -> zstd(source, stored, target, size);
                default -> {
                    if (algorithm < GZIP_1 || algorithm > GZIP_9) {
                        throw new Damaged("compressed by the unknown algorithm " + algorithm);
                    }
                    gzip(source, stored, target, size);
                }
            }
        } catch (IndexOutOfBoundsException e) {
            throw new Damaged("the compressed content is damaged");
        }
    }

    /** Items of eight with a byte before them that says which are copies: 6 bits of length, 10 of distance. */
    private static void lzjb(byte[] source, int stored, byte[] target, int size) {
        int from = 0;
        int to = 0;
        int map = 0;
        int bit = 0x80;
        while (to < size) {
            bit <<= 1;
            if (bit == 0x100) {
                bit = 1;
                map = at(source, from++, stored);
            }
            if ((map & bit) == 0) {
                target[to++] = (byte) at(source, from++, stored);
                continue;
            }
            int first = at(source, from, stored);
            int length = (first >> 2) + 3;
            int distance = (first << 8 | at(source, from + 1, stored)) & 0x3ff;
            from += 2;
            if (distance == 0 || distance > to) {
                throw new Damaged("the lzjb content points before its beginning");
            }
            for (int left = Math.min(length, size - to); left > 0; left--, to++) {
                target[to] = target[to - distance];
            }
        }
    }

    private static int at(byte[] source, int index, int stored) {
        if (index >= stored) {
            throw new Damaged("the compressed content is cut off");
        }
        return source[index] & 0xff;
    }

    /** A byte n below 64 is before n + 1 literal bytes, one above stands for n - 63 zeros. */
    private static void zle(byte[] source, int stored, byte[] target, int size) {
        int from = 0;
        int to = 0;
        while (to < size) {
            int length = at(source, from++, stored) + 1;
            if (length <= ZLE_LITERALS) {
                if (length > size - to || length > stored - from) {
                    throw new Damaged("the zle content is cut off");
                }
                System.arraycopy(source, from, target, to, length);
                from += length;
                to += length;
            } else {
                int zeros = Math.min(length - ZLE_LITERALS, size - to);
                Arrays.fill(target, to, to + zeros, (byte) 0);
                to += zeros;
            }
        }
    }

    /** The LZ4 block format after the length of it in 4 bytes, big endian. */
    private static void lz4(byte[] source, int stored, byte[] target, int size) {
        int end = 4 + prefixed(source, stored, 4);
        int from = 4;
        int to = 0;
        while (from < end) {
            int token = at(source, from++, end);
            int literals = token >>> 4;
            if (literals == 15) {
                int more;
                do {
                    more = at(source, from++, end);
                    literals += more;
                } while (more == 255);
            }
            if (literals < 0 || literals > end - from || literals > size - to) {
                throw new Damaged("the lz4 content has more literals than there is room");
            }
            System.arraycopy(source, from, target, to, literals);
            from += literals;
            to += literals;
            if (from >= end) {
                break;
            }
            int distance = at(source, from, end) | at(source, from + 1, end) << 8;
            from += 2;
            int length = token & 15;
            if (length == 15) {
                int more;
                do {
                    more = at(source, from++, end);
                    length += more;
                } while (more == 255);
            }
            length += 4;
            if (distance == 0 || distance > to || length < 0 || length > size - to) {
                throw new Damaged("the lz4 content has a copy of what isn't there");
            }
            copy(target, to, distance, length);
            to += length;
        }
        if (to < size) {
            throw new Damaged("the lz4 content has " + to + " bytes instead of " + size);
        }
    }

    private static void copy(byte[] target, int to, int distance, int length) {
        if (distance >= length) {
            System.arraycopy(target, to - distance, target, to, length);
            return;
        }
        for (int i = to; i < to + length; i++) {
            target[i] = target[i - distance];
        }
    }

    /** A length before the content, 4 bytes big endian. */
    private static int prefixed(byte[] source, int stored, int header) {
        int length = stored < header ? -1 : Words.BIG.i32(source, 0);
        if (length < 0 || length > stored - header) {
            throw new Damaged("the compressed content claims more bytes than there are");
        }
        return length;
    }

    /** After 4 bytes of length and 4 of version and level: a zstd frame without its magic number. */
    private static void zstd(byte[] source, int stored, byte[] target, int size) {
        int length = prefixed(source, stored, 8);
        try {
            int got = ZstdFrame.decompress(source, 8, length, target, size);
            if (got != size) {
                throw new Damaged("the zstd content has " + got + " bytes instead of " + size);
            }
        } catch (ZstdFrame.DamagedException e) {
            throw new Damaged("the zstd content is damaged: " + e.getMessage());
        }
    }

    private static void gzip(byte[] source, int stored, byte[] target, int size) {
        var inflater = new Inflater();
        try {
            inflater.setInput(source, 0, stored);
            int done = 0;
            while (done < size) {
                int got = inflater.inflate(target, done, size - done);
                if (got == 0) {
                    throw new Damaged("the gzip content has " + done + " bytes instead of " + size);
                }
                done += got;
            }
        } catch (DataFormatException e) {
            throw new Damaged("the gzip content is damaged");
        } finally {
            inflater.end();
        }
    }
}
