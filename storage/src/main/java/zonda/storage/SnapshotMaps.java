package zonda.storage;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Stream;
import zonda.base.Code;
import zonda.kernel.Directory;
import zonda.storage.NodeRecord.Filesystem;
import zonda.storage.NodeRecord.Frozen;
import zonda.zstream.FilesystemSender;
import zonda.zstream.ObjectMap;
import zonda.zstream.SendOptions;
import zonda.zstream.SendOrigin;
import zonda.zstream.StreamException;
import zonda.zstream.VolumeReceiver;
import zonda.zstream.VolumeSender;

/** Gives snapshots that are to be sent their maps. Threads that want one at the same time wait for each other. */
final class SnapshotMaps {
    private final Workings pool;
    private final ReentrantLock making = new ReentrantLock();

    SnapshotMaps(Workings pool) {
        this.pool = pool;
    }

    /** The map of a snapshot, made and kept when it has none. */
    ObjectMap of(Frozen snapshot) {
        making.lock();
        try {
            Optional<ObjectMap> known = pool.maps().find(snapshot.guid());
            if (known.isPresent()) {
                return known.get();
            }
            ObjectMap made = make(snapshot);
            pool.maps().save(snapshot.guid(), made);
            return made;
        } finally {
            making.unlock();
        }
    }

    private ObjectMap make(Frozen snapshot) {
        Optional<Frozen> relative = relative(snapshot);
        Filesystem dataset = pool.catalog().dataset(snapshot.dataset()).orElseThrow();
        try (Directory tree = open(snapshot)) {
            if (dataset.isVolume()) {
                int blockSize = relative.map(one ->
                                pool.maps().find(one.guid()).orElseThrow().blockSize())
                        .orElseGet(
                                () -> dataset.options().volume().orElseThrow().blockSize());
                return VolumeSender.map(
                        new VolumeReceiver.Place(tree, BtrfsDriver.DISK),
                        snapshot.identity().value(),
                        blockSize);
            }
            SendOptions options =
                    SendOptions.of(snapshot.name(), snapshot.identity().value(), snapshot.created());
            if (relative.isEmpty()) {
                return FilesystemSender.map(tree, options, Optional.empty());
            }
            return onTopOf(relative.get(), tree, options);
        }
    }

    private ObjectMap onTopOf(Frozen relative, Directory tree, SendOptions options) {
        try (Directory old = open(relative)) {
            ObjectMap map = pool.maps().find(relative.guid()).orElseThrow();
            return FilesystemSender.map(tree, options, Optional.of(new SendOrigin(map, old, relative.name())));
        } catch (StreamException e) {
            if (e.code() != Code.NOT_SUPPORTED) {
                throw e;
            }
            // Numbers of a filesystem before version 5 can't be kept, and are no use.
            return FilesystemSender.map(tree, options, Optional.empty());
        }
    }

    Directory open(Frozen snapshot) {
        return Directory.open(pool.driver().directory(snapshot.id()));
    }

    /** The nearest snapshot that has a map: an older one of the dataset, one of its origin, else a newer one. */
    private Optional<Frozen> relative(Frozen snapshot) {
        List<Frozen> own = pool.catalog().snapshots(snapshot.dataset());
        int at = own.indexOf(snapshot);
        Stream<Frozen> older = own.subList(0, Math.max(0, at)).reversed().stream();
        Stream<Frozen> newer = own.subList(at + 1, own.size()).stream();
        return Stream.of(older, origins(snapshot), newer)
                .flatMap(part -> part)
                .filter(one -> pool.maps().has(one.guid()))
                .findFirst();
    }

    private Stream<Frozen> origins(Frozen snapshot) {
        return Stream.iterate(origin(snapshot), Optional::isPresent, one -> one.flatMap(this::origin))
                .flatMap(Optional::stream)
                .limit(100);
    }

    private Optional<Frozen> origin(Frozen snapshot) {
        return pool.catalog()
                .dataset(snapshot.dataset())
                .flatMap(Filesystem::origin)
                .flatMap(pool.catalog()::snapshot);
    }
}
