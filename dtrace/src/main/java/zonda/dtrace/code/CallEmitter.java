package zonda.dtrace.code;

import static zonda.dtrace.code.Maps.*;

import java.util.List;
import zonda.dtrace.code.Emitter.Temporary;
import zonda.dtrace.types.DType;
import zonda.kernel.BpfAssembler;
import zonda.kernel.BpfAssembler.Alu;
import zonda.kernel.BpfAssembler.Jump;

/** Code for functions whose value is a number or an address; it ends up in r0. */
final class CallEmitter {
    /** Bytes that copyin() and alloca() give at most when their size is not constant. */
    static final int LARGEST = 1024;

    private static final int LARGEST_CONSTANT = 32768;
    /** Parents that progenyof() looks at. */
    private static final int GENERATIONS = 16;

    private final NumberEmitter numbers;
    private final Emitter emitter;
    private final BpfAssembler asm;
    private final Library library;

    CallEmitter(NumberEmitter numbers, Library library) {
        this.numbers = numbers;
        this.emitter = numbers.emitter;
        this.asm = emitter.asm;
        this.library = library;
    }

    void call(Op.Call call) {
        List<Op> arguments = call.arguments();
        switch (call.function()) {
            case "strlen" -> {
                int mark = emitter.mark();
                numbers.strings.length(numbers.strings.operand(arguments.getFirst()));
                emitter.release(mark);
            }
            case "character" -> character(arguments);
            case "index" -> numbers.strings.index(arguments, false);
            case "rindex" -> numbers.strings.index(arguments, true);
            case "strtoll" -> parse(arguments);
            case "rand" -> asm.call(Emitter.RANDOM);
            case "htons", "ntohs" -> swap(arguments, 16);
            case "htonl", "ntohl" -> swap(arguments, 32);
            case "htonll", "ntohll" -> swap(arguments, 64);
            case "getmajor" -> {
                numbers.number(arguments.getFirst());
                asm.alu(Alu.RSH, R0, 20);
            }
            case "getminor" -> {
                numbers.number(arguments.getFirst());
                asm.alu(Alu.AND, R0, 0xfffff);
            }
            case "copyin" -> copyin(arguments);
            case "alloca" -> alloca(arguments.getFirst());
            case "copyinto" -> copyTo(arguments.get(2), arguments.get(1), arguments.get(0), Emitter.READ_USER);
            case "bcopy" -> copyTo(arguments.get(1), arguments.get(2), arguments.get(0), Emitter.READ_KERNEL);
            case "progenyof" -> progeny(arguments.getFirst());
            case "mutex_owner" -> owner(arguments.getFirst());
            case "mutex_owned" -> {
                owner(arguments.getFirst());
                Temporary kept = emitter.save();
                numbers.builtins().task();
                emitter.load(R1, kept);
                emitter.free(kept);
                int same = asm.newLabel();
                asm.constant(R2, 1)
                        .jumpRegister(Jump.EQ, R0, R1, same)
                        .constant(R2, 0)
                        .place(same)
                        .move(R0, R2);
            }
            case "rw_read_held", "rw_write_held", "rw_iswriter" -> lock(call.function(), arguments.getFirst());
            case "getf" -> file(arguments.getFirst());
            case "mutex_type_adaptive" -> asm.constant(R0, 1);
            case "mutex_type_spin" -> asm.constant(R0, 0);
            case "speculation" -> speculation();
            default -> throw new AssertionError(call.function());
        }
    }

    /** r0 = a byte of a text; a fault behind the place where it is kept. */
    private void character(List<Op> arguments) {
        int mark = emitter.mark();
        int text = numbers.strings.operand(arguments.getFirst());
        numbers.number(arguments.get(1));
        int within = asm.newLabel();
        asm.jump(Jump.LE, R0, emitter.stringSize - 1, within);
        asm.store(DW, FRAME, Emitter.ADDRESS, R0);
        emitter.failAddress();
        asm.place(within);
        emitter.slotAddress(R1, text);
        asm.aluRegister(Alu.ADD, R1, R0).load(B, R0, R1, 0);
        emitter.release(mark);
    }

    private void parse(List<Op> arguments) {
        int mark = emitter.mark();
        int text = numbers.strings.operand(arguments.getFirst());
        if (arguments.size() > 1) {
            numbers.number(arguments.get(1));
            int bad = asm.newLabel();
            int fine = asm.newLabel();
            asm.jump(Jump.SLT, R0, 2, bad).jump(Jump.SLE, R0, 36, fine).place(bad);
            emitter.fail(Emitter.ILLEGAL);
            asm.place(fine).move(R3, R0);
        } else {
            asm.constant(R3, 10);
        }
        emitter.slotAddress(R1, text);
        library.call(Library.Function.PARSE);
        asm.load(DW, R0, SLOT, SLOT_WORK);
        emitter.release(mark);
    }

    private void swap(List<Op> arguments, int bits) {
        numbers.number(arguments.getFirst());
        asm.bigEndian(R0, bits);
    }

    /** r2 = the size, bounded. @return the largest it can be */
    private int size(Op op) {
        if (op instanceof Op.Const(long value, var _)) {
            boolean fits = value >= 0 && value <= LARGEST_CONSTANT;
            int bytes = fits ? (int) value : 0;
            if (!fits) {
                emitter.fail(Emitter.NO_SCRATCH);
            }
            asm.constant(R2, bytes);
            return bytes;
        }
        numbers.number(op);
        int fine = asm.newLabel();
        asm.jump(Jump.LE, R0, LARGEST, fine);
        emitter.fail(Emitter.NO_SCRATCH);
        asm.place(fine).move(R2, R0);
        return LARGEST;
    }

    /** The kernel's objects are nothing that a zone may look at. */
    private void requireKernel() {
        if (emitter.isGuarded()) {
            emitter.refuse(Emitter.KERNEL_PRIVILEGE);
        }
    }

    private void copyin(List<Op> arguments) {
        emitter.requireProcess();
        numbers.number(arguments.getFirst());
        Temporary address = emitter.save();
        int bytes = size(arguments.get(1));
        int place = emitter.allocateForClause(bytes);
        emitter.load(R3, address);
        emitter.free(address);
        asm.store(DW, FRAME, Emitter.ADDRESS, R3);
        emitter.slotAddress(R1, place);
        asm.call(Emitter.READ_USER);
        checked();
        emitter.own.address(place);
    }

    private void checked() {
        int fine = asm.newLabel();
        asm.jump(Jump.EQ, R0, 0, fine);
        emitter.failAddress();
        asm.place(fine);
    }

    private void alloca(Op size) {
        if (size instanceof Op.Const(long none, var _) && none == 0) {
            // Where the next memory will be.
            emitter.own.address(emitter.mark());
            return;
        }
        int bytes = size(size);
        int place = emitter.allocateForClause(bytes);
        emitter.zero(place, (bytes + 7) / 8 * 8);
        emitter.own.address(place);
    }

    /**
     * Copies into memory that alloca() or copyin() gave: the address must lie in this slot.
     */
    private void copyTo(Op to, Op size, Op from, int helper) {
        if (helper == Emitter.READ_USER) {
            emitter.requireProcess();
        }
        if (from.type().isString()) {
            emitter.slotAddress(R0, numbers.strings.operand(from));
            emitter.launder();
        } else {
            numbers.number(from);
        }
        Temporary source = emitter.save();
        numbers.number(to);
        Temporary target = emitter.save();
        int bytes = size(size);
        // The offset within the slot, which must leave room for the bytes.
        asm.move(R4, R2);
        emitter.load(R1, target);
        emitter.free(target);
        asm.store(DW, FRAME, Emitter.ADDRESS, R1);
        emitter.own.toOffset(R1);
        emitter.own.checkOwned(R1, R4, bytes);
        emitter.load(R3, source);
        emitter.free(source);
        asm.store(DW, FRAME, Emitter.ADDRESS, R3);
        if (emitter.isGuarded() && helper == Emitter.READ_KERNEL && !from.type().isString()) {
            emitter.own.toOffset(R3);
            emitter.own.checkOwned(R3, R4, bytes);
            asm.aluRegister(Alu.ADD, R3, SLOT);
        }
        asm.move(R2, R4).aluRegister(Alu.ADD, R1, SLOT).call(helper);
        checked();
        asm.constant(R0, 0);
    }

    private void progeny(Op ancestor) {
        if (emitter.isForeign() || emitter.isConfined() && emitter.shape.site() == Shape.Site.RUN) {
            emitter.refuse(Emitter.USER_PRIVILEGE);
        }
        numbers.number(ancestor);
        Temporary wanted = emitter.save();
        int yes = asm.newLabel();
        int end = asm.newLabel();
        numbers.builtins().task();
        Temporary task = emitter.save();
        for (int i = 0; i < GENERATIONS; i++) {
            emitter.load(R0, task);
            numbers.builtins().owners().processNumber();
            emitter.load(R1, wanted);
            asm.jumpRegister(Jump.EQ, R0, R1, yes);
            emitter.load(R0, task);
            read("task_struct", "real_parent");
            if (task.register() >= 0) {
                asm.move(task.register(), R0);
            } else {
                asm.store(DW, FRAME, task.offset(), R0);
            }
        }
        asm.constant(R0, 0).jump(end).place(yes).constant(R0, 1).place(end);
        emitter.free(task);
        emitter.free(wanted);
    }

    private void read(String struct, String name) {
        DType.Struct type =
                (DType.Struct) emitter.names.types().named("struct " + struct).orElseThrow();
        DType.Member member = type.member(name).orElseThrow();
        asm.alu(Alu.ADD, R0, member.bitOffset() / 8);
        emitter.readKernel(member.type().size(), member.type().signed());
    }

    /** The owner of a struct mutex is its first word, with flags in the low bits. */
    private void owner(Op mutex) {
        requireKernel();
        numbers.number(mutex);
        emitter.readKernel(8, false);
        asm.alu(Alu.AND, R0, -8);
    }

    /**
     * The first word of a struct rw_semaphore: bit 0 while a writer has it, bit 2 when one is to have it next, and from
     * bit 8 on the number of readers.
     */
    private void lock(String function, Op lock) {
        requireKernel();
        numbers.number(lock);
        emitter.readKernel(8, false);
        int end = asm.newLabel();
        switch (function) {
            case "rw_read_held" -> asm.alu(Alu.LSH, R0, 1).alu(Alu.RSH, R0, 9);
            case "rw_write_held" -> asm.alu(Alu.AND, R0, 1);
            default -> asm.alu(Alu.AND, R0, 5);
        }
        asm.jump(Jump.EQ, R0, 0, end).constant(R0, 1).place(end);
    }

    /** r0 = the struct file behind a number of the probe's process, or 0. */
    private void file(Op number) {
        requireKernel();
        int none = asm.newLabel();
        numbers.number(number);
        Temporary wanted = emitter.save();
        numbers.builtins().task();
        read("task_struct", "files");
        asm.jump(Jump.EQ, R0, 0, none);
        read("files_struct", "fdt");
        Temporary table = emitter.save();
        read("fdtable", "max_fds");
        emitter.load(R1, wanted);
        emitter.load(R2, table);
        asm.move(R3, R0).constant(R0, 0).jumpRegister(Jump.GE, R1, R3, none).move(R0, R2);
        read("fdtable", "fd");
        emitter.load(R1, wanted);
        asm.alu(Alu.LSH, R1, 3).aluRegister(Alu.ADD, R0, R1);
        emitter.readKernel(8, false);
        asm.place(none);
        emitter.free(table);
        emitter.free(wanted);
    }

    /** r0 = the number of a speculation that was free, or 0. */
    private void speculation() {
        long count = Math.clamp(emitter.names.options().number("nspec"), 0, 32);
        int found = asm.newLabel();
        emitter.useMapValue(R1, SPECULATIONS, 0);
        for (int i = 0; i < count; i++) {
            int next = asm.newLabel();
            asm.load(DW, R0, R1, 8 * i).move(R2, R0).alu(Alu.AND, R2, 1).jump(Jump.NE, R2, 0, next);
            asm.move(R3, R0).move(R2, R0).alu(Alu.ADD, R2, 1).compareExchange(R1, 8 * i, R2);
            asm.jumpRegister(Jump.NE, R0, R3, next)
                    .constant(R0, i + 1)
                    .jump(found)
                    .place(next);
        }
        emitter.count(SPECULATIONS_UNAVAILABLE);
        asm.constant(R0, 0).place(found);
    }
}
