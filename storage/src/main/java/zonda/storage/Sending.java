package zonda.storage;

import java.io.OutputStream;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;
import zonda.kernel.Directory;
import zonda.storage.NodeRecord.Frozen;
import zonda.zstream.FilesystemSender;
import zonda.zstream.ObjectMap;
import zonda.zstream.ResumePoint;
import zonda.zstream.ResumeToken;
import zonda.zstream.SendOptions;
import zonda.zstream.SendOrigin;
import zonda.zstream.StreamHeader;
import zonda.zstream.StreamPackage;
import zonda.zstream.VolumeReceiver;
import zonda.zstream.VolumeSender;

/** Makes streams of snapshots: zfs-send(8). Runs on its caller's thread, a platform one. */
final class Sending {
    /** Within this long of a snapshot, a file can change without a change of its time. */
    private static final Duration TICK = Duration.ofSeconds(1);

    private final Workings pool;
    private final SnapshotMaps maps;

    Sending(Workings pool) {
        this.pool = pool;
        this.maps = new SnapshotMaps(pool);
    }

    /** The snapshots of the plan can't be destroyed until it is closed. */
    InUse.Use keep(SendPlan plan) {
        return pool.inUse()
                .use(plan.parts().stream()
                        .flatMap(part -> Stream.concat(Stream.of(part.snapshot()), part.from().stream()))
                        .map(Frozen::guid)
                        .toList());
    }

    private static void send(PoolDriver.OwnStreams own, SendPlan plan, SendPlan.Part part, OutputStream out) {
        if (plan.request().rest().isPresent()) {
            own.sendRest(plan.request().rest().get(), out);
        } else {
            own.send(part.snapshot().id(), part.from().map(Frozen::id), out);
        }
    }

    /** Writes the whole stream. @param begins is told of each snapshot before the first byte of it */
    void send(SendPlan plan, OutputStream out, Consumer<SendPart> begins) {
        Optional<PoolDriver.OwnStreams> own = pool.driver().streams();
        if (plan.request().isPackage()) {
            StreamPackage.begin(out, plan.request().to(), plan.list(pool.catalog()));
        }
        for (SendPlan.Part part : plan.parts()) {
            begins.accept(plan.view(pool.catalog(), part));
            if (own.isPresent()) {
                send(own.get(), plan, part, out);
            } else {
                each(part, new Written(out), resume(plan));
            }
        }
        if (plan.request().isPackage()) {
            StreamPackage.end(out);
        }
    }

    /** How long the stream of one snapshot will be, nearly. */
    long estimate(SendPlan plan, SendPlan.Part part) {
        Optional<PoolDriver.OwnStreams> own = pool.driver().streams();
        if (own.isEmpty()) {
            return each(part, new Counted(), resume(plan));
        }
        return plan.request()
                .rest()
                .map(own.get()::estimateRest)
                .orElseGet(() ->
                        own.get().estimate(part.snapshot().id(), part.from().map(Frozen::id)));
    }

    private static Optional<ResumePoint> resume(SendPlan plan) {
        return plan.request().rest().map(ResumeToken::point);
    }

    /** What is done with a snapshot's tree, or its volume. */
    private interface Purpose {
        long filesystem(Directory tree, ObjectMap map, SendOptions options, Optional<SendOrigin> origin);

        long volume(VolumeReceiver.Place place, ObjectMap map, SendOptions options, Optional<SendOrigin> origin);
    }

    private record Written(OutputStream out) implements Purpose {
        @Override
        public long filesystem(Directory tree, ObjectMap map, SendOptions options, Optional<SendOrigin> origin) {
            FilesystemSender.send(tree, map, options, origin, out);
            return 0;
        }

        @Override
        public long volume(
                VolumeReceiver.Place place, ObjectMap map, SendOptions options, Optional<SendOrigin> origin) {
            VolumeSender.send(place, map, options, origin, out);
            return 0;
        }
    }

    private record Counted() implements Purpose {
        @Override
        public long filesystem(Directory tree, ObjectMap map, SendOptions options, Optional<SendOrigin> origin) {
            return FilesystemSender.estimate(tree, map, options, origin);
        }

        @Override
        public long volume(
                VolumeReceiver.Place place, ObjectMap map, SendOptions options, Optional<SendOrigin> origin) {
            return VolumeSender.estimate(place, map, options, origin);
        }
    }

    private long each(SendPlan.Part part, Purpose purpose, Optional<ResumePoint> resume) {
        SendOptions options = resume.map(options(part)::resumedAt).orElseGet(() -> options(part));
        // The origin's first: the other is made to fit it.
        Optional<ObjectMap> from = part.from().map(maps::of);
        if (from.isEmpty()) {
            return each(part.snapshot(), purpose, options, Optional.empty());
        }
        Frozen origin = part.from().orElseThrow();
        try (Directory tree = maps.open(origin)) {
            return each(
                    part.snapshot(), purpose, options, Optional.of(new SendOrigin(from.get(), tree, origin.name())));
        }
    }

    private long each(Frozen snapshot, Purpose purpose, SendOptions options, Optional<SendOrigin> origin) {
        ObjectMap map = maps.of(snapshot);
        try (Directory tree = maps.open(snapshot)) {
            return map.kind() == StreamHeader.Kind.VOLUME
                    ? purpose.volume(new VolumeReceiver.Place(tree, BtrfsDriver.DISK), map, options, origin)
                    : purpose.filesystem(tree, map, options, origin);
        }
    }

    private SendOptions options(SendPlan.Part part) {
        Frozen snapshot = part.snapshot();
        SendOptions options = SendOptions.of(
                SendPlan.name(pool.catalog(), snapshot), snapshot.identity().value(), snapshot.created());
        if (part.from()
                .filter(from -> !from.dataset().equals(snapshot.dataset()))
                .isPresent()) {
            options = options.ofClone();
        }
        return part.from().map(this::unreadBefore).map(options::unreadBefore).orElse(options);
    }

    /** A received snapshot has its sender's time; its dataset was not in anybody's hands at that moment. */
    private Instant unreadBefore(Frozen origin) {
        return origin.notes().streamed().isPresent()
                ? Instant.MAX
                : origin.created().minus(TICK);
    }

    List<SendPart> view(SendPlan plan) {
        return plan.parts().stream()
                .map(part -> plan.view(pool.catalog(), part))
                .toList();
    }
}
