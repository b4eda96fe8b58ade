package zonda.client;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;

/** The client's end of the socket. One thread receives; any may send. */
final class Connection {
    private final SocketChannel channel;
    private final InputStream in;

    Connection(String socket) throws IOException {
        channel = SocketChannel.open(UnixDomainSocketAddress.of(socket));
        in = new BufferedInputStream(Channels.newInputStream(channel), 64 * 1024);
    }

    Frame receive() throws IOException {
        return Frame.read(in);
    }

    void send(byte type, byte[] payload) throws IOException {
        send(type, payload, payload.length);
    }

    synchronized void send(byte type, byte[] data, int length) throws IOException {
        Frame.write(channel, type, data, 0, length);
    }
}
