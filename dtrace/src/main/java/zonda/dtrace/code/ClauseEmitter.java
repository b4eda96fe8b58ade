package zonda.dtrace.code;

import static zonda.dtrace.code.Maps.*;

import java.util.ArrayList;
import java.util.List;
import zonda.dtrace.types.DType;
import zonda.kernel.BpfAssembler;
import zonda.kernel.BpfAssembler.Alu;
import zonda.kernel.BpfAssembler.Jump;

/**
 * Code for a clause. Statements between two ifs make one record, which is handed over when all of them are done; a fault
 * leaves the record and the rest of the clause.
 */
final class ClauseEmitter {
    private static final int NO_WAKEUP = 1;
    private static final int SIGSTOP = 19;
    /** Nanoseconds that chill() takes at most, as on illumos. */
    private static final int LONGEST_CHILL = 500_000_000;

    private static final int ILLEGAL_OPERATION = 3;
    private static final int FAULT_SIZE = RECORD_HEADER + 24;
    private static final int FAILED_EPID = SLOT_WORK + 48;
    private static final int EPID = SLOT_WORK + 56;

    private final NumberEmitter numbers;
    private final Emitter emitter;
    private final BpfAssembler asm;
    private final List<Compiler.Layout> layouts;
    private final boolean masked;
    private final int errors;
    private Compiler.Enabled enabled;
    private int action;
    /** Where the clause ends. */
    private int leave;
    /** Bytes of the record that the statements at hand make. */
    private int recordSize;

    ClauseEmitter(NumberEmitter numbers, List<Compiler.Layout> layouts, boolean masked, int errors) {
        this.numbers = numbers;
        this.emitter = numbers.emitter;
        this.asm = emitter.asm;
        this.layouts = layouts;
        this.masked = masked;
        this.errors = errors;
        this.enabled = new Compiler.Enabled(
                new zonda.dtrace.syntax.Item.Clause(0, List.of(), java.util.Optional.empty(), List.of(), true), 0, 0);
    }

    void clause(Compiler.Enabled one) {
        enabled = one;
        action = 0;
        ClauseChecker.Checked checked = new ClauseChecker(emitter.names, emitter.shape).check(one.clause());
        int start = emitter.mark();
        int next = asm.newLabel();
        leave = next;
        int fault = asm.newLabel();
        if (masked) {
            asm.load(DW, R1, SLOT, SLOT_MASK).constant(R2, 1L << one.bit()).aluRegister(Alu.AND, R1, R2);
            asm.jump(Jump.EQ, R1, 0, next);
        }
        emitter.faultLabel(fault);
        asm.load(DW, R1, SLOT, SLOT_PROBE).alu(Alu.ADD, R1, one.firstEpid()).store(DW, SLOT, EPID, R1);
        asm.storeConstant(DW, SLOT, SLOT_SPECULATION, 0);
        at(0);
        checked.predicate().ifPresent(predicate -> numbers.branchIfFalse(predicate, next));
        block(checked.steps());
        asm.jump(next).place(fault);
        emitter.releaseForClause();
        emitter.release(start);
        fault();
        asm.place(next);
    }

    /** Notes which action comes, for what a fault says. ERROR's own clauses tell of the action that brought them. */
    private void at(int number) {
        if (!emitter.isInError()) {
            asm.storeConstant(DW, SLOT, SLOT_FAULT_ACTION, number);
        }
    }

    private void block(List<Step> steps) {
        var segment = new ArrayList<Step>();
        for (Step step : steps) {
            if (step instanceof Step.If(Op condition, List<Step> yes, List<Step> no)) {
                segment(segment);
                segment.clear();
                int otherwise = asm.newLabel();
                int end = asm.newLabel();
                numbers.branchIfFalse(condition, otherwise);
                block(yes);
                asm.jump(end).place(otherwise);
                block(no);
                asm.place(end);
            } else {
                segment.add(step);
            }
        }
        segment(segment);
    }

    /** Statements that share a record. */
    private void segment(List<Step> steps) {
        int mark = emitter.mark();
        int size = RECORD_HEADER;
        boolean records = false;
        for (Step step : steps) {
            if (step instanceof Step.Emit(List<Op> data, var _)) {
                records = true;
                for (Op op : data) {
                    size += Aggregate.size(op.type(), emitter.stringSize);
                }
            }
        }
        int record = records ? emitter.allocate(size) : -1;
        recordSize = size;
        var actions = new ArrayList<Action>();
        int at = RECORD_HEADER;
        for (Step step : steps) {
            at(++action);
            int statement = emitter.mark();
            at += step(step, record, at, actions);
            emitter.release(statement);
        }
        if (records) {
            var layout = new Compiler.Layout(layouts.size(), enabled.bit(), enabled.firstEpid(), size, actions);
            layouts.add(layout);
            emitter.needTime();
            submit(record, size, layout.id());
            if (actions.stream().anyMatch(Action.Exit.class::isInstance)) {
                exit();
            }
        }
        emitter.release(mark);
    }

    /** @return bytes that were added to the record */
    private int step(Step step, int record, int at, List<Action> actions) {
        switch (step) {
            case Step.Eval(Op op) -> numbers.evaluate(op);
            case Step.Emit(List<Op> data, var maker) -> {
                var places = new ArrayList<Action.Datum>();
                int offset = at;
                for (Op op : data) {
                    places.add(new Action.Datum(offset, op.type()));
                    offset += numbers.strings.datum(op, record + offset);
                }
                Action made = maker.apply(places);
                actions.add(made);
                if (made instanceof Action.Commit || made instanceof Action.Discard) {
                    endSpeculation(record + places.getFirst().offset());
                }
                return offset - at;
            }
            case Step.Aggregating aggregating -> new AggregateEmitter(numbers).aggregate(aggregating);
            case Step.Speculate(Op id) -> speculate(id);
            case Step.Destructive(String name, List<Op> arguments) -> destructive(name, arguments);
            case Step.If _ -> throw new AssertionError(step);
        }
        return 0;
    }

    /** A record that is longer than its buffer is counted as dropped. @return whether there are any that fit */
    private boolean fits(int size, int end) {
        Options options = emitter.names.options();
        long data = size - RECORD_HEADER + Integer.BYTES;
        long speculation = options.number("specsize");
        if (data > speculation) {
            int other = asm.newLabel();
            asm.jump(Jump.EQ, R1, 0, other);
            emitter.count(SPECULATIVE_DROPS);
            asm.jump(end).place(other).constant(R1, 0);
        }
        if (data > options.number("bufsize")) {
            emitter.count(DROPS);
            return false;
        }
        return true;
    }

    /** Hands the record in the slot over; what finds no room is counted. */
    private void submit(int record, int size, int id) {
        int end = asm.newLabel();
        asm.load(DW, R1, SLOT, SLOT_SPECULATION);
        if (id != FAULT_RECORD && !fits(size, end)) {
            asm.place(end);
            return;
        }
        asm.store(W, SLOT, record + 20, R1);
        asm.storeConstant(W, SLOT, record, id)
                .load(DW, R1, SLOT, SLOT_PROBE)
                .store(W, SLOT, record + 4, R1)
                .load(DW, R1, SLOT, SLOT_TIME)
                .store(DW, SLOT, record + 8, R1);
        asm.call(Emitter.CPU).store(W, SLOT, record + 16, R0).store(W, FRAME, Emitter.KEY, R0);
        emitter.useMap(R1, RINGS);
        emitter.frameAddress(R2, Emitter.KEY);
        asm.call(Emitter.MAP_LOOKUP).jump(Jump.EQ, R0, 0, end).move(R1, R0);
        emitter.slotAddress(R2, record);
        asm.constant(R3, size).constant(R4, NO_WAKEUP).call(Emitter.RING_OUTPUT).jump(Jump.EQ, R0, 0, end);
        int principal = asm.newLabel();
        asm.load(DW, R1, SLOT, SLOT_SPECULATION).jump(Jump.EQ, R1, 0, principal);
        emitter.count(SPECULATIVE_DROPS);
        asm.jump(end).place(principal);
        emitter.count(DROPS);
        asm.place(end);
    }

    /** From now on only END fires. */
    private void exit() {
        int end = asm.newLabel();
        emitter.useMapValue(R1, STATE, ACTIVITY);
        asm.load(DW, R2, R1, 0)
                .jump(Jump.GT, R2, Activity.ACTIVE.ordinal(), end)
                .storeConstant(DW, R1, 0, Activity.DRAINING.ordinal())
                .place(end);
    }

    private int speculations() {
        return (int) Math.clamp(emitter.names.options().number("nspec"), 0, 32);
    }

    /** As on illumos, a clause goes no farther when its speculation takes nothing. */
    private void speculate(Op id) {
        numbers.number(id);
        // Linux 6.1 learns of a comparison for less, and not of one for equality, that the number is not zero.
        asm.jump(Jump.LT, R0, 1, leave);
        knownSpeculation();
        asm.move(R3, R0);
        emitter.useMapValue(R1, SPECULATIONS, 0);
        asm.alu(Alu.ADD, R0, -1)
                .alu(Alu.LSH, R0, 3)
                .aluRegister(Alu.ADD, R1, R0)
                .load(DW, R1, R1, 0);
        asm.move(R2, R1).alu(Alu.AND, R2, 1).jump(Jump.EQ, R2, 0, leave);
        asm.alu(Alu.LSH, R1, SPECULATION_BITS).aluRegister(Alu.OR, R1, R3).store(DW, SLOT, SLOT_SPECULATION, R1);
        long room = emitter.names.options().number("specsize");
        if (recordSize - RECORD_HEADER + Integer.BYTES > room) {
            emitter.count(SPECULATIVE_DROPS);
            asm.jump(leave);
        }
    }

    /** A fault when the number in r0 is none of a speculation's. */
    private void knownSpeculation() {
        int known = asm.newLabel();
        asm.jump(Jump.LE, R0, speculations(), known);
        emitter.fail(Emitter.ILLEGAL);
        asm.place(known);
    }

    /** Frees the speculation whose number is in the place, and puts there which use of it that was; 0 for none. */
    private void endSpeculation(int place) {
        int end = asm.newLabel();
        asm.load(DW, R0, SLOT, place).storeConstant(DW, SLOT, place, 0).jump(Jump.LT, R0, 1, end);
        knownSpeculation();
        asm.move(R3, R0);
        emitter.useMapValue(R1, SPECULATIONS, 0);
        asm.alu(Alu.ADD, R0, -1).alu(Alu.LSH, R0, 3).aluRegister(Alu.ADD, R1, R0);
        asm.load(DW, R0, R1, 0).move(R2, R0).alu(Alu.AND, R2, 1).jump(Jump.EQ, R2, 0, end);
        asm.move(R4, R0).move(R2, R0).alu(Alu.ADD, R2, 1).compareExchange(R1, 0, R2);
        asm.jumpRegister(Jump.NE, R0, R4, end)
                .alu(Alu.LSH, R4, SPECULATION_BITS)
                .aluRegister(Alu.OR, R4, R3)
                .store(DW, SLOT, place, R4)
                .place(end);
    }

    private void destructive(String name, List<Op> arguments) {
        if (name.equals("chill") && emitter.isConfined()) {
            emitter.refuse(Emitter.KERNEL_PRIVILEGE);
            return;
        }
        if (name.equals("chill")) {
            chill(arguments.getFirst());
            return;
        }
        if (emitter.shape.site() == Shape.Site.RUN) {
            // BEGIN and END run on a thread of the host's daemon, which is nobody's to stop or to change.
            arguments.forEach(numbers::evaluate);
            return;
        }
        emitter.requireProcess();
        switch (name) {
            case "raise" -> {
                numbers.number(arguments.getFirst());
                asm.move(R1, R0).call(Emitter.SEND_SIGNAL);
            }
            case "stop" -> asm.constant(R1, SIGSTOP).call(Emitter.SEND_SIGNAL);
            case "copyout" -> copyout(arguments);
            case "copyoutstr" -> copyText(arguments);
            default -> throw new AssertionError(name);
        }
    }

    /** Waits that many nanoseconds. */
    private void chill(Op time) {
        int fine = asm.newLabel();
        numbers.number(time);
        asm.jump(Jump.LE, R0, LONGEST_CHILL, fine);
        emitter.fail(ILLEGAL_OPERATION);
        asm.place(fine).store(DW, SLOT, SLOT_WORK, R0).call(Emitter.KTIME);
        asm.load(DW, R1, SLOT, SLOT_WORK).aluRegister(Alu.ADD, R1, R0).store(DW, SLOT, SLOT_WORK, R1);
        numbers.library.call(Library.Function.WAIT);
    }

    /** A text, and as much of it as there is room for. */
    private void copyText(List<Op> arguments) {
        int mark = emitter.mark();
        int text = numbers.strings.operand(arguments.getFirst());
        int address = emitter.allocate(8);
        int room = emitter.allocate(8);
        numbers.number(arguments.get(1));
        asm.store(DW, SLOT, address, R0);
        numbers.number(arguments.get(2));
        asm.store(DW, SLOT, room, R0);
        numbers.strings.length(text);
        int end = asm.newLabel();
        int whole = asm.newLabel();
        asm.alu(Alu.ADD, R0, 1)
                .load(DW, R3, SLOT, room)
                .jumpRegister(Jump.GE, R3, R0, whole)
                .move(R0, R3);
        asm.place(whole)
                .jump(Jump.EQ, R0, 0, end)
                .jump(Jump.GT, R0, emitter.stringSize, end)
                .move(R3, R0);
        asm.load(DW, R1, SLOT, address).store(DW, FRAME, Emitter.ADDRESS, R1);
        emitter.slotAddress(R2, text);
        asm.call(Emitter.WRITE_USER).jump(Jump.EQ, R0, 0, end);
        emitter.failAddress();
        asm.place(end);
        emitter.release(mark);
    }

    private void copyout(List<Op> arguments) {
        if (!(arguments.get(2) instanceof Op.Const(long size, var _)) || size <= 0 || size > 4096) {
            throw new zonda.dtrace.syntax.DError(
                    "D_PROTO_ARG",
                    enabled.clause().line(),
                    "copyout( ) argument #3 must be a constant between 1 and 4096");
        }
        int place = emitter.allocate((int) size);
        numbers.strings.datum(new Op.Place(arguments.get(0), new DType.Array(DType.CHAR, (int) size)), place);
        numbers.number(arguments.get(1));
        asm.store(DW, FRAME, Emitter.ADDRESS, R0).move(R1, R0);
        emitter.slotAddress(R2, place);
        int fine = asm.newLabel();
        asm.constant(R3, size).call(Emitter.WRITE_USER).jump(Jump.EQ, R0, 0, fine);
        emitter.failAddress();
        asm.place(fine);
    }

    /** The clause failed: the ERROR clauses run, and the consumer is told. */
    private void fault() {
        if (emitter.isInError()) {
            emitter.count(ERROR_ERRORS);
            return;
        }
        asm.storeConstant(DW, SLOT, SLOT_SPECULATION, 0);
        if (!emitter.isTimed()) {
            asm.call(Emitter.KTIME).store(DW, SLOT, SLOT_TIME, R0);
        }
        int mark = emitter.mark();
        int record = emitter.allocate(FAULT_SIZE);
        asm.load(DW, R1, SLOT, EPID).store(DW, SLOT, FAILED_EPID, R1).store(W, SLOT, record + RECORD_HEADER, R1);
        asm.load(DW, R1, SLOT, SLOT_FAULT_ACTION).store(W, SLOT, record + RECORD_HEADER + 4, R1);
        asm.load(DW, R1, SLOT, SLOT_FAULT).store(DW, SLOT, record + RECORD_HEADER + 8, R1);
        asm.load(DW, R1, SLOT, SLOT_FAULT_ADDRESS).store(DW, SLOT, record + RECORD_HEADER + 16, R1);
        if (errors >= 0) {
            asm.move(R1, CONTEXT).move(R2, SLOT).callLocal(errors);
        }
        asm.storeConstant(DW, SLOT, SLOT_SPECULATION, 0);
        submit(record, FAULT_SIZE, FAULT_RECORD);
        emitter.release(mark);
    }
}
