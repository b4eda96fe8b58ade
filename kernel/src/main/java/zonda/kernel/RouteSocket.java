package zonda.kernel;

import static zonda.kernel.NetlinkMessage.ACK;
import static zonda.kernel.NetlinkMessage.CREATE;
import static zonda.kernel.NetlinkMessage.DUMP;
import static zonda.kernel.NetlinkMessage.EXCLUSIVE;
import static zonda.kernel.NetlinkMessage.REPLACE;
import static zonda.kernel.NetlinkNumbers.*;

import java.net.InetAddress;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import zonda.base.Cidr;
import zonda.base.Mac;

/**
 * Links, addresses and routes of one network namespace: rtnetlink(7). Each call is one request that the kernel carries
 * out wholly or not at all, in tens of microseconds unless it waits for a lock. Used by one thread at a time.
 */
public final class RouteSocket implements AutoCloseable {
    private static final int IFINFOMSG = 16;
    private static final int IFADDRMSG = 8;
    private static final int RTMSG = 12;

    private final NetlinkSocket socket;

    private RouteSocket(NetlinkSocket socket) {
        this.socket = socket;
    }

    /** For the namespace of the calling thread. @throws KernelException as socket(2) */
    public static RouteSocket open() {
        return new RouteSocket(NetlinkSocket.open(NetlinkSocket.ROUTE));
    }

    /**
     * A veth(4) pair to make.
     *
     * @param name of the end that stays, which is made down
     * @param mac of that end
     * @param bridge the index of the bridge that it becomes a port of
     * @param group its link group
     * @param mtu of both ends
     * @param peer what the other end is called in the other namespace, and its MAC
     */
    public record Veth(String name, Mac mac, int bridge, int group, int mtu, NetNamespace namespace, Peer peer) {
        /** The other end. */
        public record Peer(String name, Mac mac) {}
    }

    /** The link of that name, or empty. */
    public Optional<Link> link(String name) {
        var message = new NetlinkMessage("RTM_GETLINK", name, RTM_GETLINK, 0);
        ifinfo(message, 0).attribute(IFLA_IFNAME, name).attribute32(IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
        try {
            return Optional.of(Link.from(socket.query(message, IFINFOMSG)));
        } catch (KernelException e) {
            if (e.is(Errno.ENODEV)) {
                return Optional.empty();
            }
            throw e;
        }
    }

    /** All links of the namespace. */
    public List<Link> links() {
        var message = new NetlinkMessage("RTM_GETLINK", "all", RTM_GETLINK, DUMP);
        ifinfo(message, 0).attribute32(IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
        return socket.dump(message, IFINFOMSG).stream().map(Link::from).toList();
    }

    /**
     * Makes a bridge, down, in a link group, with a MAC that stays the same whatever ports it gets.
     *
     * @throws KernelException EEXIST when a link of that name is there
     */
    public Link createBridge(String name, Mac mac, int group) {
        var message = new NetlinkMessage("RTM_NEWLINK", "bridge " + name, RTM_NEWLINK, ACK | CREATE | EXCLUSIVE);
        ifinfo(message, 0)
                .attribute(IFLA_IFNAME, name)
                .attribute(IFLA_ADDRESS, mac.bytes())
                .attribute32(IFLA_GROUP, group)
                .nested(IFLA_LINKINFO, info -> info.attribute(IFLA_INFO_KIND, "bridge"));
        socket.execute(message);
        return link(name).orElseThrow(() -> new KernelException("RTM_NEWLINK", "bridge " + name, Errno.ENODEV));
    }

    /**
     * Makes a link for the frames of one VLAN of another link, IEEE 802.1Q, down.
     *
     * @param id 1 to 4094
     * @throws KernelException EEXIST when that link has that VLAN already, or a link has the name; EOPNOTSUPP where the
     *     kernel lacks 8021q
     */
    public Link createVlan(Link trunk, String name, int id, int group) {
        var message = new NetlinkMessage("RTM_NEWLINK", "vlan " + name, RTM_NEWLINK, ACK | CREATE | EXCLUSIVE);
        ifinfo(message, 0)
                .attribute(IFLA_IFNAME, name)
                .attribute32(IFLA_LINK, trunk.index())
                .attribute32(IFLA_GROUP, group)
                .nested(
                        IFLA_LINKINFO,
                        info -> info.attribute(IFLA_INFO_KIND, "vlan")
                                .nested(
                                        IFLA_INFO_DATA,
                                        data -> data.attribute(
                                                IFLA_VLAN_ID, new byte[] {(byte) id, (byte) (id >> 8)})));
        socket.execute(message);
        return link(name).orElseThrow(() -> new KernelException("RTM_NEWLINK", "vlan " + name, Errno.ENODEV));
    }

    /**
     * Makes both ends in one step.
     *
     * @throws KernelException EEXIST when either name is taken; nothing is left behind
     */
    public Link createVeth(Veth veth) {
        var message = new NetlinkMessage("RTM_NEWLINK", "veth " + veth.name(), RTM_NEWLINK, ACK | CREATE | EXCLUSIVE);
        ifinfo(message, 0)
                .attribute(IFLA_IFNAME, veth.name())
                .attribute(IFLA_ADDRESS, veth.mac().bytes())
                .attribute32(IFLA_MTU, veth.mtu())
                .attribute32(IFLA_GROUP, veth.group())
                .attribute32(IFLA_MASTER, veth.bridge())
                .nested(
                        IFLA_LINKINFO,
                        info -> info.attribute(IFLA_INFO_KIND, "veth")
                                .nested(
                                        IFLA_INFO_DATA,
                                        data -> data.nested(
                                                VETH_INFO_PEER,
                                                peer -> ifinfo(peer, 0)
                                                        .attribute(
                                                                IFLA_IFNAME,
                                                                veth.peer().name())
                                                        .attribute(
                                                                IFLA_ADDRESS,
                                                                veth.peer()
                                                                        .mac()
                                                                        .bytes())
                                                        .attribute32(IFLA_MTU, veth.mtu())
                                                        .attribute32(
                                                                IFLA_NET_NS_FD,
                                                                veth.namespace().number()))));
        socket.execute(message);
        return link(veth.name()).orElseThrow(() -> new KernelException("RTM_NEWLINK", veth.name(), Errno.ENODEV));
    }

    /** Sets the alias, which {@code ip link} shows, and which says whose it is. */
    public void describe(Link link, String alias) {
        change(link, message -> message.attribute(IFLA_IFALIAS, alias));
    }

    /** As {@link #describe} and {@link #withoutLinkLocal} in one. */
    public void describePort(Link port, String alias) {
        change(port, message -> addressless(message.attribute(IFLA_IFALIAS, alias)));
    }

    /** Keeps the kernel from giving it a link-local address when it comes up. */
    public void withoutLinkLocal(Link link) {
        change(link, RouteSocket::addressless);
    }

    private static void addressless(NetlinkMessage message) {
        message.nested(
                IFLA_AF_SPEC,
                families -> families.nested(
                        AF_INET6, inet6 -> inet6.attribute8(IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE)));
    }

    public void mtu(Link link, int mtu) {
        change(link, message -> message.attribute32(IFLA_MTU, mtu));
    }

    public void group(Link link, int group) {
        change(link, message -> message.attribute32(IFLA_GROUP, group));
    }

    /** Makes it a port of the bridge with that index, or of none for 0. */
    public void master(Link link, int bridge) {
        change(link, message -> message.attribute32(IFLA_MASTER, bridge));
    }

    public void up(Link link) {
        setUp(link, true);
    }

    public void down(Link link) {
        setUp(link, false);
    }

    private void setUp(Link link, boolean up) {
        var message = new NetlinkMessage("RTM_NEWLINK", link.name() + (up ? " up" : " down"), RTM_NEWLINK, ACK);
        message.u8(AF_UNSPEC)
                .u8(0)
                .u16(0)
                .u32(link.index())
                .u32(up ? IFF_UP : 0)
                .u32(IFF_UP);
        socket.execute(message);
    }

    private void change(Link link, Consumer<NetlinkMessage> attributes) {
        var message = new NetlinkMessage("RTM_NEWLINK", link.name(), RTM_NEWLINK, ACK);
        ifinfo(message, link.index());
        attributes.accept(message);
        socket.execute(message);
    }

    /** How a port of a bridge is a part of it: bridge(8), learning, flood and locked (locked: Linux 5.16). */
    public enum PortMode {
        /** It gets what is for its MAC, broadcast or multicast, and only frames of that source are taken from it. */
        LOCKED(0, 0, 1),
        /** As the other, and what is for a MAC that the bridge knows no port of is delivered to it, too. */
        LISTENING(0, 1, 1),
        /** As ports usually are. */
        OPEN(1, 1, 0);

        private final int learning;
        private final int flood;
        private final int locked;

        PortMode(int learning, int flood, int locked) {
            this.learning = learning;
            this.flood = flood;
            this.locked = locked;
        }
    }

    /** Has the bridge treat this port so, and know that this MAC is there: a static entry. */
    public void lockPort(Link port, Mac mac, PortMode mode) {
        var flags = new NetlinkMessage("RTM_SETLINK", port.name() + " " + mode, RTM_SETLINK, ACK);
        flags.u8(AF_BRIDGE).u8(0).u16(0).u32(port.index()).u32(0).u32(0);
        flags.nested(
                IFLA_PROTINFO,
                bridge -> bridge.attribute8(IFLA_BRPORT_LEARNING, mode.learning)
                        .attribute8(IFLA_BRPORT_UNICAST_FLOOD, mode.flood)
                        .attribute8(IFLA_BRPORT_LOCKED, mode.locked));
        var entry =
                new NetlinkMessage("RTM_NEWNEIGH", mac + " on " + port.name(), RTM_NEWNEIGH, ACK | CREATE | REPLACE);
        entry.u8(AF_BRIDGE)
                .u8(0)
                .u16(0)
                .u32(port.index())
                .u16(NUD_NOARP)
                .u8(NTF_MASTER)
                .u8(0);
        entry.attribute(NDA_LLADDR, mac.bytes());
        socket.execute(List.of(flags, entry));
    }

    /** Deletes it. Fine when it is gone. */
    public void delete(Link link) {
        var message = new NetlinkMessage("RTM_DELLINK", link.name(), RTM_DELLINK, ACK);
        ifinfo(message, link.index());
        executeUnlessGone(message);
    }

    /** Deletes all links of the group in one step; fine when there is none. */
    public void deleteGroup(int group) {
        var message = new NetlinkMessage("RTM_DELLINK", "group " + group, RTM_DELLINK, ACK);
        ifinfo(message, 0).attribute32(IFLA_GROUP, group);
        executeUnlessGone(message);
    }

    private void executeUnlessGone(NetlinkMessage message) {
        try {
            socket.execute(message);
        } catch (KernelException e) {
            if (!e.is(Errno.ENODEV)) {
                throw e;
            }
        }
    }

    /** Gives the link an address; fine when it has it. An IPv6 one is usable at once, without duplicate detection. */
    public void addAddress(Link link, Cidr cidr) {
        byte[] address = cidr.address().getAddress();
        var message =
                new NetlinkMessage("RTM_NEWADDR", cidr + " on " + link.name(), RTM_NEWADDR, ACK | CREATE | REPLACE);
        message.u8(family(cidr))
                .u8(cidr.prefix())
                .u8(cidr.isIpv4() ? 0 : IFA_F_NODAD)
                .u8(RT_SCOPE_UNIVERSE);
        message.u32(link.index()).attribute(IFA_LOCAL, address).attribute(IFA_ADDRESS, address);
        if (cidr.isIpv4() && cidr.prefix() < 31) {
            message.attribute(IFA_BROADCAST, cidr.last().getAddress());
        }
        socket.execute(message);
    }

    /** Takes the address away; fine when it is gone. */
    public void removeAddress(Link link, Cidr cidr) {
        var message = new NetlinkMessage("RTM_DELADDR", cidr + " on " + link.name(), RTM_DELADDR, ACK);
        message.u8(family(cidr)).u8(cidr.prefix()).u8(0).u8(0).u32(link.index());
        message.attribute(IFA_LOCAL, cidr.address().getAddress());
        try {
            socket.execute(message);
        } catch (KernelException e) {
            if (!e.is(Errno.EADDRNOTAVAIL)) {
                throw e;
            }
        }
    }

    /** An address that a link has. */
    public record Assigned(int link, Cidr cidr) {}

    /** The IPv4 and IPv6 addresses of all links. */
    public List<Assigned> addresses() {
        var message = new NetlinkMessage("RTM_GETADDR", "all", RTM_GETADDR, DUMP);
        message.u8(AF_UNSPEC).u8(0).u8(0).u8(0).u32(0);
        return socket.dump(message, IFADDRMSG).stream()
                .map(answer -> {
                    byte[] local = answer.bytes(IFA_LOCAL);
                    byte[] address = local.length > 0 ? local : answer.bytes(IFA_ADDRESS);
                    return new Assigned(
                            answer.fixed().getInt(4),
                            new Cidr(Cidr.address(address), answer.fixed().get(1) & 0xff));
                })
                .toList();
    }

    /** Adds the route, or puts it in the place of one to the same destination. */
    public void setRoute(Route route) {
        var message = new NetlinkMessage(
                "RTM_NEWROUTE", String.valueOf(route.destination()), RTM_NEWROUTE, ACK | CREATE | REPLACE);
        boolean onLink = route.gateway().isEmpty() && route.destination().isIpv4();
        message.u8(family(route.destination()))
                .u8(route.destination().prefix())
                .u8(0)
                .u8(0);
        message.u8(RT_TABLE_MAIN).u8(RTPROT_BOOT).u8(onLink ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE);
        message.u8(RTN_UNICAST).u32(0);
        if (route.destination().prefix() > 0) {
            message.attribute(RTA_DST, route.destination().network().address().getAddress());
        }
        route.gateway().ifPresent(gateway -> message.attribute(RTA_GATEWAY, gateway.getAddress()));
        if (route.link() != 0) {
            message.attribute32(RTA_OIF, route.link());
        }
        socket.execute(message);
    }

    /** The unicast routes of the main table, IPv4 and IPv6. */
    public List<Route> routes() {
        var message = new NetlinkMessage("RTM_GETROUTE", "main", RTM_GETROUTE, DUMP);
        message.u8(AF_UNSPEC).u8(0).u8(0).u8(0).u8(0).u8(0).u8(0).u8(0).u32(0);
        return socket.dump(message, RTMSG).stream()
                .filter(answer -> answer.fixed().get(7) == RTN_UNICAST)
                .filter(answer -> answer.u32(RTA_TABLE, answer.fixed().get(4) & 0xff) == RT_TABLE_MAIN)
                .map(RouteSocket::route)
                .toList();
    }

    private static Route route(NetlinkAnswer answer) {
        byte[] destination = answer.bytes(RTA_DST);
        if (destination.length == 0) {
            destination = new byte[answer.fixed().get(0) == AF_INET ? 4 : 16];
        }
        byte[] gateway = answer.bytes(RTA_GATEWAY);
        return new Route(
                new Cidr(Cidr.address(destination), answer.fixed().get(1) & 0xff),
                gateway.length == 0 ? Optional.<InetAddress>empty() : Optional.of(Cidr.address(gateway)),
                answer.u32(RTA_OIF, 0));
    }

    private static int family(Cidr cidr) {
        return cidr.isIpv4() ? AF_INET : AF_INET6;
    }

    /** struct ifinfomsg. */
    private static NetlinkMessage ifinfo(NetlinkMessage message, int index) {
        return message.u8(AF_UNSPEC).u8(0).u16(0).u32(index).u32(0).u32(0);
    }

    @Override
    public void close() {
        socket.close();
    }
}
