package zonda.dtrace;

import java.util.OptionalLong;
import zonda.dtrace.code.Confinement;

/**
 * The zone whose root has a session made: what it may see is what the zone does, and nothing of the kernel.
 *
 * @param userNamespace the inode number of its user namespace
 * @param level how many PID namespaces are above its own
 * @param firstId the host's number of its root; its users are those from there on
 * @param ids how many users it has
 * @param user whether it has the privilege dtrace_user: its system calls, scheduling and clocks
 * @param process whether it has the privilege dtrace_proc: places in its programs
 */
public record CallingZone(
        String name,
        long userNamespace,
        int level,
        long firstId,
        long ids,
        boolean user,
        boolean process,
        Processes processes) {

    /** The processes of the zone, at this moment. */
    public interface Processes {
        /** The host's number of a process, by the zone's. */
        OptionalLong find(long number);

        /** Whether a process is the zone's, by the host's number. */
        boolean has(long process);
    }

    Confinement confinement() {
        return new Confinement(name, userNamespace, level, firstId, ids);
    }
}
