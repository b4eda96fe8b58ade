package zonda.dtrace.code;

import java.util.ArrayList;
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

    private final Names names;
    private final Shape shape;
    private final boolean inProbe;
    private final Map<String, Op> bindings = new HashMap<>();
    private final Operators operators = new Operators(this);
    private final Members members = new Members(this);
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
            case DType.Struct _, DType.Array _ -> new Op.Place(address, type);
            default -> new Op.Argument(0, type);
        };
    }

    Names names() {
        return names;
    }

    Shape shape() {
        return shape;
    }

    Members members() {
        return members;
    }

    int depth() {
        return depth;
    }

    /** One that knows what a name stands for besides what this one knows. */
    Checker with(String name, Op value) {
        var inner = new Checker(names, shape, inProbe);
        inner.depth = depth;
        inner.bind(name, value);
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

    /** An array's value is the address of its first element. */
    static Op decay(Op op) {
        if (op instanceof Op.Place(Op address, DType.Array array)) {
            return new Op.Cast(address, new Pointer(array.of()));
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

    Op check(Expr expression) {
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
                throw new DError(
                        "D_IDENT_UNDEF", line, "failed to resolve " + module + "`" + name + ": Unknown symbol name");
            case Expr.Index index -> index(index);
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
            if (!constant.unsigned() && value >= Integer.MIN_VALUE && value <= Integer.MAX_VALUE) {
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
        Optional<Long> enumerator =
                names.types().enumerator(name).or(() -> names.types().kernelEnumerator(name));
        if (enumerator.isPresent()) {
            return new Op.Const(enumerator.get(), DType.INT);
        }
        throw undefined(line, name);
    }

    private static Op inlined(Names.Inline inline, Op op) {
        return op instanceof Op.Translated || op.type().isString() || !(inline.type() instanceof DType.Int)
                ? op
                : new Op.Cast(op, inline.type());
    }

    private DType kernelStruct(String tag, int line) {
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
    private Op withRawOnly(Expr expression) {
        return new Checker(names, shape).check(expression);
    }

    /** An element of args[]. */
    private Op typedArgument(int line, List<Expr> keys) {
        if (keys.size() != 1) {
            throw wrongCount(line, "args[ ]", keys.size(), 1);
        }
        Op key = check(keys.getFirst());
        if (!(key instanceof Op.Const(long number, var _))) {
            throw wrongArgument(line, "args[ ]", 1, "integer constant", key.type());
        }
        if (!inProbe) {
            throw new DError("D_ARGS_NONE", line, "args[ ] may not be referenced outside of a probe clause");
        }
        int count = shape.arguments().isEmpty()
                ? shape.rawTypes().size()
                : shape.arguments().size();
        if (number < 0 || number >= count) {
            throw new DError(
                    "D_ARGS_IDX",
                    line,
                    "index " + number + " is out of range for "
                            + shape.names()
                                    .map(n -> n.provider() + ":" + n.module() + ":" + n.function() + ":" + n.name())
                                    .orElse("the probe")
                            + " args[ ]");
        }
        return shape.arguments().isEmpty()
                ? new Op.Argument((int) number, shape.rawTypes().get((int) number))
                : typedArgument(line, shape.arguments().get((int) number));
    }

    private Op typedArgument(int line, Shape.Argument argument) {
        Op op = withRawOnly(argument.value());
        DType type = argumentType(argument.type(), line);
        if (type instanceof Pointer(DType.Struct output)) {
            Optional<Translator> translator = names.translator(op.type(), output);
            if (translator.isPresent()) {
                return new Op.Translated(translator.get(), op, type);
            }
        }
        return type.isString() ? string(op, line) : new Op.Cast(decay(op), type);
    }

    private DType argumentType(String name, int line) {
        boolean pointer = name.endsWith("*");
        String base = pointer ? name.substring(0, name.length() - 1).strip() : name;
        DType type = names.types().named(base).orElseThrow(() -> new DError("D_SYM_NOTYPES", line, "no type " + base));
        return pointer ? new Pointer(type) : type;
    }

    Op read(Var variable, List<Op> keys, int line) {
        if (variable.isArray() != !keys.isEmpty()) {
            throw variable.isArray()
                    ? badReference(line, "associative array", variable.name(), "scalar")
                    : badReference(line, "scalar", variable.name(), "associative array");
        }
        if (!variable.type().isScalar() && !variable.type().isString()) {
            return new Op.Place(new Op.VariableAddress(variable), variable.type());
        }
        return new Op.Variable(variable, keys);
    }

    private Op index(Expr.Index index) {
        int line = index.line();
        if (index.base() instanceof Expr.Ident(var _, String name)) {
            Optional<Op> special = special(index, name);
            if (special.isPresent()) {
                return special.get();
            }
        }
        if (index.base() instanceof Expr.Scoped(var _, Expr.Scope scope, String name)
                && names.variable(scope, name).isEmpty()) {
            throw scope == Expr.Scope.THIS ? Assignments.localArray(line, name) : undeclared(line, "self->" + name);
        }
        Optional<Var> array = new Assignments(this).array(index.base());
        if (array.isPresent()) {
            return read(array.get(), keys(array.get(), index), line);
        }
        Op base = check(index.base());
        if (index.keys().size() != 1) {
            throw new DError(
                    "D_ARR_BADREF",
                    line,
                    "cannot access " + index.base().identifier().orElse("expression") + " as an associative array");
        }
        Op key = check(index.keys().getFirst());
        if (!base.type().isPointer() || base.type().isBlind() || !key.type().isInteger()) {
            if (base instanceof Op.Variable(Var variable, var keys)
                    && keys.isEmpty()
                    && base.type().isScalar()
                    && !base.type().isPointer()) {
                throw Operators.incompatible(line, base.type(), "+", key.type());
            }
            throw Operators.incompatible(line, base.type(), "+", key.type());
        }
        DType element = base.type().target();
        Op address = base instanceof Op.Place(Op where, var _) ? where : base;
        return at(plus(address, key, element.size()), element, line);
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
                names.inline(name).filter(one -> !one.parameters().isEmpty());
        if (inline.isPresent()) {
            return Optional.of(inlined(inline.get(), expanded(index, name, inline.get())));
        }
        boolean unknown = names.variable(Expr.Scope.GLOBAL, name).isEmpty()
                && names.inline(name).isEmpty()
                && Names.kind(name).isEmpty()
                && !bindings.containsKey(name);
        if (unknown) {
            throw undeclared(line, name);
        }
        return Optional.empty();
    }

    private Op userRegister(int line, List<Expr> keys) {
        if (keys.size() != 1) {
            throw wrongCount(line, "uregs[ ]", keys.size(), 1);
        }
        Op key = check(keys.getFirst());
        if (!(key instanceof Op.Const(long number, var _))) {
            throw wrongArgument(line, "uregs[ ]", 1, "integer constant", key.type());
        }
        if (number < 0) {
            throw new DError("D_REGS_IDX", line, "index " + number + " is out of range for array uregs");
        }
        return new Op.UserRegister(key, DType.UINT64);
    }

    private Op expanded(Expr.Index index, String name, Names.Inline inline) {
        if (index.keys().size() != inline.keys().size()) {
            throw wrongCount(
                    index.line(),
                    name + "[ ]",
                    index.keys().size(),
                    inline.keys().size());
        }
        var inner = new Checker(names, shape, inProbe);
        inner.depth = depth;
        for (int i = 0; i < index.keys().size(); i++) {
            Op key = check(index.keys().get(i));
            DType type = inline.keys().get(i);
            if (!fits(type, key)) {
                throw wrongArgument(index.line(), name + "[ ]", i + 1, type, key.type());
            }
            inner.bind(inline.parameters().get(i), type.isInteger() ? Folder.fold(new Op.Cast(key, type)) : key);
        }
        return inner.check(inline.value());
    }

    List<Op> keys(Var array, Expr.Index index) {
        List<Expr> written = index.keys();
        String what = array.name() + "[ ]";
        if (written.size() != array.keys().size()) {
            throw wrongCount(index.line(), what, written.size(), array.keys().size());
        }
        var keys = new ArrayList<Op>();
        for (int i = 0; i < written.size(); i++) {
            Op key = key(written.get(i), i + 1, "associative array");
            if (!Names.alike(array.keys().get(i), key.type())) {
                throw wrongArgument(index.line(), what, i + 1, array.keys().get(i), key.type());
            }
            keys.add(key);
        }
        return keys;
    }

    List<Op> keys(List<Expr> written, String kind) {
        var keys = new ArrayList<Op>();
        for (Expr one : written) {
            keys.add(key(one, keys.size() + 1, kind));
        }
        return keys;
    }

    /** A key: text in memory counts as a string, everything else as a number. */
    private Op key(Expr expression, int number, String kind) {
        Op op = check(expression);
        if (op instanceof Op.Place(var _, DType type) && type.isCharacters()) {
            return string(op, expression.line());
        }
        Op plain = decay(op);
        if (!plain.type().isScalar() && !plain.type().isString() && !(plain.type() instanceof DType.Addresses)) {
            throw new DError(
                    "D_KEY_TYPE",
                    expression.line(),
                    plain.type().name() + " expression may not be used as " + kind + " index: key #" + number);
        }
        return plain;
    }

    static Op plus(Op address, Op offset, int scale) {
        Op scaled =
                scale == 1 ? offset : new Op.Binary("*", offset, new Op.Const(scale, DType.LONG), false, DType.LONG);
        return Folder.fold(new Op.Binary("+", address, Folder.fold(scaled), false, DType.ULONG));
    }

    /** What lies at an address. */
    Op at(Op address, DType type, int line) {
        return switch (type) {
            case DType.Int _, Pointer _ -> new Op.Load(address, type);
            case DType.Array _, DType.Struct _ -> new Op.Place(address, type);
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
