package zonda.it;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** A viewer of displays, as far as the question whether anybody answers it: spice-protocol's spice/protocol.h. */
final class Spice {
    private static final int LIMIT_MILLIS = 20_000;
    private static final String MARK = "REDQ";
    private static final int MAJOR_VERSION = 2;
    private static final int MINOR_VERSION = 2;
    private static final int HEADER = 16;
    private static final int MESSAGE = 18;

    private Spice() {}

    /** The server's answer to a link message begins with the protocol's mark, whoever is let in. */
    static boolean answers(long port) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), (int) port)) {
            socket.setSoTimeout(LIMIT_MILLIS);
            var link = ByteBuffer.allocate(HEADER + MESSAGE).order(ByteOrder.LITTLE_ENDIAN);
            link.put(MARK.getBytes(StandardCharsets.US_ASCII))
                    .putInt(MAJOR_VERSION)
                    .putInt(MINOR_VERSION)
                    .putInt(MESSAGE);
            link.putInt(0).put((byte) 1).put((byte) 0).putInt(0).putInt(0).putInt(MESSAGE);
            socket.getOutputStream().write(link.array());
            return new String(socket.getInputStream().readNBytes(MARK.length()), StandardCharsets.US_ASCII)
                    .equals(MARK);
        }
    }
}
