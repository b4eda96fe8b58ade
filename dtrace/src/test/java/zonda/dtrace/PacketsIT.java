package zonda.dtrace;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import zonda.base.Await;

/** The providers ip and udp: packets of this machine to itself. */
@Timeout(60)
class PacketsIT {
    private static final java.time.Duration LIMIT = java.time.Duration.ofSeconds(40);

    @BeforeAll
    static void needsRootAndTypes() throws Exception {
        Needs.rootAndTypes();
        assumeTrue(NetworkInterface.getByName("lo") != null, "needs the loopback device");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "127.0.0.1 | udp:::send | send 127.0.0.1 > 127.0.0.1 13 4",
                "127.0.0.1 | udp:::receive | receive 127.0.0.1 > 127.0.0.1 13 4",
                "::1 | udp:::send | send ::1 > ::1 13 6",
                "::1 | udp:::receive | receive ::1 > ::1 13 6",
            })
    void a_datagram_is_seen_with_its_addresses(String address, String probe, String printed) throws Exception {
        String program = probe + " /args[4]->udp_dport == $1/ { printf(\"%s %s > %s %d %d\", probename,"
                + " args[2]->ip_saddr, args[2]->ip_daddr, args[4]->udp_length, args[2]->ip_ver); exit(0); }";

        assertThat(traced(address, program)).isEqualTo(printed + "\n");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "127.0.0.1 | lo 4 20 UDP 127.0.0.1 33 0 <null>",
                "::1 | lo 0 0 <null> <null> 0 6 UDP",
            })
    void a_packet_is_seen_with_its_headers(String address, String printed) throws Exception {
        String program = "ip:::send /args[3]->if_local && (args[4]->ipv4_length == 33 || args[5]->ipv6_plen == 13) &&"
                + " (args[4]->ipv4_protocol == 17 || args[5]->ipv6_nexthdr == 17)/ { printf(\"%s %d %d %s %s %d %d %s\","
                + " args[3]->if_name, args[4]->ipv4_ver, args[4]->ipv4_ihl, args[4]->ipv4_protostr,"
                + " args[4]->ipv4_daddr, args[4]->ipv4_length, args[5]->ipv6_ver, args[5]->ipv6_nextstr); exit($1 == 0); }";

        assertThat(traced(address, program)).isEqualTo(printed + "\n");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "127.0.0.1 | send | args[3]->tcps_rport | 127.0.0.1 1 1 127.0.0.1 1",
                "127.0.0.1 | receive | args[3]->tcps_lport | 127.0.0.1 1 1 127.0.0.1 1",
                "::1 | send | args[3]->tcps_rport | ::1 1 1 ::1 1",
            })
    void a_segment_is_seen_with_its_connection(String address, String name, String port, String printed)
            throws Exception {
        String program =
                "tcp:::" + name + " /args[4]->tcp_dport == $1 && (args[4]->tcp_flags & TH_SYN)/ { printf(\"%s %d %d"
                        + " %s %d\", args[2]->ip_daddr, args[4]->tcp_ack == 0, args[4]->tcp_offset >= 20,"
                        + " args[3]->tcps_raddr, " + port + " == $1); exit(0); }";
        InetAddress to = InetAddress.getByName(address);
        assumeTrue(address.indexOf(':') < 0 || Files.exists(Path.of("/proc/net/if_inet6")), "needs IPv6");
        try (var server = new ServerSocket(0, 1, to)) {
            int number = server.getLocalPort();

            Traffic connection = () -> {
                new Socket(to, number).close();
                server.accept().close();
            };

            assertThat(traced(program, number, connection)).isEqualTo(printed + "\n");
        }
    }

    /** Something that makes packets. */
    private interface Traffic {
        void go() throws IOException;
    }

    /** Runs a program while datagrams of five bytes go to a socket of ours, whose port is $1. */
    private static String traced(String address, String program) throws Exception {
        assumeTrue(address.indexOf(':') < 0 || Files.exists(Path.of("/proc/net/if_inet6")), "needs IPv6");
        InetAddress to = InetAddress.getByName(address);
        try (var socket = new DatagramSocket(0, to)) {
            var packet = new DatagramPacket("hello".getBytes(), 5, to, socket.getLocalPort());
            return traced(program, socket.getLocalPort(), () -> socket.send(packet));
        }
    }

    /** What a program prints, whose argument is a port, while there is traffic. */
    private static String traced(String program, int port, Traffic traffic) throws Exception {
        var recorder = new Recorder();
        Thread session = Thread.ofPlatform()
                .start(() -> recorder.start("-xswitchrate=20ms", "-qn", program, Integer.toString(port)));
        boolean ended = Await.until(LIMIT, () -> {
            try {
                traffic.go();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            return !session.isAlive();
        });
        recorder.interrupt();
        session.join();

        assertThat(ended).as(recorder.err()).isTrue();
        assertThat(recorder.err()).isEmpty();
        return recorder.out();
    }
}
