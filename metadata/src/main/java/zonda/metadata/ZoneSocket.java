package zonda.metadata;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import zonda.kernel.UnixSocket;

/** The metadata socket of one zone: accepts, and serves each connection on a virtual thread. */
final class ZoneSocket implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(ZoneSocket.class.getName());

    private final String zone;
    private final Path file;
    private final VmMetadata metadata;
    private final MetadataLimits limits;
    private final ScheduledExecutorService deadlines;
    private final MemoryShare share;
    private final ServerSocketChannel server;
    private final Set<SocketChannel> connections = ConcurrentHashMap.newKeySet();

    private ZoneSocket(
            Path file,
            VmMetadata metadata,
            MetadataLimits limits,
            ScheduledExecutorService deadlines,
            ServerSocketChannel server) {
        this.zone = String.valueOf(file.getParent());
        this.file = file;
        this.metadata = metadata;
        this.limits = limits;
        this.deadlines = deadlines;
        this.server = server;
        share = new MemoryShare(limits.memory());
    }

    /**
     * Makes the socket in the place of one that an earlier daemon left, owned by the zone's root alone.
     *
     * @param rootUid the user on the host that is root in the zone
     */
    static ZoneSocket open(
            Path file, long rootUid, VmMetadata metadata, MetadataLimits limits, ScheduledExecutorService deadlines)
            throws IOException {
        ServerSocketChannel server = listen(file, rootUid, limits.connections());
        var socket = new ZoneSocket(file, metadata, limits, deadlines, server);
        Thread.ofVirtual().name("metadata-", 0).start(socket::accept);
        return socket;
    }

    /** As {@link #open} makes it. @param backlog of connections that wait to be accepted */
    static ServerSocketChannel listen(Path file, long rootUid, int backlog) throws IOException {
        Files.deleteIfExists(file);
        var server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        try {
            UnixSocket.at(file, address -> server.bind(address, backlog));
            Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
            Files.setAttribute(file, "unix:uid", (int) rootUid, LinkOption.NOFOLLOW_LINKS);
            Files.setAttribute(file, "unix:gid", (int) rootUid, LinkOption.NOFOLLOW_LINKS);
        } catch (IOException | RuntimeException e) {
            server.close();
            throw e;
        }
        return server;
    }

    private void accept() {
        try {
            while (true) {
                SocketChannel connection = server.accept();
                if (connections.size() >= limits.connections()) {
                    connection.close();
                    continue;
                }
                connections.add(connection);
                Thread.ofVirtual().name("metadata-connection").start(() -> serve(connection));
            }
        } catch (ClosedChannelException _) {
            // close() was called.
        } catch (IOException e) {
            LOG.log(System.Logger.Level.ERROR, "metadata of " + zone + " is no longer served", e);
        }
    }

    private void serve(SocketChannel connection) {
        var session = new Session(metadata);
        try (connection;
                var reader = new LineReader(connection, limits.longestLine(), share)) {
            while (true) {
                ScheduledFuture<?> deadline = deadlines.schedule(
                        () -> end(connection), limits.patience().toMillis(), TimeUnit.MILLISECONDS);
                try {
                    Optional<String> line = reader.next();
                    if (line.isEmpty()) {
                        return;
                    }
                    write(connection, session.answer(line.get()));
                } finally {
                    deadline.cancel(false);
                }
            }
        } catch (IOException e) {
            LOG.log(System.Logger.Level.DEBUG, "connection from {0} ended: {1}", zone, e.getMessage());
        } finally {
            connections.remove(connection);
        }
    }

    private static void write(SocketChannel connection, String text) throws IOException {
        var bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
        while (bytes.hasRemaining()) {
            connection.write(bytes);
        }
    }

    private static void end(SocketChannel connection) {
        try {
            connection.close();
        } catch (IOException e) {
            LOG.log(System.Logger.Level.DEBUG, "close of a metadata connection", e);
        }
    }

    /** Ends all connections; the file goes too. */
    @Override
    public void close() {
        try {
            server.close();
            Files.deleteIfExists(file);
        } catch (IOException e) {
            throw new UncheckedIOException("close " + file + ": " + e, e);
        } finally {
            connections.forEach(ZoneSocket::end);
        }
    }
}
