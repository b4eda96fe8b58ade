package zonda.zstream;

import java.io.OutputStream;
import java.util.List;
import java.util.Optional;
import zonda.kernel.Directory;

/**
 * Makes a ZFS send stream of a tree of files, which nobody changes meanwhile: a snapshot. ZFS receives it, and so does
 * {@link FilesystemReceiver}.
 *
 * <p>It makes long series of calls to the filesystem: use it on a platform thread.
 */
public final class FilesystemSender {
    private FilesystemSender() {}

    /**
     * Writes a stream of a tree that has no map yet.
     *
     * @param origin for an incremental one
     * @param out is flushed, and not closed
     * @return the map of what was sent, which the next incremental stream needs
     * @throws StreamException CONFLICT for a tree that can't be sent, NOT_SUPPORTED for an origin before version 5
     * @throws java.io.UncheckedIOException when the stream can't be written
     */
    public static ObjectMap send(Directory tree, SendOptions options, Optional<SendOrigin> origin, OutputStream out) {
        return send(tree, options, origin, new RecordWriter(out, Words.LITTLE));
    }

    static ObjectMap send(Directory tree, SendOptions options, Optional<SendOrigin> origin, RecordWriter out) {
        Optional<Matching> matching = origin.map(FilesystemSender::matching);
        TableBuilder.Built built = build(tree, options, origin, matching, out.words());
        stream(new Job(tree, built, origin, matching), options, out, false);
        return new ObjectMap(StreamHeader.Kind.FILESYSTEM, options.guid(), built.table());
    }

    /**
     * The map of a tree that has none yet.
     *
     * @param origin some snapshot whose numbers are kept: the nearest one makes the smallest streams
     * @throws StreamException as {@link #send(Directory, SendOptions, Optional, OutputStream)} does
     */
    public static ObjectMap map(Directory tree, SendOptions options, Optional<SendOrigin> origin) {
        TableBuilder.Built built = build(tree, options, origin, origin.map(FilesystemSender::matching), Words.LITTLE);
        return new ObjectMap(StreamHeader.Kind.FILESYSTEM, options.guid(), built.table());
    }

    /**
     * Writes a stream of a tree that has a map, be it that it was received or sent before: its objects are those of the
     * map, so whoever else has this snapshot has the same numbers.
     *
     * @param map of the tree
     * @param origin for an incremental stream: any snapshot of the same kind, whatever it has to do with the tree
     * @throws StreamException CONFLICT when the tree isn't that of the map
     */
    public static void send(
            Directory tree, ObjectMap map, SendOptions options, Optional<SendOrigin> origin, OutputStream out) {
        origin.ifPresent(from -> requireSameForm(map, from.map()));
        var known = new TableBuilder.Built(map.table(), Found.files(tree, map, options.attributes()));
        var job = new Job(tree, known, origin, origin.map(FilesystemSender::matching));
        stream(job, options, new RecordWriter(out, Words.LITTLE), false);
    }

    /** How long such a stream would be, without reading the content of files: those that changed count whole. */
    public static long estimate(Directory tree, ObjectMap map, SendOptions options, Optional<SendOrigin> origin) {
        var known = new TableBuilder.Built(map.table(), Found.files(tree, map, options.attributes()));
        var out = new RecordWriter(OutputStream.nullOutputStream(), Words.LITTLE);
        stream(new Job(tree, known, origin, origin.map(FilesystemSender::matching)), options, out, true);
        return out.offset();
    }

    private static void requireSameForm(ObjectMap map, ObjectMap origin) {
        if (hasAttributes(map) != hasAttributes(origin)) {
            throw StreamException.refused("the origin is a filesystem before version 5, and nothing incremental to it "
                    + "can be made here; send it whole");
        }
    }

    private static boolean hasAttributes(ObjectMap map) {
        return Zap.numbers(map.table().get(1)).containsKey("SA_ATTRS");
    }

    private static Matching matching(SendOrigin origin) {
        ObjectMap map = origin.map();
        TreePlan before = TreePlan.of(map.table().copy(), (_, _) -> Optional.empty());
        return Matching.of(before, origin.tree(), Math.max(map.table().map().lastKey() + 1, 7));
    }

    private static TableBuilder.Built build(
            Directory tree,
            SendOptions options,
            Optional<SendOrigin> origin,
            Optional<Matching> matching,
            Words words) {
        List<FoundFile> found = TreeWalk.of(tree, options.attributes());
        return origin.isPresent()
                ? TableBuilder.onTopOf(origin.get().map(), matching.orElseThrow(), found)
                : TableBuilder.full(found, words);
    }

    /** What is sent, and from where. */
    private record Job(
            Directory tree, TableBuilder.Built built, Optional<SendOrigin> origin, Optional<Matching> matching) {}

    private static void stream(Job job, SendOptions options, RecordWriter out, boolean isEstimate) {
        ObjectTable old = job.origin().map(from -> from.map().table()).orElseGet(() -> new ObjectTable(0));
        var contents = new TreeContents(
                job.built(),
                job.matching(),
                options.unreadBefore(),
                new TreeContents.Trees(job.tree(), job.origin().map(SendOrigin::tree)));
        try (contents) {
            Streams.send(
                    StreamHeader.Kind.FILESYSTEM,
                    options,
                    job.origin(),
                    out,
                    new TableSender(out, old, job.built().table(), contents, isEstimate));
        }
    }
}
