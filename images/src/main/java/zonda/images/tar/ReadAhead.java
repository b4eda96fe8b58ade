package zonda.images.tar;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.util.Arrays;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;

/**
 * Reads a stream ahead on a thread of its own, a few chunks of it: one processor decompresses while another writes
 * files. Closing ends the thread and closes the stream.
 */
final class ReadAhead extends InputStream {
    private static final int CHUNK = 256 * 1024;
    private static final int CHUNKS = 8;

    /** What the reading thread hands over; the last one is empty, or carries why there is no more. */
    private sealed interface Piece {
        record Data(byte[] bytes) implements Piece {}

        record End() implements Piece {}

        record Failure(IOException reason) implements Piece {}
    }

    private final InputStream in;
    private final BlockingQueue<Piece> pieces = new ArrayBlockingQueue<>(CHUNKS);
    private final Thread reader;
    private byte[] chunk = new byte[0];
    private int at;
    private Piece last = new Piece.Data(chunk);

    private ReadAhead(InputStream in) {
        this.in = in;
        this.reader = Thread.ofPlatform().daemon().name("read-ahead").unstarted(this::readAll);
    }

    static ReadAhead start(InputStream in) {
        var ahead = new ReadAhead(in);
        ahead.reader.start();
        return ahead;
    }

    private void readAll() {
        try {
            while (true) {
                byte[] bytes = new byte[CHUNK];
                int got = in.readNBytes(bytes, 0, CHUNK);
                if (got > 0) {
                    pieces.put(new Piece.Data(got == CHUNK ? bytes : Arrays.copyOf(bytes, got)));
                }
                if (got < CHUNK) {
                    pieces.put(new Piece.End());
                    return;
                }
            }
        } catch (InterruptedException e) {
            // closed: nobody waits for more
        } catch (IOException e) {
            offerFailure(e);
        } catch (RuntimeException | Error e) {
            offerFailure(new IOException("read: " + e, e));
        }
    }

    private void offerFailure(IOException reason) {
        try {
            pieces.put(new Piece.Failure(reason));
        } catch (InterruptedException e) {
            // closed: nobody waits for it
        }
    }

    @Override
    public int read() throws IOException {
        return more() ? chunk[at++] & 0xff : -1;
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
        if (length == 0) {
            return 0;
        }
        if (!more()) {
            return -1;
        }
        int got = Math.min(length, chunk.length - at);
        System.arraycopy(chunk, at, target, offset, got);
        at += got;
        return got;
    }

    @Override
    public long skip(long wanted) throws IOException {
        if (wanted <= 0 || !more()) {
            return 0;
        }
        int got = (int) Math.min(wanted, chunk.length - at);
        at += got;
        return got;
    }

    private boolean more() throws IOException {
        while (at == chunk.length) {
            if (last instanceof Piece.Data) {
                last = take();
            }
            switch (last) {
                case Piece.Data(byte[] bytes) -> {
                    chunk = bytes;
                    at = 0;
                }
                case Piece.End() -> {
                    return false;
                }
                // Each with the reader's own stack, and the other thread's as its cause.
                case Piece.Failure(TarException reason) -> throw new TarException(reason.getMessage(), reason);
                case Piece.Failure(IOException reason) -> throw new IOException(reason.getMessage(), reason);
            }
        }
        return true;
    }

    private Piece take() throws IOException {
        try {
            return pieces.take();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted");
        }
    }

    @Override
    public void close() throws IOException {
        reader.interrupt();
        pieces.clear();
        try {
            // Only then is nobody in the stream, or in the native part of an Inflater, when it is closed.
            while (reader.isAlive()) {
                pieces.clear();
                reader.join(10);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            in.close();
        }
    }
}
