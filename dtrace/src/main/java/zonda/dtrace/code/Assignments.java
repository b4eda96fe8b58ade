package zonda.dtrace.code;

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

    Op assign(Expr.Assign assign) {
        if (assign.target() instanceof Expr.Aggregation) {
            throw new DError("D_AGG_NULL", assign.line(), "an aggregation may only be assigned by a statement");
        }
        if (!assign.operator().equals("=")) {
            String operator = assign.operator().substring(0, assign.operator().length() - 1);
            Expr value = new Expr.Binary(assign.line(), operator, orZero(assign.target()), assign.value());
            return store(assign.line(), assign.target(), checker.value(value));
        }
        return store(assign.line(), assign.target(), checker.value(assign.value()));
    }

    /** A variable that is first met in {@code x += 1} was zero before, a number of 64 bits. */
    private Expr orZero(Expr target) {
        Expr base = target instanceof Expr.Index index ? index.base() : target;
        name(base).ifPresent(name -> {
            boolean known = names.variable(name.scope(), name.name()).isPresent()
                    || name.scope() == Expr.Scope.GLOBAL && isReserved(name.name());
            if (!known) {
                List<DType> keys = target instanceof Expr.Index index
                        ? index.keys().stream()
                                .map(key -> checker.key(key).type())
                                .toList()
                        : List.of();
                names.declare(name.scope(), name.name(), DType.INT64, keys);
            }
        });
        return target;
    }

    private boolean isReserved(String name) {
        return Builtins.VARIABLES.containsKey(name)
                || name.matches("arg[0-9]|args|curthread|uregs")
                || names.inline(name).isPresent();
    }

    private boolean isStruct(Expr target) {
        return name(target)
                .flatMap(name -> names.variable(name.scope(), name.name()))
                .filter(variable -> variable.type() instanceof DType.Array)
                .isPresent();
    }

    private Op store(int line, Expr target, Op written) {
        Op value = written instanceof Op.Place(var _, DType type) && type.isCharacters() && !isStruct(target)
                ? checker.string(written, line)
                : Checker.decay(written);
        boolean memory = target instanceof Expr.Member
                || target instanceof Expr.Unary
                || target instanceof Expr.Index index && array(index.base()).isEmpty() && isMemory(index.base());
        if (memory) {
            return storeMemory(line, target, value);
        }
        if (target instanceof Expr.Index index) {
            Name name = name(index.base()).orElseThrow(() -> notAssignable(line));
            List<Op> keys = index.keys().stream().map(checker::key).toList();
            Var array = names.variable(name.scope(), name.name())
                    .orElseGet(() -> names.declare(
                            name.scope(),
                            name.name(),
                            stored(line, value),
                            keys.stream().map(Op::type).toList()));
            if (!array.isArray()) {
                throw notAssignable(line);
            }
            return new Op.Store(array, checker.keys(array, index), fitting(line, array, value));
        }
        Name name = name(target).orElseThrow(() -> notAssignable(line));
        if (name.scope() == Expr.Scope.GLOBAL && isReserved(name.name())) {
            throw new DError(
                    "D_OP_WRITE",
                    line,
                    "operator = cannot modify " + name.name() + ": it is a built-in variable or inline");
        }
        Var variable = names.variable(name.scope(), name.name())
                .orElseGet(() -> names.declare(name.scope(), name.name(), stored(line, value), List.of()));
        if (variable.isArray()) {
            throw new DError(
                    "D_OP_LVAL",
                    line,
                    "operator = cannot assign to the associative array " + name.name() + " as a whole");
        }
        return new Op.Store(variable, List.of(), fitting(line, variable, value));
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

    private Op storeMemory(int line, Expr target, Op value) {
        Op place = checker.check(target);
        return switch (place) {
            case Op.Load(Op address, DType type) ->
                new Op.StoreMemory(address, type, 0, 0, numberFor(line, type, value));
            case Op.BitField(Op address, int bit, int bits, DType type) ->
                new Op.StoreMemory(address, type, bit, bits, numberFor(line, type, value));
            default -> throw notAssignable(line);
        };
    }

    private static Op numberFor(int line, DType type, Op value) {
        if (!value.type().isScalar()) {
            throw new DError(
                    "D_OP_INCOMPAT",
                    line,
                    "operands have incompatible types: \"" + type.name() + "\" = \""
                            + value.type().name() + "\"");
        }
        return Folder.fold(new Op.Cast(value, type));
    }

    private static DError notAssignable(int line) {
        return new DError("D_OP_LVAL", line, "operator = requires modifiable lvalue operand");
    }

    private DType stored(int line, Op value) {
        DType type = value.type();
        if (type.isScalar() || type.isString()) {
            return type;
        }
        throw new DError(
                "D_OP_INCOMPAT", line, "a value of type \"" + type.name() + "\" can not be kept in a variable");
    }

    private Op fitting(int line, Var variable, Op value) {
        DType type = variable.type();
        if (type instanceof DType.Struct || type instanceof DType.Array) {
            if (value instanceof Op.Place && value.type().size() == type.size()) {
                return value;
            }
        } else if (type.isString()) {
            if (value.type().isString() || value.type().isCharacters()) {
                return checker.string(value, line);
            }
            // Zero clears a string, as it frees an element of an array.
            if (value instanceof Op.Const(long zero, var _) && zero == 0) {
                return new Op.Text("");
            }
        } else if (type.isScalar() && value.type().isScalar()) {
            return Folder.fold(new Op.Cast(value, type));
        }
        throw new DError(
                "D_OP_INCOMPAT",
                line,
                "operands have incompatible types: \"" + type.name() + "\" = \""
                        + value.type().name() + "\"");
    }

    Op step(Expr.Step step) {
        orZero(step.target());
        String operator = step.up() ? "+" : "-";
        if (step.prefix()) {
            Expr one = new Expr.IntConst(step.line(), 1, false, false, true);
            return store(
                    step.line(),
                    step.target(),
                    checker.value(new Expr.Binary(step.line(), operator, step.target(), one)));
        }
        Op target = checker.value(step.target());
        if (target instanceof Op.Load || target instanceof Op.BitField) {
            Expr one = new Expr.IntConst(step.line(), 1, false, false, true);
            return storeMemory(
                    step.line(),
                    step.target(),
                    checker.value(new Expr.Binary(step.line(), operator, step.target(), one)));
        }
        if (!(target instanceof Op.Variable variable) || !target.type().isScalar()) {
            throw new DError(
                    "D_OP_LVAL",
                    step.line(),
                    "operator " + operator + operator + " requires modifiable lvalue operand");
        }
        int scale = target.type() instanceof DType.Pointer(DType to) ? Math.max(1, to.size()) : 1;
        return new Op.PostStep(variable, step.up() ? scale : -scale);
    }
}
