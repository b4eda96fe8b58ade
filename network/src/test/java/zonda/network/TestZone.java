package zonda.network;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.UUID;
import zonda.base.Await;
import zonda.kernel.Command;
import zonda.kernel.NetNamespace;

/** A process in user and network namespaces of its own, which is all of a zone that the network sees. */
final class TestZone implements AutoCloseable {
    private static final Duration LIMIT = Duration.ofSeconds(20);

    final UUID uuid = UUID.randomUUID();
    private final Process init;

    TestZone() {
        init = Command.of("unshare", "--user", "--map-root-user", "--net", "sleep", "300")
                .start();
        assertThat(Await.until(Duration.ofSeconds(5), () -> isAsleep(init))).isTrue();
    }

    /** It runs sleep only when all its namespaces are there. */
    private static boolean isAsleep(Process process) {
        return process.info().command().filter(path -> path.endsWith("/sleep")).isPresent()
                && !NetNamespace.isOurs(process.pid());
    }

    long pid() {
        return init.pid();
    }

    Command command(String... argv) {
        List<String> all = new ArrayList<>(
                List.of("nsenter", "--target", "" + pid(), "--user", "--net", "--preserve-credentials"));
        all.addAll(List.of(argv));
        return Command.of(all);
    }

    String run(String... argv) {
        return command(argv).check(LIMIT);
    }

    boolean succeeds(String... argv) {
        return command(argv).run(LIMIT).succeeded();
    }

    boolean pings(String address) {
        return succeeds("busybox", address.contains(":") ? "ping6" : "ping", "-c", "1", "-W", "2", address);
    }

    /** Puts frames on the wire as they are, packet(7); perl-base is on every Debian. */
    void sendFrames(String link, List<byte[]> frames) {
        String hex =
                String.join("\n", frames.stream().map(HexFormat.of()::formatHex).toList());
        command("perl", "-e", SEND, link).input(hex).check(LIMIT);
    }

    private static final String SEND = """
            use Socket; socket(my $s, 17, SOCK_RAW, 0x0300) or die "socket: $!";
            open(my $f, "ip -o link show dev $ARGV[0] |") or die; my ($i) = <$f> =~ /^(\\d+):/ or die "no link";
            my $to = pack("SnlSCCa8", 17, 3, $i, 0, 0, 6, "");
            while (my $line = <STDIN>) { chomp $line; defined send($s, pack("H*", $line), 0, $to) or die "send: $!"; }
            """;

    /** Starts listening to all frames that come in by the link, until {@link Capture#frames}. */
    Capture capture(String link) {
        return new Capture(command("perl", "-e", RECEIVE, link).start());
    }

    private static final String RECEIVE = """
            use Socket; $| = 1; socket(my $s, 17, SOCK_RAW, 0x0300) or die "socket: $!";
            open(my $f, "ip -o link show dev $ARGV[0] |") or die; my ($i) = <$f> =~ /^(\\d+):/ or die "no link";
            bind($s, pack("SnlSCCa8", 17, 3, $i, 0, 0, 0, "")) or die "bind: $!";
            print "ready\\n";
            while (1) { my $from = recv($s, my $b, 65536, 0); print unpack("H*", $b), "\\n"; }
            """;

    /** What a machine's guest gets at its NIC, which is the other end of the tap, while it says this again and again. */
    Capture guest(String tap, byte[] frame) {
        return new Capture(command("perl", "-e", EMULATE, tap, HexFormat.of().formatHex(frame))
                .start());
    }

    /** TUNSETIFF with IFF_TAP, IFF_NO_PI and IFF_VNET_HDR, linux/if_tun.h: each frame has ten octets before it. */
    private static final String EMULATE = """
            $| = 1; sysopen(my $t, "/dev/net/tun", 2) or die "tun: $!";
            ioctl($t, 0x400454ca, pack("a16Sx22", $ARGV[0], 0x5002)) or die "tap: $!";
            print "ready\\n"; vec(my $all = "", fileno($t), 1) = 1;
            while (1) {
                syswrite($t, pack("x10H*", $ARGV[1])) or die "send: $!";
                while (select(my $readable = $all, undef, undef, 0.2)) {
                    sysread($t, my $b, 65536) or die "receive: $!"; print unpack("x10H*", $b), "\\n";
                }
            }
            """;

    @Override
    public void close() {
        try {
            init.destroyForcibly().waitFor();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
