package zonda.zstream;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import zonda.base.Code;
import zonda.base.OpException;
import zonda.base.Undo;
import zonda.kernel.DataFile;
import zonda.kernel.Directory;
import zonda.kernel.IoBuffer;
import zonda.kernel.KernelException;

/**
 * How far a receive is, in the directory where its files are: {@code records} has what came so far besides content, as a
 * stream without checksums and END, and {@code position} the token that says from where on the rest is wanted. Confined
 * to its caller.
 */
final class Progress implements ObjectIntake.Journal, AutoCloseable {
    private static final String RECORDS = "records";
    private static final String POSITION = "position";
    private static final int LONGEST_POSITION = 1 << 16;

    private final Staging staging;
    private final RecordReader reader;
    private final Resumable.Keeper keeper;
    private final OutputStream records;
    private ResumeToken token;
    /** Where in the stream the bytes begin that the token doesn't count. */
    private long counted;

    private long kept;

    private Progress(Staging staging, SendStream stream, Resumable.Keeper keeper, ResumeToken token) {
        this.staging = staging;
        this.reader = stream.reader();
        this.keeper = keeper;
        this.token = token;
        this.records = new BufferedOutputStream(new Appending(staging, RECORDS), 64 * 1024);
        this.counted = reader.recordOffset();
        this.kept = counted;
    }

    /** Begins a receive whose stream was read up to its BEGIN. */
    static void begin(Directory target, SendStream stream, Resumable resumable) {
        StreamHeader header = stream.current();
        try (Staging staging = Staging.kept(target, resumable.name());
                var progress = new Progress(
                        staging,
                        stream,
                        resumable.keeper(),
                        new ResumeToken(
                                ResumePoint.START,
                                0,
                                header.toGuid(),
                                header.toName(),
                                header.fromGuid(),
                                header.form()))) {
            progress.log();
            progress.keep();
        }
    }

    /** Goes on with one. @throws StreamException CONFLICT when the stream isn't what is missing */
    static Progress resume(Staging staging, SendStream stream, Resumable.Keeper keeper) {
        ResumeToken token = position(staging.directory());
        StreamHeader header = stream.current();
        ResumePoint at = header.resume().orElse(ResumePoint.START);
        if (header.toGuid() != token.toGuid() || header.fromGuid() != token.fromGuid() || !at.equals(token.point())) {
            throw StreamException.conflict(header.toName() + " goes on at object " + at.object() + ", offset "
                    + at.offset() + ", and what is here of " + token.toName() + " ends at object "
                    + token.point().object() + ", offset " + token.point().offset()
                    + "; send the rest with the token that is in receive_resume_token");
        }
        return new Progress(staging, stream, keeper, token);
    }

    /**
     * Takes what the stream brings, after what came before. What came is kept when this fails, and when nothing is
     * missing any more.
     */
    static void take(ObjectIntake intake, Optional<Progress> progress) {
        if (progress.isEmpty()) {
            intake.run(NONE);
            return;
        }
        Progress own = progress.get();
        own.replay(intake);
        try (var undo = new Undo()) {
            undo.add(own::keep);
            intake.run(own);
            undo.keep();
        }
        own.keep();
    }

    /** What came before, once more. */
    private void replay(ObjectIntake intake) {
        try (SendStream log = SendStream.open(new BufferedInputStream(new Reading(staging, RECORDS), 256 * 1024))) {
            intake.replay(log);
        }
    }

    /** The token of the receive that has this directory. @throws StreamException when there is none */
    static ResumeToken position(Directory directory) {
        byte[] text = new byte[LONGEST_POSITION];
        try (DataFile file = directory.readData(POSITION)) {
            int length = file.read(0, text, 0, text.length, IoBuffer.of(LONGEST_POSITION));
            return ResumeToken.parse(new String(text, 0, length, StandardCharsets.US_ASCII));
        } catch (KernelException e) {
            throw StreamException.host(0, e);
        } catch (OpException e) {
            throw new OpException(Code.FAILED, directory + ": " + e.getMessage(), e);
        }
    }

    @Override
    public void taken(StreamRecord record, boolean isContent) {
        Optional<ResumePoint> point = switch (record) {
            case StreamRecord.Dnode dnode -> Optional.of(new ResumePoint(dnode.object(), 0));
            case StreamRecord.Write write -> Optional.of(new ResumePoint(write.object(), write.offset()));
            case StreamRecord.Embedded write -> Optional.of(new ResumePoint(write.object(), write.offset()));
            default -> Optional.empty();
        };
        point.ifPresent(this::advance);
        if (!isContent) {
            log();
        }
        if (keeper.isDue(reader.offset() - kept)) {
            keep();
        }
    }

    /** The first record of a rest is one that came before: its dnode then says nothing of how far the content is. */
    private void advance(ResumePoint to) {
        ResumePoint from = token.point();
        if (to.object() == from.object() && to.offset() == 0) {
            return;
        }
        if (to.object() < from.object() || to.object() == from.object() && to.offset() < from.offset()) {
            throw reader.wrong("it goes back to object " + to.object() + ", offset " + to.offset()
                    + ": a stream that isn't in order can't be resumed; receive it without -s");
        }
        at(to);
    }

    private void at(ResumePoint point) {
        token = new ResumeToken(point, token.bytes(), token.toGuid(), token.toName(), token.fromGuid(), token.form());
    }

    private void log() {
        try {
            reader.copyTo(records, false);
        } catch (IOException e) {
            throw new UncheckedIOException("write " + RECORDS + ": " + e.getMessage(), e);
        }
    }

    /** All that was taken is in the directory from here on. */
    void keep() {
        token = new ResumeToken(
                token.point(),
                token.bytes() + reader.offset() - counted,
                token.toGuid(),
                token.toName(),
                token.fromGuid(),
                token.form());
        counted = reader.offset();
        kept = counted;
        flush();
        byte[] text = token.text().getBytes(StandardCharsets.US_ASCII);
        staging.directory().unlink(POSITION);
        try (DataFile file = staging.directory().createData(POSITION)) {
            file.write(0, text, 0, text.length, staging.buffer());
        }
        keeper.keep(token);
    }

    private void flush() {
        try {
            records.flush();
        } catch (IOException e) {
            throw new UncheckedIOException("write " + RECORDS + ": " + e.getMessage(), e);
        }
    }

    @Override
    public void close() {
        try {
            records.close();
        } catch (IOException e) {
            throw new UncheckedIOException("write " + RECORDS + ": " + e.getMessage(), e);
        }
    }

    /** The end of a file, to be written on. */
    private static final class Appending extends OutputStream {
        private final DataFile file;
        private final IoBuffer buffer = IoBuffer.of(64 * 1024);
        private long end;

        Appending(Staging staging, String name) {
            boolean isThere = staging.directory().stat(name).isPresent();
            file = isThere
                    ? staging.directory().openData(name)
                    : staging.directory().createData(name);
            end = file.stat().size();
        }

        @Override
        public void write(int one) {
            write(new byte[] {(byte) one}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int from, int length) {
            file.write(end, bytes, from, length, buffer);
            end += length;
        }

        @Override
        public void close() {
            file.close();
        }
    }

    /** A file from its beginning. */
    private static final class Reading extends InputStream {
        private final DataFile file;
        private final IoBuffer buffer = IoBuffer.of(64 * 1024);
        private long at;

        Reading(Staging staging, String name) {
            file = staging.directory().readData(name);
        }

        @Override
        public int read() {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] into, int from, int length) {
            if (length == 0) {
                return 0;
            }
            int got = file.read(at, into, from, Math.min(length, 64 * 1024), buffer);
            at += got;
            return got == 0 ? -1 : got;
        }

        @Override
        public void close() {
            file.close();
        }
    }
}
