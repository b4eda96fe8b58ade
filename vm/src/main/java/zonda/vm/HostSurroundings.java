package zonda.vm;

import java.util.Collection;
import java.util.Optional;
import java.util.OptionalInt;
import zonda.base.Json;

/** The host as payloads are checked against it. */
final class HostSurroundings implements Surroundings {
    private final Host host;
    private final VmStore store;

    HostSurroundings(Host host, VmStore store) {
        this.host = host;
        this.store = store;
    }

    @Override
    public boolean poolExists(String name) {
        return host.pools().find(name).isPresent();
    }

    @Override
    public boolean nicTagExists(String name) {
        return host.networks().tagExists(name);
    }

    @Override
    public OptionalInt nicTagMtu(String name) {
        return OptionalInt.empty();
    }

    @Override
    public Optional<Json.Obj> image(String uuid, String pool) {
        return host.images().find(uuid, pool).map(manifest -> manifest.json());
    }

    @Override
    public Collection<VmConfig> vms() {
        return store.all().stream().map(VmRecord::config).toList();
    }
}
