package zonda.kernel;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.Arrays;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Extended attributes of an open file, listxattr(2), getxattr(2), setxattr(2), removexattr(2).
 *
 * <p>All go through the descriptor's entry in proc(5): so they work on one that was opened with O_PATH too, and on a
 * symbolic link, a fifo or a device itself.
 */
final class AttributeCalls {
    /** XATTR_LIST_MAX and XATTR_SIZE_MAX, linux/limits.h. */
    private static final int LARGEST = 65536;

    private static final MethodHandle LIST =
            Native.link("listxattr", FunctionDescriptor.of(JAVA_LONG, ADDRESS, ADDRESS, JAVA_LONG));
    private static final MethodHandle GET =
            Native.link("getxattr", FunctionDescriptor.of(JAVA_LONG, ADDRESS, ADDRESS, ADDRESS, JAVA_LONG));
    private static final MethodHandle SET =
            Native.link("setxattr", FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS, ADDRESS, JAVA_LONG, JAVA_INT));
    private static final MethodHandle REMOVE =
            Native.link("removexattr", FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS));

    private AttributeCalls() {}

    static SortedMap<String, byte[]> all(Fd file) {
        var attributes = new TreeMap<String, byte[]>();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment path = arena.allocateFrom(file.procPath().toString());
            long size = Native.call(
                    "listxattr", file, errno -> (long) LIST.invokeExact(errno, path, MemorySegment.NULL, 0L));
            if (size == 0) {
                return attributes;
            }
            MemorySegment buffer = arena.allocate(LARGEST);
            long length = Native.call(
                    "listxattr", file, errno -> (long) LIST.invokeExact(errno, path, buffer, (long) LARGEST));
            byte[] names = buffer.asSlice(0, length).toArray(JAVA_BYTE);
            int start = 0;
            for (int i = 0; i < names.length; i++) {
                if (names[i] == 0) {
                    String name = FileName.decode(Arrays.copyOfRange(names, start, i));
                    start = i + 1;
                    get(file, path, name, buffer, attributes);
                }
            }
        }
        return attributes;
    }

    private static void get(
            Fd file, MemorySegment path, String name, MemorySegment buffer, TreeMap<String, byte[]> attributes) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment attribute = text(arena, name);
            long length = Native.call("getxattr " + FileName.printable(name), file, errno ->
                    (long) GET.invokeExact(errno, path, attribute, buffer, (long) LARGEST));
            attributes.put(name, buffer.asSlice(0, length).toArray(JAVA_BYTE));
        } catch (KernelException e) {
            // Listed, and gone or not for us to read: as if it weren't there.
            if (!e.is(Errno.ENODATA) && !e.is(Errno.EOPNOTSUPP)) {
                throw e;
            }
        }
    }

    static void set(Fd file, String name, byte[] value) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment path = arena.allocateFrom(file.procPath().toString());
            MemorySegment attribute = text(arena, name);
            MemorySegment bytes = arena.allocate(Math.max(1, value.length));
            MemorySegment.copy(value, 0, bytes, JAVA_BYTE, 0, value.length);
            Native.call("setxattr " + FileName.printable(name), file, errno ->
                    (long) (int) SET.invokeExact(errno, path, attribute, bytes, (long) value.length, 0));
        }
    }

    static void remove(Fd file, String name) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment path = arena.allocateFrom(file.procPath().toString());
            MemorySegment attribute = text(arena, name);
            Native.call("removexattr " + FileName.printable(name), file, errno ->
                    (long) (int) REMOVE.invokeExact(errno, path, attribute));
        } catch (KernelException e) {
            if (!e.is(Errno.ENODATA) && !e.is(Errno.EOPNOTSUPP)) {
                throw e;
            }
        }
    }

    private static MemorySegment text(Arena arena, String name) {
        byte[] bytes = FileName.encode(name);
        MemorySegment text = arena.allocate(bytes.length + 1L);
        MemorySegment.copy(bytes, 0, text, JAVA_BYTE, 0, bytes.length);
        return text;
    }
}
