package zonda.client;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import sun.misc.Signal;
import sun.misc.SignalHandler;

/** The terminal that standard input is, driven by stty(1). */
final class Terminal implements SignalHandler {
    private final Connection connection;
    private @Nullable String saved;

    Terminal(Connection connection) {
        this.connection = connection;
    }

    /** Raw mode from here to {@link #restore}; the daemon hears of every change of size. */
    void raw() throws IOException {
        if (saved == null) {
            saved = stty("-g").trim();
            Signal.handle(new Signal("WINCH"), this);
        }
        stty("raw", "-echo");
        tellSize();
    }

    void restore() throws IOException {
        String settings = saved;
        if (settings != null) {
            stty(settings);
            saved = null;
        }
    }

    @Override
    public void handle(Signal signal) {
        try {
            tellSize();
        } catch (IOException e) {
            // The connection is going away, and the main thread will see that.
        }
    }

    private void tellSize() throws IOException {
        String size = stty("size").trim();
        int blank = size.indexOf(' ');
        if (blank > 0) {
            int rows = Integer.parseInt(size.substring(0, blank));
            int columns = Integer.parseInt(size.substring(blank + 1));
            connection.send(Frame.RESIZE, Payload.empty().put(rows).put(columns).bytes());
        }
    }

    private static String stty(String... arguments) throws IOException {
        String[] command = new String[arguments.length + 1];
        command[0] = "stty";
        System.arraycopy(arguments, 0, command, 1, arguments.length);
        Process process = new ProcessBuilder(command)
                .redirectInput(ProcessBuilder.Redirect.INHERIT)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        try (InputStream out = process.getInputStream()) {
            return new String(out.readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
