package zonda.zstream;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import zonda.kernel.DataFile;
import zonda.kernel.Directory;
import zonda.kernel.KernelException;

/**
 * Content of a filesystem's files while a stream comes. An incremental stream changes what the tree has: then the file
 * is copied first, as a reflink where the filesystem can, and the copy is changed.
 */
final class ReceivedFiles implements ObjectIntake.Files {
    private final Staging staging;
    private final Directory root;
    private final TreePlan before;
    private final ObjectTable table;
    private final Received.Tally tally;
    private final Map<Long, Znode> finished = new HashMap<>();
    private Optional<AttributeSchema> schema = Optional.empty();
    private boolean isSchemaHopeless;
    private long size;
    /** The length that the file written to last shall have, as far as that is known. */
    private long limit;

    /** The very attributes that said so. */
    private byte[] limitOf = new byte[0];

    ReceivedFiles(Staging staging, Directory root, TreePlan before, ObjectTable table, Received.Tally tally) {
        this.staging = staging;
        this.root = root;
        this.before = before;
        this.table = table;
        this.tally = tally;
        // What came before its receive was cut short: closed, and its attributes are set when all is here.
        staging.ids().forEach(id -> finished.put(id, Znode.NONE));
    }

    /** Files whose attributes were set already, and which ones. */
    Map<Long, Znode> finished() {
        return finished;
    }

    @Override
    public void write(StoredObject object, boolean isFresh, long offset, byte[] bytes, int length) {
        try {
            DataFile file = open(object, isFresh);
            // The last block reaches beyond the file's end: that isn't written, rather than cut off later.
            int count = Math.clamp(limit - offset, 0, length);
            if (count > 0) {
                file.write(offset, bytes, 0, count, staging.buffer());
                size = Math.max(size, offset + count);
            }
            tally.bytes += count;
        } catch (KernelException e) {
            throw StreamException.host(object.id(), e);
        }
    }

    @Override
    public void free(StoredObject object, boolean isFresh, long offset, long length) {
        if (!staging.has(object.id()) && (isFresh || offset >= sizeBefore(object.id()))) {
            return; // there is nothing
        }
        try {
            DataFile file = open(object, isFresh);
            if (length < 0 || offset + length < 0 || offset + length >= size) {
                if (offset < size) {
                    file.truncate(offset);
                    size = offset;
                }
            } else if (length > 0) {
                file.punch(offset, length);
            }
        } catch (KernelException e) {
            throw StreamException.host(object.id(), e);
        }
    }

    private long sizeBefore(long id) {
        return before.find(id)
                .map(TreePlan.Node::znode)
                .filter(Znode::isFile)
                .map(Znode::size)
                .orElse(0L);
    }

    @Override
    public void discard(long id) {
        staging.discard(id);
        finished.remove(id);
    }

    private DataFile open(StoredObject object, boolean isFresh) {
        long id = object.id();
        boolean wasStaged = staging.has(id);
        DataFile file = staging.file(id, made -> begin(id, isFresh, made), this::finish);
        if (wasStaged && finished.remove(id) != null) {
            size = file.stat().size();
        }
        if (object.bonus() != limitOf) {
            limitOf = object.bonus();
            limit = known(object).map(Znode::size).orElse(Long.MAX_VALUE);
        }
        return file;
    }

    private void begin(long id, boolean isFresh, DataFile made) {
        size = 0;
        Optional<TreePlan.Node> old = isFresh ? Optional.empty() : before.find(id);
        if (old.isEmpty() || !old.get().znode().isFile()) {
            return;
        }
        TreePlan.Node node = old.get();
        String path = before.path(node);
        int slash = path.lastIndexOf('/');
        try (Directory directory = root.resolve(slash < 0 ? "" : path.substring(0, slash));
                DataFile source = directory.readData(node.name())) {
            made.copyFrom(source, staging.buffer());
            size = made.stat().size();
        }
    }

    /** The last of a file came, most likely: its attributes are set while it is open, if they are known yet. */
    void finish(long id, DataFile file) {
        finished.put(id, Znode.NONE);
        table.find(id)
                .flatMap(this::known)
                .filter(znode -> !znode.hasAttributes())
                .ifPresent(znode -> {
                    seal(file, znode, size);
                    finished.put(id, znode);
                });
    }

    /** The attributes of a file, if they can be read before the whole stream came. */
    private Optional<Znode> known(StoredObject object) {
        if (!isSchemaKnown() || object.type() != StoredObject.PLAIN_FILE) {
            return Optional.empty();
        }
        try {
            return Optional.of(Znode.of(object, schema.orElseThrow())).filter(Znode::isFile);
        } catch (StreamException e) {
            return Optional.empty(); // what is wrong is said later, when all is known
        }
    }

    /** Length, owner, mode and time of a file. */
    static void seal(DataFile file, Znode znode, long length) {
        if (length != znode.size()) {
            file.truncate(znode.size());
        }
        file.access(znode.access());
        file.modified(znode.modified());
    }

    private boolean isSchemaKnown() {
        if (schema.isEmpty() && !isSchemaHopeless) {
            try {
                schema = TreePlan.schema(table);
            } catch (StreamException e) {
                // Its objects come after the first file, which is unusual: all is done at the end then.
            }
            isSchemaHopeless = schema.isEmpty();
        }
        return schema.isPresent();
    }

    /** For attributes and old symbolic links: the beginning of what came. */
    Optional<byte[]> read(long id, int length) {
        if (!staging.has(id)) {
            return Optional.empty();
        }
        byte[] content = new byte[length];
        staging.closeOpen(this::finish);
        try (DataFile file = staging.directory().readData(Staging.file(id))) {
            file.read(0, content, 0, length, staging.buffer());
        }
        return Optional.of(content);
    }
}
