package zonda.kernel;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;
import java.util.Optional;

/** Extended attributes of any namespace, trusted and security included, which java.nio can't reach: xattr(7). */
public final class Xattrs {
    private static final int LARGEST = 65536;

    /** lsetxattr(2). */
    private static final MethodHandle SET =
            Native.link("lsetxattr", FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS, ADDRESS, JAVA_LONG, JAVA_INT));
    /** lgetxattr(2). */
    private static final MethodHandle GET =
            Native.link("lgetxattr", FunctionDescriptor.of(JAVA_LONG, ADDRESS, ADDRESS, ADDRESS, JAVA_LONG));
    /** lremovexattr(2). */
    private static final MethodHandle REMOVE =
            Native.link("lremovexattr", FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS));

    private Xattrs() {}

    /** Sets the attribute of the file itself, not of what a symbolic link leads to. */
    public static void set(Path file, String name, byte[] value) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment path = arena.allocateFrom(file.toString());
            MemorySegment attribute = arena.allocateFrom(name);
            MemorySegment bytes = arena.allocate(Math.max(1, value.length));
            MemorySegment.copy(value, 0, bytes, JAVA_BYTE, 0, value.length);
            Native.call("lsetxattr " + name, file, errno ->
                    (long) (int) SET.invokeExact(errno, path, attribute, bytes, (long) value.length, 0));
        }
    }

    /** The attribute's value, or empty when the file has none of this name. */
    public static Optional<byte[]> get(Path file, String name) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment path = arena.allocateFrom(file.toString());
            MemorySegment attribute = arena.allocateFrom(name);
            MemorySegment bytes = arena.allocate(LARGEST);
            long length = Native.call("lgetxattr " + name, file, errno ->
                    (long) GET.invokeExact(errno, path, attribute, bytes, (long) LARGEST));
            return Optional.of(bytes.asSlice(0, length).toArray(JAVA_BYTE));
        } catch (KernelException e) {
            if (e.is(Errno.ENODATA)) {
                return Optional.empty();
            }
            throw e;
        }
    }

    /** Removes the attribute; fine when there is none. */
    public static void remove(Path file, String name) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment path = arena.allocateFrom(file.toString());
            MemorySegment attribute = arena.allocateFrom(name);
            Native.call("lremovexattr " + name, file, errno -> (long) (int) REMOVE.invokeExact(errno, path, attribute));
        } catch (KernelException e) {
            if (!e.is(Errno.ENODATA)) {
                throw e;
            }
        }
    }
}
