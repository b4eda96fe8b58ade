package zonda.kernel;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/** Opens paths that somebody else may change meanwhile: openat2(2), Linux 5.6. */
public final class Paths {
    static final int SYS_OPENAT2 = 437;
    static final int RESOLVE_NO_SYMLINKS = 4;

    /** struct open_how of linux/openat2.h. */
    static final int OPEN_HOW_SIZE = 24;

    static final int OPEN_HOW_RESOLVE = 16;

    private Paths() {}

    /**
     * A descriptor that only names the file, for calls that take one (O_PATH).
     *
     * @throws KernelException ELOOP when a part of the path is a symbolic link
     */
    public static Fd withoutSymlinks(Path path) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment how = arena.allocate(OPEN_HOW_SIZE, 8);
            how.set(JAVA_LONG, 0, Fd.O_PATH | Fd.O_CLOEXEC);
            how.set(JAVA_LONG, OPEN_HOW_RESOLVE, RESOLVE_NO_SYMLINKS);
            long name = arena.allocateFrom(path.toString()).address();
            long fd = Native.syscall(
                    "openat2", path, SYS_OPENAT2, Mounts.AT_FDCWD, name, how.address(), OPEN_HOW_SIZE, 0);
            return new Fd((int) fd, path.toString());
        }
    }
}
