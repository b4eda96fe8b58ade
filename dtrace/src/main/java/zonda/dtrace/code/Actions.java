package zonda.dtrace.code;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import zonda.dtrace.syntax.DError;
import zonda.dtrace.syntax.Expr;
import zonda.dtrace.types.DType;

/** Settles calls that are statements: actions, and functions whose value nobody wants. */
final class Actions {
    /** What needs -w. */
    static final Set<String> DESTRUCTIVE =
            Set.of("raise", "stop", "copyout", "copyoutstr", "chill", "system", "freopen");

    private static final int MOST_TRACED = 8192;

    private final Checker checker;
    private final Names names;
    private final FormattedActions formatted;
    private final AggregateActions aggregates;

    Actions(Checker checker) {
        this.checker = checker;
        this.names = checker.names();
        this.formatted = new FormattedActions(checker);
        this.aggregates = new AggregateActions(checker);
    }

    Step call(Expr.Call call) {
        String name = call.name();
        if (DESTRUCTIVE.contains(name)) {
            names.destructive();
        }
        return switch (name) {
            case "trace" -> trace(call);
            case "print" -> print(call);
            case "tracemem" -> tracemem(call);
            case "printf", "system", "freopen" -> formatted.formatted(call);
            case "printa" -> formatted.printa(call);
            case "exit" -> {
                Op status = single(call);
                yield new Step.Emit(List.of(status), data -> new Action.Exit(data.getFirst()));
            }
            case "clear", "trunc", "normalize", "denormalize" -> aggregates.onAggregate(call);
            case "speculate" -> {
                names.speculates();
                yield new Step.Speculate(single(call));
            }
            case "commit" -> {
                Op id = single(call);
                yield new Step.Emit(List.of(id), data -> new Action.Commit(data.getFirst()));
            }
            case "discard" -> {
                Op id = single(call);
                yield new Step.Emit(List.of(id), data -> new Action.Discard(data.getFirst()));
            }
            case "raise", "chill" -> new Step.Destructive(name, List.of(single(call)));
            case "stop" -> {
                Functions.checkCount(call.line(), name, call.arguments().size(), 0, 0);
                yield new Step.Destructive(name, List.of());
            }
            case "copyout", "copyoutstr" -> copyout(call);
            case "setopt" -> setopt(call);
            case "ftruncate" -> {
                Functions.checkCount(call.line(), name, call.arguments().size(), 0, 0);
                yield new Step.Emit(List.of(), _ -> new Action.Truncate());
            }
            case "stack", "ustack", "jstack", "sym", "func", "mod", "usym", "umod", "uaddr", "ufunc" -> {
                Op op = checker.check(call);
                yield new Step.Emit(List.of(op), data -> new Action.Symbols(data.getFirst()));
            }
            default -> evaluated(call);
        };
    }

    private Step evaluated(Expr.Call call) {
        Op op = checker.check(call);
        if (op instanceof Op.Aggregation) {
            throw new DError(
                    "D_CG_EXPR",
                    call.line(),
                    call.name() + "( ) may not be called from a D expression (D program context required)");
        }
        return new Step.Eval(op);
    }

    private Op single(Expr.Call call) {
        Functions.checkCount(call.line(), call.name(), call.arguments().size(), 1, 1);
        Op op = Checker.decay(checker.check(call.arguments().getFirst()));
        if (!op.type().isInteger()) {
            throw Checker.wrongArgument(call.line(), call.name() + "( )", 1, "int", op.type());
        }
        return op;
    }

    private Step copyout(Expr.Call call) {
        boolean text = call.name().equals("copyoutstr");
        String[] prototype = {text ? "char *" : "void *", "uintptr_t", "size_t"};
        Functions.checkCount(call.line(), call.name(), call.arguments().size(), prototype.length, prototype.length);
        var arguments = new ArrayList<Op>();
        for (Expr written : call.arguments()) {
            int number = arguments.size();
            Op op = checker.check(written);
            if (text && number == 0 && op.type().isText()) {
                arguments.add(checker.string(op, call.line()));
                continue;
            }
            if (!Checker.decay(op).type().isScalar() || text && number == 0) {
                throw Checker.wrongArgument(call.line(), call.name() + "( )", number + 1, prototype[number], op.type());
            }
            arguments.add(Checker.decay(op));
        }
        return new Step.Destructive(call.name(), arguments);
    }

    private Step setopt(Expr.Call call) {
        Functions.checkCount(call.line(), "setopt", call.arguments().size(), 1, 2);
        var words = new ArrayList<String>();
        for (Expr argument : call.arguments()) {
            if (!(argument instanceof Expr.StrConst(var _, String text))) {
                throw Checker.wrongArgument(
                        call.line(),
                        "setopt( )",
                        words.size() + 1,
                        "const char *",
                        checker.check(argument).type());
            }
            words.add(text);
        }
        String value = words.size() > 1 ? words.get(1) : "";
        return new Step.Emit(List.of(), _ -> new Action.Setopt(words.getFirst(), value));
    }

    private Step trace(Expr.Call call) {
        Functions.checkCount(call.line(), "trace", call.arguments().size(), 1, 1);
        Op written = checker.check(call.arguments().getFirst());
        Op op = written.type() instanceof DType.Function ? Checker.decay(written) : written;
        if (op.type() instanceof DType.Void) {
            throw new DError("D_TRACE_VOID", call.line(), "trace( ) may not be applied to a void expression");
        }
        if (op.type() instanceof DType.Dynamic) {
            throw new DError("D_TRACE_DYN", call.line(), "trace( ) may not be applied to a dynamic expression");
        }
        return new Step.Emit(
                List.of(op),
                data -> op.type() instanceof DType.Addresses
                        ? new Action.Symbols(data.getFirst())
                        : new Action.Trace(data.getFirst()));
    }

    private Step print(Expr.Call call) {
        Functions.checkCount(call.line(), "print", call.arguments().size(), 1, 1);
        Op op = checker.check(call.arguments().getFirst());
        if (op.type() instanceof DType.Void) {
            throw new DError("D_PRINT_VOID", call.line(), "print( ) may not be applied to a void expression");
        }
        if (op instanceof Op.Aggregation) {
            throw new DError("D_PRINT_AGG", call.line(), "print( ) may not be applied to an aggregation");
        }
        if (op instanceof Op.Translated made && made.seen() instanceof DType.Struct struct) {
            return printMade(call.line(), made, struct);
        }
        if (op.type() instanceof DType.Dynamic) {
            throw new DError("D_PRINT_DYN", call.line(), "print( ) may not be applied to a dynamic expression");
        }
        return new Step.Emit(List.of(op), data -> new Action.Print(data.getFirst(), op.type()));
    }

    private Step printMade(int line, Op.Translated made, DType.Struct struct) {
        List<DType.Member> members = struct.members().stream()
                .filter(member -> made.translator().member(member.name()).isPresent())
                .toList();
        List<Op> values = members.stream()
                .map(member -> Members.translated(checker, line, made, member.name()))
                .toList();
        return new Step.Emit(values, data -> new Action.PrintMade(struct, members, List.copyOf(data)));
    }

    private Step tracemem(Expr.Call call) {
        List<Expr> arguments = call.arguments();
        if (arguments.size() < 2) {
            throw Checker.wrongCount(call.line(), "tracemem( )", arguments.size(), 2);
        }
        Op address = checker.check(arguments.getFirst());
        if (!Checker.decay(address).type().isScalar()) {
            throw new DError(
                    "D_TRACEMEM_ADDR",
                    call.line(),
                    "tracemem( ) argument #1 is incompatible with prototype:\n\tprototype: pointer or integer\n"
                            + "\t argument: " + address.type().name());
        }
        Op length = checker.check(arguments.get(1));
        if (!length.type().isScalar()) {
            throw Checker.wrongArgument(call.line(), "tracemem( )", 2, "size_t", length.type());
        }
        if (!(length instanceof Op.Const(long size, var _)) || size <= 0) {
            throw new DError(
                    "D_TRACEMEM_SIZE",
                    call.line(),
                    "tracemem( ) argument #2 must be a non-zero positive integral constant expression");
        }
        if (size > MOST_TRACED) {
            throw new DError("D_TRACEMEM_SIZE", call.line(), "tracemem( ) argument #2 must not exceed " + MOST_TRACED);
        }
        if (arguments.size() > 3) {
            throw new DError("D_TRACEMEM_ARGS", call.line(), "tracemem( ) prototype mismatch: expected at most 3 args");
        }
        Op where = address instanceof Op.Place place ? place.address() : address;
        var bytes = new Op.Place(where, new DType.Array(DType.CHAR, (int) size));
        if (arguments.size() < 3) {
            return new Step.Emit(List.of(bytes), data -> new Action.Memory(data.getFirst(), Optional.empty()));
        }
        Op shown = checker.check(arguments.get(2));
        if (!shown.type().isInteger()) {
            throw new DError(
                    "D_TRACEMEM_DYNSIZE",
                    call.line(),
                    "tracemem( ) argument #3 is incompatible with prototype:\n\tprototype: integer\n\t argument: "
                            + shown.type().name());
        }
        return new Step.Emit(List.of(bytes, shown), data -> new Action.Memory(data.get(0), Optional.of(data.get(1))));
    }
}
