package zonda.dtrace.code;

import java.util.List;
import java.util.Optional;
import zonda.dtrace.syntax.Expr;
import zonda.dtrace.types.DType;

/**
 * What a clause sees of the probe that it is compiled for.
 *
 * @param site how the program gets to run, which says where arguments and registers are
 * @param rawTypes types of the mechanism's own arguments, as raw0, raw1 and so on name them
 * @param arguments the probe's arguments in terms of those; empty when arg0 is raw0
 * @param names provider, module, function and name of the probe, when the program is for one probe only
 * @param operands where the arguments of a probe in a program are; empty for others
 * @param task the raw argument that is the thread which the probe is about, when it isn't the running one
 */
public record Shape(
        Site site,
        List<DType> rawTypes,
        List<Argument> arguments,
        Optional<Names> names,
        Optional<Integer> task,
        Optional<Expr> condition,
        List<Operand> operands) {
    public Shape {
        rawTypes = List.copyOf(rawTypes);
        arguments = List.copyOf(arguments);
        operands = List.copyOf(operands);
    }

    /** An argument: its type in D, and the expression over raw arguments that it is. */
    public record Argument(String type, Expr value) {}

    public record Names(int id, String provider, String module, String function, String name) {}

    /** How a program gets to run. */
    public enum Site {
        /** BEGIN and END: run by dtrace itself. */
        RUN,
        /** ERROR: called where a fault happens. */
        ERROR,
        SYSCALL_ENTRY,
        SYSCALL_RETURN,
        /** A clock on every processor, which tells of what that was doing. */
        CLOCK,
        /** A clock on any processor. */
        TICK,
        TRACEPOINT,
        /** Where a function of the kernel begins. */
        FUNCTION_ENTRY,
        FUNCTION_RETURN,
        USER_ENTRY,
        USER_NOTE,
        USER_RETURN
    }

    public static Shape of(Site site) {
        return new Shape(site, List.of(), List.of(), Optional.empty(), Optional.empty(), Optional.empty(), List.of());
    }

    public Shape withNames(Names all) {
        return new Shape(site, rawTypes, arguments, Optional.of(all), task, condition, operands);
    }

    /** With arguments of these types. */
    public Shape withRawTypes(List<DType> types) {
        return new Shape(site, types, arguments, names, task, condition, operands);
    }

    /** With arguments where a program's own note says. */
    public Shape withOperands(List<Operand> all) {
        return new Shape(site, rawTypes, arguments, names, task, condition, all);
    }

    public Shape withoutNames() {
        return new Shape(site, rawTypes, arguments, Optional.empty(), task, condition, operands);
    }
}
