package zonda.kernel;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntUnaryOperator;

/**
 * Writes eBPF instructions: struct bpf_insn of linux/bpf.h, eight bytes each, kept as little-endian longs.
 *
 * <p>Jumps go to labels, which are numbers from {@link #newLabel} and may be placed after their use. Maps are named by an
 * index of the caller's; {@link #link} puts in the descriptors. Only instructions of Linux 6.1 are written (no sdiv, no
 * sign-extending loads).
 */
public final class BpfAssembler {
    /** Width of a load or store: the size bits of the opcode. */
    public enum Width {
        BYTE(0x10, 1),
        HALF(0x08, 2),
        WORD(0x00, 4),
        DOUBLE(0x18, 8);

        final int bits;
        private final int bytes;

        Width(int bits, int bytes) {
            this.bits = bits;
            this.bytes = bytes;
        }

        public int bytes() {
            return bytes;
        }

        /** @param bytes 1, 2, 4 or 8 */
        public static Width of(int bytes) {
            return switch (bytes) {
                case 1 -> BYTE;
                case 2 -> HALF;
                case 4 -> WORD;
                case 8 -> DOUBLE;
                default -> throw new IllegalArgumentException("a load of " + bytes + " bytes");
            };
        }
    }

    /** Arithmetic on 64 bits: the operation bits of the opcode. */
    public enum Alu {
        ADD(0x00),
        SUB(0x10),
        MUL(0x20),
        DIV(0x30),
        OR(0x40),
        AND(0x50),
        LSH(0x60),
        RSH(0x70),
        MOD(0x90),
        XOR(0xa0),
        MOV(0xb0),
        ARSH(0xc0);

        final int bits;

        Alu(int bits) {
            this.bits = bits;
        }
    }

    /** Conditions of jumps; S is signed. */
    public enum Jump {
        EQ(0x10),
        GT(0x20),
        GE(0x30),
        SET(0x40),
        NE(0x50),
        SGT(0x60),
        SGE(0x70),
        LT(0xa0),
        LE(0xb0),
        SLT(0xc0),
        SLE(0xd0);

        final int bits;

        Jump(int bits) {
            this.bits = bits;
        }
    }

    private static final int ALU64_IMM = 0x07;
    private static final int ALU64_REG = 0x0f;
    private static final int JMP_IMM = 0x05;
    private static final int JMP_REG = 0x0d;
    private static final int LD_IMM64 = 0x18;
    private static final int PSEUDO_MAP_FD = 1;
    private static final int PSEUDO_MAP_VALUE = 2;
    private static final int PSEUDO_CALL = 1;
    static final int PSEUDO_FUNCTION = 4;
    private static final int FARTHEST = Short.MAX_VALUE;

    /** BPF_FETCH of linux/bpf.h: an atomic operation that also answers the old value. */
    private static final int FETCH = 1;

    private static final int CMPXCHG = 0xf1;

    private long[] code = new long[256];
    private int length;
    private int labels;
    private final Map<Integer, Integer> places = new HashMap<>();
    private final Map<Integer, Integer> jumps = new HashMap<>();
    private final Map<Integer, Integer> calls = new HashMap<>();
    private final Map<Integer, Integer> addresses = new HashMap<>();
    private final List<int[]> maps = new ArrayList<>();

    /** A program that jumps farther than an instruction can say. */
    public static final class TooFarException extends RuntimeException {
        TooFarException(int distance) {
            super("a jump over " + distance + " instructions");
        }
    }

    private BpfAssembler raw(int opcode, int to, int from, int offset, int immediate) {
        if (length == code.length) {
            code = Arrays.copyOf(code, length * 2);
        }
        code[length++] = (opcode & 0xffL)
                | (long) to << 8
                | (long) from << 12
                | (offset & 0xffffL) << 16
                | (immediate & 0xffffffffL) << 32;
        return this;
    }

    /** Number of instructions so far. */
    public int length() {
        return length;
    }

    /** to = from. */
    public BpfAssembler move(int to, int from) {
        return raw(Alu.MOV.bits | ALU64_REG, to, from, 0, 0);
    }

    /** to = value, in the shortest form. */
    public BpfAssembler constant(int to, long value) {
        if (value == (int) value) {
            return raw(Alu.MOV.bits | ALU64_IMM, to, 0, 0, (int) value);
        }
        return raw(LD_IMM64, to, 0, 0, (int) value).raw(0, 0, 0, 0, (int) (value >>> 32));
    }

    /** to = to op value. */
    public BpfAssembler alu(Alu operation, int to, int value) {
        return raw(operation.bits | ALU64_IMM, to, 0, 0, value);
    }

    /** to = to op from. */
    public BpfAssembler aluRegister(Alu operation, int to, int from) {
        return raw(operation.bits | ALU64_REG, to, from, 0, 0);
    }

    /** The low 32 bits of to, zero-extended. */
    public BpfAssembler zeroExtend32(int to) {
        return raw(Alu.MOV.bits | 0x0c, to, to, 0, 0);
    }

    public BpfAssembler negate(int to) {
        return raw(0x80 | ALU64_IMM, to, 0, 0, 0);
    }

    /** Bytes of the low bits in network order. @param bits 16, 32 or 64 */
    public BpfAssembler bigEndian(int to, int bits) {
        return raw(0xdc, to, 0, 0, bits);
    }

    // An instruction has 16 bits for an offset. Where one needs more, the register is moved there and back.

    public BpfAssembler load(Width width, int to, int from, int offset) {
        if (isNear(offset)) {
            return raw(0x61 | width.bits, to, from, offset, 0);
        }
        alu(Alu.ADD, from, offset).raw(0x61 | width.bits, to, from, 0, 0);
        return to == from ? this : alu(Alu.ADD, from, -offset);
    }

    public BpfAssembler store(Width width, int to, int offset, int from) {
        if (isNear(offset)) {
            return raw(0x63 | width.bits, to, from, offset, 0);
        }
        if (to == from) {
            throw new IllegalArgumentException("a register can not be stored so far from where it points");
        }
        return alu(Alu.ADD, to, offset).raw(0x63 | width.bits, to, from, 0, 0).alu(Alu.ADD, to, -offset);
    }

    public BpfAssembler storeConstant(Width width, int to, int offset, int value) {
        if (isNear(offset)) {
            return raw(0x62 | width.bits, to, 0, offset, value);
        }
        return alu(Alu.ADD, to, offset).raw(0x62 | width.bits, to, 0, 0, value).alu(Alu.ADD, to, -offset);
    }

    private static boolean isNear(int offset) {
        return offset == (short) offset;
    }

    /** An atomic operation on 64 bits of memory: ADD, OR, AND or XOR. */
    public BpfAssembler atomic(Alu operation, int to, int offset, int from) {
        return raw(0xdb, to, from, offset, operation.bits);
    }

    /** As {@link #atomic}, and from gets what was there. */
    public BpfAssembler atomicFetch(Alu operation, int to, int offset, int from) {
        return raw(0xdb, to, from, offset, operation.bits | FETCH);
    }

    /** If the 64 bits at to + offset equal r0, they become from; r0 gets what was there. */
    public BpfAssembler compareExchange(int to, int offset, int from) {
        return raw(0xdb, to, from, offset, CMPXCHG);
    }

    /** Calls a helper function of bpf-helpers(7) by number. */
    public BpfAssembler call(int helper) {
        return raw(0x85, 0, 0, 0, helper);
    }

    /** Calls the function of this program that begins at the label. */
    public BpfAssembler callLocal(int label) {
        calls.put(length, label);
        return raw(0x85, 0, PSEUDO_CALL, 0, 0);
    }

    /** to = the address of the function that begins at the label, for helpers that call it: bpf_loop (Linux 5.17). */
    public BpfAssembler function(int to, int label) {
        addresses.put(length, label);
        return raw(LD_IMM64, to, PSEUDO_FUNCTION, 0, 0).raw(0, 0, 0, 0, 0);
    }

    public BpfAssembler exit() {
        return raw(0x95, 0, 0, 0, 0);
    }

    /** to = the map of that index. */
    public BpfAssembler map(int to, int index) {
        maps.add(new int[] {length, index});
        return raw(LD_IMM64, to, PSEUDO_MAP_FD, 0, index).raw(0, 0, 0, 0, 0);
    }

    /** to = the address in the only value of the array map of that index. */
    public BpfAssembler mapValue(int to, int index, int offset) {
        maps.add(new int[] {length, index});
        return raw(LD_IMM64, to, PSEUDO_MAP_VALUE, 0, index).raw(0, 0, 0, 0, offset);
    }

    public int newLabel() {
        return labels++;
    }

    /** The label is here. */
    public BpfAssembler place(int label) {
        if (places.put(label, length) != null) {
            throw new IllegalStateException("label " + label + " is placed twice");
        }
        return this;
    }

    public BpfAssembler jump(int label) {
        jumps.put(length, label);
        return raw(JMP_IMM, 0, 0, 0, 0);
    }

    public BpfAssembler jump(Jump condition, int left, int value, int label) {
        jumps.put(length, label);
        return raw(condition.bits | JMP_IMM, left, 0, 0, value);
    }

    public BpfAssembler jumpRegister(Jump condition, int left, int right, int label) {
        jumps.put(length, label);
        return raw(condition.bits | JMP_REG, left, right, 0, 0);
    }

    /**
     * The finished code, with indexes where the descriptors of maps belong.
     *
     * @throws TooFarException when a jump does not fit 16 bits
     */
    public long[] code() {
        return link(index -> index);
    }

    /**
     * The finished code. What can not be reached is left out, since the verifier refuses a program that has such code.
     *
     * @param descriptors the number of a map's descriptor by its index
     */
    public long[] link(IntUnaryOperator descriptors) {
        boolean[] reached = reachable();
        int[] moved = new int[length + 1];
        for (int at = 0; at < length; at++) {
            moved[at + 1] = moved[at] + (reached[at] ? 1 : 0);
        }
        long[] linked = new long[moved[length]];
        for (int at = 0; at < length; at++) {
            if (reached[at]) {
                linked[moved[at]] = finished(at, moved);
            }
        }
        for (int[] map : maps) {
            if (reached[map[0]]) {
                int at = moved[map[0]];
                linked[at] = linked[at] & 0xffffffffL | (descriptors.applyAsInt(map[1]) & 0xffffffffL) << 32;
            }
        }
        return linked;
    }

    private long finished(int at, int[] moved) {
        Integer jump = jumps.get(at);
        if (jump != null) {
            int distance = moved[target(jump)] - moved[at] - 1;
            if (distance > FARTHEST || distance < -FARTHEST) {
                throw new TooFarException(distance);
            }
            return code[at] & ~(0xffffL << 16) | (distance & 0xffffL) << 16;
        }
        Integer call = calls.getOrDefault(at, addresses.get(at));
        return call == null ? code[at] : code[at] | (moved[target(call)] - moved[at] - 1 & 0xffffffffL) << 32;
    }

    /** Which instructions can be reached from the first. */
    private boolean[] reachable() {
        boolean[] reached = new boolean[length];
        var starts = new ArrayDeque<Integer>();
        starts.add(0);
        while (!starts.isEmpty()) {
            int at = starts.remove();
            while (at < length && !reached[at]) {
                reached[at] = true;
                int opcode = (int) (code[at] & 0xff);
                Integer jump = jumps.get(at);
                Integer call = calls.getOrDefault(at, addresses.get(at));
                if (jump != null) {
                    starts.add(target(jump));
                } else if (call != null) {
                    starts.add(target(call));
                }
                if (opcode == 0x05 || opcode == 0x95) {
                    break;
                }
                at++;
            }
        }
        return reached;
    }

    private int target(int label) {
        Integer place = places.get(label);
        if (place == null) {
            throw new IllegalStateException("label " + label + " is nowhere");
        }
        return place;
    }
}
