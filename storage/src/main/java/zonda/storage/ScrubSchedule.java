package zonda.storage;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import zonda.base.OpException;

/** Scrubs a pool when its last scrub, or its making, is so many days ago: what rots on a disk is found while a copy is good. */
public final class ScrubSchedule implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(ScrubSchedule.class.getName());
    private static final Duration LOOK = Duration.ofMinutes(10);

    private final Pool pool;
    private final Duration every;
    private final InstantSource clock;
    private final Thread thread;

    /** @param every zero for never */
    public ScrubSchedule(Pool pool, Duration every, InstantSource clock) {
        this.pool = pool;
        this.every = every;
        this.clock = clock;
        this.thread = Thread.ofVirtual().name("scrub-schedule").unstarted(this::run);
    }

    public ScrubSchedule start() {
        if (!every.isZero()) {
            thread.start();
        }
        return this;
    }

    /** Whether it is time; a scrub that is paused was paused by somebody. */
    boolean isDue() {
        Instant last = pool.health()
                .scrub()
                .map(scrub -> scrub.state() == Scrub.State.RUNNING || scrub.state() == Scrub.State.PAUSED
                        ? Instant.MAX
                        : scrub.changed())
                .orElseGet(this::made);
        return last.isBefore(clock.instant().minus(every));
    }

    private Instant made() {
        return pool.datasets()
                .find(pool.config().name())
                .map(root -> root.created())
                .orElse(Instant.EPOCH);
    }

    private void run() {
        try {
            while (true) {
                if (isDue()) {
                    begin();
                }
                Thread.sleep(LOOK);
            }
        } catch (InterruptedException e) {
            // Closed.
        }
    }

    private void begin() {
        try {
            LOG.log(
                    System.Logger.Level.INFO,
                    "scrub of pool " + pool.config().name() + ", as each " + every.toDays() + " days");
            pool.health().startScrub();
        } catch (OpException e) {
            LOG.log(System.Logger.Level.WARNING, e.getMessage());
        }
    }

    @Override
    public void close() {
        thread.interrupt();
    }
}
