package zonda.dtrace.code;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
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
            "copyoutstr",
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
            case "stack", "ustack", "jstack" -> {
                return stack(call);
            }
            case "getf" -> {
                return file(call);
            }
            case "sym", "func", "mod", "usym", "umod", "uaddr", "ufunc" -> {
                return symbol(call);
            }
            default -> {}
        }
        Builtins.Missing missing = Builtins.MISSING.get(name);
        if (missing != null) {
            checkCount(line, name, call.arguments().size(), missing.count(), missing.count());
            throw new DError("D_UNKNOWN", line, name + "( ) is not supported: " + missing.why());
        }
        if (ACTIONS.contains(name)) {
            // What is around it refuses it, or runs it as a statement.
            return new Op.Call(name, List.of(), DType.VOID);
        }
        if (Aggregate.Function.named(name).isPresent()) {
            return new Op.Aggregation(name);
        }
        Builtins.Function function = Builtins.function(name).orElseThrow(() -> unknown(line, name));
        checkCount(
                line,
                name,
                call.arguments().size(),
                function.least(),
                function.kinds().length());
        var arguments = new ArrayList<Op>();
        for (int i = 0; i < call.arguments().size(); i++) {
            arguments.add(argument(call, i, function.kinds().charAt(i), function.prototype()));
        }
        return new Op.Call(name, arguments, function.type());
    }

    private DError unknown(int line, String name) {
        Optional<String> kind = Names.kind(name)
                .or(() -> checker.names()
                        .variable(Expr.Scope.GLOBAL, name)
                        .map(variable -> variable.isArray() ? "associative array" : "scalar"))
                .or(() -> checker.names().inline(name).map(_ -> "scalar"));
        return kind.map(what ->
                        new DError("D_FUNC_IDKIND", line, what + " '" + name + "' may not be referenced as a function"))
                .orElseGet(() -> new DError("D_FUNC_UNDEF", line, "undefined function name: " + name));
    }

    static void checkCount(int line, String name, int given, int least, int most) {
        if (given < least || given > most) {
            throw new DError(
                    "D_PROTO_LEN",
                    line,
                    name + "( ) prototype mismatch: " + given + " arg" + (given == 1 ? "" : "s") + " passed, "
                            + (least == most ? "" : "at least ") + least + " expected");
        }
    }

    private Op argument(Expr.Call call, int index, char kind, List<String> prototype) {
        Expr written = call.arguments().get(index);
        Op op = checker.check(written);
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
                if (isNull(op) || op.type() instanceof DType.Pointer(DType to) && to.equals(DType.VOID)) {
                    return new Op.StringAt(Checker.decay(op), 0);
                }
            }
            case 'i' -> {
                Op plain = Checker.decay(op);
                if (plain.type().isInteger()) {
                    return plain;
                }
            }
            default -> {
                if (op.type().isString() && call.name().equals("bcopy") && index == 0) {
                    return op;
                }
                Op plain = op instanceof Op.Place place ? place.address() : op;
                if (plain.type().isPointer() || op instanceof Op.Place || isNull(plain)) {
                    return plain;
                }
            }
        }
        throw Checker.wrongArgument(call.line(), call.name() + "( )", index + 1, prototype.get(index), op.type());
    }

    /** getf(): the kernel's file behind a number. */
    private Op file(Expr.Call call) {
        checkCount(call.line(), "getf", call.arguments().size(), 1, 1);
        Op number = argument(call, 0, 'i', List.of("int"));
        return new Op.Call("getf", List.of(number), new DType.Pointer(checker.kernelStruct("file", call.line())));
    }

    private Op stack(Expr.Call call) {
        boolean user = !call.name().equals("stack");
        List<Expr> arguments = call.arguments();
        if (arguments.size() > (user ? 2 : 1)) {
            throw new DError(
                    user ? "D_USTACK_PROTO" : "D_STACK_PROTO",
                    call.line(),
                    call.name() + "( ) prototype mismatch: too many arguments");
        }
        long frames = arguments.isEmpty()
                ? checker.names().options().number(call.name() + "frames")
                : size(arguments.getFirst(), user);
        if (arguments.size() == 2
                && !(checker.check(arguments.get(1)) instanceof Op.Const(long strings, var _) && strings >= 0)) {
            throw new DError(
                    "D_USTACK_STRSIZE", call.line(), "ustack( ) argument #2 must be a positive integer constant");
        }
        var kind = user ? DType.Addresses.Kind.USTACK : DType.Addresses.Kind.STACK;
        return new Op.Call(call.name(), List.of(), new DType.Addresses(kind, (int) Math.clamp(frames, 1, 127)));
    }

    private long size(Expr written, boolean user) {
        if (checker.check(written) instanceof Op.Const(long value, var _) && value > 0) {
            return value;
        }
        throw user
                ? new DError(
                        "D_USTACK_FRAMES",
                        written.line(),
                        "ustack( ) argument #1 must be a non-zero positive integer constant")
                : new DError(
                        "D_STACK_SIZE",
                        written.line(),
                        "stack( ) size must be a non-zero positive integral constant expression");
    }

    /** Zero goes for a pointer to anything. */
    private static boolean isNull(Op op) {
        return op instanceof Op.Const(long zero, var _) && zero == 0;
    }

    private Op symbol(Expr.Call call) {
        checkCount(call.line(), call.name(), call.arguments().size(), 1, 1);
        Op address = Checker.decay(checker.check(call.arguments().getFirst()));
        if (!address.type().isScalar()) {
            throw Checker.wrongArgument(call.line(), call.name() + "( )", 1, "uintptr_t", address.type());
        }
        DType.Addresses.Kind kind = switch (call.name()) {
            case "sym", "func" -> DType.Addresses.Kind.SYM;
            case "mod" -> DType.Addresses.Kind.MOD;
            case "umod" -> DType.Addresses.Kind.UMOD;
            case "uaddr" -> DType.Addresses.Kind.UADDR;
            default -> DType.Addresses.Kind.USYM;
        };
        return new Op.Call(call.name(), List.of(address), new DType.Addresses(kind, 1));
    }
}
