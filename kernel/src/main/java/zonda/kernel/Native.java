package zonda.kernel;

import java.lang.foreign.MemorySegment;

/** System calls that the C library has no function for, or one for all of them. */
final class Native {
    private static final CFunction SYSCALL = CFunction.of("syscall");
    private static final CFunction IOCTL = CFunction.of("ioctl");

    private Native() {}

    /** syscall(2) by number. Memory arguments are given as addresses, and the caller keeps their arena open. */
    static long syscall(String call, Object target, long number, long a, long b, long c, long d, long e) {
        return SYSCALL.callLong(call, target, number, a, b, c, d, e);
    }

    /** ioctl(2) with a pointer argument. Never use it for a request that blocks on a virtual thread. */
    static int ioctl(String call, Fd fd, long request, MemorySegment argument) {
        return ioctl(call, fd, request, argument.address());
    }

    /** ioctl(2) with a number as its argument. */
    static int ioctl(String call, Fd fd, long request, long argument) {
        return IOCTL.call(call, fd, fd.number(), request, argument);
    }
}
