package zonda.dtrace.code;

import java.util.List;
import zonda.dtrace.syntax.Expr;
import zonda.dtrace.types.DType;

/**
 * A variable of a program.
 *
 * @param place where it lies: an offset in the memory of its scope, or the number of an associative array's map
 * @param keys types of the keys of an associative array, empty for others
 */
public record Var(Expr.Scope scope, String name, DType type, int place, List<DType> keys) {
    public Var {
        keys = List.copyOf(keys);
    }

    boolean isArray() {
        return !keys.isEmpty();
    }
}
