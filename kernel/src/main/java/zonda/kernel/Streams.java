package zonda.kernel;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/**
 * read(2) and write(2) on a descriptor that Java's own channels can't hold: a pty's master, a packet socket.
 *
 * <p>Both block, so they run on platform threads of {@link Blocking} whatever thread the caller is on.
 */
public final class Streams {
    /** read(2). */
    private static final CFunction READ = CFunction.of("read");
    /** write(2). */
    private static final CFunction WRITE = CFunction.of("write");

    private Streams() {}

    /** Reads up to the buffer's size; 0 at the end. @throws KernelException as read(2) */
    public static int read(Fd fd, byte[] into) {
        return Blocking.call(() -> {
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment buffer = arena.allocate(into.length);
                int length = (int) READ.callLong("read", fd, fd.number(), buffer.address(), into.length);
                MemorySegment.copy(buffer, JAVA_BYTE, 0, into, 0, length);
                return length;
            }
        });
    }

    /** Writes all of it. @throws KernelException as write(2) */
    public static void write(Fd fd, byte[] data, int offset, int length) {
        Objects.checkFromIndexSize(offset, length, data.length);
        Blocking.call(() -> {
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment buffer = arena.allocate(Math.max(1, length));
                MemorySegment.copy(data, offset, buffer, JAVA_BYTE, 0, length);
                long done = 0;
                while (done < length) {
                    MemorySegment rest = buffer.asSlice(done);
                    long left = length - done;
                    done += WRITE.callLong("write", fd, fd.number(), rest.address(), left);
                }
                return true;
            }
        });
    }

    /**
     * The descriptor as a stream. A pty's master answers EIO when the last process has closed the other end, which is
     * the end of the stream.
     */
    public static InputStream input(Fd fd) {
        return new InputStream() {
            @Override
            public int read() throws IOException {
                byte[] one = new byte[1];
                return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
            }

            @Override
            public int read(byte[] into, int offset, int length) throws IOException {
                if (length == 0) {
                    return 0;
                }
                byte[] piece = new byte[length];
                try {
                    int read = Streams.read(fd, piece);
                    System.arraycopy(piece, 0, into, offset, read);
                    return read == 0 ? -1 : read;
                } catch (KernelException e) {
                    if (e.is(Errno.EIO)) {
                        return -1;
                    }
                    throw new IOException(e);
                }
            }

            @Override
            public void close() {
                fd.close();
            }
        };
    }

    public static OutputStream output(Fd fd) {
        return new OutputStream() {
            @Override
            public void write(int value) throws IOException {
                write(new byte[] {(byte) value}, 0, 1);
            }

            @Override
            public void write(byte[] data, int offset, int length) throws IOException {
                try {
                    Streams.write(fd, data, offset, length);
                } catch (KernelException e) {
                    throw new IOException(e);
                }
            }

            @Override
            public void close() {
                fd.close();
            }
        };
    }
}
