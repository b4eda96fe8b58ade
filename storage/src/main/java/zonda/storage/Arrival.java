package zonda.storage;

import java.util.List;
import java.util.Optional;
import zonda.base.Code;
import zonda.base.OpException;
import zonda.storage.NodeRecord.Filesystem;
import zonda.storage.NodeRecord.Frozen;
import zonda.zstream.StreamHeader;

/**
 * One snapshot of a stream and what it meets here: whether the two fit, in the words of zfs(8).
 *
 * @param to the name that it gets
 * @param dataset what is there of the name; empty for a new one
 * @param base the snapshot that it is incremental to
 */
record Arrival(StreamHeader header, SnapshotName to, Optional<Filesystem> dataset, Optional<Frozen> base) {
    /** Looks at the pool as it is now. @throws OpException when the stream can't be received here */
    static Arrival of(Workings pool, StreamHeader header, SnapshotName to, ReceiveRequest request) {
        Optional<Filesystem> dataset = pool.catalog().find(to.dataset());
        String prefix = prefix(header);
        Optional<Frozen> base = dataset.isEmpty()
                ? ofNew(pool, header, to, request)
                : header.isIncremental()
                        ? Optional.of(ofExisting(pool, header, to, dataset.get(), request.force()))
                        : Optional.empty();
        if (dataset.isPresent()) {
            Filesystem there = dataset.get();
            if (!header.isIncremental()) {
                refuseOverwriting(pool, to, there, request.force(), prefix);
            }
            if (there.isVolume() != (header.kind() == StreamHeader.Kind.VOLUME)) {
                throw new OpException(
                        Code.CONFLICT,
                        prefix + ": destination '" + to.dataset() + "' is a " + Removal.kind(there)
                                + ", and the stream that of a " + header.kind().label());
            }
            if (pool.catalog().find(to).isPresent()) {
                throw new OpException(Code.CONFLICT, prefix + ": destination already exists");
            }
        }
        return new Arrival(header, to, dataset, base);
    }

    /** How messages about it begin. */
    static String prefix(StreamHeader header) {
        if (header.resume().isPresent()) {
            return "cannot receive resume stream";
        }
        return header.isIncremental() ? "cannot receive incremental stream" : "cannot receive new filesystem stream";
    }

    private static Optional<Frozen> ofNew(Workings pool, StreamHeader header, SnapshotName to, ReceiveRequest request) {
        String prefix = prefix(header);
        DatasetName parent = to.dataset()
                .parent()
                .orElseThrow(() -> new OpException(
                        Code.NOT_FOUND, prefix + ": destination '" + to.dataset() + "' does not exist"));
        Filesystem above = pool.catalog()
                .find(parent)
                .orElseThrow(() -> new OpException(
                        Code.NOT_FOUND, prefix + ": destination '" + to.dataset() + "' does not exist"));
        if (above.isVolume()) {
            throw new OpException(Code.INVALID, prefix + ": parent '" + parent + "' is not a filesystem");
        }
        if (!header.isIncremental()) {
            return Optional.empty();
        }
        if (request.origin().isPresent()) {
            Frozen origin =
                    pool.catalog().require(SnapshotName.parse(request.origin().get()));
            if (origin.identity().value() != header.fromGuid()) {
                throw new OpException(
                        Code.CONFLICT, prefix + ": local origin for clone " + to + " does not match the stream's");
            }
            return Optional.of(origin);
        }
        if (!header.isClone()) {
            throw new OpException(Code.NOT_FOUND, prefix + ": destination '" + to.dataset() + "' does not exist");
        }
        return Optional.of(identified(pool, header.fromGuid()).stream()
                .findFirst()
                .orElseThrow(() -> new OpException(
                        Code.NOT_FOUND, "cannot receive: local origin for clone " + to + " does not exist")));
    }

    private static List<Frozen> identified(Workings pool, long guid) {
        return Guid.of(guid).map(pool.catalog()::byIdentity).orElse(List.of());
    }

    private static void refuseOverwriting(
            Workings pool, SnapshotName to, Filesystem dataset, boolean force, String prefix) {
        if (!force) {
            throw new OpException(
                    Code.CONFLICT,
                    prefix + ": destination '" + to.dataset() + "' exists\nmust specify -F to overwrite it");
        }
        List<Frozen> snapshots = pool.catalog().snapshots(dataset.guid());
        if (!snapshots.isEmpty()) {
            throw new OpException(
                    Code.CONFLICT,
                    prefix + ": destination has snapshots (eg. " + to.dataset() + "@"
                            + snapshots.getFirst().name() + ")\nmust destroy them to overwrite it");
        }
        if (dataset.origin().isPresent()) {
            throw new OpException(
                    Code.CONFLICT,
                    prefix + ": destination '" + to.dataset() + "' is a clone\nmust destroy it to overwrite it");
        }
    }

    /** The snapshot that the stream is on top of: the newest, unless what is newer may go. */
    private static Frozen ofExisting(
            Workings pool, StreamHeader header, SnapshotName to, Filesystem dataset, boolean force) {
        String prefix = prefix(header);
        List<Frozen> own = pool.catalog().snapshots(dataset.guid());
        Frozen base = own.reversed().stream()
                .filter(one -> one.identity().value() == header.fromGuid())
                .findFirst()
                .orElseThrow(() -> new OpException(
                        Code.CONFLICT,
                        prefix + ": most recent snapshot of " + to.dataset() + " does not\nmatch incremental source"));
        boolean isModified = !own.getLast().equals(base) || pool.driver().isModifiedSince(dataset.guid(), base.id());
        if (isModified && !force) {
            throw new OpException(
                    Code.CONFLICT,
                    prefix + ": destination " + to.dataset() + " has been modified\nsince most recent snapshot");
        }
        return base;
    }

    boolean isVolume() {
        return header.kind() == StreamHeader.Kind.VOLUME;
    }
}
