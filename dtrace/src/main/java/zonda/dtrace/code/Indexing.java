package zonda.dtrace.code;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Optional;
import zonda.dtrace.syntax.DError;
import zonda.dtrace.syntax.Expr;
import zonda.dtrace.types.DType;
import zonda.dtrace.types.DType.Pointer;

/** Settles what stands in front of brackets: associative arrays, arrays in memory, args[], and inlines with keys. */
final class Indexing {
    private static final long TUPLE_REGISTERS = 8;
    private static final String ASSOCIATIVE = "associative array";
    /** Registers that have numbers. */
    private static final int USER_REGISTERS = 28;

    private final Checker checker;

    Indexing(Checker checker) {
        this.checker = checker;
    }

    /** An element of args[]. */
    private Op typedArgument(int line, List<Expr> keys) {
        if (keys.size() != 1) {
            throw Checker.wrongCount(line, "args[ ]", keys.size(), 1);
        }
        Op key = checker.check(keys.getFirst());
        if (!(key instanceof Op.Const(long number, var _))) {
            throw Checker.wrongArgument(line, "args[ ]", 1, "integer constant", key.type());
        }
        if (!checker.inProbe()) {
            throw new DError("D_ARGS_NONE", line, "args[ ] may not be referenced outside of a probe clause");
        }
        int count = checker.shape().arguments().isEmpty()
                ? checker.shape().rawTypes().size()
                : checker.shape().arguments().size();
        if (number < 0 || number >= count) {
            throw new DError(
                    "D_ARGS_IDX",
                    line,
                    "index " + number + " is out of range for "
                            + checker.shape()
                                    .names()
                                    .map(n -> n.provider() + ":" + n.module() + ":" + n.function() + ":" + n.name())
                                    .orElse("the probe")
                            + " args[ ]");
        }
        return checker.shape().arguments().isEmpty()
                ? new Op.Argument((int) number, checker.shape().rawTypes().get((int) number))
                : typedArgument(line, checker.shape().arguments().get((int) number));
    }

    private Op typedArgument(int line, Shape.Argument argument) {
        Op op = checker.withRawOnly(argument.value());
        DType type = argumentType(argument.type(), line);
        if (type instanceof Pointer(DType.Struct output)) {
            Optional<Translator> translator = checker.names().translator(op.type(), output);
            if (translator.isPresent()) {
                return new Op.Translated(translator.get(), op, type);
            }
        }
        return type.isString() ? checker.string(op, line) : new Op.Cast(Checker.decay(op), type);
    }

    private DType argumentType(String name, int line) {
        boolean pointer = name.endsWith("*");
        String base = pointer ? name.substring(0, name.length() - 1).strip() : name;
        DType type = checker.names()
                .types()
                .named(base)
                .orElseThrow(() -> new DError("D_SYM_NOTYPES", line, "no type " + base));
        return pointer ? new Pointer(type) : type;
    }

    Op index(Expr.Index index) {
        return index(index, 0);
    }

    /** With an index that may lie so many beyond the last: one when only the address is taken. */
    Op index(Expr.Index index, int beyond) {
        int line = index.line();
        if (index.base() instanceof Expr.Ident(var _, String name)) {
            Optional<Op> special = special(index, name);
            if (special.isPresent()) {
                return special.get();
            }
        }
        if (index.base() instanceof Expr.Scoped(var _, Expr.Scope scope, String name)
                && checker.names().variable(scope, name).isEmpty()) {
            throw scope == Expr.Scope.THIS
                    ? Assignments.localArray(line, name)
                    : Checker.undeclared(line, "self->" + name);
        }
        Optional<Var> array = new Assignments(checker).array(index.base());
        if (array.isPresent()) {
            return checker.read(array.get(), keys(array.get(), index), line);
        }
        Op base = checker.check(index.base());
        if (index.keys().size() != 1) {
            throw new DError(
                    "D_ARR_BADREF",
                    line,
                    "cannot access " + index.base().identifier().orElse("expression") + " as an associative array");
        }
        Op key = checker.check(index.keys().getFirst());
        if (base.type().isString() && key.type().isInteger()) {
            return Checker.character(base, key);
        }
        if (!base.type().isPointer() || base.type().isBlind() || !key.type().isInteger()) {
            throw Operators.incompatible(line, base.type(), "+", key.type());
        }
        if (base instanceof Op.Place(Op place, DType.Array(var _, int count))
                && !(place instanceof Op.VariableAddress(Var variable, var _) && variable.isArray())
                && count > 1
                && key instanceof Op.Const(long number, var _)
                && (number < 0 || number >= count + beyond)) {
            // An array of one or none is often the head of a longer one.
            throw new DError("D_ARR_BOUNDS", line, "index outside array bounds: " + number + ", max is " + count);
        }
        DType element = base.type().target();
        Op address = base instanceof Op.Place(Op where, var _) ? where : base;
        return checker.at(Checker.plus(address, key, element.size()), element, line);
    }

    /** Names that are arrays without being variables. */
    private Optional<Op> special(Expr.Index index, String name) {
        int line = index.line();
        if (name.equals("args")) {
            return Optional.of(typedArgument(line, index.keys()));
        }
        if (name.equals("uregs")) {
            return Optional.of(userRegister(line, index.keys()));
        }
        Optional<Names.Inline> inline =
                checker.names().inline(name).filter(one -> !one.parameters().isEmpty());
        if (inline.isPresent()) {
            return Optional.of(Checker.inlined(inline.get(), expanded(index, name, inline.get())));
        }
        boolean unknown = checker.names().variable(Expr.Scope.GLOBAL, name).isEmpty()
                && checker.names().inline(name).isEmpty()
                && Names.kind(name).isEmpty()
                && !checker.isBound(name);
        if (unknown) {
            throw Checker.undeclared(line, name);
        }
        return Optional.empty();
    }

    private Op userRegister(int line, List<Expr> keys) {
        if (keys.size() != 1) {
            throw Checker.wrongCount(line, "uregs[ ]", keys.size(), 1);
        }
        Op key = checker.check(keys.getFirst());
        if (!(key instanceof Op.Const(long number, var _))) {
            throw Checker.wrongArgument(line, "uregs[ ]", 1, "integer constant", key.type());
        }
        if (number < 0) {
            throw new DError("D_REGS_IDX", line, "index " + number + " is out of range for array uregs");
        }
        if (number >= USER_REGISTERS) {
            throw new DError("D_UNKNOWN", line, "uregs[]: index out of bounds (" + number + ")");
        }
        return new Op.UserRegister(key, DType.UINT64);
    }

    private Op expanded(Expr.Index index, String name, Names.Inline inline) {
        if (index.keys().size() != inline.keys().size()) {
            throw Checker.wrongCount(
                    index.line(),
                    name + "[ ]",
                    index.keys().size(),
                    inline.keys().size());
        }
        var bound = new HashMap<String, Op>();
        for (int i = 0; i < index.keys().size(); i++) {
            Op key = checker.check(index.keys().get(i));
            DType type = inline.keys().get(i);
            if (!Checker.fits(type, key)) {
                throw Checker.wrongKey(index.line(), name + "[ ]", i + 1, type, key.type());
            }
            bound.put(inline.parameters().get(i), type.isInteger() ? Folder.fold(new Op.Cast(key, type)) : key);
        }
        return checker.with(bound).check(inline.value());
    }

    List<Op> keys(Var array, Expr.Index index) {
        List<Expr> written = index.keys();
        String what = array.name() + "[ ]";
        checkNumber(written);
        if (written.size() != array.keys().size()) {
            throw Checker.wrongCount(
                    index.line(), what, written.size(), array.keys().size());
        }
        var keys = new ArrayList<Op>();
        for (int i = 0; i < written.size(); i++) {
            Op key = key(written.get(i), i + 1, ASSOCIATIVE);
            if (!Names.alike(array.keys().get(i), key.type())) {
                throw Checker.wrongKey(index.line(), what, i + 1, array.keys().get(i), key.type());
            }
            keys.add(key);
        }
        return keys;
    }

    /** As many keys as illumos has registers for. */
    private void checkNumber(List<Expr> written) {
        long most = checker.names().options().word("tregs").map(Long::parseLong).orElse(TUPLE_REGISTERS);
        if (written.size() > most) {
            throw new DError("", 0, "Insufficient tuple registers to generate code");
        }
    }

    List<Op> keys(List<Expr> written, String kind) {
        if (kind.equals(ASSOCIATIVE)) {
            checkNumber(written);
        }
        var keys = new ArrayList<Op>();
        for (Expr one : written) {
            keys.add(key(one, keys.size() + 1, kind));
        }
        return keys;
    }

    /** A key: text in memory counts as a string, everything else as a number. */
    private Op key(Expr expression, int number, String kind) {
        Op op = checker.check(expression);
        if (op instanceof Op.Place(var _, DType type) && type.isCharacters()) {
            return checker.string(op, expression.line());
        }
        if (op instanceof Op.Place && op.type() instanceof DType.Struct && kind.equals(ASSOCIATIVE)) {
            return op;
        }
        Op plain = Checker.decay(op);
        if (!plain.type().isScalar() && !plain.type().isString() && !(plain.type() instanceof DType.Addresses)) {
            throw new DError(
                    "D_KEY_TYPE",
                    expression.line(),
                    plain.type().name() + " expression may not be used as " + kind + " index: key #" + number);
        }
        return plain;
    }
}
