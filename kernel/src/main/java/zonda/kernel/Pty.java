package zonda.kernel;

import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** A pseudo-terminal's size: tty_ioctl(4). */
public final class Pty {
    /** asm-generic/ioctls.h. */
    private static final long TIOCSWINSZ = 0x5414;

    private Pty() {}

    /** Tells the terminal, and the foreground processes on it, its size. @throws KernelException as ioctl(2) */
    public static void resize(Fd master, int rows, int columns) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment size = arena.allocate(8, 2);
            size.set(JAVA_SHORT, 0, (short) rows);
            size.set(JAVA_SHORT, 2, (short) columns);
            Native.ioctl("ioctl TIOCSWINSZ", master, TIOCSWINSZ, size);
        }
    }
}
