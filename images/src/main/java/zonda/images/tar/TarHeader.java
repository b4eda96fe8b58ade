package zonda.images.tar;

import java.util.Arrays;
import zonda.kernel.FileName;

/**
 * The fields of one 512-byte header block, as tar(5) of libarchive lists them for the v7, ustar and GNU forms.
 *
 * @param name with the prefix of the ustar form before it
 */
record TarHeader(char type, String name, String link, int mode, long uid, long gid, long size, long modified) {
    static final int BLOCK = 512;

    private static final int CHECKSUM_AT = 148;
    private static final int MAGIC_AT = 257;

    static TarHeader parse(byte[] block) throws TarException {
        verifyChecksum(block);
        String name = text(block, 0, 100);
        if (isPosix(block) && block[345] != 0) {
            name = text(block, 345, 155) + "/" + name;
        }
        char type = block[156] == 0 ? '0' : (char) (block[156] & 0xff);
        long mode = number(block, 100, 8);
        return new TarHeader(
                type,
                name,
                text(block, 157, 100),
                (int) (mode & 07777),
                number(block, 108, 8),
                number(block, 116, 8),
                number(block, 124, 12),
                number(block, 136, 12));
    }

    static boolean isZero(byte[] block) {
        for (byte value : block) {
            if (value != 0) {
                return false;
            }
        }
        return true;
    }

    /** The GNU form ends its magic with two blanks, and has other fields where ustar has the prefix. */
    private static boolean isPosix(byte[] block) {
        return text(block, MAGIC_AT, 6).equals("ustar") && block[MAGIC_AT + 5] == 0;
    }

    /** The sum of all bytes, its own field taken as blanks. Some old programs summed signed bytes. */
    private static void verifyChecksum(byte[] block) throws TarException {
        long unsigned = 0;
        long signed = 0;
        for (int i = 0; i < BLOCK; i++) {
            int value = i >= CHECKSUM_AT && i < CHECKSUM_AT + 8 ? ' ' : block[i];
            unsigned += value & 0xff;
            signed += value;
        }
        long said = number(block, CHECKSUM_AT, 8);
        if (said != unsigned && said != signed) {
            throw new TarException("not a tar header: its checksum is " + unsigned + ", it says " + said);
        }
    }

    static String text(byte[] block, int at, int length) {
        int end = at;
        while (end < at + length && block[end] != 0) {
            end++;
        }
        return FileName.decode(Arrays.copyOfRange(block, at, end));
    }

    /** Octal digits between blanks or NULs; or, with the first bit set, big-endian two's complement (GNU). */
    static long number(byte[] block, int at, int length) throws TarException {
        if ((block[at] & 0x80) != 0) {
            return binary(block, at, length);
        }
        int from = at;
        int to = at + length;
        while (from < to && (block[from] == ' ' || block[from] == 0)) {
            from++;
        }
        while (to > from && (block[to - 1] == ' ' || block[to - 1] == 0)) {
            to--;
        }
        long value = 0;
        for (int i = from; i < to; i++) {
            if (block[i] < '0' || block[i] > '7') {
                throw new TarException("not a tar header: no octal number at byte " + at);
            }
            value = value << 3 | (block[i] - '0');
        }
        return value;
    }

    private static long binary(byte[] block, int at, int length) throws TarException {
        boolean negative = (block[at] & 0x40) != 0;
        long value = negative ? -1 : 0;
        for (int i = 0; i < length; i++) {
            int digit = i == 0 ? (negative ? block[at] & 0xff : block[at] & 0x7f) : block[at + i] & 0xff;
            long longer = value << 8 | digit;
            if (longer >> 8 != value) {
                throw new TarException("the number at byte " + at + " of a tar header needs more than 64 bits");
            }
            value = longer;
        }
        return value;
    }
}
