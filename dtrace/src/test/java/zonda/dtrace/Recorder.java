package zonda.dtrace;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import zonda.base.Code;
import zonda.base.OpException;
import zonda.kernel.Command;

/** A caller that keeps what it is told, and apart from it what programs print that dtrace starts. */
final class Recorder implements Dtrace.Terminal {
    private static final Dtrace DTRACE = new Dtrace(java.util.Map::of);

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();
    private final ByteArrayOutputStream programsOut = new ByteArrayOutputStream();
    private final ByteArrayOutputStream programsErr = new ByteArrayOutputStream();
    private final List<Runnable> interrupts = new ArrayList<>();
    private final CountDownLatch spoken = new CountDownLatch(1);
    private final Map<Long, Process> started = new HashMap<>();
    private final List<Thread> copies = new ArrayList<>();
    private int status = -1;

    /** Runs a command line to its end. */
    static Recorder run(String... arguments) {
        var recorder = new Recorder();
        recorder.start(arguments);
        return recorder;
    }

    /** What a program prints that has nothing to complain of, without the newline at its end. */
    static String quiet(String program) {
        Recorder ran = run("-qn", program);
        assertThat(ran.err()).isEmpty();
        // Whatever was printed, a newline is the last.
        assertThat(ran.out()).endsWith("\n");
        return ran.out().substring(0, ran.out().length() - 1);
    }

    /** Runs a command line to its end, as the root of a zone. */
    static Recorder in(CallingZone zone, String... arguments) {
        var recorder = new Recorder();
        recorder.start(new Dtrace.Caller(7, 1, 0, 0, Optional.of(zone)), arguments);
        return recorder;
    }

    void start(String... arguments) {
        start(new Dtrace.Caller(ProcessHandle.current().pid(), 1, 0, 0), arguments);
    }

    private void start(Dtrace.Caller caller, String... arguments) {
        status = DTRACE.run(List.of(arguments), caller, this);
        for (Thread copy : copies) {
            join(copy);
        }
    }

    private static void join(Thread copy) {
        try {
            copy.join();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** Waits until something was written to standard output. */
    void awaitOutput() throws InterruptedException {
        spoken.await();
    }

    int status() {
        return status;
    }

    /** What dtrace printed, and then what its programs did, so that neither is in the midst of the other. */
    String out() {
        return text(out) + text(programsOut);
    }

    String err() {
        return text(err) + text(programsErr);
    }

    private static String text(ByteArrayOutputStream printed) {
        synchronized (printed) {
            return printed.toString(StandardCharsets.UTF_8);
        }
    }

    @Override
    public void out(String text) {
        synchronized (out) {
            out.writeBytes(text.getBytes(StandardCharsets.UTF_8));
        }
        spoken.countDown();
    }

    @Override
    public void err(String line) {
        synchronized (err) {
            err.writeBytes((line + "\n").getBytes(StandardCharsets.UTF_8));
        }
    }

    @Override
    public OutputStream outStream() {
        return out;
    }

    @Override
    public OutputStream errStream() {
        return err;
    }

    @Override
    public String file(String path) {
        try {
            return Files.readString(Path.of(path));
        } catch (IOException e) {
            throw new OpException(Code.FAILED, path + " (No such file or directory)", e);
        }
    }

    @Override
    public void write(String path, String text, boolean append) {
        try {
            Files.writeString(
                    Path.of(path),
                    text,
                    StandardOpenOption.CREATE,
                    append ? StandardOpenOption.APPEND : StandardOpenOption.TRUNCATE_EXISTING,
                    StandardOpenOption.WRITE);
        } catch (IOException e) {
            throw new OpException(Code.FAILED, path + " (No such file or directory)", e);
        }
    }

    @Override
    public void system(String command, String file) {
        String text =
                Command.of("/bin/sh", "-c", command).run(Duration.ofMinutes(1)).out();
        if (file.isEmpty()) {
            out(text);
        } else {
            write(file, text, true);
        }
    }

    @Override
    public long start(List<String> command) {
        var words = new ArrayList<>(List.of(
                "/bin/sh",
                "-c",
                "command -v \"$1\" >/dev/null || exit 127; kill -STOP $$; exec \"$@\" </dev/null",
                "dtrace"));
        words.addAll(command);
        Process process = Command.of(words).in(directory()).start();
        started.put(process.pid(), process);
        copies.add(Thread.ofVirtual().start(() -> copy(process.getInputStream(), programsOut)));
        copies.add(Thread.ofVirtual().start(() -> copy(process.getErrorStream(), programsErr)));
        return process.pid();
    }

    private static void copy(InputStream from, ByteArrayOutputStream to) {
        try (from) {
            byte[] all = from.readAllBytes();
            synchronized (to) {
                to.writeBytes(all);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public int status(long process) {
        try {
            return java.util.Objects.requireNonNull(started.get(process)).waitFor();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Override
    public List<String> names(String path) {
        String[] names = Path.of(path).toFile().list();
        return names == null ? List.of() : List.of(names);
    }

    @Override
    public Path directory() {
        return Path.of("").toAbsolutePath();
    }

    @Override
    public void onInterrupt(Runnable work) {
        synchronized (interrupts) {
            interrupts.add(work);
        }
    }

    void interrupt() {
        List<Runnable> work;
        synchronized (interrupts) {
            work = List.copyOf(interrupts);
        }
        work.forEach(Runnable::run);
    }
}
