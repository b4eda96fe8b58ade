package zonda.daemon;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import zonda.base.OpException;
import zonda.kernel.Command;

/** Whether it is the host that goes down, and not the daemon alone. */
final class HostShutdown {
    /** sd_booted(3). */
    private static final Path SYSTEMD = Path.of("/run/systemd/system");

    private static final Duration ANSWER = Duration.ofSeconds(10);

    private HostShutdown() {}

    /** By systemd's word, systemctl(1) is-system-running; false where systemd doesn't run. */
    static boolean isUnderWay() {
        if (!Files.isDirectory(SYSTEMD)) {
            return false;
        }
        try {
            return Command.of("systemctl", "is-system-running")
                    .run(ANSWER)
                    .out()
                    .strip()
                    .equals("stopping");
        } catch (OpException e) {
            System.getLogger(HostShutdown.class.getName()).log(System.Logger.Level.WARNING, e.getMessage());
            return false;
        }
    }
}
