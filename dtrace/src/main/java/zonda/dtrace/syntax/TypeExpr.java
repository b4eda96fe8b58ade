package zonda.dtrace.syntax;

import java.util.List;
import java.util.Optional;

/** A type as it was written. */
public sealed interface TypeExpr {
    int line();

    /** A name of one or more words, such as {@code unsigned long}, {@code string} or a typedef's. */
    record Named(int line, String name) implements TypeExpr {}

    record Tagged(int line, Kind kind, String tag, Optional<List<Field>> fields) implements TypeExpr {}

    record Enumeration(int line, String tag, Optional<List<Enumerator>> values) implements TypeExpr {}

    record Pointer(int line, TypeExpr to) implements TypeExpr {}

    /** @param size empty for [] */
    record ArrayOf(int line, TypeExpr of, Optional<Expr> size) implements TypeExpr {}

    /** An associative array's: {@code int x[string, int]}. */
    record Associative(int line, TypeExpr of, List<TypeExpr> keys) implements TypeExpr {}

    record Function(int line, TypeExpr returns, List<TypeExpr> parameters) implements TypeExpr {}

    enum Kind {
        STRUCT,
        UNION
    }

    /** A member. @param bits width of a bit field */
    record Field(String name, TypeExpr type, Optional<Expr> bits) {}

    record Enumerator(String name, Optional<Expr> value) {}
}
