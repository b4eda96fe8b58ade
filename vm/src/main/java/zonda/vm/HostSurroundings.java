package zonda.vm;

import java.util.Collection;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Stream;
import zonda.base.Json;
import zonda.storage.Datasets;

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
    public boolean hasRecords(Optional<String> pool) {
        Stream<String> asked = pool.map(Stream::of)
                .orElseGet(() ->
                        store.all().stream().map(vm -> vm.config().zpool()).distinct());
        return asked.flatMap(name -> host.pools().find(name).stream()).anyMatch(Datasets::hasRecords);
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
