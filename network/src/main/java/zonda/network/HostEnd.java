package zonda.network;

import java.util.List;
import java.util.Optional;
import java.util.UUID;
import zonda.base.Code;
import zonda.base.Mac;
import zonda.base.OpException;
import zonda.kernel.Errno;
import zonda.kernel.KernelException;
import zonda.kernel.Link;
import zonda.kernel.NetNamespace;
import zonda.kernel.RouteSocket;
import zonda.kernel.RouteSocket.Veth;

/** The global zone's end of a NIC. */
final class HostEnd {
    private static final int ATTEMPTS = 4;

    private HostEnd() {}

    /**
     * A name for it that no link of another zone has. A link of this zone's from an earlier run, which is deleted before
     * a new one is made, may have it.
     */
    static String nameFor(RouteSocket socket, NetworkInstance instance, NicSpec spec) {
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            String name = instance.hostEnd(spec.zone(), spec.index(), attempt);
            if (socket.link(name).map(link -> isOf(link, instance, spec.zone())).orElse(true)) {
                return name;
            }
        }
        throw new OpException(Code.CONFLICT, "no name is free for the host end of " + alias(spec));
    }

    /** Whether the link is a host end of the zone's. One without an alias is half made. */
    static boolean isOf(Link link, NetworkInstance instance, UUID zone) {
        return link.group() == instance.group()
                && (link.alias().isEmpty() || link.alias().startsWith(zone + " "));
    }

    /** Makes both ends; this one is down, locked to its MAC, and let no frame pass until it has its elements. */
    static Link create(RouteSocket socket, NetworkInstance instance, NetNamespace namespace, Plan plan) {
        AttachedNic nic = plan.attachment().nic();
        var veth = new Veth(
                nic.hostEnd(),
                highMac(nic.mac()),
                plan.bridge().index(),
                instance.group(),
                nic.mtu(),
                namespace,
                new Veth.Peer(nic.interfaceName(), nic.mac()));
        Link end = create(socket, veth);
        socket.describePort(end, alias(plan.spec()));
        socket.lockPort(end, nic.mac(), plan.attachment().protection().portMode());
        return end;
    }

    /**
     * A bridge without a MAC of its own takes the lowest of its ports', and one that changed its MAC because a zone came
     * would be lost to its neighbours for a while.
     */
    private static Mac highMac(Mac mac) {
        return new Mac(mac.value() & 0xff_ffff_ffffL | 0xfeL << 40);
    }

    /** The name, if it is taken, is that of a link of an earlier run of this zone: {@link #nameFor} has seen to it. */
    private static Link create(RouteSocket socket, Veth veth) {
        try {
            return socket.createVeth(veth);
        } catch (KernelException e) {
            Optional<Link> old = socket.link(veth.name());
            if (!e.is(Errno.EEXIST) || old.isEmpty()) {
                throw e;
            }
            socket.delete(old.get());
            return socket.createVeth(veth);
        }
    }

    /** Makes it a port of its bridge again, if that was made anew. False when there is no such bridge. */
    static boolean plug(RouteSocket socket, Link end, Attachment attachment) {
        Optional<Link> bridge = socket.link(attachment.nic().bridge()).filter(Link::isBridge);
        if (bridge.isPresent() && bridge.get().index() != end.master()) {
            socket.master(end, bridge.get().index());
            socket.lockPort(end, attachment.nic().mac(), attachment.protection().portMode());
        }
        return bridge.isPresent();
    }

    /** A NIC that is about to be made. */
    record Plan(NicSpec spec, Attachment attachment, Link bridge) {}

    /** Deletes the links together: the kernel waits once for all of a group, and once for each otherwise. */
    static void deleteAll(RouteSocket socket, NetworkInstance instance, List<Link> ends) {
        if (ends.size() < 2) {
            ends.forEach(socket::delete);
            return;
        }
        for (Link end : ends) {
            // The dying are guarded as the living are. One that went by itself is no matter.
            if (socket.link(end.name())
                    .filter(link -> link.index() == end.index())
                    .isPresent()) {
                socket.group(end, instance.dyingGroup());
            }
        }
        socket.deleteGroup(instance.dyingGroup());
    }

    private static String alias(NicSpec spec) {
        return spec.zone() + " " + spec.interfaceName();
    }
}
