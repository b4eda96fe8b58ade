package zonda.zstream.zstd;

/** The code of literals, RFC 8878 4.2: by the next {@code log} bits, which symbol it is and how many bits it takes. */
final class HuffmanTable {
    private static final int MAX_LOG = 11;

    final int log;
    final byte[] symbol;
    final byte[] bits;

    private HuffmanTable(int log) {
        this.log = log;
        symbol = new byte[1 << log];
        bits = new byte[1 << log];
    }

    record Read(HuffmanTable table, int bytes) {}

    static Read read(byte[] source, int from, int to) {
        if (from >= to) {
            throw new ZstdFrame.DamagedException("a literals section without its table");
        }
        int header = source[from] & 0xff;
        int[] weights = new int[256];
        int count;
        int bytes;
        if (header >= 128) {
            count = header - 127;
            bytes = 1 + (count + 1) / 2;
            need(from + bytes <= to);
            for (int i = 0; i < count; i++) {
                int pair = source[from + 1 + i / 2] & 0xff;
                weights[i] = i % 2 == 0 ? pair >>> 4 : pair & 15;
            }
        } else {
            bytes = 1 + header;
            need(from + bytes <= to && header > 0);
            count = compressed(source, from + 1, from + bytes, weights);
        }
        return new Read(of(weights, count), bytes);
    }

    /** Weights in a finite state code with two states that take turns. */
    private static int compressed(byte[] source, int from, int to, int[] weights) {
        FseTable.Read read = FseTable.read(source, from, to, 6, 256);
        FseTable table = read.table();
        var in = new BitsBackward(source, from + read.bytes(), to);
        int[] states = {in.read(table.log), in.read(table.log)};
        int count = 0;
        for (int turn = 0; ; turn ^= 1) {
            need(count < 254);
            int state = states[turn];
            weights[count++] = table.symbol[state] & 0xff;
            int bits = table.bits[state];
            if (bits > in.left()) {
                weights[count++] = table.symbol[states[turn ^ 1]] & 0xff;
                return count;
            }
            states[turn] = table.base[state] + in.read(bits);
        }
    }

    private static HuffmanTable of(int[] weights, int count) {
        int sum = 0;
        for (int i = 0; i < count; i++) {
            need(weights[i] <= MAX_LOG);
            sum += weights[i] == 0 ? 0 : 1 << weights[i] - 1;
        }
        need(sum > 0);
        int log = 32 - Integer.numberOfLeadingZeros(sum);
        int rest = (1 << log) - sum;
        need(log <= MAX_LOG && Integer.bitCount(rest) == 1 && count < 256);
        // The last symbol's weight is what is missing to a power of two.
        weights[count] = 32 - Integer.numberOfLeadingZeros(rest);
        var table = new HuffmanTable(log);
        int at = 0;
        for (int weight = 1; weight <= log; weight++) {
            for (int s = 0; s <= count; s++) {
                if (weights[s] == weight) {
                    int end = at + (1 << weight - 1);
                    while (at < end) {
                        table.symbol[at] = (byte) s;
                        table.bits[at++] = (byte) (log + 1 - weight);
                    }
                }
            }
        }
        return table;
    }

    /** Decodes one bitstream into exactly as many bytes. */
    void decode(byte[] source, int from, int to, byte[] target, int at, int count) {
        var in = new BitsBackward(source, from, to);
        for (int i = at; i < at + count; i++) {
            int index = in.peek(log);
            target[i] = symbol[index];
            in.skip(bits[index]);
        }
        need(in.left() == 0);
    }

    private static void need(boolean condition) {
        if (!condition) {
            throw new ZstdFrame.DamagedException("a damaged table or stream of literals");
        }
    }
}
