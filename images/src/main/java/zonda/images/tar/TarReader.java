package zonda.images.tar;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import zonda.kernel.Access;
import zonda.kernel.FileName;

/**
 * Reads tar archives: the v7, ustar, GNU (long names, sparse files) and pax forms, of tar(5).
 *
 * <p>It trusts nothing in the archive, and has no opinion on names: that is {@link TreeUnpacker}'s. Confined to its
 * caller.
 */
final class TarReader implements AutoCloseable {
    /** No kernel takes longer names; pax headers also hold extended attributes, of 64 KiB each. */
    private static final long NAME_LIMIT = 64 << 10;

    private static final String CUT_OFF = "the archive is cut off";

    /** Programs fill the last record of an archive; this much after its end, and it is something else. */
    private static final long TRAILER_LIMIT = 64 << 20;

    /** The second field of the first record of a stream of zfs send, of either byte order. */
    private static final long ZFS_MAGIC = 0x2F5BACBACL;

    private static final long PAX_LIMIT = 8 << 20;

    /** Seconds: some 35,000 years. */
    private static final long TIME_LIMIT = 1L << 40;

    private final InputStream in;
    private final byte[] block = new byte[TarHeader.BLOCK];
    private final Pax global = new Pax();
    private final Pax local = new Pax();

    /** Of the current entry, as it is in the archive: what is still to be read, and the filling after it. */
    private long left;

    private long filling;
    private boolean ended;

    TarReader(InputStream in) {
        this.in = in;
    }

    /** Whether the two blocks that end an archive have been read: an archive without them may be cut off. */
    boolean endSeen() {
        return ended;
    }

    /** Skips what is left of the current entry and reads the next; empty at the end. */
    Optional<TarEntry> next() throws IOException {
        skipRest();
        local.clear();
        local.addAll(global);
        Optional<String> longName = Optional.empty();
        Optional<String> longLink = Optional.empty();
        while (nextBlock()) {
            TarHeader header = TarHeader.parse(block);
            switch (header.type()) {
                case 'L' -> longName = Optional.of(gnuText(header));
                case 'K' -> longLink = Optional.of(gnuText(header));
                case 'x', 'X' -> local.read(meta(header, PAX_LIMIT));
                case 'g' -> {
                    global.read(meta(header, PAX_LIMIT));
                    local.addAll(global);
                }
                case 'V' -> meta(header, PAX_LIMIT);
                default -> {
                    return Optional.of(entry(header, longName, longLink));
                }
            }
        }
        if (longName.isPresent() || longLink.isPresent()) {
            throw new TarException("the archive ends after a long name");
        }
        return Optional.empty();
    }

    /** Content of the current entry, as it is in the archive: of a sparse file only the extents. -1 at its end. */
    int read(byte[] buffer, int offset, int length) throws IOException {
        if (left == 0) {
            return -1;
        }
        int got = in.read(buffer, offset, (int) Math.min(length, left));
        if (got < 0) {
            throw cutOff();
        }
        left -= got;
        return got;
    }

    private TarEntry entry(TarHeader header, Optional<String> longName, Optional<String> longLink) throws IOException {
        String name = local.text("path").or(() -> longName).orElse(header.name());
        TarEntry.Kind kind = kind(header, name);
        long size = kind == TarEntry.Kind.FILE ? local.number("size").orElse(header.size()) : 0;
        if (size < 0) {
            throw new TarException("an entry has the size " + size);
        }
        left = size;
        filling = filling(size);
        Optional<SparseMap> sparse = kind == TarEntry.Kind.FILE ? sparse(header) : Optional.empty();
        return new TarEntry(
                kind,
                sparse.flatMap(SparseMap::name).orElse(name),
                local.text("linkpath").or(() -> longLink).orElse(header.link()),
                new Access(
                        header.mode(),
                        id(local.number("uid").orElse(header.uid())),
                        id(local.number("gid").orElse(header.gid()))),
                local.time("mtime")
                        .orElse(Instant.ofEpochSecond(Math.clamp(header.modified(), -TIME_LIMIT, TIME_LIMIT))),
                sparse.map(SparseMap::size).orElse(size),
                local.attributes(),
                sparse.map(SparseMap::extents));
    }

    private Optional<SparseMap> sparse(TarHeader header) throws IOException {
        if (header.type() == 'S') {
            return Optional.of(SparseMap.ofGnuHeader(block, this));
        }
        return SparseMap.ofPax(local, this);
    }

    private static TarEntry.Kind kind(TarHeader header, String name) throws TarException {
        return switch (header.type()) {
            // A v7 archive marks a directory by the slash only.
            case '0' -> name.endsWith("/") ? TarEntry.Kind.DIRECTORY : TarEntry.Kind.FILE;
            case '7', 'S' -> TarEntry.Kind.FILE;
            case '1' -> TarEntry.Kind.HARD_LINK;
            case '2' -> TarEntry.Kind.SYMLINK;
            case '3' -> TarEntry.Kind.CHARACTER;
            case '4' -> TarEntry.Kind.BLOCK;
            case '5' -> TarEntry.Kind.DIRECTORY;
            case '6' -> TarEntry.Kind.FIFO;
            default ->
                throw new TarException("entry " + FileName.printable(name) + " is of the unknown type '"
                        + FileName.printable(String.valueOf(header.type())) + "'");
        };
    }

    /** The ids that chown(2) knows, as it takes them; -1 would mean to it that nothing is to change. */
    private static int id(long value) throws TarException {
        if (value < 0 || value >= 0xffff_ffffL) {
            throw new TarException("there is no user or group with id " + value);
        }
        return (int) value;
    }

    private String gnuText(TarHeader header) throws IOException {
        byte[] data = meta(header, NAME_LIMIT);
        int end = 0;
        while (end < data.length && data[end] != 0) {
            end++;
        }
        return FileName.decode(Arrays.copyOf(data, end));
    }

    private byte[] meta(TarHeader header, long limit) throws IOException {
        if (header.size() < 0 || header.size() > limit) {
            throw new TarException("a header of type '" + header.type() + "' says it has " + header.size() + " bytes");
        }
        byte[] data = in.readNBytes((int) header.size());
        if (data.length < header.size()) {
            throw cutOff();
        }
        skip(filling(header.size()));
        return data;
    }

    /** A block of the current entry's content, for what is kept there about the entry itself. */
    byte[] contentBlock() throws IOException {
        byte[] content = new byte[TarHeader.BLOCK];
        if (left < content.length) {
            throw new TarException("a map of a sparse file is longer than its content");
        }
        readFully(content);
        left -= content.length;
        return content;
    }

    /** A block that comes before the current entry's content and isn't counted in its size. */
    byte[] extensionBlock() throws IOException {
        byte[] extension = new byte[TarHeader.BLOCK];
        readFully(extension);
        return extension;
    }

    private boolean nextBlock() throws IOException {
        int got = in.readNBytes(block, 0, block.length);
        if (got == 0) {
            return false;
        }
        if (got < block.length) {
            throw cutOff();
        }
        if (isZfsStream()) {
            throw new NotTarException("this is a stream of zfs send, not a tar archive");
        }
        if (TarHeader.isZero(block)) {
            int second = in.readNBytes(block, 0, block.length);
            if (second > 0 && !TarHeader.isZero(block)) {
                throw new TarException("there is something after a block of zeros");
            }
            ended = true;
            return false;
        }
        return true;
    }

    private boolean isZfsStream() {
        long magic = ByteBuffer.wrap(block).getLong(8);
        return magic == ZFS_MAGIC || Long.reverseBytes(magic) == ZFS_MAGIC;
    }

    /** Reads what follows the end of the archive, so that whoever sums the stream has seen all of it. */
    void drain() throws IOException {
        byte[] rest = new byte[64 * 1024];
        long seen = 0;
        for (int got = in.read(rest); got >= 0; got = in.read(rest)) {
            seen += got;
            if (seen > TRAILER_LIMIT) {
                throw new TarException("there is something after the end of the archive");
            }
        }
    }

    private void skipRest() throws IOException {
        skip(left);
        left = 0;
        // Some programs leave out the filling of the last entry with the end of the archive; nextBlock() finds that
        // out.
        in.readNBytes((int) filling);
        filling = 0;
    }

    private void skip(long bytes) throws IOException {
        try {
            in.skipNBytes(bytes);
        } catch (EOFException e) {
            throw new TarException(CUT_OFF, e);
        }
    }

    private void readFully(byte[] data) throws IOException {
        if (in.readNBytes(data, 0, data.length) < data.length) {
            throw cutOff();
        }
    }

    private static long filling(long size) {
        return -size & (TarHeader.BLOCK - 1);
    }

    private static TarException cutOff() {
        return new TarException(CUT_OFF);
    }

    /** What of the content the extents of a sparse file must add up to. */
    long contentLeft() {
        return left;
    }

    static List<TarEntry.Extent> whole(TarEntry entry) {
        return entry.extents().orElse(List.of(new TarEntry.Extent(0, entry.size())));
    }

    @Override
    public void close() throws IOException {
        in.close();
    }
}
