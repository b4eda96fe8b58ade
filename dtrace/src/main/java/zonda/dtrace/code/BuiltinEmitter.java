package zonda.dtrace.code;

import static zonda.dtrace.code.Maps.*;

import java.nio.charset.StandardCharsets;
import zonda.dtrace.syntax.DError;
import zonda.dtrace.types.DType;
import zonda.kernel.BpfAssembler;
import zonda.kernel.BpfAssembler.Alu;
import zonda.kernel.BpfAssembler.Jump;

/** Code for the language's own variables. Everything about the current thread goes by the probe's thread. */
final class BuiltinEmitter {
    // struct pt_regs of x86-64.
    private static final int[] SYSCALL_ARGUMENTS = {112, 104, 96, 56, 72, 64};
    private static final int[] FUNCTION_ARGUMENTS = {112, 104, 96, 88, 72, 64};
    private static final int REGISTERS = 21;
    /** Those behind the ones of struct pt_regs, where struct thread_struct has them. */
    private static final String[] KEPT_REGISTERS = {"ds", "es", "fsindex", "gsindex", "trap_nr", "fsbase", "gsbase"};

    private static final int RAX = 80;
    private static final int RIP = 128;
    private static final int RSP = 152;
    private final NumberEmitter numbers;
    private final Emitter emitter;
    private final BpfAssembler asm;
    private final Shape shape;
    private final OwnerEmitter owners;
    private final StackEmitter stacks;

    BuiltinEmitter(NumberEmitter numbers) {
        this.numbers = numbers;
        this.emitter = numbers.emitter;
        this.asm = emitter.asm;
        this.shape = emitter.shape;
        this.owners = new OwnerEmitter(this, emitter);
        this.stacks = new StackEmitter(this, numbers);
    }

    OwnerEmitter owners() {
        return owners;
    }

    StackEmitter stacks() {
        return stacks;
    }

    boolean isRunning() {
        return shape.task().isEmpty();
    }

    boolean isOwn() {
        return shape.site() == Shape.Site.RUN;
    }

    /** r0 = the address of the probe's thread, as a number. */
    void task() {
        if (isRunning()) {
            asm.call(Emitter.CURRENT_TASK);
        } else {
            asm.load(DW, R0, CONTEXT, 8 * shape.task().orElseThrow());
            emitter.launder();
        }
    }

    /** r0 = the probe's thread, as the verifier wants it. */
    void taskPointer() {
        if (isRunning()) {
            asm.call(Emitter.CURRENT_TASK_BTF);
        } else {
            asm.load(DW, R0, CONTEXT, 8 * shape.task().orElseThrow());
        }
    }

    DType.Member member(String struct, String path) {
        DType type = emitter.names
                .types()
                .named("struct " + struct)
                .orElseThrow(() -> new DError("D_SYM_NOTYPES", 0, "this kernel has no type information (BTF)"));
        int bits = 0;
        DType.Member found = null;
        for (String name : path.split("\\.")) {
            found = ((DType.Struct) type)
                    .member(name)
                    .orElseThrow(() -> new DError("D_TYPE_MEMBER", 0, "this kernel's " + struct + " has no " + path));
            bits += found.bitOffset();
            type = found.type();
        }
        if (found == null) {
            throw new AssertionError(path);
        }
        return new DType.Member(found.name(), found.type(), bits, 0);
    }

    /** r0 = a member of the structure that r0 points to. */
    void read(String struct, String path) {
        DType.Member member = member(struct, path);
        asm.alu(Alu.ADD, R0, member.bitOffset() / 8);
        emitter.readKernel(member.type().size(), member.type().signed());
    }

    /** What a zone is not to know: of threads that are not its own, and where things are in the kernel. */
    private boolean isRefused(String name) {
        switch (name) {
            case "curthread" -> emitter.refuse(Emitter.KERNEL_PRIVILEGE);
            case "ucaller", "ustackdepth" -> emitter.requireProcess();
            case "pid", "tid", "ppid", "uid", "gid", "execname", "threadname", "__psargs" -> {
                if (emitter.isForeign()) {
                    emitter.refuse(Emitter.USER_PRIVILEGE);
                }
            }
            case "vtimestamp" -> {
                if (emitter.isForeign() || isOwn()) {
                    emitter.refuse(Emitter.USER_PRIVILEGE);
                }
            }
            case "caller", "stackdepth" -> {
                asm.constant(R0, 0);
                return true;
            }
            default -> {}
        }
        return name.equals("curthread");
    }

    void number(String name) {
        if (emitter.isGuarded() && isRefused(name)) {
            asm.constant(R0, 0);
            return;
        }
        switch (name) {
            case "pid" -> owners.id(true);
            case "tid" -> owners.id(false);
            case "ppid" -> {
                if (isOwn()) {
                    asm.constant(R0, emitter.session.ppid());
                } else {
                    task();
                    read("task_struct", "real_parent");
                    owners.processNumber();
                }
            }
            case "uid", "gid" -> owners.owner(name);
            case "timestamp" -> {
                emitter.needTime();
                asm.load(DW, R0, SLOT, SLOT_TIME);
            }
            case "walltimestamp" -> {
                emitter.needTime();
                asm.load(DW, R0, SLOT, SLOT_TIME).constant(R1, emitter.session.wallOffset());
                asm.aluRegister(Alu.ADD, R0, R1);
            }
            case "vtimestamp" -> {
                task();
                read("task_struct", "se.sum_exec_runtime");
            }
            case "cpu" -> asm.call(Emitter.CPU);
            case "curthread" -> task();
            case "id" -> probeId();
            case "epid" -> asm.load(DW, R0, SLOT, SLOT_WORK + 56);
            case "ipl" -> asm.constant(R0, 0);
            case "errno" -> errno();
            case "caller" -> stacks.caller();
            case "ucaller" -> stacks.userCaller();
            case "stackdepth" -> stacks.depth();
            case "ustackdepth" -> stacks.userDepth();
            default -> throw new AssertionError(name);
        }
    }

    private void probeId() {
        if (shape.names().isPresent()) {
            asm.constant(R0, shape.names().get().id());
            return;
        }
        int none = asm.newLabel();
        probe();
        asm.jump(Jump.EQ, R0, 0, none).load(DW, R0, R0, PROBE_ID).place(none);
    }

    /** r0 = the probe's names, or 0. */
    void probe() {
        asm.load(DW, R1, SLOT, SLOT_PROBE).store(W, FRAME, Emitter.KEY, R1);
        emitter.useMap(R1, PROBES);
        emitter.frameAddress(R2, Emitter.KEY);
        asm.call(Emitter.MAP_LOOKUP);
    }

    private void errno() {
        if (shape.site() != Shape.Site.SYSCALL_RETURN) {
            asm.constant(R0, 0);
            return;
        }
        int none = asm.newLabel();
        int end = asm.newLabel();
        asm.load(DW, R0, CONTEXT, 8)
                .jump(Jump.SGE, R0, 0, none)
                .jump(Jump.SLT, R0, -4095, none)
                .negate(R0)
                .jump(end)
                .place(none)
                .constant(R0, 0)
                .place(end);
    }

    /** Whether the probe's arguments are the kernel's, which are not for a zone to know. */
    private boolean isOfKernel() {
        return switch (shape.site()) {
            case TRACEPOINT, TICK, FUNCTION_ENTRY, FUNCTION_RETURN -> true;
            default -> false;
        };
    }

    void argument(int number) {
        if (emitter.isGuarded() && isOfKernel()) {
            emitter.refuse(Emitter.KERNEL_PRIVILEGE);
            asm.constant(R0, 0);
            return;
        }
        switch (shape.site()) {
            case SYSCALL_ENTRY -> {
                if (number < SYSCALL_ARGUMENTS.length) {
                    asm.load(DW, R1, CONTEXT, 0).load(DW, R0, R1, SYSCALL_ARGUMENTS[number]);
                } else {
                    asm.constant(R0, 0);
                }
            }
            case SYSCALL_RETURN -> {
                int fine = asm.newLabel();
                asm.load(DW, R0, CONTEXT, 8);
                asm.jump(Jump.SGE, R0, 0, fine)
                        .jump(Jump.SLT, R0, -4095, fine)
                        .constant(R0, -1)
                        .place(fine);
                if (number > 1) {
                    asm.constant(R0, 0);
                }
            }
            case CLOCK, TICK -> clockArgument(number);
            case TRACEPOINT -> {
                if (number < shape.rawTypes().size()) {
                    asm.load(DW, R0, CONTEXT, 8 * number);
                    emitter.launder();
                } else {
                    asm.constant(R0, 0);
                }
            }
            case USER_ENTRY -> functionArgument(number, Emitter.READ_USER);
            case FUNCTION_ENTRY -> functionArgument(number, Emitter.READ_KERNEL);
            case USER_NOTE -> noteArgument(number);
            case USER_RETURN, FUNCTION_RETURN -> {
                if (number == 1) {
                    asm.load(DW, R0, CONTEXT, RAX);
                } else {
                    asm.constant(R0, 0);
                }
            }
            case ERROR -> {
                int[] places = {-1, SLOT_WORK + 48, SLOT_FAULT_ACTION, SLOT_FAULT_ACTION, SLOT_FAULT, SLOT_FAULT_ADDRESS
                };
                if (number < places.length && places[number] >= 0) {
                    asm.load(DW, R0, SLOT, places[number]);
                    if (number == 3) {
                        // Where in the clause: four for each action, as the message has it.
                        int predicate = asm.newLabel();
                        asm.jump(Jump.NE, R0, 0, predicate)
                                .constant(R0, 1)
                                .place(predicate)
                                .alu(Alu.LSH, R0, 2);
                    }
                } else {
                    asm.constant(R0, 0);
                }
            }
            case RUN -> asm.constant(R0, 0);
        }
    }

    /** arg0 is where the kernel was, arg1 where the program was; the other is zero. */
    private void clockArgument(int number) {
        if (number > 1) {
            asm.constant(R0, 0);
            return;
        }
        int fine = asm.newLabel();
        asm.load(DW, R0, CONTEXT, RIP)
                .jump(number == 0 ? Jump.SLT : Jump.SGE, R0, 0, fine)
                .constant(R0, 0)
                .place(fine);
    }

    private void noteArgument(int number) {
        if (number >= shape.operands().size()) {
            asm.constant(R0, 0);
            return;
        }
        Operand operand = shape.operands().get(number);
        if (operand.base() < 0) {
            asm.constant(R0, operand.displacement());
            return;
        }
        asm.load(DW, R0, CONTEXT, operand.base());
        if (operand.index() >= 0) {
            asm.load(DW, R1, CONTEXT, operand.index())
                    .alu(Alu.MUL, R1, operand.scale())
                    .aluRegister(Alu.ADD, R0, R1);
        }
        if (operand.memory()) {
            asm.constant(R1, operand.displacement()).aluRegister(Alu.ADD, R0, R1);
            asm.store(DW, FRAME, Emitter.ADDRESS, R0).move(R3, R0);
            emitter.frameAddress(R1, Emitter.READ);
            int fine = asm.newLabel();
            asm.constant(R2, operand.size()).call(Emitter.READ_USER).jump(Jump.EQ, R0, 0, fine);
            emitter.failAddress();
            asm.place(fine).load(BpfAssembler.Width.of(operand.size()), R0, FRAME, Emitter.READ);
        }
        emitter.extend(operand.size(), operand.signed());
    }

    /** @param reader the helper that reads those that are on the stack */
    private void functionArgument(int number, int reader) {
        if (number < FUNCTION_ARGUMENTS.length) {
            asm.load(DW, R0, CONTEXT, FUNCTION_ARGUMENTS[number]);
            return;
        }
        asm.load(DW, R3, CONTEXT, RSP).alu(Alu.ADD, R3, 8 * (number - 5));
        asm.store(DW, FRAME, Emitter.ADDRESS, R3);
        emitter.frameAddress(R1, Emitter.READ);
        int fine = asm.newLabel();
        asm.constant(R2, 8).call(reader).jump(Jump.EQ, R0, 0, fine);
        emitter.failAddress();
        asm.place(fine).load(DW, R0, FRAME, Emitter.READ);
    }

    void userRegister(Op number) {
        boolean has = switch (shape.site()) {
            case USER_ENTRY, USER_NOTE, USER_RETURN, CLOCK, TICK -> true;
            default -> false;
        };
        if (!(number instanceof Op.Const(long index, var _))) {
            throw new AssertionError(number);
        }
        emitter.requireProcess();
        if (index >= REGISTERS) {
            task();
            read("task_struct", "thread." + KEPT_REGISTERS[(int) index - REGISTERS]);
            return;
        }
        if (has) {
            asm.load(DW, R0, CONTEXT, (int) (8 * index));
            return;
        }
        taskPointer();
        asm.move(R1, R0).call(Emitter.TASK_REGISTERS);
        emitter.launder();
        asm.alu(Alu.ADD, R0, (int) (8 * index));
        emitter.readKernel(8, false);
    }

    /** Text of a variable of the language's own, in the slot. */
    void string(String name, int place, int size) {
        if (emitter.isGuarded()) {
            isRefused(name);
        }
        switch (name) {
            case "execname", "threadname" -> execname(name, place, size);
            case "zonename" -> owners.zonename(place, size);
            case "__psargs" -> commandLine(place, size);
            case "probeprov", "probemod", "probefunc", "probename" -> probeName(name, place, size);
            default -> throw new AssertionError(name);
        }
    }

    private void execname(String name, int place, int size) {
        if (isOwn()) {
            emitter.text(place, emitter.session.execname().getBytes(StandardCharsets.UTF_8), size);
            return;
        }
        emitter.zero(place, size);
        int width = Math.min(16, size);
        int end = asm.newLabel();
        if (isRunning()) {
            // The first thread of a process, which the helper knows the name of, has the number of the process.
            int other = asm.newLabel();
            asm.call(Emitter.PID_TGID).move(R1, R0).alu(Alu.RSH, R1, 32).zeroExtend32(R0);
            if (name.equals("execname")) {
                asm.jumpRegister(Jump.NE, R0, R1, other);
            }
            emitter.slotAddress(R1, place);
            asm.constant(R2, width).call(Emitter.COMM).jump(end).place(other);
            if (!name.equals("execname")) {
                asm.place(end);
                return;
            }
        }
        task();
        if (name.equals("execname")) {
            read("task_struct", "group_leader");
        }
        asm.alu(Alu.ADD, R0, member("task_struct", "comm").bitOffset() / 8).move(R3, R0);
        emitter.slotAddress(R1, place);
        asm.constant(R2, width).call(Emitter.READ_KERNEL_STRING).place(end);
    }

    /** The arguments of the running process, or its name where they can't be read. */
    private void commandLine(int place, int size) {
        if (isOwn() || !isRunning()) {
            execname("execname", place, size);
            return;
        }
        int name = asm.newLabel();
        int end = asm.newLabel();
        int mark = emitter.mark();
        new CommandLineEmitter(numbers).load(place, size, name);
        asm.jump(end).place(name);
        execname("execname", place, size);
        asm.place(end);
        emitter.release(mark);
    }

    private void probeName(String name, int place, int size) {
        if (shape.names().isPresent()) {
            Shape.Names names = shape.names().get();
            String text = switch (name) {
                case "probeprov" -> names.provider();
                case "probemod" -> names.module();
                case "probefunc" -> names.function();
                default -> names.name();
            };
            emitter.text(place, text.getBytes(StandardCharsets.UTF_8), size);
            return;
        }
        int offset = switch (name) {
            case "probeprov" -> PROBE_PROVIDER;
            case "probemod" -> PROBE_MODULE;
            case "probefunc" -> PROBE_FUNCTION;
            default -> PROBE_NAME;
        };
        int width = Math.min(size, offset == PROBE_FUNCTION ? 128 : 64);
        emitter.zero(place, size);
        int none = asm.newLabel();
        probe();
        asm.jump(Jump.EQ, R0, 0, none);
        emitter.copyToSlot(place, R0, offset, width);
        asm.place(none);
    }
}
