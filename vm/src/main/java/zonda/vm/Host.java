package zonda.vm;

import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.random.RandomGenerator;
import zonda.base.Journal;
import zonda.images.Manifest;
import zonda.network.Networks;
import zonda.storage.Datasets;
import zonda.zones.Zones;

/**
 * The features that a VM is made of.
 *
 * @param pools the datasets of each pool by its name
 * @param mountpoint where the pool is mounted
 * @param nativeTree the directory that every zone sees as /native
 */
public record Host(
        Map<String, Datasets> pools,
        Images images,
        Networks networks,
        Zones zones,
        GuestMetadata metadata,
        Journal journal,
        Path nativeTree,
        Path mountpoint,
        HostFacts facts,
        InstantSource clock,
        RandomGenerator random) {
    public Host {
        pools = Map.copyOf(pools);
    }

    /** Where a VM's files are, when its dataset is mounted. */
    Path zonepath(UUID vm) {
        return mountpoint.resolve(vm.toString());
    }

    /** The images that VMs can be made of. */
    @FunctionalInterface
    public interface Images {
        Optional<Manifest> find(String uuid, String pool);
    }

    /** What every VM of this host shows. */
    public record HostFacts(String serverUuid, String liveImage) {}
}
