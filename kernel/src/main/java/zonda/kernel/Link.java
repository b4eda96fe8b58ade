package zonda.kernel;

import java.util.Optional;
import zonda.base.Mac;

/**
 * A network interface as rtnetlink(7) describes it.
 *
 * @param index its number, in its own namespace
 * @param kind {@code bridge}, {@code veth}, …; empty for a physical one
 * @param master the index of the bridge it is a port of, or 0
 * @param up whether it is set up, IFF_UP
 * @param mac empty for links without a 48-bit address
 * @param alias what {@code ip link} shows as alias, or empty
 */
public record Link(
        int index,
        String name,
        String kind,
        int master,
        int group,
        int mtu,
        boolean up,
        Optional<Mac> mac,
        String alias) {
    public boolean isBridge() {
        return kind.equals("bridge");
    }

    public boolean isVeth() {
        return kind.equals("veth");
    }

    static Link from(NetlinkAnswer answer) {
        var kind = answer.nested(NetlinkNumbers.IFLA_LINKINFO).get(NetlinkNumbers.IFLA_INFO_KIND);
        byte[] address = answer.bytes(NetlinkNumbers.IFLA_ADDRESS);
        return new Link(
                answer.fixed().getInt(4),
                answer.string(NetlinkNumbers.IFLA_IFNAME).orElse(""),
                kind == null ? "" : NetlinkAnswer.text(kind),
                answer.u32(NetlinkNumbers.IFLA_MASTER, 0),
                answer.u32(NetlinkNumbers.IFLA_GROUP, 0),
                answer.u32(NetlinkNumbers.IFLA_MTU, 0),
                (answer.fixed().getInt(8) & NetlinkNumbers.IFF_UP) != 0,
                address.length == 6 ? Optional.of(Mac.of(address)) : Optional.empty(),
                answer.string(NetlinkNumbers.IFLA_IFALIAS).orElse(""));
    }
}
