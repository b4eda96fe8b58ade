package zonda.dtrace.code;

import static zonda.dtrace.code.Maps.*;

import java.util.List;
import zonda.kernel.BpfAssembler;
import zonda.kernel.BpfAssembler.Alu;
import zonda.kernel.BpfAssembler.Jump;

/** Code that looks for one text in another, and that takes parts of texts. */
final class TextSearch {
    private static final int WORK0 = SLOT_WORK;
    private static final int WORK1 = SLOT_WORK + 8;

    private final StringEmitter strings;
    private final NumberEmitter numbers;
    private final Emitter emitter;
    private final BpfAssembler asm;
    private final Library library;
    private final int size;

    TextSearch(StringEmitter strings, NumberEmitter numbers, Library library) {
        this.strings = strings;
        this.numbers = numbers;
        this.emitter = numbers.emitter;
        this.asm = emitter.asm;
        this.library = library;
        this.size = emitter.stringSize;
    }

    /** strchr() and strrchr(). */
    void character(List<Op> arguments, boolean last, int place) {
        int text = strings.operand(arguments.get(0));
        int wanted = emitter.allocate(8);
        numbers.number(arguments.get(1));
        asm.alu(Alu.AND, R0, 255).store(DW, SLOT, wanted, R0);
        asm.constant(R0, 1);
        find(text, wanted, last, true, place);
    }

    /** strstr(). */
    void text(List<Op> arguments, int place) {
        int text = strings.operand(arguments.get(0));
        int wanted = strings.operand(arguments.get(1));
        strings.length(wanted);
        find(text, wanted, false, isShort(arguments.get(1)), place);
    }

    /** Part of the text: from the number in work 0 up to that in work 1. */
    void part(int text, int place) {
        int end = asm.newLabel();
        int small = asm.newLabel();
        emitter.zero(place, size);
        asm.load(DW, R2, SLOT, WORK1).load(DW, R3, SLOT, WORK0);
        asm.jump(Jump.SLT, R3, 0, end).jump(Jump.SGE, R3, size, end);
        asm.aluRegister(Alu.SUB, R2, R3).jump(Jump.SLE, R2, 0, end);
        asm.jump(Jump.LE, R2, size - 1, small).constant(R2, size - 1).place(small);
        asm.alu(Alu.ADD, R2, 1);
        emitter.slotAddress(R1, text);
        asm.aluRegister(Alu.ADD, R3, R1);
        emitter.slotAddress(R1, place);
        asm.call(Emitter.READ_KERNEL_STRING).place(end);
    }

    /** As illumos' substr(): a negative index counts from the end, a negative count leaves that many out. */
    void substring(List<Op> arguments, int place) {
        int text = strings.operand(arguments.get(0));
        int index = emitter.allocate(8);
        int count = emitter.allocate(8);
        numbers.number(arguments.get(1));
        asm.store(DW, SLOT, index, R0);
        if (arguments.size() > 2) {
            numbers.number(arguments.get(2));
        } else {
            asm.constant(R0, size);
        }
        asm.store(DW, SLOT, count, R0);
        strings.length(text);
        int nothing = asm.newLabel();
        int positive = asm.newLabel();
        int counted = asm.newLabel();
        int end = asm.newLabel();
        // r0 = length, r1 = index, r2 = count.
        asm.load(DW, R1, SLOT, index).load(DW, R2, SLOT, count);
        asm.jump(Jump.SGE, R1, 0, positive).aluRegister(Alu.ADD, R1, R0).jump(Jump.SGE, R1, 0, positive);
        asm.move(R3, R1).aluRegister(Alu.ADD, R3, R2).jump(Jump.SLE, R3, 0, positive);
        asm.move(R2, R3).constant(R1, 0).place(positive);
        asm.jump(Jump.SLT, R1, 0, nothing).jumpRegister(Jump.SGE, R1, R0, nothing);
        asm.jump(Jump.SGE, R2, 0, counted)
                .aluRegister(Alu.ADD, R2, R0)
                .aluRegister(Alu.SUB, R2, R1)
                .place(counted);
        asm.aluRegister(Alu.ADD, R2, R1)
                .store(DW, SLOT, WORK0, R1)
                .store(DW, SLOT, WORK1, R2)
                .jump(end);
        asm.place(nothing).storeConstant(DW, SLOT, WORK0, -1).place(end);
        part(text, place);
    }

    /** The text from where the other one is found in it; r0 holds the length of that. Nothing where it is not. */
    private void find(int text, int wanted, boolean last, boolean isShort, int place) {
        masks(isShort);
        emitter.slotAddress(R1, text);
        emitter.slotAddress(R2, wanted);
        asm.constant(R3, last ? size : 0);
        library.callFind(last, isShort);
        asm.storeConstant(DW, SLOT, WORK1, size);
        part(text, place);
    }

    /** r4 = masks for a text whose length is in r0. */
    void masks(boolean isShort) {
        int place = emitter.allocate(isShort ? 8 : size);
        Library.masks(emitter, place, isShort);
        emitter.slotAddress(R4, place);
    }

    static boolean isShort(Op op) {
        return op instanceof Op.Text(String text) && StringEmitter.bytes(text).length <= 8;
    }

    /** r0 = index of the second text in the first, or -1. */
    void index(List<Op> arguments, boolean last) {
        int mark = emitter.mark();
        int text = strings.operand(arguments.get(0));
        int wanted = strings.operand(arguments.get(1));
        int start = emitter.allocate(8);
        if (arguments.size() > 2) {
            numbers.number(arguments.get(2));
            if (!last) {
                int fine = asm.newLabel();
                asm.jump(Jump.SGE, R0, 0, fine).constant(R0, 0).place(fine);
            }
        } else {
            asm.constant(R0, last ? size : 0);
        }
        asm.store(DW, SLOT, start, R0);
        strings.length(wanted);
        int full = asm.newLabel();
        int end = asm.newLabel();
        asm.jump(Jump.NE, R0, 0, full);
        emptyWanted(text, start, last);
        asm.jump(end).place(full);
        masks(isShort(arguments.get(1)));
        emitter.slotAddress(R1, text);
        emitter.slotAddress(R2, wanted);
        asm.load(DW, R3, SLOT, start);
        if (last) {
            int never = asm.newLabel();
            asm.storeConstant(DW, SLOT, WORK0, -1).jump(Jump.SLT, R3, 0, never);
            library.callFind(true, isShort(arguments.get(1)));
            asm.place(never);
        } else {
            library.callFind(false, isShort(arguments.get(1)));
        }
        asm.load(DW, R0, SLOT, WORK0).place(end);
        emitter.release(mark);
    }

    /** The empty text is found where the search begins, but not beyond the end. */
    private void emptyWanted(int text, int start, boolean last) {
        strings.length(text);
        int within = asm.newLabel();
        asm.load(DW, R1, SLOT, start)
                .jumpRegister(Jump.SGE, R1, R0, within)
                .move(R0, R1)
                .place(within);
        if (last) {
            int fine = asm.newLabel();
            asm.jump(Jump.SGE, R0, 0, fine).constant(R0, -1).place(fine);
        }
    }
}
