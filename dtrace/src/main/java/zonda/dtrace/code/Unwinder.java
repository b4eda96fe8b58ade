package zonda.dtrace.code;

import static zonda.dtrace.code.Maps.*;
import static zonda.dtrace.code.Unwinding.*;

import zonda.kernel.BpfAssembler;
import zonda.kernel.BpfAssembler.Alu;
import zonda.kernel.BpfAssembler.Jump;
import zonda.kernel.BpfAssembler.Width;

/**
 * The function that walks up the stack of a process by the table of {@link Unwinding}: in each turn of its loop it keeps
 * a frame's address, looks for the row of it, and gets the registers that the caller has had.
 */
final class Unwinder {
    /** Bytes that it works in: registers as struct pt_regs has them from rbp to rsp, and then its own numbers. */
    static final int WORK = 200;

    /** Where the registers begin in struct pt_regs, and how many bytes of them there are. */
    static final int REGISTERS = 32;

    static final int REGISTERS_SIZE = 128;
    /** Frames that are kept at most. */
    static final int MOST_FRAMES = 127;

    private static final int RBP = 0;
    private static final int RIP = 96;
    private static final int RSP = 120;
    private static final int FIRST = 128;
    private static final int COUNT = 136;
    private static final int LOW = 144;
    private static final int WANTED = 152;
    private static final int FRAMES = 160;
    private static final int END = 168;
    private static final int SAVED = 176;
    private static final int KEPT_FRAMES = SLOT_WORK;
    private static final int READ = -8;
    private static final int NOTHING = -1;
    // What struct rt_sigframe has at rsp when a handler returns.
    private static final int SIGNAL_RBP = 120;
    private static final int SIGNAL_RSP = 160;
    private static final int SIGNAL_RIP = 168;
    /** Of the 16 bytes of a call of another object: where it has pushed a word. */
    private static final int PUSHED = 11;

    private final Library library;
    private final BpfAssembler asm;
    private final int rows;

    /** @param rows that the table has */
    Unwinder(Library library, BpfAssembler asm, int rows) {
        this.library = library;
        this.asm = asm;
        this.rows = rows;
    }

    /** Frames to r1, at most r3, of the process of number r4, whose registers are at r2; how many goes to work 0. */
    void emit() {
        library.keep(true, false);
        asm.store(DW, R2, FRAMES, R3)
                .storeConstant(DW, R2, COUNT, 0)
                .storeConstant(DW, Library.MEMORY, KEPT_FRAMES, 0)
                .mapValue(R1, UNWIND, 0);
        for (int i = 0; i < MOST_PROCESSES; i++) {
            int other = asm.newLabel();
            int at = i * PROCESS_SIZE;
            asm.load(DW, R0, R1, at).jumpRegister(Jump.NE, R0, R4, other);
            asm.load(DW, R0, R1, at + 8).store(DW, R2, FIRST, R0);
            asm.load(DW, R0, R1, at + 16).store(DW, R2, COUNT, R0).place(other);
        }
        int unknown = asm.newLabel();
        asm.load(DW, R0, R2, COUNT).jump(Jump.EQ, R0, 0, unknown);
        var loop = new Library.Loop(asm.newLabel(), asm.newLabel());
        library.times(MOST_FRAMES, loop, () -> frame(loop));
        asm.place(unknown).constant(R0, 0).exit();
    }

    private void frame(Library.Loop loop) {
        int innermost = asm.newLabel();
        asm.move(R0, R1);
        library.context(true, false);
        asm.jump(Jump.GE, R0, MOST_FRAMES, loop.end()).load(DW, R1, Library.OTHER, FRAMES);
        asm.jumpRegister(Jump.GE, R0, R1, loop.end());
        asm.load(DW, R1, Library.OTHER, RIP).jump(Jump.EQ, R1, 0, loop.end());
        asm.move(R2, R0)
                .alu(Alu.LSH, R2, 3)
                .aluRegister(Alu.ADD, Library.TEXT, R2)
                .store(DW, Library.TEXT, 0, R1);
        asm.load(DW, R2, Library.MEMORY, KEPT_FRAMES).alu(Alu.ADD, R2, 1).store(DW, Library.MEMORY, KEPT_FRAMES, R2);
        // Where a caller goes on may be another function already: its call is in front of that.
        asm.jump(Jump.EQ, R0, 0, innermost).alu(Alu.ADD, R1, NOTHING).place(innermost);
        asm.store(DW, Library.OTHER, WANTED, R1);
        search(loop);
        caller(loop);
    }

    /** r1 = end, r3 = rbp and r4 = rule of the last row that is not behind what is wanted. */
    private void search(Library.Loop loop) {
        asm.storeConstant(DW, Library.OTHER, LOW, 0).mapValue(Library.THIRD, UNWIND, ROWS);
        for (int step = Integer.highestOneBit(rows); step > 0; step /= 2) {
            int less = asm.newLabel();
            asm.load(DW, R1, Library.OTHER, LOW).alu(Alu.ADD, R1, step);
            asm.load(DW, R2, Library.OTHER, COUNT).jumpRegister(Jump.GE, R1, R2, less);
            row(R1, less);
            asm.load(DW, R2, R2, 0).load(DW, R3, Library.OTHER, WANTED).jumpRegister(Jump.GT, R2, R3, less);
            asm.store(DW, Library.OTHER, LOW, R1).place(less);
        }
        asm.load(DW, R1, Library.OTHER, LOW);
        row(R1, loop.end());
        asm.load(DW, R1, R2, 0).load(DW, R3, Library.OTHER, WANTED);
        int found = asm.newLabel();
        int known = asm.newLabel();
        asm.jumpRegister(Jump.LE, R1, R3, found)
                .constant(R4, Rule.NONE.ordinal())
                .jump(known);
        asm.place(found)
                .load(W, R1, R2, 8)
                .alu(Alu.LSH, R1, 32)
                .alu(Alu.ARSH, R1, 32)
                .store(DW, Library.OTHER, END, R1)
                .load(Width.HALF, R3, R2, 12)
                .alu(Alu.LSH, R3, 48)
                .alu(Alu.ARSH, R3, 48)
                .store(DW, Library.OTHER, SAVED, R3)
                .load(B, R4, R2, 14)
                .place(known);
    }

    /** r2 = the address of a row of the process. */
    private void row(int number, int beyond) {
        asm.load(DW, R2, Library.OTHER, FIRST).aluRegister(Alu.ADD, R2, number).jump(Jump.GE, R2, rows, beyond);
        asm.alu(Alu.LSH, R2, 4)
                .move(R3, Library.THIRD)
                .aluRegister(Alu.ADD, R3, R2)
                .move(R2, R3);
    }

    private void caller(Library.Loop loop) {
        int pointer = asm.newLabel();
        int signal = asm.newLabel();
        int linkage = asm.newLabel();
        int rsp = asm.newLabel();
        int ended = asm.newLabel();
        asm.jump(Jump.EQ, R4, Rule.NONE.ordinal(), pointer)
                .jump(Jump.EQ, R4, Rule.SIGNAL.ordinal(), signal)
                .jump(Jump.EQ, R4, Rule.LINKAGE.ordinal(), linkage)
                .jump(Jump.EQ, R4, Rule.LAST.ordinal(), loop.end())
                .load(DW, R1, Library.OTHER, END)
                .jump(Jump.EQ, R4, Rule.RSP.ordinal(), rsp);
        asm.load(DW, R2, Library.OTHER, RBP).aluRegister(Alu.ADD, R2, R1).jump(Jump.EQ, R4, Rule.RBP.ordinal(), ended);
        asm.move(R3, R2);
        read(loop);
        asm.load(DW, R2, FRAME, READ).jump(ended);
        asm.place(rsp)
                .load(DW, R2, Library.OTHER, RSP)
                .aluRegister(Alu.ADD, R2, R1)
                .jump(ended);
        asm.place(linkage)
                .storeConstant(DW, Library.OTHER, SAVED, 0)
                .load(DW, R2, Library.OTHER, RSP)
                .alu(Alu.ADD, R2, 8)
                .load(DW, R3, Library.OTHER, RIP)
                .alu(Alu.AND, R3, 15)
                .jump(Jump.LT, R3, PUSHED, ended)
                .alu(Alu.ADD, R2, 8);
        asm.place(ended);
        above(loop);
        asm.place(pointer);
        framePointer(loop);
        asm.place(signal);
        interrupted(loop);
    }

    /** The frame ends at r2. */
    private void above(Library.Loop loop) {
        asm.load(DW, R3, Library.OTHER, RSP)
                .jumpRegister(Jump.LE, R2, R3, loop.end())
                .store(DW, Library.OTHER, RSP, R2)
                .move(R3, R2)
                .alu(Alu.ADD, R3, -8);
        keep(RIP, loop);
        asm.load(DW, R3, Library.OTHER, SAVED)
                .jump(Jump.EQ, R3, 0, loop.next())
                .load(DW, R2, Library.OTHER, RSP)
                .aluRegister(Alu.ADD, R3, R2);
        keep(RBP, loop);
        asm.jump(loop.next());
    }

    private void framePointer(Library.Loop loop) {
        asm.load(DW, R3, Library.OTHER, RBP)
                .load(DW, R2, Library.OTHER, RSP)
                .jumpRegister(Jump.LT, R3, R2, loop.end())
                .alu(Alu.ADD, R3, 8);
        keep(RIP, loop);
        asm.load(DW, R3, Library.OTHER, RBP).move(R2, R3).alu(Alu.ADD, R2, 16).store(DW, Library.OTHER, RSP, R2);
        keep(RBP, loop);
        asm.jump(loop.next());
    }

    private void interrupted(Library.Loop loop) {
        asm.load(DW, R3, Library.OTHER, RSP).alu(Alu.ADD, R3, SIGNAL_RIP);
        keep(RIP, loop);
        asm.load(DW, R3, Library.OTHER, RSP).alu(Alu.ADD, R3, SIGNAL_RBP);
        keep(RBP, loop);
        asm.load(DW, R3, Library.OTHER, RSP).alu(Alu.ADD, R3, SIGNAL_RSP);
        keep(RSP, loop);
    }

    /** A register becomes what is in the process' memory at r3. */
    private void keep(int register, Library.Loop loop) {
        read(loop);
        asm.load(DW, R1, FRAME, READ).store(DW, Library.OTHER, register, R1);
    }

    /** Reads eight bytes of the process' memory at r3 onto the stack; the walk ends where that can't be. */
    private void read(Library.Loop loop) {
        asm.move(R1, FRAME).alu(Alu.ADD, R1, READ).constant(R2, 8).call(Emitter.READ_USER);
        asm.jump(Jump.NE, R0, 0, loop.end());
    }
}
