package zonda.dtrace.code;

import java.util.List;
import java.util.Optional;
import zonda.dtrace.syntax.DError;
import zonda.dtrace.syntax.Expr;
import zonda.dtrace.types.DType;
import zonda.dtrace.types.DType.Pointer;

/** Settles operators: which operands they take, and of which type their values are. */
final class Operators {
    private final Checker checker;

    Operators(Checker checker) {
        this.checker = checker;
    }

    static DError incompatible(int line, DType left, String operator, DType right) {
        return new DError(
                "D_OP_INCOMPAT",
                line,
                "operands have incompatible types: \"" + left.name() + "\" " + operator + " \"" + right.name() + "\"");
    }

    Op unary(Expr.Unary unary) {
        int line = unary.line();
        switch (unary.operator()) {
            case "*" -> {
                return dereference(line, checker.check(unary.operand()));
            }
            case "&" -> {
                Op operand = unary.operand() instanceof Expr.Index index
                        ? checker.indexing().index(index, 1)
                        : checker.check(unary.operand());
                return address(line, operand);
            }
            case "!" -> {
                Op operand = Checker.decay(checker.check(unary.operand()));
                if (!operand.type().isScalar()) {
                    throw new DError("D_OP_SCALAR", line, "operator ! requires an operand of scalar type");
                }
                return new Op.Not(operand);
            }
            case "+", "-" -> {
                Op operand = arithmetic(line, checker.check(unary.operand()), unary.operator());
                return unary.operator().equals("+")
                        ? operand
                        : new Op.Unary("-", operand, promoted(operand.type(), DType.INT));
            }
            default -> {
                Op operand = checker.check(unary.operand());
                if (!operand.type().isInteger()) {
                    throw new DError("D_OP_INT", line, "operator ~ requires an operand of integral type");
                }
                return new Op.Unary("~", operand, promoted(operand.type(), DType.INT));
            }
        }
    }

    private static Op arithmetic(int line, Op operand, String operator) {
        if (!operand.type().isInteger()) {
            throw new DError("D_OP_ARITH", line, "operator " + operator + " requires an operand of arithmetic type");
        }
        return operand;
    }

    private Op dereference(int line, Op pointer) {
        if (pointer instanceof Op.Translated(Translator translator, Op input, DType seen)) {
            return new Op.Translated(translator, input, seen instanceof Pointer(DType to) ? to : seen);
        }
        if (pointer instanceof Op.Place(Op address, DType.Array(DType of, var _))) {
            return checker.at(address, of, line);
        }
        if (pointer.type().isString()) {
            return Checker.character(pointer, new Op.Const(0, DType.INT));
        }
        if (!(pointer.type() instanceof Pointer(DType to))) {
            throw new DError("D_DEREF_NONPTR", line, "cannot dereference non-pointer type");
        }
        return checker.at(pointer, to, line);
    }

    private static Op address(int line, Op operand) {
        return switch (operand) {
            case Op.Variable _, Op.Builtin _ ->
                throw new DError("D_ADDROF_VAR", line, "cannot take address of dynamic variable");
            case Op.Translated _, Op.Aggregation _ ->
                throw new DError("D_ADDROF_VAR", line, "cannot take address of dynamic object");
            case Op.BitField _ -> throw new DError("D_ADDROF_BITFIELD", line, "cannot take address of bit-field");
            case Op.Load(Op address, DType type) -> new Op.Cast(address, new Pointer(type));
            case Op.Place(Op address, DType type) -> new Op.Cast(address, new Pointer(type));
            default -> throw new DError("D_ADDROF_LVAL", line, "unacceptable operand for unary & operator");
        };
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

    Op binary(Expr.Binary binary) {
        String operator = binary.operator();
        return switch (operator) {
            case "&&", "||", "^^" -> logical(binary);
            case "==", "!=", "<", "<=", ">", ">=" -> comparison(binary);
            case "+", "-" -> sum(binary);
            default -> {
                Op left = checker.check(binary.left());
                Op right = checker.check(binary.right());
                boolean product = operator.equals("*") || operator.equals("/");
                if (!left.type().isInteger() || !right.type().isInteger()) {
                    throw new DError(
                            product ? "D_OP_ARITH" : "D_OP_INT",
                            binary.line(),
                            "operator " + operator + " requires operands of " + (product ? "arithmetic" : "integral")
                                    + " type");
                }
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

    private Op logical(Expr.Binary binary) {
        Op left = Checker.decay(checker.check(binary.left()));
        Op right = Checker.decay(checker.check(binary.right()));
        if (!left.type().isScalar() || !right.type().isScalar()) {
            throw new DError(
                    "D_OP_SCALAR",
                    binary.line(),
                    "operator " + binary.operator() + " requires operands of scalar type");
        }
        return new Op.Logical(binary.operator(), left, right);
    }

    private Op comparison(Expr.Binary binary) {
        int line = binary.line();
        Op left = checker.check(binary.left());
        Op right = enumerator(binary, left).orElseGet(() -> checker.check(binary.right()));
        if (left.type().isString() && right.type().isText()
                || left.type().isText() && right.type().isString()) {
            return new Op.StringCompare(binary.operator(), checker.string(left, line), checker.string(right, line));
        }
        left = textOrNull(Checker.decay(left), right);
        right = textOrNull(Checker.decay(right), left);
        if (left.type().isString() && right.type().isString()) {
            return new Op.StringCompare(binary.operator(), left, right);
        }
        if (!comparable(left, right)) {
            throw incompatible(line, left.type(), binary.operator(), right.type());
        }
        boolean unsigned = left.type().isPointer()
                || right.type().isPointer()
                || !promoted(left.type(), right.type()).signed();
        return new Op.Binary(binary.operator(), left, right, unsigned, DType.INT);
    }

    /** NULL beside a string is the string that functions answer when they found none: the empty one. */
    private static Op textOrNull(Op op, Op other) {
        return other.type().isString() && op instanceof Op.Const(long value, var _) && value == 0
                ? new Op.Text("")
                : op;
    }

    private static boolean comparable(Op left, Op right) {
        if (!left.type().isScalar() || !right.type().isScalar()) {
            return false;
        }
        return Checker.fits(left.type(), right) || Checker.fits(right.type(), left);
    }

    /** An enumerator that is compared with a value of its enumeration, which is known by its name alone. */
    private Optional<Op> enumerator(Expr.Binary binary, Op left) {
        Optional<String> name = binary.right().identifier();
        if (name.isEmpty() || !left.type().name().startsWith("enum ")) {
            return Optional.empty();
        }
        Names names = checker.names();
        Optional<Long> value = names.types().enumeratorOf(left.type().name(), name.get());
        if (value.isEmpty()) {
            return Optional.empty();
        }
        if (names.isOwn(name.get())) {
            throw new DError(
                    "D_IDENT_AMBIG",
                    binary.line(),
                    "ambiguous use of operator " + binary.operator() + ": " + name.get() + " is both a "
                            + left.type().name() + " enum tag and a global scalar");
        }
        return Optional.of(new Op.Const(value.get(), left.type()));
    }

    private Op sum(Expr.Binary binary) {
        Op left = Checker.decay(checker.check(binary.left()));
        Op right = Checker.decay(checker.check(binary.right()));
        boolean plus = binary.operator().equals("+");
        if (plus && left.type().isString() && right.type().isInteger()) {
            return behind(left, right);
        }
        if (plus && left.type().isInteger() && right.type().isString()) {
            return behind(right, left);
        }
        boolean leftPointer = left.type().isPointer() && !left.type().isBlind();
        boolean rightPointer = right.type().isPointer() && !right.type().isBlind();
        if (leftPointer && right.type().isInteger()) {
            Op offset = plus ? right : new Op.Unary("-", right, DType.LONG);
            return new Op.Cast(
                    Checker.plus(left, offset, Math.max(1, left.type().target().size())), left.type());
        }
        if (plus && rightPointer && left.type().isInteger()) {
            return new Op.Cast(
                    Checker.plus(right, left, Math.max(1, right.type().target().size())), right.type());
        }
        if (!plus && leftPointer && rightPointer && left.type().leadsLike(right.type())) {
            Op difference = new Op.Binary("-", left, right, false, DType.LONG);
            int size = Math.max(1, left.type().target().size());
            return new Op.Binary("/", difference, new Op.Const(size, DType.LONG), false, DType.LONG);
        }
        if (!left.type().isInteger() || !right.type().isInteger()) {
            throw incompatible(binary.line(), left.type(), binary.operator(), right.type());
        }
        DType type = promoted(left.type(), right.type());
        return new Op.Binary(binary.operator(), left, right, !type.signed(), type);
    }

    /** A string and a number is what of the string follows so many characters, as with a pointer to them. */
    private static Op behind(Op text, Op characters) {
        return new Op.Call("substr", List.of(text, characters), DType.STRING);
    }

    Op conditional(Expr.Conditional conditional) {
        int line = conditional.line();
        Op condition = Checker.decay(checker.check(conditional.condition()));
        Op written = checker.check(conditional.yes());
        Op no = textOrNull(checker.check(conditional.no()), written);
        Op yes = textOrNull(written, no);
        if (!condition.type().isScalar()) {
            throw new DError("D_OP_SCALAR", line, "operator ?: expression must be of scalar type");
        }
        if (yes.type() instanceof DType.Dynamic || no.type() instanceof DType.Dynamic) {
            throw new DError("D_OP_DYN", line, "operator ?: operands cannot be of dynamic type");
        }
        if (isAction(yes) || isAction(no)) {
            throw new DError("D_OP_ACT", line, "action cannot be used in a conditional context");
        }
        if (yes.type().isString() && no.type().isText()
                || yes.type().isText() && no.type().isString()) {
            return new Op.Choice(condition, checker.string(yes, line), checker.string(no, line), DType.STRING);
        }
        return new Op.Choice(condition, Checker.decay(yes), Checker.decay(no), chosen(line, yes, no));
    }

    private static DType chosen(int line, Op written, Op otherwise) {
        Op yes = Checker.decay(written);
        Op no = Checker.decay(otherwise);
        if (yes.type().isInteger() && no.type().isInteger()) {
            return promoted(yes.type(), no.type());
        }
        if (yes.type() instanceof DType.Void && no.type() instanceof DType.Void) {
            return DType.VOID;
        }
        if (!yes.type().isScalar() || !no.type().isScalar() || !comparable(yes, no)) {
            throw new DError("D_OP_INCOMPAT", line, "operator ?: operands must have compatible types");
        }
        return yes.type().isInteger() || yes.type().isBlind() ? no.type() : yes.type();
    }

    /** Whether a value is that of an action, which has none. */
    static boolean isAction(Op op) {
        return op instanceof Op.Call call && Functions.ACTIONS.contains(call.function());
    }

    Op comma(Expr.Comma comma) {
        var all = comma.all().stream().map(checker::check).toList();
        for (Op one : all) {
            if (one.type() instanceof DType.Dynamic) {
                throw new DError("D_OP_DYN", comma.line(), "operator , operands cannot be of dynamic type");
            }
            if (isAction(one)) {
                throw new DError("D_OP_ACT", comma.line(), "operator , operands cannot be actions");
            }
        }
        return new Op.Sequence(all);
    }

    Op cast(Expr.Cast cast) {
        DType type = checker.type(cast.type());
        Op operand = checker.check(cast.operand());
        if (type instanceof DType.Void) {
            if (isAction(operand)) {
                throw new DError(
                        "D_CG_EXPR",
                        cast.line(),
                        ((Op.Call) operand).function()
                                + "( ) may not be called from a D expression (D program context required)");
            }
            return operand.type() instanceof DType.Void ? operand : new Op.Cast(operand, DType.VOID);
        }
        if (type.isString() && (operand.type().isText() || operand.type().isScalar())) {
            return checker.string(operand, cast.line());
        }
        if (type instanceof DType.Struct
                && operand instanceof Op.Place
                && type.name().equals(operand.type().name())) {
            return operand;
        }
        Op plain = type.isScalar() ? Checker.decay(operand) : operand;
        boolean pointer = !(operand instanceof Op.Place) || type.isPointer();
        if (!type.isScalar() || !plain.type().isScalar() || !pointer) {
            throw new DError(
                    "D_CAST_INVAL",
                    cast.line(),
                    "invalid cast expression: \"" + operand.type().name() + "\" to \"" + type.name() + "\"");
        }
        return new Op.Cast(plain, type);
    }

    Op sizeof(Expr.SizeofExpr sizeof) {
        Op op = checker.check(sizeof.operand());
        if (op instanceof Op.BitField) {
            throw new DError("D_SIZEOF_BITFIELD", sizeof.line(), "cannot apply sizeof to a bit-field");
        }
        if (op instanceof Op.Text(String text)) {
            return new Op.Const(text.length() + 1, DType.SIZE);
        }
        return size(sizeof.line(), op.type());
    }

    Op size(int line, DType type) {
        int bytes = type.isString() ? checker.names().options().stringLimit() : type.size();
        if (bytes == 0) {
            throw new DError("D_SIZEOF_TYPE", line, "cannot apply sizeof to an operand of unknown size");
        }
        return new Op.Const(bytes, DType.SIZE);
    }
}
