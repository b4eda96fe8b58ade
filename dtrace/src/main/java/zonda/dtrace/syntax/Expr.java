package zonda.dtrace.syntax;

import java.util.List;
import java.util.Optional;

/** An expression as it was written. Every node knows its line. */
public sealed interface Expr {
    int line();

    /** @param unsigned of the suffix u @param wide of the suffix l or ll @param decimal whether written in decimal */
    record IntConst(int line, long value, boolean unsigned, boolean wide, boolean decimal) implements Expr {}

    record StrConst(int line, String value) implements Expr {}

    record Ident(int line, String name) implements Expr {}

    /** Where a variable lives. */
    enum Scope {
        GLOBAL,
        SELF,
        THIS
    }

    /** {@code self->name} or {@code this->name}. */
    record Scoped(int line, Scope scope, String name) implements Expr {}

    /** {@code `symbol} or {@code module`symbol}. */
    record KernelSymbol(int line, String module, String name) implements Expr {}

    record Index(int line, Expr base, List<Expr> keys) implements Expr {
        public Index {
            keys = List.copyOf(keys);
        }
    }

    /** {@code @name[keys]}; {@code @} alone has the name _. */
    record Aggregation(int line, String name, List<Expr> keys) implements Expr {
        public Aggregation {
            keys = List.copyOf(keys);
        }
    }

    record Call(int line, String name, List<Expr> arguments) implements Expr {
        public Call {
            arguments = List.copyOf(arguments);
        }
    }

    /** Operators: - + ! ~ * &. */
    record Unary(int line, String operator, Expr operand) implements Expr {}

    record Binary(int line, String operator, Expr left, Expr right) implements Expr {}

    record Conditional(int line, Expr condition, Expr yes, Expr no) implements Expr {}

    /** @param operator = += -= and so on */
    record Assign(int line, String operator, Expr target, Expr value) implements Expr {}

    /** ++ and --. */
    record Step(int line, Expr target, boolean up, boolean prefix) implements Expr {}

    record Member(int line, Expr base, String name, boolean arrow) implements Expr {}

    record Cast(int line, TypeExpr type, Expr operand) implements Expr {}

    record SizeofType(int line, TypeExpr type) implements Expr {}

    record SizeofExpr(int line, Expr operand) implements Expr {}

    record Offsetof(int line, TypeExpr type, String member) implements Expr {}

    record Stringof(int line, Expr operand) implements Expr {}

    record Xlate(int line, TypeExpr type, Expr operand) implements Expr {}

    /** A type as an argument, such as that of print's or of sizeof's. */
    record Comma(int line, List<Expr> all) implements Expr {
        public Comma {
            all = List.copyOf(all);
        }
    }

    /** A tree that was replaced for one the checker wants to see, with its position kept. */
    default Optional<String> identifier() {
        return this instanceof Ident ident ? Optional.of(ident.name()) : Optional.empty();
    }
}
