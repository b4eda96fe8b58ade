package zonda.dtrace.code;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import zonda.dtrace.syntax.DError;
import zonda.dtrace.syntax.Expr;
import zonda.dtrace.syntax.TypeExpr;
import zonda.dtrace.types.DType;
import zonda.dtrace.types.DType.Pointer;

/** Settles the names and types of expressions for one shape of probe: trees in, operations out. */
final class Checker {
    private static final int DEEPEST = 256;
    private static final DType CHARACTER = new DType.Int("char", 1, true);

    private final Names names;
    private final Shape shape;
    private final boolean inProbe;
    private final Map<String, Op> bindings = new HashMap<>();
    private final Operators operators = new Operators(this);
    private final Members members = new Members(this);
    private final Indexing indexing = new Indexing(this);
    private int depth;

    Checker(Names names, Shape shape) {
        this(names, shape, true);
    }

    private Checker(Names names, Shape shape, boolean inProbe) {
        this.names = names;
        this.shape = shape;
        this.inProbe = inProbe;
        for (int i = 0; i < shape.rawTypes().size(); i++) {
            bindings.put("raw" + i, new Op.Argument(i, shape.rawTypes().get(i)));
        }
    }

    /** One for what stands outside of clauses. @param parameters names with types that it may use */
    static Checker outside(Names names, List<String> parameters, List<DType> types) {
        var checker = new Checker(names, Shape.of(Shape.Site.RUN), false);
        for (int i = 0; i < parameters.size(); i++) {
            checker.bind(parameters.get(i), placeholder(types.get(i)));
        }
        return checker;
    }

    /** A value of a type that is never computed. */
    private static Op placeholder(DType type) {
        Op address = new Op.Argument(0, new Pointer(type));
        return switch (type) {
            case DType.Str _ -> new Op.StringAt(address, 0);
            case DType.Struct _, DType.Array _, DType.Float _ -> new Op.Place(address, type);
            default -> new Op.Argument(0, type);
        };
    }

    Names names() {
        return names;
    }

    Shape shape() {
        return shape;
    }

    Indexing indexing() {
        return indexing;
    }

    /** Whether it is a clause that is checked, where there are arguments of a probe. */
    boolean inProbe() {
        return inProbe;
    }

    boolean isBound(String name) {
        return bindings.containsKey(name);
    }

    /** One that knows what some names stand for, in the place of what this one knows. */
    Checker with(Map<String, Op> bound) {
        var inner = new Checker(names, shape, inProbe);
        inner.depth = depth;
        bound.forEach(inner::bind);
        return inner;
    }

    private void bind(String name, Op value) {
        bindings.put(name, value);
    }

    /** The value of an expression, if it is constant. */
    static Optional<Long> constant(Names names, Expr expression) {
        Op op = new Checker(names, Shape.of(Shape.Site.RUN), false).check(expression);
        return Folder.fold(op) instanceof Op.Const(long value, var _) ? Optional.of(value) : Optional.empty();
    }

    DType type(TypeExpr written) {
        return names.types().resolve(written, expression -> constant(names, expression));
    }

    Op number(Expr expression, String operator) {
        Op op = check(expression);
        if (!op.type().isInteger()) {
            throw new DError(
                    "D_OP_INT", expression.line(), "operator " + operator + " requires operands of integral type");
        }
        return op;
    }

    /** The truth of a value of an if. */
    Op condition(Expr expression) {
        return predicate(expression, "if condition must be of scalar type");
    }

    Op predicate(Expr expression, String words) {
        Op op = decay(check(expression));
        if (!op.type().isScalar()) {
            throw new DError("D_PRED_SCALAR", expression.line(), words);
        }
        return op;
    }

    /** An array's value is the address of its first element, a function's its own. */
    static Op decay(Op op) {
        if (op instanceof Op.Place(Op address, DType.Array array)) {
            return new Op.Cast(address, new Pointer(array.of()));
        }
        if (op instanceof Op.Place(Op address, DType.Function function)) {
            return new Op.Cast(address, new Pointer(function));
        }
        return op;
    }

    /** Whether a value can be kept where one of the type is expected. */
    static boolean fits(DType type, Op value) {
        DType given = value.type();
        if (type.isInteger() && given.isInteger() || type.isText() && given.isText()) {
            return true;
        }
        if (type instanceof DType.Struct || given instanceof DType.Struct) {
            return type.name().equals(given.name());
        }
        if (type instanceof DType.Addresses) {
            return given instanceof DType.Addresses;
        }
        boolean zero = value instanceof Op.Const(long number, var _) && number == 0;
        return type.leadsLike(given) || type.isPointer() && zero;
    }

    static DError wrongCount(int line, String what, int given, int expected) {
        return new DError(
                "D_PROTO_LEN",
                line,
                what + " prototype mismatch: " + given + " arg" + (given == 1 ? "" : "s") + " passed, " + expected
                        + " expected");
    }

    static DError wrongArgument(int line, String what, int number, DType expected, DType given) {
        return wrongArgument(line, what, number, expected.name(), given);
    }

    static DError wrongArgument(int line, String what, int number, String expected, DType given) {
        return new DError(
                "D_PROTO_ARG",
                line,
                what + " argument #" + number + " is incompatible with prototype:\n\tprototype: " + expected
                        + "\n\t argument: " + given.name());
    }

    /** A key of an array or an aggregation that has another type than those before. */
    static DError wrongKey(int line, String what, int number, DType expected, DType given) {
        return new DError(
                "D_PROTO_ARG",
                line,
                what + " key #" + number + " is incompatible with prototype:\n\tprototype: " + expected.name()
                        + "\n\t      key: " + given.name());
    }

    Op check(Expr expression) {
        names.count();
        if (++depth > DEEPEST) {
            throw new DError("D_SYNTAX", expression.line(), "the expression refers to itself or is nested too deeply");
        }
        try {
            return Folder.fold(within(expression));
        } finally {
            depth--;
        }
    }

    private Op within(Expr expression) {
        return switch (expression) {
            case Expr.IntConst constant -> new Op.Const(constant.value(), constantType(constant));
            case Expr.StrConst(var _, String text) -> new Op.Text(text);
            case Expr.Ident(int line, String name) -> identifier(line, name);
            case Expr.Scoped(int line, Expr.Scope scope, String name) -> {
                Var variable = names.variable(scope, name).orElseThrow(() -> undeclared(line, scopeText(scope) + name));
                yield read(variable, List.of(), line);
            }
            case Expr.KernelSymbol(int line, String module, String name) ->
                new Op.Place(
                        new Op.Const(
                                names.kernelFunction(module, name)
                                        .orElseThrow(() -> new DError(
                                                "D_IDENT_UNDEF",
                                                line,
                                                "failed to resolve " + module + "`" + name + ": Unknown symbol name")),
                                DType.ULONG),
                        new DType.Function(DType.INT));
            case Expr.Index index -> indexing.index(index);
            case Expr.Aggregation(int line, String name, var keys) -> {
                if (names.aggregate(name).isEmpty() && keys.isEmpty()) {
                    throw undefined(line, "@" + name);
                }
                yield new Op.Aggregation(name);
            }
            case Expr.Call call -> new Functions(this).call(call);
            case Expr.Unary unary -> operators.unary(unary);
            case Expr.Binary binary -> operators.binary(binary);
            case Expr.Conditional conditional -> operators.conditional(conditional);
            case Expr.Assign assign -> new Assignments(this).assign(assign);
            case Expr.Step step -> new Assignments(this).step(step);
            case Expr.Member member -> members.member(member);
            case Expr.Cast cast -> operators.cast(cast);
            case Expr.SizeofType(int line, TypeExpr type) -> operators.size(line, type(type));
            case Expr.SizeofExpr sizeof -> operators.sizeof(sizeof);
            case Expr.Offsetof offsetof -> members.offsetof(offsetof);
            case Expr.Stringof(int line, Expr operand) -> string(check(operand), line);
            case Expr.Xlate(int line, TypeExpr type, Expr operand) ->
                members.translate(line, type(type), check(operand));
            case Expr.Comma comma -> operators.comma(comma);
        };
    }

    static String scopeText(Expr.Scope scope) {
        return switch (scope) {
            case SELF -> "self->";
            case THIS -> "this->";
            case GLOBAL -> "";
        };
    }

    static DError undefined(int line, String name) {
        return new DError("D_IDENT_UNDEF", line, "failed to resolve " + name + ": Unknown variable name");
    }

    static DError undeclared(int line, String name) {
        return new DError("D_VAR_UNDEF", line, name + " has not yet been declared or assigned");
    }

    static DError badReference(int line, String kind, String name, String wanted) {
        return new DError("D_IDENT_BADREF", line, kind + " '" + name + "' may not be referenced as " + wanted);
    }

    private static DType constantType(Expr.IntConst constant) {
        long value = constant.value();
        if (!constant.wide()) {
            if (!constant.unsigned() && value >= 0 && value <= Integer.MAX_VALUE) {
                return DType.INT;
            }
            if ((constant.unsigned() || !constant.decimal()) && value >= 0 && value <= 0xffffffffL) {
                return DType.UINT;
            }
        }
        return constant.unsigned() || value < 0 ? DType.ULONG : DType.LONG;
    }

    private Op identifier(int line, String name) {
        Op bound = bindings.get(name);
        if (bound != null) {
            return bound;
        }
        if (name.matches("arg[0-9]")) {
            return argument(name.charAt(3) - '0');
        }
        Optional<Var> variable = names.variable(Expr.Scope.GLOBAL, name);
        if (variable.isPresent()) {
            return read(variable.get(), List.of(), line);
        }
        Optional<Names.Inline> inline = names.inline(name);
        if (inline.isPresent()) {
            if (!inline.get().parameters().isEmpty()) {
                throw badReference(line, "associative array", name, "scalar");
            }
            return inlined(inline.get(), check(inline.get().value()));
        }
        if (name.equals("curthread")) {
            return new Op.Builtin("curthread", new Pointer(kernelStruct("task_struct", line)));
        }
        DType type = Builtins.VARIABLES.get(name);
        if (type != null) {
            return new Op.Builtin(name, type);
        }
        Names.kind(name).ifPresent(kind -> {
            throw badReference(line, kind, name, "scalar");
        });
        Optional<Long> enumerator = names.types()
                .enumerator(name)
                .or(() -> Constants.value(name))
                .or(() -> names.types().kernelEnumerator(name));
        if (enumerator.isPresent()) {
            return new Op.Const(enumerator.get(), DType.INT);
        }
        throw undefined(line, name);
    }

    static Op inlined(Names.Inline inline, Op op) {
        return op instanceof Op.Translated || op.type().isString() || !(inline.type() instanceof DType.Int)
                ? op
                : new Op.Cast(op, inline.type());
    }

    DType kernelStruct(String tag, int line) {
        return names.types()
                .named("struct " + tag)
                .orElseThrow(() -> new DError("D_SYM_NOTYPES", line, "this kernel has no type information (BTF)"));
    }

    private Op argument(int number) {
        if (!shape.arguments().isEmpty()) {
            if (number >= shape.arguments().size()) {
                return new Op.Const(0, DType.INT64);
            }
            Op op = decay(withRawOnly(shape.arguments().get(number).value()));
            return new Op.Cast(op, DType.INT64);
        }
        return new Op.Argument(number, DType.INT64);
    }

    /** Expressions of the provider's own see its raw arguments, whatever else is bound here. */
    Op withRawOnly(Expr expression) {
        return new Checker(names, shape).check(expression);
    }

    Op read(Var variable, List<Op> keys, int line) {
        if (variable.isArray() != !keys.isEmpty()) {
            throw variable.isArray()
                    ? badReference(line, "associative array", variable.name(), "scalar")
                    : badReference(line, "scalar", variable.name(), "associative array");
        }
        if (!variable.type().isScalar() && !variable.type().isString()) {
            return new Op.Place(new Op.VariableAddress(variable, keys), variable.type());
        }
        return new Op.Variable(variable, keys);
    }

    static Op plus(Op address, Op offset, int scale) {
        Op scaled =
                scale == 1 ? offset : new Op.Binary("*", offset, new Op.Const(scale, DType.LONG), false, DType.LONG);
        return Folder.fold(new Op.Binary("+", address, Folder.fold(scaled), false, DType.ULONG));
    }

    /** A character of a string. */
    static Op character(Op text, Op index) {
        return new Op.Cast(new Op.Call("character", List.of(text, index), DType.INT64), CHARACTER);
    }

    /** What lies at an address. */
    Op at(Op address, DType type, int line) {
        return switch (type) {
            case DType.Int _, Pointer _ -> new Op.Load(address, type);
            case DType.Array _, DType.Struct _, DType.Float _ -> new Op.Place(address, type);
            case DType.Str _ -> new Op.StringAt(address, 0);
            case DType.Void _ -> throw new DError("D_DEREF_VOID", line, "cannot dereference pointer to void");
            case DType.Function _, DType.Addresses _, DType.Dynamic _ ->
                throw new DError("D_DEREF_FUNC", line, "cannot dereference pointer to function");
        };
    }

    /** A value as a string: text in memory is read. */
    Op string(Op op, int line) {
        if (op.type().isString()) {
            return op;
        }
        if (op instanceof Op.Place(Op address, DType.Array array) && array.isCharacters()) {
            return new Op.StringAt(address, array.count());
        }
        Op plain = decay(op);
        if (plain.type().isScalar()) {
            return new Op.StringAt(plain, 0);
        }
        throw new DError(
                "D_STRINGOF_TYPE",
                line,
                "cannot apply stringof to a value of type " + op.type().name());
    }
}
