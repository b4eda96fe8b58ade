package zonda.dtrace.code;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import zonda.dtrace.syntax.DError;
import zonda.dtrace.syntax.Expr;
import zonda.dtrace.types.DType;

/** Assignments: a variable is made by its first one. */
final class Assignments {
    private final Checker checker;
    private final Names names;

    Assignments(Checker checker) {
        this.checker = checker;
        this.names = checker.names();
    }

    private record Name(Expr.Scope scope, String name) {}

    private static Optional<Name> name(Expr expression) {
        return switch (expression) {
            case Expr.Ident(var _, String name) -> Optional.of(new Name(Expr.Scope.GLOBAL, name));
            case Expr.Scoped(var _, Expr.Scope scope, String name) -> Optional.of(new Name(scope, name));
            default -> Optional.empty();
        };
    }

    /** The associative array that an expression names, if there is one. */
    Optional<Var> array(Expr base) {
        return name(base)
                .flatMap(name -> names.variable(name.scope(), name.name()))
                .filter(Var::isArray);
    }

    static DError localArray(int line, String name) {
        return new DError("D_ARR_LOCAL", line, "local variables may not be used as associative arrays: " + name);
    }

    Op assign(Expr.Assign assign) {
        int line = assign.line();
        if (assign.target() instanceof Expr.Aggregation(var _, String name, var _)) {
            // The statement around it would have taken a sound one.
            throw new DError(
                    "D_AGG_FUNC", line, "@" + name + " must be assigned the result of an aggregating function");
        }
        if (assign.target() instanceof Expr.Index(var _, Expr.Aggregation(var _, String name, var _), var _)) {
            throw new DError(
                    "D_AGG_MDIM", line, "improper attempt to reference @" + name + " as a multi-dimensional array");
        }
        if (isAggregating(assign.target())) {
            throw notModifiable(line, assign.operator());
        }
        if (!assign.operator().equals("=")) {
            return compound(assign);
        }
        return store(line, "=", assign.target(), checker.check(assign.value()));
    }

    private static boolean isAggregating(Expr target) {
        return target instanceof Expr.Assign(var _, var _, Expr inner, var _)
                && (inner instanceof Expr.Aggregation || isAggregating(inner));
    }

    private Op compound(Expr.Assign assign) {
        int line = assign.line();
        String operator = assign.operator().substring(0, assign.operator().length() - 1);
        orZero(assign.target());
        DType left = Checker.decay(checker.check(assign.target())).type();
        DType right = Checker.decay(checker.check(assign.value())).type();
        boolean numbers = left.isInteger() && right.isInteger();
        if (operator.equals("+") || operator.equals("-")) {
            if (left.isString() || right.isString()) {
                throw Operators.incompatible(line, left, assign.operator(), right);
            }
            if (!numbers && (!left.isPointer() || left.isBlind())) {
                throw new DError(
                        "D_OP_VFPTR",
                        line,
                        "operator " + assign.operator() + " requires left-hand scalar operand of known size");
            }
        } else if (!numbers) {
            boolean product = operator.equals("*") || operator.equals("/");
            throw new DError(
                    product ? "D_OP_ARITH" : "D_OP_INT",
                    line,
                    "operator " + assign.operator() + " requires operands of " + (product ? "arithmetic" : "integral")
                            + " type");
        }
        Expr value = new Expr.Binary(line, operator, assign.target(), assign.value());
        return store(line, assign.operator(), assign.target(), checker.check(value));
    }

    /** A variable that is first met in {@code x += 1} was zero before, a number of 64 bits. */
    private void orZero(Expr target) {
        Expr base = target instanceof Expr.Index index ? index.base() : target;
        name(base).ifPresent(name -> {
            boolean known = names.variable(name.scope(), name.name()).isPresent()
                    || name.scope() == Expr.Scope.GLOBAL && isReserved(name.name());
            if (!known) {
                List<DType> keys = target instanceof Expr.Index index ? newKeys(name, index) : List.of();
                names.declare(name.scope(), name.name(), DType.INT64, keys);
            }
        });
    }

    private List<DType> newKeys(Name name, Expr.Index index) {
        if (name.scope() == Expr.Scope.THIS) {
            throw localArray(index.line(), name.name());
        }
        return checker.indexing().keys(index.keys(), "associative array").stream()
                .map(Op::type)
                .toList();
    }

    private boolean isReserved(String name) {
        return Names.kind(name).isPresent() || names.inline(name).isPresent();
    }

    private boolean isStruct(Expr target) {
        return name(target)
                .flatMap(name -> names.variable(name.scope(), name.name()))
                .filter(variable -> variable.type() instanceof DType.Array)
                .isPresent();
    }

    private Op store(int line, String operator, Expr target, Op written) {
        Op value = written instanceof Op.Place(var _, DType type) && type.isCharacters() && !isStruct(target)
                ? checker.string(written, line)
                : Checker.decay(written);
        boolean memory = target instanceof Expr.Member
                || target instanceof Expr.Unary
                || target instanceof Expr.Index index && array(index.base()).isEmpty() && isMemory(index.base());
        if (memory) {
            return storeMemory(line, operator, target, value);
        }
        if (target instanceof Expr.Index index) {
            return storeElement(line, operator, index, value);
        }
        Name name = name(target).orElseThrow(() -> notModifiable(line, operator));
        if (name.scope() == Expr.Scope.GLOBAL && isReserved(name.name())) {
            Op read = checker.check(target);
            if (!Checker.fits(read.type(), value)) {
                throw Operators.incompatible(line, read.type(), operator, value.type());
            }
            throw notWritable(line, operator);
        }
        Var variable = names.variable(name.scope(), name.name())
                .orElseGet(() -> names.declare(name.scope(), name.name(), stored(line, value), List.of()));
        if (variable.isArray()) {
            throw Checker.badReference(line, "associative array", name.name(), "scalar");
        }
        if (variable.type() instanceof DType.Array array && !array.isCharacters()) {
            throw new DError(
                    "D_OP_ARRFUN",
                    line,
                    "operator " + operator + " may not be applied to operand of type \"" + array.name() + "\"");
        }
        if (variable.type() instanceof DType.Struct struct
                && value instanceof Op.Translated translated
                && translated.seen().name().equals(struct.name())) {
            return translation(line, variable, struct, translated);
        }
        return new Op.Store(variable, List.of(), fitting(line, operator, variable, value));
    }

    /** A structure that a translator makes: its members that are numbers, zero where the translator has nothing. */
    private Op translation(int line, Var variable, DType.Struct struct, Op.Translated translated) {
        var stores = new ArrayList<Op>();
        for (DType.Member member : struct.members()) {
            if (!member.type().isScalar()) {
                throw Operators.incompatible(line, struct, "=", translated.type());
            }
            Op value = translated.translator().member(member.name()).isPresent()
                    ? Members.translated(checker, line, translated, member.name())
                    : new Op.Const(0, DType.INT);
            Op address = Checker.plus(
                    new Op.VariableAddress(variable, List.of()), new Op.Const(member.bitOffset() / 8, DType.LONG), 1);
            Op number = numberFor(line, "=", member.type(), value);
            stores.add(
                    member.bitSize() > 0
                            ? new Op.StoreMemory(
                                    new Op.VariableAddress(variable, List.of()),
                                    member.type(),
                                    member.bitOffset(),
                                    member.bitSize(),
                                    number)
                            : new Op.StoreMemory(address, member.type(), 0, 0, number));
        }
        return new Op.Sequence(stores);
    }

    private Op storeElement(int line, String operator, Expr.Index index, Op value) {
        Name name = name(index.base()).orElseThrow(() -> notModifiable(line, operator));
        Optional<Var> known = names.variable(name.scope(), name.name());
        if (known.isEmpty() && name.scope() == Expr.Scope.GLOBAL && isReserved(name.name())) {
            checker.check(index);
            throw notWritable(line, operator);
        }
        Var array = known.orElseGet(
                () -> names.declare(name.scope(), name.name(), stored(line, value), newKeys(name, index)));
        if (!array.isArray()) {
            throw Checker.badReference(line, "scalar", name.name(), "associative array");
        }
        return new Op.Store(array, checker.indexing().keys(array, index), fitting(line, operator, array, value));
    }

    /** Whether an expression is an array in memory or a pointer, whose elements are no elements of an associative array. */
    private boolean isMemory(Expr base) {
        Optional<Name> name = name(base);
        if (name.isEmpty()) {
            return true;
        }
        return names.variable(name.get().scope(), name.get().name())
                .filter(variable -> variable.type().isPointer())
                .isPresent();
    }

    private Op storeMemory(int line, String operator, Expr target, Op value) {
        Op place = checker.check(target);
        return switch (place) {
            case Op.Load(Op address, DType type) ->
                new Op.StoreMemory(
                        writable(line, operator, address), type, 0, 0, numberFor(line, operator, type, value));
            case Op.BitField(Op address, int bit, int bits, DType type) ->
                new Op.StoreMemory(
                        writable(line, operator, address), type, bit, bits, numberFor(line, operator, type, value));
            case Op.StringAt(Op address, var _) ->
                new Op.StoreText(writable(line, operator, address), text(line, operator, value));
            case Op.Place(Op address, DType.Struct struct) -> {
                if (!(value instanceof Op.Place) || !value.type().name().equals(struct.name())) {
                    throw Operators.incompatible(line, struct, operator, value.type());
                }
                yield new Op.StoreStruct(writable(line, operator, address), struct, value);
            }
            case Op.Place(var _, DType.Array array) ->
                throw new DError(
                        "D_OP_ARRFUN",
                        line,
                        "operator " + operator + " may not be applied to operand of type \"" + array.name() + "\"");
            default -> throw notModifiable(line, operator);
        };
    }

    /** An address that leads into a variable or what one points to; the kernel's own memory is not to be written. */
    private static Op writable(int line, String operator, Op address) {
        if (!startsAtVariable(address)) {
            throw notWritable(line, operator);
        }
        return address;
    }

    private static boolean startsAtVariable(Op address) {
        return switch (address) {
            case Op.Variable _, Op.VariableAddress _ -> true;
            case Op.Call(String function, var _, var _) -> function.equals("alloca") || function.equals("copyin");
            case Op.Cast(Op inner, var _) -> startsAtVariable(inner);
            case Op.Load(Op inner, var _) -> startsAtVariable(inner);
            case Op.Binary(var _, Op left, Op right, var _, var _) -> startsAtVariable(left) || startsAtVariable(right);
            default -> false;
        };
    }

    private static Op numberFor(int line, String operator, DType type, Op value) {
        if (!Checker.fits(type, value)) {
            throw Operators.incompatible(line, type, operator, value.type());
        }
        return Folder.fold(new Op.Cast(value, type));
    }

    private static DError notModifiable(int line, String operator) {
        return new DError("D_OP_LVAL", line, "operator " + operator + " requires modifiable lvalue as an operand");
    }

    private static DError notWritable(int line, String operator) {
        return new DError("D_OP_WRITE", line, "operator " + operator + " can only be applied to a writable variable");
    }

    private DType stored(int line, Op value) {
        DType type = value.type();
        if (type.isScalar() || type.isString()) {
            return type;
        }
        if (type instanceof DType.Struct struct && !struct.isIncomplete() && value instanceof Op.Place) {
            return type;
        }
        throw Operators.incompatible(line, type, "=", type);
    }

    private Op fitting(int line, String operator, Var variable, Op value) {
        DType type = variable.type();
        if (type instanceof DType.Struct || type instanceof DType.Array) {
            if (value instanceof Op.Place && value.type().name().equals(type.name())) {
                return value;
            }
            // Zero frees an element of an array.
            if (variable.isArray() && value instanceof Op.Const(long zero, var _) && zero == 0) {
                return value;
            }
        } else if (type.isString()) {
            return text(line, operator, value);
        } else if (Checker.fits(type, value)) {
            return Folder.fold(new Op.Cast(value, type));
        }
        throw Operators.incompatible(line, type, operator, value.type());
    }

    private Op text(int line, String operator, Op value) {
        if (value instanceof Op.StringAt(Op.Const(long address, var _), var _) && address == 0) {
            return new Op.Text("");
        }
        if (value.type().isText()) {
            return checker.string(value, line);
        }
        // Zero clears a string, as it frees an element of an array.
        if (value instanceof Op.Const(long zero, var _) && zero == 0) {
            return new Op.Text("");
        }
        throw Operators.incompatible(line, DType.STRING, operator, value.type());
    }

    Op step(Expr.Step step) {
        int line = step.line();
        String operator = step.up() ? "++" : "--";
        orZero(step.target());
        Op target = checker.check(step.target());
        if (!Checker.decay(target).type().isScalar()) {
            throw new DError("D_OP_SCALAR", line, "operator " + operator + " requires operand of scalar type");
        }
        if (target.type().isBlind()) {
            throw new DError("D_OP_VFPTR", line, "operator " + operator + " requires an operand of known size");
        }
        boolean place = target instanceof Op.Load || target instanceof Op.BitField;
        if (target instanceof Op.Builtin || target instanceof Op.Argument || target instanceof Op.UserRegister) {
            throw notWritable(line, operator);
        }
        if (!place && !(target instanceof Op.Variable)) {
            throw notModifiable(line, operator);
        }
        if (step.prefix() || place) {
            Expr one = new Expr.IntConst(line, 1, false, false, true);
            Expr sum = new Expr.Binary(line, operator.substring(1), step.target(), one);
            return store(line, operator, step.target(), checker.check(sum));
        }
        int scale = target.type() instanceof DType.Pointer(DType to) ? Math.max(1, to.size()) : 1;
        return new Op.PostStep((Op.Variable) target, step.up() ? scale : -scale);
    }
}
