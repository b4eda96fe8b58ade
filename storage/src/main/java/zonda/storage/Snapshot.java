package zonda.storage;

import java.time.Instant;
import java.util.List;

/**
 * A snapshot as it is at one moment.
 *
 * @param name its full name, {@code pool/dataset@snapshot}
 * @param clones the full names of the datasets that were cloned from it
 */
public record Snapshot(String name, String guid, Instant created, List<String> clones) {
    public Snapshot {
        clones = List.copyOf(clones);
    }

    /** The part after {@code @}. */
    public String shortName() {
        return name.substring(name.indexOf('@') + 1);
    }
}
