package zonda.dtrace.code;

import static zonda.dtrace.code.Maps.*;

import zonda.dtrace.types.DType;
import zonda.kernel.BpfAssembler;
import zonda.kernel.BpfAssembler.Alu;
import zonda.kernel.BpfAssembler.Jump;

/** Code for the frames of the kernel's stack and of the process'. */
final class StackEmitter {
    private static final int USER_STACK = 256;
    private static final int DEPTH = 127;

    private final BuiltinEmitter builtins;
    private final NumberEmitter numbers;
    private final Emitter emitter;
    private final BpfAssembler asm;
    private final Shape shape;

    StackEmitter(BuiltinEmitter builtins, NumberEmitter numbers) {
        this.builtins = builtins;
        this.numbers = numbers;
        this.emitter = numbers.emitter;
        this.asm = emitter.asm;
        this.shape = emitter.shape;
    }

    void caller() {
        frame(kernelStack(), isAtFunction() ? 0 : 1);
    }

    void userCaller() {
        if (!hasTable()) {
            frame(USER_STACK, 1);
            return;
        }
        int place = emitter.allocate(16);
        emitter.zero(place, 16);
        unwound(place, 2);
        asm.load(DW, R0, SLOT, place + 8);
    }

    /** r0 = how many frames the kernel's stack has. */
    void depth() {
        depth(kernelStack());
    }

    void userDepth() {
        if (!hasTable()) {
            depth(USER_STACK);
            return;
        }
        int mark = emitter.mark();
        unwound(emitter.allocate(8 * DEPTH), DEPTH);
        emitter.release(mark);
    }

    /** Whether there is a table for the stacks of processes, of which one may be the probe's. */
    private boolean hasTable() {
        return builtins.isRunning() && !builtins.isOwn() && emitter.names.unwindRows() > 0;
    }

    private void frame(int flags, int skip) {
        int place = emitter.allocate(16);
        emitter.zero(place, 16);
        stack(place, 8 * (skip + 1), flags);
        asm.load(DW, R0, SLOT, place + 8 * skip);
    }

    private void depth(int flags) {
        int mark = emitter.mark();
        stack(emitter.allocate(8 * DEPTH), 8 * DEPTH, flags);
        frameCount();
        emitter.release(mark);
    }

    /** r0 = how many frames the bytes are that the helper has written. */
    private void frameCount() {
        int fine = asm.newLabel();
        asm.jump(Jump.SGE, R0, 0, fine).constant(R0, 0).place(fine).alu(Alu.RSH, R0, 3);
    }

    /** Addresses of frames into the slot; r0 = bytes, or negative. */
    private void stack(int place, int bytes, int flags) {
        asm.move(R1, CONTEXT);
        emitter.slotAddress(R2, place);
        asm.constant(R3, bytes).constant(R4, flags).call(Emitter.GET_STACK);
    }

    /** The frames of stack() or ustack() in the slot. */
    void frames(DType.Addresses type, int place) {
        emitter.zero(place, type.size());
        boolean user = type.kind() == DType.Addresses.Kind.USTACK;
        if (user) {
            emitter.requireProcess();
            builtins.owners().processOfAddresses();
            asm.store(DW, SLOT, place, R0);
        }
        if (builtins.isOwn() || !user && emitter.isConfined()) {
            return;
        }
        if (!user) {
            stack(place, 8 * type.taken(), kernelStack());
        } else if (hasTable()) {
            unwound(place + 8, type.frames());
        } else {
            stack(place + 8, 8 * type.taken(), USER_STACK);
        }
    }

    /** Frames of a process by the session's table, or by frame pointers where it is not in it; r0 = how many. */
    private void unwound(int place, int frames) {
        int done = asm.newLabel();
        int mark = emitter.mark();
        int work = emitter.allocate(Unwinder.WORK);
        emitter.reserve(place + 8 * Unwinder.MOST_FRAMES);
        builtins.taskPointer();
        asm.move(R1, R0).call(Emitter.TASK_REGISTERS);
        emitter.launder();
        asm.alu(Alu.ADD, R0, Unwinder.REGISTERS).move(R3, R0);
        emitter.slotAddress(R1, work);
        asm.constant(R2, Unwinder.REGISTERS_SIZE).call(Emitter.READ_KERNEL);
        asm.call(Emitter.PID_TGID).alu(Alu.RSH, R0, 32).move(R4, R0);
        emitter.slotAddress(R1, place);
        emitter.slotAddress(R2, work);
        asm.constant(R3, frames);
        emitter.maps.put(UNWIND, true);
        numbers.library.callUnwind(emitter.names.unwindRows());
        asm.load(DW, R0, SLOT, SLOT_WORK).jump(Jump.NE, R0, 0, done);
        stack(place, 8 * frames, USER_STACK);
        frameCount();
        asm.place(done);
        emitter.release(mark);
    }

    /** Whether the kernel's stack begins with who called, as at the return that goes there. */
    private boolean isAtFunction() {
        return shape.site() == Shape.Site.FUNCTION_ENTRY || shape.site() == Shape.Site.FUNCTION_RETURN;
    }

    /** The kernel's own stack; where a function begins, without the frame that it is about to have. */
    private int kernelStack() {
        return shape.site() == Shape.Site.FUNCTION_ENTRY ? 1 : 0;
    }
}
