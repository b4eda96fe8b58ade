package zonda.storage;

import java.time.Instant;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import zonda.base.Json;
import zonda.kernel.BtrfsHealth.Scrubbed;

/**
 * What is kept of a pool's last scrub on the pool itself, so that one that was interrupted goes on. Immutable.
 *
 * @param parts by the device's id
 */
record ScrubRecord(Scrub.State state, Instant began, Instant changed, Map<Long, Part> parts) {
    ScrubRecord {
        parts = Map.copyOf(parts);
    }

    /** How far it is on one device: all that was read, whatever interruptions there were. */
    record Part(long position, long read, long corrected, long uncorrectable, boolean complete) {
        static final Part NOTHING = new Part(0, 0, 0, 0, false);

        Part plus(Scrubbed more) {
            return new Part(
                    more.complete() ? position : Math.max(position, more.position()),
                    read + more.bytes(),
                    corrected + more.corrected(),
                    uncorrectable + more.uncorrectable(),
                    more.complete());
        }

        private Json.Obj toJson() {
            return Json.object()
                    .with("position", position)
                    .with("read", read)
                    .with("corrected", corrected)
                    .with("uncorrectable", uncorrectable)
                    .with("complete", complete);
        }

        private static Part of(Json.Obj json) {
            return new Part(
                    json.integer("position", 0),
                    json.integer("read", 0),
                    json.integer("corrected", 0),
                    json.integer("uncorrectable", 0),
                    json.bool("complete", false));
        }
    }

    ScrubRecord with(Scrub.State next, Instant when) {
        return new ScrubRecord(next, began, when, parts);
    }

    ScrubRecord with(long device, Part part, Instant when) {
        Map<Long, Part> changedParts = new TreeMap<>(parts);
        changedParts.put(device, part);
        return new ScrubRecord(state, began, when, changedParts);
    }

    Part part(long device) {
        return parts.getOrDefault(device, Part.NOTHING);
    }

    Json.Obj toJson() {
        Json.Obj devices = Json.object();
        for (var part : new TreeMap<>(parts).entrySet()) {
            devices = devices.with(part.getKey().toString(), part.getValue().toJson());
        }
        return Json.object()
                .with("state", state.name().toLowerCase(Locale.ROOT))
                .with("began", began.toString())
                .with("changed", changed.toString())
                .with("devices", devices);
    }

    static ScrubRecord of(Json.Obj json) {
        Map<Long, Part> parts = new TreeMap<>();
        Json.Obj devices = json.object("devices");
        devices.members().keySet().forEach(id -> parts.put(Long.valueOf(id), Part.of(devices.object(id))));
        return new ScrubRecord(
                Scrub.State.valueOf(json.string("state", "").toUpperCase(Locale.ROOT)),
                Instant.parse(json.string("began", "")),
                Instant.parse(json.string("changed", "")),
                parts);
    }
}
