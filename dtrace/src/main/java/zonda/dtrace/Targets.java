package zonda.dtrace;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import zonda.base.OpException;
import zonda.kernel.LinuxProcess;

/**
 * The processes of -c and -p. The caller starts the commands, so that they have its directory, user, environment and
 * terminal. They are stopped at their first instruction, so that they can be traced from there.
 */
final class Targets implements AutoCloseable {
    private static final int SIGKILL = 9;
    private static final int SIGCONT = 18;
    private static final Duration LONGEST_START = Duration.ofSeconds(10);
    private static final String[] SIGNALS = {
        "", "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM",
        "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF",
        "WINCH", "IO", "PWR", "SYS"
    };

    private final Dtrace.Terminal terminal;
    private final List<LinuxProcess> started = new ArrayList<>();
    private final List<LinuxProcess> grabbed = new ArrayList<>();
    private boolean released;

    Targets(Dtrace.Terminal terminal) {
        this.terminal = terminal;
    }

    /** @param command words with blanks between them @throws Complaint when it can't be started */
    long start(String command) {
        List<String> words = List.of(command.strip().split("\\s+"));
        long pid;
        try {
            pid = terminal.start(words);
        } catch (OpException e) {
            throw new Complaint("failed to execute " + words.getFirst() + ": " + e.getMessage());
        }
        LinuxProcess process = LinuxProcess.find(pid)
                .filter(one -> one.awaitStop(LONGEST_START) && FirstInstruction.reach(one, LONGEST_START))
                .orElseThrow(
                        () -> new Complaint("failed to execute " + words.getFirst() + ": cannot find executable file"));
        started.add(process);
        return pid;
    }

    /** @return whether there is such a process */
    boolean grab(long pid) {
        var found = LinuxProcess.find(pid);
        found.ifPresent(grabbed::add);
        return found.isPresent();
    }

    /** The numbers of all. */
    List<Long> processes() {
        return Stream.concat(started.stream(), grabbed.stream())
                .map(LinuxProcess::pid)
                .toList();
    }

    /** Lets the commands run. */
    void release() {
        released = true;
        started.forEach(one -> one.signal(SIGCONT));
    }

    /** Whether there were targets, and none is left. */
    boolean over() {
        if (started.isEmpty() && grabbed.isEmpty()) {
            return false;
        }
        return released
                && started.stream().noneMatch(LinuxProcess::isAlive)
                && grabbed.stream().noneMatch(LinuxProcess::isAlive);
    }

    /** What has ended, in words. */
    List<String> ended() {
        var words = new ArrayList<String>();
        for (LinuxProcess one : started) {
            if (!one.isAlive()) {
                words.add("pid " + one.pid() + " " + end(status(one.pid())));
            }
        }
        for (LinuxProcess one : grabbed) {
            if (!one.isAlive()) {
                words.add("pid " + one.pid() + " has exited");
            }
        }
        return words;
    }

    private int status(long pid) {
        try {
            return terminal.status(pid);
        } catch (OpException e) {
            // The caller, whose child it was, is gone.
            return 0;
        }
    }

    private static String end(int status) {
        if (status > 128 && status - 128 < SIGNALS.length) {
            return "terminated by SIG" + SIGNALS[status - 128];
        }
        return status == 0 ? "has exited" : "exited with status " + status;
    }

    /** Ends the commands that still run. */
    @Override
    public void close() {
        started.forEach(one -> one.signal(SIGKILL));
    }
}
