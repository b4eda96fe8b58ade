package zonda.dtrace.code;

import static zonda.dtrace.code.Maps.*;

import java.util.EnumMap;
import java.util.Map;
import zonda.kernel.BpfAssembler;
import zonda.kernel.BpfAssembler.Alu;
import zonda.kernel.BpfAssembler.Jump;

/**
 * Functions that programs call where a loop is needed: searching text, numbers to text and back. Each is written behind
 * the program once, if it is called.
 *
 * <p>They get addresses in the slot in r1 and r2, numbers in r3 and r4, and the slot itself in r5. What they find they
 * leave in the work words of the slot: a number that came through memory has no known value, so the verifier goes over
 * the code behind the call once and not once for each result.
 */
final class Library {
    enum Function {
        /** Work 0 = first index from r3 on of text r2 in text r1, or -1; r4 has the masks of r2's words. */
        FIND_FIRST,
        /** Work 0 = last index up to r3. */
        FIND_LAST,
        /** As {@link #FIND_FIRST}, for a text of at most eight bytes, which is far less for the verifier to do. */
        FIND_FIRST_SHORT,
        FIND_LAST_SHORT,
        /** Work 0, 1 = start and end of the last component of path r1; work 2 = end of what is before it. */
        SCAN_PATH,
        /** Sets in the four words r2 a bit for each byte of text r1. */
        SET_BITS,
        /** Work 0, 1 = start and end of the next token of text r1 from r3 on, between bytes of the set r2. */
        TOKEN,
        /** Digits of r3 in base r4, ending before byte 67 of r1; work 0 = their start. */
        DIGITS,
        /** Work 0 = the number that text r1 begins with, in base r3. */
        PARSE
    }

    static final int DIGITS_SIZE = 72;
    private static final int LAST_DIGIT = 66;
    private static final int WORK0 = SLOT_WORK;
    private static final int WORK1 = SLOT_WORK + 8;
    private static final int WORK2 = SLOT_WORK + 16;
    private static final int WORK3 = SLOT_WORK + 24;
    private static final int START = WORK1;
    private static final int WORD = WORK3;

    private final BpfAssembler asm;
    private final int size;
    private final Map<Function, Integer> used = new EnumMap<>(Function.class);

    Library(BpfAssembler asm, int stringSize) {
        this.asm = asm;
        this.size = stringSize;
    }

    void call(Function function) {
        asm.move(R5, SLOT);
        asm.callLocal(used.computeIfAbsent(function, _ -> asm.newLabel()));
    }

    void callFind(boolean last, boolean isShort) {
        if (isShort) {
            call(last ? Function.FIND_LAST_SHORT : Function.FIND_FIRST_SHORT);
        } else {
            call(last ? Function.FIND_LAST : Function.FIND_FIRST);
        }
    }

    /** Writes the functions that were called. */
    void emit() {
        used.forEach((function, label) -> {
            asm.place(label);
            switch (function) {
                case FIND_FIRST -> find(true, false);
                case FIND_LAST -> find(false, false);
                case FIND_FIRST_SHORT -> find(true, true);
                case FIND_LAST_SHORT -> find(false, true);
                case SCAN_PATH -> scanPath();
                case SET_BITS -> setBits();
                case TOKEN -> token();
                case DIGITS -> digits();
                case PARSE -> parse();
            }
        });
    }

    /** r6 goes over the text in r1, r0 counts. */
    private record Loop(int again, int next, int end) {}

    private Loop begin() {
        var loop = new Loop(asm.newLabel(), asm.newLabel(), asm.newLabel());
        asm.move(6, R1).constant(R0, 0).place(loop.again());
        asm.load(B, R1, 6, 0).jump(Jump.EQ, R1, 0, loop.end());
        return loop;
    }

    private void end(Loop loop, int most) {
        asm.place(loop.next())
                .alu(Alu.ADD, 6, 1)
                .alu(Alu.ADD, R0, 1)
                .jump(Jump.LT, R0, most, loop.again())
                .place(loop.end());
    }

    /**
     * Numbers that are compared in a loop are read from memory each time: what the verifier learns of one in a register
     * by comparing it would make every turn of the loop another state for it.
     */
    private void find(boolean first, boolean isShort) {
        asm.move(7, R2).move(8, R5).move(9, R4).store(DW, 8, START, R3);
        asm.load(DW, R3, 9, 0).load(DW, R2, 7, 0).aluRegister(Alu.AND, R2, R3).store(DW, 8, WORD, R2);
        asm.storeConstant(DW, 8, WORK0, -1);
        Loop loop = begin();
        asm.load(DW, R2, 8, START);
        if (first) {
            asm.jumpRegister(Jump.LT, R0, R2, loop.next());
        } else {
            asm.jumpRegister(Jump.GT, R0, R2, loop.end());
        }
        asm.load(DW, R1, 6, 0).load(DW, R2, 9, 0).aluRegister(Alu.AND, R1, R2).load(DW, R2, 8, WORD);
        asm.jumpRegister(Jump.NE, R1, R2, loop.next());
        if (!isShort) {
            rest();
            asm.jump(Jump.NE, R3, 0, loop.next());
        }
        asm.store(DW, 8, WORK0, R0);
        if (first) {
            asm.jump(loop.end());
        }
        end(loop, size);
        asm.constant(R0, 0).exit();
    }

    /** r3 = what differs beyond the first eight bytes: without a jump, for the verifier follows only so many. */
    private void rest() {
        asm.constant(R3, 0);
        for (int at = 8; at < size; at += 8) {
            asm.load(DW, R1, 6, at).load(DW, R2, 7, at).aluRegister(Alu.XOR, R1, R2);
            asm.load(DW, R2, 9, at).aluRegister(Alu.AND, R1, R2).aluRegister(Alu.OR, R3, R1);
        }
    }

    /** Writes a mask for each word of a text: which of its bytes are within the length in r0. */
    static void masks(Emitter emitter, int place, boolean isShort) {
        BpfAssembler asm = emitter.asm;
        for (int at = 0; at < (isShort ? 8 : emitter.stringSize); at += 8) {
            int store = asm.newLabel();
            asm.move(R2, R0).alu(Alu.SUB, R2, at);
            asm.constant(R1, 0).jump(Jump.SLE, R2, 0, store).constant(R1, -1).jump(Jump.SGE, R2, 8, store);
            asm.constant(R1, 1).alu(Alu.LSH, R2, 3).aluRegister(Alu.LSH, R1, R2).alu(Alu.ADD, R1, -1);
            asm.place(store).store(DW, SLOT, place + at, R1);
        }
    }

    private void scanPath() {
        asm.move(9, R5);
        for (int work : new int[] {WORK0, WORK1, WORK2}) {
            asm.storeConstant(DW, 9, work, 0);
        }
        asm.storeConstant(DW, 9, WORK3, 1);
        Loop loop = begin();
        int other = asm.newLabel();
        int within = asm.newLabel();
        asm.jump(Jump.NE, R1, '/', other)
                .storeConstant(DW, 9, WORK3, 1)
                .jump(loop.next())
                .place(other);
        asm.load(DW, R2, 9, WORK3).jump(Jump.EQ, R2, 0, within);
        asm.load(DW, R2, 9, WORK1)
                .store(DW, 9, WORK2, R2)
                .store(DW, 9, WORK0, R0)
                .storeConstant(DW, 9, WORK3, 0)
                .place(within);
        asm.move(R1, R0).alu(Alu.ADD, R1, 1).store(DW, 9, WORK1, R1);
        end(loop, size);
        asm.constant(R0, 0).exit();
    }

    /** r3 = the address of the word of the set in r7 for the byte in r1. */
    private void wordOfSet() {
        asm.move(R2, R1).alu(Alu.RSH, R2, 6).alu(Alu.LSH, R2, 3).alu(Alu.AND, R2, 24);
        asm.move(R3, 7).aluRegister(Alu.ADD, R3, R2);
    }

    private void setBits() {
        asm.move(7, R2);
        Loop loop = begin();
        wordOfSet();
        asm.load(DW, R4, R3, 0)
                .alu(Alu.AND, R1, 63)
                .constant(R2, 1)
                .aluRegister(Alu.LSH, R2, R1)
                .aluRegister(Alu.OR, R4, R2)
                .store(DW, R3, 0, R4);
        end(loop, size);
        asm.constant(R0, 0).exit();
    }

    private void token() {
        asm.move(7, R2).move(9, R5).store(DW, 9, WORK2, R3).storeConstant(DW, 9, WORK0, -1);
        Loop loop = begin();
        int separator = asm.newLabel();
        asm.load(DW, R2, 9, WORK2).jumpRegister(Jump.LT, R0, R2, loop.next());
        wordOfSet();
        asm.load(DW, R3, R3, 0)
                .alu(Alu.AND, R1, 63)
                .aluRegister(Alu.RSH, R3, R1)
                .alu(Alu.AND, R3, 1)
                .load(DW, R2, 9, WORK0)
                .jump(Jump.NE, R3, 0, separator)
                .jump(Jump.NE, R2, -1, loop.next())
                .store(DW, 9, WORK0, R0)
                .jump(loop.next())
                .place(separator)
                .jump(Jump.NE, R2, -1, loop.end());
        end(loop, size);
        asm.store(DW, 9, WORK1, R0).constant(R0, 0).exit();
    }

    private void digits() {
        int again = asm.newLabel();
        int positive = asm.newLabel();
        int decimal = asm.newLabel();
        int done = asm.newLabel();
        asm.move(6, R1).alu(Alu.ADD, 6, LAST_DIGIT).move(7, R3).move(8, R4).move(9, R5);
        // Only base ten has a sign.
        asm.storeConstant(DW, 9, WORK1, 0)
                .jump(Jump.NE, 8, 10, positive)
                .jump(Jump.SGE, 7, 0, positive)
                .negate(7)
                .storeConstant(DW, 9, WORK1, 1)
                .place(positive);
        asm.constant(R0, LAST_DIGIT).place(again);
        asm.move(R1, 7).aluRegister(Alu.MOD, R1, 8).aluRegister(Alu.DIV, 7, 8);
        asm.jump(Jump.LT, R1, 10, decimal).alu(Alu.ADD, R1, 'a' - '0' - 10).place(decimal);
        asm.alu(Alu.ADD, R1, '0').store(B, 6, 0, R1).store(DW, 9, WORK0, R0);
        asm.alu(Alu.ADD, R0, -1).alu(Alu.ADD, 6, -1);
        asm.jump(Jump.EQ, 7, 0, done).jump(Jump.SGT, R0, 1, again).place(done);
        int end = asm.newLabel();
        asm.load(DW, R1, 9, WORK1)
                .jump(Jump.EQ, R1, 0, end)
                .storeConstant(B, 6, 0, '-')
                .store(DW, 9, WORK0, R0)
                .place(end);
        asm.constant(R0, 0).exit();
    }

    private void parse() {
        int sign = asm.newLabel();
        int digit = asm.newLabel();
        int lower = asm.newLabel();
        int value = asm.newLabel();
        asm.move(9, R5).store(DW, 9, WORK3, R3);
        for (int work : new int[] {WORK0, WORK1, WORK2}) {
            asm.storeConstant(DW, 9, work, 0);
        }
        Loop loop = begin();
        asm.load(DW, 8, 9, WORK3).load(DW, R2, 9, WORK2).jump(Jump.NE, R2, 0, digit);
        for (char blank : new char[] {' ', '\t', '\n'}) {
            asm.jump(Jump.EQ, R1, blank, loop.next());
        }
        asm.storeConstant(DW, 9, WORK2, 1).jump(Jump.EQ, R1, '-', sign).jump(Jump.EQ, R1, '+', loop.next());
        asm.jump(digit)
                .place(sign)
                .storeConstant(DW, 9, WORK1, 1)
                .jump(loop.next())
                .place(digit);
        // 0x of base 16 counts as zero.
        int plain = asm.newLabel();
        asm.jump(Jump.NE, 8, 16, plain)
                .move(R2, R1)
                .alu(Alu.OR, R2, 0x20)
                .jump(Jump.NE, R2, 'x', plain)
                .load(DW, R2, 9, WORK0)
                .jump(Jump.EQ, R2, 0, loop.next())
                .place(plain);
        asm.jump(Jump.LT, R1, '0', loop.end()).jump(Jump.GT, R1, '9', lower);
        asm.alu(Alu.SUB, R1, '0').jump(value).place(lower);
        asm.alu(Alu.OR, R1, 0x20).jump(Jump.LT, R1, 'a', loop.end()).jump(Jump.GT, R1, 'z', loop.end());
        asm.alu(Alu.SUB, R1, 'a' - 10).place(value);
        asm.jumpRegister(Jump.GE, R1, 8, loop.end());
        asm.load(DW, R2, 9, WORK0)
                .aluRegister(Alu.MUL, R2, 8)
                .aluRegister(Alu.ADD, R2, R1)
                .store(DW, 9, WORK0, R2);
        end(loop, Math.min(size, 80));
        int end = asm.newLabel();
        asm.load(DW, R1, 9, WORK1).jump(Jump.EQ, R1, 0, end);
        asm.load(DW, R1, 9, WORK0).negate(R1).store(DW, 9, WORK0, R1).place(end);
        asm.constant(R0, 0).exit();
    }
}
