package zonda.zstream;

import java.time.Instant;
import java.util.Optional;
import zonda.kernel.DataFile;
import zonda.kernel.Directory;
import zonda.kernel.FileStat;

/** Files of a tree, and of the origin's. The directory of the last one stays open, since the next is often there. */
final class TreeContents implements TableSender.Contents, AutoCloseable {
    private final TableBuilder.Built built;
    private final Optional<Matching> matching;
    private final Optional<Instant> unreadBefore;
    private final LastDirectory after;
    private final Optional<LastDirectory> before;

    /** What is sent, and what it is compared with. */
    record Trees(Directory tree, Optional<Directory> origin) {}

    TreeContents(TableBuilder.Built built, Optional<Matching> matching, Optional<Instant> unreadBefore, Trees trees) {
        this.built = built;
        this.matching = matching;
        this.unreadBefore = unreadBefore;
        this.after = new LastDirectory(trees.tree());
        this.before = trees.origin().map(LastDirectory::new);
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
                .filter(FileStat::isFile)
                .flatMap(_ -> known.before().find(id))
                .flatMap(node -> before.map(tree -> tree.open(known.before().path(node)))));
    }

    @Override
    public boolean isUnchanged(long id) {
        return unreadBefore.isPresent()
                && file(id).isPresent()
                && matching.flatMap(known -> known.stat(id))
                        .map(stat -> areSame(stat, file(id).orElseThrow().stat(), unreadBefore.get()))
                        .orElse(false);
    }

    private static boolean areSame(FileStat old, FileStat now, Instant unreadBefore) {
        return old.inode() == now.inode()
                && old.size() == now.size()
                && old.changed().equals(now.changed())
                && now.changed().isBefore(unreadBefore);
    }

    @Override
    public void close() {
        after.close();
        before.ifPresent(LastDirectory::close);
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
