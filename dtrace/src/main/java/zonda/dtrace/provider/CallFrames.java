package zonda.dtrace.provider;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import zonda.dtrace.code.Unwinding.Rule;

/**
 * Where the caller's frame is, for each instruction of a file: the section .eh_frame that compilers write for exceptions,
 * also where code keeps no frame pointer. Its form is that of the Linux Standard Base and of DWARF's call frame
 * information, of which only what a walk up the stack needs is kept: where the frame ends, and where the caller's rbp is.
 */
final class CallFrames {
    /** Files are made by whoever likes: no more than this is read of one. */
    private static final int MOST_ROWS = 1 << 20;

    private static final int OMITTED = 0xff;
    private static final int RELATIVE_TO_PLACE = 0x10;
    private static final int INDIRECT = 0x80;
    private static final int RBP = 6;
    private static final int RSP = 7;
    private static final int RETURN_ADDRESS = 16;
    /** Operations of expressions: DW_OP_breg0 and DW_OP_deref. */
    private static final int BASE_REGISTER = 0x70;

    private static final int DEREFERENCE = 0x06;

    private final ByteBuffer data;
    private final long moved;
    private final List<UnwindRow> rows = new ArrayList<>();
    private final Map<Integer, Common> commons = new HashMap<>();

    /** What several functions have in common: a CIE. @param encoding of addresses @param signal the kernel calls them */
    private record Common(
            long codeUnit, long dataUnit, int encoding, boolean augmented, boolean signal, int start, int end) {}

    /**
     * @param data the file
     * @param moved what an address as linked is above its offset in the file, in this section
     */
    private CallFrames(ByteBuffer data, long moved) {
        this.data = data.duplicate().order(data.order());
        this.moved = moved;
    }

    /**
     * The rows of a section, by their addresses as linked.
     *
     * @param offset of the section in the file
     * @param address of it as linked
     * @throws IndexOutOfBoundsException when the file is cut off or says nonsense
     */
    static List<UnwindRow> read(ByteBuffer file, int offset, long address) {
        var frames = new CallFrames(file, address - offset);
        frames.section(offset);
        frames.rows.sort(Comparator.comparingLong(UnwindRow::address).thenComparing(row -> row.rule() != Rule.NONE));
        var last = new ArrayList<UnwindRow>();
        for (UnwindRow row : frames.rows) {
            if (!last.isEmpty() && last.getLast().address() == row.address()) {
                last.removeLast();
            }
            if (last.isEmpty() || !last.getLast().isLike(row)) {
                last.add(row);
            }
        }
        return last;
    }

    private void section(int offset) {
        int at = offset;
        while (at + 4 <= data.limit() && rows.size() < MOST_ROWS) {
            long length = data.getInt(at) & 0xffffffffL;
            if (length == 0 || length > data.limit() - at - 4L) {
                return;
            }
            int next = at + 4 + (int) length;
            int back = data.getInt(at + 4);
            if (back != 0) {
                function(at + 4 - back, at + 8, next);
            }
            at = next;
        }
    }

    private Common common(int at) {
        return commons.computeIfAbsent(at, _ -> {
            int end = at + 4 + data.getInt(at);
            data.position(at + 9);
            var augmentation = new StringBuilder();
            for (byte c = data.get(); c != 0; c = data.get()) {
                augmentation.append((char) c);
            }
            long codeUnit = unsigned();
            long dataUnit = signed();
            unsigned();
            int encoding = 0;
            boolean augmented = augmentation.indexOf("z") == 0;
            if (augmented) {
                int after = (int) unsigned() + data.position();
                encoding = encoding(augmentation.toString());
                data.position(after);
            }
            return new Common(
                    codeUnit, dataUnit, encoding, augmented, augmentation.indexOf("S") > 0, data.position(), end);
        });
    }

    /** How addresses are written: what belongs to the letter R. */
    private int encoding(String augmentation) {
        for (char letter : augmentation.substring(1).toCharArray()) {
            switch (letter) {
                case 'R' -> {
                    return data.get() & 0xff;
                }
                case 'P' -> pointer(data.get() & 0xff);
                case 'L' -> data.get();
                default -> {}
            }
        }
        return 0;
    }

    /** A number in the form that its encoding says, of which only what x86-64 has is known. */
    private long pointer(int encoding) {
        if (encoding == OMITTED) {
            return 0;
        }
        long here = data.position() + moved;
        long value = switch (encoding & 0xf) {
            case 0, 4, 12 -> data.getLong();
            case 1 -> unsigned();
            case 2 -> data.getShort() & 0xffff;
            case 3 -> data.getInt() & 0xffffffffL;
            case 9 -> signed();
            case 10 -> data.getShort();
            case 11 -> data.getInt();
            default -> throw new IndexOutOfBoundsException("encoding " + encoding);
        };
        if ((encoding & INDIRECT) != 0) {
            return 0;
        }
        return (encoding & 0x70) == RELATIVE_TO_PLACE ? value + here : value;
    }

    private long unsigned() {
        return variable(false);
    }

    private long signed() {
        return variable(true);
    }

    /** A number of as many bytes as it needs: LEB128. */
    private long variable(boolean signed) {
        long value = 0;
        int shift = 0;
        while (true) {
            byte next = data.get();
            value |= (next & 0x7fL) << shift;
            shift += 7;
            if (next >= 0) {
                boolean negative = signed && shift < 64 && (next & 0x40) != 0;
                return negative ? value | -1L << shift : value;
            }
        }
    }

    private void function(int commonAt, int at, int end) {
        if (commonAt < 0) {
            throw new IndexOutOfBoundsException(commonAt);
        }
        Common common = common(commonAt);
        data.position(at);
        long start = pointer(common.encoding());
        long size = pointer(common.encoding() & 0xf);
        if (common.augmented()) {
            int skipped = (int) unsigned();
            data.position(data.position() + skipped);
        }
        int instructions = data.position();
        var state = new State(common, start);
        data.position(common.start());
        state.run(common.end());
        state.begun();
        data.position(instructions);
        state.run(end);
        state.row();
        rows.add(UnwindRow.none(start + size));
    }

    /** Registers while the instructions of a function are gone through. */
    private final class State {
        private final Common common;
        private Frame frame = Frame.NOTHING;
        private Frame first = Frame.NOTHING;
        private final ArrayDeque<Frame> kept = new ArrayDeque<>();
        private long address;

        State(Common common, long address) {
            this.common = common;
            this.address = address;
        }

        /** The common instructions are done: what is restored is restored to this. */
        void begun() {
            first = frame;
        }

        void row() {
            rows.add(frame.at(address, common.signal()));
        }

        private void advance(long units) {
            row();
            address += units * common.codeUnit();
        }

        void run(int end) {
            while (data.position() < end) {
                int instruction = data.get() & 0xff;
                int operand = instruction & 0x3f;
                switch (instruction >> 6) {
                    case 1 -> advance(operand);
                    case 2 -> saved(operand, unsigned() * common.dataUnit());
                    case 3 -> frame = frame.restored(operand, first);
                    default -> other(operand);
                }
            }
        }

        private void saved(int register, long offset) {
            frame = frame.saved(register, offset);
        }

        private void other(int instruction) {
            switch (instruction) {
                case 0x00 -> {}
                case 0x01 -> {
                    row();
                    address = pointer(common.encoding());
                }
                case 0x02 -> advance(data.get() & 0xff);
                case 0x03 -> advance(data.getShort() & 0xffff);
                case 0x04 -> advance(data.getInt() & 0xffffffffL);
                case 0x0a -> kept.push(frame);
                case 0x0b -> frame = kept.isEmpty() ? frame : kept.pop();
                case 0x0c -> frame = frame.ending((int) unsigned(), unsigned());
                case 0x0d -> frame = frame.ending((int) unsigned(), frame.offset());
                case 0x0e -> frame = frame.ending(frame.register(), unsigned());
                case 0x0f -> frame = computed();
                case 0x12 -> frame = frame.ending((int) unsigned(), signed() * common.dataUnit());
                case 0x13 -> frame = frame.ending(frame.register(), signed() * common.dataUnit());
                case 0x2e -> unsigned();
                default -> register(instruction, (int) unsigned());
            }
        }

        private void register(int instruction, int register) {
            switch (instruction) {
                case 0x05 -> saved(register, unsigned() * common.dataUnit());
                case 0x06 -> frame = frame.restored(register, first);
                case 0x07 -> frame = register == RETURN_ADDRESS ? frame.last() : frame.lost(register);
                case 0x08 -> frame = frame.restored(register, Frame.NOTHING);
                case 0x09, 0x14 -> {
                    unsigned();
                    frame = frame.lost(register);
                }
                case 0x10, 0x16 -> {
                    skipBlock();
                    frame = frame.lost(register);
                }
                case 0x11 -> saved(register, signed() * common.dataUnit());
                case 0x15 -> {
                    signed();
                    frame = frame.lost(register);
                }
                case 0x2f -> saved(register, -unsigned() * common.dataUnit());
                default -> throw new IndexOutOfBoundsException("instruction " + instruction);
            }
        }

        /** An expression: of the few that compilers and linkers write, rbp's memory and the linkage are known. */
        private Frame computed() {
            int size = (int) unsigned();
            int next = data.position() + size;
            int operation = data.get() & 0xff;
            long offset = operation == BASE_REGISTER + RBP || operation == BASE_REGISTER + RSP ? signed() : 0;
            int then = data.position() < next ? data.get() & 0xff : 0;
            data.position(next);
            if (operation == BASE_REGISTER + RBP && then == DEREFERENCE && size == 3) {
                return frame.ending(Frame.AT_RBP, offset);
            }
            boolean linkage = operation == BASE_REGISTER + RSP && then == BASE_REGISTER + RETURN_ADDRESS;
            return frame.ending(linkage ? Frame.LINKAGE : 0, 0);
        }

        private void skipBlock() {
            int size = (int) unsigned();
            data.position(data.position() + size);
        }
    }

    /**
     * Where a frame ends and where the caller's rbp is.
     *
     * @param register that the end is an offset from, or how it is computed otherwise
     * @param rbp offset from the end where rbp was saved, 0 where it is as it was
     */
    private record Frame(int register, long offset, long rbp, boolean isLast) {
        static final Frame NOTHING = new Frame(0, 0, 0, false);
        static final int LINKAGE = -1;
        static final int AT_RBP = -2;

        Frame ending(int register, long offset) {
            return new Frame(register, offset, rbp, isLast);
        }

        Frame saved(int register, long offset) {
            return register == RBP ? new Frame(this.register, this.offset, offset, isLast) : this;
        }

        Frame restored(int register, Frame first) {
            return register == RBP ? new Frame(this.register, offset, first.rbp, isLast) : this;
        }

        /** What another way of saving leads to is not followed: rbp stays as it is. */
        Frame lost(int register) {
            return restored(register, NOTHING);
        }

        Frame last() {
            return new Frame(register, offset, rbp, true);
        }

        UnwindRow at(long address, boolean signal) {
            if (signal) {
                return new UnwindRow(address, Rule.SIGNAL, 0, 0);
            }
            if (isLast) {
                return new UnwindRow(address, Rule.LAST, 0, 0);
            }
            boolean fits = offset == (int) offset && rbp == (short) rbp;
            Rule rule = switch (register) {
                case RSP -> Rule.RSP;
                case RBP -> Rule.RBP;
                case AT_RBP -> Rule.AT_RBP;
                case LINKAGE -> Rule.LINKAGE;
                default -> Rule.NONE;
            };
            return fits ? new UnwindRow(address, rule, (int) offset, (int) rbp) : UnwindRow.none(address);
        }
    }
}
