package zonda.storage;

import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import zonda.base.Json;

/** The latest events of a pool, since it was opened. */
public final class PoolEvents {
    private static final int KEPT = 1024;

    private final String pool;
    private final InstantSource clock;
    private final Deque<PoolEvent> events = new ArrayDeque<>();
    private long given;

    PoolEvents(String pool, InstantSource clock) {
        this.pool = pool;
        this.clock = clock;
    }

    synchronized void add(String kind, Json.Obj details) {
        if (events.size() == KEPT) {
            events.removeFirst();
        }
        events.addLast(new PoolEvent(clock.instant(), pool, kind, details));
        given++;
        notifyAll();
    }

    /** All that are kept, oldest first. */
    public synchronized List<PoolEvent> all() {
        return List.copyOf(events);
    }

    /** How many there have been. */
    public synchronized long count() {
        return given;
    }

    /**
     * Those after the first so many, of which the oldest may be lost; waits a while for one if there is none.
     *
     * @return none when the wait is over
     */
    public synchronized List<PoolEvent> after(long seen, Duration patience) throws InterruptedException {
        if (given == seen) {
            wait(patience.toMillis());
        }
        int fresh = (int) Math.min(given - seen, events.size());
        return List.copyOf(events).subList(events.size() - fresh, events.size());
    }

    /** Forgets them. @return how many there were */
    public synchronized int clear() {
        int cleared = events.size();
        events.clear();
        return cleared;
    }
}
