package zonda.zstream;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.List;

/** Writes a stream of the little byte order as a machine of the big one would have sent it. */
final class StreamTurner {
    private StreamTurner() {}

    static byte[] turn(byte[] stream) {
        // The registry and layouts come somewhere in the stream, and are needed to turn attributes.
        var table = new ObjectTable(1L << 32);
        try (var first = SendStream.open(new ByteArrayInputStream(stream))) {
            first.next();
            new ObjectIntake(first, table, NOWHERE).run(ObjectIntake.Journal.NONE);
        } catch (StreamException e) {
            throw new AssertionError("a full stream was expected, or one that needs no more than its own", e);
        }
        AttributeSchema schema =
                table.find(1).isPresent() && !table.get(1).blocks().isEmpty()
                        ? TreePlan.schema(table).orElseThrow()
                        : remembered;
        remembered = schema;
        var out = new ByteArrayOutputStream();
        var reader = new RecordReader(new ByteArrayInputStream(stream));
        var writer = new RecordWriter(out, Words.BIG);
        var types = new java.util.HashMap<Long, Integer>();
        while (true) {
            switch (reader.next()) {
                case StreamRecord.Begin begin -> writer.begin(begin, new byte[0]);
                case StreamRecord.Dnode dnode -> {
                    types.put(dnode.object(), dnode.type());
                    byte[] bonus = Arrays.copyOf(reader.payload(), dnode.bonusLength());
                    writer.object(dnode, dnode.bonusType() == StoredObject.SA ? turn(bonus, schema) : bonus);
                }
                case StreamRecord.Write write -> {
                    byte[] content = Arrays.copyOf(reader.payload(), write.size());
                    int type = types.getOrDefault(write.object(), StoredObject.PLAIN_FILE);
                    if (ObjectIntake.isZap(type)) {
                        Zap.swap(content, Words.LITTLE);
                    }
                    writer.write(write.object(), type, write.offset(), content, content.length);
                }
                case StreamRecord.Spill spill ->
                    writer.spill(spill.object(), turn(Arrays.copyOf(reader.payload(), spill.size()), schema));
                case StreamRecord.Free free -> writer.free(free.object(), free.offset(), free.length());
                case StreamRecord.FreeObjects free -> writer.freeObjects(free.first(), free.count());
                case StreamRecord.Embedded embedded -> throw new AssertionError(embedded);
                case StreamRecord.End _ -> {
                    writer.end();
                    return out.toByteArray();
                }
            }
        }
    }

    /** An incremental stream may not have the layouts: those of the stream before hold. */
    private static AttributeSchema remembered = AttributeSchema.none();

    private static byte[] turn(byte[] attributes, AttributeSchema schema) {
        byte[] turned = attributes.clone();
        int info = Words.LITTLE.u16(attributes, 4);
        Words.swap32(turned, 0);
        Words.swap16(turned, 4);
        int at = Math.max(8, (info >>> 10) * 8);
        int field = 6;
        List<Integer> layout =
                Arrays.stream(schema.layouts().get(info & 0x3ff)).boxed().toList();
        for (int number : layout) {
            AttributeSchema.Registered attribute = schema.registry().get(number);
            int length = attribute.length();
            if (length == 0) {
                length = Words.LITTLE.u16(attributes, field);
                Words.swap16(turned, field);
                field += 2;
            }
            byte[] value = Arrays.copyOfRange(attributes, at, at + length);
            System.arraycopy(AttributeSchema.swapped(attribute, value, Words.LITTLE), 0, turned, at, length);
            at += (length + 7) & ~7;
        }
        return turned;
    }

    static final ObjectIntake.Files NOWHERE = new ObjectIntake.Files() {
        @Override
        public void write(StoredObject object, boolean isFresh, long offset, byte[] bytes, int length) {
            // content isn't wanted
        }

        @Override
        public void free(StoredObject object, boolean isFresh, long offset, long length) {
            // content isn't wanted
        }

        @Override
        public void discard(long id) {
            // content isn't wanted
        }
    };
}
