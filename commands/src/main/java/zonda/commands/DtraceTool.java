package zonda.commands;

import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import zonda.base.OpException;
import zonda.dtrace.Dtrace;

/** dtrace(8). The session ends, and its programs are detached, when the caller interrupts it or goes away. */
public final class DtraceTool implements Tool {
    private final Dtrace dtrace;

    public DtraceTool(Dtrace dtrace) {
        this.dtrace = dtrace;
    }

    @Override
    public String name() {
        return "dtrace";
    }

    @Override
    public String complaint(OpException e) {
        return "dtrace: " + e.getMessage();
    }

    @Override
    public int run(Session session) {
        var caller = new Dtrace.Caller(number(session, "ZONDA_PID"), number(session, "ZONDA_PPID"), 0, 0);
        return dtrace.run(session.arguments(), caller, new Terminal(session));
    }

    /** What the launcher says of its own process; 0 when it says nothing. */
    private static long number(Session session, String variable) {
        return session.environment(variable)
                .filter(text -> text.matches("[0-9]{1,9}"))
                .map(Long::valueOf)
                .orElse(0L);
    }

    private record Terminal(Session session) implements Dtrace.Terminal {
        @Override
        public void out(String text) {
            session.out(text);
        }

        @Override
        public void err(String line) {
            session.err(line);
        }

        @Override
        public OutputStream outStream() {
            return session.outStream();
        }

        @Override
        public OutputStream errStream() {
            return session.errStream();
        }

        @Override
        public String file(String path) {
            return new String(session.file(path), StandardCharsets.UTF_8);
        }

        @Override
        public void write(String path, String text, boolean append) {
            session.write(path, text, append);
        }

        @Override
        public void system(String command, String file) {
            session.run(command, file);
        }

        @Override
        public long start(List<String> command) {
            return session.start(command);
        }

        @Override
        public int status(long process) {
            return session.status(process);
        }

        @Override
        public List<String> names(String path) {
            return session.names(path);
        }

        @Override
        public Path directory() {
            return session.path(".");
        }

        @Override
        public void onInterrupt(Runnable work) {
            session.onInterrupt(work);
            session.onHangup(work);
        }
    }
}
