package zonda.kvm;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import zonda.base.Code;
import zonda.base.OpException;
import zonda.kernel.KernelException;
import zonda.kernel.UnixSocket;

/** A connection to a machine's serial port. QEMU serves one at a time; what the guest writes meanwhile is not kept. */
public final class SerialPort implements AutoCloseable {
    private final SocketChannel channel;

    private SerialPort(SocketChannel channel) {
        this.channel = channel;
    }

    /** @throws OpException FAILED when nobody answers there */
    public static SerialPort open(Path socket) {
        return new SerialPort(connect(socket));
    }

    /** The emulator has its sockets where it may write: only a socket that is there itself is connected to. */
    static SocketChannel connect(Path socket) {
        try {
            return UnixSocket.connect(socket);
        } catch (IOException | KernelException e) {
            throw new OpException(Code.FAILED, "reach QEMU at " + socket + ": " + e.getMessage(), e);
        }
    }

    /** What the guest writes from now on; ends with the machine. */
    public InputStream output() {
        return Channels.newInputStream(channel);
    }

    public void type(byte[] keys, int length) {
        var bytes = ByteBuffer.wrap(keys, 0, length);
        try {
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
        } catch (IOException e) {
            throw new OpException(Code.FAILED, "write to the serial port: " + e.getMessage(), e);
        }
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            throw new OpException(Code.FAILED, "close the serial port: " + e.getMessage(), e);
        }
    }
}
