package zonda.zstream.zstd;

/** Bits read from the beginning, the lowest of each byte first; zeros after the end. */
final class BitsForward {
    private final byte[] bytes;
    private final int from;
    private final int to;
    private int position;

    BitsForward(byte[] bytes, int from, int to) {
        this.bytes = bytes;
        this.from = from;
        this.to = to;
    }

    int peek(int count) {
        int value = 0;
        for (int i = 0; i < count; i++) {
            int bit = position + i;
            int at = from + (bit >>> 3);
            if (at < to && (bytes[at] >>> (bit & 7) & 1) != 0) {
                value |= 1 << i;
            }
        }
        return value;
    }

    void skip(int count) {
        position += count;
    }

    int read(int count) {
        int value = peek(count);
        position += count;
        return value;
    }

    /** Bytes that were read, the last one perhaps in part. */
    int bytes() {
        return position + 7 >>> 3;
    }
}
