package zonda.storage;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import zonda.base.Bytes;
import zonda.base.Code;
import zonda.base.OpException;
import zonda.base.Undo;
import zonda.kernel.Directory;
import zonda.kernel.KernelException;
import zonda.storage.NodeRecord.Filesystem;
import zonda.storage.NodeRecord.Frozen;
import zonda.storage.PoolDriver.Charge;
import zonda.zstream.FilesystemReceiver;
import zonda.zstream.ObjectMap;
import zonda.zstream.ReceiveOptions;
import zonda.zstream.Received;
import zonda.zstream.Resumable;
import zonda.zstream.SendStream;
import zonda.zstream.StreamHeader;
import zonda.zstream.VolumeReceiver;

/**
 * Receives one snapshot of a stream: zfs-receive(8). Nothing of it is to be seen before all of it came and was found
 * right. The snapshot's own subvolume is the point of no return: with it the intents count, without it they go.
 *
 * <p>A new dataset is received into itself. One that is there stays as it is, and may be used, while the stream comes
 * into a place aside, which is of what it is incremental to; the snapshot is made there, and then the dataset gets its
 * content as by a rollback. Runs on its caller's thread, a platform one.
 */
final class Receiving {
    private final Workings pool;
    private final Removal removal;
    private final ResumableReceiving resumable;
    /** Names of datasets that something is being received into. */
    private final ConcurrentHashMap<String, Boolean> targets = new ConcurrentHashMap<>();

    Receiving(Workings pool, Removal removal) {
        this.pool = pool;
        this.removal = removal;
        this.resumable = new ResumableReceiving(pool, removal, this);
    }

    ResumableReceiving resumable() {
        return resumable;
    }

    /** A stream that is at a snapshot, and how that is to be received. */
    record Order(SendStream stream, SnapshotName to, ReceiveRequest request, DatasetOptions options) {}

    /** Receives the snapshot that the stream is at. @return what of it this host can't have, in words */
    List<String> receive(Order order) {
        String target = order.to().dataset().text();
        Arrival arrival;
        if (targets.putIfAbsent(target, true) != null) {
            throw new OpException(
                    Code.CONFLICT, "cannot receive: destination '" + target + "' is busy: another stream is received");
        }
        try {
            StreamHeader header = order.stream().current();
            Optional<Partial> partial = pool.catalog()
                    .find(order.to().dataset())
                    .flatMap(dataset -> pool.catalog().partial(dataset.guid()));
            if (header.resume().isPresent()) {
                return resumable.resume(
                        order,
                        partial.orElseThrow(() -> new OpException(
                                Code.NOT_FOUND,
                                Arrival.prefix(header) + ": destination '" + target
                                        + "' does not have a resumable receive state")));
            }
            if (partial.isPresent()) {
                throw new OpException(
                        Code.CONFLICT,
                        Arrival.prefix(header) + ": destination " + target
                                + " contains partially-complete state from \"zfs receive -s\".");
            }
            arrival = Arrival.of(pool, header, order.to(), order.request());
            Filesystem below =
                    arrival.dataset().orElseGet(() -> parent(order.to().dataset()));
            pool.requireRoom(below, "receive '" + order.to() + "'");
            List<Guid> bases = arrival.base().map(Frozen::guid).stream().toList();
            String what =
                    arrival.header().isIncremental() ? "receive incremental stream" : "receive new filesystem stream";
            try (var _ = pool.inUse().use(bases);
                    var _ = pool.population().expect(more(order, arrival), what)) {
                Optional<PoolDriver.OwnStreams> own = pool.driver().streams();
                if (own.isPresent()) {
                    return new OwnReceiving(pool, removal, this, own.get()).receive(order, arrival);
                }
                if (order.request().resumable()) {
                    return resumable.receive(order, arrival);
                }
                return arrival.dataset().isPresent() ? intoExisting(order, arrival) : intoNew(order, arrival);
            }
        } finally {
            targets.remove(target);
        }
    }

    private List<Population.More> more(Order order, Arrival arrival) {
        Filesystem below = arrival.dataset().orElseGet(() -> parent(order.to().dataset()));
        var snapshot = new Population.More(below, Population.Kind.SNAPSHOTS, 1);
        return arrival.dataset().isPresent()
                ? List.of(snapshot)
                : List.of(snapshot, new Population.More(below, Population.Kind.FILESYSTEMS, 1));
    }

    private Guid identity(Arrival arrival) {
        return Guid.of(arrival.header().toGuid())
                .orElseThrow(() -> new OpException(
                        Code.NOT_SUPPORTED,
                        Arrival.prefix(arrival.header()) + ": the snapshot's guid "
                                + Long.toUnsignedString(arrival.header().toGuid())
                                + " is none that the driver " + pool.driver().name() + " can keep"));
    }

    SnapshotNotes notes(Arrival arrival) {
        return SnapshotNotes.NONE.streamed(identity(arrival));
    }

    /** A dataset that is made with its first snapshot. */
    record Fresh(Filesystem parent, Filesystem dataset, Frozen snapshot) {
        List<Guid> both() {
            return List.of(dataset.guid(), snapshot.guid());
        }
    }

    Fresh fresh(Order order, Arrival arrival) {
        DatasetName name = order.to().dataset();
        Filesystem parent = parent(name);
        Filesystem dataset = dataset(name, parent, arrival, order.options());
        Frozen snapshot = Frozen.of(
                        pool.newGuid(), order.to(), dataset, arrival.header().created(), pool.nextTxg())
                .withNotes(notes(arrival));
        return new Fresh(parent, dataset, snapshot);
    }

    Filesystem dataset(DatasetName name, Filesystem parent, Arrival arrival, DatasetOptions options) {
        return new Filesystem(
                pool.newGuid(),
                Optional.of(parent.guid()),
                name.leaf(),
                pool.now(),
                pool.nextTxg(),
                arrival.base().map(Frozen::guid),
                options);
    }

    /** A snapshot that is received into a place aside. */
    Frozen aside(Order order, Arrival arrival, Filesystem dataset, SnapshotNotes.Arrival how) {
        return new Frozen(
                pool.newGuid(),
                dataset.guid(),
                pool.newGuid(),
                order.to().snapshot(),
                arrival.header().created(),
                pool.nextTxg(),
                notes(arrival).arriving(how));
    }

    /** To whom such a place is charged. */
    List<Guid> charged(Frozen snapshot, Filesystem dataset) {
        return Stream.concat(Stream.of(snapshot.home()), pool.catalog().accounts(dataset).stream())
                .toList();
    }

    private List<String> intoNew(Order order, Arrival arrival) {
        Fresh fresh = fresh(order, arrival);
        requireFits(fresh.parent(), fresh.dataset(), arrival);
        try (var undo = new Undo()) {
            begin(fresh, undo);
            make(
                    fresh.dataset().guid(),
                    arrival.base(),
                    new Charge(accounts(fresh), order.options().quota()));
            pool.compress(fresh.dataset());
            pool.passed("receive", "place");
            Received received = content(order.stream(), fresh.dataset().guid(), fresh.snapshot(), arrival);
            try (var _ = claimNew(order, arrival, fresh)) {
                Filesystem whole = arrival.isVolume()
                        ? sized(fresh.dataset(), fresh.dataset().guid(), received.map())
                        : fresh.dataset();
                appear(fresh, whole);
                undo.keep();
                return Stream.concat(received.left().stream(), shown(order, whole).stream())
                        .toList();
            }
        }
    }

    void requireFits(Filesystem parent, Filesystem dataset, Arrival arrival) {
        Allotment given = dataset.options().allotment();
        pool.reservations().requireFits(parent, given, Arrival.prefix(arrival.header()) + ": out of space");
        if (given.reserves()) {
            pool.reservations().prepare();
        }
    }

    /** The name of a new dataset, which nobody took while its stream came. */
    Claims.Claim claimNew(Order order, Arrival arrival, Fresh fresh) {
        DatasetName name = order.to().dataset();
        List<String> kept = Stream.concat(Stream.of(name.parent().orElseThrow().text()), baseName(arrival).stream())
                .toList();
        Claims.Claim claim = pool.claims().claim(List.of(name.text()), kept);
        try (var undo = new Undo()) {
            undo.add(claim::close);
            requireSame(arrival, Arrival.of(pool, arrival.header(), order.to(), order.request()));
            if (!parent(name).guid().equals(fresh.parent().guid())) {
                throw new OpException(Code.CONFLICT, "cannot receive: '" + name + "' was renamed meanwhile");
            }
            undo.keep();
        }
        return claim;
    }

    void begin(Fresh fresh, Undo undo) {
        var store = pool.store();
        undo.add(pool.driver()::sync);
        undo.add(() -> {
            fresh.both().forEach(store::abandon);
            store.apart(fresh.both());
        });
        store.together(fresh.both());
        store.begin(fresh.dataset());
        store.begin(fresh.snapshot());
        pool.passed("receive", "intent");
        undo.add(() -> List.of(fresh.snapshot(), fresh.dataset()).forEach(removal::destroy));
    }

    /** From here on both count. */
    void appear(Fresh fresh, Filesystem whole) {
        var store = pool.store();
        store.replace(whole);
        pool.finishing().describe(whole);
        pool.finishing().describe(fresh.snapshot());
        store.settling(() -> pool.driver().snapshot(fresh.snapshot().id(), accounts(fresh)));
        pool.catalog().putAll(List.of(whole, fresh.snapshot()));
        fresh.both().forEach(store::made);
        store.apart(fresh.both());
        if (whole.options().allotment().reserves()) {
            pool.reservations().changed(whole);
        }
    }

    Optional<String> shown(Order order, Filesystem whole) {
        Optional<String> said;
        try {
            pool.passed("receive", "made");
        } finally {
            said = mount(order, whole);
        }
        return said;
    }

    /** What the stream brings, and the map of it; durable with the snapshot that is made next. */
    private Received content(SendStream stream, Guid place, Frozen snapshot, Arrival arrival) {
        Received received = read(stream, new Into(place, arrival.base()), Optional.empty());
        pool.maps().save(snapshot.guid(), received.map());
        pool.passed("receive", "content");
        return received;
    }

    /** What was received stays when it can't be mounted. */
    Optional<String> mount(Order order, Filesystem dataset) {
        if (!order.request().mount() || dataset.isVolume()) {
            return Optional.empty();
        }
        try {
            pool.tree().mount(dataset);
            return Optional.empty();
        } catch (OpException | KernelException e) {
            return Optional.of("cannot mount '" + order.to().dataset() + "': " + e.getMessage());
        }
    }

    private Optional<String> baseName(Arrival arrival) {
        return arrival.base().flatMap(this::name);
    }

    private Optional<String> name(Frozen snapshot) {
        return pool.catalog().nameOfSnapshot(snapshot.guid()).map(SnapshotName::toString);
    }

    Filesystem parent(DatasetName name) {
        return name.parent()
                .flatMap(pool.catalog()::find)
                .orElseThrow(() ->
                        new OpException(Code.NOT_FOUND, "cannot receive: destination '" + name + "' does not exist"));
    }

    private List<Guid> accounts(Fresh fresh) {
        return pool.catalog().accounts(fresh.dataset());
    }

    void make(Guid place, Optional<Frozen> base, Charge charge) {
        if (base.isPresent()) {
            pool.driver().cloneOf(base.get().id(), place, charge);
        } else {
            pool.driver().create(place, charge);
        }
    }

    /** A volume says its size at the end of the stream. @param place where it was received */
    Filesystem sized(Filesystem dataset, Guid place, ObjectMap map) {
        Bytes size = pool.driver().sizeOf(place);
        int blockSize = Math.clamp(map.blockSize(), 512, 128 << 10);
        return dataset.withOptions(dataset.options().volume(new VolumeShape(size, blockSize)));
    }

    /** Where a stream goes, and on top of what. */
    record Into(Guid place, Optional<Frozen> base) {}

    /** Reads the stream's snapshot. @param kept how what came is kept when the rest doesn't come */
    Received read(SendStream stream, Into into, Optional<Resumable> kept) {
        Optional<ObjectMap> map = into.base()
                .map(base -> pool.maps()
                        .find(base.guid())
                        .orElseThrow(() -> new OpException(
                                Code.CONFLICT,
                                Arrival.prefix(stream.current()) + ": "
                                        + name(base).orElse("its source")
                                        + " was neither received nor sent here, so nothing can be incremental to it")));
        ReceiveOptions all = ReceiveOptions.ALL;
        try (Directory target = Directory.open(content(into.place()))) {
            if (stream.current().kind() == StreamHeader.Kind.VOLUME) {
                var place = new VolumeReceiver.Place(target, BtrfsDriver.DISK);
                return kept.isPresent()
                        ? VolumeReceiver.receive(stream, place, map, all, kept.get())
                        : VolumeReceiver.receive(stream, place, map, all);
            }
            return kept.isPresent()
                    ? FilesystemReceiver.receive(stream, target, map, all, kept.get())
                    : FilesystemReceiver.receive(stream, target, map, all);
        }
    }

    Path content(Guid place) {
        return switch (pool.driver().mountSpec(place)) {
            case PoolDriver.MountSpec.Tree(Path directory, String _) -> directory;
            case PoolDriver.MountSpec.Filesystem(String type, String source) ->
                throw new IllegalStateException(source + " is a filesystem of its own, of type " + type);
        };
    }

    private List<String> intoExisting(Order order, Arrival arrival) {
        Filesystem dataset = arrival.dataset().orElseThrow();
        Frozen snapshot = aside(order, arrival, dataset, SnapshotNotes.Arrival.AT_ONCE);
        Guid place = snapshot.home();
        var store = pool.store();
        Received received;
        try (var undo = new Undo()) {
            undo.add(pool.driver()::sync);
            undo.add(() -> store.abandon(snapshot.guid()));
            store.begin(snapshot);
            pool.passed("receive", "intent");
            undo.add(() -> removal.destroy(snapshot));
            make(place, arrival.base(), new Charge(charged(snapshot, dataset), Optional.empty()));
            pool.compress(dataset, place);
            pool.passed("receive", "place");
            received = content(order.stream(), place, snapshot, arrival);
            DatasetName name = order.to().dataset();
            try (var _ = pool.claims().claim(List.of(name.text()), List.of())) {
                requireSame(arrival, Arrival.of(pool, arrival.header(), order.to(), order.request()));
                exchange(name, snapshot, arrival.base(), undo);
            }
        }
        return received.left();
    }

    static void requireSame(Arrival before, Arrival now) {
        if (!before.dataset().map(Filesystem::guid).equals(now.dataset().map(Filesystem::guid))
                || !before.base().map(Frozen::guid).equals(now.base().map(Frozen::guid))) {
            throw new OpException(
                    Code.CONFLICT,
                    Arrival.prefix(before.header()) + ": destination "
                            + before.to().dataset() + " has been modified\nsince most recent snapshot");
        }
    }

    /** The dataset gets the snapshot and its content. */
    void exchange(DatasetName name, Frozen snapshot, Optional<Frozen> base, Undo undo) {
        Filesystem dataset = pool.catalog().require(name);
        var store = pool.store();
        List<Filesystem> mounted = pool.tree().unmountEverywhereWithAllInside("receive", name);
        try (var mounting = new Undo()) {
            mounting.add(() -> pool.tree().mountAgain(mounted));
            pool.passed("receive", "unmounted");
            destroyNewer(dataset, base);
            List<Guid> accounts = pool.catalog().accounts(dataset);
            pool.finishing().describe(snapshot);
            store.settling(() -> pool.driver().snapshot(snapshot.id(), accounts));
            undo.keep();
            pool.catalog().forgetPartial(dataset.guid());
            pool.catalog().put(snapshot);
            store.made(snapshot.guid());
            try (var landing = new Undo()) {
                landing.add(() -> removal.bury(Doomed.of(snapshot)));
                pool.passed("receive", "snapshot");
                store.settling(() -> pool.driver().rollback(dataset.guid(), snapshot.id(), accounts));
                landing.keep();
            }
            pool.compress(dataset);
            // Before it is mounted again, also when the next step fails: then nothing is left for the next open to do.
            mounting.add(() -> settle(snapshot));
            pool.passed("receive", "exchanged");
        }
        pool.reservations().refresh();
        pool.passed("receive", "made");
    }

    /** The place where a snapshot was received goes for good before its record forgets it. */
    private void settle(Frozen snapshot) {
        pool.finishing().clear(snapshot);
        pool.store().settling(pool.driver()::sync);
        Frozen there = snapshot.withNotes(snapshot.notes().arriving(SnapshotNotes.Arrival.OVER));
        pool.store().replace(there);
        pool.finishing().describe(there);
        pool.catalog().put(there);
    }

    /** With {@code -F}: what was made after the snapshot that the stream is on top of. */
    void destroyNewer(Filesystem dataset, Optional<Frozen> base) {
        if (base.isEmpty()) {
            return;
        }
        List<Frozen> own = pool.catalog().snapshots(dataset.guid());
        var newer = new ArrayList<NodeRecord>(own.subList(own.indexOf(base.get()) + 1, own.size()));
        if (newer.isEmpty()) {
            return;
        }
        for (NodeRecord one : newer) {
            if (one instanceof Frozen snapshot) {
                removal.refuseClones(snapshot, "destroy '" + removal.name(snapshot) + "'");
                removal.refuseHolds(snapshot);
            }
        }
        removal.bury(new Doomed(newer.reversed()));
    }
}
