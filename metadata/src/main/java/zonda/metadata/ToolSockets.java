package zonda.metadata;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.channels.Channels;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import zonda.kernel.UnixSocket;

/**
 * The sockets by which guest tools of zones have the host do something: {@code zfs.sock} and its like beside a zone's
 * metadata socket, one for each tool that the zone may use.
 *
 * <p>Who is at the other end is known by the socket: it belongs to the zone's root, lies where only that zone sees it,
 * and the kernel is asked whose process it is. What may be asked for is the handler's to say.
 */
public final class ToolSockets implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(ToolSockets.class.getName());
    private static final int MOST_CONNECTIONS = 16;
    private static final int BUFFER = 64 << 10;

    private final MetadataService zones;
    private final Map<String, Handler> handlers;
    private final Map<String, List<Listener>> listeners = new ConcurrentHashMap<>();

    /** Answers one request of a zone's root. */
    @FunctionalInterface
    public interface Handler {
        void serve(String zonename, int uid, InputStream in, OutputStream out) throws IOException;
    }

    /**
     * @param zones whose directories the sockets are in: a zone is served there first
     * @param handlers of the tools, by their names
     */
    public ToolSockets(MetadataService zones, Map<String, Handler> handlers) {
        this.zones = zones;
        this.handlers = Map.copyOf(handlers);
    }

    /** Listens to a zone from now on; one that is listened to already is listened to anew. @param tools which it has */
    public void open(String zonename, long rootUid, Set<String> tools) {
        listeners.compute(zonename, (_, old) -> {
            if (old != null) {
                old.forEach(Listener::close);
            }
            return handlers.keySet().stream()
                    .map(tool -> open(zonename, rootUid, tool, tools.contains(tool)))
                    .flatMap(Optional::stream)
                    .toList();
        });
    }

    private Optional<Listener> open(String zonename, long rootUid, String tool, boolean has) {
        Path socket = socket(zonename, tool);
        Handler handler = handlers.get(tool);
        if (!has || handler == null) {
            delete(socket);
            return Optional.empty();
        }
        return Optional.of(Listener.open(zonename, socket, rootUid, handler));
    }

    private Path socket(String zonename, String tool) {
        return zones.directory(zonename).resolve(tool + ".sock");
    }

    /** Listens no longer. Fine when it doesn't. */
    public void close(String zonename) {
        List<Listener> of = listeners.remove(zonename);
        if (of != null) {
            of.forEach(Listener::close);
        }
        handlers.keySet().forEach(tool -> delete(socket(zonename, tool)));
    }

    private static void delete(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            throw new UncheckedIOException("remove " + file + ": " + e, e);
        }
    }

    /** Ends all connections. The zones see the sockets of the next daemon. */
    @Override
    public void close() {
        listeners.values().forEach(of -> of.forEach(Listener::close));
        listeners.clear();
    }

    /** The socket of one zone. */
    private static final class Listener implements AutoCloseable {
        private final String zonename;
        private final long rootUid;
        private final Handler handler;
        private final ServerSocketChannel server;
        private final Set<SocketChannel> connections = ConcurrentHashMap.newKeySet();

        private Listener(String zonename, long rootUid, Handler handler, ServerSocketChannel server) {
            this.zonename = zonename;
            this.rootUid = rootUid;
            this.handler = handler;
            this.server = server;
        }

        static Listener open(String zonename, Path file, long rootUid, Handler handler) {
            try {
                ServerSocketChannel server = ZoneSocket.listen(file, rootUid, MOST_CONNECTIONS);
                var listener = new Listener(zonename, rootUid, handler, server);
                Thread.ofVirtual().name("tools-of-" + zonename).start(listener::accept);
                return listener;
            } catch (IOException e) {
                throw new UncheckedIOException("listen on " + file + ": " + e, e);
            }
        }

        private void accept() {
            try {
                while (true) {
                    SocketChannel connection = server.accept();
                    if (connections.size() >= MOST_CONNECTIONS) {
                        connection.close();
                        continue;
                    }
                    connections.add(connection);
                    Thread.ofVirtual().name("tool-of-" + zonename).start(() -> serve(connection));
                }
            } catch (ClosedChannelException _) {
                // close() was called.
            } catch (IOException e) {
                LOG.log(System.Logger.Level.ERROR, "tools of " + zonename + " are no longer served", e);
            }
        }

        private void serve(SocketChannel connection) {
            try (connection) {
                int uid = UnixSocket.peer(connection).uid();
                if (Integer.toUnsignedLong(uid) != rootUid && uid != 0) {
                    LOG.log(System.Logger.Level.WARNING, "uid " + uid + " is not the root of " + zonename);
                    return;
                }
                InputStream in = new BufferedInputStream(Channels.newInputStream(connection), BUFFER);
                try (OutputStream out = new BufferedOutputStream(Channels.newOutputStream(connection), BUFFER)) {
                    handler.serve(zonename, uid, in, out);
                }
            } catch (IOException e) {
                LOG.log(System.Logger.Level.DEBUG, "a tool of {0} went away: {1}", zonename, e.getMessage());
            } finally {
                connections.remove(connection);
            }
        }

        @Override
        public void close() {
            try {
                server.close();
                for (SocketChannel connection : connections) {
                    connection.close();
                }
            } catch (IOException e) {
                throw new UncheckedIOException("close the socket of " + zonename + ": " + e, e);
            }
        }
    }
}
