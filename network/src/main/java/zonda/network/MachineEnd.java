package zonda.network;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import zonda.base.Mac;
import zonda.kernel.Command;
import zonda.kernel.NetNamespace;

/**
 * Sets up the zone's end of a machine's NICs: the guest has the addresses, so that each link is bridged to a tap whose
 * other end the emulator holds. The zone's own kernel takes no part: it has no address, and learns none.
 */
public final class MachineEnd {
    private static final Duration LIMIT = Duration.ofSeconds(20);
    /** Documentation/networking/ip-sysctl.rst of the kernel; not there without IPv6. */
    private static final List<Path> SETTINGS = List.of(
            Path.of("/proc/sys/net/ipv6/conf/all/disable_ipv6"),
            Path.of("/proc/sys/net/ipv6/conf/default/disable_ipv6"));

    private MachineEnd() {}

    /** The tap of a machine's NIC, within its zone. */
    public static String tap(int index) {
        return "tap" + index;
    }

    static void configure(NetNamespace namespace, List<AttachedNic> nics, ZoneNetwork.Emulator emulator) {
        var batch = new StringBuilder("link set dev lo up\n");
        nics.forEach(nic -> batch.append(commands(nic, emulator)));
        String text = batch.toString();
        namespace.call(() -> {
            SETTINGS.stream().filter(Files::exists).forEach(file -> ZoneEnd.write(file, "1"));
            return Command.of("ip", "-batch", "-").input(text).check(LIMIT);
        });
    }

    /** A bridge keeps for itself what is for a port's own MAC, and the guest's is the NIC's: so the link gets another. */
    private static String commands(AttachedNic nic, ZoneNetwork.Emulator emulator) {
        return """
                link set dev %1$s address %2$s
                link add %3$s mtu %4$d type bridge stp_state 0 forward_delay 0 mcast_snooping 0
                tuntap add dev %5$s mode tap vnet_hdr %7$s user %6$d
                link set dev %5$s mtu %4$d master %3$s up
                link set dev %1$s master %3$s up
                link set dev %3$s up
                """.formatted(
                        nic.interfaceName(),
                        otherMac(nic.mac()),
                        "switch" + nic.index(),
                        nic.mtu(),
                        tap(nic.index()),
                        emulator.owner(),
                        emulator.multiqueue().contains(nic.index()) ? "multi_queue" : "");
    }

    /** Another one than the NIC's, whatever that is. */
    private static Mac otherMac(Mac mac) {
        return new Mac(mac.value() ^ 0x04L << 40);
    }
}
