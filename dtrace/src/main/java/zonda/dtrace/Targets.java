package zonda.dtrace;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import zonda.base.OpException;
import zonda.kernel.Command;
import zonda.kernel.LinuxProcess;

/**
 * The processes of -c and -p. A command is started behind a shell's read, so that it can be traced before its first
 * instruction runs; its number does not change by exec(2).
 */
final class Targets implements AutoCloseable {
    private static final String HOLD = "read zonda_go && exec \"$@\"";

    private record Started(Process process, String command) {}

    private final Dtrace.Terminal terminal;
    private final List<Started> started = new ArrayList<>();
    private final List<LinuxProcess> grabbed = new ArrayList<>();
    private final List<Thread> copies = new ArrayList<>();
    private boolean released;

    Targets(Dtrace.Terminal terminal) {
        this.terminal = terminal;
    }

    /** @throws OpException when it can't be started */
    long start(String command, java.nio.file.Path directory) {
        var argv = new ArrayList<>(List.of("/bin/sh", "-c", HOLD, "dtrace"));
        argv.addAll(List.of(command.strip().split("\\s+")));
        Process process = Command.of(argv).in(directory).start();
        started.add(new Started(process, command));
        copies.add(copy(process.getInputStream(), terminal.outStream()));
        copies.add(copy(process.getErrorStream(), terminal.errStream()));
        return process.pid();
    }

    /** @return whether there is such a process */
    boolean grab(long pid) {
        var found = LinuxProcess.find(pid);
        found.ifPresent(grabbed::add);
        return found.isPresent();
    }

    private static Thread copy(InputStream from, OutputStream to) {
        return Thread.ofVirtual().name("dtrace-copy").start(() -> {
            try (from) {
                from.transferTo(to);
            } catch (IOException e) {
                // The command or the caller is gone.
            }
        });
    }

    /** Lets the commands run. */
    void release() {
        released = true;
        for (Started one : started) {
            try (OutputStream in = one.process().getOutputStream()) {
                in.write('\n');
            } catch (IOException e) {
                // It was killed before.
            }
        }
    }

    /** Whether there were targets, and none is left. */
    boolean over() {
        if (started.isEmpty() && grabbed.isEmpty()) {
            return false;
        }
        return released
                && started.stream().noneMatch(one -> one.process().isAlive())
                && grabbed.stream().noneMatch(LinuxProcess::isAlive);
    }

    /** What has ended, in words. */
    List<String> ended() {
        var words = new ArrayList<String>();
        for (Started one : started) {
            if (!one.process().isAlive()) {
                words.add("pid " + one.process().pid() + " has exited");
            }
        }
        for (LinuxProcess one : grabbed) {
            if (!one.isAlive()) {
                words.add("pid " + one.pid() + " has exited");
            }
        }
        return words;
    }

    /** Ends the commands that still run. */
    @Override
    public void close() {
        for (Started one : started) {
            if (one.process().isAlive()) {
                one.process().destroy();
            }
        }
        for (Thread copy : copies) {
            try {
                copy.join(Duration.ofSeconds(2));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
