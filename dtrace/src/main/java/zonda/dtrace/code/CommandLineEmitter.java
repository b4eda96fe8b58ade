package zonda.dtrace.code;

import static zonda.dtrace.code.Maps.*;

import zonda.kernel.BpfAssembler;
import zonda.kernel.BpfAssembler.Alu;
import zonda.kernel.BpfAssembler.Jump;

/** Code for the command line of the running process, as the process keeps it in its own memory. */
final class CommandLineEmitter {
    private final NumberEmitter numbers;
    private final Emitter emitter;
    private final BpfAssembler asm;

    CommandLineEmitter(NumberEmitter numbers) {
        this.numbers = numbers;
        this.emitter = numbers.emitter;
        this.asm = emitter.asm;
    }

    /** The arguments of the running process with blanks between them; jumps where they can't be read. */
    void load(int place, int size, int unreadable) {
        int raw = emitter.allocate(size);
        int start = emitter.allocate(8);
        emitter.zero(place, size);
        numbers.builtins().task();
        numbers.builtins().read("task_struct", "mm");
        asm.jump(Jump.EQ, R0, 0, unreadable).store(DW, SLOT, start, R0);
        numbers.builtins().read("mm_struct", "arg_end");
        asm.load(DW, R1, SLOT, start).store(DW, SLOT, start, R0).move(R0, R1);
        numbers.builtins().read("mm_struct", "arg_start");
        // The last argument ends with a zero, which stays one.
        asm.load(DW, R2, SLOT, start)
                .store(DW, SLOT, start, R0)
                .aluRegister(Alu.SUB, R2, R0)
                .alu(Alu.ADD, R2, -1);
        int fits = asm.newLabel();
        asm.jump(Jump.SLE, R2, 0, unreadable)
                .jump(Jump.LE, R2, size - 1, fits)
                .constant(R2, size - 1)
                .place(fits);
        asm.store(DW, FRAME, Emitter.ADDRESS, R2);
        emitter.zero(raw, size);
        emitter.slotAddress(R1, raw);
        asm.load(DW, R3, SLOT, start).load(DW, R2, FRAME, Emitter.ADDRESS);
        bounded(R2, size - 1);
        asm.call(Emitter.READ_USER).jump(Jump.NE, R0, 0, unreadable);
        blanksForZeros(raw, size);
        emitter.slotAddress(R1, place);
        emitter.slotAddress(R3, raw);
        asm.load(DW, R2, FRAME, Emitter.ADDRESS);
        bounded(R2, size - 1);
        asm.call(Emitter.READ_KERNEL);
    }

    /** Tells the verifier again how large a number can be that was kept on the stack. */
    private void bounded(int register, int most) {
        int fine = asm.newLabel();
        asm.jump(Jump.LE, register, most, fine).constant(register, most).place(fine);
    }

    private void blanksForZeros(int place, int size) {
        long ones = 0x0101010101010101L;
        for (int i = 0; i < size; i += 8) {
            // The highest bit of a byte is set where the byte is not zero.
            asm.load(DW, R0, SLOT, place + i).constant(R3, 0x7f * ones).move(R1, R0);
            asm.aluRegister(Alu.AND, R1, R3)
                    .aluRegister(Alu.ADD, R1, R3)
                    .aluRegister(Alu.OR, R1, R0)
                    .aluRegister(Alu.OR, R1, R3);
            asm.alu(Alu.XOR, R1, -1)
                    .alu(Alu.RSH, R1, 2)
                    .aluRegister(Alu.OR, R0, R1)
                    .store(DW, SLOT, place + i, R0);
        }
    }
}
