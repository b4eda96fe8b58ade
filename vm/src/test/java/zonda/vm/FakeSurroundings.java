package zonda.vm;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.UUID;
import zonda.base.Json;

/** A host with the pool zones, the nic tags admin and stub0, and the VMs and images put here. */
final class FakeSurroundings implements Surroundings {
    final List<VmConfig> vms = new ArrayList<>();
    final Map<String, Json.Obj> images = new HashMap<>();

    @Override
    public boolean poolExists(String name) {
        return name.equals("zones");
    }

    @Override
    public boolean hasRecords(Optional<String> pool) {
        return false;
    }

    @Override
    public boolean nicTagExists(String name) {
        return List.of("admin", "stub0").contains(name);
    }

    @Override
    public OptionalInt nicTagMtu(String name) {
        return OptionalInt.of(1500);
    }

    @Override
    public Optional<Json.Obj> image(String uuid, String pool) {
        if (!poolExists(pool)) {
            throw new IllegalArgumentException("no pool " + pool);
        }
        return Optional.ofNullable(images.get(UUID.fromString(uuid).toString()));
    }

    @Override
    public Collection<VmConfig> vms() {
        return vms;
    }
}
