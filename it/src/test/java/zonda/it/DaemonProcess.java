package zonda.it;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.TimeUnit;
import zonda.base.Await;
import zonda.kernel.Command;
import zonda.kernel.LinuxProcess;
import zonda.kernel.Signals;

/**
 * A run of zondad: from the packaged runtime when ZONDA_HOME names one, else from the classes of this build, on this JDK.
 */
final class DaemonProcess {
    private static final Duration START = Duration.ofSeconds(60);
    private static final Duration END = Duration.ofSeconds(60);
    private static final int LINES_KEPT = 200;

    private final Process process;
    private final Deque<String> log = new ConcurrentLinkedDeque<>();

    private DaemonProcess(Process process) {
        this.process = process;
        // A virtual one would keep its carrier, and two daemons all there are on two cores.
        Thread.ofPlatform().daemon().name("zondad-log").start(this::readLog);
    }

    /** @param environment further variables, such as ZONDA_CRASH_AFTER */
    static DaemonProcess run(Path root, Map<String, String> environment, String... words) {
        List<String> argv = new ArrayList<>(Programs.daemon());
        argv.addAll(List.of("--root", root.toString()));
        argv.addAll(List.of(words));
        Command command = Command.of(argv);
        for (var variable : environment.entrySet()) {
            command = command.environment(variable.getKey(), variable.getValue());
        }
        for (String inherited : List.of("http_proxy", "https_proxy", "no_proxy")) {
            String value = System.getenv(inherited);
            command = value == null ? command : command.environment(inherited, value);
        }
        return new DaemonProcess(command.start());
    }

    private void readLog() {
        try (BufferedReader lines = process.errorReader()) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                log.add(line);
                if (log.size() > LINES_KEPT) {
                    log.poll();
                }
            }
        } catch (IOException e) {
            // It has ended.
        }
    }

    long pid() {
        return process.pid();
    }

    boolean isAlive() {
        return process.isAlive();
    }

    String log() {
        return String.join("\n", log);
    }

    /** Waits until it serves; what was there of an earlier daemon's socket counts only when this one answers. */
    void awaitServing(Path socket) {
        boolean serves = Await.until(
                START, () -> !isAlive() || log.stream().anyMatch(line -> line.contains("\"msg\":\"serving\"")));
        if (!serves || !isAlive() || !Files.exists(socket)) {
            throw new AssertionError("zondad does not serve; it says:\n" + log());
        }
    }

    void kill() {
        LinuxProcess.find(pid()).ifPresent(it -> it.signal(Signals.SIGKILL));
        end();
    }

    void terminate() {
        process.destroy();
        end();
    }

    /** Waits for its end. @return its exit status, 128 + n when signal n ended it */
    int end() {
        try {
            if (!process.waitFor(END.toMillis(), TimeUnit.MILLISECONDS)) {
                process.destroyForcibly();
                throw new AssertionError("zondad does not end; it says:\n" + log());
            }
            return process.exitValue();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }
}
