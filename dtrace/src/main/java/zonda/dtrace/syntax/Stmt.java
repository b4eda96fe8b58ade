package zonda.dtrace.syntax;

import java.util.List;

/** A statement of a clause. */
public sealed interface Stmt {
    int line();

    record Do(int line, Expr expression) implements Stmt {}

    record If(int line, Expr condition, List<Stmt> yes, List<Stmt> no) implements Stmt {
        public If {
            yes = List.copyOf(yes);
            no = List.copyOf(no);
        }
    }
}
