package zonda.base;

import java.net.InetAddress;
import java.util.HexFormat;
import java.util.random.RandomGenerator;
import java.util.regex.Pattern;

/** An Ethernet address. Printed in lower case with two digits an octet, however it was written. */
public record Mac(long value) implements Comparable<Mac> {
    private static final Pattern WRITTEN = Pattern.compile("[0-9a-fA-F]{1,2}(:[0-9a-fA-F]{1,2}){5}");
    private static final int LENGTH = 6;

    public Mac {
        if (value >>> 48 != 0) {
            throw new IllegalArgumentException("more than 48 bits: " + Long.toHexString(value));
        }
    }

    /** Reads six octets of one or two hexadecimal digits. @throws OpException INVALID when it is something else */
    public static Mac parse(String text) {
        if (!WRITTEN.matcher(text).matches()) {
            throw new OpException(Code.INVALID, "not a MAC address: \"" + text + "\"");
        }
        long value = 0;
        for (String octet : text.split(":")) {
            value = value << 8 | Integer.parseInt(octet, 16);
        }
        return new Mac(value);
    }

    /** @throws IllegalArgumentException unless there are six */
    public static Mac of(byte[] octets) {
        if (octets.length != LENGTH) {
            throw new IllegalArgumentException("a MAC address has 6 octets, not " + octets.length);
        }
        long value = 0;
        for (byte octet : octets) {
            value = value << 8 | octet & 0xff;
        }
        return new Mac(value);
    }

    /** A locally administered unicast address, as vmadm gives a NIC without one. */
    public static Mac random(RandomGenerator random) {
        long value = random.nextLong() >>> 16;
        return new Mac(value & ~(0x03L << 40) | 0x02L << 40);
    }

    public boolean isMulticast() {
        return (value >> 40 & 1) != 0;
    }

    /** This address as one that a link can have: without the bit that makes it a group's. */
    public Mac unicast() {
        return new Mac(value & ~(0x01L << 40));
    }

    public byte[] bytes() {
        byte[] octets = new byte[LENGTH];
        for (int i = 0; i < LENGTH; i++) {
            octets[i] = (byte) (value >> 8 * (LENGTH - 1 - i));
        }
        return octets;
    }

    /** The address that stateless autoconfiguration makes of this one in a /64: modified EUI-64, RFC 4291 appendix A. */
    public InetAddress autoconfigured(Cidr network) {
        byte[] mac = bytes();
        byte[] address = network.network().address().getAddress();
        if (address.length != 16 || network.prefix() != 64) {
            throw new IllegalArgumentException("autoconfiguration needs an IPv6 /64, not " + network);
        }
        address[8] = (byte) (mac[0] ^ 0x02);
        address[9] = mac[1];
        address[10] = mac[2];
        address[11] = (byte) 0xff;
        address[12] = (byte) 0xfe;
        address[13] = mac[3];
        address[14] = mac[4];
        address[15] = mac[5];
        return Cidr.address(address);
    }

    /** The link-local address of an interface with this MAC. */
    public InetAddress linkLocal() {
        return autoconfigured(Cidr.parse("fe80::/64"));
    }

    @Override
    public int compareTo(Mac other) {
        return Long.compare(value, other.value);
    }

    @Override
    public String toString() {
        return HexFormat.ofDelimiter(":").formatHex(bytes());
    }
}
