package zonda.kernel;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/** renameat2(2), Linux 3.15: the renames that java.nio has no word for. */
public final class Renames {
    static final int RENAME_NOREPLACE = 1;
    static final int RENAME_EXCHANGE = 2;

    private static final CFunction RENAMEAT2 = CFunction.of("renameat2");

    private Renames() {}

    /** Each gets the other's name, in one step. @throws KernelException ENOENT when one isn't there */
    public static void exchange(Path one, Path other) {
        rename("exchange", one, other, RENAME_EXCHANGE);
    }

    /** Renames, and never over something. @throws KernelException EEXIST when the new name is taken */
    public static void toFree(Path from, Path to) {
        rename("rename", from, to, RENAME_NOREPLACE);
    }

    private static void rename(String what, Path from, Path to, int flags) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment old = arena.allocateFrom(from.toString());
            MemorySegment target = arena.allocateFrom(to.toString());
            RENAMEAT2.call(
                    what + " " + from + " and",
                    to,
                    Mounts.AT_FDCWD,
                    old.address(),
                    Mounts.AT_FDCWD,
                    target.address(),
                    flags);
        }
    }
}
