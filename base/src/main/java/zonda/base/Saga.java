package zonda.base;

import java.nio.file.Path;
import java.util.function.Supplier;

/** One journaled change: named idempotent steps between an intent on disk and its removal. Confined to its lane. */
public final class Saga {
    private final Journal.Intent intent;
    private final Path file;
    private final Journal.CrashPoint crashPoint;

    Saga(Journal.Intent intent, Path file, Journal.CrashPoint crashPoint) {
        this.intent = intent;
        this.file = file;
        this.crashPoint = crashPoint;
    }

    public Journal.Intent intent() {
        return intent;
    }

    /** Runs one step. Its failure is the caller's to undo: the intent stays until {@link #end}. */
    public void step(String name, Runnable work) {
        work.run();
        crashPoint.passed(intent.kind() + ":" + name);
    }

    public <T> T step(String name, Supplier<T> work) {
        T result = work.get();
        crashPoint.passed(intent.kind() + ":" + name);
        return result;
    }

    /** The change is complete, or completely taken back. Durable when it returns. */
    public void end() {
        StateFile.delete(file);
        crashPoint.passed(intent.kind() + ":end");
    }
}
