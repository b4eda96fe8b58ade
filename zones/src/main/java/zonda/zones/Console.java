package zonda.zones;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import zonda.base.Code;
import zonda.base.OpException;
import zonda.kernel.Errno;
import zonda.kernel.Fd;
import zonda.kernel.KernelException;
import zonda.kernel.Streams;
import zonda.kernel.UnixSocket;

/**
 * A connection to a zone's console, by conmon's attach socket: what is written goes to the zone as typed, what is read
 * is what the zone writes while connected. Several may be connected.
 */
public final class Console implements AutoCloseable {
    private static final int PACKET = 32 * 1024;

    private final Fd socket;
    private final Path control;

    private Console(Fd socket, Path control) {
        this.socket = socket;
        this.control = control;
    }

    /** @throws OpException FAILED when the zone doesn't run */
    static Console open(Path attach, Path control) {
        try {
            return new Console(UnixSocket.connectSeqPacket(attach), control);
        } catch (KernelException e) {
            if (e.is(Errno.ENOENT) || e.is(Errno.ECONNREFUSED)) {
                throw new OpException(Code.FAILED, "the zone has no console: it is not running", e);
            }
            throw e;
        }
    }

    /** What the zone writes; ends when the zone does. Each packet of conmon starts with a byte for its stream. */
    public InputStream output() {
        return new InputStream() {
            private byte[] rest = new byte[0];

            @Override
            public int read() throws IOException {
                byte[] one = new byte[1];
                return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
            }

            @Override
            public int read(byte[] into, int offset, int length) throws IOException {
                while (rest.length == 0) {
                    byte[] packet = new byte[PACKET];
                    int received = Streams.read(socket, packet);
                    if (received <= 0) {
                        return -1;
                    }
                    rest = Arrays.copyOfRange(packet, 1, received);
                }
                int given = Math.min(length, rest.length);
                System.arraycopy(rest, 0, into, offset, given);
                rest = Arrays.copyOfRange(rest, given, rest.length);
                return given;
            }
        };
    }

    public void type(byte[] keys, int length) {
        Streams.write(socket, keys, 0, length);
    }

    public void resize(int rows, int columns) {
        try {
            Files.write(
                    control,
                    ("1 " + rows + " " + columns + "\n").getBytes(StandardCharsets.US_ASCII),
                    StandardOpenOption.WRITE);
        } catch (IOException e) {
            throw new OpException(Code.FAILED, "resize the console: " + e.getMessage(), e);
        }
    }

    @Override
    public void close() {
        socket.close();
    }
}
