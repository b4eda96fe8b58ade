package zonda.base;

import java.time.Duration;
import java.util.function.BooleanSupplier;
import java.util.function.LongUnaryOperator;

/** Waits for a state that nothing announces: looks, pauses a little, looks again. */
public final class Await {
    private Await() {}

    /**
     * True as soon as the state holds, false when the time is over. The pause grows from 1 ms to 50 ms, so that quick
     * states are seen at once and slow ones cost little.
     */
    public static boolean until(Duration limit, BooleanSupplier state) {
        return until(limit, state, 1, pause -> Math.min(50, pause + 1));
    }

    /** As {@link #until}, looking after equal pauses: for what is told from several looks. */
    public static boolean steadily(Duration limit, Duration pause, BooleanSupplier state) {
        return until(limit, state, pause.toMillis(), same -> same);
    }

    private static boolean until(Duration limit, BooleanSupplier state, long firstPause, LongUnaryOperator nextPause) {
        long end = System.nanoTime() + limit.toNanos();
        long pause = firstPause;
        while (!state.getAsBoolean()) {
            if (System.nanoTime() >= end) {
                return state.getAsBoolean();
            }
            try {
                Thread.sleep(pause);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return state.getAsBoolean();
            }
            pause = nextPause.applyAsLong(pause);
        }
        return true;
    }
}
