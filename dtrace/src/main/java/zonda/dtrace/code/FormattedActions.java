package zonda.dtrace.code;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import zonda.dtrace.syntax.DError;
import zonda.dtrace.syntax.Expr;
import zonda.dtrace.types.DType;

/** Settles actions with a format: whether each conversion has an argument, and of the right type. */
final class FormattedActions {
    private static final String INTEGERS = "char, short, int, long, or long long";
    private static final String ADDRESSES = "pointer or integer";
    private static final String TEXTS = "char [] or string (or use stringof)";
    /** The name that freopen() has for the first output, and that no file can have. */
    private static final String NO_FILE = ".";

    private final Checker checker;

    FormattedActions(Checker checker) {
        this.checker = checker;
    }

    Step formatted(Expr.Call call) {
        String name = call.name();
        if (call.arguments().isEmpty()) {
            throw Checker.wrongCount(call.line(), name + "( )", 0, 1);
        }
        if (!(call.arguments().getFirst() instanceof Expr.StrConst(var _, String text))) {
            throw new DError(
                    "D_PRINTF_ARG_FMT",
                    call.line(),
                    name + "( ) argument #1 is incompatible with prototype:\n\tprototype: string constant\n"
                            + "\t argument: "
                            + checker.check(call.arguments().getFirst()).type().name());
        }
        if (name.equals("freopen") && text.equals(NO_FILE)) {
            throw new DError("D_FREOPEN_INVALID", call.line(), name + "( ) argument #1 cannot be \"" + NO_FILE + "\"");
        }
        Format format = format(call, text);
        var data = new Arguments(call);
        for (Format.Piece.Conversion conversion : format.conversions()) {
            data.conversion(conversion);
        }
        data.end();
        List<Op> values = List.copyOf(data.values);
        return new Step.Emit(values, where -> switch (name) {
            case "system" -> new Action.Command(format, where);
            case "freopen" -> new Action.Reopen(format, where);
            default -> new Action.Printf(format, where);
        });
    }

    private static Format format(Expr.Call call, String text) {
        if (text.isEmpty() && !call.name().equals("freopen")) {
            throw new DError("D_PRINTF_FMT_EMPTY", call.line(), call.name() + "( ) format string is empty");
        }
        return Format.parse(text, call.line());
    }

    /** The arguments of a call, as conversions take them one by one. */
    private final class Arguments {
        private final Expr.Call call;
        private final List<Op> values = new ArrayList<>();
        private int at = 1;

        Arguments(Expr.Call call) {
            this.call = call;
        }

        void conversion(Format.Piece.Conversion conversion) {
            if (conversion.width() == Format.FROM_ARGUMENT) {
                values.add(dynamic(conversion, "*"));
            }
            if (conversion.precision() == Format.FROM_ARGUMENT) {
                values.add(dynamic(conversion, ".*"));
            }
            if (conversion.aggregation()) {
                throw new DError(
                        "D_PRINTF_AGG_CONV",
                        call.line(),
                        "%@ conversion requires an aggregation and is not for use with " + call.name() + "( )");
            }
            if (at >= call.arguments().size()) {
                throw missing(call, conversion);
            }
            Op op = checker.check(call.arguments().get(at));
            checkType(call, "argument #" + (at + 1), conversion, op.type(), op instanceof Op.Place);
            at++;
            boolean text = conversion.letter() == 's' && conversion.length().isEmpty()
                    || conversion.letter() == 'S'
                    || conversion.letter() == 'I';
            Op value = text && op instanceof Op.Place ? checker.string(op, call.line()) : Checker.decay(op);
            values.add(conversion.letter() == 'A' && value.type().isScalar() ? ofTarget(value) : value);
        }

        /** An address in the process of -c or -p. */
        private Op ofTarget(Op address) {
            Op process = new Op.Const(checker.names().target(), DType.LONG);
            return new Op.Call("uaddr", List.of(address, process), new DType.Addresses(DType.Addresses.Kind.UADDR, 1));
        }

        private Op dynamic(Format.Piece.Conversion conversion, String star) {
            if (at >= call.arguments().size()) {
                throw new DError(
                        "D_PRINTF_DYN_PROTO",
                        call.line(),
                        call.name() + "( ) prototype mismatch: conversion #" + conversion.number() + " (%"
                                + conversion.name() + ") is missing a corresponding \"" + star + "\" argument");
            }
            Op op = checker.check(call.arguments().get(at++));
            if (!op.type().isInteger()) {
                throw new DError(
                        "D_PRINTF_DYN_TYPE",
                        call.line(),
                        call.name() + "( ) argument #" + at + " is incompatible with conversion #"
                                + conversion.number() + " prototype:\n\tconversion: % " + star + " " + conversion.name()
                                + "\n\t prototype: int\n\t  argument: "
                                + op.type().name());
            }
            return op;
        }

        void end() {
            if (at != call.arguments().size()) {
                throw new DError(
                        "D_PRINTF_ARG_EXTRA",
                        call.line(),
                        call.name() + "( ) prototype mismatch: only " + (at - 1)
                                + " arguments required by this format string");
            }
        }
    }

    private static DError missing(Expr.Call call, Format.Piece.Conversion conversion) {
        return new DError(
                "D_PRINTF_ARG_PROTO",
                call.line(),
                call.name() + "( ) prototype mismatch: conversion #" + conversion.number() + " (%" + conversion.name()
                        + ") is missing a corresponding value argument");
    }

    /** @param memory whether the value lies in memory, so that an array of characters is a text */
    private void checkType(
            Expr.Call call, String what, Format.Piece.Conversion conversion, DType type, boolean memory) {
        boolean scalar = type.isScalar() || memory && type instanceof DType.Array;
        boolean text = type.isString() || type.isCharacters() && memory;
        boolean address = type instanceof DType.Addresses;
        boolean stack = type instanceof DType.Addresses addresses && addresses.isStack();
        boolean fits = switch (conversion.letter()) {
            case 's' -> conversion.length().isEmpty() ? text : isWide(type);
            case 'S' -> text;
            case 'I' -> text || scalar;
            case 'k' -> stack;
            case 'a' -> isKernel(type) || scalar;
            case 'A' ->
                address && !stack && !isKernel(type)
                        || scalar && checker.names().target() != 0;
            case 'p' -> scalar;
            case 'c', 'C' -> type.isInteger() && type.size() <= 4;
            case 'Y', 'T' -> type.isInteger() && type.size() == 8;
            case 'e', 'E', 'f', 'F', 'g', 'G' -> type instanceof DType.Float;
            default -> type.isInteger();
        };
        if (!fits) {
            throw new DError(
                    "D_PRINTF_ARG_TYPE",
                    call.line(),
                    call.name() + "( ) " + what + " is incompatible with conversion #"
                            + conversion.number() + " prototype:\n\tconversion: %" + conversion.name()
                            + "\n\t prototype: " + prototype(conversion) + "\n\t  argument: " + type.name());
        }
    }

    /** An array of wide characters. */
    private static boolean isWide(DType type) {
        return type instanceof DType.Array(DType.Int element, var _) && element.size() == 4;
    }

    /** An address of the kernel that is to be named. */
    private static boolean isKernel(DType type) {
        return type instanceof DType.Addresses addresses
                && (addresses.kind() == DType.Addresses.Kind.SYM || addresses.kind() == DType.Addresses.Kind.MOD);
    }

    private static String prototype(Format.Piece.Conversion conversion) {
        return switch (conversion.letter()) {
            case 's' -> conversion.length().isEmpty() ? TEXTS : "wchar_t []";
            case 'S', 'I' -> TEXTS;
            case 'k' -> "stack";
            case 'a', 'p' -> ADDRESSES;
            case 'A' -> "pointer or integer (with -p/-c) or _usymaddr (without -p/-c)";
            case 'P' -> "uint16_t";
            case 'c', 'C' -> "char, short, or int";
            case 'Y', 'T' -> "int64_t";
            case 'e', 'E', 'f', 'F', 'g', 'G' -> "float, double, or long double";
            default -> INTEGERS;
        };
    }

    Step printa(Expr.Call call) {
        List<Expr> arguments = call.arguments();
        if (arguments.isEmpty()) {
            throw Checker.wrongCount(call.line(), "printa( )", 0, 1);
        }
        Optional<Format> format = Optional.empty();
        int first = 0;
        if (arguments.getFirst() instanceof Expr.StrConst(var _, String text)) {
            if (arguments.size() < 2) {
                throw new DError(
                        "D_PRINTA_PROTO", call.line(), "printa( ) prototype mismatch: 1 args passed, 2 expected");
            }
            format = Optional.of(format(call, text));
            first = 1;
        }
        var aggregates = new ArrayList<Aggregate>();
        for (int i = first; i < arguments.size(); i++) {
            Aggregate one = AggregateActions.named(checker, call, i, "D_PRINTA");
            if (!aggregates.isEmpty()) {
                checkKeys(call, aggregates.getFirst(), one);
            }
            aggregates.add(one);
        }
        format.ifPresent(given -> checkPrinta(call, given, aggregates.getFirst()));
        Optional<Format> asked = format;
        return new Step.Emit(List.of(), _ -> new Action.Printa(asked, List.copyOf(aggregates)));
    }

    private static String keys(Aggregate aggregate) {
        int count = aggregate.keys().size();
        return "@" + aggregate.name() + " has " + count + " key" + (count == 1 ? "" : "s");
    }

    private static void checkKeys(Expr.Call call, Aggregate first, Aggregate other) {
        if (first.keys().size() != other.keys().size()) {
            throw new DError(
                    "D_PRINTA_AGGKEY",
                    call.line(),
                    "printa( ): @" + first.name() + " and @" + other.name() + " do not have matching key signatures: "
                            + keys(first) + ", " + keys(other));
        }
        for (int i = 0; i < first.keys().size(); i++) {
            DType one = first.keys().get(i);
            DType two = other.keys().get(i);
            if (!Names.alike(one, two)) {
                throw new DError(
                        "D_PRINTA_AGGPROTO",
                        call.line(),
                        "printa( ): @" + other.name() + "[ ] key #" + (i + 1) + " is incompatible with @"
                                + first.name() + ":\n"
                                + " ".repeat(Math.max(0, 9 - first.name().length()))
                                + first.name() + " key #" + (i + 1) + ": " + one.name() + "\n"
                                + " ".repeat(Math.max(0, 9 - other.name().length())) + other.name() + " key #"
                                + (i + 1) + ": " + two.name());
            }
        }
    }

    private void checkPrinta(Expr.Call call, Format format, Aggregate aggregate) {
        int key = 0;
        DType value = aggregate.function() == Aggregate.Function.COUNT ? DType.UINT64 : DType.INT64;
        for (Format.Piece.Conversion conversion : format.conversions()) {
            if (conversion.aggregation()) {
                checkType(call, "aggregating action", conversion, value, false);
                continue;
            }
            if (key >= aggregate.keys().size()) {
                throw missing(call, conversion);
            }
            DType type = aggregate.keys().get(key++);
            checkType(call, "argument #" + (key + 1), conversion, type, false);
        }
    }
}
