package zonda.images.tar;

import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import zonda.base.Bytes;

/**
 * Stops an archive that would fill the pool, before it does: every so many bytes or files it looks how much is free,
 * and leaves a twentieth of the pool, at least 16 MiB and at most 1 GiB, to the zones. Confined to one unpacking.
 */
final class FreeSpace {
    private static final long LOOK_EVERY = 32 << 20;

    /** What a name costs a filesystem, roughly: its inode, its entry in a directory, and the way to it. */
    private static final int NAME_COST = 1024;

    private final FileStore store;
    private final long reserve;
    private long untilLook;

    FreeSpace(Path root) throws IOException {
        this.store = Files.getFileStore(root);
        this.reserve = Math.clamp(store.getTotalSpace() / 20, 16L << 20, 1L << 30);
    }

    /** To be called before a file of this size is written. */
    void take(long bytes) throws IOException {
        untilLook -= Math.min(bytes, LOOK_EVERY) + NAME_COST;
        if (untilLook <= 0) {
            long free = store.getUsableSpace();
            untilLook = Math.clamp((free - reserve) / 2, 1 << 20, LOOK_EVERY);
            if (free < reserve + Math.min(bytes, LOOK_EVERY)) {
                throw new TarException("the pool is nearly full: " + Bytes.of(free) + " are free, and "
                        + Bytes.of(reserve) + " are kept for the zones");
            }
        }
    }
}
