package zonda.dtrace.code;

import java.util.Set;
import zonda.dtrace.syntax.DError;
import zonda.dtrace.syntax.Expr;

/** Which actions may follow which: what speculate() and commit() do not go with. */
final class StatementOrder {
    private static final Set<String> DESTRUCTIVE =
            Set.of("raise", "stop", "chill", "system", "freopen", "panic", "breakpoint", "copyout", "copyoutstr");
    /** Actions that leave data in the buffer. */
    private static final Set<String> RECORDING = Set.of(
            "trace",
            "tracemem",
            "print",
            "printf",
            "printa",
            "exit",
            "clear",
            "trunc",
            "normalize",
            "denormalize",
            "setopt",
            "ftruncate",
            "stack",
            "ustack",
            "jstack",
            "sym",
            "func",
            "mod",
            "usym",
            "ufunc",
            "umod",
            "uaddr");

    private boolean committed;
    private boolean speculating;
    private boolean recorded;

    void restart() {
        committed = false;
        speculating = false;
        recorded = false;
    }

    void next(int line, Expr expression) {
        switch (expression) {
            case Expr.Assign(var _, var _, Expr.Aggregation _, var _) -> aggregating(line);
            case Expr.Call(var _, String name, var _) -> call(line, name);
            default -> {}
        }
    }

    private void aggregating(int line) {
        refuse(committed, "D_AGG_COMM", line, "aggregating actions may not follow commit( )");
        refuse(speculating, "D_AGG_SPEC", line, "aggregating actions may not follow speculate( )");
        recorded = true;
    }

    private void call(int line, String name) {
        switch (name) {
            case "commit" -> {
                refuse(committed, "D_COMM_COMM", line, "commit( ) may not follow commit( )");
                refuse(recorded, "D_COMM_DREC", line, "commit( ) may not follow data-recording action(s)");
                committed = true;
            }
            case "speculate" -> {
                refuse(speculating, "D_SPEC_SPEC", line, "speculate( ) may not follow speculate( )");
                refuse(committed, "D_SPEC_COMM", line, "speculate( ) may not follow commit( )");
                refuse(recorded, "D_SPEC_DREC", line, "speculate( ) may not follow data-recording action(s)");
                speculating = true;
            }
            default -> {
                refuse(
                        speculating && DESTRUCTIVE.contains(name),
                        "D_ACT_SPEC",
                        line,
                        "destructive actions may not follow speculate( )");
                refuse(speculating && name.equals("exit"), "D_EXIT_SPEC", line, "exit( ) may not follow speculate( )");
                if (RECORDING.contains(name)) {
                    refuse(committed, "D_DREC_COMM", line, "data-recording actions may not follow commit( )");
                    recorded |= !speculating;
                }
            }
        }
    }

    private static void refuse(boolean wrong, String tag, int line, String words) {
        if (wrong) {
            throw new DError(tag, line, words);
        }
    }
}
