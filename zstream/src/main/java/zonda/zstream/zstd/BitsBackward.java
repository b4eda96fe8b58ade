package zonda.zstream.zstd;

/** Bits read from the end of a part of an array to its beginning, RFC 8878 4.1 "bitstreams": the last 1 bit ends it. */
final class BitsBackward {
    private final byte[] bytes;
    private final int from;
    /** Bits that are left; negative when more were taken than there are, which read as zeros. */
    private int left;

    BitsBackward(byte[] bytes, int from, int to) {
        if (to <= from || bytes[to - 1] == 0) {
            throw new ZstdFrame.DamagedException("a bitstream without its end");
        }
        this.bytes = bytes;
        this.from = from;
        int last = bytes[to - 1] & 0xff;
        this.left = (to - from - 1) * 8 + 31 - Integer.numberOfLeadingZeros(last);
    }

    int left() {
        return left;
    }

    /** @param count up to 32 */
    int read(int count) {
        int value = peek(count);
        left -= count;
        return value;
    }

    /** The next bits, zeros after the end, without taking them. */
    int peek(int count) {
        if (count == 0) {
            return 0;
        }
        int low = left - count;
        if (low >= 0) {
            return bits(low, count);
        }
        int there = Math.max(0, left);
        return there == 0 ? 0 : bits(0, there) << count - there;
    }

    void skip(int count) {
        left -= count;
    }

    private int bits(int low, int count) {
        int at = from + (low >>> 3);
        long value = 0;
        int shift = low & 7;
        for (int i = 0; i * 8 < shift + count; i++) {
            value |= (bytes[at + i] & 0xffL) << 8 * i;
        }
        return (int) (value >>> shift & (1L << count) - 1);
    }
}
