package zonda.storage;

import java.time.Duration;
import java.time.InstantSource;
import java.util.random.RandomGenerator;
import zonda.base.Bytes;
import zonda.base.Code;
import zonda.base.Journal.CrashPoint;
import zonda.base.OpException;

/**
 * What the verbs on one open pool share.
 *
 * @param claims that keep verbs on the same names apart
 */
record Workings(
        PoolDriver driver,
        RecordStore store,
        Catalog catalog,
        MountedTree tree,
        Finishing finishing,
        Claims claims,
        Surroundings surroundings) {
    /** No verb takes longer; who waits this long for another is told so. */
    private static final Duration PATIENCE = Duration.ofMinutes(5);

    /** What comes from outside of the pool. */
    record Surroundings(InstantSource clock, RandomGenerator random, CrashPoint crashPoint) {}

    static Workings of(
            PoolDriver driver, RecordStore store, Catalog catalog, MountedTree tree, Surroundings surroundings) {
        return new Workings(driver, store, catalog, tree, new Finishing(driver), new Claims(PATIENCE), surroundings);
    }

    /** One at a time, since a generator need not bear several threads. */
    synchronized Guid newGuid() {
        return Guid.random(surroundings.random());
    }

    /** A step is behind us: where a test ends the process. */
    void passed(String verb, String step) {
        surroundings.crashPoint().passed(verb + ":" + step);
    }

    /** Destroying needs room as well: what lets a full pool be emptied again is never given away. */
    void requireRoom(String what) {
        long size = driver.size().value();
        long reserve = Math.min(size / 33 + (1L << 30), size / 10);
        if (driver.free().value() < reserve) {
            throw new OpException(
                    Code.FAILED,
                    "cannot " + what + ": out of space: " + driver.free().human() + " free, of which "
                            + Bytes.of(reserve).human() + " are kept for destroying and repair");
        }
    }
}
