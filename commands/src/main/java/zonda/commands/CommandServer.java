package zonda.commands;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToIntFunction;
import zonda.base.Code;
import zonda.base.Lane;
import zonda.base.OpException;
import zonda.client.Frame;
import zonda.client.Payload;

/** Listens on the host's socket and runs a tool for each client that connects: unix(7), frames of zonda.client. */
public final class CommandServer implements AutoCloseable {
    static final int PIECE = 64 * 1024;
    private static final System.Logger LOG = System.getLogger(CommandServer.class.getName());

    private final Path socket;
    private final Map<String, Tool> tools = new LinkedHashMap<>();
    private final ToIntFunction<SocketChannel> peerUid;
    private final ServerSocketChannel listener;

    /** @param peerUid who is at the other end, by the kernel's word */
    public CommandServer(Path socket, List<Tool> tools, ToIntFunction<SocketChannel> peerUid) {
        this.socket = socket;
        this.peerUid = peerUid;
        tools.forEach(tool -> this.tools.put(tool.name(), tool));
        try {
            listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Binds the socket, mode 0600, and serves until {@link #close}. */
    public void start() {
        try {
            Files.createDirectories(socket.toAbsolutePath().getParent());
            Path fresh = socket.resolveSibling(socket.getFileName() + ".new");
            Files.deleteIfExists(fresh);
            listener.bind(UnixDomainSocketAddress.of(fresh), 512);
            Files.setPosixFilePermissions(fresh, PosixFilePermissions.fromString("rw-------"));
            Files.move(fresh, socket, java.nio.file.StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw new UncheckedIOException("listen on " + socket + ": " + e, e);
        }
        Thread.ofPlatform().name("command-server").start(this::accept);
    }

    private void accept() {
        while (listener.isOpen()) {
            try {
                SocketChannel client = listener.accept();
                Thread.ofVirtual().name("connection").start(() -> serve(client));
            } catch (AsynchronousCloseException e) {
                return;
            } catch (IOException e) {
                LOG.log(System.Logger.Level.WARNING, "accept on " + socket + ": " + e);
            }
        }
    }

    private void serve(SocketChannel client) {
        try (client) {
            InputStream in = new BufferedInputStream(Channels.newInputStream(client), PIECE);
            Session.Call call = call(Frame.read(in));
            var turn = new Object();
            int uid = peerUid.applyAsInt(client);
            var session = new Session(call, uid, (type, data, offset, length) -> {
                synchronized (turn) {
                    Frame.write(client, type, data, offset, length);
                }
            });
            Thread reader = Thread.ofVirtual().name("client").start(() -> listen(in, session));
            int status = run(call, session, uid);
            byte[] exit = Payload.empty().put(status).bytes();
            synchronized (turn) {
                Frame.write(client, Frame.EXIT, exit, 0, exit.length);
            }
            client.shutdownOutput();
            reader.join(2000);
        } catch (IOException e) {
            LOG.log(System.Logger.Level.DEBUG, "a client went away: " + e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void listen(InputStream in, Session session) {
        try {
            while (true) {
                session.received(Frame.read(in));
            }
        } catch (IOException e) {
            session.hangup();
        }
    }

    private int run(Session.Call call, Session session, int uid) {
        Tool tool = tools.get(call.tool());
        if (tool == null) {
            session.err(call.tool() + ": no such command");
            return Code.USAGE.exitStatus();
        }
        if (uid != 0) {
            session.err("FATAL: cannot run because: only root in the global zone may, and you are uid " + uid);
            return Code.USAGE.exitStatus();
        }
        try {
            return ScopedValue.where(Lane.CALLER, session).call(() -> tool.run(session));
        } catch (OpException e) {
            session.err(tool.complaint(e));
            return e.code().exitStatus();
        } catch (RuntimeException e) {
            LOG.log(System.Logger.Level.ERROR, call.tool() + " " + call.arguments(), e);
            session.err(call.tool() + ": internal error: " + e + " (the daemon's log has more)");
            return Code.FAILED.exitStatus();
        }
    }

    private static Session.Call call(Frame frame) throws IOException {
        if (frame.type() != Frame.ARGV) {
            throw new IOException("expected the arguments first");
        }
        Payload payload = Payload.of(frame);
        String tool = payload.string();
        String terminals = payload.string();
        String directory = payload.string();
        List<String> arguments = new ArrayList<>();
        for (int left = payload.number(); left > 0; left--) {
            arguments.add(payload.string());
        }
        Map<String, String> environment = new LinkedHashMap<>();
        for (int left = payload.number(); left > 0; left--) {
            environment.put(payload.string(), payload.string());
        }
        return new Session.Call(tool, terminals, directory, arguments, environment);
    }

    /** Stops listening; commands that run go on to their end. */
    @Override
    public void close() {
        try {
            listener.close();
            Files.deleteIfExists(socket);
        } catch (IOException e) {
            throw new UncheckedIOException("close " + socket + ": " + e, e);
        }
    }
}
