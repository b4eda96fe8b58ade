package zonda.storage;

import java.time.Instant;
import java.util.List;
import java.util.Map;

/**
 * A snapshot as it is at one moment.
 *
 * @param name its full name, {@code pool/dataset@snapshot}
 * @param clones the full names of the datasets that were cloned from it
 * @param holds since when each tag holds it
 * @param deferred whether it goes by itself as soon as nothing holds it and no clone depends on it
 * @param properties user properties of its own
 */
public record Snapshot(
        String name,
        String guid,
        Instant created,
        List<String> clones,
        Map<String, Instant> holds,
        boolean deferred,
        Map<String, String> properties) {
    public Snapshot {
        clones = List.copyOf(clones);
        holds = Map.copyOf(holds);
        properties = Map.copyOf(properties);
    }

    /** The part after {@code @}. */
    public String shortName() {
        return name.substring(name.indexOf('@') + 1);
    }
}
