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

    /** @param parameters names of the keys of one that takes some, in the order of the type's */
    record Inline(int line, String name, TypeExpr type, Expr value, List<String> parameters) implements Item {
        public Inline {
            parameters = List.copyOf(parameters);
        }
    }

    record Translator(int line, TypeExpr output, TypeExpr input, String parameter, List<Translated> members)
            implements Item {}

    record Translated(String member, Expr value) {}

    /** The probes that a program brings itself. */
    record Provider(int line, String name, List<Declared> probes) implements Item {
        public Provider {
            probes = List.copyOf(probes);
        }
    }

    /** A probe of a provider's. @param name as in C, with two underscores for a hyphen */
    record Declared(int line, String name, List<Parameter> parameters) {
        public Declared {
            parameters = List.copyOf(parameters);
        }
    }

    /** @param written the type in the words of the program */
    record Parameter(TypeExpr type, String name, String written) {}

    /** {@code #pragma D word rest}. */
    record Pragma(int line, String text) implements Item {}
}
