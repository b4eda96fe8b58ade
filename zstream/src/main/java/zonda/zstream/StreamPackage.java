package zonda.zstream;

import java.io.OutputStream;

/**
 * What is around the snapshots of a compound stream, as {@code zfs send -p}, {@code -R} and {@code -I} make it: a list of
 * properties, any number of streams, an end.
 */
public final class StreamPackage {
    private StreamPackage() {}

    /**
     * Writes what precedes the snapshots.
     *
     * @param toName the full name of the last snapshot of the topmost dataset
     * @param properties as libzfs reads them: {@code tosnap}, {@code fromsnap}, {@code fss}
     */
    public static void begin(OutputStream out, String toName, NvList properties) {
        var writer = new RecordWriter(out, Words.LITTLE);
        writer.properties(
                new StreamRecord.Begin(StreamRecord.COMPOUND, 0, 0, 0, new StreamRecord.StreamNames(0, 0, toName, 0)),
                properties);
        writer.flush();
    }

    /** Writes what follows the last snapshot. */
    public static void end(OutputStream out) {
        var writer = new RecordWriter(out, Words.LITTLE);
        writer.finalEnd();
        writer.flush();
    }
}
