package zonda.vm;

import java.net.InetAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import zonda.network.AttachedNic;
import zonda.network.DynamicMethod;
import zonda.network.Networks;

/**
 * Tells guests of their name servers: the VM's own, else those that its networks offer. A guest that was told of some
 * keeps them, unless its VM has maintain_resolvers.
 */
final class NameServers {
    private static final System.Logger LOG = System.getLogger(NameServers.class.getName());

    /** So long a DHCP server is waited for that did not answer before the VM booted. */
    private static final Duration LATE = Duration.ofMinutes(10);

    private final Machinery machinery;
    private final Networks networks;

    NameServers(Machinery machinery, Networks networks) {
        this.machinery = machinery;
        this.networks = networks;
    }

    /** A VM is about to boot. @param nics as they are now */
    void tell(VmRecord vm, List<AttachedNic> nics) {
        VmConfig config = vm.config();
        boolean leases = nics.stream().anyMatch(nic -> nic.dynamic().contains(DynamicMethod.DHCPV4));
        boolean first = vm.life() == VmRecord.Life.PROVISIONING;
        if (!first && !Docker.is(config) && !config.maintainsResolvers() && (!leases || isTold(config))) {
            return;
        }
        write(config, nics);
        if (leases && of(config, nics).isEmpty()) {
            tellLater(config);
        }
    }

    private void tellLater(VmConfig vm) {
        Thread.ofVirtual().name("name-servers-" + vm.uuid()).start(() -> {
            List<AttachedNic> nics = networks.awaitLeases(vm.uuid(), LATE);
            try {
                if (machinery.running(vm.uuid()).isPresent() && (Docker.is(vm) || !isTold(vm))) {
                    write(vm, nics);
                }
            } catch (RuntimeException e) {
                // It was stopped or deleted meanwhile; its next boot tells it.
                LOG.log(System.Logger.Level.DEBUG, "name servers of VM " + vm.uuid(), e);
            }
        });
    }

    private boolean isTold(VmConfig vm) {
        try (GuestRoot guest = GuestRoot.open(machinery.root(vm))) {
            return guest.hasNameServers();
        }
    }

    /** Writes the guest's files, with the name servers that there are. */
    void write(VmConfig vm, List<AttachedNic> nics) {
        Path zonepath = machinery.zonepath(vm);
        if (Docker.is(vm)) {
            new DockerFiles(vm, zonepath).write(of(vm, nics));
            return;
        }
        try (GuestRoot guest = GuestRoot.open(zonepath.resolve("root"))) {
            guest.resolvers(vm, of(vm, nics));
        }
    }

    private static List<String> of(VmConfig vm, List<AttachedNic> nics) {
        List<String> own = vm.properties().array("resolvers").strings();
        return own.isEmpty()
                ? nics.stream()
                        .flatMap(nic -> nic.resolvers().stream())
                        .map(InetAddress::getHostAddress)
                        .distinct()
                        .toList()
                : own;
    }
}
