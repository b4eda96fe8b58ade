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
    private static final int DEEPEST = 64;

    private final Names names;
    private final Shape shape;
    private final Map<String, Op> bindings = new HashMap<>();
    private int depth;

    Checker(Names names, Shape shape) {
        this.names = names;
        this.shape = shape;
        for (int i = 0; i < shape.rawTypes().size(); i++) {
            bindings.put("raw" + i, new Op.Argument(i, shape.rawTypes().get(i)));
        }
    }

    Names names() {
        return names;
    }

    Shape shape() {
        return shape;
    }

    /** The value of an expression that must be constant. */
    static long constant(Names names, Expr expression) {
        Op op = new Checker(names, Shape.of(Shape.Site.RUN)).check(expression);
        if (Folder.fold(op) instanceof Op.Const(long value, var _)) {
            return value;
        }
        throw new DError(
                "D_DECL_ARRSUB",
                expression.line(),
                "positive integral constant expression or tuple signature expected as array declaration subscript");
    }

    DType type(TypeExpr written) {
        return names.types().resolve(written, expression -> constant(names, expression));
    }

    /** A value: not an action, not an object that only a translator knows. */
    Op value(Expr expression) {
        Op op = check(expression);
        if (op.type() instanceof DType.Void) {
            throw new DError("D_OP_VOID", expression.line(), "expression has no value");
        }
        return op;
    }

    Op number(Expr expression, String operator) {
        Op op = value(expression);
        if (!op.type().isInteger()) {
            throw new DError(
                    "D_OP_INT", expression.line(), "operator " + operator + " requires operands of integral type");
        }
        return op;
    }

    Op scalar(Expr expression, String operator) {
        Op op = decay(value(expression));
        if (!op.type().isScalar() && !op.type().isString()) {
            throw new DError(
                    "D_OP_SCALAR", expression.line(), "operator " + operator + " requires operand of scalar type");
        }
        return op;
    }

    /** The truth of a value: a string is true when it is not empty. */
    Op condition(Expr expression) {
        Op op = scalar(expression, "predicate");
        return op.type().isString() ? new Op.StringCompare("!=", op, new Op.Text("")) : op;
    }

    /** An array's value is the address of its first element. */
    static Op decay(Op op) {
        if (op instanceof Op.Place(Op address, DType.Array array)) {
            return new Op.Cast(address, new Pointer(array.of()));
        }
        return op;
    }

    Op check(Expr expression) {
        if (++depth > 4 * DEEPEST) {
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
                Var variable = names.variable(scope, name).orElseThrow(() -> undefined(line, scopeText(scope) + name));
                yield read(variable, List.of(), line);
            }
            case Expr.KernelSymbol(int line, var _, String name) ->
                throw new DError(
                        "D_SYM_NOTYPES",
                        line,
                        "failed to resolve `" + name + ": the kernel does not tell addresses of its data");
            case Expr.Index index -> index(index);
            case Expr.Aggregation(int line, String name, var _) ->
                throw new DError(
                        "D_AGG_NULL", line, "aggregation @" + name + " may not be referenced in an expression");
            case Expr.Call call -> new Functions(this).call(call);
            case Expr.Unary unary -> unary(unary);
            case Expr.Binary binary -> binary(binary);
            case Expr.Conditional conditional -> conditional(conditional);
            case Expr.Assign assign -> new Assignments(this).assign(assign);
            case Expr.Step step -> new Assignments(this).step(step);
            case Expr.Member member -> member(member);
            case Expr.Cast cast -> cast(cast);
            case Expr.SizeofType(var _, TypeExpr type) -> size(type(type).size());
            case Expr.SizeofExpr(var _, Expr operand) -> sizeof(operand);
            case Expr.Offsetof offsetof -> offsetof(offsetof);
            case Expr.Stringof(int line, Expr operand) -> string(value(operand), line);
            case Expr.Xlate(int line, TypeExpr type, Expr operand) -> translate(line, type(type), check(operand));
            case Expr.Comma(var _, List<Expr> all) ->
                new Op.Sequence(all.stream().map(this::check).toList());
        };
    }

    private Op sizeof(Expr operand) {
        Op op = check(operand);
        if (op.type().isString()) {
            return size(names.options().stringSize());
        }
        return size(op.type().size());
    }

    private static Op size(int bytes) {
        return new Op.Const(bytes, DType.ULONG);
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
            Op op = check(inline.get().value());
            return op instanceof Op.Translated
                            || op.type().isString()
                            || !(inline.get().type() instanceof DType.Int)
                    ? op
                    : new Op.Cast(op, inline.get().type());
        }
        if (name.equals("curthread")) {
            return new Op.Builtin("curthread", new Pointer(kernelStruct("task_struct", line)));
        }
        DType type = Builtins.VARIABLES.get(name);
        if (type != null) {
            return new Op.Builtin(name, type);
        }
        Optional<Long> enumerator =
                names.types().enumerator(name).or(() -> names.types().kernelEnumerator(name));
        if (enumerator.isPresent()) {
            return new Op.Const(enumerator.get(), DType.INT);
        }
        throw undefined(line, name);
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

    private Op typedArgument(int line, int number) {
        if (shape.arguments().isEmpty() && shape.rawTypes().isEmpty()) {
            throw new DError(
                    "D_ARGS_NONE", line, "args[ ] may not be referenced because the probe has no typed arguments");
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
        if (shape.arguments().isEmpty()) {
            return new Op.Argument(number, shape.rawTypes().get(number));
        }
        Shape.Argument argument = shape.arguments().get(number);
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
                    ? new DError(
                            "D_SYNTAX",
                            line,
                            scopeText(variable.scope()) + variable.name() + " is an associative array and needs a key")
                    : new DError(
                            "D_IDENT_BADREF", line, variable.name() + " may not be referenced as associative array");
        }
        if (!variable.type().isScalar() && !variable.type().isString()) {
            return new Op.Place(new Op.VariableAddress(variable), variable.type());
        }
        return new Op.Variable(variable, keys);
    }

    private Op index(Expr.Index index) {
        if (index.base() instanceof Expr.Ident(int line, String name) && name.equals("args")) {
            long number = constant(names, index.keys().getFirst());
            return typedArgument(line, (int) Math.clamp(number, -1, Integer.MAX_VALUE));
        }
        if (index.base() instanceof Expr.Ident(var _, String name) && name.equals("uregs")) {
            return new Op.UserRegister(number(index.keys().getFirst(), "[ ]"), DType.UINT64);
        }
        Optional<Var> array = new Assignments(this).array(index.base());
        if (array.isPresent()) {
            return read(array.get(), keys(array.get(), index), index.line());
        }
        Op base = check(index.base());
        if (!base.type().isPointer()) {
            throw new DError("D_IDENT_BADREF", index.line(), "index operator requires an array or pointer");
        }
        Op offset = number(index.keys().getFirst(), "[ ]");
        DType element = base.type().target();
        Op address = base instanceof Op.Place(Op where, var _) ? where : base;
        return at(plus(address, offset, element.size()), element, index.line());
    }

    List<Op> keys(Var array, Expr.Index index) {
        List<Expr> written = index.keys();
        if (written.size() != array.keys().size()) {
            throw new DError(
                    "D_PROTO_LEN",
                    index.line(),
                    scopeText(array.scope()) + array.name() + "[ ] prototype mismatch: " + written.size() + " key"
                            + (written.size() == 1 ? "" : "s") + " passed, "
                            + array.keys().size() + " expected");
        }
        var keys = new ArrayList<Op>();
        for (int i = 0; i < written.size(); i++) {
            Op key = key(written.get(i));
            if (!Names.alike(array.keys().get(i), key.type())) {
                throw new DError(
                        "D_PROTO_ARG",
                        index.line(),
                        scopeText(array.scope()) + array.name() + "[ ] key #" + (i + 1)
                                + " is incompatible with prototype:\n\tprototype: "
                                + array.keys().get(i).name() + "\n\t argument: "
                                + key.type().name());
            }
            keys.add(key);
        }
        return keys;
    }

    /** A key: text in memory counts as a string, everything else as a number. */
    Op key(Expr expression) {
        Op op = value(expression);
        if (op instanceof Op.Place(var _, DType type) && type.isCharacters()) {
            return string(op, expression.line());
        }
        Op plain = decay(op);
        if (!plain.type().isScalar() && !plain.type().isString() && !(plain.type() instanceof DType.Addresses)) {
            throw new DError(
                    "D_KEY_TYPE",
                    expression.line(),
                    "tuple element of type " + plain.type().name() + " can not be a key");
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
            case DType.Function _, DType.Addresses _ ->
                throw new DError("D_DEREF_FUNC", line, "cannot dereference pointer to function");
        };
    }

    private Op unary(Expr.Unary unary) {
        int line = unary.line();
        switch (unary.operator()) {
            case "*" -> {
                Op pointer = value(unary.operand());
                if (pointer instanceof Op.Place(Op address, DType.Array(DType of, var _))) {
                    return at(address, of, line);
                }
                if (!(pointer.type() instanceof Pointer(DType to))) {
                    throw new DError("D_DEREF_NONPTR", line, "cannot dereference non-pointer type");
                }
                return pointer instanceof Op.Translated ? pointer : at(pointer, to, line);
            }
            case "&" -> {
                Op operand = check(unary.operand());
                return switch (operand) {
                    case Op.Load(Op address, DType type) -> new Op.Cast(address, new Pointer(type));
                    case Op.Place(Op address, DType type) -> new Op.Cast(address, new Pointer(type));
                    case Op.Variable _ -> throw new DError("D_ADDROF_VAR", line, "cannot take address of a variable");
                    default -> throw new DError("D_ADDROF_LVAL", line, "unary & requires lvalue operand");
                };
            }
            case "!" -> {
                return new Op.Not(condition(unary.operand()));
            }
            case "+" -> {
                return number(unary.operand(), "+");
            }
            default -> {
                Op operand = number(unary.operand(), unary.operator());
                return new Op.Unary(unary.operator(), operand, promoted(operand.type(), DType.INT));
            }
        }
    }

    /** The type in which two numbers are computed: the usual arithmetic conversions of C. */
    static DType promoted(DType left, DType right) {
        int size = Math.max(4, Math.max(left.size(), right.size()));
        boolean unsigned = left.size() == size && !left.signed() || right.size() == size && !right.signed();
        if (size <= 4) {
            return unsigned ? DType.UINT : DType.INT;
        }
        return unsigned ? DType.UINT64 : DType.INT64;
    }

    private Op binary(Expr.Binary binary) {
        String operator = binary.operator();
        return switch (operator) {
            case "&&", "||", "^^" -> new Op.Logical(operator, condition(binary.left()), condition(binary.right()));
            case "==", "!=", "<", "<=", ">", ">=" -> comparison(binary);
            case "+", "-" -> sum(binary);
            default -> {
                Op left = number(binary.left(), operator);
                Op right = number(binary.right(), operator);
                boolean shift = operator.equals("<<") || operator.equals(">>");
                DType type = shift ? promoted(left.type(), DType.INT) : promoted(left.type(), right.type());
                if ((operator.equals("/") || operator.equals("%"))
                        && right instanceof Op.Const(long value, var _)
                        && value == 0) {
                    throw new DError("D_DIV_ZERO", binary.line(), "expression contains division by zero");
                }
                yield new Op.Binary(operator, left, right, !type.signed(), type);
            }
        };
    }

    private Op comparison(Expr.Binary binary) {
        Op left = decayUnlessText(value(binary.left()));
        Op right = decayUnlessText(value(binary.right()));
        if (left.type().isString() || right.type().isString()) {
            if (!isText(left) || !isText(right)) {
                throw incompatible(binary, left, right);
            }
            return new Op.StringCompare(binary.operator(), string(left, binary.line()), string(right, binary.line()));
        }
        left = decay(left);
        right = decay(right);
        if (!left.type().isScalar() || !right.type().isScalar()) {
            throw incompatible(binary, left, right);
        }
        boolean unsigned = left.type().isPointer()
                || right.type().isPointer()
                || !promoted(left.type(), right.type()).signed();
        return new Op.Binary(binary.operator(), left, right, unsigned, DType.INT);
    }

    private static Op decayUnlessText(Op op) {
        return op.type().isCharacters() ? op : decay(op);
    }

    private static boolean isText(Op op) {
        return op.type().isString() || op.type().isCharacters();
    }

    private static DError incompatible(Expr.Binary binary, Op left, Op right) {
        return new DError(
                "D_OP_INCOMPAT",
                binary.line(),
                "operands have incompatible types: \"" + left.type().name() + "\" " + binary.operator() + " \""
                        + right.type().name() + "\"");
    }

    private Op sum(Expr.Binary binary) {
        Op left = decay(value(binary.left()));
        Op right = decay(value(binary.right()));
        boolean plus = binary.operator().equals("+");
        if (left.type() instanceof Pointer(DType to) && right.type().isInteger()) {
            Op offset = plus ? right : new Op.Unary("-", right, DType.LONG);
            return new Op.Cast(plus(left, offset, Math.max(1, to.size())), left.type());
        }
        if (plus && right.type() instanceof Pointer(DType to) && left.type().isInteger()) {
            return new Op.Cast(plus(right, left, Math.max(1, to.size())), right.type());
        }
        if (!plus && left.type() instanceof Pointer(DType to) && right.type().isPointer()) {
            Op difference = new Op.Binary("-", left, right, false, DType.LONG);
            return new Op.Binary("/", difference, new Op.Const(Math.max(1, to.size()), DType.LONG), false, DType.LONG);
        }
        if (!left.type().isInteger() || !right.type().isInteger()) {
            throw incompatible(binary, left, right);
        }
        DType type = promoted(left.type(), right.type());
        return new Op.Binary(binary.operator(), left, right, !type.signed(), type);
    }

    private Op conditional(Expr.Conditional conditional) {
        Op condition = condition(conditional.condition());
        Op yes = check(conditional.yes());
        Op no = check(conditional.no());
        if (yes.type().isString() || no.type().isString()) {
            if (!isText(yes) || !isText(no)) {
                throw new DError(
                        "D_OP_INCOMPAT", conditional.line(), "operator ?: operands must be of compatible types");
            }
            return new Op.Choice(
                    condition, string(yes, conditional.line()), string(no, conditional.line()), DType.STRING);
        }
        yes = decay(yes);
        no = decay(no);
        boolean numbers = yes.type().isInteger() && no.type().isInteger();
        boolean plain = yes.type().isScalar() && no.type().isScalar()
                || yes.type() instanceof DType.Void && no.type() instanceof DType.Void;
        if (!plain) {
            throw new DError("D_OP_INCOMPAT", conditional.line(), "operator ?: operands must be of compatible types");
        }
        DType type = numbers ? promoted(yes.type(), no.type()) : yes.type().isInteger() ? no.type() : yes.type();
        return new Op.Choice(condition, yes, no, type);
    }

    private Op member(Expr.Member member) {
        int line = member.line();
        Op base = check(member.base());
        if (base instanceof Op.Translated(Translator translator, Op input, var _)) {
            return translated(line, translator, input, member.name());
        }
        DType type = member.arrow() && !(base instanceof Op.Place) ? base.type().target() : base.type();
        if (base instanceof Op.Place(var _, DType.Array array) && member.arrow()) {
            type = array.of();
        }
        if (!(type instanceof DType.Struct struct)
                || member.arrow() && base.type().isInteger()) {
            throw new DError(
                    "D_OP_SOU",
                    line,
                    "operator " + (member.arrow() ? "->" : ".") + " cannot be applied to an expression of type \""
                            + base.type().name() + "\"");
        }
        DType.Member found = struct.member(member.name())
                .orElseThrow(() ->
                        new DError("D_TYPE_MEMBER", line, member.name() + " is not a member of " + struct.name()));
        Op address = base instanceof Op.Place(Op where, var _) ? where : base;
        if (found.bitSize() > 0) {
            return new Op.BitField(address, found.bitOffset(), found.bitSize(), found.type());
        }
        Op place = plus(address, new Op.Const(found.bitOffset() / 8, DType.LONG), 1);
        return at(place, found.type(), line);
    }

    private Op translated(int line, Translator translator, Op input, String name) {
        Expr value = translator
                .member(name)
                .orElseThrow(() ->
                        new DError("D_XLATE_MEMB", line, "translator does not define conversion for member: " + name));
        Optional<DType.Member> declared =
                translator.output() instanceof DType.Struct struct ? struct.member(name) : Optional.empty();
        var inner = new Checker(names, shape);
        inner.depth = depth;
        inner.bindings.put(translator.parameter(), input);
        Op op = inner.check(value);
        DType type = declared.map(DType.Member::type).orElse(op.type());
        if (type.isString() || type.isCharacters() && type instanceof DType.Array) {
            return string(op, line);
        }
        return type.isScalar() && decay(op).type().isScalar() ? new Op.Cast(decay(op), type) : op;
    }

    private Op translate(int line, DType type, Op input) {
        DType output = type instanceof Pointer(DType to) ? to : type;
        Translator translator = names.translator(input.type(), output)
                .orElseThrow(() -> new DError(
                        "D_XLATE_NONE",
                        line,
                        "translator from " + input.type().name() + " to " + output.name() + " does not exist"));
        return new Op.Translated(translator, input, type instanceof Pointer ? type : output);
    }

    private Op cast(Expr.Cast cast) {
        DType type = type(cast.type());
        Op operand = check(cast.operand());
        if (type instanceof DType.Void) {
            return operand;
        }
        if (type.isString()) {
            return string(operand, cast.line());
        }
        Op plain = operand instanceof Op.Place place && type.isScalar() ? new Op.Cast(place.address(), type) : operand;
        if (!type.isScalar() || !plain.type().isScalar()) {
            throw new DError(
                    "D_CAST_INVAL",
                    cast.line(),
                    "invalid cast expression: cannot convert " + operand.type().name() + " to " + type.name());
        }
        return new Op.Cast(plain, type);
    }

    private Op offsetof(Expr.Offsetof offsetof) {
        if (!(type(offsetof.type()) instanceof DType.Struct struct)) {
            throw new DError("D_OFFSETOF_TYPE", offsetof.line(), "offsetof operand is not a struct or union type");
        }
        DType.Member member = struct.member(offsetof.member())
                .orElseThrow(() -> new DError(
                        "D_TYPE_MEMBER", offsetof.line(), offsetof.member() + " is not a member of " + struct.name()));
        if (member.bitSize() > 0) {
            throw new DError(
                    "D_OFFSETOF_BITFIELD", offsetof.line(), "cannot take offset of a bit-field: " + offsetof.member());
        }
        return size(member.bitOffset() / 8);
    }

    /** A value as a string: text in memory is read. */
    Op string(Op op, int line) {
        if (op.type().isString()) {
            return op;
        }
        if (op instanceof Op.Place(Op address, DType.Array array) && array.isCharacters()) {
            return new Op.StringAt(address, array.count());
        }
        if (op.type().isScalar()) {
            return new Op.StringAt(op, 0);
        }
        throw new DError("D_STRINGOF_TYPE", line, "cannot convert " + op.type().name() + " to string");
    }
}
