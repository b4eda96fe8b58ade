package zonda.storage;

import java.io.InputStream;
import java.io.OutputStream;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import zonda.base.OpException;
import zonda.kernel.Blocking;
import zonda.storage.NodeRecord.Frozen;

/**
 * Snapshots of a pool as ZFS send streams: zfs-send(8) and zfs-receive(8). Streams are read and written as they go,
 * never kept. Any thread may call it; the work is done on a platform thread of its own, while the caller waits.
 */
public final class DatasetStreams {
    private final Workings pool;
    private final Sending sending;
    private final Receiving receiving;

    DatasetStreams(Workings pool, Removal removal) {
        this.pool = pool;
        this.sending = new Sending(pool);
        this.receiving = new Receiving(pool, removal);
    }

    /**
     * The snapshots that a stream would have, in its order.
     *
     * @throws zonda.base.OpException NOT_FOUND when one isn't there, INVALID when the one isn't older than the other,
     *     NOT_SUPPORTED for what only a bookmark is left of
     */
    public List<SendPart> parts(SendRequest request) {
        identify();
        return sending.view(SendPlan.of(pool.catalog(), request));
    }

    /** How many bytes each snapshot of the stream will take, nearly; in the order of {@link #parts}. */
    public List<Long> estimates(SendRequest request) {
        identify();
        SendPlan plan = SendPlan.of(pool.catalog(), request);
        return Blocking.onOwnThread("zfs-send", () -> {
            try (var _ = sending.keep(plan)) {
                return plan.parts().stream()
                        .map(part -> sending.estimate(plan, part))
                        .toList();
            }
        });
    }

    /**
     * Writes a stream. What it sends can't be destroyed meanwhile.
     *
     * @param begins is told of each snapshot before its first byte
     * @throws zonda.base.OpException as {@link #parts} does, and CONFLICT for a tree that can't be sent
     * @throws java.io.UncheckedIOException when nobody takes it any more
     */
    public void send(SendRequest request, OutputStream out, Consumer<SendPart> begins) {
        identify();
        SendPlan plan = SendPlan.of(pool.catalog(), request);
        Blocking.onOwnThread("zfs-send", () -> {
            try (var _ = sending.keep(plan)) {
                sending.send(plan, out, begins);
                return plan;
            }
        });
    }

    /**
     * Receives a stream. Each snapshot of it is there, whole, as soon as its end came, or not at all; those before it
     * stay when a later one fails.
     *
     * @throws zonda.base.OpException when it is damaged, cut off or can't be received here: in the words of zfs(8)
     */
    public void receive(ReceiveRequest request, InputStream in, ReceiveListener listener) {
        identify();
        Blocking.onOwnThread("zfs-receive", () -> {
            new ReceivedPackage(pool, receiving, request, listener).receive(in);
            return request;
        });
    }

    /**
     * Forgets what came of a snapshot whose receive was cut short; a dataset that was made for it goes, too.
     *
     * @throws OpException NOT_FOUND when nothing did
     */
    public void abort(String dataset) {
        receiving.resumable().abort(new DatasetName(dataset));
    }

    /** Whether what came stays when a stream is cut short, for who asks for that: {@code zfs receive -s}. */
    public boolean canKeepWhatCame() {
        return pool.driver().streams().isEmpty();
    }

    /** By which numbers the dataset's snapshots are known in streams. */
    public Set<Long> identities(String dataset) {
        identify();
        return pool.catalog()
                .find(new DatasetName(dataset))
                .map(found -> pool.catalog().snapshots(found.guid()).stream()
                        .map(snapshot -> snapshot.identity().value())
                        .collect(Collectors.toSet()))
                .orElse(Set.of());
    }

    /** By which number a snapshot is known in streams. */
    public OptionalLong identity(String snapshot) {
        identify();
        return pool.catalog()
                .find(SnapshotName.parse(snapshot))
                .map(found -> OptionalLong.of(found.identity().value()))
                .orElse(OptionalLong.empty());
    }

    /** The token that the sender needs for the rest of a snapshot whose receive was cut short. */
    public Optional<String> rest(String dataset) {
        return pool.catalog()
                .find(new DatasetName(dataset))
                .flatMap(found -> pool.catalog().partial(found.guid()))
                .map(partial -> partial.token().text());
    }

    /** Where the driver has streams of its own, a snapshot has an identity in them before this service knows it. */
    private void identify() {
        pool.driver().streams().ifPresent(own -> {
            Map<Guid, Long> identities = own.identities();
            List<Frozen> learned = pool.catalog().snapshotGuids().stream()
                    .flatMap(guid -> pool.catalog().snapshot(guid).stream())
                    .filter(one -> one.notes().streamed().isEmpty())
                    .flatMap(one -> Optional.ofNullable(identities.get(one.guid())).flatMap(Guid::of).stream()
                            .map(identity -> one.withNotes(one.notes().streamed(identity))))
                    .toList();
            if (!learned.isEmpty()) {
                pool.change("identify", learned);
            }
        });
    }
}
