package zonda.kernel;

import java.time.Instant;

/**
 * What statx(2) says of a file.
 *
 * @param mode permission bits with set-id and sticky bits, 07777 at most
 * @param size bytes; for a symbolic link the length of its text
 * @param links names the file has
 * @param device number that is equal for files of one filesystem (for btrfs: of one subvolume)
 * @param changed when content or attributes were last changed, which nobody can set
 */
public record FileStat(
        Kind kind,
        int mode,
        int uid,
        int gid,
        long size,
        Instant modified,
        int links,
        long inode,
        long device,
        Instant changed) {
    /** The type bits of the mode, inode(7). */
    public enum Kind {
        FILE(0100000),
        DIRECTORY(0040000),
        SYMLINK(0120000),
        FIFO(0010000),
        SOCKET(0140000),
        CHARACTER(0020000),
        BLOCK(0060000);

        private static final int MASK = 0170000;
        private final int bits;

        Kind(int bits) {
            this.bits = bits;
        }

        /** As the type bits of a mode, inode(7). */
        public int bits() {
            return bits;
        }

        static Kind of(int mode) {
            for (Kind kind : values()) {
                if ((mode & MASK) == kind.bits) {
                    return kind;
                }
            }
            throw new IllegalStateException("no file type in mode " + Integer.toOctalString(mode));
        }
    }

    public boolean isDirectory() {
        return kind == Kind.DIRECTORY;
    }

    public boolean isFile() {
        return kind == Kind.FILE;
    }

    public boolean isSymlink() {
        return kind == Kind.SYMLINK;
    }
}
