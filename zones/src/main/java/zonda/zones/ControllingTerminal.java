package zonda.zones;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import zonda.base.Code;
import zonda.base.OpException;
import zonda.kernel.Command;
import zonda.kernel.LinuxProcess;

/**
 * Takes the console away from a zone's first process as its controlling terminal, which the runtime made it.
 *
 * <p>The inits of busybox and System V keep what they have, and a getty(8) that they start can't take it from them in a
 * user namespace: TIOCSCTTY with force (ioctl_tty(2)) asks for CAP_SYS_ADMIN in the first one. Here that is at hand:
 * {@code setsid --ctty} takes the terminal, and its end frees it. systemd(1) lets go of it by itself.
 */
final class ControllingTerminal {
    private static final long LIMIT_SECONDS = 10;

    private final Process release;

    private ControllingTerminal(Process release) {
        this.release = release;
    }

    /** Begins; the zone's own program must not run before {@link #await}. */
    static ControllingTerminal release(LinuxProcess init) {
        String console = "/proc/" + init.pid() + "/root/dev/console";
        return new ControllingTerminal(Command.of("sh", "-c", "exec setsid --ctty --wait true <\"$1\"", "sh", console)
                .start());
    }

    /** @throws OpException FAILED with the words of setsid(1) */
    void await() {
        try {
            if (!release.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)) {
                release.destroyForcibly();
                throw new OpException(Code.FAILED, "free the zone's console: setsid does not end");
            }
            if (release.exitValue() != 0) {
                String said = new String(release.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
                throw new OpException(Code.FAILED, "free the zone's console: " + said.strip());
            }
        } catch (IOException e) {
            throw new OpException(Code.FAILED, "free the zone's console: " + e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new OpException(Code.FAILED, "free the zone's console: interrupted", e);
        }
    }
}
