package zonda.vm;

import java.net.InetAddress;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Optional;
import java.util.random.RandomGenerator;
import zonda.base.Journal;
import zonda.images.Manifest;
import zonda.network.Networks;
import zonda.zones.Zones;

/**
 * The features that a VM is made of.
 *
 * @param nativeTree the directory that every zone sees as /native
 */
public record Host(
        VmPools pools,
        Images images,
        Networks networks,
        Zones zones,
        GuestMetadata metadata,
        GuestCommands commands,
        Journal journal,
        Path nativeTree,
        HostFacts facts,
        InstantSource clock,
        RandomGenerator random) {
    /** Where a VM's files are, when its dataset is mounted. */
    Path zonepath(VmConfig vm) {
        return pools.mountpoint(vm.zpool()).resolve(vm.uuid().toString());
    }

    /** The images that VMs can be made of. */
    @FunctionalInterface
    public interface Images {
        Optional<Manifest> find(String uuid, String pool);
    }

    /**
     * What every VM of this host shows.
     *
     * @param adminAddress where displays are served, if they are to be
     */
    public record HostFacts(String serverUuid, String liveImage, Optional<InetAddress> adminAddress) {}
}
