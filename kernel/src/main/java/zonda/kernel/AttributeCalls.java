package zonda.kernel;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
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

    private static final CFunction LIST = CFunction.of("listxattr");
    private static final CFunction GET = CFunction.of("getxattr");
    private static final CFunction SET = CFunction.of("setxattr");
    private static final CFunction REMOVE = CFunction.of("removexattr");

    private AttributeCalls() {}

    static SortedMap<String, byte[]> all(Fd file) {
        var attributes = new TreeMap<String, byte[]>();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment path = arena.allocateFrom(file.procPath().toString());
            long size = LIST.callLong("listxattr", file, path.address(), 0, 0L);
            if (size == 0) {
                return attributes;
            }
            MemorySegment buffer = arena.allocate(LARGEST);
            long length = LIST.callLong("listxattr", file, path.address(), buffer.address(), LARGEST);
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
            long length = GET.callLong(
                    "getxattr " + FileName.printable(name),
                    file,
                    path.address(),
                    attribute.address(),
                    buffer.address(),
                    LARGEST);
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
            SET.call(
                    "setxattr " + FileName.printable(name),
                    file,
                    path.address(),
                    attribute.address(),
                    bytes.address(),
                    value.length,
                    0);
        }
    }

    static void remove(Fd file, String name) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment path = arena.allocateFrom(file.procPath().toString());
            MemorySegment attribute = text(arena, name);
            REMOVE.call("removexattr " + FileName.printable(name), file, path.address(), attribute.address());
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
