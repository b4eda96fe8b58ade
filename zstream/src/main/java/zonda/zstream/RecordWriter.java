package zonda.zstream;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Writes the records of a stream with their checksums. Confined to its caller, who closes the output. */
final class RecordWriter {
    private static final int NAME_SIZE = 256;
    /** ZIO_CHECKSUM_FLETCHER_4: what a block's checksum was on the sender's disk. */
    private static final byte FLETCHER_4 = 7;

    private final OutputStream out;
    private final Words words;
    private final Fletcher4 checksum = new Fletcher4();
    private final byte[] header = new byte[StreamRecord.SIZE];
    private long guid;
    private long offset;

    RecordWriter(OutputStream out, Words words) {
        this.out = out;
        this.words = words;
    }

    Words words() {
        return words;
    }

    long offset() {
        return offset;
    }

    private void record(int type, byte[] payload, int length) {
        words.put32(header, 0, type);
        if (type == StreamRecord.T_BEGIN) {
            words.put32(header, 4, length);
            checksum.reset();
            checksum.add(words, header, 0, StreamRecord.SIZE);
        } else {
            checksum.add(words, header, 0, StreamRecord.CHECKSUM);
            checksum.sum().write(words, header, StreamRecord.CHECKSUM);
            checksum.add(words, header, StreamRecord.CHECKSUM, StreamRecord.SIZE - StreamRecord.CHECKSUM);
        }
        checksum.add(words, payload, 0, length);
        emit(payload, length);
    }

    private void emit(byte[] payload, int length) {
        try {
            out.write(header);
            out.write(payload, 0, length);
        } catch (IOException e) {
            throw new UncheckedIOException("write the ZFS stream: " + e.getMessage(), e);
        }
        offset += StreamRecord.SIZE + length;
        Arrays.fill(header, (byte) 0);
    }

    private static final byte[] NOTHING = new byte[0];

    /** @param payload a list of names and values; its length is a multiple of 4 */
    void begin(StreamRecord.Begin begin, byte[] payload) {
        guid = begin.names().toGuid();
        words.put64(header, 8, StreamRecord.MAGIC);
        words.put64(header, 16, begin.headerType() | begin.features() << 2);
        words.put64(header, 24, begin.names().created());
        words.put32(header, 32, begin.type());
        words.put32(header, 36, begin.flags());
        words.put64(header, 40, guid);
        words.put64(header, 48, begin.names().fromGuid());
        byte[] name = begin.names().toName().getBytes(StandardCharsets.UTF_8);
        System.arraycopy(name, 0, header, 56, Math.min(name.length, NAME_SIZE - 1));
        record(StreamRecord.T_BEGIN, payload, payload.length);
    }

    /** What precedes the snapshots of a compound stream. */
    void properties(StreamRecord.Begin begin, NvList properties) {
        begin(begin, properties.encode());
        words.put32(header, 0, StreamRecord.T_END);
        checksum.sum().write(words, header, 8);
        emit(NOTHING, 0);
    }

    /** The end of a compound stream, which has no checksum. */
    void finalEnd() {
        words.put32(header, 0, StreamRecord.T_END);
        emit(NOTHING, 0);
    }

    void flush() {
        try {
            out.flush();
        } catch (IOException e) {
            throw new UncheckedIOException("write the ZFS stream: " + e.getMessage(), e);
        }
    }

    void end() {
        checksum.sum().write(words, header, 8);
        words.put64(header, 40, guid);
        record(StreamRecord.T_END, NOTHING, 0);
    }

    void object(StreamRecord.Dnode dnode, byte[] bonus) {
        words.put64(header, 8, dnode.object());
        words.put32(header, 16, dnode.type());
        words.put32(header, 20, dnode.bonusType());
        words.put32(header, 24, dnode.blockSize());
        words.put32(header, 28, bonus.length);
        header[34] = (byte) dnode.slots();
        header[35] = (byte) dnode.flags();
        words.put64(header, 40, guid);
        int length = (bonus.length + 7) & ~7;
        record(StreamRecord.T_OBJECT, Arrays.copyOf(bonus, length), length);
    }

    void freeObjects(long first, long count) {
        words.put64(header, 8, first);
        words.put64(header, 16, count);
        words.put64(header, 24, guid);
        record(StreamRecord.T_FREEOBJECTS, NOTHING, 0);
    }

    void write(long object, int type, long at, byte[] content, int length) {
        words.put64(header, 8, object);
        words.put32(header, 16, type);
        words.put64(header, 24, at);
        words.put64(header, 32, length);
        words.put64(header, 40, guid);
        header[48] = FLETCHER_4;
        record(StreamRecord.T_WRITE, content, length);
    }

    void free(long object, long at, long length) {
        words.put64(header, 8, object);
        words.put64(header, 16, at);
        words.put64(header, 24, length);
        words.put64(header, 32, guid);
        record(StreamRecord.T_FREE, NOTHING, 0);
    }

    void spill(long object, byte[] content) {
        words.put64(header, 8, object);
        words.put64(header, 16, content.length);
        words.put64(header, 24, guid);
        words.put32(header, 92, StoredObject.SA);
        record(StreamRecord.T_SPILL, content, content.length);
    }
}
