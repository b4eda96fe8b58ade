package zonda.storage;

import java.util.Optional;
import zonda.base.OpException;

/** Scrubs of one pool, zpool-scrub(8): by the driver's means. */
interface Scrubbing extends AutoCloseable {
    /** Goes on with a scrub that ran when the pool was last open. */
    void resume();

    /** Begins one, or goes on with one that is paused. @throws OpException CONFLICT when one runs */
    void start();

    /** @throws OpException NOT_FOUND when none runs */
    void pause();

    /** @throws OpException NOT_FOUND when none runs or is paused */
    void cancel();

    /** Waits until none runs. */
    void await();

    /** The last one; empty when there never was one. */
    Optional<Scrub> status();

    @Override
    void close();
}
