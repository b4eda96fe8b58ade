package zonda.base;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.regex.Pattern;

/**
 * An IP address, IPv4 or IPv6, and the length of its network's prefix: {@code 10.99.0.5/24}. Host bits are kept.
 */
public record Cidr(InetAddress address, int prefix) {
    private static final Pattern IPV4 =
            Pattern.compile("(0|[1-9][0-9]{0,2})\\.(0|[1-9][0-9]{0,2})\\.(0|[1-9][0-9]{0,2})\\.(0|[1-9][0-9]{0,2})");

    public Cidr {
        if (prefix < 0 || prefix > 8 * address.getAddress().length) {
            throw new OpException(Code.INVALID, "prefix length out of range: " + text(address) + "/" + prefix);
        }
    }

    /** @throws OpException INVALID unless it is an address, a slash and a prefix length */
    public static Cidr parse(String text) {
        int slash = text.indexOf('/');
        if (slash < 0) {
            throw new OpException(Code.INVALID, "not an address with a prefix length: \"" + text + "\"");
        }
        String length = text.substring(slash + 1);
        if (!length.matches("[0-9]{1,3}")) {
            throw new OpException(Code.INVALID, "not a prefix length: \"" + text + "\"");
        }
        return new Cidr(parseAddress(text.substring(0, slash)), Integer.parseInt(length));
    }

    /** As {@link #parse}, and an address without a prefix length stands for itself alone. */
    public static Cidr parseOrHost(String text) {
        return text.indexOf('/') >= 0 ? parse(text) : host(parseAddress(text));
    }

    /** The network of one address. */
    public static Cidr host(InetAddress address) {
        return new Cidr(address, 8 * address.getAddress().length);
    }

    /** Four decimal numbers, or IPv6 without a zone. @throws OpException INVALID for all else, names too */
    public static InetAddress parseAddress(String text) {
        boolean looksRight = text.indexOf(':') >= 0
                ? text.indexOf('%') < 0 && text.indexOf('[') < 0
                : IPV4.matcher(text).matches();
        if (looksRight) {
            try {
                return InetAddress.ofLiteral(text);
            } catch (IllegalArgumentException e) {
                throw new OpException(Code.INVALID, "not an IP address: \"" + text + "\"", e);
            }
        }
        throw new OpException(Code.INVALID, "not an IP address: \"" + text + "\"");
    }

    /** The address of these 4 or 16 octets. */
    public static InetAddress address(byte[] octets) {
        try {
            return InetAddress.getByAddress(octets);
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException("an IP address has 4 or 16 octets, not " + octets.length, e);
        }
    }

    public boolean isIpv4() {
        return address instanceof Inet4Address;
    }

    /** Whether it is a single address. */
    public boolean isHost() {
        return prefix == 8 * address.getAddress().length;
    }

    /** The same prefix with the host bits zero. */
    public Cidr network() {
        return new Cidr(address(withHostBits(0)), prefix);
    }

    /** The highest address of the network: for IPv4 its broadcast address. */
    public InetAddress last() {
        return address(withHostBits(0xff));
    }

    public boolean contains(InetAddress other) {
        return other.getAddress().length == address.getAddress().length
                && new Cidr(other, prefix).network().address().equals(network().address());
    }

    /** Whether the two networks share an address. */
    public boolean overlaps(Cidr other) {
        return prefix <= other.prefix ? contains(other.address) : other.contains(address);
    }

    /** The address this many after the network's first. IPv4 only. */
    public InetAddress nth(long offset) {
        byte[] first = network().address().getAddress();
        for (int i = first.length - 1; i >= 0 && offset != 0; i--) {
            long sum = (first[i] & 0xff) + (offset & 0xff);
            first[i] = (byte) sum;
            offset = (offset >> 8) + (sum >> 8);
        }
        return address(first);
    }

    private byte[] withHostBits(int fill) {
        byte[] octets = address.getAddress();
        for (int i = 0; i < octets.length; i++) {
            int kept = Math.clamp(prefix - 8L * i, 0, 8);
            int mask = 0xff << (8 - kept);
            octets[i] = (byte) (octets[i] & mask | fill & ~mask);
        }
        return octets;
    }

    /** The address as people write it: IPv6 in its short form, RFC 5952. */
    public static String text(InetAddress address) {
        byte[] octets = address.getAddress();
        return octets.length == 4 ? address.getHostAddress() : shortForm(octets);
    }

    private static String shortForm(byte[] octets) {
        int[] groups = new int[8];
        Arrays.setAll(groups, i -> (octets[2 * i] & 0xff) << 8 | octets[2 * i + 1] & 0xff);
        int longest = -1;
        int length = 1;
        for (int i = 0; i < 8; i++) {
            int end = i;
            while (end < 8 && groups[end] == 0) {
                end++;
            }
            if (end - i > length) {
                longest = i;
                length = end - i;
            }
        }
        var text = new StringBuilder();
        for (int i = 0; i < 8; i++) {
            if (i == longest) {
                text.append("::");
                i += length - 1;
            } else {
                if (!text.isEmpty() && text.charAt(text.length() - 1) != ':') {
                    text.append(':');
                }
                text.append(Integer.toHexString(groups[i]));
            }
        }
        return text.toString();
    }

    @Override
    public String toString() {
        return text(address) + "/" + prefix;
    }
}
