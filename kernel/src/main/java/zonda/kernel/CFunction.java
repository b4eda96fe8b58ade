package zonda.kernel;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.util.Arrays;

/**
 * A C function of at most six arguments that are integers or addresses, variadic or not, each given as a long; the
 * caller keeps the arena of an address open. All are called in the one shape of six longs, since the JVM makes and
 * compiles classes for each shape, which was a third of a daemon's start. The calling conventions of Linux on x86-64 and
 * AArch64 allow that: integers are in registers of 64 bits, of which a callee reads those of its parameters, and no more
 * of them than it has.
 */
final class CFunction {
    private static final Linker LINKER = Linker.nativeLinker();
    private static final StructLayout STATE = Linker.Option.captureStateLayout();
    private static final long ERRNO_AT = STATE.byteOffset(PathElement.groupElement("errno"));
    private static final int MOST_ARGUMENTS = 6;
    private static final MethodHandle CALL = LINKER.downcallHandle(
            FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG),
            Linker.Option.captureCallState("errno"));

    private final MemorySegment address;

    private CFunction(MemorySegment address) {
        this.address = address;
    }

    /** A function of the C library, as its manual page has it. */
    static CFunction of(String name) {
        return of(LINKER.defaultLookup(), name);
    }

    static CFunction of(SymbolLookup library, String name) {
        return new CFunction(library.find(name).orElseThrow());
    }

    /** Calls what answers an int. @throws KernelException naming call and target when that is negative */
    int call(String call, Object target, long... arguments) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = arena.allocate(STATE);
            return (int) checked(call, target, state, (int) invoke(state, arguments));
        }
    }

    /** Calls what answers a long or ssize_t. @throws KernelException naming call and target when that is negative */
    long callLong(String call, Object target, long... arguments) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = arena.allocate(STATE);
            return checked(call, target, state, invoke(state, arguments));
        }
    }

    /** What it answers, whatever that means; of an int, the lower half. */
    long answer(long... arguments) {
        try (Arena arena = Arena.ofConfined()) {
            return invoke(arena.allocate(STATE), arguments);
        }
    }

    private static long checked(String call, Object target, MemorySegment state, long result) {
        if (result < 0) {
            throw new KernelException(call, String.valueOf(target), state.get(JAVA_INT, ERRNO_AT));
        }
        return result;
    }

    private long invoke(MemorySegment state, long[] given) {
        long[] all = given.length == MOST_ARGUMENTS ? given : Arrays.copyOf(given, MOST_ARGUMENTS);
        try {
            return (long) CALL.invokeExact(address, state, all[0], all[1], all[2], all[3], all[4], all[5]);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }
}
