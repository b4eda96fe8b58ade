package zonda.kernel;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Optional;

/** Extended attributes of any namespace, trusted and security included, which java.nio can't reach: xattr(7). */
public final class Xattrs {
    private static final int LARGEST = 65536;

    /** lsetxattr(2). */
    private static final CFunction SET = CFunction.of("lsetxattr");
    /** lgetxattr(2). */
    private static final CFunction GET = CFunction.of("lgetxattr");
    /** lremovexattr(2). */
    private static final CFunction REMOVE = CFunction.of("lremovexattr");

    private Xattrs() {}

    /** Sets the attribute of the file itself, not of what a symbolic link leads to. */
    public static void set(Path file, String name, byte[] value) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment path = arena.allocateFrom(file.toString());
            MemorySegment attribute = arena.allocateFrom(name);
            MemorySegment bytes = arena.allocate(Math.max(1, value.length));
            MemorySegment.copy(value, 0, bytes, JAVA_BYTE, 0, value.length);
            SET.call("lsetxattr " + name, file, path.address(), attribute.address(), bytes.address(), value.length, 0);
        }
    }

    /** The attribute's value, or empty when the file has none of this name. */
    public static Optional<byte[]> get(Path file, String name) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment path = arena.allocateFrom(file.toString());
            MemorySegment attribute = arena.allocateFrom(name);
            MemorySegment bytes = arena.allocate(LARGEST);
            long length = GET.callLong(
                    "lgetxattr " + name, file, path.address(), attribute.address(), bytes.address(), LARGEST);
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
            REMOVE.call("lremovexattr " + name, file, path.address(), attribute.address());
        } catch (KernelException e) {
            if (!e.is(Errno.ENODATA)) {
                throw e;
            }
        }
    }
}
