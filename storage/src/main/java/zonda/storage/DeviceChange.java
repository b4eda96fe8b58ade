package zonda.storage;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import zonda.base.Json;

/**
 * A change to a pool's devices that is under way, kept on the pool: it goes on when the pool is opened again.
 *
 * @param kind the verb of zpool(8)
 * @param began when it was asked for
 * @param add devices that come in, by path
 * @param remove the id of the one that goes
 * @param copies how many of each block there shall be in the end
 */
record DeviceChange(String kind, Instant began, List<String> add, Optional<Long> remove, int copies) {
    DeviceChange {
        add = List.copyOf(add);
    }

    boolean isReplace() {
        return kind.equals("replace");
    }

    Json.Obj toJson() {
        Json.Obj json = Json.object()
                .with("kind", kind)
                .with("began", began.toString())
                .with("add", Json.Arr.ofStrings(add))
                .with("copies", copies);
        return remove.isPresent() ? json.with("remove", remove.get()) : json;
    }

    static DeviceChange of(Json.Obj json) {
        return new DeviceChange(
                json.string("kind", ""),
                Instant.parse(json.string("began", "")),
                json.array("add").strings(),
                json.integer("remove"),
                (int) json.integer("copies", 1));
    }
}
