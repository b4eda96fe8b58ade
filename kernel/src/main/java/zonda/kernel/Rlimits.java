package zonda.kernel;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Resource limits of processes: prlimit(2). */
public final class Rlimits {
    /** asm-generic/resource.h. */
    public static final int RLIMIT_NOFILE = 7;

    public static final int RLIMIT_MEMLOCK = 8;

    /** asm-generic/unistd.h differs from x86's table here. */
    private static final long SYS_PRLIMIT64 = System.getProperty("os.arch", "").equals("aarch64") ? 261 : 302;

    private Rlimits() {}

    /** The most this process, and what it starts, can have without CAP_SYS_RESOURCE; Long.MAX_VALUE for no limit. */
    public static long hard(int resource) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment old = arena.allocate(16, 8);
            Native.syscall("prlimit", "self", SYS_PRLIMIT64, 0, resource, 0, old.address(), 0);
            long hard = old.get(JAVA_LONG, 8);
            return hard < 0 ? Long.MAX_VALUE : hard;
        }
    }

    /**
     * Sets soft and hard limit of a process.
     *
     * @return false when the process has ended
     * @throws KernelException EPERM when that would raise it beyond what this process may
     */
    public static boolean set(long pid, int resource, long limit) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment wanted = arena.allocate(16, 8);
            wanted.set(JAVA_LONG, 0, limit);
            wanted.set(JAVA_LONG, 8, limit);
            Native.syscall("prlimit", pid, SYS_PRLIMIT64, pid, resource, wanted.address(), 0, 0);
            return true;
        } catch (KernelException e) {
            if (e.is(Errno.ESRCH)) {
                return false;
            }
            throw e;
        }
    }
}
