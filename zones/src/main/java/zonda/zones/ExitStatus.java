package zonda.zones;

import java.time.Instant;

/**
 * How a zone's first process ended.
 *
 * @param code its exit status, 128 + n when signal n ended it
 */
public record ExitStatus(int code, Instant when) {
    private static final int SIGNALLED = 128;

    /** The pid namespace's answer to reboot(2) with RB_AUTOBOOT: its init ends by SIGHUP (pid_namespaces(7)). */
    private static final int REBOOT = 128 + 1;
    /** The same for RB_POWER_OFF and RB_HALT_SYSTEM: SIGINT. */
    private static final int HALT = 128 + 2;

    /** As SmartOS tells it: the exit status, or minus the signal that ended the process. */
    public int told() {
        return code > SIGNALLED ? SIGNALLED - code : code;
    }

    /** The zone asked to be started again, by reboot(8) inside it. */
    public boolean isReboot() {
        return code == REBOOT;
    }

    /** The zone asked to be off, by poweroff(8) or halt(8) inside it. */
    public boolean isHalt() {
        return code == HALT;
    }
}
