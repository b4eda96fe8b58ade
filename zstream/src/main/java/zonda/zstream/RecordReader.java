package zonda.zstream;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Reads the records of a stream, of either byte order, and compares each checksum as it comes.
 *
 * <p>No number of the stream is used before it was compared with its limit; no more memory is taken for a record than
 * one block of the largest size, 16 MiB, or for the properties of a compound stream as many bytes as have come. Confined
 * to its caller.
 */
final class RecordReader implements AutoCloseable {
    /** SPA_MAXBLOCKSIZE. */
    static final int LARGEST_BLOCK = 16 << 20;

    private static final int LARGEST_PROPERTIES = 64 << 20;
    /** DMU_SPILL_BLKID of sys/dmu.h. */
    private static final long SPILL_BLOCK = -2;

    private static final int LARGEST_BONUS = 16384;
    private static final int NAME_SIZE = 256;

    private final InputStream in;
    private final byte[] header = new byte[StreamRecord.SIZE];
    private final Fletcher4 checksum = new Fletcher4();
    private byte[] payload = new byte[128 * 1024];
    private int payloadLength;
    private Words words = Words.LITTLE;
    private boolean orderKnown;
    private long offset;
    private long recordOffset;

    RecordReader(InputStream in) {
        this.in = in instanceof BufferedInputStream ? in : new BufferedInputStream(in, 256 * 1024);
    }

    /** What the last record carried: valid up to the next one, and {@link #payloadLength} bytes of it. */
    byte[] payload() {
        return payload;
    }

    int payloadLength() {
        return payloadLength;
    }

    /** The sender's byte order. */
    Words words() {
        return words;
    }

    /** Where in the stream the last record began. */
    long recordOffset() {
        return recordOffset;
    }

    /** Bytes of the stream read so far. */
    long offset() {
        return offset;
    }

    /** Writes the last record once more. @param withChecksum whether with that of all before it */
    void copyTo(OutputStream out, boolean withChecksum) throws IOException {
        if (withChecksum) {
            out.write(header, 0, StreamRecord.SIZE);
        } else {
            out.write(header, 0, StreamRecord.CHECKSUM);
            out.write(new byte[StreamRecord.SIZE - StreamRecord.CHECKSUM]);
        }
        out.write(payload, 0, payloadLength);
    }

    /** Whether nothing follows. */
    boolean atEnd() {
        try {
            in.mark(1);
            boolean isEnd = in.read() < 0;
            if (!isEnd) {
                in.reset();
            }
            return isEnd;
        } catch (IOException e) {
            throw new UncheckedIOException(e.getMessage(), e);
        }
    }

    /** @throws StreamException when it is cut off, damaged, or of an unknown form */
    StreamRecord next() {
        recordOffset = offset;
        payloadLength = 0;
        read(header, StreamRecord.SIZE);
        if (!orderKnown) {
            words = order();
            orderKnown = true;
        }
        int type = words.i32(header, 0);
        Fletcher4.Sum before = checksum.sum();
        if (type == StreamRecord.T_BEGIN) {
            checksum.reset();
            checksum.add(words, header, 0, StreamRecord.SIZE);
        } else {
            check();
        }
        return switch (type) {
            case StreamRecord.T_BEGIN -> begin();
            case StreamRecord.T_OBJECT -> object();
            case StreamRecord.T_FREEOBJECTS ->
                new StreamRecord.FreeObjects(words.i64(header, 8), words.i64(header, 16));
            case StreamRecord.T_WRITE -> write();
            case StreamRecord.T_FREE ->
                new StreamRecord.Free(words.i64(header, 8), words.i64(header, 16), words.i64(header, 24));
            case StreamRecord.T_END -> end(before);
            case StreamRecord.T_SPILL -> spill();
            case StreamRecord.T_WRITE_EMBEDDED -> embedded();
            case StreamRecord.T_WRITE_BYREF -> throw refused("a record of a deduplicated stream (WRITE_BYREF)");
            case StreamRecord.T_OBJECT_RANGE -> throw refused("a record of a raw stream (OBJECT_RANGE)");
            case StreamRecord.T_REDACT -> throw refused("a record of a redacted stream (REDACT)");
            default -> throw wrong("a record of the unknown type " + Integer.toUnsignedString(type));
        };
    }

    private Words order() {
        for (Words candidate : Words.values()) {
            if (candidate.i32(header, 0) == StreamRecord.T_BEGIN && candidate.i64(header, 8) == StreamRecord.MAGIC) {
                return candidate;
            }
        }
        throw wrong("not a ZFS send stream: it doesn't begin with the mark of one");
    }

    /** Senders before 2014 put no checksum into each record: those have zeros there, and END has it. */
    private void check() {
        checksum.add(words, header, 0, StreamRecord.CHECKSUM);
        Fletcher4.Sum stated = Fletcher4.Sum.read(words, header, StreamRecord.CHECKSUM);
        if (!stated.equals(Fletcher4.Sum.ZERO) && !stated.equals(checksum.sum())) {
            throw StreamException.checksum(
                    recordOffset,
                    "the checksum differs: the stream is damaged in this record or in the content before it");
        }
        checksum.add(words, header, StreamRecord.CHECKSUM, StreamRecord.SIZE - StreamRecord.CHECKSUM);
    }

    private StreamRecord begin() {
        if (words.i64(header, 8) != StreamRecord.MAGIC) {
            throw wrong("BEGIN without the mark of a ZFS send stream");
        }
        long version = words.i64(header, 16);
        long length = words.u32(header, 4);
        if (length > LARGEST_PROPERTIES || length % 4 != 0) {
            throw wrong("BEGIN claims properties of " + length + " bytes, more than " + LARGEST_PROPERTIES);
        }
        readGrowing((int) length);
        int end = 56;
        while (end < 56 + NAME_SIZE && header[end] != 0) {
            end++;
        }
        String name = new String(header, 56, end - 56, StandardCharsets.UTF_8);
        var names =
                new StreamRecord.StreamNames(words.i64(header, 40), words.i64(header, 48), name, words.i64(header, 24));
        return new StreamRecord.Begin(
                (int) (version & 3), version >>> 2 & 0x3fff_ffff, words.i32(header, 32), words.i32(header, 36), names);
    }

    private StreamRecord object() {
        int bonus = limited("bonus", words.u32(header, 28), LARGEST_BONUS);
        int block = limited("block size", words.u32(header, 24), LARGEST_BLOCK);
        int slots = Math.max(1, Words.u8(header, 34));
        if (bonus > slots * 512 - 192) {
            throw wrong("OBJECT " + number(8) + " has a bonus of " + bonus + " bytes, more than fit into its " + slots
                    + " slots");
        }
        readPayload((bonus + 7) & ~7);
        return new StreamRecord.Dnode(
                words.i64(header, 8),
                words.i32(header, 16),
                words.i32(header, 20),
                block,
                bonus,
                slots,
                Words.u8(header, 35));
    }

    private StreamRecord write() {
        int size = block("WRITE", words.i64(header, 32));
        int compression = Words.u8(header, 50);
        int stored = compression == 0 ? size : block("WRITE", words.i64(header, 96));
        long at = offset("WRITE", words.i64(header, 24));
        readPayload(stored);
        return new StreamRecord.Write(words.i64(header, 8), at, size, compression, stored);
    }

    private StreamRecord spill() {
        int size = block("SPILL", words.i64(header, 16));
        long compressed = words.i64(header, 40);
        int stored = compressed == 0 ? size : block("SPILL", compressed);
        int compression = compressed == 0 || compressed == size ? 0 : Words.u8(header, 33);
        readPayload(stored);
        return new StreamRecord.Spill(words.i64(header, 8), size, Words.u8(header, 32), compression, stored);
    }

    private StreamRecord embedded() {
        int length = block("WRITE_EMBEDDED", words.i64(header, 24));
        int size = block("WRITE_EMBEDDED", words.u32(header, 48));
        // A block pointer has room for 112 bytes, BPE_PAYLOAD_SIZE.
        int stored = limited("embedded content", words.u32(header, 52), 112);
        if (Words.u8(header, 41) != 0 || size > length) {
            throw wrong("WRITE_EMBEDDED of an unknown form, for object " + number(8));
        }
        if (words.i64(header, 16) == SPILL_BLOCK * length) {
            // A spill block that fits into a block pointer is sent as if it were content, at what its number comes to.
            readPayload((stored + 7) & ~7);
            return new StreamRecord.Spill(words.i64(header, 8), size, 0, Words.u8(header, 40), stored);
        }
        long at = offset("WRITE_EMBEDDED", words.i64(header, 16));
        readPayload((stored + 7) & ~7);
        return new StreamRecord.Embedded(words.i64(header, 8), at, length, Words.u8(header, 40), size, stored);
    }

    private StreamRecord end(Fletcher4.Sum before) {
        Fletcher4.Sum stated = Fletcher4.Sum.read(words, header, 8);
        boolean isFinal = stated.equals(Fletcher4.Sum.ZERO);
        if (!isFinal && !stated.equals(before)) {
            throw StreamException.checksum(recordOffset, "the checksum at the END differs: the stream is damaged");
        }
        return new StreamRecord.End(isFinal);
    }

    private long offset(String what, long value) {
        if (value < 0 || value > Long.MAX_VALUE - LARGEST_BLOCK) {
            throw wrong(what + " to object " + number(8) + " at the absurd offset " + Long.toUnsignedString(value));
        }
        return value;
    }

    private int block(String what, long value) {
        if (value <= 0 || value > LARGEST_BLOCK || value % 4 != 0) {
            throw wrong(what + " to object " + number(8) + " of " + Long.toUnsignedString(value)
                    + " bytes: blocks have up to " + LARGEST_BLOCK);
        }
        return (int) value;
    }

    private int limited(String what, long value, int limit) {
        if (value > limit) {
            throw wrong("object " + number(8) + " claims a " + what + " of " + value + " bytes, more than " + limit);
        }
        return (int) value;
    }

    private String number(int at) {
        return Long.toUnsignedString(words.i64(header, at));
    }

    private void readPayload(int length) {
        if (length > payload.length) {
            payload = new byte[Math.max(length, Math.min(payload.length * 2, LARGEST_BLOCK))];
        }
        read(payload, length);
        payloadLength = length;
        checksum.add(words, payload, 0, length);
    }

    /** Takes memory only as content comes. */
    private void readGrowing(int length) {
        int done = 0;
        while (done < length) {
            int part = Math.min(length - done, 1 << 20);
            if (done + part > payload.length) {
                payload = Arrays.copyOf(payload, Math.max(payload.length * 2, done + part));
            }
            readFully(payload, done, part);
            done += part;
        }
        payloadLength = length;
        checksum.add(words, payload, 0, length);
    }

    private void read(byte[] target, int length) {
        readFully(target, 0, length);
    }

    private void readFully(byte[] target, int from, int length) {
        int got;
        try {
            got = in.readNBytes(target, from, length);
        } catch (IOException e) {
            throw new UncheckedIOException("read the ZFS stream at byte " + offset + ": " + e.getMessage(), e);
        }
        offset += got;
        if (got < length) {
            throw StreamException.incomplete(recordOffset, "the stream is cut off after " + offset + " bytes");
        }
    }

    private StreamException refused(String what) {
        return StreamException.refused(what + " at byte " + recordOffset + ", which can't be read");
    }

    /** An error of the last record. */
    StreamException wrong(String what) {
        return StreamException.at(recordOffset, what);
    }

    @Override
    public void close() {
        try {
            in.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e.getMessage(), e);
        }
    }
}
