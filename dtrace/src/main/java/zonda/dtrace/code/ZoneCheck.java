package zonda.dtrace.code;

import static zonda.dtrace.code.Maps.*;

import zonda.kernel.BpfAssembler;
import zonda.kernel.BpfAssembler.Jump;

/**
 * Code that ends a program which is for a zone where the probe's thread is not of that zone. Both the thread's
 * credentials and its memory must be the zone's: a program of the host that enters a zone has its old memory until it
 * executes another.
 */
final class ZoneCheck {
    private static final int INSTRUCTION = 128;

    private final NumberEmitter numbers;
    private final Emitter emitter;
    private final BpfAssembler asm;

    ZoneCheck(NumberEmitter numbers) {
        this.numbers = numbers;
        this.emitter = numbers.emitter;
        this.asm = emitter.asm;
    }

    /** Jumps when the thread is another's. What is about no thread, such as BEGIN and tick, goes on. */
    void emit(int leave) {
        Shape.Site site = emitter.shape.site();
        if (!emitter.isConfined() || site == Shape.Site.RUN || site == Shape.Site.TICK) {
            return;
        }
        if (site == Shape.Site.CLOCK) {
            // What the kernel does is not the zone's to see, also when it does it for the zone.
            asm.load(DW, R0, CONTEXT, INSTRUCTION).jump(Jump.SLT, R0, 0, leave);
        }
        BuiltinEmitter builtins = numbers.builtins();
        int checked = asm.newLabel();
        builtins.task();
        Emitter.Temporary task = emitter.save();
        builtins.read("task_struct", "cred");
        builtins.read("cred", "user_ns");
        requireNamespace(leave);
        emitter.load(R0, task);
        emitter.free(task);
        builtins.read("task_struct", "mm");
        asm.jump(Jump.EQ, R0, 0, checked);
        builtins.read("mm_struct", "user_ns");
        requireNamespace(leave);
        asm.place(checked);
    }

    /** r0 is a user namespace: the zone's or one below it, or it jumps. */
    private void requireNamespace(int leave) {
        numbers.builtins().owners().zoneNamespace(leave);
        asm.constant(R1, emitter.confinement().userNamespace()).jumpRegister(Jump.NE, R0, R1, leave);
    }
}
