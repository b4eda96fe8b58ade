import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.charset.StandardCharsets;

/**
 * Answers clients as the daemon would, for the run that the client's ahead-of-time cache is recorded from: some output,
 * and exit status 0.
 */
class TrainingServer {
    private static final int OUT = 17;
    private static final int ERR = 18;
    private static final int EXIT = 19;

    public static void main(String[] arguments) throws IOException {
        try (var listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            listener.bind(UnixDomainSocketAddress.of(arguments[0]));
            while (true) {
                try (var client = listener.accept()) {
                    var in = new DataInputStream(Channels.newInputStream(client));
                    var out = new DataOutputStream(Channels.newOutputStream(client));
                    in.readByte();
                    in.readNBytes(in.readInt());
                    frame(out, OUT, "UUID  TYPE  RAM  STATE  ALIAS\n".getBytes(StandardCharsets.UTF_8));
                    frame(out, ERR, "trained\n".getBytes(StandardCharsets.UTF_8));
                    frame(out, EXIT, new byte[4]);
                }
            }
        }
    }

    private static void frame(DataOutputStream out, int type, byte[] payload) throws IOException {
        out.writeByte(type);
        out.writeInt(payload.length);
        out.write(payload);
        out.flush();
    }
}
