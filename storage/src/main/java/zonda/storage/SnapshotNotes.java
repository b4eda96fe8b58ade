package zonda.storage;

import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * What is noted of a snapshot, besides what it is.
 *
 * @param holds since when each tag holds it: zfs-hold(8)
 * @param deferred whether it goes by itself as soon as nothing holds it and no clone depends on it
 * @param properties user properties
 * @param streamed the identity that a stream gave it, which the sender's has too; it can be in a pool several times
 * @param arrival whether its dataset has yet to get its content. Where it was received is then its home, and goes
 */
record SnapshotNotes(
        Map<String, Instant> holds,
        boolean deferred,
        Map<String, String> properties,
        Optional<Guid> streamed,
        Arrival arrival) {
    static final SnapshotNotes NONE = new SnapshotNotes(Map.of(), false, Map.of(), Optional.empty(), Arrival.OVER);

    /** How a snapshot comes out of a stream. */
    enum Arrival {
        /** It is there, or came otherwise. */
        OVER,
        /** What came of it goes when the rest doesn't come. */
        AT_ONCE,
        /** As much as came stays until the rest comes. */
        RESUMABLE,
        /** As RESUMABLE, and its dataset was made for it and has nothing else. */
        RESUMABLE_INTO_NEW
    }

    SnapshotNotes {
        holds = Map.copyOf(holds);
        properties = Map.copyOf(properties);
        properties.keySet().forEach(DatasetOptions::requireUserProperty);
    }

    SnapshotNotes held(String tag, Instant since) {
        var more = new LinkedHashMap<>(holds);
        more.put(tag, since);
        return withHolds(more);
    }

    SnapshotNotes released(String tag) {
        var left = new LinkedHashMap<>(holds);
        left.remove(tag);
        return withHolds(left);
    }

    private SnapshotNotes withHolds(Map<String, Instant> changed) {
        return new SnapshotNotes(changed, deferred, properties, streamed, arrival);
    }

    SnapshotNotes goingLater() {
        return new SnapshotNotes(holds, true, properties, streamed, arrival);
    }

    SnapshotNotes withProperties(Map<String, String> changed) {
        return new SnapshotNotes(holds, deferred, changed, streamed, arrival);
    }

    SnapshotNotes streamed(Guid identity) {
        return new SnapshotNotes(holds, deferred, properties, Optional.of(identity), arrival);
    }

    SnapshotNotes arriving(Arrival how) {
        return new SnapshotNotes(holds, deferred, properties, streamed, how);
    }

    boolean arriving() {
        return arrival != Arrival.OVER;
    }

    /** Whether what came of it stays when the rest doesn't come. */
    boolean isResumable() {
        return arrival == Arrival.RESUMABLE || arrival == Arrival.RESUMABLE_INTO_NEW;
    }
}
