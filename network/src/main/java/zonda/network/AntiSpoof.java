package zonda.network;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import zonda.kernel.Command;
import zonda.kernel.Errno;
import zonda.kernel.KernelException;
import zonda.kernel.NftElements;
import zonda.kernel.NftElements.Element;
import zonda.kernel.NftElements.Family;

/**
 * What a zone may put on the wire: mac-nospoof, ip-nospoof, dhcp-nospoof and restricted of dladm(8), at the host end of
 * its NIC.
 *
 * <p>One nftables table of the bridge family looks at every frame that comes in by a link of the instance's group, in
 * prerouting, before br_netfilter and any firewall. It lets pass only what the sets have an element for, so a link
 * whose elements are missing can send nothing. The rules never change; a NIC is a few set elements, which come and go
 * in one transaction. Addresses that a DHCP server of a NIC tag's network gives are learned from its answers.
 *
 * <p>With VLAN filtering absent, tagged frames are always dropped. Not seen: neighbour discovery options behind the
 * first one, and DHCPv6's client identifiers.
 */
final class AntiSpoof {
    private static final Duration LIMIT = Duration.ofSeconds(20);

    /** All sets, in the order of their declaration. */
    static final List<String> SETS = List.of(
            "macs",
            "chaddrs",
            "hwoptions",
            "anymac",
            "anyip",
            "servers",
            "anyproto",
            "blocked",
            "leasing",
            "ids6",
            "targetids6",
            "v4",
            "v4nets",
            "v6",
            "v6nets",
            "targets6",
            "targets6nets");

    static final Comparator<Element> BY_SET = Comparator.comparingInt(element -> SETS.indexOf(element.set()));

    private final NetworkInstance instance;

    AntiSpoof(NetworkInstance instance) {
        this.instance = instance;
    }

    /** Loads the table, or renews its rules and leaves the elements alone, in one transaction. */
    void load() {
        Command.of("nft", "-f", "-").input(script()).check(LIMIT);
    }

    boolean isLoaded() {
        return NftElements.tableExists(Family.BRIDGE, instance.table());
    }

    void unload() {
        NftElements.deleteTable(Family.BRIDGE, instance.table());
    }

    /** Lets the ports' own traffic in. */
    void add(Collection<Port> ports) {
        change().add(elements(ports)).commit();
    }

    /** Takes the ports' elements out; fine for those that are gone. */
    void remove(Collection<Port> ports) {
        List<Element> elements = elements(ports);
        try {
            change().remove(elements).commit();
        } catch (KernelException e) {
            if (!e.is(Errno.ENOENT)) {
                throw e;
            }
            elements.forEach(this::removeIfThere);
        }
    }

    private void removeIfThere(Element element) {
        try {
            change().remove(List.of(element)).commit();
        } catch (KernelException e) {
            if (!e.is(Errno.ENOENT)) {
                throw e;
            }
        }
    }

    /** Makes the one port the other in one step, with no moment in which either's traffic is dropped. */
    void replace(Port old, Port by) {
        List<Element> gone = new ArrayList<>(old.elements());
        gone.removeAll(by.elements());
        List<Element> come = new ArrayList<>(by.elements());
        come.removeAll(old.elements());
        change().add(come).remove(gone).commit();
    }

    /** Makes the sets hold these ports' elements and no others, in one transaction. */
    void replaceAll(Collection<Port> ports) {
        NftElements change = change();
        SETS.forEach(change::flush);
        change.add(elements(ports)).commit();
    }

    private NftElements change() {
        return new NftElements(Family.BRIDGE, instance.table());
    }

    private static List<Element> elements(Collection<Port> ports) {
        return ports.stream()
                .flatMap(port -> port.elements().stream())
                .sorted(BY_SET)
                .toList();
    }

    /**
     * What a DHCP server answers to a NIC that leases is learned here, in the kernel, whoever in the zone asked and
     * whether or not a daemon runs: the yiaddr of any BOOTREPLY for its MAC, be it an offer or an acknowledgement, since
     * a server puts its options in whatever order it likes. Learned addresses are never flushed; each lasts for 32 days
     * after the last answer, and a client asks again at half of its lease.
     *
     * <p>Payload offsets are in bits: {@code @th,64,8} is DHCP's op behind the
     * UDP header, {@code @th,192,32} its yiaddr, {@code @th,288,48} its chaddr, {@code @th,64,128} the
     * target of a neighbour message, {@code @th,192,8} the type of its first option (1 source, 2 target link-layer
     * address) and {@code @th,208,48} the address in it; RFC 2131, RFC 4861.
     */
    String script() {
        String table = "bridge " + instance.table();
        return """
                add table %1$s
                add counter %1$s macspoofed
                add counter %1$s ipspoofed
                add counter %1$s dhcpspoofed
                add counter %1$s restricted
                add counter %1$s blocked
                add set %1$s macs { type ifname . ether_addr; }
                add set %1$s chaddrs { typeof iifname . @th,288,48; }
                add set %1$s hwoptions { typeof iifname . @th,208,48; }
                add set %1$s anymac { type ifname; }
                add set %1$s anyip { type ifname; }
                add set %1$s servers { type ifname; }
                add set %1$s anyproto { type ifname; }
                add set %1$s blocked { type ifname . inet_service; }
                add set %1$s leasing { type ifname; }
                add set %1$s leased { typeof iifname . @th,192,32; size 65535; flags dynamic,timeout; timeout 32d; }
                add set %1$s ids6 { typeof iifname . @nh,128,64; }
                add set %1$s targetids6 { typeof iifname . @th,128,64; }
                add set %1$s v4 { type ifname . ipv4_addr; }
                add set %1$s v4nets { type ifname . ipv4_addr; flags interval; }
                add set %1$s v6 { type ifname . ipv6_addr; }
                add set %1$s v6nets { type ifname . ipv6_addr; flags interval; }
                add set %1$s targets6 { typeof iifname . @th,64,128; }
                add set %1$s targets6nets { typeof iifname . @th,64,128; flags interval; }
                add chain %1$s address
                add chain %1$s neighbour
                add chain %1$s service
                add chain %1$s guard
                add chain %1$s postrouting { type filter hook postrouting priority 350; policy accept; }
                add chain %1$s prerouting { type filter hook prerouting priority -350; policy accept; }
                flush chain %1$s postrouting
                flush chain %1$s prerouting
                flush chain %1$s guard
                flush chain %1$s address
                flush chain %1$s neighbour
                flush chain %1$s service
                %2$s""".formatted(
                        table,
                        RULES.replace("RULE", "add rule " + table)
                                .replace("GROUP", "" + instance.group())
                                .replace("DYING", "" + instance.dyingGroup()));
    }

    private static final String RULES = """
            RULE neighbour arp htype != 1 counter name ipspoofed drop
            RULE neighbour arp ptype != 0x0800 counter name ipspoofed drop
            RULE neighbour arp hlen != 6 counter name ipspoofed drop
            RULE neighbour arp plen != 4 counter name ipspoofed drop
            RULE neighbour iifname != @anymac iifname . arp saddr ether != @macs counter name ipspoofed drop
            RULE neighbour arp saddr ip != 0.0.0.0 iifname . arp saddr ip != @v4 iifname . arp saddr ip != @v4nets \
            iifname . @nh,112,32 != @leased counter name ipspoofed drop
            RULE address ip saddr != 0.0.0.0 iifname . ip saddr != @v4 iifname . ip saddr != @v4nets \
            iifname . @nh,96,32 != @leased counter name ipspoofed drop
            RULE address ip6 saddr != :: iifname . ip6 saddr != @v6 iifname . ip6 saddr != @v6nets \
            iifname . @nh,128,64 != @ids6 counter name ipspoofed drop
            RULE address ether type arp jump neighbour
            RULE address icmpv6 type nd-neighbor-advert iifname . @th,64,128 != @targets6 \
            iifname . @th,64,128 != @targets6nets iifname . @th,128,64 != @targetids6 counter name ipspoofed drop
            RULE address icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } @th,192,8 { 1, 2 } \
            iifname != @anymac iifname . @th,208,48 != @hwoptions counter name ipspoofed drop
            RULE address icmpv6 type nd-router-solicit @th,64,8 1 \
            iifname != @anymac iifname . @th,80,48 != @hwoptions counter name ipspoofed drop
            RULE service udp dport 67 iifname . @th,288,48 != @chaddrs counter name dhcpspoofed drop
            RULE service udp sport { 67, 547 } counter name dhcpspoofed drop
            RULE service udp dport { 68, 546 } counter name dhcpspoofed drop
            RULE service icmpv6 type { nd-router-advert, nd-redirect } counter name dhcpspoofed drop
            RULE guard ether type { 8021q, 8021ad } counter name restricted drop
            RULE guard ether type != { ip, arp, ip6 } iifname != @anyproto counter name restricted drop
            RULE guard iifname != @anymac iifname . ether saddr != @macs counter name macspoofed drop
            RULE guard iifname != @anyip jump address
            RULE guard iifname != @servers jump service
            RULE guard meta l4proto { tcp, udp, sctp } iifname . th dport @blocked counter name blocked drop
            RULE prerouting iifgroup { GROUP, DYING } goto guard
            RULE postrouting oifgroup GROUP oifname @leasing udp sport 67 udp dport 68 @th,64,8 2 \
            @th,192,32 != 0 oifname . @th,288,48 @chaddrs update @leased { oifname . @th,192,32 }
            """;
}
