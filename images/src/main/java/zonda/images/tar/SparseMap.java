package zonda.images.tar;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Where the content of a sparse file goes, of the forms that GNU tar's manual lists in "Storing Sparse Files".
 *
 * @param name the file's own, when the header has another for readers that don't know the form
 * @param size the file's, holes included
 */
record SparseMap(Optional<String> name, long size, List<TarEntry.Extent> extents) {
    /** Far more parts than any filesystem's sparse file in an image has; 16 MB of them. */
    private static final int LIMIT = 1 << 20;

    private static final int PAIR = 24;

    /** The old GNU form: four pairs in the header, 21 more in each block that follows it. */
    static SparseMap ofGnuHeader(byte[] header, TarReader archive) throws IOException {
        var extents = new ArrayList<TarEntry.Extent>();
        long size = TarHeader.number(header, 483, 12);
        pairs(header, 386, 4, extents);
        boolean more = header[482] != 0;
        while (more) {
            byte[] block = archive.extensionBlock();
            pairs(block, 0, 21, extents);
            more = block[504] != 0;
        }
        return checked(new SparseMap(Optional.empty(), size, extents), archive);
    }

    private static void pairs(byte[] block, int at, int count, List<TarEntry.Extent> extents) throws TarException {
        for (int i = 0; i < count; i++) {
            int pair = at + i * PAIR;
            if (block[pair] == 0) {
                return;
            }
            add(extents, TarHeader.number(block, pair, 12), TarHeader.number(block, pair + 12, 12));
        }
    }

    /** The pax forms: 1.0 keeps the map before the content, 0.1 and 0.0 in the extended header. */
    static Optional<SparseMap> ofPax(Pax pax, TarReader archive) throws IOException {
        if (pax.text("GNU.sparse.major").isPresent()) {
            if (!pax.text("GNU.sparse.major").equals(Optional.of("1"))
                    || !pax.text("GNU.sparse.minor").equals(Optional.of("0"))) {
                throw new TarException("a sparse file of an unknown form");
            }
            long size =
                    pax.number("GNU.sparse.realsize").orElseThrow(() -> new TarException("a sparse file has no size"));
            return Optional.of(
                    checked(new SparseMap(pax.text("GNU.sparse.name"), size, mapInContent(archive)), archive));
        }
        Optional<String> map = pax.text("GNU.sparse.map");
        if (map.isEmpty()) {
            return Optional.empty();
        }
        long size = pax.number("GNU.sparse.size").orElseThrow(() -> new TarException("a sparse file has no size"));
        var extents = new ArrayList<TarEntry.Extent>();
        String[] numbers = map.get().split(",");
        for (int i = 0; i + 1 < numbers.length; i += 2) {
            add(extents, Pax.decimal(numbers[i]), Pax.decimal(numbers[i + 1]));
        }
        return Optional.of(checked(new SparseMap(pax.text("GNU.sparse.name"), size, extents), archive));
    }

    private static List<TarEntry.Extent> mapInContent(TarReader archive) throws IOException {
        var lines = new Lines(archive);
        long count = lines.next();
        var extents = new ArrayList<TarEntry.Extent>();
        for (long i = 0; i < count; i++) {
            add(extents, lines.next(), lines.next());
        }
        return extents;
    }

    private static void add(List<TarEntry.Extent> extents, long offset, long length) throws TarException {
        if (extents.size() >= LIMIT) {
            throw new TarException("a sparse file of more than " + LIMIT + " parts");
        }
        if (length > 0) {
            extents.add(new TarEntry.Extent(offset, length));
        }
    }

    /** In order, within the file, and as much as there is content. */
    private static SparseMap checked(SparseMap map, TarReader archive) throws TarException {
        if (map.size < 0) {
            throw new TarException("a sparse file of the size " + map.size);
        }
        long at = 0;
        long content = 0;
        for (TarEntry.Extent extent : map.extents) {
            if (extent.offset() < at || extent.length() > map.size - extent.offset()) {
                throw new TarException("the map of a sparse file is wrong at " + extent.offset());
            }
            at = extent.offset() + extent.length();
            content += extent.length();
        }
        if (content != archive.contentLeft()) {
            throw new TarException("a sparse file has " + archive.contentLeft() + " bytes, its map says " + content);
        }
        return map;
    }

    /** Decimal numbers, one a line, in the blocks before the content. */
    private static final class Lines {
        private final TarReader archive;
        private byte[] block = new byte[0];
        private int at;

        Lines(TarReader archive) {
            this.archive = archive;
        }

        long next() throws IOException {
            var digits = new StringBuilder();
            while (true) {
                if (at == block.length) {
                    block = archive.contentBlock();
                    at = 0;
                }
                char c = (char) (block[at++] & 0xff);
                if (c == '\n') {
                    if (digits.isEmpty()) {
                        throw new TarException("the map of a sparse file has an empty line");
                    }
                    return Pax.decimal(digits.toString());
                }
                digits.append(c);
                if (digits.length() > 20) {
                    throw new TarException("the map of a sparse file has no numbers");
                }
            }
        }
    }
}
