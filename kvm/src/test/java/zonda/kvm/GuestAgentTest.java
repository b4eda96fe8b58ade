package zonda.kvm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import zonda.base.OpException;

/** What is said to a guest's agent, and what is made of what a guest says. */
class GuestAgentTest {
    private static final String HANG_UP = "hang up";
    private static final String STRAY =
            "{\"error\": {\"class\": \"GenericError\", \"desc\": \"JSON parse error, stray '\\\\uFFFD'\"}}\n";

    @TempDir
    Path directory;

    private final List<String> heard = new CopyOnWriteArrayList<>();
    private Path socket;
    private ServerSocketChannel server;

    @BeforeEach
    void listen() throws IOException {
        socket = directory.resolve("agent");
        server = ServerSocketChannel.open(StandardProtocolFamily.UNIX).bind(UnixDomainSocketAddress.of(socket));
    }

    @AfterEach
    void end() throws IOException {
        server.close();
    }

    /** @param guest what it says to a line, and before that, as QEMU's does, to bytes that are in no JSON */
    private void answer(UnaryOperator<String> guest) {
        Thread.ofVirtual().start(() -> {
            try (SocketChannel connection = server.accept();
                    var lines = new BufferedReader(Channels.newReader(connection, StandardCharsets.ISO_8859_1))) {
                for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                    heard.add(line);
                    if (guest.apply(line).equals(HANG_UP)) {
                        return;
                    }
                    String stray = line.startsWith("\u00ff") ? STRAY : "";
                    var said = ByteBuffer.wrap((stray + guest.apply(line)).getBytes(StandardCharsets.ISO_8859_1));
                    while (said.hasRemaining()) {
                        connection.write(said);
                    }
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
    }

    private static String synced(String line) {
        return "\u00ff{\"return\": " + line.replaceAll("\\D", "") + "}\n";
    }

    private static boolean isSync(String line) {
        return line.contains("guest-sync-delimited");
    }

    @Test
    void filesystems_are_frozen_and_thawed_and_what_was_half_said_before_is_no_answer() {
        answer(line -> isSync(line) ? "{\"return\": 7}\n{\"retu" + synced(line) : "{\"return\": 1}\n");

        try (GuestAgent agent = GuestAgent.connect(socket)) {
            agent.freeze();
            agent.thaw();
        }

        assertThat(heard).hasSize(3);
        assertThat(heard.getFirst()).matches("\u00ff\\{\"execute\":\"guest-sync-delimited\",\"arguments\":.*}}");
        assertThat(heard.subList(1, 3))
                .containsExactly("{\"execute\":\"guest-fsfreeze-freeze\"}", "{\"execute\":\"guest-fsfreeze-thaw\"}");
    }

    @Test
    void the_clock_is_set_in_nanoseconds() {
        answer(line -> isSync(line) ? synced(line) : "{\"return\": {}}\n");

        try (GuestAgent agent = GuestAgent.connect(socket)) {
            agent.setTime(Instant.parse("2026-11-28T05:00:00.000000001Z"));
        }

        assertThat(heard.getLast())
                .isEqualTo("{\"execute\":\"guest-set-time\",\"arguments\":{\"time\":1795842000000000001}}");
    }

    @Test
    void what_the_guest_refuses_is_said_in_its_words() {
        answer(line ->
                isSync(line) ? synced(line) : "{\"error\": {\"class\": \"GenericError\", \"desc\": \"no way\"}}\n");

        try (GuestAgent agent = GuestAgent.connect(socket)) {
            assertThatThrownBy(agent::freeze)
                    .isInstanceOf(OpException.class)
                    .hasMessage("the guest's agent: guest-fsfreeze-freeze: no way");
        }
    }

    @Test
    void a_guest_that_never_comes_to_an_end_is_left() {
        answer(_ -> "x".repeat(70_000));

        assertThatThrownBy(() -> GuestAgent.connect(socket))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("longer than 65536 bytes");
    }

    @Test
    void a_guest_that_hangs_up_is_said() {
        answer(_ -> HANG_UP);

        assertThatThrownBy(() -> GuestAgent.connect(socket)).hasMessageContaining("it has closed the connection");
    }
}
