package zonda.zstream;

import java.time.Instant;
import java.util.Optional;

/**
 * What a stream says of the snapshot it holds.
 *
 * @param toGuid the snapshot's guid, unsigned
 * @param fromGuid the guid of the snapshot that it is incremental to; 0 for a full stream
 * @param toName the sender's name of it, {@code pool/dataset@snapshot}
 * @param form what the rest of such a stream can have, too
 * @param resume where it goes on, when it is the rest of one that was cut short
 */
public record StreamHeader(
        Kind kind,
        long toGuid,
        long fromGuid,
        String toName,
        Instant created,
        boolean isClone,
        ResumeToken.Form form,
        Optional<ResumePoint> resume) {
    /** What is in the snapshot: dmu_objset_type_t. */
    public enum Kind {
        FILESYSTEM(2, "filesystem"),
        VOLUME(3, "volume");

        private final int number;
        private final String label;

        Kind(int number, String label) {
            this.number = number;
            this.label = label;
        }

        int number() {
            return number;
        }

        /** As {@code zfs list} has it in its column TYPE. */
        public String label() {
            return label;
        }
    }

    public boolean isIncremental() {
        return fromGuid != 0;
    }

    /** What follows the {@code @} of its name; all of it when there is none. */
    public String snapshot() {
        return toName.substring(toName.indexOf('@') + 1);
    }
}
