package zonda.base;

import java.util.ArrayDeque;
import java.util.Deque;

/**
 * What takes a multi-step change back. Each step registers its undo before the next begins; leaving the block without
 * {@link #keep} runs them, newest first. Undo steps must be idempotent.
 *
 * <p>It is for failures inside a living process; what must survive {@code kill -9} belongs into a {@link Saga}.
 */
public final class Undo implements AutoCloseable {
    private final Deque<Runnable> steps = new ArrayDeque<>();

    public void add(Runnable step) {
        steps.push(step);
    }

    /** The change is complete: nothing will be taken back. */
    public void keep() {
        steps.clear();
    }

    /** Runs what is registered; a failing step doesn't keep the others from running. */
    @Override
    public void close() {
        RuntimeException first = null;
        while (!steps.isEmpty()) {
            try {
                steps.pop().run();
            } catch (RuntimeException e) {
                if (first == null) {
                    first = e;
                } else {
                    first.addSuppressed(e);
                }
            }
        }
        if (first != null) {
            throw first;
        }
    }
}
