package zonda.dtrace.syntax;

import java.util.List;
import java.util.Optional;

/** What a program is made of, in the order it was written. */
public sealed interface Item {
    int line();

    /** @param probes descriptions as written, macros replaced @param empty whether it had no statements at all */
    record Clause(int line, List<String> probes, Optional<Expr> predicate, List<Stmt> body, boolean noBraces)
            implements Item {
        public Clause {
            probes = List.copyOf(probes);
            body = List.copyOf(body);
        }
    }

    /** A variable's or an extern declaration, or a type definition with an empty name. */
    record Declaration(int line, Expr.Scope scope, String name, TypeExpr type) implements Item {}

    record Typedef(int line, String name, TypeExpr type) implements Item {}

    record Inline(int line, String name, TypeExpr type, Expr value) implements Item {}

    record Translator(int line, TypeExpr output, TypeExpr input, String parameter, List<Translated> members)
            implements Item {}

    record Translated(String member, Expr value) {}

    /** {@code #pragma D word rest}. */
    record Pragma(int line, String text) implements Item {}
}
