package zonda.dtrace.code;

import zonda.dtrace.types.DType;

/** Computes what is constant. */
final class Folder {
    private Folder() {}

    static Op fold(Op op) {
        return switch (op) {
            case Op.Binary(
                    String operator,
                    Op.Const(long left, var _),
                    Op.Const(long right, var _),
                    boolean unsigned,
                    DType type)
            when !((operator.equals("/") || operator.equals("%")) && right == 0) ->
                new Op.Const(fit(Arithmetic.binary(operator, left, right, unsigned), type), type);
            case Op.Unary(String operator, Op.Const(long value, var _), DType type) ->
                new Op.Const(fit(operator.equals("-") ? -value : ~value, type), type);
            case Op.Not(Op.Const(long value, var _)) -> new Op.Const(value == 0 ? 1 : 0, DType.INT);
            case Op.Cast(Op.Const(long value, var _), DType type) -> new Op.Const(fit(value, type), type);
            case Op.Cast(Op inner, DType type) when inner.type().equals(type) -> inner;
            case Op.Choice(Op.Const(long value, var _), Op yes, Op no, DType type)
            when !type.isString() -> cast(value != 0 ? yes : no, type);
            case Op.Binary(String operator, Op left, Op.Const(long right, var _), var _, DType type)
            when operator.equals("+")
                    && right == 0
                    && type.size() == 8
                    && left.type().size() == 8 -> new Op.Cast(left, type);
            case Op.Logical(String operator, Op.Const(long left, var _), Op.Const(long right, var _)) ->
                new Op.Const(Arithmetic.logical(operator, left != 0, right != 0) ? 1 : 0, DType.INT);
            default -> op;
        };
    }

    private static Op cast(Op op, DType type) {
        return op.type().equals(type) || !type.isScalar() ? op : fold(new Op.Cast(op, type));
    }

    /** The value as a variable of the type would hold it. */
    static long fit(long value, DType type) {
        if (!(type instanceof DType.Int(var _, int size, boolean signed)) || size >= 8 || size == 0) {
            return value;
        }
        int shift = 64 - 8 * size;
        return signed ? value << shift >> shift : value << shift >>> shift;
    }
}
