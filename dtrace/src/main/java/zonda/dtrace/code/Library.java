package zonda.dtrace.code;

import static zonda.dtrace.code.Maps.*;

import java.util.ArrayDeque;
import java.util.EnumMap;
import java.util.Map;
import zonda.kernel.BpfAssembler;
import zonda.kernel.BpfAssembler.Alu;
import zonda.kernel.BpfAssembler.Jump;

/**
 * Functions that programs call where a loop is needed: searching text, numbers to text and back. Each is written behind
 * the program once, if it is called.
 *
 * <p>They get addresses in the slot in r1, r2 and r4, numbers in r3 and r4, and the slot itself in r5. What they find they
 * leave in the work words of the slot: a number that came through memory has no known value, so the verifier goes over
 * the code behind the call once and not once for each result. For the same reason the body of a loop is a function that
 * the helper bpf_loop calls: the verifier goes over it once for each call, however long the text may be.
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
        PARSE,
        /** Work 0, 1 = start and end in text r1 of what path r2 leads to; r4 is a place for {@link JsonSearch}. */
        JSON,
        /** Writes path r1 without what says nothing to r4; work 0, 1 = start and end of what was written. */
        CLEAN_PATH,
        /** Waits until the clock is at work 0. */
        WAIT,
        /** Writes the IPv6 address in the eight words r2, each of a group, to the zeroed place r4. */
        INET6,
        /** As {@link Unwinder#emit} says. */
        UNWIND
    }

    static final int DIGITS_SIZE = 72;
    private static final int LAST_DIGIT = 66;
    private static final int WORK0 = SLOT_WORK;
    private static final int WORK1 = SLOT_WORK + 8;
    private static final int WORK2 = SLOT_WORK + 16;
    private static final int WORK3 = SLOT_WORK + 24;
    private static final int START = WORK1;
    private static final int WORD = WORK3;
    private static final int BPF_LOOP = 181;
    private static final int MOST_TURNS = 1 << 23;

    /** Registers of a loop's body, and where on the stack they come from. */
    static final int TEXT = 6;

    static final int OTHER = 7;
    static final int THIRD = 8;
    static final int MEMORY = 9;
    private static final int KEPT = -32;

    private final BpfAssembler asm;
    private final int size;
    private int unwindRows;
    private final ArrayDeque<Body> bodies = new ArrayDeque<>();
    private final Map<Function, Integer> used = new EnumMap<>(Function.class);

    Library(BpfAssembler asm, int stringSize) {
        this.asm = asm;
        this.size = stringSize;
    }

    /** Walks up the stack of a process by a table that has that many rows. */
    void callUnwind(int rows) {
        unwindRows = rows;
        call(Function.UNWIND);
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
                case JSON -> new JsonSearch(this, asm, size).emit();
                case CLEAN_PATH -> new CleanPath(this, asm, size).emit();
                case WAIT -> await();
                case INET6 -> new Inet6Text(asm).emit();
                case UNWIND -> new Unwinder(this, asm, unwindRows).emit();
            }
            while (!bodies.isEmpty()) {
                body(bodies.remove());
            }
        });
    }

    /** What a loop does for each byte. @param end where it goes when the loop is to end @param next when it goes on */
    private record Body(int label, int most, int next, int end, Runnable code) {}

    /** Where a loop's body may go. */
    record Loop(int next, int end) {}

    /** Keeps what the function was given where the bodies of its loops find it. */
    void keep(boolean other, boolean third) {
        asm.store(DW, FRAME, KEPT + 24, R1).store(DW, FRAME, KEPT + 16, R5);
        if (other) {
            asm.store(DW, FRAME, KEPT + 8, R2);
        }
        if (third) {
            asm.store(DW, FRAME, KEPT, R4);
        }
        asm.move(MEMORY, R5);
    }

    /**
     * Goes over the text, which ends at a zero byte, and no farther than that many bytes.
     *
     * <p>The body finds the index in r0, the byte in r1, the place of the byte in r6, and the slot in r9. It must not
     * touch what is around it.
     */
    void loop(int most, boolean other, boolean third, java.util.function.Consumer<Loop> code) {
        var loop = new Loop(asm.newLabel(), asm.newLabel());
        times(most, loop, () -> {
            asm.move(R0, R1).jump(Jump.GE, R0, most, loop.end());
            context(other, third);
            asm.aluRegister(Alu.ADD, TEXT, R0).load(B, R1, TEXT, 0).jump(Jump.EQ, R1, 0, loop.end());
            code.accept(loop);
        });
    }

    /** Calls the body that many times, with the number of the turn in r1 and nothing else. */
    void times(int most, Loop loop, Runnable code) {
        var body = new Body(asm.newLabel(), most, loop.next(), loop.end(), code);
        bodies.add(body);
        asm.move(R3, FRAME).alu(Alu.ADD, R3, KEPT).constant(R1, most);
        asm.function(R2, body.label()).constant(R4, 0).call(BPF_LOOP);
    }

    /** In a body, where r2 is where the function kept things: fetches them. */
    void context(boolean other, boolean third) {
        asm.load(DW, TEXT, R2, 24).load(DW, MEMORY, R2, 16);
        if (other) {
            asm.load(DW, OTHER, R2, 8);
        }
        if (third) {
            asm.load(DW, THIRD, R2, 0);
        }
    }

    private void body(Body body) {
        asm.place(body.label());
        body.code().run();
        asm.place(body.next()).constant(R0, 0).exit();
        asm.place(body.end()).constant(R0, 1).exit();
    }

    /** As often as the kernel lets a loop turn, and that a few times: half a second, if a look at the clock takes 15 ns. */
    private void await() {
        keep(false, false);
        for (int i = 0; i < 4; i++) {
            var loop = new Loop(asm.newLabel(), asm.newLabel());
            times(MOST_TURNS, loop, () -> {
                context(false, false);
                asm.call(Emitter.KTIME).load(DW, R1, MEMORY, WORK0).jumpRegister(Jump.GE, R0, R1, loop.end());
            });
        }
        asm.constant(R0, 0).exit();
    }

    private void find(boolean first, boolean isShort) {
        keep(true, true);
        asm.store(DW, MEMORY, START, R3).load(DW, R3, R4, 0).load(DW, R2, R2, 0);
        asm.aluRegister(Alu.AND, R2, R3).store(DW, MEMORY, WORD, R2).storeConstant(DW, MEMORY, WORK0, -1);
        loop(size, true, true, loop -> {
            asm.load(DW, R2, MEMORY, START);
            asm.jumpRegister(first ? Jump.LT : Jump.GT, R0, R2, first ? loop.next() : loop.end());
            asm.load(DW, R1, TEXT, 0).load(DW, R2, THIRD, 0).aluRegister(Alu.AND, R1, R2);
            asm.load(DW, R2, MEMORY, WORD).jumpRegister(Jump.NE, R1, R2, loop.next());
            if (!isShort) {
                rest();
                asm.jump(Jump.NE, R3, 0, loop.next());
            }
            asm.store(DW, MEMORY, WORK0, R0);
            if (first) {
                asm.jump(loop.end());
            }
        });
        asm.constant(R0, 0).exit();
    }

    /** r3 = what differs beyond the first eight bytes: without a jump, for the verifier follows only so many. */
    private void rest() {
        asm.constant(R3, 0);
        for (int at = 8; at < size; at += 8) {
            asm.load(DW, R1, TEXT, at).load(DW, R2, OTHER, at).aluRegister(Alu.XOR, R1, R2);
            asm.load(DW, R2, THIRD, at).aluRegister(Alu.AND, R1, R2).aluRegister(Alu.OR, R3, R1);
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
        keep(false, false);
        for (int work : new int[] {WORK0, WORK1, WORK2}) {
            asm.storeConstant(DW, MEMORY, work, 0);
        }
        asm.storeConstant(DW, MEMORY, WORK3, 1);
        loop(size, false, false, loop -> {
            int other = asm.newLabel();
            int within = asm.newLabel();
            asm.jump(Jump.NE, R1, '/', other)
                    .storeConstant(DW, MEMORY, WORK3, 1)
                    .jump(loop.next())
                    .place(other);
            asm.load(DW, R2, MEMORY, WORK3).jump(Jump.EQ, R2, 0, within);
            asm.load(DW, R2, MEMORY, WORK1)
                    .store(DW, MEMORY, WORK2, R2)
                    .store(DW, MEMORY, WORK0, R0)
                    .storeConstant(DW, MEMORY, WORK3, 0)
                    .place(within);
            asm.move(R1, R0).alu(Alu.ADD, R1, 1).store(DW, MEMORY, WORK1, R1);
        });
        asm.constant(R0, 0).exit();
    }

    /** r3 = the address of the word of the set in r7 for the byte in r1. */
    private void wordOfSet() {
        asm.move(R2, R1).alu(Alu.RSH, R2, 6).alu(Alu.LSH, R2, 3).alu(Alu.AND, R2, 24);
        asm.move(R3, OTHER).aluRegister(Alu.ADD, R3, R2);
    }

    private void setBits() {
        keep(true, false);
        loop(size, true, false, _ -> {
            wordOfSet();
            asm.load(DW, R4, R3, 0)
                    .alu(Alu.AND, R1, 63)
                    .constant(R2, 1)
                    .aluRegister(Alu.LSH, R2, R1)
                    .aluRegister(Alu.OR, R4, R2)
                    .store(DW, R3, 0, R4);
        });
        asm.constant(R0, 0).exit();
    }

    private void token() {
        keep(true, false);
        // Where the text ends without a separator, part() ends, too.
        asm.store(DW, MEMORY, WORK2, R3).storeConstant(DW, MEMORY, WORK0, -1).storeConstant(DW, MEMORY, WORK1, size);
        loop(size, true, false, loop -> {
            int separator = asm.newLabel();
            asm.load(DW, R2, MEMORY, WORK2).jumpRegister(Jump.LT, R0, R2, loop.next());
            wordOfSet();
            asm.load(DW, R3, R3, 0)
                    .alu(Alu.AND, R1, 63)
                    .aluRegister(Alu.RSH, R3, R1)
                    .alu(Alu.AND, R3, 1)
                    .load(DW, R2, MEMORY, WORK0)
                    .jump(Jump.NE, R3, 0, separator)
                    .jump(Jump.NE, R2, -1, loop.next())
                    .store(DW, MEMORY, WORK0, R0)
                    .jump(loop.next())
                    .place(separator)
                    .jump(Jump.EQ, R2, -1, loop.next())
                    .store(DW, MEMORY, WORK1, R0)
                    .jump(loop.end());
        });
        asm.constant(R0, 0).exit();
    }

    private void digits() {
        int positive = asm.newLabel();
        int end = asm.newLabel();
        keep(false, false);
        // Only base ten has a sign.
        asm.storeConstant(DW, MEMORY, WORK1, 0)
                .jump(Jump.NE, R4, 10, positive)
                .jump(Jump.SGE, R3, 0, positive)
                .negate(R3)
                .storeConstant(DW, MEMORY, WORK1, 1)
                .place(positive);
        asm.store(DW, MEMORY, WORK2, R3).store(DW, MEMORY, WORK3, R4).storeConstant(DW, MEMORY, WORK0, 0);
        var loop = new Loop(asm.newLabel(), asm.newLabel());
        times(LAST_DIGIT, loop, () -> {
            int decimal = asm.newLabel();
            asm.move(R0, R1).jump(Jump.GE, R0, LAST_DIGIT, loop.end());
            context(false, false);
            asm.load(DW, R1, MEMORY, WORK2).load(DW, R3, MEMORY, WORK3).jump(Jump.EQ, R3, 0, loop.end());
            asm.move(R4, R1)
                    .aluRegister(Alu.DIV, R4, R3)
                    .store(DW, MEMORY, WORK2, R4)
                    .aluRegister(Alu.MOD, R1, R3);
            asm.jump(Jump.LT, R1, 10, decimal).alu(Alu.ADD, R1, 'a' - '0' - 10).place(decimal);
            asm.constant(R2, LAST_DIGIT).aluRegister(Alu.SUB, R2, R0).store(DW, MEMORY, WORK0, R2);
            asm.alu(Alu.ADD, R1, '0').aluRegister(Alu.ADD, TEXT, R2).store(B, TEXT, 0, R1);
            asm.jump(Jump.EQ, R4, 0, loop.end());
        });
        int within = asm.newLabel();
        asm.load(DW, R1, MEMORY, WORK1).jump(Jump.EQ, R1, 0, end);
        asm.load(DW, R1, MEMORY, WORK0).alu(Alu.ADD, R1, -1).jump(Jump.LT, R1, LAST_DIGIT, within);
        asm.jump(end).place(within).store(DW, MEMORY, WORK0, R1);
        asm.load(DW, R2, FRAME, KEPT + 24)
                .aluRegister(Alu.ADD, R2, R1)
                .storeConstant(B, R2, 0, '-')
                .place(end);
        asm.constant(R0, 0).exit();
    }

    private void parse() {
        int end = asm.newLabel();
        keep(false, false);
        asm.store(DW, MEMORY, WORK3, R3);
        for (int work : new int[] {WORK0, WORK1, WORK2}) {
            asm.storeConstant(DW, MEMORY, work, 0);
        }
        loop(Math.min(size, 80), false, false, this::parseDigit);
        asm.load(DW, R1, MEMORY, WORK1).jump(Jump.EQ, R1, 0, end);
        asm.load(DW, R1, MEMORY, WORK0).negate(R1).store(DW, MEMORY, WORK0, R1).place(end);
        asm.constant(R0, 0).exit();
    }

    private void parseDigit(Loop loop) {
        int sign = asm.newLabel();
        int digit = asm.newLabel();
        int lower = asm.newLabel();
        int value = asm.newLabel();
        int plain = asm.newLabel();
        asm.load(DW, THIRD, MEMORY, WORK3).load(DW, R2, MEMORY, WORK2).jump(Jump.NE, R2, 0, digit);
        for (char blank : new char[] {' ', '\t', '\n'}) {
            asm.jump(Jump.EQ, R1, blank, loop.next());
        }
        asm.storeConstant(DW, MEMORY, WORK2, 1).jump(Jump.EQ, R1, '-', sign).jump(Jump.EQ, R1, '+', loop.next());
        asm.jump(digit)
                .place(sign)
                .storeConstant(DW, MEMORY, WORK1, 1)
                .jump(loop.next())
                .place(digit);
        // 0x of base 16 counts as zero.
        asm.jump(Jump.NE, THIRD, 16, plain)
                .move(R2, R1)
                .alu(Alu.OR, R2, 0x20)
                .jump(Jump.NE, R2, 'x', plain)
                .load(DW, R2, MEMORY, WORK0)
                .jump(Jump.EQ, R2, 0, loop.next())
                .place(plain);
        asm.jump(Jump.LT, R1, '0', loop.end()).jump(Jump.GT, R1, '9', lower);
        asm.alu(Alu.SUB, R1, '0').jump(value).place(lower);
        asm.alu(Alu.OR, R1, 0x20).jump(Jump.LT, R1, 'a', loop.end()).jump(Jump.GT, R1, 'z', loop.end());
        asm.alu(Alu.SUB, R1, 'a' - 10).place(value);
        asm.jumpRegister(Jump.GE, R1, THIRD, loop.end());
        asm.load(DW, R2, MEMORY, WORK0)
                .aluRegister(Alu.MUL, R2, THIRD)
                .aluRegister(Alu.ADD, R2, R1)
                .store(DW, MEMORY, WORK0, R2);
    }
}
