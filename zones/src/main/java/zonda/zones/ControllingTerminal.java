package zonda.zones;

import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import zonda.base.Code;
import zonda.base.OpException;
import zonda.kernel.Command;
import zonda.kernel.Fd;
import zonda.kernel.LinuxProcess;

/**
 * Takes the console away from a zone's first process as its controlling terminal, which the runtime made it.
 *
 * <p>The inits of busybox and System V keep what they have, and a getty(8) that they start can't take it from them in a
 * user namespace: TIOCSCTTY with force (ioctl_tty(2)) asks for CAP_SYS_ADMIN in the first one. Here that is at hand:
 * {@code setsid --ctty} takes the terminal, and its end frees it. systemd(1) lets go of it by itself.
 */
final class ControllingTerminal {
    private static final Duration LIMIT = Duration.ofSeconds(10);

    private final CompletableFuture<String> release;

    private ControllingTerminal(CompletableFuture<String> release) {
        this.release = release;
    }

    /** Begins; the zone's own program must not run before {@link #await}. */
    static ControllingTerminal release(LinuxProcess init) {
        Path console = Path.of("/proc/" + init.pid() + "/root/dev/console");
        return new ControllingTerminal(CompletableFuture.supplyAsync(
                () -> {
                    try (Fd terminal = Fd.open(console, Fd.O_RDWR | Fd.O_NOCTTY, 0)) {
                        return Command.of("setsid", "--ctty", "true").check(terminal, LIMIT);
                    }
                },
                Thread::startVirtualThread));
    }

    /** @throws OpException FAILED with the words of setsid(1) */
    void await() {
        try {
            release.join();
        } catch (CompletionException e) {
            Throwable cause = e.getCause() == null ? e : e.getCause();
            throw new OpException(Code.FAILED, "free the zone's console: " + cause.getMessage(), e);
        }
    }
}
