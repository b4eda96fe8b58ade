package zonda.storage;

import java.util.Optional;

/**
 * One snapshot of a stream.
 *
 * @param snapshot its full name
 * @param from the full name of the snapshot that it is incremental to
 */
public record SendPart(String snapshot, Optional<String> from) {
    /** Whether it is incremental to a snapshot of another dataset, of which its own is a clone. */
    public boolean isClone() {
        return from.filter(origin -> !dataset(origin).equals(dataset(snapshot))).isPresent();
    }

    private static String dataset(String snapshot) {
        return snapshot.substring(0, snapshot.indexOf('@'));
    }
}
