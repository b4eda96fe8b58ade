package zonda.zstream;

import java.io.OutputStream;
import java.util.Optional;
import zonda.kernel.DataFile;
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
     * Writes a stream.
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
        var found = TreeWalk.of(tree, options.attributes());
        TableBuilder.Built built;
        Optional<Matching> matching = Optional.empty();
        if (origin.isPresent()) {
            ObjectMap map = origin.get().map();
            TreePlan before = TreePlan.of(map.table().copy(), (_, _) -> Optional.empty());
            long next = Math.max(map.table().map().lastKey() + 1, 7);
            matching = Optional.of(Matching.of(before, origin.get().tree(), next));
            built = TableBuilder.onTopOf(map, matching.get(), found);
        } else {
            built = TableBuilder.full(found, out.words());
        }
        ObjectTable old = origin.map(from -> from.map().table()).orElseGet(() -> new ObjectTable(0));
        var contents = new TreeContents(tree, built, origin.map(SendOrigin::tree), matching, options.trustsTimes());
        try (contents) {
            Streams.send(
                    StreamHeader.Kind.FILESYSTEM,
                    options,
                    origin,
                    out,
                    new TableSender(out, old, built.table(), contents));
        }
        return new ObjectMap(StreamHeader.Kind.FILESYSTEM, options.guid(), built.table());
    }

    /** Files of a tree, and of the origin's. The directory of the last one stays open, since the next is often there. */
    private static final class TreeContents implements TableSender.Contents, AutoCloseable {
        private final TableBuilder.Built built;
        private final Optional<Matching> matching;
        private final boolean trustsTimes;
        private final LastDirectory after;
        private final Optional<LastDirectory> before;

        TreeContents(
                Directory tree,
                TableBuilder.Built built,
                Optional<Directory> origin,
                Optional<Matching> matching,
                boolean trustsTimes) {
            this.built = built;
            this.matching = matching;
            this.trustsTimes = trustsTimes;
            this.after = new LastDirectory(tree);
            this.before = origin.map(LastDirectory::new);
        }

        @Override
        public Optional<DataFile> after(long id) {
            return file(id).map(file -> after.open(file.path()));
        }

        private Optional<FoundFile> file(long id) {
            return Optional.ofNullable(built.files().get(id))
                    .filter(file -> file.stat().isFile());
        }

        @Override
        public Optional<DataFile> before(long id) {
            return matching.flatMap(known -> known.stat(id)
                    .filter(stat -> stat.isFile())
                    .flatMap(_ -> known.before().find(id))
                    .flatMap(node -> before.map(tree -> tree.open(known.before().path(node)))));
        }

        @Override
        public boolean isUnchanged(long id) {
            return trustsTimes
                    && file(id).isPresent()
                    && matching.flatMap(known -> known.stat(id))
                            .map(stat -> {
                                var now = file(id).orElseThrow().stat();
                                return stat.inode() == now.inode()
                                        && stat.size() == now.size()
                                        && stat.modified().equals(now.modified());
                            })
                            .orElse(false);
        }

        @Override
        public void close() {
            after.close();
            before.ifPresent(LastDirectory::close);
        }
    }

    private static final class LastDirectory implements AutoCloseable {
        private final Directory root;
        private String path = "";
        private Optional<Directory> open = Optional.empty();

        LastDirectory(Directory root) {
            this.root = root;
        }

        DataFile open(String file) {
            int slash = file.lastIndexOf('/');
            String wanted = slash < 0 ? "" : file.substring(0, slash);
            if (open.isEmpty() || !path.equals(wanted)) {
                close();
                open = Optional.of(root.resolve(wanted));
                path = wanted;
            }
            return open.get().readData(file.substring(slash + 1));
        }

        @Override
        public void close() {
            open.ifPresent(Directory::close);
            open = Optional.empty();
        }
    }
}
