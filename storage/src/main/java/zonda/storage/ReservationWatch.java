package zonda.storage;

import java.time.Duration;
import zonda.base.OpException;
import zonda.kernel.KernelException;

/**
 * Counts anew what of a pool's reservations is not used, and what all may write, as long as it is open: a dataset that
 * writes beyond its own has the others' space, which the kernel does not see by itself.
 */
final class ReservationWatch implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(ReservationWatch.class.getName());
    private static final Duration LOOK = Duration.ofSeconds(5);

    private final Reservations reservations;
    private final Thread thread;

    ReservationWatch(String pool, Reservations reservations) {
        this.reservations = reservations;
        this.thread = Thread.ofVirtual().name("reservations-" + pool).unstarted(this::run);
    }

    /** Counts once before it returns. */
    ReservationWatch start() {
        reservations.refresh();
        thread.start();
        return this;
    }

    private void run() {
        try {
            while (true) {
                Thread.sleep(LOOK);
                look();
            }
        } catch (InterruptedException e) {
            // Closed.
        }
    }

    /** What is destroyed while it is counted is counted next time. */
    private void look() {
        try {
            reservations.reclaimIfScarce();
            reservations.refresh();
        } catch (OpException | KernelException | IllegalStateException e) {
            LOG.log(System.Logger.Level.DEBUG, "count reservations: " + e);
        }
    }

    /** It may be asking the kernel by what is closed next. */
    @Override
    public void close() {
        thread.interrupt();
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
