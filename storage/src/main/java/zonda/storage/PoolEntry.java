package zonda.storage;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import zonda.base.Json;

/**
 * What the host remembers of a pool that it has beside its first.
 *
 * @param uuid of its filesystem
 * @param devices disks, partitions or files
 * @param altroot what its mountpoints lie below
 * @param state how far it is in its life
 */
record PoolEntry(String name, String uuid, List<Path> devices, Optional<Path> altroot, State state) {
    /** Where a crash can have found it. */
    enum State {
        /** It is made: what is on its devices is of no use before it is there. */
        CREATING,
        IMPORTED,
        /** Its devices are wiped. */
        DESTROYING
    }

    PoolEntry {
        devices = List.copyOf(devices);
    }

    PoolEntry in(State other) {
        return new PoolEntry(name, uuid, devices, altroot, other);
    }

    Json.Obj toJson() {
        return Json.object()
                .with("name", name)
                .with("uuid", uuid)
                .with(
                        "devices",
                        Json.Arr.ofStrings(devices.stream().map(Path::toString).toList()))
                .with("altroot", altroot.map(Path::toString))
                .with("state", state.name().toLowerCase(java.util.Locale.ROOT));
    }

    static PoolEntry parse(Json.Obj json) {
        return new PoolEntry(
                json.string("name").orElseThrow(),
                json.string("uuid").orElseThrow(),
                json.array("devices").strings().stream().map(Path::of).toList(),
                json.string("altroot").map(Path::of),
                State.valueOf(json.string("state", "imported").toUpperCase(java.util.Locale.ROOT)));
    }
}
