package zonda.network;

import java.net.InetAddress;
import zonda.base.Cidr;
import zonda.base.Code;
import zonda.base.OpException;

/** The addresses that zones with {@code "ips": ["dhcp"]} get, first and last included. IPv4. */
public record DhcpRange(InetAddress first, InetAddress last) {
    public DhcpRange {
        if (first.getAddress().length != 4 || last.getAddress().length != 4) {
            throw new OpException(Code.INVALID, "dhcp range must be IPv4: " + text(first, last));
        }
        if (number(first) > number(last)) {
            throw new OpException(Code.INVALID, "dhcp range ends before it begins: " + text(first, last));
        }
    }

    long size() {
        return number(last) - number(first) + 1;
    }

    /** The address this many after the first. */
    InetAddress nth(long offset) {
        return Cidr.host(first).nth(offset);
    }

    boolean contains(InetAddress address) {
        return address.getAddress().length == 4 && number(address) >= number(first) && number(address) <= number(last);
    }

    private static long number(InetAddress address) {
        long number = 0;
        for (byte octet : address.getAddress()) {
            number = number << 8 | octet & 0xff;
        }
        return number;
    }

    private static String text(InetAddress first, InetAddress last) {
        return Cidr.text(first) + "-" + Cidr.text(last);
    }
}
