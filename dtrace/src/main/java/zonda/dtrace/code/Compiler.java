package zonda.dtrace.code;

import static zonda.dtrace.code.Maps.*;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import zonda.dtrace.syntax.DError;
import zonda.dtrace.syntax.Expr;
import zonda.dtrace.syntax.Item;
import zonda.kernel.BpfAssembler;
import zonda.kernel.BpfAssembler.Alu;
import zonda.kernel.BpfAssembler.Jump;

/** Makes one eBPF program of the clauses for one shape of probe. */
public final class Compiler {
    /** How a program knows which probe fired. */
    public enum Dispatch {
        /** It is for one probe. */
        ONE,
        /** By the number of the system call, through a table. */
        SYSCALL,
        /** By the cookie it was attached with, through a table. */
        COOKIE
    }

    /**
     * A clause to compile.
     *
     * @param bit its place in the masks of the tables
     * @param firstEpid what, with the probe's index, makes the id of the enabled probe
     */
    public record Enabled(Item.Clause clause, int bit, int firstEpid) {}

    /** A record that programs write: what is in it, and what is done with it. */
    public record Layout(int id, int clause, int firstEpid, int size, List<Action> actions) {
        public Layout {
            actions = List.copyOf(actions);
        }

        /** Whether commit() or discard() is among the actions. */
        public boolean endsSpeculation() {
            return actions.stream()
                    .anyMatch(action -> action instanceof Action.Commit || action instanceof Action.Discard);
        }

        private boolean exits() {
            return actions.stream().anyMatch(Action.Exit.class::isInstance);
        }
    }

    /** A program to load. @param maps indexes of the maps it uses */
    public record Program(BpfAssembler code, Set<Integer> maps, int slotSize) {}

    private final Names names;
    private final Emitter.Session session;
    private final List<Layout> layouts = new ArrayList<>();
    private List<Enabled> errorClauses = List.of();
    private int errorProbe = -1;

    public Compiler(Names names, Invoker invoker) {
        this.names = names;
        this.session = new Emitter.Session(
                invoker.pid(),
                invoker.ppid(),
                invoker.uid(),
                invoker.gid(),
                "dtrace",
                invoker.wallOffset(),
                invoker.cpus(),
                invoker.confinement());
    }

    /**
     * Who runs dtrace.
     *
     * @param wallOffset nanoseconds from the monotonic clock to that of the day
     * @param confinement the zone where that is, if it is in one
     */
    public record Invoker(
            long pid, long ppid, long uid, long gid, long wallOffset, int cpus, Optional<Confinement> confinement) {}

    /** Records of all programs so far, by number. */
    public List<Layout> layouts() {
        return layouts;
    }

    /** Clauses of ERROR, which run where others fail. */
    public void onError(List<Enabled> clauses, int probe) {
        errorClauses = List.copyOf(clauses);
        errorProbe = probe;
    }

    /** Settles a clause's types without writing code: defines its variables and finds its errors. */
    public void check(Item.Clause clause, Shape shape) {
        new ClauseChecker(names, shape).check(clause);
    }

    /** @throws DError when the clauses ask for what can't be had, with the line */
    public Program compile(Shape shape, List<Enabled> clauses, Dispatch dispatch, int probe) {
        int known = layouts.size();
        Attempt first = attempt(shape, clauses, dispatch, probe, true);
        if (first.needsTime()) {
            return first.program();
        }
        layouts.subList(known, layouts.size()).clear();
        return attempt(shape, clauses, dispatch, probe, false).program();
    }

    /** A program, and whether anything in it asks for the time. */
    private record Attempt(Program program, boolean needsTime) {}

    private Attempt attempt(Shape shape, List<Enabled> clauses, Dispatch dispatch, int probe, boolean timed) {
        var asm = new BpfAssembler();
        var emitter = new Emitter(names, shape, session, asm);
        emitter.timed(timed);
        var library = new Library(asm, emitter.stringSize);
        var numbers = new NumberEmitter(emitter, library);
        int errors = errorClauses.isEmpty() ? -1 : asm.newLabel();
        var frame = new ProgramFrame(numbers, dispatch, probe, shape.site());
        frame.begin();
        // A condition that can't be read does not hold.
        emitter.faultLabel(frame.leave());
        new ZoneCheck(numbers).emit(frame.leave());
        emitter.trusting(() -> shape.condition()
                .ifPresent(condition ->
                        numbers.branchIfFalse(new Checker(names, shape).condition(condition), frame.leave())));
        int first = layouts.size();
        for (Enabled one : clauses) {
            int next = asm.newLabel();
            boolean mayHaveEnded = one != clauses.getFirst()
                    && (errors >= 0
                            || layouts.subList(first, layouts.size()).stream().anyMatch(Layout::exits));
            if (mayHaveEnded) {
                frame.skipUnlessTracing(next);
            }
            new ClauseEmitter(numbers, layouts, dispatch != Dispatch.ONE, errors).clause(one);
            asm.place(next);
        }
        frame.end();
        if (errors >= 0) {
            errorFunction(emitter, library, errors);
        }
        library.emit();
        return new Attempt(
                new Program(asm, emitter.maps.keySet(), emitter.slotSize()), emitter.needsTime() || errors >= 0);
    }

    /** The clauses of ERROR as a function: r1 is the context, r2 the slot. */
    private void errorFunction(Emitter outer, Library library, int label) {
        BpfAssembler asm = outer.asm;
        int kept = -400;
        var inner = new Emitter(names, Shape.of(Shape.Site.ERROR), session, asm);
        inner.maps.putAll(outer.maps);
        inner.startAt(outer.used());
        inner.inError(true);
        inner.foreign(outer.isBarredFromProcess());
        var numbers = new NumberEmitter(inner, library);
        asm.place(label).move(CONTEXT, R1).move(SLOT, R2);
        asm.load(DW, R1, SLOT, SLOT_PROBE).store(DW, FRAME, kept, R1).storeConstant(DW, SLOT, SLOT_PROBE, errorProbe);
        numbers.strings.reserveToken();
        numbers.strings.clearToken();
        for (Enabled one : errorClauses) {
            new ClauseEmitter(numbers, layouts, false, -1).clause(one);
        }
        asm.load(DW, R1, FRAME, kept)
                .store(DW, SLOT, SLOT_PROBE, R1)
                .constant(R0, 0)
                .exit();
        outer.maps.putAll(inner.maps);
        outer.startAt(inner.used());
        outer.reserve(inner.slotSize());
    }

    /** Bytes of a key of an associative array. */
    public static int keySize(Var variable, int stringSize) {
        return VariableEmitter.keySize(variable, stringSize);
    }

    /** Adds what a program begins and ends with: is it time, which probe, a slot. */
    private static final class ProgramFrame {
        private final NumberEmitter numbers;
        private final Emitter emitter;
        private final BpfAssembler asm;
        private final Dispatch dispatch;
        private final int probe;
        private final Shape.Site site;
        private final int leave;
        private final int out;

        ProgramFrame(NumberEmitter numbers, Dispatch dispatch, int probe, Shape.Site site) {
            this.numbers = numbers;
            this.emitter = numbers.emitter;
            this.asm = emitter.asm;
            this.dispatch = dispatch;
            this.probe = probe;
            this.site = site;
            this.leave = asm.newLabel();
            this.out = asm.newLabel();
        }

        int leave() {
            return leave;
        }

        void begin() {
            asm.move(CONTEXT, R1);
            int active = asm.newLabel();
            emitter.useMapValue(R1, STATE, ACTIVITY);
            asm.load(DW, R1, R1, 0);
            if (site == Shape.Site.RUN) {
                asm.jump(Jump.EQ, R1, Activity.BEGINNING.ordinal(), active)
                        .jump(Jump.EQ, R1, Activity.ENDING.ordinal(), active);
            } else {
                asm.jump(Jump.EQ, R1, Activity.ACTIVE.ordinal(), active);
            }
            asm.jump(out).place(active);
            probe();
            slot();
            asm.storeConstant(DW, SLOT, SLOT_SPECULATION, 0);
            if (dispatch == Dispatch.ONE) {
                asm.storeConstant(DW, SLOT, SLOT_PROBE, probe);
            } else {
                asm.store(DW, SLOT, SLOT_MASK, R8).store(DW, SLOT, SLOT_PROBE, R9);
            }
            if (emitter.isTimed()) {
                asm.call(Emitter.KTIME).store(DW, SLOT, SLOT_TIME, R0);
            }
            emitter.zero(SLOT_VARIABLES, emitter.names.size(Expr.Scope.THIS));
            numbers.strings.reserveToken();
            numbers.strings.clearToken();
        }

        /** r8 = mask of clauses, r9 = probe; nothing is done for a probe that is not enabled. */
        private void probe() {
            switch (dispatch) {
                case ONE -> {
                    return;
                }
                case SYSCALL -> syscallNumber();
                case COOKIE -> asm.move(R1, CONTEXT).call(Emitter.COOKIE);
            }
            asm.store(W, FRAME, Emitter.KEY, R0);
            emitter.useMap(
                    R1, dispatch == Dispatch.COOKIE ? PLACES : site == Shape.Site.SYSCALL_ENTRY ? ENTRIES : RETURNS);
            emitter.frameAddress(R2, Emitter.KEY);
            asm.call(Emitter.MAP_LOOKUP).jump(Jump.EQ, R0, 0, out);
            asm.load(DW, R8, R0, 0).load(DW, R9, R0, 8).jump(Jump.EQ, R8, 0, out);
        }

        /** sys_enter has the number as its second argument, sys_exit in orig_rax of the registers. */
        private void syscallNumber() {
            if (site == Shape.Site.SYSCALL_ENTRY) {
                asm.load(DW, R0, CONTEXT, 8);
            } else {
                asm.load(DW, R0, CONTEXT, 0).load(DW, R0, R0, 120);
            }
        }

        private void slot() {
            asm.call(Emitter.CPU);
            emitter.names.options().word("cpu").ifPresent(only -> asm.jump(Jump.NE, R0, Integer.parseInt(only), out));
            asm.store(W, FRAME, Emitter.KEY, R0);
            emitter.useMap(R1, BUSY);
            emitter.frameAddress(R2, Emitter.KEY);
            int drop = asm.newLabel();
            int got = asm.newLabel();
            int have = asm.newLabel();
            asm.call(Emitter.MAP_LOOKUP).jump(Jump.EQ, R0, 0, out).store(DW, FRAME, Emitter.BUSY_POINTER, R0);
            asm.move(R3, R0);
            for (int i = 0; i < NESTING; i++) {
                int next = asm.newLabel();
                asm.constant(R1, 1L << i).atomicFetch(Alu.OR, R3, 0, R1).alu(Alu.AND, R1, 1 << i);
                asm.jump(Jump.NE, R1, 0, next)
                        .constant(R2, i)
                        .storeConstant(DW, FRAME, Emitter.BUSY_BIT, 1 << i)
                        .jump(got)
                        .place(next);
            }
            asm.jump(drop).place(got);
            asm.load(W, R1, FRAME, Emitter.KEY)
                    .alu(Alu.MUL, R1, NESTING)
                    .aluRegister(Alu.ADD, R1, R2)
                    .store(W, FRAME, Emitter.KEY, R1);
            emitter.useMap(R1, SLOTS);
            emitter.frameAddress(R2, Emitter.KEY);
            asm.call(Emitter.MAP_LOOKUP)
                    .move(SLOT, R0)
                    .jump(Jump.NE, R0, 0, have)
                    .jump(out);
            asm.place(drop);
            emitter.count(DROPS);
            asm.jump(out).place(have);
        }

        /** Behind exit() the clauses that come are not for this probe any longer. */
        void skipUnlessTracing(int next) {
            emitter.useMapValue(R1, STATE, ACTIVITY);
            asm.load(DW, R1, R1, 0).jump(Jump.EQ, R1, Activity.DRAINING.ordinal(), next);
        }

        void end() {
            asm.place(leave)
                    .load(DW, R1, FRAME, Emitter.BUSY_POINTER)
                    .load(DW, R2, FRAME, Emitter.BUSY_BIT)
                    .alu(Alu.XOR, R2, -1)
                    .atomic(Alu.AND, R1, 0, R2);
            asm.place(out).constant(R0, 0).exit();
        }
    }
}
