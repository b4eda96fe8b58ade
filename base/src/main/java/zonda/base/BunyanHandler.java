package zonda.base;

import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.logging.Formatter;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/** Writes log records as bunyan does, a JSON object a line: the form of all of SmartOS' logs. */
public final class BunyanHandler extends Handler {
    private static final int VERSION = 0;

    private final String name;
    private final String hostname;
    private final PrintStream out;
    private final Formatter messages = new Formatter() {
        @Override
        public String format(LogRecord entry) {
            return formatMessage(entry);
        }
    };

    /** @param name of the program */
    public BunyanHandler(String name, String hostname, PrintStream out) {
        this.name = name;
        this.hostname = hostname;
        this.out = out;
    }

    /** Makes it the only handler of all of this program's logs. */
    public void install(Level level) {
        Logger root = Logger.getLogger("");
        for (Handler handler : root.getHandlers()) {
            root.removeHandler(handler);
        }
        root.addHandler(this);
        root.setLevel(level);
    }

    @Override
    public void publish(LogRecord entry) {
        Json.Obj line = Json.object()
                .with("name", name)
                .with("hostname", hostname)
                .with("pid", ProcessHandle.current().pid())
                .with("level", level(entry.getLevel()))
                .with("component", String.valueOf(entry.getLoggerName()))
                .with("msg", messages.format(entry))
                .with("time", entry.getInstant().toString())
                .with("v", VERSION);
        Throwable thrown = entry.getThrown();
        if (thrown != null) {
            var stack = new StringWriter();
            thrown.printStackTrace(new PrintWriter(stack));
            line = line.with(
                    "err", Json.object().with("message", thrown.toString()).with("stack", stack.toString()));
        }
        out.println(line.compact());
    }

    /** bunyan's numbers: trace 10, debug 20, info 30, warn 40, error 50. */
    private static int level(Level level) {
        if (level.intValue() >= Level.SEVERE.intValue()) {
            return 50;
        }
        if (level.intValue() >= Level.WARNING.intValue()) {
            return 40;
        }
        return level.intValue() >= Level.INFO.intValue() ? 30 : 20;
    }

    @Override
    public void flush() {
        out.flush();
    }

    @Override
    public void close() {
        flush();
    }
}
