package zonda.zstream;

import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;

/**
 * Takes the records of one snapshot: attributes and directories into a table of objects, content of files to whoever
 * stores it. Nothing of it is to be believed before {@link #run} returns, since only the END says that all came.
 */
final class ObjectIntake {
    private static final int NEW_STYLE = 0x80;
    private static final int NEW_STYLE_KIND = 0x1f;
    private static final int NEW_STYLE_ZAP = 4;

    /** Where content of files goes. */
    interface Files {
        /** @param isFresh whether what the object had before this stream is gone */
        void write(StoredObject object, boolean isFresh, long offset, byte[] bytes, int length);

        /** @param length -1 for all up to the end */
        void free(StoredObject object, boolean isFresh, long offset, long length);

        /** What this stream brought for the object so far is gone. */
        void discard(long id);
    }

    /** Who is told of each record that was taken. */
    interface Journal {
        /** Nobody. */
        Journal NONE = (_, _) -> {};

        /** @param isContent whether it was about a file's content, and so changed nothing in the table */
        void taken(StreamRecord record, boolean isContent);
    }

    private static final Files NOWHERE = new Files() {
        @Override
        public void write(StoredObject object, boolean isFresh, long offset, byte[] bytes, int length) {}

        @Override
        public void free(StoredObject object, boolean isFresh, long offset, long length) {}

        @Override
        public void discard(long id) {}
    };

    private final RecordReader reader;
    private final ObjectTable table;
    private final boolean tellsSpill;
    private final Files files;
    private final Set<Long> fresh = new HashSet<>();
    private boolean isContent;
    private byte[] block = new byte[128 * 1024];

    ObjectIntake(SendStream stream, ObjectTable table, Files files) {
        this(stream.reader(), stream.tellsSpill(), table, files);
    }

    private ObjectIntake(RecordReader reader, boolean tellsSpill, ObjectTable table, Files files) {
        this.reader = reader;
        this.tellsSpill = tellsSpill;
        this.table = table;
        this.files = files;
    }

    /** Takes records into the table that came before, up to where they end; content is where it was put then. */
    void replay(SendStream log) {
        var before = new ObjectIntake(log.reader(), log.tellsSpill(), table, NOWHERE);
        while (!log.atEnd()) {
            before.take(log.reader().next());
        }
        fresh.addAll(before.fresh);
    }

    /** Objects whose content before the stream is gone, or that weren't there. */
    Set<Long> fresh() {
        return fresh;
    }

    /** Reads up to the END of the snapshot. @throws StreamException when anything is wrong with it */
    void run(Journal journal) {
        while (true) {
            StreamRecord record = reader.next();
            if (record instanceof StreamRecord.End(boolean isFinal)) {
                if (isFinal) {
                    throw reader.wrong("the END has no checksum");
                }
                return;
            }
            take(record);
            journal.taken(record, isContent);
        }
    }

    private void take(StreamRecord record) {
        isContent = false;
        try {
            switch (record) {
                case StreamRecord.Dnode dnode -> object(dnode);
                case StreamRecord.FreeObjects(long first, long count) -> freeObjects(first, count);
                case StreamRecord.Write write -> write(write);
                case StreamRecord.Embedded embedded -> embedded(embedded);
                case StreamRecord.Free(long id, long offset, long length) -> free(id, offset, length);
                case StreamRecord.Spill spill -> spill(spill);
                case StreamRecord.Begin _ -> throw reader.wrong("a second BEGIN before the END");
                case StreamRecord.End _ -> throw reader.wrong("an END among what came before");
            }
        } catch (Decompression.Damaged e) {
            throw reader.wrong(about(record) + ": " + e.getMessage());
        }
    }

    private static String about(StreamRecord record) {
        return switch (record) {
            case StreamRecord.Write write -> "WRITE to object " + write.object() + " at " + write.offset();
            case StreamRecord.Embedded write -> "WRITE_EMBEDDED to object " + write.object() + " at " + write.offset();
            case StreamRecord.Spill spill -> "SPILL of object " + spill.object();
            default -> record.getClass().getSimpleName();
        };
    }

    private void object(StreamRecord.Dnode dnode) {
        long id = dnode.object();
        if (id <= 0 || id > ObjectTable.LARGEST || dnode.type() == 0) {
            throw reader.wrong(
                    "OBJECT " + Long.toUnsignedString(id) + " of type " + dnode.type() + ": there is no such object");
        }
        byte[] bonus = Arrays.copyOf(reader.payload(), dnode.bonusLength());
        if (reader.words() == Words.BIG && dnode.bonusType() == StoredObject.ZNODE) {
            // Up to where its old access control list begins, which has numbers of other widths.
            Words.swap64(bonus, 0, Math.min(bonus.length, 176));
        }
        StoredObject known = table.find(id).orElse(null);
        if (known == null) {
            fresh.add(id);
            table.put(new StoredObject(id, dnode, bonus));
            return;
        }
        long before = known.weight();
        if (known.replace(dnode, bonus)) {
            fresh.add(id);
            files.discard(id);
        }
        if (tellsSpill && (dnode.flags() & StreamRecord.OBJECT_SPILL) == 0) {
            known.spill(new byte[0]);
        }
        table.weigh(before, known);
    }

    private void freeObjects(long first, long count) {
        for (StoredObject gone : table.remove(first, count)) {
            fresh.add(gone.id());
            files.discard(gone.id());
        }
    }

    private StoredObject known(String record, long id) {
        return table.find(id)
                .orElseThrow(() -> reader.wrong(
                        record + " for object " + Long.toUnsignedString(id) + ", which the stream didn't make"));
    }

    private void write(StreamRecord.Write write) {
        StoredObject object = known("WRITE", write.object());
        if (write.compression() == 0) {
            store(object, write.offset(), reader.payload(), write.size());
            return;
        }
        room(write.size());
        Decompression.into(write.compression(), reader.payload(), write.stored(), block, write.size());
        store(object, write.offset(), block, write.size());
    }

    private void embedded(StreamRecord.Embedded write) {
        StoredObject object = known("WRITE_EMBEDDED", write.object());
        room(write.length());
        Arrays.fill(block, 0, write.length(), (byte) 0);
        Decompression.into(write.compression(), reader.payload(), write.stored(), block, write.size());
        store(object, write.offset(), block, write.length());
    }

    private void room(int size) {
        if (block.length < size) {
            block = new byte[size];
        }
    }

    private void store(StoredObject object, long offset, byte[] bytes, int length) {
        if (!object.isInline()) {
            isContent = true;
            files.write(object, fresh.contains(object.id()), offset, bytes, length);
            return;
        }
        byte[] content = Arrays.copyOf(bytes, length);
        if (reader.words() == Words.BIG && isZap(object.type())) {
            Zap.swap(content, Words.BIG);
        }
        long before = object.weight();
        object.write(offset, content);
        table.weigh(before, object);
    }

    static boolean isZap(int type) {
        return switch (type) {
            case StoredObject.DIRECTORY,
                    StoredObject.MASTER_NODE,
                    StoredObject.UNLINKED_SET,
                    StoredObject.VOLUME_PROPERTIES,
                    StoredObject.SA_MASTER,
                    StoredObject.SA_REGISTRATION,
                    StoredObject.SA_LAYOUTS -> true;
            default -> (type & NEW_STYLE) != 0 && (type & NEW_STYLE_KIND) == NEW_STYLE_ZAP;
        };
    }

    private void free(long id, long offset, long length) {
        if (offset < 0) {
            throw reader.wrong("FREE of object " + id + " at the absurd offset " + Long.toUnsignedString(offset));
        }
        StoredObject object = table.find(id).orElse(null);
        if (object == null) {
            return; // of one that is freed further on, or that the sender freed meanwhile
        }
        if (object.isInline()) {
            long before = object.weight();
            object.free(offset, length);
            table.weigh(before, object);
        } else {
            isContent = true;
            files.free(object, fresh.contains(id), offset, length);
        }
    }

    private void spill(StreamRecord.Spill spill) {
        StoredObject object = known("SPILL", spill.object());
        byte[] content = new byte[spill.size()];
        Decompression.into(spill.compression(), reader.payload(), spill.stored(), content, spill.size());
        long before = object.weight();
        object.spill(content);
        table.weigh(before, object);
    }
}
