package zonda.network;

import java.nio.file.Path;
import java.util.Locale;
import java.util.UUID;
import java.util.regex.Pattern;

/**
 * Whose links these are: several global zones live side by side on one machine, and every name in the kernel that one of
 * them makes derives from its prefix.
 *
 * @param prefix one to three lower-case letters and digits, a letter first; {@code z} for the default instance
 * @param state directory of what survives a reboot: configuration and leases
 * @param run directory of what ends with this boot: attached NICs, dnsmasq's files
 * @param machine directory that all instances of the machine share, such as {@code /run/zonda}
 */
public record NetworkInstance(String prefix, Path state, Path run, Path machine) {
    /** The prefix of the instance that a machine has when nothing else is said. */
    public static final String DEFAULT_PREFIX = "z";

    private static final Pattern PREFIX = Pattern.compile("[a-z][a-z0-9]{0,2}");
    private static final int GROUP_BASE = 0x5a4e_0000;
    private static final int DYING_BASE = 0x5a4f_0000;
    private static final int BRIDGE_BASE = 0x5a4d_0000;

    /** The kernel's IFNAMSIZ without the final zero. */
    static final int LONGEST_LINK_NAME = 15;

    public NetworkInstance {
        if (!PREFIX.matcher(prefix).matches()) {
            throw new IllegalArgumentException("link prefix must match " + PREFIX + ": \"" + prefix + "\"");
        }
    }

    boolean isDefault() {
        return prefix.equals(DEFAULT_PREFIX);
    }

    /** The nftables tables' name, in each family. */
    String table() {
        return "zonda_" + prefix;
    }

    /** The link group of all host ends: a number that no other instance has. Its frames pass only by our sets. */
    int group() {
        return GROUP_BASE | prefixNumber();
    }

    /** The link group of the bridges that are ours. */
    int bridgeGroup() {
        return BRIDGE_BASE | prefixNumber();
    }

    /** The group that host ends are put in to be deleted together. */
    int dyingGroup() {
        return DYING_BASE | prefixNumber();
    }

    /** Up to three digits to base 37, zero for none: at most 50,652. */
    private int prefixNumber() {
        int number = 0;
        for (char c : prefix.toCharArray()) {
            number = number * 37 + (c <= '9' ? c - '0' : c - 'a' + 10) + 1;
        }
        return number;
    }

    /**
     * A name for the host end of a zone's NIC: prefix, eight digits of the zone's UUID, a dot, the NIC's number.
     *
     * @param attempt 0, and higher when another zone's link has the name already
     */
    String hostEnd(UUID zone, int index, int attempt) {
        String digits = zone.toString().replace("-", "");
        int from = attempt % 4 * 8;
        return prefix + digits.substring(from, from + 8) + "." + index;
    }

    /** Whether the name is one that {@link #hostEnd} makes. */
    boolean isHostEnd(String link) {
        return link.startsWith(prefix) && link.substring(prefix.length()).matches("[0-9a-f]{8}\\.[0-9]{1,3}");
    }

    /** What a bridge of ours is called: its dladm name on the default instance, where that fits. */
    String bridge(String name) {
        return bridge(name, isDefault());
    }

    /** As {@link #bridge(String)}, and never a name that a bridge of someone else is likely to have. */
    String prefixedBridge(String name) {
        return bridge(name, false);
    }

    private String bridge(String name, boolean plain) {
        String wanted = plain ? name : prefix + name;
        return wanted.length() <= LONGEST_LINK_NAME
                ? wanted
                : prefix + "b" + String.format(Locale.ROOT, "%08x", name.hashCode());
    }
}
