package zonda.zstream;

import java.util.Optional;

/** What is around the objects of a stream. */
final class Streams {
    private Streams() {}

    /** @throws StreamException CONFLICT when the origin isn't of this kind, or is the snapshot itself */
    static void send(
            StreamHeader.Kind kind,
            SendOptions options,
            Optional<SendOrigin> origin,
            RecordWriter out,
            TableSender objects) {
        long from = origin.map(SendOrigin::map).map(ObjectMap::guid).orElse(0L);
        origin.ifPresent(given -> check(kind, options, given.map()));
        var names = new StreamRecord.StreamNames(
                options.guid(), from, options.toName(), options.created().getEpochSecond());
        if (options.properties().isPresent()) {
            out.properties(
                    new StreamRecord.Begin(
                            StreamRecord.COMPOUND, 0, 0, 0, new StreamRecord.StreamNames(0, 0, options.toName(), 0)),
                    options.compound(origin.map(SendOrigin::snapshot)));
        }
        long features = objects.features() | (kind == StreamHeader.Kind.FILESYSTEM ? Feature.SPILL.mask() : 0);
        int flags = (kind == StreamHeader.Kind.FILESYSTEM ? StreamRecord.FLAG_SPILL_BLOCK : 0)
                | (options.isClone() ? StreamRecord.FLAG_CLONE : 0);
        features |= options.resume().isPresent() ? Feature.RESUMING.mask() : 0;
        out.begin(
                new StreamRecord.Begin(StreamRecord.SUBSTREAM, features, kind.number(), flags, names),
                options.resume().map(ResumePoint::list).map(NvNative::encode).orElse(new byte[0]));
        objects.run(options.resume());
        out.end();
        if (options.properties().isPresent()) {
            out.finalEnd();
        }
        out.flush();
    }

    private static void check(StreamHeader.Kind kind, SendOptions options, ObjectMap map) {
        if (map.kind() != kind) {
            throw StreamException.conflict(options.toName() + " is a " + kind.label() + ", and its origin is a "
                    + map.kind().label());
        }
        if (map.guid() == options.guid()) {
            throw StreamException.conflict(options.toName() + " has the guid of its origin");
        }
    }
}
