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
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import zonda.base.Code;
import zonda.base.Lane;
import zonda.base.OpException;
import zonda.client.Frame;
import zonda.client.Payload;
import zonda.storage.Caller;

/** Listens on a socket and runs a tool for each client that connects: unix(7), frames of zonda.client. */
public final class CommandServer implements AutoCloseable {
    static final int PIECE = 64 * 1024;
    /** Commands of one user at a time, where all users may come. */
    private static final int MOST_OF_USER = 32;

    private static final System.Logger LOG = System.getLogger(CommandServer.class.getName());

    private final Path socket;
    private final Map<String, Tool> tools = new LinkedHashMap<>();
    private final Function<SocketChannel, Caller> peer;
    private final Audience audience;
    private final Map<Integer, Integer> running = new ConcurrentHashMap<>();
    private final ServerSocketChannel listener;

    /** Whom a socket is for. */
    public enum Audience {
        /** Root, who may do all. */
        ROOT("rw-------"),
        /** Everyone: each tool decides what for, and neither reads from its caller nor has it do anything. */
        USERS("rw-rw-rw-");

        private final String mode;

        Audience(String mode) {
            this.mode = mode;
        }
    }

    /** @param peer who is at the other end, by the kernel's word */
    public CommandServer(Path socket, Audience audience, List<Tool> tools, Function<SocketChannel, Caller> peer) {
        this.socket = socket;
        this.audience = audience;
        this.peer = peer;
        tools.forEach(tool -> this.tools.put(tool.name(), tool));
        try {
            listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Binds the socket and serves until {@link #close}. */
    public void start() {
        try {
            Files.createDirectories(socket.toAbsolutePath().getParent());
            Path fresh = socket.resolveSibling(socket.getFileName() + ".new");
            Files.deleteIfExists(fresh);
            listener.bind(UnixDomainSocketAddress.of(fresh), 512);
            Files.setPosixFilePermissions(fresh, PosixFilePermissions.fromString(audience.mode));
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
                Thread.ofVirtual().name("connection").start(() -> admit(client));
            } catch (AsynchronousCloseException e) {
                return;
            } catch (IOException e) {
                LOG.log(System.Logger.Level.WARNING, "accept on " + socket + ": " + e);
            }
        }
    }

    /** One user can not take all that the daemon has to answer with. */
    private void admit(SocketChannel client) {
        try (client) {
            Caller caller = peer.apply(client);
            int most = audience == Audience.USERS ? MOST_OF_USER : Integer.MAX_VALUE;
            int now = running.merge(caller.uid(), 1, Integer::sum);
            try {
                if (now <= most) {
                    serve(client, caller);
                } else {
                    LOG.log(System.Logger.Level.DEBUG, "too many commands of uid " + caller.uid() + " at once");
                }
            } finally {
                running.computeIfPresent(caller.uid(), (_, count) -> count == 1 ? null : count - 1);
            }
        } catch (IOException e) {
            LOG.log(System.Logger.Level.DEBUG, "a client went away: " + e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void serve(SocketChannel client, Caller caller) throws IOException, InterruptedException {
        InputStream in = new BufferedInputStream(Channels.newInputStream(client), PIECE);
        Session.Call call = call(Frame.read(in));
        var turn = new Object();
        var session = new Session(call, caller, (type, data, offset, length) -> {
            refuseRequests(type);
            synchronized (turn) {
                Frame.write(client, type, data, offset, length);
            }
        });
        Thread reader = Thread.ofVirtual().name("client").start(() -> listen(in, session));
        int status = run(call, session);
        byte[] exit = Payload.empty().put(status).bytes();
        synchronized (turn) {
            Frame.write(client, Frame.EXIT, exit, 0, exit.length);
        }
        client.shutdownOutput();
        reader.join(2000);
    }

    /** What users are answered is words and streams, and nothing that their programs are to do. */
    private void refuseRequests(byte type) throws IOException {
        if (audience == Audience.USERS && type != Frame.OUT && type != Frame.ERR) {
            throw new IOException("nothing is asked of a user's program: " + type);
        }
    }

    private void listen(InputStream in, Session session) {
        try {
            while (true) {
                Frame frame = Frame.read(in);
                // What nobody asked for would be kept until somebody reads it.
                if (audience == Audience.USERS && frame.type() != Frame.INTERRUPT) {
                    throw new IOException("nothing is taken from a user's program: " + frame.type());
                }
                session.received(frame);
            }
        } catch (IOException e) {
            session.hangup();
        }
    }

    private int run(Session.Call call, Session session) {
        Tool tool = tools.get(call.tool());
        if (session.uid() != 0 && (tool == null || audience == Audience.ROOT)) {
            session.err(
                    "FATAL: cannot run because: only root in the global zone may, and you are uid " + session.uid());
            return Code.USAGE.exitStatus();
        }
        if (tool == null) {
            session.err(call.tool() + ": no such command");
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
        if (directory.indexOf(0) >= 0) {
            throw new IOException("expected a directory");
        }
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
