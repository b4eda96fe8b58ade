package zonda.base;

import java.time.Duration;
import java.util.function.BooleanSupplier;

/** Waits for a state that nothing announces: looks, pauses a little, looks again. */
public final class Await {
    private Await() {}

    /**
     * True as soon as the state holds, false when the time is over. The pause grows from 1 ms to 50 ms, so that quick
     * states are seen at once and slow ones cost little.
     */
    public static boolean until(Duration limit, BooleanSupplier state) {
        long end = System.nanoTime() + limit.toNanos();
        long pause = 1;
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
            pause = Math.min(50, pause + 1);
        }
        return true;
    }
}
