package zonda.dtrace.code;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import zonda.dtrace.syntax.DError;
import zonda.dtrace.syntax.Expr;
import zonda.dtrace.syntax.Item;
import zonda.dtrace.syntax.Stmt;

/** Settles a clause's statements: which are actions, with which data, and what they need. */
final class ClauseChecker {
    private final Checker checker;
    private final Actions actions;
    private final AggregateActions aggregates;
    private final StatementOrder order = new StatementOrder();

    ClauseChecker(Names names, Shape shape) {
        this.checker = new Checker(names, shape);
        this.actions = new Actions(checker);
        this.aggregates = new AggregateActions(checker);
    }

    /** A clause whose types are settled. */
    record Checked(Optional<Op> predicate, List<Step> steps) {}

    /** Actions come first, for they make variables more often than predicates do; a predicate may make some, too. */
    Checked check(Item.Clause clause) {
        try {
            List<Step> steps = body(clause);
            return new Checked(predicate(clause), steps);
        } catch (DError e) {
            boolean unknown = e.tag().equals("D_IDENT_UNDEF") || e.tag().equals("D_VAR_UNDEF");
            if (!unknown || clause.predicate().isEmpty() || !e.region().equals("in action list")) {
                throw e;
            }
        }
        order.restart();
        Optional<Op> predicate = predicate(clause);
        return new Checked(predicate, body(clause));
    }

    private Optional<Op> predicate(Item.Clause clause) {
        try {
            return clause.predicate()
                    .map(written -> checker.predicate(written, "predicate result must be of scalar type"));
        } catch (DError e) {
            throw e.in("in predicate");
        }
    }

    private List<Step> body(Item.Clause clause) {
        try {
            return clause.body().isEmpty() ? List.of(nothing()) : block(clause.body());
        } catch (DError e) {
            throw e.in("in action list");
        }
    }

    private static Step nothing() {
        return new Step.Emit(List.of(), _ -> new Action.Nothing());
    }

    private List<Step> block(List<Stmt> statements) {
        var steps = new ArrayList<Step>();
        for (Stmt statement : statements) {
            switch (statement) {
                case Stmt.Do(int line, Expr expression) -> {
                    if (expression instanceof Expr.Call(var _, String name, var _)
                            && Builtins.MISSING.containsKey(name)) {
                        order.next(line, expression);
                    }
                    Step step = statement(expression);
                    order.next(line, expression);
                    steps.add(step);
                }
                case Stmt.If(var _, Expr condition, List<Stmt> yes, List<Stmt> no) ->
                    steps.add(new Step.If(checker.condition(condition), block(yes), block(no)));
            }
        }
        return steps;
    }

    private Step statement(Expr expression) {
        return switch (expression) {
            case Expr.Assign(int line, String operator, Expr.Aggregation target, Expr value) -> {
                if (!operator.equals("=")) {
                    throw new DError(
                            "D_OP_LVAL", line, "operator " + operator + " requires modifiable lvalue as an operand");
                }
                yield aggregates.aggregating(line, target, value);
            }
            case Expr.Call call -> actions.call(call);
            default -> {
                Op op = checker.check(expression);
                if (op instanceof Op.Aggregation(String name)) {
                    throw new DError("D_AGG_NULL", expression.line(), "expression has null effect: @" + name);
                }
                if (op instanceof Op.Translated) {
                    throw new DError("D_CG_DYN", expression.line(), "expression evaluates to result of dynamic type");
                }
                yield new Step.Eval(op);
            }
        };
    }
}
