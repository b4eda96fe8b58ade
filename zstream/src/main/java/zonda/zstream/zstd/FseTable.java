package zonda.zstream.zstd;

/** A table of the finite state entropy code, RFC 8878 4.1: for each state its symbol, and how the next one is found. */
final class FseTable {
    final int log;
    final byte[] symbol;
    final byte[] bits;
    final int[] base;

    private FseTable(int log) {
        this.log = log;
        int size = 1 << log;
        symbol = new byte[size];
        bits = new byte[size];
        base = new int[size];
    }

    /** A code of one symbol, which takes no bits. */
    static FseTable single(int symbol) {
        var table = new FseTable(0);
        table.symbol[0] = (byte) symbol;
        return table;
    }

    /** @param counts the probability of each symbol; -1 stands for "less than 1" */
    static FseTable of(int[] counts, int log) {
        var table = new FseTable(log);
        int size = 1 << log;
        int high = size - 1;
        int[] next = new int[counts.length];
        for (int s = 0; s < counts.length; s++) {
            if (counts[s] == -1) {
                table.symbol[high--] = (byte) s;
                next[s] = 1;
            } else {
                next[s] = counts[s];
            }
        }
        int step = (size >> 1) + (size >> 3) + 3;
        int position = 0;
        for (int s = 0; s < counts.length; s++) {
            for (int i = 0; i < counts[s]; i++) {
                table.symbol[position] = (byte) s;
                do {
                    position = position + step & size - 1;
                } while (position > high);
            }
        }
        for (int state = 0; state < size; state++) {
            int s = table.symbol[state] & 0xff;
            int value = next[s]++;
            int bits = log - (31 - Integer.numberOfLeadingZeros(value));
            table.bits[state] = (byte) bits;
            table.base[state] = (value << bits) - size;
        }
        return table;
    }

    /** What a description of a table says, and how many bytes it takes. */
    record Read(FseTable table, int bytes) {}

    /** RFC 8878 4.1.1. @param maxLog of this kind of table; @param symbols how many there may be */
    static Read read(byte[] source, int from, int to, int maxLog, int symbols) {
        var in = new BitsForward(source, from, to);
        int log = in.read(4) + 5;
        if (log > maxLog) {
            throw new ZstdFrame.DamagedException("a table of 2^" + log + " states");
        }
        int[] counts = new int[symbols];
        int remaining = (1 << log) + 1;
        int symbol = 0;
        while (remaining > 1) {
            if (symbol >= symbols) {
                throw new ZstdFrame.DamagedException("a table of too many symbols");
            }
            int width = 32 - Integer.numberOfLeadingZeros(remaining);
            int low = (1 << width) - 1 - remaining;
            int value = in.peek(width - 1);
            if (value < low) {
                in.skip(width - 1);
            } else {
                value = in.read(width);
                if (value >= 1 << width - 1) {
                    value -= low;
                }
            }
            int count = value - 1;
            counts[symbol++] = count;
            remaining -= Math.abs(count);
            if (count == 0) {
                symbol = zeros(in, symbol);
            }
        }
        if (remaining != 1 || in.bytes() > to - from) {
            throw new ZstdFrame.DamagedException("a table whose probabilities don't add up");
        }
        return new Read(of(counts, log), in.bytes());
    }

    /** After a probability of 0: how many further ones are 0, by two bits as long as they say 3. */
    private static int zeros(BitsForward in, int symbol) {
        int at = symbol;
        int more;
        do {
            more = in.read(2);
            at += more;
        } while (more == 3 && at < 512);
        return at;
    }
}
