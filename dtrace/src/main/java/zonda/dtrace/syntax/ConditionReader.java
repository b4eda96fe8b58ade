package zonda.dtrace.syntax;

import java.util.List;
import java.util.Map;

/** The value of a condition of the preprocessor, whose names are replaced already. */
final class ConditionReader {
    private final List<Item> items;
    private final int line;

    ConditionReader(String text, int line) {
        this.line = line;
        try {
            items = Parser.parse(
                    "inline long condition = " + text + ";", new Macros(Map.of(), List.of("cpp"), false), _ -> false);
        } catch (DError e) {
            throw new DError("D_CPP_ERR", line, "invalid expression of #if: " + text);
        }
    }

    long value() {
        if (items.size() == 1 && items.getFirst() instanceof Item.Inline inline) {
            return value(inline.value());
        }
        throw invalid();
    }

    private DError invalid() {
        return new DError("D_CPP_ERR", line, "invalid expression of #if");
    }

    private long value(Expr expression) {
        return switch (expression) {
            case Expr.IntConst constant -> constant.value();
            case Expr.Unary(var _, String operator, Expr operand) ->
                switch (operator) {
                    case "!" -> value(operand) == 0 ? 1 : 0;
                    case "-" -> -value(operand);
                    case "~" -> ~value(operand);
                    case "+" -> value(operand);
                    default -> throw invalid();
                };
            case Expr.Conditional(var _, Expr condition, Expr yes, Expr no) ->
                value(condition) != 0 ? value(yes) : value(no);
            case Expr.Binary(var _, String operator, Expr left, Expr right) ->
                binary(operator, value(left), value(right));
            default -> throw invalid();
        };
    }

    private long binary(String operator, long left, long right) {
        return switch (operator) {
            case "||" -> left != 0 || right != 0 ? 1 : 0;
            case "&&" -> left != 0 && right != 0 ? 1 : 0;
            case "==" -> left == right ? 1 : 0;
            case "!=" -> left != right ? 1 : 0;
            case "<" -> left < right ? 1 : 0;
            case "<=" -> left <= right ? 1 : 0;
            case ">" -> left > right ? 1 : 0;
            case ">=" -> left >= right ? 1 : 0;
            case "+" -> left + right;
            case "-" -> left - right;
            case "*" -> left * right;
            case "/", "%" -> {
                if (right == 0) {
                    throw invalid();
                }
                yield operator.equals("/") ? left / right : left % right;
            }
            case "&" -> left & right;
            case "|" -> left | right;
            case "^" -> left ^ right;
            case "<<" -> left << right;
            case ">>" -> left >> right;
            default -> throw invalid();
        };
    }
}
