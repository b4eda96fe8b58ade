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
import zonda.storage.NodeRecord.Filesystem;

/**
 * What the verbs on one open pool share.
 *
 * @param claims that keep verbs on the same names apart
 * @param inUse what long reads of a snapshot keep from being destroyed
 * @param maps which objects of streams a snapshot's files are
 * @param txg of the newest node
 * @param history what was done
 * @param population limits of how many there may be
 * @param reservations space that others may not have
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
        PoolHistory history,
        Population population,
        Reservations reservations,
        Surroundings surroundings) {
    /** No verb takes longer; who waits this long for another is told so. */
    private static final Duration PATIENCE = Duration.ofMinutes(5);

    /** What comes from outside of the pool. */
    record Surroundings(InstantSource clock, RandomGenerator random, CrashPoint crashPoint) {}

    /** What lies on the pool beside the datasets. */
    record Stored(RecordStore records, ObjectMaps maps, PoolHistory history) {}

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
                stored.history(),
                new Population(catalog),
                new Reservations(driver, catalog),
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
        changed.forEach(finishing::describe);
    }

    /** Has what is written to a dataset compressed as its record, or the nearest above it, says. */
    void compress(Filesystem dataset) {
        compress(dataset, dataset.guid());
    }

    /** As {@link #compress(Filesystem)}, of a place whose content will be the dataset's. */
    void compress(Filesystem dataset, Guid place) {
        driver.compress(place, catalog.tuning(dataset).compression());
    }

    /** As {@link #compress(Filesystem)}, of a dataset and all below it. */
    void compressAll(DatasetName top) {
        catalog.tree(top).forEach(this::compress);
    }

    /** Notes what a verb did. @param node after it, or before it is gone */
    void note(String verb, String name, NodeRecord node, String more) {
        history.event(new PoolHistory.What.Event(verb, name, node.guid().value(), node.txg(), more));
    }

    /** A step is behind us: where a test ends the process. */
    void passed(String verb, String step) {
        surroundings.crashPoint().passed(verb + ":" + step);
    }

    /**
     * What lets a full pool be emptied again is never given away, nor what is reserved for others.
     *
     * @param below where something new shall be
     */
    void requireRoom(Filesystem below, String what) {
        long reserve = reservations.kept();
        if (reservations.free(below) >= reserve) {
            return;
        }
        reservations.reclaim();
        long free = reservations.free(below);
        if (free < reserve) {
            throw new OpException(
                    Code.NO_SPACE,
                    "cannot " + what + ": out of space: " + Bytes.of(free).human() + " free, of which "
                            + Bytes.of(reserve).human() + " are kept for destroying and repair");
        }
    }
}
