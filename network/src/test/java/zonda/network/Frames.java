package zonda.network;

import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import zonda.base.Cidr;
import zonda.base.Mac;

/** Ethernet frames made by hand, honest and not. Each carries a mark that a capture finds it by. */
final class Frames {
    static final Mac BROADCAST = Mac.parse("ff:ff:ff:ff:ff:ff");
    private static final Mac ALL_NODES = Mac.parse("33:33:00:00:00:01");

    private Frames() {}

    static String mark(String text) {
        return HexFormat.of().formatHex(text.getBytes(StandardCharsets.US_ASCII));
    }

    static byte[] ethernet(Mac to, Mac from, int type, byte[] payload) {
        return ByteBuffer.allocate(14 + Math.max(46, payload.length))
                .put(to.bytes())
                .put(from.bytes())
                .putShort((short) type)
                .put(payload)
                .array();
    }

    static byte[] vlan(byte[] frame, int vlan) {
        return ByteBuffer.allocate(frame.length + 4)
                .put(frame, 0, 12)
                .putShort((short) 0x8100)
                .putShort((short) vlan)
                .put(frame, 12, frame.length - 12)
                .array();
    }

    static byte[] udp(Mac from, String source, int sourcePort, int port, byte[] data) {
        return ethernet(BROADCAST, from, 0x0800, ipv4(source, "255.255.255.255", 17, udp(sourcePort, port, data)));
    }

    static byte[] udp(Mac from, String source, String mark) {
        return udp(from, source, 5000, 5001, mark.getBytes(StandardCharsets.US_ASCII));
    }

    static byte[] tcp(Mac from, String source, int port, String mark) {
        byte[] data = mark.getBytes(StandardCharsets.US_ASCII);
        var segment = ByteBuffer.allocate(20 + data.length);
        segment.putShort((short) 5000)
                .putShort((short) port)
                .putInt(1)
                .putInt(0)
                .putShort((short) 0x5002);
        segment.position(20).put(data);
        return ethernet(BROADCAST, from, 0x0800, ipv4(source, "255.255.255.255", 6, segment.array()));
    }

    private static byte[] udp(int from, int to, byte[] data) {
        return ByteBuffer.allocate(8 + data.length)
                .putShort((short) from)
                .putShort((short) to)
                .putShort((short) (8 + data.length))
                .putShort((short) 0)
                .put(data)
                .array();
    }

    private static byte[] ipv4(String source, String destination, int protocol, byte[] payload) {
        var header = ByteBuffer.allocate(20);
        header.putShort((short) 0x4500).putShort((short) (20 + payload.length)).putInt(0);
        header.put((byte) 64).put((byte) protocol).putShort((short) 0);
        header.put(octets(source)).put(octets(destination));
        int sum = 0;
        for (int i = 0; i < 20; i += 2) {
            sum += header.getShort(i) & 0xffff;
        }
        sum = (sum & 0xffff) + (sum >> 16);
        header.putShort(10, (short) ~sum);
        return ByteBuffer.allocate(20 + payload.length)
                .put(header.array())
                .put(payload)
                .array();
    }

    /** A BOOTREQUEST (1) or BOOTREPLY (2) as DHCP has them, with the mark in the server's name. */
    static byte[] bootp(int operation, Mac client, String mark) {
        var message = ByteBuffer.allocate(240);
        message.put((byte) operation).put((byte) 1).put((byte) 6);
        message.position(28).put(client.bytes());
        message.position(44).put(mark.getBytes(StandardCharsets.US_ASCII));
        return message.array();
    }

    /** An ARP announcement; the mark goes behind it, into the padding. */
    static byte[] arp(Mac from, Mac senderMac, String senderIp, String mark) {
        var arp = ByteBuffer.allocate(46);
        arp.putShort((short) 1)
                .putShort((short) 0x0800)
                .put((byte) 6)
                .put((byte) 4)
                .putShort((short) 2);
        arp.put(senderMac.bytes()).put(octets(senderIp)).put(BROADCAST.bytes()).put(octets(senderIp));
        arp.put(Arrays.copyOf(mark.getBytes(StandardCharsets.US_ASCII), 10));
        return ethernet(BROADCAST, from, 0x0806, arp.array());
    }

    /** Asks everybody who has an address. */
    static byte[] arpRequest(Mac from, String senderIp, String wanted) {
        var arp = ByteBuffer.allocate(28);
        arp.putInt(0x00010800).putShort((short) 0x0604).putShort((short) 1);
        arp.put(from.bytes()).put(octets(senderIp)).put(new byte[6]).put(octets(wanted));
        return ethernet(BROADCAST, from, 0x0806, arp.array());
    }

    /** How the answer to {@link #arpRequest} ends. */
    static byte[] arpReplyTo(Mac asker, String wanted, String askerIp) {
        return ByteBuffer.allocate(14)
                .put(octets(wanted))
                .put(asker.bytes())
                .put(octets(askerIp))
                .array();
    }

    static byte[] udp6(Mac from, String source, int sourcePort, int port, String mark) {
        byte[] udp = udp(sourcePort, port, mark.getBytes(StandardCharsets.US_ASCII));
        return ethernet(ALL_NODES, from, 0x86dd, ipv6(source, 17, udp));
    }

    /** A neighbour advertisement of the target, with its link-layer option. */
    static byte[] neighbourAdvertisement(Mac from, String source, String target, Mac option, String mark) {
        var message = ByteBuffer.allocate(40);
        message.put((byte) 136).put((byte) 0).putShort((short) 0).putInt(0x20000000);
        message.put(octets(target)).put((byte) 2).put((byte) 1).put(option.bytes());
        message.put(Arrays.copyOf(mark.getBytes(StandardCharsets.US_ASCII), 8));
        return ethernet(ALL_NODES, from, 0x86dd, ipv6(source, 58, message.array()));
    }

    static byte[] routerAdvertisement(Mac from, String source, String mark) {
        var message = ByteBuffer.allocate(24);
        message.put((byte) 134).position(16);
        message.put(Arrays.copyOf(mark.getBytes(StandardCharsets.US_ASCII), 8));
        return ethernet(ALL_NODES, from, 0x86dd, ipv6(source, 58, message.array()));
    }

    /** A router's word that the /64 may be used for stateless autoconfiguration, for an hour; RFC 4861, 4.2 and 4.6.2. */
    static byte[] prefixAdvertisement(Mac from, String prefix) {
        var message = ByteBuffer.allocate(16 + 32);
        message.put((byte) 134).put((byte) 0).putShort((short) 0);
        message.put((byte) 64).put((byte) 0).putShort((short) 1800);
        message.position(16);
        message.put((byte) 3).put((byte) 4).put((byte) 64).put((byte) 0xc0);
        message.putInt(3600).putInt(3600).putInt(0).put(octets(prefix));
        byte[] packet = ipv6(Cidr.text(from.linkLocal()), 58, message.array());
        ByteBuffer.wrap(packet).putShort(42, checksum(packet));
        return ethernet(ALL_NODES, from, 0x86dd, packet);
    }

    /** ICMPv6's, over the pseudo header too: RFC 8200, 8.1. */
    private static short checksum(byte[] packet) {
        var words = ByteBuffer.wrap(packet);
        long sum = packet.length - 40 + 58;
        for (int at = 8; at < packet.length; at += 2) {
            sum += words.getShort(at) & 0xffff;
        }
        while (sum > 0xffff) {
            sum = (sum & 0xffff) + (sum >> 16);
        }
        return (short) ~sum;
    }

    private static byte[] ipv6(String source, int next, byte[] payload) {
        return ByteBuffer.allocate(40 + payload.length)
                .putInt(0x60000000)
                .putShort((short) payload.length)
                .put((byte) next)
                .put((byte) 255)
                .put(octets(source))
                .put(octets("ff02::1"))
                .put(payload)
                .array();
    }

    private static byte[] octets(String address) {
        InetAddress parsed = Cidr.parseAddress(address);
        return parsed.getAddress();
    }
}
