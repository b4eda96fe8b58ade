package zonda.zones;

import zonda.base.Bytes;
import zonda.base.Code;
import zonda.base.OpException;
import zonda.kernel.KernelException;
import zonda.kernel.Rlimits;

/** Limits that are a process's own and not a control group's: getrlimit(2). */
final class HostLimits {
    private HostLimits() {}

    static long openFiles() {
        return Rlimits.hard(Rlimits.RLIMIT_NOFILE);
    }

    static Bytes lockedMemory() {
        return Bytes.of(Rlimits.hard(Rlimits.RLIMIT_MEMLOCK));
    }

    /** Sets RLIMIT_MEMLOCK of a process, as far as this host's own limit lets it. */
    static void lockedMemory(long pid, Bytes limit) {
        long most = Math.min(limit.value(), lockedMemory().value());
        try {
            Rlimits.set(pid, Rlimits.RLIMIT_MEMLOCK, most);
        } catch (KernelException e) {
            throw new OpException(
                    Code.FAILED,
                    "set max_locked_memory of process " + pid + " to "
                            + Bytes.of(most).human() + ": " + e.getMessage()
                            + "; it takes effect at the next boot of the zone",
                    e);
        }
    }
}
