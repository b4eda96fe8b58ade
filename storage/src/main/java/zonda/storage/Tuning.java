package zonda.storage;

import java.util.Optional;
import java.util.OptionalInt;
import java.util.regex.Pattern;
import zonda.base.Code;
import zonda.base.OpException;

/**
 * How a dataset's data are stored: zfsprops(7). What a dataset doesn't say itself, the nearest above it that does says.
 *
 * @param compression {@code off}, {@code on}, or an algorithm's name
 * @param recordSize bytes; of interest to drivers that store files in records
 */
public record Tuning(Optional<String> compression, OptionalInt recordSize) {
    /** As the datasets above say. */
    public static final Tuning NONE = new Tuning(Optional.empty(), OptionalInt.empty());

    public static final String OFF = "off";

    private static final Pattern COMPRESSION = Pattern.compile(
            "on|off|lzjb|zle|lz4|gzip(-[1-9])?|zstd(-([1-9]|1[0-9]))?" + "|zstd-fast(-([1-9]|[1-9]0|100|500|1000))?");
    private static final int LEAST_RECORD = 512;
    private static final int MOST_RECORD = 1 << 20;

    public Tuning {
        compression.ifPresent(Tuning::requireCompression);
        recordSize.ifPresent(Tuning::requireRecordSize);
    }

    private static void requireCompression(String word) {
        if (!COMPRESSION.matcher(word).matches()) {
            throw new OpException(
                    Code.INVALID,
                    "'compression' must be one of 'on | off | lzjb | gzip | gzip-[1-9] | zle | lz4 | zstd | "
                            + "zstd-[1-19] | zstd-fast | zstd-fast-[1-10,20,30,40,50,60,70,80,90,100,500,1000]'");
        }
    }

    private static void requireRecordSize(int bytes) {
        if (bytes < LEAST_RECORD || bytes > MOST_RECORD || Integer.bitCount(bytes) != 1) {
            throw new OpException(Code.INVALID, "'recordsize' must be power of 2 from 512B to 1M");
        }
    }

    public Tuning compression(Optional<String> word) {
        return new Tuning(word, recordSize);
    }

    public Tuning recordSize(OptionalInt bytes) {
        return new Tuning(compression, bytes);
    }

    /** What is set, for the history. */
    String text() {
        String text = compression.map(word -> " compression=" + word).orElse("")
                + (recordSize.isPresent() ? " recordsize=" + recordSize.getAsInt() : "");
        return text.isEmpty() ? "compression inherited" : text.substring(1);
    }
}
