package zonda.dtrace;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import zonda.dtrace.code.Aggregate;
import zonda.dtrace.code.Compiler;
import zonda.dtrace.code.Maps;
import zonda.dtrace.code.Options;
import zonda.dtrace.code.Var;
import zonda.dtrace.provider.ProbeTable;
import zonda.dtrace.provider.View;
import zonda.dtrace.syntax.Expr;
import zonda.dtrace.syntax.Macros;
import zonda.dtrace.types.Btf;
import zonda.dtrace.types.TypeTable;

/** Compiles programs without a kernel and runs them in {@link BpfMachine}. */
final class Machines {
    private Machines() {}

    static Unit unit() {
        return unit(Optional::empty, new ProbeTable(Optional::empty, View.ALL));
    }

    static Unit unit(Supplier<Optional<Btf>> kernel, ProbeTable probes) {
        return new Unit(
                new TypeTable(kernel), new Options(), probes, new Compiler.Invoker(7, 1, 0, 0, 0, 2, Optional.empty()));
    }

    static Macros macros() {
        return new Macros(Map.of("pid", 7L, "target", 0L), List.of("dtrace"), false);
    }

    /** Compiles a program of BEGIN clauses and runs it. @return the numbers that it recorded, in order */
    static List<Long> begin(String program) {
        Unit unit = unit();
        unit.add(program, macros(), true);
        return run(unit, new Programs(unit).plan().getFirst(), Maps.Activity.BEGINNING, new long[0]);
    }

    /** Runs one program of a unit's. @param context what the kernel gives it */
    static List<Long> run(Unit unit, Programs.Planned planned, Maps.Activity activity, long[] context) {
        var machine = new BpfMachine(() -> 1_000_000);
        maps(machine, unit, planned.program().slotSize());
        machine.array(Maps.PLACES, 16, 1);
        machine.set(Maps.PLACES, 0, planned.masks().getFirst());
        machine.set(Maps.PLACES, 8, planned.indexes().getFirst());
        machine.set(Maps.STATE, Maps.ACTIVITY, activity.ordinal());
        machine.run(planned.program().code().code(), context);
        if (machine.get(Maps.BUSY, 0) != 0) {
            throw new IllegalStateException("the program kept its slot");
        }
        var numbers = new ArrayList<Long>();
        for (byte[] record : machine.records()) {
            ByteBuffer data = ByteBuffer.wrap(record).order(ByteOrder.LITTLE_ENDIAN);
            for (int at = Maps.RECORD_HEADER; at + 8 <= record.length; at += 8) {
                numbers.add(data.getLong(at));
            }
        }
        return numbers;
    }

    /** Runs a program of BEGIN clauses twice, the second time in the middle of the first. @return an aggregation's values */
    static List<ByteBuffer> interrupted(String program) {
        Unit unit = unit();
        unit.add(program, macros(), true);
        Programs.Planned planned = new Programs(unit).plan().getFirst();
        long[] code = planned.program().code().code();
        var machine = new BpfMachine(() -> 1_000_000);
        maps(machine, unit, planned.program().slotSize());
        machine.set(Maps.STATE, Maps.ACTIVITY, Maps.Activity.BEGINNING.ordinal());
        machine.interruptUpdate(() -> machine.run(code));
        machine.run(code);
        return machine.values(
                Maps.AGGREGATES + unit.names().aggregates().iterator().next().id());
    }

    private static void maps(BpfMachine machine, Unit unit, int slot) {
        machine.array(Maps.STATE, 256, 1);
        machine.array(Maps.SLOTS, slot, 2 * Maps.NESTING);
        machine.array(Maps.BUSY, 8, 2);
        machine.array(Maps.GLOBALS, Math.max(8, unit.names().size(Expr.Scope.GLOBAL)), 1);
        machine.array(Maps.TASKS, Math.max(8, unit.names().size(Expr.Scope.SELF)), 1);
        machine.array(Maps.PROBES, Maps.PROBE_SIZE, 4);
        machine.array(Maps.SPECULATIONS, 256, 1);
        machine.array(Maps.ZEROS, 1 << 16, 1);
        for (Var variable : unit.names().variables()) {
            if (!variable.keys().isEmpty()) {
                machine.hash(
                        Maps.ARRAYS + variable.place(),
                        Compiler.keySize(variable, 256),
                        variable.type().isString() ? 256 : 8,
                        100);
            }
        }
        for (Aggregate aggregate : unit.names().aggregates()) {
            if (aggregate.keys().isEmpty()) {
                machine.array(Maps.AGGREGATES + aggregate.id(), aggregate.words() * 8, 1);
            } else {
                machine.hash(Maps.AGGREGATES + aggregate.id(), aggregate.keySize(256), aggregate.words() * 8, 100);
            }
        }
    }
}
