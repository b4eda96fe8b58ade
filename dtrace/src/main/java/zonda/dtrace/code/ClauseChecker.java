package zonda.dtrace.code;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import zonda.dtrace.syntax.DError;
import zonda.dtrace.syntax.Expr;
import zonda.dtrace.syntax.Item;
import zonda.dtrace.syntax.Stmt;
import zonda.dtrace.types.DType;

/** Settles a clause's statements: which are actions, with which data, and what they need. */
final class ClauseChecker {
    private static final Set<String> DESTRUCTIVE = Set.of("raise", "stop", "copyout", "chill", "system", "freopen");

    private final Checker checker;
    private final Names names;

    ClauseChecker(Names names, Shape shape) {
        this.names = names;
        this.checker = new Checker(names, shape);
    }

    /** A clause whose types are settled. */
    record Checked(Optional<Op> predicate, List<Step> steps) {}

    Checked check(Item.Clause clause) {
        Optional<Op> predicate;
        try {
            predicate = clause.predicate().map(checker::condition);
        } catch (DError e) {
            throw e.in("in predicate");
        }
        try {
            return new Checked(predicate, clause.body().isEmpty() ? List.of(nothing()) : block(clause.body()));
        } catch (DError e) {
            throw e.in("in action list");
        }
    }

    private static Step nothing() {
        return new Step.Emit(List.of(), _ -> new Action.Nothing());
    }

    private List<Step> block(List<Stmt> statements) {
        var steps = new ArrayList<Step>();
        for (Stmt statement : statements) {
            switch (statement) {
                case Stmt.Do(var _, Expr expression) -> statement(expression, steps);
                case Stmt.If(var _, Expr condition, List<Stmt> yes, List<Stmt> no) ->
                    steps.add(new Step.If(checker.condition(condition), block(yes), block(no)));
            }
        }
        return steps;
    }

    private void statement(Expr expression, List<Step> steps) {
        switch (expression) {
            case Expr.Comma(var _, List<Expr> all) -> all.forEach(one -> statement(one, steps));
            case Expr.Assign(int line, String operator, Expr.Aggregation target, Expr value) -> {
                if (!operator.equals("=")) {
                    throw new DError(
                            "D_AGG_NULL", line, "aggregation @" + target.name() + " may only be assigned with =");
                }
                steps.add(aggregating(line, target, value));
            }
            case Expr.Call call -> steps.add(call(call));
            default -> {
                Op op = checker.check(expression);
                boolean effect = op instanceof Op.Store
                        || op instanceof Op.StoreMemory
                        || op instanceof Op.PostStep
                        || op instanceof Op.Choice
                        || op instanceof Op.Logical
                        || op instanceof Op.Call;
                if (!effect) {
                    throw new DError("D_EXPR_NULL", expression.line(), "expression has null effect");
                }
                steps.add(new Step.Eval(op));
            }
        }
    }

    private Step aggregating(int line, Expr.Aggregation target, Expr value) {
        if (!(value instanceof Expr.Call call)) {
            throw new DError(
                    "D_AGG_FUNC",
                    line,
                    "aggregation @" + target.name() + " must be assigned the result of an aggregating function");
        }
        Aggregate.Function function = Aggregate.Function.named(call.name())
                .orElseThrow(() -> new DError(
                        Builtins.FUNCTIONS.containsKey(call.name()) || Functions.ACTIONS.contains(call.name())
                                ? "D_AGG_FUNC"
                                : "D_FUNC_UNDEF",
                        line,
                        Builtins.FUNCTIONS.containsKey(call.name()) || Functions.ACTIONS.contains(call.name())
                                ? call.name() + "( ) is not an aggregating function"
                                : "undefined function name: " + call.name()));
        List<Op> keys = target.keys().stream().map(checker::key).toList();
        List<Expr> arguments = call.arguments();
        int plain = switch (function) {
            case COUNT -> 0;
            case LQUANTIZE -> 3;
            case LLQUANTIZE -> 5;
            default -> 1;
        };
        int most = switch (function) {
            case QUANTIZE -> 2;
            case LQUANTIZE -> 5;
            case LLQUANTIZE -> 6;
            default -> plain;
        };
        Functions.checkCount(line, call.name(), arguments.size(), plain, most);
        List<Long> parameters = parameters(line, function, arguments);
        Aggregate aggregate = names.aggregate(
                line, target.name(), function, keys.stream().map(Op::type).toList(), parameters);
        Optional<Op> measured = function == Aggregate.Function.COUNT
                ? Optional.empty()
                : Optional.of(aggregated(call, arguments.getFirst()));
        int increment = switch (function) {
            case QUANTIZE -> 1;
            case LQUANTIZE -> 4;
            case LLQUANTIZE -> 5;
            default -> Integer.MAX_VALUE;
        };
        Optional<Op> by = arguments.size() > increment
                ? Optional.of(aggregated(call, arguments.get(increment)))
                : Optional.empty();
        return new Step.Aggregating(aggregate, keys, measured, by);
    }

    private Op aggregated(Expr.Call call, Expr written) {
        Op op = Checker.decay(checker.value(written));
        if (!op.type().isScalar()) {
            throw new DError("D_AGG_SCALAR", call.line(), call.name() + "( ) argument #1 must be of scalar type");
        }
        return op;
    }

    private List<Long> parameters(int line, Aggregate.Function function, List<Expr> arguments) {
        return switch (function) {
            case LQUANTIZE -> {
                long base = parameter(function, arguments, 1, "base");
                long limit = parameter(function, arguments, 2, "limit");
                long step = arguments.size() > 3 ? parameter(function, arguments, 3, "step") : 1;
                if (step <= 0 || step > 0xffff) {
                    throw new DError("D_LQUANT_STEPVAL", line, "lquantize( ) step must be a non-zero positive integer");
                }
                if (limit <= base) {
                    throw new DError(
                            "D_LQUANT_MISMATCH",
                            line,
                            "lquantize( ) base (argument #1) must be less than limit (argument #2)");
                }
                if ((limit - base) / step > 0xffff) {
                    throw new DError(
                            "D_LQUANT_STEPSMALL",
                            line,
                            "lquantize( ) step (argument #3) too small: must have no more than 65535 quantization steps");
                }
                if (limit - base < step) {
                    throw new DError(
                            "D_LQUANT_STEPLARGE",
                            line,
                            "lquantize( ) step (argument #3) too large: must have at least one quantization level");
                }
                yield List.of(base, limit, step);
            }
            case LLQUANTIZE -> {
                long factor = parameter(function, arguments, 1, "factor");
                long low = parameter(function, arguments, 2, "low");
                long high = parameter(function, arguments, 3, "high");
                long steps = parameter(function, arguments, 4, "nsteps");
                logLinear(line, factor, low, high, steps);
                yield List.of(factor, low, high, steps);
            }
            default -> List.of();
        };
    }

    private static void logLinear(int line, long factor, long low, long high, long steps) {
        if (factor < 2 || factor > 0xffff) {
            throw new DError("D_LLQUANT_FACTORSMALL", line, "llquantize( ) factor (argument #1) must be two or more");
        }
        if (low < 0 || high < low) {
            throw new DError(
                    "D_LLQUANT_MAGRANGE",
                    line,
                    "llquantize( ) high magnitude (argument #3) must be greater than low magnitude (argument #2)");
        }
        if (steps < factor) {
            throw new DError(
                    "D_LLQUANT_FACTORNSTEPS",
                    line,
                    "llquantize( ) factor (argument #1) must be less than or equal to the number of linear steps per magnitude (argument #4)");
        }
        if (Math.pow(factor, high + 1) > Long.MAX_VALUE) {
            throw new DError(
                    "D_LLQUANT_MAGTOOBIG",
                    line,
                    "llquantize( ) high magnitude (argument #3) will cause overflow of 64 bits");
        }
        if (steps % factor != 0) {
            throw new DError(
                    "D_LLQUANT_FACTOREVEN",
                    line,
                    "llquantize( ) factor (argument #1) must evenly divide the number of steps per magnitude (argument #4)");
        }
        if (steps * (high - low + 1) > 2000) {
            throw new DError("D_LLQUANT_NSTEPVAL", line, "llquantize( ) has more than 2000 buckets");
        }
    }

    private long parameter(Aggregate.Function function, List<Expr> arguments, int index, String name) {
        if (checker.value(arguments.get(index)) instanceof Op.Const(long value, var _)) {
            return value;
        }
        throw new DError(
                "D_" + (function == Aggregate.Function.LQUANTIZE ? "LQUANT_" : "LLQUANT_")
                        + name.toUpperCase(java.util.Locale.ROOT) + "TYPE",
                arguments.get(index).line(),
                Names.word(function) + "( ) argument #" + index + " must be an integer constant");
    }

    private Step call(Expr.Call call) {
        String name = call.name();
        if (DESTRUCTIVE.contains(name) && !names.options().is("destructive")) {
            throw new DError("D_DESTRUCT", call.line(), "destructive actions not allowed: " + name + "( ) needs -w");
        }
        return switch (name) {
            case "trace" -> trace(call);
            case "print" -> print(call);
            case "tracemem" -> tracemem(call);
            case "printf", "system", "freopen" -> formatted(call);
            case "printa" -> printa(call);
            case "exit" -> {
                Op status = single(call);
                yield new Step.Emit(List.of(status), data -> new Action.Exit(data.getFirst()));
            }
            case "clear", "trunc", "normalize", "denormalize" -> onAggregate(call);
            case "speculate" -> new Step.Speculate(single(call));
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
            case "copyout" -> {
                Functions.checkCount(call.line(), name, call.arguments().size(), 3, 3);
                yield new Step.Destructive(
                        name,
                        call.arguments().stream()
                                .map(argument -> Checker.decay(checker.value(argument)))
                                .toList());
            }
            case "setopt" -> setopt(call);
            case "ftruncate" -> new Step.Emit(List.of(), _ -> new Action.Nothing());
            case "stack", "ustack", "sym", "mod", "usym", "umod", "uaddr", "ufunc" -> {
                Op op = checker.check(call);
                yield new Step.Emit(List.of(op), data -> new Action.Symbols(data.getFirst()));
            }
            default -> new Step.Eval(checker.check(call));
        };
    }

    private Op single(Expr.Call call) {
        Functions.checkCount(call.line(), call.name(), call.arguments().size(), 1, 1);
        Op op = Checker.decay(checker.value(call.arguments().getFirst()));
        if (!op.type().isInteger()) {
            throw new DError(
                    "D_PROTO_ARG",
                    call.line(),
                    call.name() + "( ) argument #1 is incompatible with prototype:\n\tprototype: int\n\t argument: "
                            + op.type().name());
        }
        return op;
    }

    private Step setopt(Expr.Call call) {
        Functions.checkCount(call.line(), "setopt", call.arguments().size(), 1, 2);
        var words = new ArrayList<String>();
        for (Expr argument : call.arguments()) {
            if (!(argument instanceof Expr.StrConst(var _, String text))) {
                throw new DError("D_SETOPT_CONST", call.line(), "setopt( ) arguments must be string constants");
            }
            words.add(text);
        }
        String value = words.size() > 1 ? words.get(1) : "";
        return new Step.Emit(List.of(), _ -> new Action.Setopt(words.getFirst(), value));
    }

    private Step trace(Expr.Call call) {
        Functions.checkCount(call.line(), "trace", call.arguments().size(), 1, 1);
        if (call.arguments().getFirst() instanceof Expr.Aggregation) {
            throw new DError("D_TRACE_AGG", call.line(), "trace( ) may not be applied to an aggregation");
        }
        Op op = checker.check(call.arguments().getFirst());
        if (op.type() instanceof DType.Void) {
            throw new DError("D_TRACE_VOID", call.line(), "trace( ) may not be applied to a void expression");
        }
        if (op instanceof Op.Translated) {
            throw new DError("D_TRACE_DYN", call.line(), "trace( ) may not be applied to a dynamic expression");
        }
        Op traced =
                op instanceof Op.Place(var _, DType type) && type.isCharacters() ? checker.string(op, call.line()) : op;
        return new Step.Emit(
                List.of(traced),
                data -> traced.type() instanceof DType.Addresses
                        ? new Action.Symbols(data.getFirst())
                        : new Action.Trace(data.getFirst()));
    }

    private Step print(Expr.Call call) {
        Functions.checkCount(call.line(), "print", call.arguments().size(), 1, 1);
        Op op = checker.value(call.arguments().getFirst());
        return new Step.Emit(List.of(op), data -> new Action.Print(data.getFirst(), op.type()));
    }

    private Step tracemem(Expr.Call call) {
        Functions.checkCount(call.line(), "tracemem", call.arguments().size(), 2, 3);
        Op address = checker.value(call.arguments().getFirst());
        if (!address.type().isScalar() && !(address instanceof Op.Place)) {
            throw new DError(
                    "D_TRACEMEM_ADDR",
                    call.line(),
                    "tracemem( ) argument #1 is incompatible with prototype:\n\tprototype: uintptr_t\n\t argument: "
                            + address.type().name());
        }
        if (!(checker.value(call.arguments().get(1)) instanceof Op.Const(long size, var _))
                || size <= 0
                || size > 8192) {
            throw new DError(
                    "D_TRACEMEM_SIZE",
                    call.line(),
                    "tracemem( ) argument #2 must be a non-zero positive integral constant expression");
        }
        Op where = address instanceof Op.Place place ? place.address() : address;
        var bytes = new Op.Place(where, new DType.Array(DType.CHAR, (int) size));
        if (call.arguments().size() < 3) {
            return new Step.Emit(List.of(bytes), data -> new Action.Memory(data.getFirst(), Optional.empty()));
        }
        Op shown = checker.number(call.arguments().get(2), "tracemem");
        return new Step.Emit(List.of(bytes, shown), data -> new Action.Memory(data.get(0), Optional.of(data.get(1))));
    }

    private Step formatted(Expr.Call call) {
        String name = call.name();
        if (call.arguments().isEmpty()) {
            throw new DError(
                    "D_PRINTF_ARG_PROTO",
                    call.line(),
                    name + "( ) prototype mismatch: 0 args passed, at least 1 expected");
        }
        if (!(call.arguments().getFirst() instanceof Expr.StrConst(var _, String text))) {
            throw new DError(
                    "D_PRINTF_ARG_FMT",
                    call.line(),
                    name
                            + "( ) argument #1 is incompatible with prototype:\n\tprototype: string constant\n\t argument: "
                            + checker.value(call.arguments().getFirst()).type().name());
        }
        Format format = Format.parse(text, call.line());
        var data = new ArrayList<Op>();
        int at = 1;
        int number = 0;
        for (Format.Piece.Conversion conversion : format.conversions()) {
            number++;
            if (conversion.aggregation()) {
                throw new DError(
                        "D_PRINTF_DYN_PROTO",
                        call.line(),
                        "%@ conversion requires an aggregation and is not for use with " + name + "( )");
            }
            for (int star : new int[] {conversion.width(), conversion.precision()}) {
                if (star == Format.FROM_ARGUMENT) {
                    data.add(formatArgument(call, at++, number, "*", 'd'));
                }
            }
            data.add(formatArgument(call, at++, number, String.valueOf(conversion.letter()), conversion.letter()));
        }
        if (at != call.arguments().size()) {
            throw new DError(
                    "D_PRINTF_ARG_EXTRA",
                    call.line(),
                    name + "( ) prototype mismatch: only " + (at - 1) + " arguments required by this format string");
        }
        return new Step.Emit(data, where -> switch (name) {
            case "system" -> new Action.Command(format, where);
            case "freopen" -> new Action.Reopen(format, where);
            default -> new Action.Printf(format, where);
        });
    }

    private Op formatArgument(Expr.Call call, int index, int number, String letter, char kind) {
        if (index >= call.arguments().size()) {
            throw new DError(
                    "D_PRINTF_ARG_PROTO",
                    call.line(),
                    call.name() + "( ) prototype mismatch: conversion #" + number + " (%" + letter
                            + ") is missing a corresponding value argument");
        }
        Op op = checker.value(call.arguments().get(index));
        String prototype = switch (kind) {
            case 's', 'S' -> {
                if (op.type().isString() || op.type().isCharacters() && op instanceof Op.Place) {
                    yield "";
                }
                yield op.type() instanceof DType.Addresses ? "" : "char [] or string (or use stringof)";
            }
            case 'k' -> op.type() instanceof DType.Addresses a && a.isStack() ? "" : "stack";
            case 'a', 'A' ->
                op.type() instanceof DType.Addresses || Checker.decay(op).type().isScalar() ? "" : "pointer or integer";
            case 'p', 'P' -> Checker.decay(op).type().isScalar() ? "" : "pointer or integer";
            case 'I' -> op.type().isString() || Checker.decay(op).type().isScalar() ? "" : "pointer or integer";
            default ->
                Checker.decay(op).type().isInteger()
                                || kind != 'd' && Checker.decay(op).type().isScalar()
                        ? ""
                        : kind == 'c' ? "char" : "integer";
        };
        if (!prototype.isEmpty()) {
            throw new DError(
                    "D_PRINTF_ARG_TYPE",
                    call.line(),
                    call.name() + "( ) argument #" + (index + 1) + " is incompatible with conversion #" + number
                            + " prototype:\n\tconversion: %" + letter + "\n\t prototype: " + prototype
                            + "\n\t  argument: " + op.type().name());
        }
        return (kind == 's' || kind == 'S') && op instanceof Op.Place
                ? checker.string(op, call.line())
                : Checker.decay(op);
    }

    private Aggregate named(Expr.Call call, int index) {
        if (index < call.arguments().size()
                && call.arguments().get(index) instanceof Expr.Aggregation(var _, String name, List<Expr> keys)) {
            if (!keys.isEmpty()) {
                throw new DError(
                        "D_" + call.name().toUpperCase(java.util.Locale.ROOT) + "_AGGKEY",
                        call.line(),
                        call.name() + "( ) takes an aggregation without its keys");
            }
            return names.aggregate(name)
                    .orElseThrow(() -> new DError(
                            "D_" + call.name().toUpperCase(java.util.Locale.ROOT) + "_AGGBAD",
                            call.line(),
                            "undefined aggregation: @" + name));
        }
        throw new DError(
                "D_" + call.name().toUpperCase(java.util.Locale.ROOT) + "_AGGARG",
                call.line(),
                call.name() + "( ) argument #" + (index + 1)
                        + " is incompatible with prototype:\n\tprototype: aggregation\n\t argument: "
                        + (index < call.arguments().size() ? "expression" : "none"));
    }

    private Step printa(Expr.Call call) {
        if (call.arguments().isEmpty()) {
            throw new DError(
                    "D_PRINTA_PROTO", call.line(), "printa( ) prototype mismatch: 0 args passed, at least 1 expected");
        }
        Optional<Format> format = Optional.empty();
        int first = 0;
        if (call.arguments().getFirst() instanceof Expr.StrConst(var _, String text)) {
            format = Optional.of(Format.parse(text, call.line()));
            first = 1;
        }
        var aggregates = new ArrayList<Aggregate>();
        for (int i = first; i < Math.max(first + 1, call.arguments().size()); i++) {
            aggregates.add(named(call, i));
        }
        for (Aggregate one : aggregates) {
            if (one.keys().size() != aggregates.getFirst().keys().size()) {
                throw new DError(
                        "D_PRINTA_AGGKEY",
                        call.line(),
                        "printa( ) @" + one.name() + " does not match the keys of @"
                                + aggregates.getFirst().name());
            }
        }
        format.ifPresent(given -> checkPrinta(call, given, aggregates));
        Optional<Format> asked = format;
        return new Step.Emit(List.of(), _ -> new Action.Printa(asked, List.copyOf(aggregates)));
    }

    private static void checkPrinta(Expr.Call call, Format format, List<Aggregate> aggregates) {
        long keys = format.conversions().stream().filter(c -> !c.aggregation()).count();
        if (keys > aggregates.getFirst().keys().size()) {
            throw new DError(
                    "D_PRINTF_ARG_PROTO",
                    call.line(),
                    "printa( ) prototype mismatch: the format has " + keys + " conversions for keys, and @"
                            + aggregates.getFirst().name() + " has "
                            + aggregates.getFirst().keys().size());
        }
    }

    private Step onAggregate(Expr.Call call) {
        boolean value = call.name().equals("normalize");
        boolean maybe = call.name().equals("trunc");
        Functions.checkCount(call.line(), call.name(), call.arguments().size(), value ? 2 : 1, value || maybe ? 2 : 1);
        Aggregate aggregate = named(call, 0);
        if (call.arguments().size() < 2) {
            return new Step.Emit(List.of(), _ -> switch (call.name()) {
                case "clear" -> new Action.Clear(aggregate);
                case "trunc" -> new Action.Trunc(aggregate, Optional.empty());
                default -> new Action.Normalize(aggregate, Optional.empty());
            });
        }
        Op number = checker.number(call.arguments().get(1), call.name());
        return new Step.Emit(
                List.of(number),
                data -> maybe
                        ? new Action.Trunc(aggregate, Optional.of(data.getFirst()))
                        : new Action.Normalize(aggregate, Optional.of(data.getFirst())));
    }
}
