package zonda.storage;

import java.util.List;
import java.util.Optional;
import zonda.base.Bytes;
import zonda.base.Code;
import zonda.base.OpException;
import zonda.base.Undo;
import zonda.storage.NodeRecord.Filesystem;
import zonda.storage.NodeRecord.Frozen;
import zonda.storage.PoolDriver.OwnStreams;
import zonda.storage.Receiving.Order;

/**
 * Receives a snapshot by the driver's own means. The stream is read here, too, on its way: what is damaged is said as
 * where this service receives it. The driver has all of it or nothing; a crash between that and the last record is made
 * good when the pool is opened. A dataset that is there waits with other verbs until the stream has ended.
 */
final class OwnReceiving {
    private final Workings pool;
    private final Removal removal;
    private final Receiving receiving;
    private final OwnStreams driver;

    OwnReceiving(Workings pool, Removal removal, Receiving receiving, OwnStreams driver) {
        this.pool = pool;
        this.removal = removal;
        this.receiving = receiving;
        this.driver = driver;
    }

    /** @return what of it this host can't have, in words */
    List<String> receive(Order order, Arrival arrival) {
        if (order.request().resumable()) {
            throw new OpException(
                    Code.NOT_SUPPORTED,
                    "cannot receive: resumable receives (-s) are not supported by the driver "
                            + pool.driver().name() + "; leave -s out");
        }
        return arrival.dataset().isPresent() ? intoExisting(order, arrival) : intoNew(order, arrival);
    }

    private void take(Order order, OwnStreams.Incoming what) {
        driver.receive(what, order.stream()::copyTo);
        pool.passed("receive", "content");
    }

    private List<String> intoNew(Order order, Arrival arrival) {
        Receiving.Fresh fresh = receiving.fresh(ofKind(order, arrival), arrival);
        receiving.requireFits(fresh.parent(), fresh.dataset(), arrival);
        Filesystem whole;
        try (var undo = new Undo()) {
            receiving.begin(fresh, undo);
            take(
                    order,
                    new OwnStreams.Incoming(
                            fresh.snapshot().id(), true, arrival.base().map(Frozen::id), arrival.isVolume(), false));
            try (var _ = receiving.claimNew(order, arrival, fresh)) {
                whole = sized(fresh.dataset(), arrival);
                if (whole.options().quota().isPresent()) {
                    pool.driver().limit(whole.guid(), whole.options().quota());
                }
                if (!whole.options().tuning().equals(Tuning.NONE)) {
                    pool.driver().tune(whole.guid(), whole.options().tuning());
                }
                receiving.appear(fresh, whole);
                undo.keep();
            }
        }
        return receiving.shown(order, whole).stream().toList();
    }

    /** Of a volume it is known from the beginning that it is one, and its size at the end. */
    private static Order ofKind(Order order, Arrival arrival) {
        if (!arrival.isVolume()) {
            return order;
        }
        var unknown = new VolumeShape(Bytes.of(VolumeShape.USUAL_BLOCK), VolumeShape.USUAL_BLOCK);
        return new Order(
                order.stream(), order.to(), order.request(), order.options().volume(unknown));
    }

    private Filesystem sized(Filesystem dataset, Arrival arrival) {
        return arrival.isVolume()
                ? dataset.withOptions(dataset.options().volume(driver.shape(dataset.guid())))
                : dataset;
    }

    private List<String> intoExisting(Order order, Arrival arrival) {
        Filesystem dataset = arrival.dataset().orElseThrow();
        DatasetName name = order.to().dataset();
        var snapshot = Frozen.of(
                        pool.newGuid(), order.to(), dataset, arrival.header().created(), pool.nextTxg())
                .withNotes(receiving.notes(arrival));
        try (var _ = pool.claims().claim(List.of(name.text()), List.of());
                var undo = new Undo();
                var mounting = new Undo()) {
            Receiving.requireSame(arrival, Arrival.of(pool, arrival.header(), order.to(), order.request()));
            if (order.request().force()) {
                List<Filesystem> mounted = pool.tree().unmountEverywhereWithAllInside("receive", name);
                mounting.add(() -> pool.tree().mountAgain(mounted));
                receiving.destroyNewer(dataset, arrival.base());
            }
            undo.add(() -> pool.store().abandon(snapshot.guid()));
            pool.store().begin(snapshot);
            pool.passed("receive", "intent");
            undo.add(() -> removal.destroy(snapshot));
            take(
                    order,
                    new OwnStreams.Incoming(
                            snapshot.id(),
                            false,
                            Optional.empty(),
                            arrival.isVolume(),
                            order.request().force()));
            Filesystem whole = sized(dataset, arrival);
            if (!whole.equals(dataset)) {
                pool.store().replace(whole);
                pool.catalog().put(whole);
            }
            pool.finishing().describe(snapshot);
            pool.catalog().put(snapshot);
            pool.store().made(snapshot.guid());
            undo.keep();
        }
        pool.reservations().refresh();
        pool.passed("receive", "made");
        return List.of();
    }
}
