package zonda.zstream.zstd;

/** The sequences of a block: literals to take, then a copy to make, RFC 8878 3.1.1.3.2. Its tables live for a frame. */
final class Sequences {
    private static final int[] LITERAL_COUNTS = {
        4, 3, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 3, 2, 1, 1, 1, 1, 1, -1, -1, -1, -1
    };
    private static final int[] MATCH_COUNTS = {
        1, 4, 3, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
        1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1, -1, -1
    };
    private static final int[] OFFSET_COUNTS = {
        1, 1, 1, 1, 1, 1, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1
    };
    private static final int[] LITERAL_BITS = {
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 3, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
        16
    };
    private static final int[] MATCH_BITS = {
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2,
        2, 3, 3, 4, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16
    };
    private static final int[] LITERAL_BASE = bases(LITERAL_BITS, 0);
    private static final int[] MATCH_BASE = bases(MATCH_BITS, 3);
    private static final int MAX_OFFSET_CODE = 31;

    private FseTable literalTable = FseTable.of(LITERAL_COUNTS, 6);
    private FseTable offsetTable = FseTable.of(OFFSET_COUNTS, 5);
    private FseTable matchTable = FseTable.of(MATCH_COUNTS, 6);
    private final int[] recent = {1, 4, 8};

    /** Each code begins where the one before ends. */
    private static int[] bases(int[] bits, int first) {
        int[] bases = new int[bits.length];
        int next = first;
        for (int i = 0; i < bits.length; i++) {
            bases[i] = next;
            next += 1 << bits[i];
        }
        return bases;
    }

    /** Decodes the section, and carries it out. @return where the output ends */
    int run(byte[] source, int from, int to, ZstdFrame.Output out, byte[] literals, int literalCount) {
        int at = from;
        ZstdFrame.need(at < to, "a block without its sequences");
        int count = source[at++] & 0xff;
        if (count >= 255) {
            ZstdFrame.need(at + 2 <= to, "a cut off count of sequences");
            count = (source[at] & 0xff) + ((source[at + 1] & 0xff) << 8) + 0x7f00;
            at += 2;
        } else if (count >= 128) {
            ZstdFrame.need(at < to, "a cut off count of sequences");
            count = (count - 128 << 8) + (source[at++] & 0xff);
        }
        int taken = 0;
        if (count > 0) {
            ZstdFrame.need(at < to, "sequences without their modes");
            int modes = source[at++] & 0xff;
            at = tables(source, at, to, modes);
            taken = decode(new BitsBackward(source, at, to), count, out, literals, literalCount);
        }
        out.literals(literals, taken, literalCount - taken);
        return out.position();
    }

    private int tables(byte[] source, int from, int to, int modes) {
        int at = from;
        FseTable.Read read = table(source, at, to, modes >>> 6, new Kind(LITERAL_COUNTS, 6, 9, 36, literalTable));
        literalTable = read.table();
        at += read.bytes();
        read = table(source, at, to, modes >>> 4 & 3, new Kind(OFFSET_COUNTS, 5, 8, 32, offsetTable));
        offsetTable = read.table();
        at += read.bytes();
        read = table(source, at, to, modes >>> 2 & 3, new Kind(MATCH_COUNTS, 6, 9, 53, matchTable));
        matchTable = read.table();
        return at + read.bytes();
    }

    /** One of the three codes: its predefined table, its limits, and the table of the block before. */
    private record Kind(int[] predefined, int log, int maxLog, int symbols, FseTable last) {}

    private static FseTable.Read table(byte[] source, int at, int to, int mode, Kind kind) {
        return switch (mode) {
            case 0 -> new FseTable.Read(FseTable.of(kind.predefined(), kind.log()), 0);
            case 1 -> {
                ZstdFrame.need(at < to && (source[at] & 0xff) < kind.symbols(), "a code of an unknown symbol");
                yield new FseTable.Read(FseTable.single(source[at] & 0xff), 1);
            }
            case 2 -> FseTable.read(source, at, to, kind.maxLog(), kind.symbols());
            default -> new FseTable.Read(kind.last(), 0);
        };
    }

    private int decode(BitsBackward in, int count, ZstdFrame.Output out, byte[] literals, int literalCount) {
        int literalState = in.read(literalTable.log);
        int offsetState = in.read(offsetTable.log);
        int matchState = in.read(matchTable.log);
        int taken = 0;
        for (int i = 0; i < count; i++) {
            int offsetCode = offsetTable.symbol[offsetState];
            int matchCode = matchTable.symbol[matchState];
            int literalCode = literalTable.symbol[literalState];
            ZstdFrame.need(
                    offsetCode <= MAX_OFFSET_CODE && matchCode < MATCH_BASE.length && literalCode < LITERAL_BASE.length,
                    "a sequence of an unknown code");
            long offsetValue = (1L << offsetCode) + (in.read(offsetCode) & 0xffff_ffffL);
            int match = MATCH_BASE[matchCode] + in.read(MATCH_BITS[matchCode]);
            int run = LITERAL_BASE[literalCode] + in.read(LITERAL_BITS[literalCode]);
            ZstdFrame.need(run <= literalCount - taken, "more literals than there are");
            out.literals(literals, taken, run);
            taken += run;
            out.copy(offset(offsetValue, run), match);
            if (i + 1 < count) {
                literalState = literalTable.base[literalState] + in.read(literalTable.bits[literalState]);
                matchState = matchTable.base[matchState] + in.read(matchTable.bits[matchState]);
                offsetState = offsetTable.base[offsetState] + in.read(offsetTable.bits[offsetState]);
            }
            ZstdFrame.need(in.left() >= 0, "cut off sequences");
        }
        ZstdFrame.need(in.left() == 0, "sequences that don't end where they should");
        return taken;
    }

    /** RFC 8878 3.1.1.5: values up to 3 stand for one of the last three offsets. */
    private int offset(long value, int run) {
        if (value > 3) {
            push(2, (int) Math.min(value - 3, Integer.MAX_VALUE));
            return recent[0];
        }
        int index = (int) value - 1 + (run == 0 ? 1 : 0);
        int offset = index == 3 ? recent[0] - 1 : recent[index];
        ZstdFrame.need(offset > 0, "a copy from a distance of 0");
        push(Math.min(index, 2), offset);
        return offset;
    }

    /** Puts it first, in place of the one at the index. */
    private void push(int index, int offset) {
        for (int i = index; i > 0; i--) {
            recent[i] = recent[i - 1];
        }
        recent[0] = offset;
    }
}
