package zonda.network;

import java.net.InetAddress;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import zonda.base.Cidr;
import zonda.base.Code;
import zonda.base.Mac;
import zonda.base.OpException;
import zonda.kernel.Errno;
import zonda.kernel.KernelException;
import zonda.kernel.Link;
import zonda.kernel.Route;
import zonda.kernel.RouteSocket;
import zonda.network.NicTag.Uplink;

/**
 * The Linux bridges behind etherstubs and NIC tags.
 *
 * <p>A bridge of ours is known by its link group, which it has from the moment it is there; its alias says in words what
 * it is for. VLANs are bridges of their own, made when the first NIC asks and gone with the last: of a NIC tag with a
 * link of the kernel's for the tagged frames, of an etherstub without. Only {@link Networks} calls it, one at a time.
 */
final class Switches {
    private final NetworkInstance instance;
    private final NetworkConfig config;
    private final Map<String, String> bridges = new ConcurrentHashMap<>();
    private final Map<String, String> problems = new ConcurrentHashMap<>();

    Switches(NetworkInstance instance, NetworkConfig config) {
        this.instance = instance;
        this.config = config;
    }

    /** Makes what isn't there. What can't be made is remembered with its reason, and refused when a NIC wants it. */
    void up() {
        try (var socket = RouteSocket.open()) {
            for (Etherstub stub : config.etherstubs()) {
                attempt(stub.name(), () -> up(socket, stub));
            }
            for (NicTag tag : config.nicTags()) {
                attempt(tag.name(), () -> up(socket, tag));
            }
        }
    }

    private void attempt(String name, Runnable making) {
        try {
            problems.remove(name);
            making.run();
        } catch (OpException e) {
            problems.put(name, e.getMessage());
        }
    }

    private void up(RouteSocket socket, Etherstub stub) {
        String name = nameFor(socket, stub.name());
        if (socket.link(name).isEmpty()) {
            stub.address().ifPresent(address -> requireFree(socket, stub.name(), address));
        }
        Link bridge = ensureBridge(socket, name, "etherstub " + stub.name(), stub.mtu());
        if (stub.address6().isEmpty()) {
            socket.withoutLinkLocal(bridge);
        }
        List<Cidr> wanted = Stream.of(stub.address(), stub.address6())
                .flatMap(Optional::stream)
                .toList();
        for (RouteSocket.Assigned assigned : socket.addresses()) {
            boolean linkLocal = assigned.cidr().address().isLinkLocalAddress();
            if (assigned.link() == bridge.index() && !linkLocal && !wanted.contains(assigned.cidr())) {
                socket.removeAddress(bridge, assigned.cidr());
            }
        }
        wanted.forEach(address -> socket.addAddress(bridge, address));
        socket.up(bridge);
        bridges.put(stub.name(), name);
    }

    private void requireFree(RouteSocket socket, String stub, Cidr address) {
        List<Cidr> routes = socket.routes().stream().map(Route::destination).toList();
        List<Cidr> clash = FreeNetwork.clash(address.network(), routes);
        if (!clash.isEmpty()) {
            throw new OpException(
                    Code.CONFLICT,
                    "etherstub " + stub + ": " + address.network() + " overlaps the host's route to " + clash.getFirst()
                            + "; give it another address in " + NetworkConfig.FILE);
        }
    }

    private void up(RouteSocket socket, NicTag tag) {
        switch (tag.uplink()) {
            case Uplink.ExistingBridge(String name) -> {
                Link link = required(socket, tag, name);
                if (!link.isBridge()) {
                    throw new OpException(Code.CONFLICT, "nic tag " + tag.name() + ": " + name + " is not a bridge");
                }
                bridges.put(tag.name(), name);
            }
            case Uplink.PhysicalNic(String name) -> bridges.put(tag.name(), enslave(socket, tag, name));
        }
    }

    private static Link required(RouteSocket socket, NicTag tag, String name) {
        return socket.link(name)
                .orElseThrow(
                        () -> new OpException(Code.NOT_FOUND, "nic tag " + tag.name() + ": there is no link " + name));
    }

    private String enslave(RouteSocket socket, NicTag tag, String name) {
        Link nic = required(socket, tag, name);
        String bridgeName = instance.prefixedBridge(name);
        if (nic.master() != 0 && socket.link(bridgeName).map(Link::index).orElse(0) != nic.master()) {
            throw new OpException(
                    Code.CONFLICT, "nic tag " + tag.name() + ": " + name + " is a port of another switch");
        }
        socket.addresses().stream()
                .filter(assigned -> assigned.link() == nic.index())
                .filter(assigned -> !assigned.cidr().address().isLinkLocalAddress())
                .findFirst()
                .ifPresent(assigned -> {
                    throw new OpException(
                            Code.CONFLICT,
                            "nic tag " + tag.name() + ": " + name + " carries " + assigned.cidr()
                                    + ", which the host would lose when it becomes a port of our bridge; make a bridge"
                                    + " that has the address, and name that with \"bridge\"");
                });
        Link bridge = ensureBridge(socket, bridgeName, "nic " + name, nic.mtu());
        socket.withoutLinkLocal(bridge);
        socket.master(nic, bridge.index());
        socket.up(nic);
        socket.up(bridge);
        return bridgeName;
    }

    /** The etherstub's own name if that is free or ours, else one with the prefix. */
    private String nameFor(RouteSocket socket, String dladmName) {
        String plain = instance.bridge(dladmName);
        return socket.link(plain).map(this::isOurs).orElse(true) ? plain : instance.prefixedBridge(dladmName);
    }

    private boolean isZones(Link port) {
        return port.group() == instance.group() || port.group() == instance.dyingGroup();
    }

    private boolean isOurs(Link link) {
        return link.isBridge() && link.group() == instance.bridgeGroup();
    }

    private Link ensureBridge(RouteSocket socket, String name, String purpose, int mtu) {
        Link bridge =
                socket.link(name).orElseGet(() -> socket.createBridge(name, macFor(name), instance.bridgeGroup()));
        if (!isOurs(bridge)) {
            throw new OpException(Code.CONFLICT, purpose + ": there is a link " + name + " that is not ours");
        }
        socket.describe(bridge, "zonda " + instance.prefix() + " " + purpose);
        // Setting it also keeps the kernel from lowering it to that of the smallest port.
        socket.mtu(bridge, mtu);
        return bridge;
    }

    /** Always the same for the same name, so that neighbours of a bridge that is made again find it. */
    private Mac macFor(String name) {
        return Mac.random(new Random((instance.prefix() + "/" + name).hashCode()));
    }

    boolean exists(String tag) {
        return config.etherstubs().stream().anyMatch(stub -> stub.name().equals(tag))
                || config.nicTags().stream().anyMatch(known -> known.name().equals(tag));
    }

    /** As {@link Networks#tags}. */
    List<Networks.Tag> tags() {
        Stream<Networks.Tag> stubs = config.etherstubs().stream()
                .map(stub -> tag(stub.name(), Optional.empty(), stub.address(), stub.resolvers()));
        Stream<Networks.Tag> tags = config.nicTags().stream()
                .map(tag -> tag(tag.name(), Optional.of(tag.uplink().link()), Optional.empty(), List.of()));
        return Stream.concat(stubs, tags).toList();
    }

    private Networks.Tag tag(
            String name, Optional<String> uplink, Optional<Cidr> address, List<InetAddress> resolvers) {
        return new Networks.Tag(
                name,
                uplink.isEmpty(),
                bridges.getOrDefault(name, ""),
                uplink,
                address,
                resolvers,
                Optional.ofNullable(problems.get(name)));
    }

    /** Whether the bridge stays when its last port is gone. */
    boolean isPermanent(String bridge) {
        return bridges.containsValue(bridge);
    }

    /** The etherstubs that are up, by their bridge. */
    Map<String, Etherstub> etherstubs() {
        Map<String, Etherstub> found = new LinkedHashMap<>();
        for (Etherstub stub : config.etherstubs()) {
            String bridge = bridges.get(stub.name());
            if (bridge != null) {
                found.put(bridge, stub);
            }
        }
        return found;
    }

    /**
     * A switch that NICs can be on.
     *
     * @param stub the etherstub whose services the global zone has there, if any
     */
    record Switch(Link bridge, Optional<Etherstub> stub) {}

    /**
     * The switch of a NIC.
     *
     * @throws OpException INVALID for an unknown tag, or why the tag or its VLAN isn't usable
     */
    Switch find(RouteSocket socket, String tag, int vlan) {
        String bridge = bridges.get(tag);
        if (bridge == null) {
            String problem = problems.get(tag);
            throw problem == null
                    ? new OpException(Code.INVALID, "Invalid nic tag \"" + tag + "\"")
                    : new OpException(Code.FAILED, problem);
        }
        Optional<Etherstub> stub = config.etherstubs().stream()
                .filter(known -> known.name().equals(tag))
                .findFirst();
        if (vlan == 0) {
            Link link = socket.link(bridge)
                    .orElseThrow(
                            () -> new OpException(Code.FAILED, "nic tag " + tag + ": link " + bridge + " is gone"));
            return new Switch(link, stub);
        }
        Link link = stub.isPresent() ? vlan(socket, stub.get(), vlan) : vlan(socket, nicTag(tag), vlan);
        return new Switch(link, Optional.empty());
    }

    private NicTag nicTag(String name) {
        return config.nicTags().stream()
                .filter(tag -> tag.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new OpException(Code.INVALID, "Invalid nic tag \"" + name + "\""));
    }

    private Link vlan(RouteSocket socket, Etherstub stub, int vlan) {
        String name = nameFor(socket, stub.name() + "." + vlan);
        Link bridge = ensureBridge(socket, name, "etherstub " + stub.name() + " vlan " + vlan, stub.mtu());
        socket.withoutLinkLocal(bridge);
        socket.up(bridge);
        return bridge;
    }

    /** Tags of the same link share it. */
    private Link vlan(RouteSocket socket, NicTag tag, int vlan) {
        String trunkName = tag.uplink().link();
        Link trunk = required(socket, tag, trunkName);
        String name = instance.prefixedBridge(trunkName + "-" + vlan);
        Link tagged = socket.link(name).orElseGet(() -> createVlan(socket, trunk, name, vlan));
        if (!isVlanOfOurs(tagged)) {
            throw new OpException(
                    Code.CONFLICT, "vlan_id " + vlan + " on nic tag " + tag.name() + ": link " + name + " is not ours");
        }
        String bridgeName = instance.prefixedBridge(trunkName + "." + vlan);
        Link bridge = ensureBridge(socket, bridgeName, trunkName + " vlan " + vlan, trunk.mtu());
        socket.withoutLinkLocal(bridge);
        socket.withoutLinkLocal(tagged);
        socket.master(tagged, bridge.index());
        socket.up(tagged);
        socket.up(bridge);
        return bridge;
    }

    private Link createVlan(RouteSocket socket, Link trunk, String name, int vlan) {
        try {
            return socket.createVlan(trunk, name, vlan, instance.bridgeGroup());
        } catch (KernelException e) {
            String why = e.errno() == Errno.EEXIST
                    ? "another link of the host is VLAN " + vlan + " of " + trunk.name()
                    : e.errno() == Errno.EOPNOTSUPP ? "this kernel has no VLANs (8021q)" : e.getMessage();
            throw new OpException(Code.FAILED, "vlan_id " + vlan + " on " + trunk.name() + ": " + why, e);
        }
    }

    private boolean isVlanOfOurs(Link link) {
        return link.kind().equals("vlan") && link.group() == instance.bridgeGroup();
    }

    /**
     * Deletes bridges of ours that nothing uses any more: VLANs without zones' ports, and what the configuration dropped.
     * A physical NIC is its own again then.
     */
    void dropUnused() {
        try (var socket = RouteSocket.open()) {
            List<Link> links = socket.links();
            Set<Integer> left = new HashSet<>();
            for (Link link : links) {
                boolean hasPorts = links.stream().anyMatch(port -> port.master() == link.index() && isZones(port));
                if (isOurs(link) && !bridges.containsValue(link.name()) && !hasPorts) {
                    socket.delete(link);
                } else {
                    left.add(link.index());
                }
            }
            links.stream()
                    .filter(link -> isVlanOfOurs(link) && !left.contains(link.master()))
                    .forEach(socket::delete);
        }
    }

    /** Deletes all bridges of ours; their ports are let go. */
    void down() {
        try (var socket = RouteSocket.open()) {
            socket.deleteGroup(instance.bridgeGroup());
        }
        bridges.clear();
    }
}
