package zonda.kernel;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;

/**
 * How a C function is linked and called here: every handle captures errno, and {@link #call} turns a negative result
 * into a {@link KernelException}.
 */
final class Native {
    private static final Linker LINKER = Linker.nativeLinker();
    private static final StructLayout STATE = Linker.Option.captureStateLayout();
    private static final VarHandle ERRNO = STATE.varHandle(MemoryLayout.PathElement.groupElement("errno"));
    private static final Linker.Option CAPTURE = Linker.Option.captureCallState("errno");

    /** syscall(2) with up to five arguments, each given as a long: for calls that the C library doesn't wrap. */
    private static final MethodHandle SYSCALL = LINKER.downcallHandle(
            LINKER.defaultLookup().find("syscall").orElseThrow(),
            FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG),
            CAPTURE,
            Linker.Option.firstVariadicArg(1));

    private Native() {}

    /** Links a function of the C library. Its handle takes the errno segment first. */
    static MethodHandle link(String name, FunctionDescriptor descriptor) {
        return LINKER.downcallHandle(LINKER.defaultLookup().find(name).orElseThrow(), descriptor, CAPTURE);
    }

    /** Links a variadic function whose arguments from {@code firstVariadic} on are variadic, as ioctl(2)'s third. */
    static MethodHandle linkVariadic(String name, int firstVariadic, FunctionDescriptor descriptor) {
        return LINKER.downcallHandle(
                LINKER.defaultLookup().find(name).orElseThrow(),
                descriptor,
                CAPTURE,
                Linker.Option.firstVariadicArg(firstVariadic));
    }

    /** One downcall; the segment is where it leaves errno. */
    @FunctionalInterface
    interface Downcall {
        long invoke(MemorySegment errno) throws Throwable;
    }

    /** Calls, and answers the result. @throws KernelException naming call and target when it is negative */
    static long call(String call, Object target, Downcall downcall) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment errno = arena.allocate(STATE);
            long result = downcall.invoke(errno);
            if (result < 0) {
                throw new KernelException(call, String.valueOf(target), (int) ERRNO.get(errno, 0L));
            }
            return result;
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }

    /** syscall(2) by number. Memory arguments are given as addresses, and the caller keeps their arena open. */
    static long syscall(String call, Object target, long number, long a, long b, long c, long d, long e) {
        return call(call, target, errno -> (long) SYSCALL.invokeExact(errno, number, a, b, c, d, e));
    }

    private static final MethodHandle IOCTL =
            linkVariadic("ioctl", 2, FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, ADDRESS));

    /** ioctl(2) with a pointer argument. Never use it for a request that blocks on a virtual thread. */
    static int ioctl(String call, Fd fd, long request, MemorySegment argument) {
        return (int) call(call, fd, errno -> (long) (int) IOCTL.invokeExact(errno, fd.number(), request, argument));
    }
}
