package zonda.zstream;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.Optional;
import java.util.Set;

/**
 * A ZFS send stream that is being read: one snapshot, or with {@code zfs send -p}, {@code -R} and {@code -I} a list of
 * properties and then any number of snapshots. Each is received by a {@link FilesystemReceiver} or {@link
 * VolumeReceiver} before the next is asked for. Confined to its caller.
 */
public final class SendStream implements AutoCloseable {
    private final RecordReader reader;
    private Optional<NvList> properties = Optional.empty();
    private Optional<StreamRecord.Begin> begin = Optional.empty();
    private Optional<StreamHeader> current = Optional.empty();
    private boolean isCompound;
    private boolean isOver;

    private SendStream(RecordReader reader) {
        this.reader = reader;
    }

    /**
     * Reads the beginning of a stream.
     *
     * @param in the stream itself, decompressed; it is closed with this
     * @throws StreamException when it is none
     */
    public static SendStream open(InputStream in) {
        var stream = new SendStream(new RecordReader(in));
        stream.first();
        return stream;
    }

    private void first() {
        if (!(reader.next() instanceof StreamRecord.Begin head)) {
            throw reader.wrong("the stream doesn't begin with BEGIN");
        }
        if (head.headerType() == StreamRecord.SUBSTREAM) {
            begin = Optional.of(head);
            return;
        }
        if (head.headerType() != StreamRecord.COMPOUND) {
            throw reader.wrong("a stream of the unknown kind " + head.headerType());
        }
        isCompound = true;
        Feature.of(head.features());
        properties = Optional.of(
                reader.payloadLength() == 0 ? NvList.EMPTY : NvCodec.decode(reader.payload(), reader.payloadLength()));
        if (!(reader.next() instanceof StreamRecord.End)) {
            throw reader.wrong("the properties of the stream don't end with END");
        }
    }

    /** What precedes the snapshots of {@code zfs send -p}, {@code -R} and {@code -I}; empty for other streams. */
    public Optional<NvList> properties() {
        return properties;
    }

    /**
     * The next snapshot; empty at the end of the stream.
     *
     * @throws StreamException NOT_SUPPORTED for raw, redacted and deduplicated streams, and unknown features
     * @throws IllegalStateException when the one before wasn't received
     */
    public Optional<StreamHeader> next() {
        if (current.isPresent()) {
            throw new IllegalStateException("the snapshot " + current.get().toName() + " wasn't received");
        }
        if (isOver) {
            return Optional.empty();
        }
        if (begin.isEmpty()) {
            if (!isCompound) {
                isOver = true;
                return Optional.empty();
            }
            switch (reader.next()) {
                case StreamRecord.End(boolean isFinal)
                when isFinal -> {
                    isOver = true;
                    return Optional.empty();
                }
                case StreamRecord.Begin head
                when head.headerType() == StreamRecord.SUBSTREAM -> begin = Optional.of(head);
                case StreamRecord _ -> throw reader.wrong("something other than a snapshot between two snapshots");
            }
        }
        current = begin.map(this::header);
        return current;
    }

    private StreamHeader header(StreamRecord.Begin head) {
        Set<Feature> features = Feature.of(head.features());
        Optional<ResumePoint> resume = features.contains(Feature.RESUMING)
                ? Optional.of(ResumePoint.of(NvList.decodeAny(reader.payload(), reader.payloadLength())))
                : Optional.empty();
        var form = new ResumeToken.Form(
                features.contains(Feature.LARGE_BLOCKS),
                features.contains(Feature.EMBEDDED),
                features.contains(Feature.COMPRESSED));
        for (StreamHeader.Kind kind : StreamHeader.Kind.values()) {
            if (kind.number() == head.type()) {
                return new StreamHeader(
                        kind,
                        head.names().toGuid(),
                        head.names().fromGuid(),
                        head.names().toName(),
                        created(head.names().created()),
                        (head.flags() & StreamRecord.FLAG_CLONE) != 0,
                        form,
                        resume);
            }
        }
        throw reader.wrong("it holds neither a filesystem nor a volume but something of the kind " + head.type());
    }

    private Instant created(long seconds) {
        return seconds < 0 || seconds > 1L << 36 ? Instant.EPOCH : Instant.ofEpochSecond(seconds);
    }

    /** Reads past the snapshot that is to be received, comparing its checksums. @throws StreamException when damaged */
    public void skip() {
        copyTo(OutputStream.nullOutputStream());
    }

    /**
     * Hands the snapshot that is to be received on as it comes, comparing its checksums.
     *
     * @throws StreamException when it is damaged, after what was before it
     * @throws UncheckedIOException when nobody takes it any more
     */
    public void copyTo(OutputStream out) {
        current();
        copyRecordTo(out);
        StreamRecord record = reader.next();
        while (!(record instanceof StreamRecord.End)) {
            if (record instanceof StreamRecord.Begin) {
                throw reader.wrong("a second BEGIN before the END of the snapshot");
            }
            copyRecordTo(out);
            record = reader.next();
        }
        copyRecordTo(out);
        received();
    }

    private void copyRecordTo(OutputStream out) {
        try {
            reader.copyTo(out, true);
        } catch (IOException e) {
            throw new UncheckedIOException("hand on the ZFS stream: " + e.getMessage(), e);
        }
    }

    /** The snapshot that is to be received. @throws IllegalStateException when there is none */
    public StreamHeader current() {
        return current.orElseThrow(() -> new IllegalStateException("no snapshot was asked for"));
    }

    /** Whether OBJECT records of the snapshot say whether there is a spill block. */
    boolean tellsSpill() {
        return begin.map(head -> (head.flags() & StreamRecord.FLAG_SPILL_BLOCK) != 0)
                .orElse(false);
    }

    RecordReader reader() {
        return reader;
    }

    /** The snapshot was read up to its END. */
    void received() {
        begin = Optional.empty();
        current = Optional.empty();
    }

    /** Bytes of the stream read so far. */
    public long offset() {
        return reader.offset();
    }

    /** Whether nothing follows what was read: a stream may be followed by another one, or by zeros. */
    public boolean atEnd() {
        return reader.atEnd();
    }

    @Override
    public void close() {
        reader.close();
    }
}
