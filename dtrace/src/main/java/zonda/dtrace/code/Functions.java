package zonda.dtrace.code;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import zonda.dtrace.syntax.DError;
import zonda.dtrace.syntax.Expr;
import zonda.dtrace.types.DType;

/** Calls of functions that have a value. Actions are statements and are checked as such. */
final class Functions {
    static final Set<String> ACTIONS = Set.of(
            "trace",
            "tracemem",
            "printf",
            "printa",
            "print",
            "exit",
            "clear",
            "trunc",
            "normalize",
            "denormalize",
            "system",
            "freopen",
            "ftruncate",
            "speculate",
            "commit",
            "discard",
            "raise",
            "stop",
            "copyout",
            "chill",
            "setopt");

    private final Checker checker;

    Functions(Checker checker) {
        this.checker = checker;
    }

    Op call(Expr.Call call) {
        String name = call.name();
        int line = call.line();
        switch (name) {
            case "stack", "ustack" -> {
                return stack(call);
            }
            case "sym", "mod", "usym", "umod", "uaddr", "ufunc" -> {
                return symbol(call);
            }
            default -> {}
        }
        if (ACTIONS.contains(name)) {
            throw new DError("D_ACT_EXPR", line, "the action " + name + "( ) has no value and must be a statement");
        }
        if (Aggregate.Function.named(name).isPresent()) {
            throw new DError(
                    "D_AGG_NULL", line, "aggregating function " + name + "( ) must be assigned to an aggregation");
        }
        String missing = Builtins.MISSING.get(name);
        if (missing != null) {
            throw new DError("D_UNKNOWN", line, name + "( ) is not supported: " + missing);
        }
        Builtins.Function function = Builtins.function(name)
                .orElseThrow(() -> new DError("D_FUNC_UNDEF", line, "undefined function name: " + name));
        checkCount(
                line,
                name,
                call.arguments().size(),
                function.least(),
                function.kinds().length());
        var arguments = new ArrayList<Op>();
        for (int i = 0; i < call.arguments().size(); i++) {
            arguments.add(argument(call, i, function.kinds().charAt(i)));
        }
        return new Op.Call(name, arguments, function.type());
    }

    static void checkCount(int line, String name, int given, int least, int most) {
        if (given < least || given > most) {
            throw new DError(
                    "D_PROTO_LEN",
                    line,
                    name + "( ) prototype mismatch: " + given + " arg" + (given == 1 ? "" : "s") + " passed, "
                            + (least == most
                                    ? String.valueOf(least)
                                    : given < least ? "at least " + least : "at most " + most)
                            + " expected");
        }
    }

    private Op argument(Expr.Call call, int index, char kind) {
        Expr written = call.arguments().get(index);
        Op op = checker.value(written);
        switch (kind) {
            case 's' -> {
                if (op instanceof Op.Const(long zero, var _)
                        && zero == 0
                        && call.name().equals("strtok")
                        && index == 0) {
                    return op;
                }
                if (op.type().isString() || op.type().isCharacters()) {
                    return checker.string(op, written.line());
                }
            }
            case 'i' -> {
                Op plain = Checker.decay(op);
                if (plain.type().isScalar()) {
                    return plain;
                }
            }
            default -> {
                Op plain = op instanceof Op.Place place ? place.address() : op;
                if (plain.type().isScalar()) {
                    return plain;
                }
            }
        }
        throw new DError(
                "D_PROTO_ARG",
                call.line(),
                call.name() + "( ) argument #" + (index + 1) + " is incompatible with prototype:\n\tprototype: "
                        + (kind == 's' ? "string" : kind == 'i' ? "int64_t" : "void *") + "\n\t argument: "
                        + op.type().name());
    }

    private Op stack(Expr.Call call) {
        boolean user = call.name().equals("ustack");
        checkCount(call.line(), call.name(), call.arguments().size(), 0, user ? 2 : 1);
        long frames = call.arguments().isEmpty()
                ? checker.names().options().number(user ? "ustackframes" : "stackframes")
                : size(call.arguments().getFirst(), call.name());
        if (frames == 0) {
            frames = 1;
        }
        if (frames > 127) {
            frames = 127;
        }
        var kind = user ? DType.Addresses.Kind.USTACK : DType.Addresses.Kind.STACK;
        return new Op.Call(call.name(), List.of(), new DType.Addresses(kind, (int) frames));
    }

    private long size(Expr written, String name) {
        Op op = checker.value(written);
        if (op instanceof Op.Const(long value, var _) && value > 0) {
            return value;
        }
        throw new DError(
                "D_" + (name.equals("ustack") ? "USTACK_FRAMES" : "STACK_SIZE"),
                written.line(),
                name + "( ) argument #1 must be a non-zero positive integer constant");
    }

    private Op symbol(Expr.Call call) {
        checkCount(call.line(), call.name(), call.arguments().size(), 1, 1);
        Op address = Checker.decay(checker.value(call.arguments().getFirst()));
        if (!address.type().isScalar()) {
            throw new DError(
                    "D_PROTO_ARG",
                    call.line(),
                    call.name()
                            + "( ) argument #1 is incompatible with prototype:\n\tprototype: uintptr_t\n\t argument: "
                            + address.type().name());
        }
        DType.Addresses.Kind kind = switch (call.name()) {
            case "sym" -> DType.Addresses.Kind.SYM;
            case "mod" -> DType.Addresses.Kind.MOD;
            case "umod" -> DType.Addresses.Kind.UMOD;
            case "uaddr" -> DType.Addresses.Kind.UADDR;
            default -> DType.Addresses.Kind.USYM;
        };
        return new Op.Call(call.name(), List.of(address), new DType.Addresses(kind, 1));
    }
}
