package zonda.dtrace.code;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import zonda.dtrace.syntax.DError;
import zonda.dtrace.syntax.Expr;
import zonda.dtrace.types.DType;

/** Settles what is done with aggregations: aggregating, clearing, truncating and normalizing. */
final class AggregateActions {
    /** Buckets for which a value of one processor still fits into the kernel's memory for it. */
    private static final int MOST_BUCKETS = 4000;

    private static final int SIXTEEN_BITS = 0xffff;
    private static final String[] LOG_LINEAR = {
        "factor", "low magnitude", "high magnitude", "linear steps per magnitude"
    };
    private static final String[] LOG_LINEAR_TAGS = {"FACTOR", "LOW", "HIGH", "NSTEP"};

    private final Checker checker;

    AggregateActions(Checker checker) {
        this.checker = checker;
    }

    Step aggregating(int line, Expr.Aggregation target, Expr value) {
        Expr.Call call = call(line, target, value);
        Aggregate.Function function =
                Aggregate.Function.named(call.name()).orElseThrow(() -> notAggregating(line, target.name()));
        List<Op> keys = checker.indexing().keys(target.keys(), "aggregation");
        List<Expr> arguments = call.arguments();
        checkCount(line, function, arguments.size());
        List<Long> parameters = parameters(line, function, arguments);
        Optional<Op> measured =
                function == Aggregate.Function.COUNT ? Optional.empty() : Optional.of(measured(call, arguments));
        int increment = increment(function);
        Optional<Op> by = arguments.size() > increment
                ? Optional.of(increment(call, arguments.get(increment), increment + 1))
                : Optional.empty();
        Aggregate aggregate = checker.names()
                .aggregate(
                        line,
                        target.name(),
                        function,
                        keys.stream().map(Op::type).toList(),
                        parameters);
        return new Step.Aggregating(aggregate, keys, measured, by);
    }

    private Expr.Call call(int line, Expr.Aggregation target, Expr value) {
        if (value instanceof Expr.Call call) {
            if (Aggregate.Function.named(call.name()).isEmpty()) {
                // What is wrong with the call itself comes first.
                checker.check(call);
            }
            return call;
        }
        checker.check(value);
        throw notAggregating(line, target.name());
    }

    private static DError notAggregating(int line, String name) {
        return new DError("D_AGG_FUNC", line, "@" + name + " must be assigned the result of an aggregating function");
    }

    /** Where the argument is that says by how much a bucket grows. */
    private static int increment(Aggregate.Function function) {
        return switch (function) {
            case QUANTIZE -> 1;
            case LQUANTIZE -> 4;
            case LLQUANTIZE -> 5;
            default -> Integer.MAX_VALUE;
        };
    }

    private static void checkCount(int line, Aggregate.Function function, int given) {
        String name = Names.word(function);
        int least = switch (function) {
            case COUNT -> 0;
            case LQUANTIZE -> 3;
            case LLQUANTIZE -> 5;
            default -> 1;
        };
        int most = increment(function) == Integer.MAX_VALUE ? least : increment(function) + 1;
        if (given < least || given > most && most == least) {
            throw Checker.wrongCount(line, name + "( )", given, least);
        }
        if (given > most) {
            throw new DError(
                    "D_PROTO_LEN",
                    line,
                    name + "( ) prototype mismatch: " + given + " args passed, at most " + most + " expected");
        }
    }

    private Op measured(Expr.Call call, List<Expr> arguments) {
        Op op = Checker.decay(checker.check(arguments.getFirst()));
        if (!op.type().isScalar()) {
            throw new DError("D_AGG_SCALAR", call.line(), call.name() + "( ) argument #1 must be of scalar type");
        }
        return op;
    }

    private Op increment(Expr.Call call, Expr written, int number) {
        Op op = Checker.decay(checker.check(written));
        if (!op.type().isScalar()) {
            throw new DError(
                    "D_PROTO_ARG",
                    call.line(),
                    call.name() + "( ) increment value (argument #" + number + ") must be of scalar type");
        }
        return op;
    }

    private List<Long> parameters(int line, Aggregate.Function function, List<Expr> arguments) {
        return switch (function) {
            case LQUANTIZE -> linear(line, arguments);
            case LLQUANTIZE -> logLinear(line, arguments);
            default -> List.of();
        };
    }

    private List<Long> linear(int line, List<Expr> arguments) {
        long base = bound(arguments, 1, "BASE");
        long limit = bound(arguments, 2, "LIM");
        refuse(
                limit < base,
                "D_LQUANT_MISMATCH",
                line,
                "lquantize( ) base (argument #1) must be less than limit (argument #2)");
        long step = 1;
        if (arguments.size() > 3) {
            Optional<Long> written = constant(arguments.get(3));
            refuse(
                    written.isEmpty() || written.get() <= 0,
                    "D_LQUANT_STEPTYPE",
                    line,
                    "lquantize( ) argument #3 must be a non-zero positive integer constant");
            step = written.orElseThrow();
            refuse(step > SIXTEEN_BITS, "D_LQUANT_STEPVAL", line, "lquantize( ) argument #3 must be a 16-bit quantity");
        }
        long levels = (limit - base) / step;
        refuse(
                levels == 0,
                "D_LQUANT_STEPLARGE",
                line,
                "lquantize( ) step (argument #3) too large: must have at least one quantization level");
        refuse(
                levels > SIXTEEN_BITS,
                "D_LQUANT_STEPSMALL",
                line,
                "lquantize( ) step (argument #3) too small: number of quantization levels must be a 16-bit quantity");
        refuse(
                levels > MOST_BUCKETS,
                "D_UNKNOWN",
                line,
                "lquantize( ) with more than " + MOST_BUCKETS + " levels is not supported: use a larger step");
        return List.of(base, limit, step);
    }

    private long bound(List<Expr> arguments, int index, String tag) {
        Expr written = arguments.get(index);
        Op op = checker.check(written);
        if (!op.type().isInteger()) {
            throw Checker.wrongArgument(written.line(), "lquantize( )", index + 1, "int32_t", op.type());
        }
        if (!(op instanceof Op.Const(long value, var _))) {
            throw new DError(
                    "D_LQUANT_" + tag + "TYPE",
                    written.line(),
                    "lquantize( ) argument #" + index + " must be an integer constant");
        }
        refuse(
                value != (int) value,
                "D_LQUANT_" + tag + "VAL",
                written.line(),
                "lquantize( ) argument #" + index + " must be a 32-bit quantity");
        return value;
    }

    private Optional<Long> constant(Expr written) {
        return checker.check(written) instanceof Op.Const(long value, var _) ? Optional.of(value) : Optional.empty();
    }

    private List<Long> logLinear(int line, List<Expr> arguments) {
        long[] values = new long[LOG_LINEAR.length];
        for (int i = 0; i < values.length; i++) {
            Expr written = arguments.get(i + 1);
            String what = "llquantize( ) argument #" + (i + 1) + " (" + LOG_LINEAR[i] + ") must be an ";
            Optional<Long> value = constant(written);
            refuse(
                    value.isEmpty(),
                    "D_LLQUANT_" + LOG_LINEAR_TAGS[i] + "TYPE",
                    written.line(),
                    what + "integer constant");
            values[i] = value.orElseThrow();
            refuse(
                    values[i] < 0 || values[i] > SIXTEEN_BITS,
                    "D_LLQUANT_" + LOG_LINEAR_TAGS[i] + "VAL",
                    written.line(),
                    what + "unsigned 16-bit quantity");
        }
        checkLogLinear(line, values[0], values[1], values[2], values[3]);
        return List.of(values[0], values[1], values[2], values[3]);
    }

    private static void checkLogLinear(int line, long factor, long low, long high, long steps) {
        refuse(factor < 2, "D_LLQUANT_FACTORSMALL", line, "llquantize( ) factor (argument #1) must be two or more");
        refuse(
                low > high,
                "D_LLQUANT_MAGRANGE",
                line,
                "llquantize( ) high magnitude (argument #3) must be greater than low magnitude (argument #2)");
        refuse(
                steps < factor,
                "D_LLQUANT_FACTORNSTEPS",
                line,
                "llquantize( ) factor (argument #1) must be less than or equal to the number of linear steps per"
                        + " magnitude (argument #4)");
        long power = factor;
        while (power < steps) {
            power *= factor;
        }
        refuse(
                steps % factor != 0 || power % steps != 0,
                "D_LLQUANT_FACTOREVEN",
                line,
                "llquantize( ) factor (argument #1) must evenly divide the number of steps per magnitude (argument"
                        + " #4), and the number of steps per magnitude must evenly divide a power of the factor");
        refuse(
                Math.pow(factor, high) >= Math.pow(2, 63),
                "D_LLQUANT_MAGTOOBIG",
                line,
                "llquantize( ) factor (" + factor + ") raised to power of high magnitude (" + high
                        + ") overflows 64-bits");
        refuse(
                steps * (high - low + 1) > MOST_BUCKETS,
                "D_UNKNOWN",
                line,
                "llquantize( ) with more than " + MOST_BUCKETS + " buckets is not supported");
    }

    /** Refuses parameters that differ from those of an earlier use of the aggregation. */
    static void sameParameters(int line, Aggregate known, List<Long> parameters) {
        if (known.parameters().equals(parameters)) {
            return;
        }
        List<Long> before = known.parameters();
        if (known.function() == Aggregate.Function.LQUANTIZE) {
            sameLinear(line, before, parameters);
            return;
        }
        for (int i = 0; i < LOG_LINEAR.length; i++) {
            refuse(
                    !before.get(i).equals(parameters.get(i)),
                    "D_LLQUANT_" + LOG_LINEAR_TAGS[i] + "MATCH",
                    line,
                    "llquantize( ) " + LOG_LINEAR[i] + " (argument #" + (i + 1)
                            + ") doesn't match previous declaration: expected " + before.get(i) + ", found "
                            + parameters.get(i));
        }
    }

    private static void sameLinear(int line, List<Long> before, List<Long> now) {
        String[] names = {"base", "limit", "step"};
        String[] tags = {"BASE", "LIM", "STEP"};
        for (int i = 0; i < names.length; i++) {
            refuse(
                    !before.get(i).equals(now.get(i)),
                    "D_LQUANT_MATCH" + tags[i],
                    line,
                    "lquantize( ) " + names[i] + " (argument #" + (i + 1)
                            + ") doesn't match previous declaration: expected " + before.get(i) + ", found "
                            + now.get(i));
        }
    }

    private static void refuse(boolean wrong, String tag, int line, String words) {
        if (wrong) {
            throw new DError(tag, line, words);
        }
    }

    /** The aggregation that an action names. @param index of the argument that must be one */
    static Aggregate named(Checker checker, Expr.Call call, int index, String tag) {
        Expr written = call.arguments().get(index);
        Op op = checker.check(written);
        if (!(written instanceof Expr.Aggregation(var _, String name, var _))) {
            throw new DError(
                    tag + "_AGGARG",
                    call.line(),
                    call.name() + "( ) argument #" + (index + 1)
                            + " is incompatible with prototype:\n\tprototype: aggregation\n\t argument: "
                            + op.type().name());
        }
        return checker.names()
                .aggregate(name)
                .orElseThrow(() -> new DError(tag + "_AGGBAD", call.line(), "undefined aggregation: @" + name));
    }

    Step onAggregate(Expr.Call call) {
        String name = call.name();
        String tag = "D_" + (name.equals("denormalize") ? "normalize" : name).toUpperCase(Locale.ROOT);
        int given = call.arguments().size();
        if (name.equals("trunc")) {
            refuse(
                    given < 1 || given > 2,
                    tag + "_PROTO",
                    call.line(),
                    "trunc( ) prototype mismatch: " + given + " args passed, "
                            + (given < 1 ? "at least 1" : "no more than 2") + " expected");
        } else {
            int wanted = name.equals("normalize") ? 2 : 1;
            refuse(
                    given != wanted,
                    tag + "_PROTO",
                    call.line(),
                    name + "( ) prototype mismatch: " + given + " args passed, " + wanted + " expected");
        }
        Aggregate aggregate = named(checker, call, 0, tag);
        if (given < 2) {
            return new Step.Emit(List.of(), _ -> switch (name) {
                case "clear" -> new Action.Clear(aggregate);
                case "trunc" -> new Action.Trunc(aggregate, Optional.empty());
                default -> new Action.Normalize(aggregate, Optional.empty());
            });
        }
        Op number = Checker.decay(checker.check(call.arguments().get(1)));
        DType type = number.type();
        refuse(!type.isScalar(), tag + "_SCALAR", call.line(), name + "( ) argument #2 must be of scalar type");
        return new Step.Emit(
                List.of(number),
                data -> name.equals("trunc")
                        ? new Action.Trunc(aggregate, Optional.of(data.getFirst()))
                        : new Action.Normalize(aggregate, Optional.of(data.getFirst())));
    }
}
