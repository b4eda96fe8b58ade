package zonda.client;

import java.io.File;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * The command: {@code Main NAME TERMINALS ARGUMENT...}, where TERMINALS holds i, o, e for each of the standard streams
 * that is a terminal (the launcher asks with {@code test -t}, which costs it nothing).
 *
 * <p>Exit status: the command's own; 1 with a message on standard error when the daemon can't be reached or goes away.
 */
public final class Main {
    /** What of the environment the daemon may see. */
    private static final String[] ENVIRONMENT = {
        "TERM",
        "LANG",
        "REQ_ID",
        "VMADM_DEBUG_LEVEL",
        "VMADM_DEBUG_FILE",
        "VMADM_IDENT",
        "IMGADM_INSECURE",
        "http_proxy",
        "https_proxy",
        "no_proxy",
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "NO_PROXY",
        "NO_COLOR",
        "ZONDA_PID",
        "ZONDA_PPID",
    };

    private static final int PIECE = 64 * 1024;
    private static final int BROKEN_PIPE = 141;

    private final Connection connection;
    private final Terminal terminal;
    private final FileOutputStream out = new FileOutputStream(FileDescriptor.out);
    private final FileOutputStream err = new FileOutputStream(FileDescriptor.err);
    private @Nullable StandardInput input;

    private Main(Connection connection) {
        this.connection = connection;
        this.terminal = new Terminal(connection);
    }

    public static void main(String[] arguments) {
        Runtime.getRuntime().halt(run(arguments));
    }

    private static int run(String[] arguments) {
        String name = arguments.length > 0 ? arguments[0] : "zonda";
        String socket = System.getenv("ZONDA_SOCKET");
        if (socket == null || socket.isEmpty()) {
            socket = "/run/zonda/host.sock";
        }
        Connection connection;
        try {
            connection = new Connection(socket);
        } catch (IOException e) {
            Connection other = forUsers(socket);
            if (other == null) {
                complain(name, "cannot reach zondad on ".concat(socket), e);
                return 1;
            }
            connection = other;
        }
        try {
            connection.send(Frame.ARGV, argv(name, arguments));
            if (name.equals("dtrace")) {
                Runtime.getRuntime().addShutdownHook(new Interruption(connection));
            }
            return new Main(connection).serve();
        } catch (IOException e) {
            complain(name, "lost the connection to zondad; an operation in progress goes on", e);
            return 1;
        }
    }

    /** The socket beside root's that is for everyone; nothing where there is none. */
    private static @Nullable Connection forUsers(String socket) {
        try {
            return new Connection(
                    socket.substring(0, socket.lastIndexOf('/') + 1).concat("user.sock"));
        } catch (IOException e) {
            return null;
        }
    }

    private static byte[] argv(String name, String[] arguments) {
        Payload payload = Payload.empty()
                .put(name)
                .put(arguments.length > 1 ? arguments[1] : "")
                .put(System.getProperty("user.dir"));
        payload.put(Math.max(0, arguments.length - 2));
        for (int i = 2; i < arguments.length; i++) {
            payload.put(arguments[i]);
        }
        int present = 0;
        for (String variable : ENVIRONMENT) {
            if (System.getenv(variable) != null) {
                present++;
            }
        }
        payload.put(present);
        for (String variable : ENVIRONMENT) {
            String value = System.getenv(variable);
            if (value != null) {
                payload.put(variable).put(value);
            }
        }
        return payload.bytes();
    }

    private int serve() throws IOException {
        try {
            while (true) {
                Frame frame = connection.receive();
                switch (frame.type()) {
                    case Frame.OUT -> {
                        try {
                            out.write(frame.payload());
                        } catch (IOException e) {
                            return BROKEN_PIPE;
                        }
                    }
                    case Frame.ERR -> err.write(frame.payload());
                    case Frame.WANT_INPUT -> wantInput();
                    case Frame.OPEN -> sendFile(frame.text());
                    case Frame.WRITE -> writeFile(Payload.of(frame));
                    case Frame.NAME -> nameFile(Payload.of(frame));
                    case Frame.RUN -> runCommand(Payload.of(frame));
                    case Frame.START -> startCommand(Payload.of(frame));
                    case Frame.STATUS ->
                        answer(Integer.toString(
                                Commands.status(Payload.of(frame).number())));
                    case Frame.NAMES -> sendNames(frame.text());
                    case Frame.RAW -> terminal.raw();
                    case Frame.EXIT -> {
                        return Payload.of(frame).number();
                    }
                    default -> throw new IOException("unknown frame ".concat(Integer.toString(frame.type())));
                }
            }
        } finally {
            terminal.restore();
        }
    }

    private void wantInput() {
        StandardInput reader = input;
        if (reader == null) {
            reader = new StandardInput(connection);
            input = reader;
            reader.start();
        }
        reader.want();
    }

    private void sendFile(String path) throws IOException {
        byte[] piece = new byte[PIECE];
        try (FileInputStream file = new FileInputStream(path)) {
            int length = file.read(piece);
            while (length > 0) {
                connection.send(Frame.FILE, piece, length);
                length = file.read(piece);
            }
        } catch (IOException e) {
            fileFailed(path, e);
            return;
        }
        connection.send(Frame.FILE, piece, 0);
    }

    private void fileFailed(String path, IOException e) throws IOException {
        String message = e.getMessage();
        connection.send(Frame.FILE_ERROR, (message == null ? path : message).getBytes(StandardCharsets.UTF_8));
    }

    /** Writes as the caller, who may write only where its user may. */
    private void writeFile(Payload request) throws IOException {
        String path = request.string();
        boolean append = request.number() == 1;
        byte[] data = request.data();
        try (FileOutputStream file = new FileOutputStream(path, append)) {
            file.write(data);
        } catch (IOException e) {
            fileFailed(path, e);
            return;
        }
        connection.send(Frame.FILE, data, 0);
    }

    private void nameFile(Payload request) throws IOException {
        String path = request.string();
        String name = request.string();
        try {
            WrittenFile.name(path, name);
        } catch (IOException e) {
            fileFailed(path, e);
            return;
        }
        connection.send(Frame.FILE, new byte[0], 0);
    }

    /** Runs a command of dtrace's system(), whose user, directory, files and environment are the caller's. */
    private void runCommand(Payload request) throws IOException {
        String file = request.string();
        String command = request.string();
        try {
            Commands.run(command, file);
        } catch (IOException e) {
            fileFailed(file.isEmpty() ? "/bin/sh" : file, e);
            return;
        }
        connection.send(Frame.FILE, new byte[0], 0);
    }

    /** Starts the command of dtrace -c, which is the caller's in all respects. */
    private void startCommand(Payload request) throws IOException {
        String[] words = new String[request.number()];
        for (int i = 0; i < words.length; i++) {
            words[i] = request.string();
        }
        long process;
        try {
            process = Commands.start(words);
        } catch (IOException e) {
            fileFailed(words[0], e);
            return;
        }
        answer(Long.toString(process));
    }

    private void sendNames(String path) throws IOException {
        String[] names = new File(path).list();
        StringBuilder lines = new StringBuilder();
        if (names != null) {
            for (String name : names) {
                lines.append(name).append('\n');
            }
        }
        answer(lines.toString());
    }

    private void answer(String text) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        if (bytes.length > 0) {
            connection.send(Frame.FILE, bytes, bytes.length);
        }
        connection.send(Frame.FILE, bytes, 0);
    }

    private static void complain(String name, String what, IOException e) {
        String text = name.concat(": ").concat(what).concat(": ").concat(String.valueOf(e.getMessage()));
        if (what.startsWith("cannot reach")) {
            text = text.concat("\nIs it running? Start it with ./quickstart, or: systemctl start zondad");
        }
        byte[] line = text.concat("\n").getBytes(StandardCharsets.UTF_8);
        try (FileOutputStream err = new FileOutputStream(FileDescriptor.err)) {
            err.write(line);
        } catch (IOException gone) {
            // There is nobody to tell.
        }
    }
}
