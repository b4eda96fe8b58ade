package zonda.storage;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.EnumSet;
import java.util.Set;

/** chmod(2) of directories. */
final class Modes {
    private Modes() {}

    static void set(Path directory, int mode) {
        try {
            Files.setPosixFilePermissions(directory, permissions(mode));
        } catch (IOException e) {
            throw new UncheckedIOException("chmod " + directory + ": " + e, e);
        }
    }

    /** The nine bits of chmod(2). */
    private static Set<PosixFilePermission> permissions(int mode) {
        PosixFilePermission[] bits = PosixFilePermission.values();
        var set = EnumSet.noneOf(PosixFilePermission.class);
        for (int i = 0; i < bits.length; i++) {
            if ((mode & 0400 >> i) != 0) {
                set.add(bits[i]);
            }
        }
        return set;
    }
}
