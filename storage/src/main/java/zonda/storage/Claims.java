package zonda.storage;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import zonda.base.Code;
import zonda.base.OpException;

/**
 * Keeps verbs on the same names apart, and lets all others run at the same time. A verb claims at once all the names it
 * will change, with everything below them, and those that must stay as they are while it runs; so verbs can't wait for
 * each other in a circle.
 */
final class Claims {
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition released = lock.newCondition();
    private final List<Claim> held = new ArrayList<>();
    private final Duration patience;

    Claims(Duration patience) {
        this.patience = patience;
    }

    /**
     * What one verb needs.
     *
     * @param changed full names of datasets or snapshots that it makes, changes or removes
     * @param kept full names that it relies upon
     */
    private record Wanted(List<String> changed, List<String> kept) {
        private boolean conflicts(Wanted other) {
            return changed.stream()
                            .anyMatch(mine ->
                                    other.changed.stream().anyMatch(its -> contains(mine, its) || contains(its, mine))
                                            || other.kept.stream().anyMatch(its -> contains(mine, its)))
                    || other.changed.stream().anyMatch(its -> kept.stream().anyMatch(mine -> contains(its, mine)));
        }

        /** Whether a name is another, or lies below it. */
        private static boolean contains(String outer, String inner) {
            return inner.startsWith(outer)
                    && (inner.length() == outer.length() || "/@#".indexOf(inner.charAt(outer.length())) >= 0);
        }
    }

    /** A claim that is held until it is closed. */
    final class Claim implements AutoCloseable {
        private final Wanted wanted;

        private Claim(Wanted wanted) {
            this.wanted = wanted;
        }

        @Override
        public void close() {
            lock.lock();
            try {
                held.remove(this);
                released.signalAll();
            } finally {
                lock.unlock();
            }
        }
    }

    /**
     * Waits until no other verb stands in the way.
     *
     * @throws OpException CONFLICT when one still does after the patience given
     */
    Claim claim(List<String> changed, List<String> kept) {
        var claim = new Claim(new Wanted(List.copyOf(changed), List.copyOf(kept)));
        lock.lock();
        try {
            long left = patience.toNanos();
            while (held.stream().anyMatch(other -> other.wanted.conflicts(claim.wanted))) {
                if (left <= 0) {
                    throw new OpException(
                            Code.CONFLICT, "'" + changed.getFirst() + "': dataset is busy with another operation");
                }
                left = released.awaitNanos(left);
            }
            held.add(claim);
            return claim;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new OpException(Code.FAILED, "'" + changed.getFirst() + "': interrupted while waiting", e);
        } finally {
            lock.unlock();
        }
    }
}
