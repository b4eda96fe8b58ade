package zonda.dtrace;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Stream;
import zonda.base.OpException;
import zonda.dtrace.provider.View;
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
    private final View view;
    private final List<Target> started = new ArrayList<>();
    private final List<Target> grabbed = new ArrayList<>();
    private boolean released;

    Targets(Dtrace.Terminal terminal, View view) {
        this.terminal = terminal;
        this.view = view;
    }

    /** A process, and the number that the session knows it by. */
    record Target(long number, LinuxProcess process) {}

    /** The process of a number, if it is one that the session may see: it is looked at when it is held already. */
    private Optional<LinuxProcess> find(long number) {
        OptionalLong process = view.process(number);
        return process.isEmpty()
                ? Optional.empty()
                : LinuxProcess.find(process.getAsLong()).filter(one -> view.has(one.pid()));
    }

    /** @param command words with blanks between them @throws Complaint when it can't be started */
    Target start(String command) {
        List<String> words = List.of(command.strip().split("\\s+"));
        long number;
        try {
            number = terminal.start(words);
        } catch (OpException e) {
            throw new Complaint("failed to execute " + words.getFirst() + ": " + e.getMessage());
        }
        LinuxProcess process = find(number)
                .filter(one -> one.awaitStop(LONGEST_START) && FirstInstruction.reach(one, view, LONGEST_START))
                .orElseThrow(
                        () -> new Complaint("failed to execute " + words.getFirst() + ": cannot find executable file"));
        var target = new Target(number, process);
        started.add(target);
        return target;
    }

    /** Empty when there is no such process. */
    Optional<Target> grab(long number) {
        Optional<Target> found = find(number).map(process -> new Target(number, process));
        found.ifPresent(grabbed::add);
        return found;
    }

    /** The host's numbers of all. */
    List<Long> processes() {
        return Stream.concat(started.stream(), grabbed.stream())
                .map(target -> target.process().pid())
                .toList();
    }

    /** Lets the commands run. */
    void release() {
        released = true;
        started.forEach(one -> one.process().signal(SIGCONT));
    }

    /** Whether there were targets, and none is left. */
    boolean over() {
        if (started.isEmpty() && grabbed.isEmpty()) {
            return false;
        }
        return released
                && started.stream().noneMatch(one -> one.process().isAlive())
                && grabbed.stream().noneMatch(one -> one.process().isAlive());
    }

    /** What has ended, in words. */
    List<String> ended() {
        var words = new ArrayList<String>();
        for (Target one : started) {
            if (!one.process().isAlive()) {
                words.add("pid " + one.number() + " " + end(status(one.number())));
            }
        }
        for (Target one : grabbed) {
            if (!one.process().isAlive()) {
                words.add("pid " + one.number() + " has exited");
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
        started.forEach(one -> one.process().signal(SIGKILL));
    }
}
