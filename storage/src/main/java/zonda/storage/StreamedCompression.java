package zonda.storage;

import java.util.List;
import java.util.Optional;

/** {@code compression} in streams, where it is a number: enum zio_compress of OpenZFS, with zstd's level above it. */
final class StreamedCompression {
    private static final List<String> WORDS = List.of(
            "", "on", "off", "lzjb", "off", "gzip-1", "gzip-2", "gzip-3", "gzip-4", "gzip-5", "gzip", "gzip-7",
            "gzip-8", "gzip-9", "zle", "lz4", "zstd");
    private static final int ZSTD = WORDS.indexOf("zstd");
    private static final int LEVEL_SHIFT = 7;
    private static final long MOST_LEVEL = 19;

    private StreamedCompression() {}

    /** Empty for a number that stands for nothing known. */
    static Optional<String> word(long number) {
        long algorithm = number & (1L << LEVEL_SHIFT) - 1;
        long level = number >>> LEVEL_SHIFT;
        if (algorithm <= 0 || algorithm >= WORDS.size()) {
            return Optional.empty();
        }
        String word = WORDS.get((int) algorithm);
        return Optional.of(algorithm == ZSTD && level > 0 && level <= MOST_LEVEL ? word + "-" + level : word);
    }

    /** Fast levels of zstd, whose numbers differ between versions, are sent as zstd. */
    static long number(String word) {
        if (word.matches("zstd-[0-9]+")) {
            return Long.parseLong(word.substring("zstd-".length())) << LEVEL_SHIFT | ZSTD;
        }
        String known = word.equals("gzip-6") ? "gzip" : word.startsWith("zstd") ? "zstd" : word;
        return WORDS.indexOf(known);
    }
}
