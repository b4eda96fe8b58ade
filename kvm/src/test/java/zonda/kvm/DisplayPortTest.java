package zonda.kvm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import zonda.base.OpException;

class DisplayPortTest {
    private static final InetSocketAddress ANY = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

    @TempDir
    Path directory;

    private static InetSocketAddress of(DisplayPort port) {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), port.number());
    }

    private static ServerSocketChannel emulator(Path socket) throws IOException {
        return ServerSocketChannel.open(StandardProtocolFamily.UNIX).bind(UnixDomainSocketAddress.of(socket));
    }

    private static String read(SocketChannel channel, int length) throws IOException {
        var bytes = ByteBuffer.allocate(length);
        while (bytes.hasRemaining() && channel.read(bytes) >= 0) {
            // There is more to come.
        }
        return new String(bytes.array(), 0, bytes.position(), StandardCharsets.US_ASCII);
    }

    private static void write(SocketChannel channel, String text) throws IOException {
        channel.write(ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII)));
    }

    @Test
    void what_the_viewer_and_the_emulator_say_reaches_the_other_until_one_hangs_up() throws IOException {
        Path socket = directory.resolve("display");
        try (ServerSocketChannel emulator = emulator(socket);
                DisplayPort port = DisplayPort.open(ANY, socket);
                SocketChannel viewer = SocketChannel.open(of(port));
                SocketChannel shown = emulator.accept()) {
            write(shown, "RFB");
            assertThat(read(viewer, 3)).isEqualTo("RFB");
            write(viewer, "key");
            assertThat(read(shown, 3)).isEqualTo("key");

            viewer.close();

            assertThat(read(shown, 1)).isEmpty();
        }
    }

    @Test
    void who_looks_is_hung_up_on_when_it_is_closed() throws IOException {
        Path socket = directory.resolve("display");
        try (ServerSocketChannel emulator = emulator(socket);
                DisplayPort port = DisplayPort.open(ANY, socket);
                SocketChannel viewer = SocketChannel.open(of(port));
                SocketChannel shown = emulator.accept()) {
            port.close();

            assertThat(read(viewer, 1)).isEmpty();
            assertThat(read(shown, 1)).isEmpty();
            assertThatThrownBy(() -> SocketChannel.open(of(port))).isInstanceOf(IOException.class);
        }
    }

    @Test
    void a_port_that_was_closed_can_be_had_again_at_once() {
        DisplayPort first = DisplayPort.open(ANY, directory);
        InetSocketAddress same = of(first);
        first.close();
        for (int i = 0; i < 50; i++) {
            DisplayPort.open(same, directory).close();
        }
    }

    @Test
    void a_link_in_place_of_the_emulators_socket_leads_nowhere() throws IOException {
        Path other = directory.resolve("of-the-host");
        Path socket = Files.createSymbolicLink(directory.resolve("display"), other);
        try (ServerSocketChannel host = emulator(other);
                DisplayPort port = DisplayPort.open(ANY, socket);
                SocketChannel viewer = SocketChannel.open(of(port))) {
            assertThat(read(viewer, 1)).isEmpty();
            host.configureBlocking(false);
            assertThat(host.accept()).isNull();
        }
    }

    @Test
    void a_port_that_another_has_is_refused_by_its_number() {
        try (DisplayPort first = DisplayPort.open(ANY, directory)) {
            assertThatThrownBy(() -> DisplayPort.open(of(first), directory))
                    .isInstanceOf(OpException.class)
                    .hasMessageContaining("port " + first.number())
                    .hasMessageContaining("in use");
        }
    }
}
