package zonda.network;

import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import zonda.base.Cidr;
import zonda.base.Code;
import zonda.base.Mac;
import zonda.base.OpException;
import zonda.base.Undo;
import zonda.kernel.KernelException;
import zonda.kernel.Link;
import zonda.kernel.NetNamespace;
import zonda.kernel.RouteSocket;

/**
 * Attaches NICs to zones and takes them away.
 *
 * <p>The order is what makes it safe: record, links (host end down), protection, names, zone's end, host end up; and
 * backwards. Whatever is left by a crash in between is in the record and can pass no frame.
 */
final class Nics {
    private final NetworkInstance instance;
    private final AntiSpoof antiSpoof;
    private final Switches switches;
    private final Services services;
    private final Attachments attachments;
    private final Leases leases;
    private final DhcpClients clients;
    /** Held while a VLAN's bridge is made and gets its port, and while empty ones are deleted. */
    private final ReentrantLock bridges = new ReentrantLock();

    Nics(
            NetworkInstance instance,
            AntiSpoof antiSpoof,
            Switches switches,
            Services services,
            Attachments attachments,
            Leases leases) {
        this.instance = instance;
        this.antiSpoof = antiSpoof;
        this.switches = switches;
        this.services = services;
        this.attachments = attachments;
        this.leases = leases;
        this.clients = new DhcpClients(instance);
    }

    /** As {@link Networks#prepare}. */
    void prepare(ZoneNetwork zone) {
        try (var socket = RouteSocket.open()) {
            zone.nics().stream()
                    .filter(spec -> spec.ips().contains(new NicAddress.Dhcp()))
                    .forEach(spec -> switches.find(socket, spec.nicTag(), spec.vlanId())
                            .stub()
                            .filter(stub -> stub.dhcp().isPresent())
                            .ifPresent(stub -> lease(stub, spec)));
        }
    }

    private InetAddress lease(Etherstub stub, NicSpec spec) {
        return leases.lease(stub, spec.zone(), spec.mac(), usedOn(spec), attachments::has);
    }

    /** As {@link Networks#attach}. */
    List<AttachedNic> attach(ZoneNetwork zone, long initPid) {
        if (NetNamespace.isOurs(initPid)) {
            throw new OpException(
                    Code.INVALID,
                    "zone " + zone.zone() + ": process " + initPid + " has no network namespace of its own");
        }
        ZoneEnd.check(zone.nics(), zone.routes());
        if (attachments.has(zone.zone())) {
            detachAll(zone.zone());
        }
        boolean usesVlans = zone.nics().stream().anyMatch(nic -> nic.vlanId() != 0);
        if (usesVlans) {
            bridges.lock();
        }
        try (var namespace = NetNamespace.ofProcess(initPid);
                var socket = RouteSocket.open();
                var undo = new Undo()) {
            List<HostEnd.Plan> plans =
                    zone.nics().stream().map(spec -> plan(socket, spec, zone)).toList();
            List<Attachment> planned =
                    plans.stream().map(HostEnd.Plan::attachment).toList();
            attachments.put(zone.zone(), planned);
            undo.add(() -> detachAll(zone.zone()));
            List<Link> ends = plans.stream()
                    .map(plan -> HostEnd.create(socket, instance, namespace, plan))
                    .toList();
            antiSpoof.add(planned.stream().map(Attachment::port).toList());
            plans.forEach(plan -> announce(plan, zone));
            List<AttachedNic> nics = planned.stream().map(Attachment::nic).toList();
            if (zone.emulator().isPresent()) {
                MachineEnd.configure(namespace, nics, zone.emulator().get());
            } else {
                ZoneEnd.configure(namespace, nics, zone.routes());
            }
            ends.forEach(socket::up);
            plans.stream()
                    .filter(plan -> isLeasing(plan.attachment().nic()))
                    .forEach(plan -> clients.start(plan.spec(), initPid, zone.names()));
            undo.keep();
            return nics;
        } finally {
            if (usesVlans) {
                bridges.unlock();
            }
        }
    }

    /** Waits for the leases of NICs whose addresses come from a server that isn't ours. */
    List<AttachedNic> awaitLeases(List<AttachedNic> nics, Duration limit) {
        return nics.stream()
                .map(nic -> isLeasing(nic) ? awaitLease(nic, limit) : nic)
                .toList();
    }

    private AttachedNic awaitLease(AttachedNic nic, Duration limit) {
        clients.awaitLease(nic.zone(), nic.index(), limit);
        return nic.withResolvers(clients.resolvers(nic.zone(), nic.index()));
    }

    private static boolean isLeasing(AttachedNic nic) {
        return nic.dynamic().contains(DynamicMethod.DHCPV4);
    }

    /** Whether what the NIC needs besides its link runs. */
    boolean isServed(AttachedNic nic) {
        return !isLeasing(nic) || clients.isRunning(nic.zone(), nic.index());
    }

    private HostEnd.Plan plan(RouteSocket socket, NicSpec spec, ZoneNetwork zone) {
        Switches.Switch on = switches.find(socket, spec.nicTag(), spec.vlanId());
        int mtu = spec.mtu().orElse(on.bridge().mtu());
        if (mtu > on.bridge().mtu()) {
            throw new OpException(
                    Code.INVALID,
                    "mtu " + mtu + " of " + spec.interfaceName() + " is more than the "
                            + on.bridge().mtu() + " of nic tag " + spec.nicTag());
        }
        boolean leased = spec.ips().contains(new NicAddress.Dhcp()) && gives(on, new NicAddress.Dhcp());
        Set<DynamicMethod> dynamic = dynamic(spec, on, zone.emulator().isPresent());
        Optional<InetAddress> gateway = !spec.primary()
                ? Optional.empty()
                : spec.gateways().stream().findFirst().or(() -> leased ? routerOf(on) : Optional.empty());
        var nic = new AttachedNic(
                spec.zone(),
                spec.index(),
                spec.interfaceName(),
                HostEnd.nameFor(socket, instance, spec),
                on.bridge().name(),
                spec.nicTag(),
                spec.mac(),
                mtu,
                spec.ips().stream()
                        .flatMap(ip -> address(spec, on, ip).stream())
                        .toList(),
                gateway,
                on.stub().map(Etherstub::resolvers).orElse(List.of()),
                dynamic);
        return new HostEnd.Plan(spec, new Attachment(nic, spec.protection()), on.bridge());
    }

    /** Whether the global zone gives such addresses there; else somebody on that network may. */
    private static boolean gives(Switches.Switch on, NicAddress wanted) {
        return switch (wanted) {
            case NicAddress.Static _ -> true;
            case NicAddress.Dhcp() -> on.stub().flatMap(Etherstub::dhcp).isPresent();
            case NicAddress.Addrconf() -> on.stub().flatMap(Etherstub::address6).isPresent();
        };
    }

    /** How the NIC gets addresses that others give. */
    private static Set<DynamicMethod> dynamic(NicSpec spec, Switches.Switch on, boolean guests) {
        return spec.ips().stream()
                .filter(ip -> !gives(on, ip))
                .flatMap(ip -> switch (ip) {
                    case NicAddress.Static _ -> Stream.<DynamicMethod>empty();
                    case NicAddress.Dhcp() -> Stream.of(guests ? DynamicMethod.GUEST_DHCPV4 : DynamicMethod.DHCPV4);
                    case NicAddress.Addrconf() -> Stream.of(DynamicMethod.ADDRCONF);
                })
                .collect(Collectors.toSet());
    }

    private static Optional<InetAddress> routerOf(Switches.Switch on) {
        return on.stub().filter(Etherstub::nat).flatMap(Etherstub::address).map(Cidr::address);
    }

    /** The address to set; empty when the network gives it. */
    private Optional<Cidr> address(NicSpec spec, Switches.Switch on, NicAddress wanted) {
        return gives(on, wanted) ? Optional.of(ownAddress(spec, on, wanted)) : Optional.empty();
    }

    private Cidr ownAddress(NicSpec spec, Switches.Switch on, NicAddress wanted) {
        return switch (wanted) {
            case NicAddress.Static(Cidr cidr) -> {
                requireFree(spec, on, cidr);
                yield cidr;
            }
            case NicAddress.Dhcp() -> {
                Etherstub stub = on.stub().orElseThrow();
                yield new Cidr(lease(stub, spec), stub.address().orElseThrow().prefix());
            }
            case NicAddress.Addrconf() -> {
                Cidr network = on.stub().flatMap(Etherstub::address6).orElseThrow();
                yield new Cidr(spec.mac().autoconfigured(network), network.prefix());
            }
        };
    }

    private void requireFree(NicSpec spec, Switches.Switch on, Cidr cidr) {
        boolean globals = on.stub().stream()
                .flatMap(stub -> Stream.of(stub.address(), stub.address6()))
                .flatMap(Optional::stream)
                .anyMatch(own -> own.address().equals(cidr.address()));
        if (globals) {
            throw new OpException(
                    Code.CONFLICT, cidr.address().getHostAddress() + " is the global zone's own on " + spec.nicTag());
        }
        on.stub()
                .flatMap(stub -> leases.holder(stub.name(), cidr.address()))
                .filter(lease -> !lease.mac().equals(spec.mac()) && attachments.has(lease.zone()))
                .ifPresent(lease -> {
                    throw new OpException(
                            Code.CONFLICT, Cidr.text(cidr.address()) + " is leased to zone " + lease.zone());
                });
    }

    /** The addresses that other NICs on the same switch have. */
    private Set<InetAddress> usedOn(NicSpec spec) {
        Set<InetAddress> used = new HashSet<>();
        for (Attachment attachment : attachments.all()) {
            AttachedNic nic = attachment.nic();
            if (nic.nicTag().equals(spec.nicTag()) && !nic.mac().equals(spec.mac())) {
                nic.addresses().forEach(address -> used.add(address.address()));
            }
        }
        return used;
    }

    /** What an etherstub's DHCP and DNS answer; a machine's guest learns of its fixed address by DHCP, too. */
    private void announce(HostEnd.Plan plan, ZoneNetwork zone) {
        List<String> names = zone.names();
        AttachedNic nic = plan.attachment().nic();
        if (plan.spec().vlanId() != 0) {
            return;
        }
        services.of(nic.nicTag()).ifPresent(service -> {
            List<InetAddress> addresses =
                    nic.addresses().stream().map(Cidr::address).toList();
            if (zone.emulator().isPresent() || plan.spec().ips().contains(new NicAddress.Dhcp())) {
                addresses.stream()
                        .filter(address -> address.getAddress().length == 4)
                        .findFirst()
                        .ifPresent(address -> service.host(nic.mac(), address, names));
            }
            service.name(nic.mac(), addresses, names);
        });
    }

    /** As {@link Networks#protect}. */
    void protect(UUID zone, Mac mac, NicProtection protection) {
        List<Attachment> changed = new ArrayList<>();
        Optional<Attachment> found = Optional.empty();
        for (Attachment attachment : attachments.of(zone)) {
            if (attachment.nic().mac().equals(mac)) {
                found = Optional.of(attachment);
                changed.add(new Attachment(attachment.nic(), protection));
            } else {
                changed.add(attachment);
            }
        }
        Attachment old = found.orElseThrow(
                () -> new OpException(Code.NOT_FOUND, "zone " + zone + " has no nic " + mac + " attached"));
        try (var socket = RouteSocket.open()) {
            Link end = socket.link(old.nic().hostEnd())
                    .orElseThrow(
                            () -> new OpException(Code.FAILED, old.nic().hostEnd() + " of nic " + mac + " is gone"));
            socket.lockPort(end, mac, protection.portMode());
        }
        attachments.replace(zone, changed);
        antiSpoof.replace(old.port(), new Attachment(old.nic(), protection).port());
    }

    /** As {@link Networks#detachAll}. */
    void detachAll(UUID zone) {
        List<Attachment> nics = attachments.of(zone);
        clients.stop(zone);
        try (var socket = RouteSocket.open()) {
            HostEnd.deleteAll(socket, instance, hostEnds(socket, zone, nics));
        }
        removeProtection(nics);
        forgetNics(zone);
    }

    /** What remains to do for a zone whose links and set elements are gone already. */
    void forgetNics(UUID zone) {
        List<Attachment> nics = attachments.of(zone);
        clients.stop(zone);
        for (Attachment attachment : nics) {
            AttachedNic nic = attachment.nic();
            services.of(nic.nicTag()).ifPresent(service -> service.forget(List.of(nic.mac())));
        }
        if (attachments.has(zone)) {
            attachments.remove(zone);
        }
        if (nics.stream().anyMatch(nic -> !switches.isPermanent(nic.nic().bridge()))) {
            bridges.lock();
            try {
                switches.dropUnused();
            } finally {
                bridges.unlock();
            }
        }
    }

    private void removeProtection(List<Attachment> nics) {
        try {
            antiSpoof.remove(nics.stream().map(Attachment::port).toList());
        } catch (KernelException e) {
            throw new OpException(Code.FAILED, "take away the protection of " + nics + ": " + e.getMessage(), e);
        }
    }

    /** Those that the record names, or all that say they are the zone's when there is no record. */
    private List<Link> hostEnds(RouteSocket socket, UUID zone, List<Attachment> nics) {
        if (!attachments.has(zone)) {
            return socket.links().stream()
                    .filter(link ->
                            link.group() == instance.group() && link.alias().startsWith(zone + " "))
                    .toList();
        }
        return nics.stream()
                .flatMap(nic -> socket.link(nic.nic().hostEnd()).stream())
                .filter(link -> HostEnd.isOf(link, instance, zone))
                .toList();
    }

    /** As {@link Networks#forget}. */
    void forget(UUID zone) {
        leases.forget(zone);
    }
}
