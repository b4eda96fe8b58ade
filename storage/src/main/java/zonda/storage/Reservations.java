package zonda.storage;

import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import zonda.base.Bytes;
import zonda.base.Code;
import zonda.base.OpException;
import zonda.storage.NodeRecord.Filesystem;
import zonda.storage.NodeRecord.Frozen;

/**
 * Space that datasets are sure of: {@code reservation} and {@code refreservation} of zfsprops(7). Who has some is kept
 * in the records; how much of it is not used yet is counted here, and kept from everyone else: by the driver, which lets
 * all those without a reservation write together only so much, and by refusing what needs more. And what destroying
 * needs is kept from all of them, so that a full pool can be emptied again.
 *
 * <p>Reservations are not counted where no dataset has any, and nothing is done where the driver keeps them itself. Any
 * thread may call it. Its lock is held while limits are set, and no other is taken inside but the catalog's.
 */
final class Reservations {
    /** The account of all datasets that have no reservation, and are below none that has. */
    static final Guid OTHERS = new Guid(0x7265_7365_7276L);

    /** What others must be able to write for a new dataset: the directory that it is mounted on. */
    private static final long FOR_ITS_DIRECTORY = 1 << 20;

    /** A limit is written to the pool: not each time that it is another by less than this part of what is kept. */
    private static final long NOT_WORTH_TELLING = 32;

    private static final long FRESH_NANOS = 300_000_000;

    private final PoolDriver driver;
    private final Catalog catalog;
    private final ReentrantLock lock = new ReentrantLock();
    /** Whether the driver has been told of reservations. Guarded by the lock. */
    private boolean applied;
    /** What all datasets may have together, as the driver was told; -1 when that may be otherwise. Set under the lock. */
    private volatile long mostInAll = -1;

    private volatile Counted counted = new Counted(0, 0);

    /** What is reserved in the whole pool, and not used. */
    private record Counted(long unused, long at) {}

    Reservations(PoolDriver driver, Catalog catalog) {
        this.driver = driver;
        this.catalog = catalog;
        this.applied = !catalog.reserving().isEmpty();
    }

    /** Whether a dataset's writes are not the affair of others: by what it, or one above it, has reserved. */
    static boolean isSure(List<Filesystem> lineage) {
        return lineage.getFirst().options().allotment().refreservation().isPresent()
                || lineage.stream()
                        .anyMatch(one -> one.options().allotment().reservation().isPresent());
    }

    private boolean isCounted() {
        return driver.reservations().isEmpty() && !catalog.reserving().isEmpty();
    }

    /** What it uses, with what is reserved for it and below it. */
    Bytes used(Filesystem dataset) {
        long own = driver.used(dataset.guid()).value();
        return Bytes.of(isCounted() ? own + extra(dataset) : own);
    }

    /**
     * By how much a dataset's {@code used} is more than what the driver charges it with. It is counted each time: what
     * is written to a reservation makes one less by as much as the other becomes more.
     */
    private long extra(Filesystem top) {
        Map<Guid, Filesystem> concerned = new LinkedHashMap<>();
        catalog.tree(catalog.nameOf(top.guid())).stream()
                .filter(one -> one.options().allotment().reserves())
                .flatMap(one -> catalog.lineage(one).stream().takeWhile(above -> !isAbove(above, top)))
                .forEach(one -> concerned.put(one.guid(), one));
        Map<Guid, Long> extra = new HashMap<>();
        concerned.values().stream()
                .sorted(Comparator.comparing(
                                (Filesystem one) -> catalog.lineage(one).size())
                        .reversed())
                .forEach(one -> {
                    long more = extra.merge(
                            one.guid(), missing(one, one.options().allotment().refreservation()), Long::sum);
                    one.parent().ifPresent(parent -> extra.merge(parent, more + spare(one, more), Long::sum));
                });
        return extra.getOrDefault(top.guid(), 0L);
    }

    private static boolean isAbove(Filesystem dataset, Filesystem top) {
        return top.parent().filter(dataset.guid()::equals).isPresent();
    }

    /** Of its {@code reservation}, what neither it nor anything below it uses. @param extra as {@link #extra} has it */
    private long spare(Filesystem dataset, long extra) {
        Optional<Bytes> reservation = dataset.options().allotment().reservation();
        return reservation.isEmpty()
                ? 0
                : Math.max(
                        0,
                        reservation.get().value() - driver.used(dataset.guid()).value() - extra);
    }

    /** Of its {@code refreservation}, what its own data does not fill. */
    Bytes unfilled(Filesystem dataset) {
        Optional<PoolDriver.OwnReservations> own = driver.reservations();
        return own.isPresent()
                ? own.get().unfilled(dataset.guid())
                : Bytes.of(missing(dataset, dataset.options().allotment().refreservation()));
    }

    private long missing(Filesystem dataset, Optional<Bytes> refreservation) {
        return refreservation.isEmpty() ? 0 : Math.max(0, refreservation.get().value() - unique(dataset));
    }

    /** What a dataset has that none of its snapshots has. */
    private long unique(Filesystem dataset) {
        List<Frozen> snapshots = catalog.snapshots(dataset.guid());
        if (!snapshots.isEmpty()) {
            return driver.written(dataset.guid(), snapshots.getLast().id()).value();
        }
        long below = catalog.tree(catalog.nameOf(dataset.guid())).stream()
                .filter(one -> one.parent().filter(dataset.guid()::equals).isPresent())
                .mapToLong(child -> driver.used(child.guid()).value())
                .sum();
        return Math.max(0, driver.used(dataset.guid()).value() - below);
    }

    /** What can still be written to a dataset, until the nearest quota or the end of the pool. */
    Bytes available(Filesystem dataset) {
        Optional<PoolDriver.OwnReservations> own = driver.reservations();
        if (own.isPresent()) {
            return own.get().available(dataset.guid());
        }
        return Bytes.of(below(dataset, room()) + unfilled(dataset).value());
    }

    /** As {@link #available}, without what only the dataset itself may use. */
    private long below(Filesystem dataset, long room) {
        long available = room;
        for (Filesystem account : catalog.lineage(dataset).reversed()) {
            Optional<Bytes> quota = account.options().quota();
            Optional<Bytes> sure = account.options().allotment().reservation();
            if (quota.isPresent() || sure.isPresent()) {
                long used = used(account).value();
                available += Math.max(0, sure.map(Bytes::value).orElse(0L) - used);
                available =
                        Math.max(0, Math.min(available, quota.map(Bytes::value).orElse(Long.MAX_VALUE) - used));
            }
        }
        return available;
    }

    /** What those may write who have nothing reserved. */
    private long room() {
        long unused = isCounted() ? count().unused() : 0;
        return Math.max(0, driver.free().value() - unused - kept());
    }

    /** Destroying needs room as well: what lets a full pool be emptied again is never given away. */
    long kept() {
        long size = driver.size().value();
        if (driver.reservations().isEmpty()) {
            Guid root = catalog.require(catalog.root()).guid();
            size = Math.min(size, driver.used(root).value() + driver.free().value());
        }
        return Math.min(size / 33 + (1L << 30), size / 10);
    }

    /** What a new dataset or snapshot below this one could have at most, be it reserved for it or not. */
    long free(Filesystem parent) {
        if (driver.reservations().isPresent()) {
            return driver.free().value();
        }
        boolean isSure = isCounted() && isSure(catalog.lineage(parent));
        long others = isSure || !isCounted() ? 0 : count().unused();
        return Math.max(0, freeByLimit() - others - FOR_ITS_DIRECTORY);
    }

    /** What is free, or less where the driver was told at a time when there was less. */
    private long freeByLimit() {
        long free = driver.free().value();
        Filesystem root = catalog.require(catalog.root());
        long most = mostInAll;
        boolean isOwnQuota =
                root.options().quota().filter(quota -> quota.value() == most).isPresent();
        return most < 0 || isOwnQuota
                ? free
                : Math.min(free, most - driver.used(root.guid()).value() + kept());
    }

    /** @throws OpException NO_SPACE in these words, when what shall be reserved for a new dataset isn't free */
    void requireFits(Filesystem parent, Allotment wanted, String refusal) {
        long more = Math.max(
                wanted.reservation().map(Bytes::value).orElse(0L),
                wanted.refreservation().map(Bytes::value).orElse(0L));
        require(parent, more, refusal);
    }

    private void require(Filesystem parent, long more, String refusal) {
        if (more <= 0 || more <= availableBelow(parent)) {
            return;
        }
        reclaim();
        if (more > availableBelow(parent)) {
            throw new OpException(Code.NO_SPACE, refusal);
        }
    }

    private long availableBelow(Filesystem parent) {
        return driver.reservations()
                .map(own -> own.available(parent.guid()).value())
                .orElseGet(() -> below(parent, room()));
    }

    /** Before something is refused: what was destroyed may have been freed too lately to be known. */
    void reclaim() {
        driver.reclaim();
        counted = new Counted(0, 0);
    }

    /** As {@link #requireFits}, of a dataset that is there and shall have something else reserved. */
    void requireFits(Filesystem before, Allotment wanted) {
        String name = catalog.nameOf(before.guid()).text();
        long now = claim(before, before.options().allotment());
        long then = claim(before, wanted);
        Optional<Bytes> quota = before.options().quota();
        String refusal = "cannot set property for '" + name + "': size is greater than available space";
        boolean grows = then > now;
        if (grows
                && quota.isPresent()
                && wanted.reservation().isPresent()
                && wanted.reservation().get().value() > quota.get().value()) {
            throw new OpException(Code.NO_SPACE, refusal);
        }
        Filesystem account = before.parent().flatMap(catalog::dataset).orElse(before);
        require(account, Math.max(0, then - now), refusal);
    }

    /** What a dataset keeps from others with these reservations: what it uses, or more. */
    private long claim(Filesystem dataset, Allotment allotment) {
        Allotment old = dataset.options().allotment();
        long used = used(dataset).value()
                - missing(dataset, old.refreservation())
                + missing(dataset, allotment.refreservation());
        return Math.max(used, allotment.reservation().map(Bytes::value).orElse(0L));
    }

    /** A snapshot takes what its dataset has of its own out of its refreservation, which is to be filled again. */
    void requireRoomForSnapshot(Filesystem dataset, String refusal) {
        Optional<Bytes> sure = dataset.options().allotment().refreservation();
        if (sure.isPresent() && driver.reservations().isEmpty()) {
            require(dataset, Math.min(sure.get().value(), unique(dataset)), refusal);
        }
    }

    /** Where little is left, those who write get what was destroyed as soon as it can be. */
    void reclaimIfScarce() {
        if (driver.reservations().isEmpty() && room() < kept()) {
            reclaim();
        }
    }

    private Counted count() {
        Counted known = counted;
        if (known.at() == 0 || System.nanoTime() - known.at() > FRESH_NANOS) {
            known = counting();
            counted = known;
        }
        return known;
    }

    private Counted counting() {
        Filesystem root = catalog.require(catalog.root());
        long extra = extra(root);
        return new Counted(extra + spare(root, extra), System.nanoTime());
    }

    /** Before a record says that something is reserved: whoever is charged to {@link #OTHERS} from then on can be. */
    void prepare() {
        if (driver.reservations().isEmpty()) {
            driver.ceiling(OTHERS, Optional.empty());
        }
    }

    /** A dataset has come, was moved, or has something else reserved than before. */
    void changed(Filesystem dataset) {
        if (driver.reservations().isPresent()) {
            return;
        }
        lock.lock();
        try {
            boolean reserves = !catalog.reserving().isEmpty();
            if (reserves != applied) {
                charge(catalog.require(catalog.root()), !reserves);
            } else if (reserves) {
                charge(dataset, false);
            }
            applied = reserves;
        } finally {
            lock.unlock();
        }
        refresh();
    }

    /** Charges a dataset and all below it to whom they shall be. @param none whether nothing is reserved any more */
    private void charge(Filesystem top, boolean none) {
        Map<Guid, Boolean> done = new HashMap<>();
        for (Filesystem one : catalog.tree(catalog.nameOf(top.guid()))) {
            boolean isOther = !none && !isSure(catalog.lineage(one));
            Boolean above = one.parent().map(done::get).orElse(null);
            if (one.guid().equals(top.guid()) || above == null || above != isOther) {
                List<Guid> others = List.of(OTHERS);
                driver.recharge(one.guid(), isOther ? List.of() : others, isOther ? others : List.of());
            }
            done.put(one.guid(), isOther);
        }
    }

    /**
     * Sets how much may be written by whom, as of now: while each writes within what is reserved for it, or without
     * reservation, that stays right; what a dataset writes beyond its reservation is seen when this is called again.
     */
    void refresh() {
        if (driver.reservations().isPresent()) {
            return;
        }
        lock.lock();
        try {
            counted = new Counted(0, 0);
            limitAll();
            if (catalog.reserving().isEmpty()) {
                if (applied) {
                    charge(catalog.require(catalog.root()), true);
                    driver.ceiling(OTHERS, Optional.empty());
                    applied = false;
                }
                return;
            }
            long room = room();
            driver.ceiling(OTHERS, Optional.of(Bytes.of(driver.used(OTHERS).value() + room)));
            catalog.reserving().stream().filter(one -> one.parent().isPresent()).forEach(this::limit);
        } finally {
            lock.unlock();
        }
    }

    /** A dataset's quota is another one; what is kept may make less of it at the next {@link #refresh}. */
    void quotaChanged(Filesystem dataset) {
        lock.lock();
        try {
            driver.limit(dataset.guid(), dataset.options().quota());
            if (dataset.parent().isEmpty()) {
                mostInAll = -1;
            }
        } finally {
            lock.unlock();
        }
    }

    /** All datasets together leave what is kept: it is told to the driver again when it is another by something. */
    private void limitAll() {
        Filesystem root = catalog.require(catalog.root());
        long kept = kept();
        long most = driver.used(root.guid()).value() + Math.max(0, driver.free().value() - kept);
        long quota = root.options().quota().map(Bytes::value).orElse(Long.MAX_VALUE);
        boolean isKnown = quota <= most ? mostInAll == quota : Math.abs(most - mostInAll) < kept / NOT_WORTH_TELLING;
        if (mostInAll < 0 || !isKnown) {
            mostInAll = Math.min(quota, most);
            driver.limit(root.guid(), Optional.of(Bytes.of(mostInAll)));
        }
    }

    /** One that has a reservation may fill it, and then have of the rest what the others may. */
    private void limit(Filesystem dataset) {
        long own = driver.used(dataset.guid()).value();
        long most = own + below(dataset, room()) + unfilled(dataset).value();
        driver.limit(
                dataset.guid(),
                Optional.of(dataset.options()
                        .quota()
                        .filter(quota -> quota.value() < most)
                        .orElse(Bytes.of(most))));
    }
}
