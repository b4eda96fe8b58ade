package zonda.images.web;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpRequest;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** Servers that are not there: what went wrong is said, and not only of which type an exception was. */
class UnreachedTest {
    @AutoClose
    private final Web web = Web.open(
            new WebSettings(Duration.ofSeconds(5), Duration.ofSeconds(5), 1, Duration.ofMillis(1), Map.of()), false);

    private void tells(URI uri, String words) {
        var request = Web.Request.of(uri);
        assertThatThrownBy(() -> web.get(request, 1))
                .isInstanceOf(IOException.class)
                .hasMessageContainingAll("GET " + uri, words);
        assertThatThrownBy(() -> web.send("PUT", request, HttpRequest.BodyPublishers.noBody()))
                .hasMessageContainingAll("PUT " + uri, words);
    }

    @Test
    void where_nobody_listens_is_said() throws IOException {
        int port;
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = socket.getLocalPort();
        }
        tells(URI.create("http://127.0.0.1:" + port + "/ping"), "no connection: nothing listens at 127.0.0.1:" + port);
    }

    @Test
    void a_name_without_an_address_is_said() {
        tells(URI.create("http://images.invalid/ping"), "the name images.invalid has no address");
    }
}
