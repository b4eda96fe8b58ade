package zonda.dtrace.code;

/** What the operators of D compute, on 64 bits. */
final class Arithmetic {
    private Arithmetic() {}

    static long binary(String operator, long left, long right, boolean unsigned) {
        return switch (operator) {
            case "+" -> left + right;
            case "-" -> left - right;
            case "*" -> left * right;
            case "/" -> unsigned ? Long.divideUnsigned(left, right) : left / right;
            case "%" -> unsigned ? Long.remainderUnsigned(left, right) : left % right;
            case "&" -> left & right;
            case "|" -> left | right;
            case "^" -> left ^ right;
            case "<<" -> left << right;
            case ">>" -> unsigned ? left >>> right : left >> right;
            case "==" -> left == right ? 1 : 0;
            case "!=" -> left != right ? 1 : 0;
            case "<" -> compare(left, right, unsigned) < 0 ? 1 : 0;
            case "<=" -> compare(left, right, unsigned) <= 0 ? 1 : 0;
            case ">" -> compare(left, right, unsigned) > 0 ? 1 : 0;
            case ">=" -> compare(left, right, unsigned) >= 0 ? 1 : 0;
            default -> throw new IllegalArgumentException("operator " + operator);
        };
    }

    private static int compare(long left, long right, boolean unsigned) {
        return unsigned ? Long.compareUnsigned(left, right) : Long.compare(left, right);
    }

    static boolean logical(String operator, boolean left, boolean right) {
        return switch (operator) {
            case "&&" -> left && right;
            case "||" -> left || right;
            default -> left ^ right;
        };
    }
}
