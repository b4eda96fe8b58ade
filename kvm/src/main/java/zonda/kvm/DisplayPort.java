package zonda.kvm;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import zonda.base.Code;
import zonda.base.OpException;

/**
 * A TCP port that leads to a machine's display: who connects to it talks to the emulator's own socket. Who that is, the
 * display's password asks. Each connection has two threads.
 */
public final class DisplayPort implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(DisplayPort.class.getName());
    /** Nobody looks at a display so many times: more are hung up on. */
    private static final int MOST_CONNECTIONS = 16;

    private static final Duration PAUSE = Duration.ofMillis(200);
    private static final Duration PATIENCE = Duration.ofSeconds(5);
    private static final int PIECE = 64 << 10;

    private final ServerSocketChannel server;
    private final Path display;
    private final Thread listening;
    private final Set<SocketChannel> viewers = ConcurrentHashMap.newKeySet();

    private DisplayPort(ServerSocketChannel server, Path display) {
        this.server = server;
        this.display = display;
        this.listening = Thread.ofVirtual().name("display-port").unstarted(this::serve);
    }

    /**
     * Listens until it is closed.
     *
     * @param address with port 0 for any that is free
     * @param display the emulator's socket on the host
     * @throws OpException CONFLICT when it can't listen there
     */
    public static DisplayPort open(InetSocketAddress address, Path display) {
        ServerSocketChannel server = listen(address);
        var port = new DisplayPort(server, display);
        port.listening.start();
        return port;
    }

    private static ServerSocketChannel listen(InetSocketAddress address) {
        try {
            ServerSocketChannel server = ServerSocketChannel.open();
            try {
                return server.bind(address);
            } catch (IOException | RuntimeException e) {
                server.close();
                throw e;
            }
        } catch (IOException e) {
            throw new OpException(
                    Code.CONFLICT,
                    "listen on " + address.getHostString() + " port " + address.getPort() + ": " + e.getMessage(),
                    e);
        }
    }

    /** Where it listens. */
    public int number() {
        return server.socket().getLocalPort();
    }

    private void serve() {
        while (server.isOpen()) {
            try {
                SocketChannel viewer = server.accept();
                viewers.add(viewer);
                if (viewers.size() > MOST_CONNECTIONS || !server.isOpen()) {
                    viewers.remove(viewer);
                    viewer.close();
                } else {
                    Thread.ofVirtual().name("display").start(() -> relay(viewer));
                }
            } catch (ClosedChannelException e) {
                return;
            } catch (IOException e) {
                LOG.log(System.Logger.Level.WARNING, "display " + display + ": " + e.getMessage());
                LockSupport.parkNanos(PAUSE.toNanos()); // Of descriptors there may be more in a while.
            }
        }
    }

    private void relay(SocketChannel viewer) {
        try (viewer;
                SocketChannel emulator = SerialPort.connect(display)) {
            Thread back = Thread.ofVirtual().name("display-out").start(() -> copy(emulator, viewer));
            copy(viewer, emulator);
            back.join();
        } catch (IOException | OpException e) {
            LOG.log(System.Logger.Level.DEBUG, "display " + display + ": " + e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            viewers.remove(viewer);
        }
    }

    /** Until one of both hangs up; the other is told so. */
    private static void copy(SocketChannel from, SocketChannel to) {
        var piece = ByteBuffer.allocate(PIECE);
        try (from;
                to) {
            while (from.read(piece.clear()) >= 0) {
                piece.flip();
                while (piece.hasRemaining()) {
                    to.write(piece);
                }
            }
        } catch (IOException e) {
            LOG.log(System.Logger.Level.DEBUG, "display: " + e.getMessage());
        }
    }

    /** Stops listening, and hangs up. The port is free when this returns. */
    @Override
    public void close() {
        try {
            server.close();
            for (SocketChannel viewer : viewers) {
                viewer.close();
            }
            // The socket goes with the thread that waits at it.
            listening.join(PATIENCE);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (IOException e) {
            throw new OpException(Code.FAILED, "close the port of display " + display + ": " + e.getMessage(), e);
        }
    }
}
