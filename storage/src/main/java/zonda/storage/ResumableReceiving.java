package zonda.storage;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import zonda.base.Bytes;
import zonda.base.Code;
import zonda.base.OpException;
import zonda.base.Undo;
import zonda.kernel.Directory;
import zonda.storage.NodeRecord.Filesystem;
import zonda.storage.NodeRecord.Frozen;
import zonda.storage.PoolDriver.Charge;
import zonda.storage.Receiving.Order;
import zonda.zstream.FilesystemReceiver;
import zonda.zstream.Received;
import zonda.zstream.Resumable;
import zonda.zstream.ResumeToken;
import zonda.zstream.StreamHeader;

/**
 * Receives that can be cut short and gone on with: {@code zfs receive -s}. All come into a place aside, as into a dataset
 * that is there; a new dataset is made at once, and has nothing, and isn't mounted, until the snapshot is whole. Of the
 * place a snapshot is made every few seconds, when the stream ends early, and before the tree is put together: whoever
 * goes on begins with the newest, whatever a crash has left in the place itself.
 */
final class ResumableReceiving {
    /** What a crash may cost. */
    private static final Duration INTERVAL = Duration.ofSeconds(5);

    private static final Bytes AMOUNT = Bytes.ofMiB(128);

    private final Workings pool;
    private final Removal removal;
    private final Receiving receiving;

    ResumableReceiving(Workings pool, Removal removal, Receiving receiving) {
        this.pool = pool;
        this.removal = removal;
        this.receiving = receiving;
    }

    /** Keeps the place as it is at some moments. */
    private final class Keeper implements Resumable.Keeper {
        private final Frozen snapshot;
        private final List<Guid> charged;
        private Optional<Partial> last;
        private Instant due;

        Keeper(Frozen snapshot, List<Guid> charged, Optional<Partial> last) {
            this.snapshot = snapshot;
            this.charged = charged;
            this.last = last;
            this.due = pool.now().plus(INTERVAL);
        }

        @Override
        public boolean isDue(long bytes) {
            return bytes >= AMOUNT.value() || bytes > 0 && !pool.now().isBefore(due);
        }

        @Override
        public void keep(ResumeToken token) {
            var next = new Partial(snapshot, pool.newGuid(), token);
            pool.driver().snapshot(next.state(), charged);
            last.ifPresent(before -> pool.driver().destroy(before.state()));
            last = Optional.of(next);
            pool.catalog().put(next);
            due = pool.now().plus(INTERVAL);
            pool.passed("receive", "kept");
        }
    }

    /** Receives the snapshot that the stream is at. @return what of it this host can't have, in words */
    List<String> receive(Order order, Arrival arrival) {
        boolean isNew = arrival.dataset().isEmpty();
        Filesystem dataset = arrival.dataset().orElseGet(() -> empty(order, arrival));
        Frozen snapshot = receiving.aside(
                order,
                arrival,
                dataset,
                isNew ? SnapshotNotes.Arrival.RESUMABLE_INTO_NEW : SnapshotNotes.Arrival.RESUMABLE);
        var keeper = new Keeper(snapshot, receiving.charged(snapshot, dataset), Optional.empty());
        DatasetName name = order.to().dataset();
        List<String> claimed = isNew ? List.of(name.text()) : List.of();
        List<String> above = isNew ? List.of(name.parent().orElseThrow().text()) : List.of();
        try (var _ = pool.claims().claim(claimed, above);
                var undo = new Undo()) {
            Receiving.requireSame(arrival, Arrival.of(pool, arrival.header(), order.to(), order.request()));
            begin(snapshot, dataset.guid(), undo);
            if (isNew) {
                make(dataset, arrival, undo);
            }
            receiving.make(snapshot.home(), arrival.base(), new Charge(keeper.charged, Optional.empty()));
            pool.compress(dataset, snapshot.home());
            pool.passed("receive", "place");
            try (Directory target = Directory.open(receiving.content(snapshot.home()))) {
                FilesystemReceiver.begin(order.stream(), target, new Resumable(Partial.directory(snapshot), keeper));
            }
            if (isNew) {
                appear(dataset);
            }
            undo.keep();
        }
        return goOn(order, arrival.base(), keeper);
    }

    private void begin(Frozen snapshot, Guid dataset, Undo undo) {
        undo.add(pool.driver()::sync);
        undo.add(() -> {
            pool.store().abandon(snapshot.guid());
            pool.catalog().forgetPartial(dataset);
        });
        pool.store().begin(snapshot);
        pool.passed("receive", "intent");
        undo.add(() -> removal.destroy(snapshot));
    }

    /** Its accounts must be there before anything is charged to them. As long as no state is kept, it doesn't count. */
    private void make(Filesystem dataset, Arrival arrival, Undo undo) {
        Filesystem parent =
                pool.catalog().dataset(dataset.parent().orElseThrow()).orElseThrow();
        receiving.requireFits(parent, dataset, arrival);
        undo.add(() -> pool.store().abandon(dataset.guid()));
        pool.store().begin(dataset);
        undo.add(() -> removal.destroy(dataset));
        receiving.make(
                dataset.guid(),
                arrival.base(),
                new Charge(pool.catalog().accounts(dataset), dataset.options().quota()));
        pool.passed("receive", "dataset");
    }

    private void appear(Filesystem dataset) {
        pool.finishing().finish(dataset);
        pool.store().settling(pool.driver()::sync);
        pool.catalog().put(dataset);
        pool.store().made(dataset.guid());
        if (dataset.options().allotment().reserves()) {
            pool.reservations().changed(dataset);
        }
        pool.passed("receive", "appeared");
    }

    /** A dataset that has nothing until its first snapshot is whole. */
    private Filesystem empty(Order order, Arrival arrival) {
        DatasetName name = order.to().dataset();
        DatasetOptions options = order.options();
        if (arrival.isVolume()) {
            options = options.volume(shape(arrival.base()));
        }
        return receiving.dataset(name, receiving.parent(name), arrival, options);
    }

    /** Until it says its own. */
    private VolumeShape shape(Optional<Frozen> base) {
        return base.flatMap(origin -> pool.catalog()
                        .dataset(origin.dataset())
                        .flatMap(dataset -> dataset.options().volume())
                        .map(shape -> new VolumeShape(pool.driver().sizeOf(origin.id()), shape.blockSize())))
                .orElseGet(() -> new VolumeShape(Bytes.of(VolumeShape.USUAL_BLOCK), VolumeShape.USUAL_BLOCK));
    }

    /** Goes on with a receive that was cut short. @return as {@link #receive} does */
    List<String> resume(Order order, Partial partial) {
        StreamHeader header = order.stream().current();
        Frozen snapshot = partial.snapshot();
        Filesystem dataset = pool.catalog().dataset(snapshot.dataset()).orElseThrow();
        Optional<Frozen> base = Optional.empty();
        if (header.isIncremental()) {
            base = partial.intoNew()
                    ? dataset.origin().flatMap(pool.catalog()::snapshot)
                    : Arrival.of(pool, header, named(order, snapshot), order.request())
                            .base();
        }
        List<Guid> charged = receiving.charged(snapshot, dataset);
        pool.driver().rollback(partial.place(), partial.state(), charged);
        pool.passed("receive", "rewound");
        var one = new Population.More(dataset, Population.Kind.SNAPSHOTS, 1);
        try (var _ = pool.population().expect(List.of(one), "receive resume stream")) {
            return goOn(order, base, new Keeper(snapshot, charged, Optional.of(partial)));
        }
    }

    private static SnapshotName named(Order order, Frozen snapshot) {
        return new SnapshotName(order.to().dataset(), snapshot.name());
    }

    private List<String> goOn(Order order, Optional<Frozen> base, Keeper keeper) {
        Frozen snapshot = keeper.snapshot;
        Filesystem dataset = pool.catalog().dataset(snapshot.dataset()).orElseThrow();
        StreamHeader header = order.stream().current();
        List<Guid> used = Stream.concat(Stream.of(dataset.guid()), base.map(Frozen::guid).stream())
                .toList();
        Received received;
        try (var _ = pool.inUse().use(used)) {
            received = receiving.read(
                    order.stream(),
                    new Receiving.Into(snapshot.home(), base),
                    Optional.of(new Resumable(Partial.directory(snapshot), keeper)));
            pool.maps().save(snapshot.guid(), received.map());
            pool.passed("receive", "content");
        }
        DatasetName name = order.to().dataset();
        Filesystem whole;
        try (var _ = pool.claims().claim(List.of(name.text()), List.of());
                var undo = new Undo()) {
            requireSame(order, header, keeper, base);
            whole = pool.catalog().require(name);
            if (dataset.isVolume() && snapshot.notes().arrival() == SnapshotNotes.Arrival.RESUMABLE_INTO_NEW) {
                whole = receiving.sized(whole, snapshot.home(), received.map());
                pool.store().replace(whole);
                pool.catalog().put(whole);
            }
            receiving.exchange(name, snapshot, base, undo);
        }
        return Stream.concat(received.left().stream(), shown(order, keeper, whole).stream())
                .toList();
    }

    private Optional<String> shown(Order order, Keeper keeper, Filesystem whole) {
        return keeper.last.filter(Partial::intoNew).isPresent() ? receiving.mount(order, whole) : Optional.empty();
    }

    /** The dataset is what it was when the stream began to come. */
    private void requireSame(Order order, StreamHeader header, Keeper keeper, Optional<Frozen> base) {
        Frozen snapshot = keeper.snapshot;
        boolean isSame = pool.catalog()
                .find(order.to().dataset())
                .filter(now -> now.guid().equals(snapshot.dataset()))
                .flatMap(now -> pool.catalog().partial(now.guid()))
                .filter(partial -> partial.snapshot().equals(snapshot))
                .isPresent();
        if (!isSame) {
            throw new OpException(
                    Code.CONFLICT, "cannot receive: '" + order.to().dataset() + "' was renamed meanwhile");
        }
        if (snapshot.notes().arrival() == SnapshotNotes.Arrival.RESUMABLE) {
            ReceiveRequest request =
                    header.isIncremental() ? order.request() : order.request().forced();
            Arrival now = Arrival.of(pool, header, named(order, snapshot), request);
            if (!now.base().map(Frozen::guid).equals(base.map(Frozen::guid))) {
                throw new OpException(
                        Code.CONFLICT,
                        Arrival.prefix(header) + ": destination " + order.to().dataset()
                                + " has been modified\nsince most recent snapshot");
            }
        }
    }

    /** Forgets what came: {@code zfs receive -A}. */
    void abort(DatasetName name) {
        try (var _ = pool.claims().claim(List.of(name.text()), List.of())) {
            Filesystem dataset = pool.catalog().require(name);
            Partial partial = pool.catalog()
                    .partial(dataset.guid())
                    .orElseThrow(() -> new OpException(
                            Code.NOT_FOUND, "'" + name + "' does not have any resumable receive state to abort"));
            if (pool.inUse().isUsed(dataset.guid())) {
                throw new OpException(
                        Code.CONFLICT, "cannot destroy '" + name + "/%recv': dataset is busy: it is being received");
            }
            if (partial.intoNew()) {
                removal.bury(removal.plan(name, DestroyOptions.ALONE));
                return;
            }
            pool.catalog().forgetPartial(dataset.guid());
            removal.destroy(partial.snapshot());
            pool.store().abandon(partial.snapshot().guid());
            pool.store().settling(pool.driver()::sync);
        }
    }
}
