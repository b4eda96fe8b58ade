package zonda.kernel;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;

/**
 * A process by number and start time, so that a number used again later is never taken for it: proc(5).
 *
 * @param startTime clock ticks after boot, field 22 of /proc/PID/stat
 */
public record LinuxProcess(long pid, long startTime) {
    /** asm-generic/unistd.h; x86-64 and arm64 alike. */
    private static final long SYS_PIDFD_OPEN = 434;

    private static final long SYS_PIDFD_SEND_SIGNAL = 424;

    /** The process of that number, if one lives; a zombie does not. */
    public static Optional<LinuxProcess> find(long pid) {
        return stat(pid)
                .filter(stat -> stat.state() != 'Z' && stat.state() != 'X')
                .map(Stat::process);
    }

    public boolean isAlive() {
        return find(pid).equals(Optional.of(this));
    }

    /** Whether a process of that number lives and waits, interruptibly: state S. */
    public static boolean sleeps(long pid) {
        return stat(pid).filter(stat -> stat.state() == 'S').isPresent();
    }

    /** Waits until a signal has stopped it: state T. @return false when it has ended instead, or time is up */
    public boolean awaitStop(Duration longest) {
        long end = System.nanoTime() + longest.toNanos();
        while (isAlive() && System.nanoTime() < end) {
            if (stat(pid).filter(stat -> stat.state() == 'T').isPresent()) {
                return true;
            }
            // There is nothing to wait on: a parent alone is told of a stop.
            LockSupport.parkNanos(1_000_000);
        }
        return false;
    }

    /**
     * Whether it lives and does something of its own when the signal comes: catches it, holds it back to read it, or
     * waits for signals, sigtimedwait(2). The first process of a pid namespace never hears of others,
     * pid_namespaces(7).
     */
    public boolean listensTo(int signal) {
        Path directory = Path.of("/proc/" + pid);
        try {
            long heard = Files.readAllLines(directory.resolve("status"), StandardCharsets.ISO_8859_1).stream()
                    .filter(line -> line.startsWith("SigCgt:") || line.startsWith("SigBlk:"))
                    .mapToLong(line -> Long.parseUnsignedLong(line.substring(7).strip(), 16))
                    .reduce(0, (one, other) -> one | other);
            boolean waits = Files.readString(directory.resolve("wchan")).contains("sigtimedwait");
            return (waits || (heard >>> (signal - 1) & 1) != 0) && isAlive();
        } catch (IOException e) {
            return false;
        }
    }

    /**
     * Sends the signal, unless the process has ended; never to another that has its number now (pidfd_open(2), Linux
     * 5.3).
     *
     * @return whether the process was there to get it
     */
    public boolean signal(int signal) {
        int number;
        try {
            number = (int) Native.syscall("pidfd_open", pid, SYS_PIDFD_OPEN, pid, 0, 0, 0, 0);
        } catch (KernelException e) {
            if (e.is(Errno.ESRCH) || e.is(Errno.EINVAL)) {
                return false;
            }
            throw e;
        }
        try (var fd = new Fd(number, "pidfd " + pid)) {
            if (!isAlive()) {
                return false;
            }
            Native.syscall("pidfd_send_signal", pid, SYS_PIDFD_SEND_SIGNAL, fd.number(), signal, 0, 0, 0);
            return true;
        } catch (KernelException e) {
            if (e.is(Errno.ESRCH)) {
                return false;
            }
            throw e;
        }
    }

    /** The program it runs: where /proc/PID/exe leads. Empty when it has ended. */
    public Optional<Path> executable() {
        try {
            Path link = Files.readSymbolicLink(Path.of("/proc/" + pid + "/exe"));
            return isAlive() ? Optional.of(link) : Optional.empty();
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    /**
     * Whether the program that it runs is in place. In the middle of execve(2) it is not: the process has its new program's
     * name, and can't be entered by setns(2).
     */
    public boolean hasProgram() {
        return stat(pid)
                .filter(stat -> stat.process().equals(this) && stat.code() != 0)
                .isPresent();
    }

    /** @param code the address of its program's first instruction, field 26 of /proc/PID/stat */
    private record Stat(char state, LinuxProcess process, long code) {}

    private static Optional<Stat> stat(long pid) {
        try {
            String text = Files.readString(Path.of("/proc/" + pid + "/stat"), StandardCharsets.ISO_8859_1);
            // The second field, the name, is in parentheses and may hold anything, parentheses too.
            String[] fields = text.substring(text.lastIndexOf(')') + 2).split(" ", 25);
            return Optional.of(new Stat(
                    fields[0].charAt(0),
                    new LinuxProcess(pid, Long.parseLong(fields[19])),
                    Long.parseUnsignedLong(fields[23])));
        } catch (IOException e) {
            return Optional.empty();
        }
    }
}
