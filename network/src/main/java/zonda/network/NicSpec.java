package zonda.network;

import java.net.InetAddress;
import java.util.List;
import java.util.OptionalInt;
import java.util.UUID;
import java.util.regex.Pattern;
import zonda.base.Code;
import zonda.base.Mac;
import zonda.base.OpException;

/**
 * A zone's NIC as the operator asked for it: one item of vmadm(8)'s {@code nics}.
 *
 * @param index its place among the zone's NICs, from 0
 * @param interfaceName what the zone calls it, {@code net0}
 * @param nicTag the etherstub or NIC tag that it is on
 * @param vlanId 0 for none
 * @param mtu empty for the switch's
 * @param gateways IPv4; the first one is the default route if the NIC is primary
 */
public record NicSpec(
        UUID zone,
        int index,
        String interfaceName,
        Mac mac,
        String nicTag,
        int vlanId,
        OptionalInt mtu,
        List<NicAddress> ips,
        List<InetAddress> gateways,
        boolean primary,
        NicProtection protection) {
    static final int MOST_NICS = 999;
    private static final Pattern INTERFACE = Pattern.compile("[a-zA-Z][a-zA-Z0-9_.]{0,14}");

    public NicSpec {
        ips = List.copyOf(ips);
        gateways = List.copyOf(gateways);
        require(index >= 0 && index <= MOST_NICS, "nic index out of range: " + index);
        require(INTERFACE.matcher(interfaceName).matches(), "not an interface name: \"" + interfaceName + "\"");
        require(!mac.isMulticast() && mac.value() != 0, "not a unicast MAC address: " + mac);
        require(vlanId >= 0 && vlanId <= 4095, "vlan_id out of range: " + vlanId);
        mtu.ifPresent(value -> require(
                value >= Etherstub.LOWEST_MTU && value <= Etherstub.HIGHEST_MTU,
                "mtu must be 576 to 9000, not " + value));
        for (InetAddress gateway : gateways) {
            require(
                    gateway.getAddress().length == 4,
                    "Static gateways must be IPv4 addresses: " + gateway.getHostAddress());
        }
    }

    private static void require(boolean holds, String otherwise) {
        if (!holds) {
            throw new OpException(Code.INVALID, otherwise);
        }
    }
}
