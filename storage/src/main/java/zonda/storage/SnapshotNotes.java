package zonda.storage;

import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What is noted of a snapshot: all of it that can change.
 *
 * @param holds since when each tag holds it: zfs-hold(8)
 * @param deferred whether it goes by itself as soon as nothing holds it and no clone depends on it
 * @param properties user properties
 */
record SnapshotNotes(Map<String, Instant> holds, boolean deferred, Map<String, String> properties) {
    static final SnapshotNotes NONE = new SnapshotNotes(Map.of(), false, Map.of());

    SnapshotNotes {
        holds = Map.copyOf(holds);
        properties = Map.copyOf(properties);
        properties.keySet().forEach(DatasetOptions::requireUserProperty);
    }

    SnapshotNotes held(String tag, Instant since) {
        var more = new LinkedHashMap<>(holds);
        more.put(tag, since);
        return new SnapshotNotes(more, deferred, properties);
    }

    SnapshotNotes released(String tag) {
        var left = new LinkedHashMap<>(holds);
        left.remove(tag);
        return new SnapshotNotes(left, deferred, properties);
    }

    SnapshotNotes goingLater() {
        return new SnapshotNotes(holds, true, properties);
    }

    SnapshotNotes withProperties(Map<String, String> changed) {
        return new SnapshotNotes(holds, deferred, changed);
    }
}
