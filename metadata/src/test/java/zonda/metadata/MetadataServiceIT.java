package zonda.metadata;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import zonda.base.Await;

/** The service on real sockets, with clients that mean well and others. Needs root, to give sockets to a zone's root. */
class MetadataServiceIT {
    private static final long ZONE_ROOT = 500_000;
    private static final Duration SOON = Duration.ofSeconds(5);

    @TempDir
    private Path directory;

    private MetadataService service;
    private final TestVm vm = new TestVm("{\"uuid\": \"u-1\", \"customer_metadata\": {\"k\": \"v\"}}");

    @BeforeEach
    void serve_a_zone() throws IOException {
        Assumptions.assumeTrue(Files.isWritable(Path.of("/proc/sys/net/core/somaxconn")), "needs root");
        service = service(new MetadataLimits(4, 64 << 10, 100 << 10, Duration.ofSeconds(30)));
    }

    private MetadataService service(MetadataLimits limits) {
        var made = new MetadataService(directory.resolve("zonecontrol"), limits);
        made.open("z1", ZONE_ROOT, vm.metadata());
        return made;
    }

    @AfterEach
    void stop() {
        service.close();
    }

    private Path socket() {
        return service.directory("z1").resolve("metadata.sock");
    }

    private final class Client implements AutoCloseable {
        final SocketChannel channel;
        final BufferedReader lines;

        Client() throws IOException {
            channel = SocketChannel.open(StandardProtocolFamily.UNIX);
            channel.connect(UnixDomainSocketAddress.of(socket()));
            lines = new BufferedReader(new InputStreamReader(Channels.newInputStream(channel), StandardCharsets.UTF_8));
        }

        void send(String text) throws IOException {
            var bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
        }

        String ask(String text) throws IOException {
            send(text + "\n");
            return String.valueOf(lines.readLine());
        }

        boolean isEnded() {
            try {
                return lines.readLine() == null;
            } catch (IOException e) {
                return true;
            }
        }

        @Override
        public void close() throws IOException {
            channel.close();
        }
    }

    @Test
    void a_client_as_cloud_init_negotiates_and_reads() throws IOException {
        try (var client = new Client()) {
            assertThat(client.ask("")).isEqualTo("invalid command");
            assertThat(client.ask("NEGOTIATE V2")).isEqualTo("V2_OK");
            var request = new Frame("2a", "GET", Optional.of("sdc:uuid"));
            assertThat(Frame.parse(client.ask(request.text())))
                    .contains(new Frame("2a", "SUCCESS", Optional.of("u-1")));
            client.send(request.text().replace("GET", "PUT") + "\n");
            assertThat(client.ask("KEYS")).isEqualTo("SUCCESS");
            assertThat(client.lines.readLine()).isEqualTo("k");
        }
    }

    @Test
    void requests_may_come_in_pieces_or_all_at_once() throws IOException {
        try (var client = new Client()) {
            for (char c : "GET k\n".toCharArray()) {
                client.send("" + c);
            }
            assertThat(client.lines.readLine()).isEqualTo("SUCCESS");
            assertThat(client.lines.readLine()).isEqualTo("v");
            assertThat(client.lines.readLine()).isEqualTo(".");
            client.send("GET a\nGET b\nGET c\n");
            client.channel.shutdownOutput();
            assertThat(client.lines.lines()).containsExactly("NOTFOUND", "NOTFOUND", "NOTFOUND");
        }
    }

    @Test
    void only_the_zones_root_may_connect() throws IOException {
        assertThat(Files.getAttribute(socket(), "unix:uid")).isEqualTo((int) ZONE_ROOT);
        assertThat(Files.getAttribute(socket(), "unix:gid")).isEqualTo((int) ZONE_ROOT);
        assertThat((int) Files.getAttribute(socket(), "unix:mode") & 0777).isEqualTo(0600);
        assertThat(Files.getAttribute(service.directory("z1"), "unix:uid")).isEqualTo(0);
        assertThat((int) Files.getAttribute(service.directory("z1"), "unix:mode") & 0777)
                .isEqualTo(0711);
        assertThat((int) Files.getAttribute(directory.resolve("zonecontrol"), "unix:mode") & 0777)
                .isEqualTo(0700);
    }

    @Test
    void a_restarted_daemon_is_found_at_the_same_place() throws IOException {
        Object inode = Files.getAttribute(service.directory("z1"), "unix:ino");
        var killed = service;
        service = service(MetadataLimits.USUAL);

        assertThat(Files.getAttribute(service.directory("z1"), "unix:ino")).isEqualTo(inode);
        try (var client = new Client()) {
            assertThat(client.ask("GET k")).isEqualTo("SUCCESS");
        }
        service.close("z1");
        assertThat(service.directory("z1")).doesNotExist();
        service.close("z1");
        killed.close();
    }

    @Test
    void a_line_without_end_ends_the_connection_and_its_memory_is_given_back() throws IOException {
        for (int round = 0; round < 5; round++) {
            try (var client = new Client()) {
                try {
                    client.send("x".repeat(1 << 20));
                } catch (IOException _) {
                    // It was closed while we were sending.
                }
                assertThat(client.isEnded()).isTrue();
            }
        }
        // Two together are more than the zone's share, though each is short enough.
        try (var one = new Client();
                var two = new Client()) {
            one.send("x".repeat(60_000));
            assertThat(Await.until(SOON, () -> isServed())).isTrue();
            two.send("x".repeat(60_000));
            assertThat(two.isEnded()).isTrue();
            one.send("\n");
            assertThat(one.lines.readLine()).isEqualTo("invalid command");
        }
    }

    private boolean isServed() {
        try (var client = new Client()) {
            return client.ask("GET k").equals("SUCCESS");
        } catch (IOException e) {
            return false;
        }
    }

    @Test
    void too_many_connections_are_closed_and_others_served_on() throws IOException {
        List<Client> clients = new ArrayList<>();
        try {
            for (int i = 0; i < 4; i++) {
                clients.add(new Client());
                assertThat(clients.getLast().ask("GET k")).isEqualTo("SUCCESS");
            }
            try (var fifth = new Client()) {
                assertThat(fifth.isEnded()).isTrue();
            }
            assertThat(clients.getFirst().lines.readLine()).isEqualTo("v");
        } finally {
            for (Client client : clients) {
                client.close();
            }
        }
        assertThat(Await.until(SOON, this::isServed)).isTrue();
    }

    @Test
    void who_dawdles_is_cut_off() throws IOException {
        service.close();
        service = service(new MetadataLimits(4, 64 << 10, 100 << 10, Duration.ofMillis(200)));
        try (var silent = new Client();
                var slow = new Client()) {
            slow.send("GET ");
            assertThat(silent.isEnded()).isTrue();
            assertThat(slow.isEnded()).isTrue();
        }
    }

    @Test
    void who_never_reads_is_cut_off_too() throws IOException {
        service.close();
        vm.put("big", "x".repeat(1 << 20));
        service = service(new MetadataLimits(1, 64 << 10, 100 << 10, Duration.ofMillis(500)));
        try (var deaf = new Client()) {
            deaf.send("GET big\nGET big\n");

            assertThat(Await.until(SOON, this::isServed)).isTrue();
        }
    }

    @Test
    void a_path_longer_than_a_socket_address_will_do() throws IOException {
        Path deep = directory.resolve("d".repeat(100)).resolve("e".repeat(100));
        try (var far = new MetadataService(deep, MetadataLimits.USUAL)) {
            far.open("z2", ZONE_ROOT, vm.metadata());

            assertThat(far.directory("z2").resolve("metadata.sock")).exists();
        }
    }
}
