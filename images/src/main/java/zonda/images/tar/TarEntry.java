package zonda.images.tar;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import zonda.kernel.Access;
import zonda.kernel.FileName;

/**
 * One member of an archive: everything but its content.
 *
 * @param name as the archive has it, in {@link FileName}'s form
 * @param link where a hard or symbolic link leads, else empty
 * @param size of the content once unpacked, holes included
 * @param attributes extended attributes by their full names, xattr(7)
 * @param extents the parts of a sparse file that have content, in order; empty for any other
 */
record TarEntry(
        Kind kind,
        String name,
        String link,
        Access access,
        Instant modified,
        long size,
        Map<String, byte[]> attributes,
        Optional<List<Extent>> extents) {
    enum Kind {
        FILE,
        HARD_LINK,
        SYMLINK,
        CHARACTER,
        BLOCK,
        DIRECTORY,
        FIFO
    }

    /** A part of a sparse file that has content. */
    record Extent(long offset, long length) {}

    TarEntry {
        attributes = Map.copyOf(attributes);
        extents = extents.map(List::copyOf);
    }

    /** For messages. */
    String printableName() {
        return FileName.printable(name);
    }
}
