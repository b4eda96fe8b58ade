package zonda.zstream;

import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import zonda.kernel.DataFile;
import zonda.kernel.IoBuffer;

/**
 * Writes what makes one set of objects into another: objects in the order of their numbers, of each what changed. From
 * an empty set, that is a full stream.
 */
final class TableSender {
    private static final int NO_LENGTH = -1;
    /** SPA_OLD_MAXBLOCKSIZE. */
    private static final int SMALL_BLOCK = 128 * 1024;

    private final RecordWriter out;
    private final ObjectTable before;
    private final ObjectTable after;
    private final Contents contents;
    private final boolean isEstimate;
    private final IoBuffer buffer = IoBuffer.of(1 << 20);
    private Optional<ResumePoint> resumed = Optional.empty();
    private byte[] fresh = new byte[0];
    private byte[] old = new byte[0];

    /** Where the content of files is read. */
    interface Contents {
        /** The file as it is; empty when there is nothing to read. */
        Optional<DataFile> after(long id);

        /** The file in the origin; empty when it wasn't there. */
        Optional<DataFile> before(long id);

        /** Whether it is known to be equal without being read. */
        boolean isUnchanged(long id);
    }

    /** @param isEstimate whether blocks are counted instead of read: the stream is of no use then */
    TableSender(RecordWriter out, ObjectTable before, ObjectTable after, Contents contents, boolean isEstimate) {
        this.out = out;
        this.before = before;
        this.after = after;
        this.contents = contents;
        this.isEstimate = isEstimate;
    }

    /** What a receiver must be able to do, bits of {@link Feature}. */
    long features() {
        boolean hasLarge = after.all().stream().anyMatch(object -> object.blockSize() > SMALL_BLOCK);
        boolean hasSlots = after.all().stream().anyMatch(object -> object.slots() > 1);
        return (hasLarge ? Feature.LARGE_BLOCKS.mask() : 0) | (hasSlots ? Feature.LARGE_DNODE.mask() : 0);
    }

    /** @param resume where to begin when what is before was sent already */
    void run(Optional<ResumePoint> resume) {
        resumed = resume;
        long first = resume.map(ResumePoint::object).orElse(0L);
        SortedSet<Long> ids = new TreeSet<>(before.map().tailMap(first).keySet());
        ids.addAll(after.map().tailMap(first).keySet());
        long freed = 0;
        long count = 0;
        for (long id : ids) {
            StoredObject object = after.find(id).orElse(null);
            if (object == null) {
                if (count > 0 && freed + count == id) {
                    count++;
                } else {
                    free(freed, count);
                    freed = id;
                    count = 1;
                }
                continue;
            }
            free(freed, count);
            count = 0;
            send(new Change(before.find(id), object));
        }
        free(freed, count);
    }

    /** What of an object's content was sent already. */
    private long sent(long id) {
        return resumed.filter(point -> point.object() == id)
                .map(ResumePoint::offset)
                .orElse(0L);
    }

    private void free(long first, long count) {
        if (count > 0) {
            out.freeObjects(first, count);
        }
    }

    /** An object as it was and as it is. */
    private record Change(Optional<StoredObject> old, StoredObject object) {
        /** Whether a receiver has no content of it that it could keep. */
        boolean isFresh() {
            return old.map(before -> before.blockSize() != object.blockSize()
                            || before.type() != object.type()
                            || before.isInline() != object.isInline())
                    .orElse(true);
        }

        boolean isDnodeChanged() {
            return isFresh()
                    || old.map(before -> before.bonusType() != object.bonusType()
                                    || !Arrays.equals(before.bonus(), object.bonus())
                                    || !Arrays.equals(before.spill(), object.spill()))
                            .orElse(true);
        }
    }

    /** Writes the dnode before the first thing that is said of it, and once. */
    private final class Head {
        private final Change change;
        private boolean isWritten;

        Head(Change change) {
            this.change = change;
        }

        void need() {
            if (isWritten) {
                return;
            }
            isWritten = true;
            StoredObject object = change.object();
            StreamRecord.Dnode dnode = object.dnode();
            boolean hasSpill = object.spill().length > 0;
            out.object(
                    new StreamRecord.Dnode(
                            dnode.object(),
                            dnode.type(),
                            dnode.bonusType(),
                            dnode.blockSize(),
                            dnode.bonusLength(),
                            dnode.slots(),
                            hasSpill ? StreamRecord.OBJECT_SPILL : 0),
                    object.bonus());
            if (hasSpill) {
                out.spill(object.id(), object.spill());
            }
        }
    }

    private void send(Change change) {
        var head = new Head(change);
        if (change.isDnodeChanged()) {
            head.need();
        }
        if (change.object().isInline()) {
            blocks(change, head);
        } else if (!contents.isUnchanged(change.object().id()) || change.isFresh()) {
            file(change, head);
        }
    }

    private void blocks(Change change, Head head) {
        StoredObject object = change.object();
        Map<Long, byte[]> known =
                change.isFresh() ? Map.of() : change.old().orElseThrow().blocks();
        object.blocks().tailMap(sent(object.id())).forEach((offset, block) -> {
            if (!Arrays.equals(block, known.get(offset))) {
                head.need();
                out.write(object.id(), object.type(), offset, ordered(object, block), block.length);
            }
        });
        known.keySet().stream()
                .filter(offset -> !object.blocks().containsKey(offset))
                .forEach(offset -> {
                    head.need();
                    out.free(object.id(), offset, object.blockSize());
                });
    }

    private byte[] ordered(StoredObject object, byte[] block) {
        if (out.words() == Words.LITTLE || !ObjectIntake.isZap(object.type())) {
            return block;
        }
        byte[] turned = block.clone();
        Zap.swap(turned, Words.LITTLE);
        return turned;
    }

    private void file(Change change, Head head) {
        long id = change.object().id();
        Optional<DataFile> opened = contents.after(id);
        if (opened.isEmpty()) {
            return;
        }
        Optional<DataFile> known = change.isFresh() ? Optional.empty() : contents.before(id);
        try (DataFile file = opened.get()) {
            if (known.isEmpty()) {
                whole(change.object(), file, head);
                return;
            }
            try (DataFile origin = known.get()) {
                difference(change.object(), file, origin, head);
            }
        }
    }

    private void whole(StoredObject object, DataFile file, Head head) {
        int size = object.blockSize();
        room(size);
        var data = file.nextData(sent(object.id()));
        while (data.isPresent()) {
            long offset = data.getAsLong() / size * size;
            read(file, offset, fresh, size);
            if (isEstimate || !Zeros.are(fresh, size)) {
                head.need();
                out.write(object.id(), object.type(), offset, fresh, size);
            }
            data = file.nextData(offset + size);
        }
    }

    private void difference(StoredObject object, DataFile file, DataFile origin, Head head) {
        int size = object.blockSize();
        room(size);
        long length = file.stat().size();
        long oldLength = origin.stat().size();
        long end = (length + size - 1) / size * size;
        if (end < oldLength) {
            head.need();
            out.free(object.id(), end, NO_LENGTH);
        }
        long offset = next(file, origin, sent(object.id()), size);
        while (offset < end) {
            read(file, offset, fresh, size);
            read(origin, offset, old, size);
            if (isEstimate || !Arrays.equals(fresh, 0, size, old, 0, size)) {
                head.need();
                if (!isEstimate && Zeros.are(fresh, size)) {
                    out.free(object.id(), offset, size);
                } else {
                    out.write(object.id(), object.type(), offset, fresh, size);
                }
            }
            offset = next(file, origin, offset + size, size);
        }
    }

    /** The next block that isn't a hole in both. */
    private static long next(DataFile file, DataFile origin, long from, int size) {
        long one = file.nextData(from).orElse(Long.MAX_VALUE);
        long other = one == from ? from : origin.nextData(from).orElse(Long.MAX_VALUE);
        return Math.min(one, other) / size * size;
    }

    private void room(int size) {
        if (fresh.length < size) {
            fresh = new byte[size];
            old = new byte[size];
        }
    }

    private void read(DataFile file, long offset, byte[] into, int size) {
        if (isEstimate) {
            return;
        }
        int got = file.read(offset, into, 0, size, buffer);
        Arrays.fill(into, got, size, (byte) 0);
    }
}
