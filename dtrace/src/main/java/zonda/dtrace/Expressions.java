package zonda.dtrace;

import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import zonda.dtrace.syntax.Expr;
import zonda.dtrace.syntax.Item;
import zonda.dtrace.syntax.Stmt;

/** The expressions that a clause consists of. */
final class Expressions {
    private Expressions() {}

    /** Whether a clause names what is of a probe's own types. */
    static boolean usesTypedArguments(Item.Clause clause) {
        return of(clause).anyMatch(expression -> expression.identifier().equals(Optional.of("args")));
    }

    /** All that a clause has, whole expressions before their parts. */
    static Stream<Expr> of(Item.Clause clause) {
        return Stream.concat(clause.predicate().stream(), clause.body().stream().flatMap(Expressions::of))
                .flatMap(Expressions::all);
    }

    private static Stream<Expr> of(Stmt statement) {
        return switch (statement) {
            case Stmt.Do(var _, Expr expression) -> Stream.of(expression);
            case Stmt.If(var _, Expr condition, List<Stmt> yes, List<Stmt> no) ->
                Stream.concat(
                        Stream.of(condition),
                        Stream.concat(yes.stream(), no.stream()).flatMap(Expressions::of));
        };
    }

    /** An expression and all that it consists of. */
    private static Stream<Expr> all(Expr expression) {
        return Stream.concat(Stream.of(expression), parts(expression).stream().flatMap(Expressions::all));
    }

    private static List<Expr> parts(Expr expression) {
        return switch (expression) {
            case Expr.IntConst _,
                    Expr.StrConst _,
                    Expr.Ident _,
                    Expr.Scoped _,
                    Expr.KernelSymbol _,
                    Expr.SizeofType _,
                    Expr.Offsetof _ -> List.of();
            case Expr.Index(var _, Expr base, List<Expr> keys) ->
                Stream.concat(Stream.of(base), keys.stream()).toList();
            case Expr.Aggregation(var _, var _, List<Expr> keys) -> keys;
            case Expr.Call(var _, var _, List<Expr> arguments) -> arguments;
            case Expr.Unary(var _, var _, Expr operand) -> List.of(operand);
            case Expr.Binary(var _, var _, Expr left, Expr right) -> List.of(left, right);
            case Expr.Conditional(var _, Expr condition, Expr yes, Expr no) -> List.of(condition, yes, no);
            case Expr.Assign(var _, var _, Expr target, Expr value) -> List.of(target, value);
            case Expr.Step(var _, Expr target, var _, var _) -> List.of(target);
            case Expr.Member(var _, Expr base, var _, var _) -> List.of(base);
            case Expr.Cast(var _, var _, Expr operand) -> List.of(operand);
            case Expr.SizeofExpr(var _, Expr operand) -> List.of(operand);
            case Expr.Stringof(var _, Expr operand) -> List.of(operand);
            case Expr.Xlate(var _, var _, Expr operand) -> List.of(operand);
            case Expr.Comma(var _, List<Expr> all) -> all;
        };
    }
}
