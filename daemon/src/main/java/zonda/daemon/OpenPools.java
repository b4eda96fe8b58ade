package zonda.daemon;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import zonda.images.HostImages;
import zonda.storage.Datasets;
import zonda.storage.Pool;
import zonda.storage.PoolRegistry;
import zonda.vm.VmPools;

/** The registry's open pools, as images and VMs see them. */
record OpenPools(PoolRegistry registry, Path root) implements HostImages.Pools, VmPools {
    @Override
    public List<String> names() {
        return registry.pools().stream().map(pool -> pool.config().name()).toList();
    }

    @Override
    public Optional<Datasets> find(String name) {
        return registry.find(name).map(Pool::datasets);
    }

    @Override
    public Path mountpoint(String name) {
        return registry.find(name).map(pool -> pool.config().mountpoint()).orElseGet(() -> root.resolve(name));
    }
}
