package zonda.dtrace.code;

import static zonda.dtrace.code.Library.*;
import static zonda.dtrace.code.Maps.*;

import zonda.kernel.BpfAssembler;
import zonda.kernel.BpfAssembler.Alu;
import zonda.kernel.BpfAssembler.Jump;

/** Code for cleanpath(): a path without its empty parts, without {@code /./}, and with {@code /../} gone up. */
final class CleanPath {
    /** How much of {@code /..} was read and not yet written. */
    private static final int PENDING = SLOT_WORK;
    /** Bytes that were written. */
    private static final int WRITTEN = SLOT_WORK + 8;

    private static final int SLASH = SLOT_WORK + 16;
    /** The longest text that is written at once. */
    private static final int LONGEST = 4;

    private final Library library;
    private final BpfAssembler asm;
    private final int size;

    CleanPath(Library library, BpfAssembler asm, int size) {
        this.library = library;
        this.asm = asm;
        this.size = size;
    }

    void emit() {
        library.keep(false, true);
        asm.move(THIRD, R4).storeConstant(DW, MEMORY, PENDING, 0).storeConstant(DW, MEMORY, WRITTEN, 0);
        library.loop(size, false, true, this::step);
        int end = asm.newLabel();
        int up = asm.newLabel();
        int dot = asm.newLabel();
        asm.load(DW, R1, MEMORY, PENDING);
        asm.jump(Jump.EQ, R1, 0, end).jump(Jump.EQ, R1, 3, up).jump(Jump.EQ, R1, 2, dot);
        write("/", end);
        asm.jump(end).place(dot);
        write("/.", end);
        asm.jump(end).place(up);
        up();
        write("/", end);
        // The result is all that was written: work 0 and 1 are its start and end.
        asm.place(end).storeConstant(DW, MEMORY, PENDING, 0).constant(R0, 0).exit();
    }

    /** Adds text to what was written. @param full where to go when there is no room for more */
    private void write(String text, int full) {
        asm.load(DW, R2, MEMORY, WRITTEN).jump(Jump.GE, R2, size - LONGEST - 1, full);
        asm.move(R3, THIRD).aluRegister(Alu.ADD, R3, R2);
        for (int i = 0; i < text.length(); i++) {
            asm.storeConstant(B, R3, i, text.charAt(i));
        }
        asm.alu(Alu.ADD, R2, text.length()).store(DW, MEMORY, WRITTEN, R2);
    }

    /** Adds the byte in r1. */
    private void writeByte(int full) {
        asm.load(DW, R2, MEMORY, WRITTEN).jump(Jump.GE, R2, size - LONGEST - 1, full);
        asm.move(R3, THIRD).aluRegister(Alu.ADD, R3, R2).store(B, R3, 0, R1);
        asm.alu(Alu.ADD, R2, 1).store(DW, MEMORY, WRITTEN, R2);
    }

    private void step(Loop loop) {
        int[] states = {asm.newLabel(), asm.newLabel(), asm.newLabel(), asm.newLabel()};
        int plain = asm.newLabel();
        asm.load(DW, R2, MEMORY, PENDING);
        for (int i = 1; i < states.length; i++) {
            asm.jump(Jump.EQ, R2, i, states[i]);
        }
        asm.place(states[0])
                .jump(Jump.NE, R1, '/', plain)
                .storeConstant(DW, MEMORY, PENDING, 1)
                .jump(loop.next());
        pending(loop, states[1], plain, "/");
        pending(loop, states[2], plain, "/.");
        int above = asm.newLabel();
        asm.place(states[3]).jump(Jump.EQ, R1, '/', above);
        write("/..", loop.end());
        asm.storeConstant(DW, MEMORY, PENDING, 0).jump(plain).place(above);
        up();
        asm.storeConstant(DW, MEMORY, PENDING, 1).jump(loop.next());
        asm.place(plain);
        writeByte(loop.end());
    }

    /** Behind a slash, or a slash and a dot: another slash makes them nothing, another dot may go up. */
    private void pending(Loop loop, int label, int plain, String text) {
        int slash = asm.newLabel();
        int dot = asm.newLabel();
        asm.place(label).jump(Jump.EQ, R1, '/', slash).jump(Jump.EQ, R1, '.', dot);
        write(text, loop.end());
        asm.storeConstant(DW, MEMORY, PENDING, 0).jump(plain);
        asm.place(slash).storeConstant(DW, MEMORY, PENDING, 1).jump(loop.next());
        asm.place(dot).storeConstant(DW, MEMORY, PENDING, text.length() + 1).jump(loop.next());
    }

    /** What was written ends before its last slash; r6 and r0 are as they were. */
    private void up() {
        asm.storeConstant(DW, MEMORY, SLASH, 0);
        asm.store(DW, FRAME, -16, MEMORY).store(DW, FRAME, -32, THIRD);
        var inner = new Loop(asm.newLabel(), asm.newLabel());
        library.times(size, inner, () -> {
            asm.load(DW, MEMORY, R2, 16).load(DW, THIRD, R2, 0).load(DW, R3, MEMORY, WRITTEN);
            asm.jump(Jump.GE, R1, size, inner.end()).jumpRegister(Jump.GE, R1, R3, inner.end());
            asm.aluRegister(Alu.ADD, THIRD, R1).load(B, R3, THIRD, 0).jump(Jump.NE, R3, '/', inner.next());
            asm.store(DW, MEMORY, SLASH, R1);
        });
        asm.load(DW, R1, MEMORY, SLASH).store(DW, MEMORY, WRITTEN, R1);
    }
}
