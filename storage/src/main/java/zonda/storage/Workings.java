package zonda.storage;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.random.RandomGenerator;
import zonda.base.Bytes;
import zonda.base.Code;
import zonda.base.Journal.CrashPoint;
import zonda.base.OpException;

/**
 * What the verbs on one open pool share.
 *
 * @param claims that keep verbs on the same names apart
 * @param inUse what long reads of a snapshot keep from being destroyed
 * @param maps which objects of streams a snapshot's files are
 * @param txg of the newest node
 */
record Workings(
        PoolDriver driver,
        RecordStore store,
        Catalog catalog,
        MountedTree tree,
        Finishing finishing,
        Claims claims,
        InUse inUse,
        ObjectMaps maps,
        AtomicLong txg,
        Surroundings surroundings) {
    /** No verb takes longer; who waits this long for another is told so. */
    private static final Duration PATIENCE = Duration.ofMinutes(5);

    /** What comes from outside of the pool. */
    record Surroundings(InstantSource clock, RandomGenerator random, CrashPoint crashPoint) {}

    /** What lies on the pool beside the datasets. */
    record Stored(RecordStore records, ObjectMaps maps) {}

    static Workings of(PoolDriver driver, Stored stored, Catalog catalog, MountedTree tree, Surroundings surroundings) {
        return new Workings(
                driver,
                stored.records(),
                catalog,
                tree,
                new Finishing(driver),
                new Claims(PATIENCE),
                new InUse(),
                stored.maps(),
                new AtomicLong(catalog.txg()),
                surroundings);
    }

    /** For a node that is about to be made. */
    long nextTxg() {
        return txg.incrementAndGet();
    }

    Instant now() {
        return surroundings.clock().instant();
    }

    /** One at a time, since a generator need not bear several threads. */
    synchronized Guid newGuid() {
        return Guid.random(surroundings.random());
    }

    /** Replaces the records of nodes, all or none; none of datasets that get another name. Durable when it returns. */
    void change(String verb, List<? extends NodeRecord> changed) {
        if (changed.size() == 1) {
            store.replace(changed.getFirst());
        } else {
            store.announce(changed);
        }
        catalog.putAll(changed);
        passed(verb, "recorded");
        store.replaceAnnounced();
        passed(verb, "replaced");
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
