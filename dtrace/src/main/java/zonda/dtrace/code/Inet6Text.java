package zonda.dtrace.code;

import static zonda.dtrace.code.Maps.*;

import zonda.kernel.BpfAssembler;
import zonda.kernel.BpfAssembler.Alu;
import zonda.kernel.BpfAssembler.Jump;

/**
 * Code that writes an address of IPv6: groups in hexadecimal, the longest run of zeros as {@code ::}, and an address of
 * IPv4 within it with its dots.
 */
final class Inet6Text {
    private static final int GROUPS = 8;
    /** Bytes that the text is written to. */
    static final int TEXT_SIZE = 64;

    private static final int WRITTEN = SLOT_WORK;
    /** The first group of the longest run of zeros, and the first behind it. */
    private static final int FROM = SLOT_WORK + 8;

    private static final int TO = SLOT_WORK + 16;
    private static final int RUN = SLOT_WORK + 24;
    private static final int EMBEDDED = SLOT_WORK + 32;

    private static final int OUT = 6;
    private static final int ADDRESS = 7;
    private static final int MEMORY = 9;
    private static final int VALUE = 8;

    private final BpfAssembler asm;
    private final int end;

    Inet6Text(BpfAssembler asm) {
        this.asm = asm;
        this.end = asm.newLabel();
    }

    void emit() {
        asm.move(OUT, R4).move(ADDRESS, R2).move(MEMORY, R5).storeConstant(DW, MEMORY, WRITTEN, 0);
        longestRun();
        embedded();
        for (int group = 0; group < GROUPS; group++) {
            int next = asm.newLabel();
            int plain = asm.newLabel();
            int first = asm.newLabel();
            asm.load(DW, R1, MEMORY, FROM).load(DW, R2, MEMORY, TO);
            asm.jump(Jump.EQ, R1, group, first);
            asm.jump(Jump.GT, R1, group, plain).jump(Jump.LE, R2, group, plain).jump(next);
            asm.place(first);
            write(':');
            write(':');
            asm.jump(next).place(plain);
            if (group > 0) {
                int without = asm.newLabel();
                asm.jump(Jump.EQ, R2, group, without);
                write(':');
                asm.place(without);
            }
            if (group == GROUPS - 2) {
                dotted();
            }
            hexadecimal(group);
            asm.place(next);
        }
        asm.place(end).constant(R0, 0).exit();
    }

    /** FROM and TO; where there is no group of zeros, both are behind the last. */
    private void longestRun() {
        asm.storeConstant(DW, MEMORY, FROM, GROUPS + 1)
                .storeConstant(DW, MEMORY, TO, GROUPS + 1)
                .storeConstant(DW, MEMORY, RUN, 0);
        for (int group = 0; group < GROUPS; group++) {
            int zero = asm.newLabel();
            int next = asm.newLabel();
            asm.load(DW, R1, ADDRESS, 8 * group).jump(Jump.EQ, R1, 0, zero);
            asm.storeConstant(DW, MEMORY, RUN, 0).jump(next).place(zero);
            asm.load(DW, R1, MEMORY, RUN).alu(Alu.ADD, R1, 1).store(DW, MEMORY, RUN, R1);
            asm.load(DW, R2, MEMORY, TO).load(DW, R3, MEMORY, FROM).aluRegister(Alu.SUB, R2, R3);
            asm.jumpRegister(Jump.LE, R1, R2, next);
            asm.constant(R2, group + 1).store(DW, MEMORY, TO, R2).aluRegister(Alu.SUB, R2, R1);
            asm.store(DW, MEMORY, FROM, R2).place(next);
        }
    }

    /** Whether the last two groups are an address of IPv4: ::ffff:a.b.c.d, or ::a.b.c.d but for :: and ::1. */
    private void embedded() {
        int no = asm.newLabel();
        int yes = asm.newLabel();
        asm.storeConstant(DW, MEMORY, EMBEDDED, 0);
        for (int group = 0; group < 5; group++) {
            asm.load(DW, R1, ADDRESS, 8 * group).jump(Jump.NE, R1, 0, no);
        }
        asm.load(DW, R1, ADDRESS, 40).jump(Jump.EQ, R1, 0xffff, yes).jump(Jump.NE, R1, 0, no);
        asm.load(DW, R1, ADDRESS, 48).jump(Jump.NE, R1, 0, yes);
        asm.load(DW, R1, ADDRESS, 56).jump(Jump.LE, R1, 1, no);
        asm.place(yes).storeConstant(DW, MEMORY, EMBEDDED, 1).place(no);
    }

    private void write(char c) {
        asm.constant(R1, c);
        writeByte();
    }

    /** Adds the byte in r1. */
    private void writeByte() {
        asm.load(DW, R2, MEMORY, WRITTEN).jump(Jump.GE, R2, TEXT_SIZE - 1, end);
        asm.move(R3, OUT).aluRegister(Alu.ADD, R3, R2).store(B, R3, 0, R1);
        asm.alu(Alu.ADD, R2, 1).store(DW, MEMORY, WRITTEN, R2);
    }

    private void hexadecimal(int group) {
        asm.load(DW, VALUE, ADDRESS, 8 * group);
        for (int shift = 12; shift >= 0; shift -= 4) {
            int skip = asm.newLabel();
            int decimal = asm.newLabel();
            if (shift > 0) {
                asm.jump(Jump.LT, VALUE, 1 << shift, skip);
            }
            asm.move(R1, VALUE).alu(Alu.RSH, R1, shift).alu(Alu.AND, R1, 15);
            asm.jump(Jump.LT, R1, 10, decimal).alu(Alu.ADD, R1, 'a' - '0' - 10).place(decimal);
            asm.alu(Alu.ADD, R1, '0');
            writeByte();
            asm.place(skip);
        }
    }

    /** The last two groups as four numbers, if they are an address of IPv4. */
    private void dotted() {
        int no = asm.newLabel();
        asm.load(DW, R1, MEMORY, EMBEDDED).jump(Jump.EQ, R1, 0, no);
        for (int part = 0; part < 4; part++) {
            if (part > 0) {
                write('.');
            }
            asm.load(DW, VALUE, ADDRESS, 8 * (GROUPS - 2 + part / 2));
            if (part % 2 == 0) {
                asm.alu(Alu.RSH, VALUE, 8);
            }
            asm.alu(Alu.AND, VALUE, 255);
            int tens = asm.newLabel();
            int ones = asm.newLabel();
            asm.jump(Jump.LT, VALUE, 100, tens);
            digit(100);
            asm.place(tens).jump(Jump.LT, VALUE, 10, ones);
            digit(10);
            asm.place(ones);
            digit(1);
        }
        asm.jump(end).place(no);
    }

    private void digit(int of) {
        asm.move(R1, VALUE).alu(Alu.DIV, R1, of).alu(Alu.MOD, R1, 10).alu(Alu.ADD, R1, '0');
        writeByte();
    }
}
