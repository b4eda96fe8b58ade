package zonda.kernel;

import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicBoolean;

/** An open file descriptor of this process, closed once. It is close-on-exec from its birth. */
public final class Fd implements AutoCloseable {
    public static final int O_RDONLY = 0;
    public static final int O_WRONLY = 1;
    public static final int O_RDWR = 2;
    public static final int O_CREAT = 0x40;
    public static final int O_EXCL = 0x80;
    public static final int O_NOCTTY = 0x100;
    public static final int O_TRUNC = 0x200;
    public static final int O_APPEND = 0x400;
    public static final int O_NONBLOCK = 0x800;
    public static final int O_DIRECT = 0x4000;
    public static final int O_DIRECTORY = 0x10000;
    public static final int O_NOFOLLOW = 0x20000;
    public static final int O_CLOEXEC = 0x80000;
    public static final int O_PATH = 0x200000;

    /** open(2). */
    private static final CFunction OPEN = CFunction.of("open");
    /** close(2). */
    private static final CFunction CLOSE = CFunction.of("close");

    /** memfd_create(2). */
    private static final CFunction MEMFD_CREATE = CFunction.of("memfd_create");

    private static final int MFD_CLOEXEC = 0x1;
    /** Of those that nobody is to execute; Linux 6.3, where the sysctl vm.memfd_noexec can ask for it. */
    private static final int MFD_NOEXEC_SEAL = 0x8;

    private final int number;
    private final Object name;
    private final AtomicBoolean closed = new AtomicBoolean();

    /** Takes over a descriptor that a call of this package returned; its name is made text when someone reads it. */
    Fd(int number, Object name) {
        this.number = number;
        this.name = name;
    }

    /** @throws KernelException as open(2) */
    public static Fd open(Path path, int flags, int mode) {
        try (Arena arena = Arena.ofConfined()) {
            var text = arena.allocateFrom(path.toString());
            int fd = OPEN.call("open", path, text.address(), flags | O_CLOEXEC, mode);
            return new Fd(fd, path.toString());
        }
    }

    public static Fd openDirectory(Path path) {
        return open(path, O_RDONLY | O_DIRECTORY, 0);
    }

    /** An empty file that is nowhere but in memory, and gone with its last descriptor. */
    static Fd inMemory(String name) {
        return inMemory(name, MFD_NOEXEC_SEAL, 0);
    }

    /** @param flags MFD_ constants of linux/memfd.h @param older those for kernels that don't know all of them */
    static Fd inMemory(String name, int flags, int older) {
        try (Arena arena = Arena.ofConfined()) {
            var text = arena.allocateFrom(name);
            try {
                return new Fd(MEMFD_CREATE.call("memfd_create", name, text.address(), MFD_CLOEXEC | flags), name);
            } catch (KernelException e) {
                if (!e.is(Errno.EINVAL)) {
                    throw e;
                }
                return new Fd(MEMFD_CREATE.call("memfd_create", name, text.address(), MFD_CLOEXEC | older), name);
            }
        }
    }

    /** The number, for calls made within this package. */
    int number() {
        if (closed.get()) {
            throw new IllegalStateException(name + " is closed");
        }
        return number;
    }

    /** A path that leads to the open file from this process, and for others while it is open. */
    public Path procPath() {
        return Path.of("/proc/" + ProcessHandle.current().pid() + "/fd/" + number());
    }

    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            CLOSE.call("close", name, number);
        }
    }

    @Override
    public String toString() {
        return name.toString();
    }
}
