package zonda.images.oci;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import zonda.base.Await;
import zonda.images.web.Web;
import zonda.images.web.WebSettings;

/** A registry that misbehaves as real ones do. */
class RegistryTest {
    private static final WebSettings IMPATIENT =
            new WebSettings(Duration.ofSeconds(2), Duration.ofMillis(300), 4, Duration.ofMillis(5), Map.of());

    @TempDir
    Path directory;

    private HttpServer server;
    private final List<String> asked = Collections.synchronizedList(new ArrayList<>());
    private final byte[] layer = bytes(300_000);
    private final byte[] config = "{\"config\":{\"Cmd\":[\"x\"]}}".getBytes(StandardCharsets.UTF_8);
    private final Digest layerDigest = Digest.of(layer);
    private byte[] manifest = new byte[0];

    /** What a handler does before the registry answers; true when it has answered itself. */
    private interface Before {
        boolean answered(HttpExchange exchange, String path) throws IOException;
    }

    private Before before = (_, _) -> false;

    private static byte[] bytes(int size) {
        byte[] bytes = new byte[size];
        new Random(7).nextBytes(bytes);
        return bytes;
    }

    @BeforeEach
    void start() throws Exception {
        manifest = """
                {"schemaVersion":2,"config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"%s","size":%d},
                 "layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar","digest":"%s","size":%d}]}
                """.formatted(Digest.of(config), config.length, layerDigest, layer.length)
                .getBytes(StandardCharsets.UTF_8);
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        server.createContext("/", this::handle);
        server.start();
    }

    @AfterEach
    void stop() {
        server.stop(0);
    }

    private String host() {
        return "127.0.0.1:" + server.getAddress().getPort();
    }

    private void handle(HttpExchange exchange) throws IOException {
        String path = exchange.getRequestURI().getPath();
        asked.add(path);
        try (exchange) {
            if (before.answered(exchange, path)) {
                return;
            }
            switch (path) {
                case "/v2/" -> answer(exchange, 200, new byte[0]);
                case "/v2/a/manifests/1" -> answer(exchange, 200, manifest);
                case String blob when blob.endsWith(layerDigest.toString()) -> blob(exchange);
                case String blob when blob.contains("/blobs/") -> answer(exchange, 200, config);
                default -> answer(exchange, 404, "{\"errors\":[{\"code\":\"NAME_UNKNOWN\"}]}".getBytes());
            }
        }
    }

    private void blob(HttpExchange exchange) throws IOException {
        String range = exchange.getRequestHeaders().getFirst("Range");
        if (range == null) {
            answer(exchange, 200, layer);
            return;
        }
        int from = Integer.parseInt(range.substring("bytes=".length(), range.length() - 1));
        exchange.getResponseHeaders()
                .set("Content-Range", "bytes " + from + "-" + (layer.length - 1) + "/" + layer.length);
        answer(exchange, 206, Arrays.copyOfRange(layer, from, layer.length));
    }

    private static void answer(HttpExchange exchange, int status, byte[] body) throws IOException {
        exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
        if (body.length > 0) {
            exchange.getResponseBody().write(body);
        }
    }

    /** Sends a part of what was announced, then cuts the connection. */
    private static void cut(HttpExchange exchange, int status, byte[] body, int length) throws IOException {
        exchange.sendResponseHeaders(status, body.length);
        exchange.getResponseBody().write(body, 0, length);
        exchange.getResponseBody().flush();
        throw new IOException("cut");
    }

    private Registry registry(Optional<Credentials> credentials) throws IOException {
        return new Registry(
                Web.open(IMPATIENT, false),
                Reference.parse(host() + "/a:1"),
                new Registry.Access(true, credentials, Platform.ofHost()));
    }

    private byte[] fetch(Registry registry) throws IOException {
        Descriptor wanted = registry.image().layers().getFirst();
        try (var in =
                registry.layer(wanted, directory.resolve("layer"), _ -> {}).open()) {
            return in.readAllBytes();
        }
    }

    @Test
    void an_image_is_fetched_and_checked() throws Exception {
        try (Registry registry = registry(Optional.empty())) {
            registry.ping();

            assertThat(fetch(registry)).isEqualTo(layer);
        }
    }

    @Test
    void a_token_is_asked_for_with_our_credentials_and_renewed_when_it_runs_out() throws Exception {
        var tokens = new AtomicInteger();
        before = (exchange, path) -> {
            String authorization = String.valueOf(exchange.getRequestHeaders().getFirst("Authorization"));
            if (path.equals("/token")) {
                String query = exchange.getRequestURI().getQuery();
                boolean ours =
                        authorization.equals("Basic " + Base64.getEncoder().encodeToString("me:pw".getBytes()));
                boolean asked = query.equals("scope=repository:a:pull&service=reg");
                answer(
                        exchange,
                        ours && asked ? 200 : 403,
                        ("{\"token\":\"t" + tokens.incrementAndGet() + "\"}").getBytes());
                return true;
            }
            // The first token is good for manifest and configuration only.
            String needed = "Bearer t" + (path.contains(layerDigest.hex()) ? 2 : Math.max(1, tokens.get()));
            if (authorization.equals(needed)) {
                return false;
            }
            exchange.getResponseHeaders()
                    .set(
                            "WWW-Authenticate",
                            "Bearer realm=\"http://" + host() + "/token\",service=\"reg\",scope=\"repository:a:pull\"");
            answer(exchange, 401, "{}".getBytes());
            return true;
        };

        try (Registry registry = registry(Optional.of(new Credentials("me", "pw")))) {
            registry.ping();
            assertThat(fetch(registry)).isEqualTo(layer);
        }
        assertThat(tokens).hasValue(2);
    }

    @Test
    void basic_authentication_is_given_when_asked_for() throws Exception {
        before = (exchange, _) -> {
            String expected = "Basic " + Base64.getEncoder().encodeToString("me:pw".getBytes());
            if (expected.equals(exchange.getRequestHeaders().getFirst("Authorization"))) {
                return false;
            }
            exchange.getResponseHeaders().set("WWW-Authenticate", "Basic realm=\"x\"");
            answer(exchange, 401, "{}".getBytes());
            return true;
        };

        try (Registry registry = registry(Optional.of(new Credentials("me", "pw")))) {
            assertThat(fetch(registry)).isEqualTo(layer);
        }
        try (Registry registry = registry(Optional.of(new Credentials("me", "wrong")))) {
            assertThatThrownBy(registry::image).hasMessageContaining("HTTP 401");
        }
        try (Registry registry = registry(Optional.empty())) {
            assertThatThrownBy(registry::image).hasMessageContaining("wants a user and a password");
        }
    }

    @Test
    void a_connection_that_is_cut_is_continued_where_it_was() throws Exception {
        var ranges = Collections.synchronizedList(new ArrayList<String>());
        before = (exchange, path) -> {
            if (path.contains(layerDigest.hex())) {
                String range = exchange.getRequestHeaders().getFirst("Range");
                ranges.add(String.valueOf(range));
                int from = range == null ? 0 : Integer.parseInt(range.replaceAll("\\D", ""));
                if (ranges.size() < 4) {
                    if (range != null) {
                        exchange.getResponseHeaders()
                                .set("Content-Range", "bytes " + from + "-" + (layer.length - 1) + "/" + layer.length);
                    }
                    cut(exchange, range == null ? 200 : 206, Arrays.copyOfRange(layer, from, layer.length), 50_000);
                }
            }
            return false;
        };

        var progress = new AtomicLong();
        try (Registry registry = registry(Optional.empty())) {
            Descriptor wanted = registry.image().layers().getFirst();
            registry.layer(wanted, directory.resolve("layer"), progress::addAndGet);
        }
        assertThat(Files.readAllBytes(directory.resolve("layer"))).isEqualTo(layer);
        assertThat(progress).hasValue(layer.length);
        // A request that finds its connection closed is asked again, from the same place.
        List<String> places = ranges.stream().distinct().toList();
        assertThat(places).hasSize(4).startsWith("null");
        List<Integer> begins = places.stream()
                .skip(1)
                .map(range -> Integer.parseInt(range.replaceAll("\\D", "")))
                .toList();
        // What had not been read when the connection was cut may have gone with it.
        assertThat(begins).isSorted().allMatch(begin -> begin > 0 && begin <= 150_000);
        assertThat(begins.getFirst()).isLessThanOrEqualTo(50_000);
    }

    @Test
    void what_an_earlier_process_left_is_used_when_it_is_right_and_not_when_it_is_wrong() throws Exception {
        try (Registry registry = registry(Optional.empty())) {
            Files.write(directory.resolve("layer"), Arrays.copyOf(layer, 200_000));
            assertThat(fetch(registry)).isEqualTo(layer);

            Files.write(directory.resolve("layer"), layer);
            asked.clear();
            assertThat(fetch(registry)).isEqualTo(layer);
            assertThat(asked).as("whole already").noneMatch(path -> path.contains(layerDigest.hex()));

            Files.write(directory.resolve("layer"), new byte[200_000]);
            assertThat(fetch(registry)).isEqualTo(layer);
        }
    }

    @Test
    void a_server_that_ignores_ranges_is_read_from_the_beginning() throws Exception {
        before = (exchange, path) -> {
            if (path.contains(layerDigest.hex())) {
                answer(exchange, 200, layer);
                return true;
            }
            return false;
        };
        Files.write(directory.resolve("layer"), Arrays.copyOf(layer, 1000));

        try (Registry registry = registry(Optional.empty())) {
            assertThat(fetch(registry)).isEqualTo(layer);
            assertThat(asked.stream().filter(path -> path.contains(layerDigest.hex())))
                    .as("no second try")
                    .hasSize(1);
        }
    }

    @Test
    void a_layer_with_another_digest_or_length_is_not_given_out() throws Exception {
        byte[] wrong = layer.clone();
        wrong[layer.length - 1] ^= 1;
        for (byte[] served : List.of(wrong, Arrays.copyOf(layer, layer.length + 5))) {
            before = (exchange, path) -> {
                if (path.contains(layerDigest.hex())) {
                    answer(exchange, 200, served);
                    return true;
                }
                return false;
            };

            try (Registry registry = registry(Optional.empty())) {
                assertThatThrownBy(() -> fetch(registry)).hasMessageContaining("expected");
                assertThat(directory.resolve("layer")).doesNotExist();
            }
        }
    }

    @Test
    void a_configuration_or_manifest_with_another_digest_is_refused() throws Exception {
        before = (exchange, path) -> {
            if (path.contains("/blobs/") || path.contains("manifests/sha256")) {
                answer(exchange, 200, "{\"schemaVersion\":2}".getBytes());
                return true;
            }
            return false;
        };

        try (Registry registry = registry(Optional.empty())) {
            assertThatThrownBy(registry::image).hasMessageContaining("its digest is");
        }
        try (Registry registry = new Registry(
                Web.open(IMPATIENT, false),
                Reference.parse(host() + "/a@" + layerDigest),
                new Registry.Access(true, Optional.empty(), Platform.ofHost()))) {
            assertThatThrownBy(registry::image).hasMessageContaining("its digest is");
        }
    }

    @Test
    void an_overloaded_server_is_asked_again_and_a_refusal_is_not() throws Exception {
        var failures = new AtomicInteger(3);
        before = (exchange, _) -> {
            if (failures.getAndDecrement() > 0) {
                answer(exchange, 503, "later".getBytes());
                return true;
            }
            return false;
        };
        try (Registry registry = registry(Optional.empty())) {
            assertThat(registry.image().layers()).hasSize(1);

            failures.set(1000);
            asked.clear();
            assertThatThrownBy(registry::image).hasMessageContaining("HTTP 503: later");
            assertThat(asked).hasSize(4);

            asked.clear();
            before = (exchange, _) -> {
                answer(exchange, 404, "no".getBytes());
                return true;
            };
            assertThatThrownBy(registry::image).hasMessageContaining("HTTP 404");
            assertThat(asked).hasSize(1);
        }
    }

    @Test
    void a_server_that_stops_sending_is_not_waited_for() throws Exception {
        var first = new AtomicInteger();
        before = (exchange, path) -> {
            if (path.contains(layerDigest.hex()) && first.getAndIncrement() == 0) {
                exchange.sendResponseHeaders(200, layer.length);
                exchange.getResponseBody().write(layer, 0, 100_000);
                exchange.getResponseBody().flush();
                Await.until(Duration.ofSeconds(3), () -> first.get() > 1);
                throw new IOException("stalled");
            }
            return false;
        };

        try (Registry registry = registry(Optional.empty())) {
            assertThat(fetch(registry)).isEqualTo(layer);
        }
        assertThat(first.get()).isGreaterThan(1);
    }

    @Test
    void a_redirect_elsewhere_does_not_get_our_credentials() throws Exception {
        var seen = Collections.synchronizedList(new ArrayList<String>());
        HttpServer storage = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        storage.createContext("/", exchange -> {
            seen.add(String.valueOf(exchange.getRequestHeaders().getFirst("Authorization")));
            try (exchange) {
                blob(exchange);
            }
        });
        storage.start();
        before = (exchange, path) -> {
            if (exchange.getRequestHeaders().getFirst("Authorization") == null) {
                exchange.getResponseHeaders().set("WWW-Authenticate", "Basic realm=x");
                answer(exchange, 401, "{}".getBytes());
                return true;
            }
            if (path.contains(layerDigest.hex())) {
                exchange.getResponseHeaders()
                        .set(
                                "Location",
                                "http://127.0.0.1:" + storage.getAddress().getPort() + "/signed?secret=1");
                answer(exchange, 307, new byte[0]);
                return true;
            }
            return false;
        };
        try (Registry registry = registry(Optional.of(new Credentials("me", "pw")))) {
            assertThat(fetch(registry)).isEqualTo(layer);
        } finally {
            storage.stop(0);
        }
        assertThat(seen).containsExactly("null");
    }

    @Test
    void redirects_in_circles_end() throws Exception {
        before = (exchange, path) -> {
            exchange.getResponseHeaders().set("Location", path);
            answer(exchange, 302, new byte[0]);
            return true;
        };

        try (Registry registry = registry(Optional.empty())) {
            assertThatThrownBy(registry::image).hasMessageContaining("redirects");
        }
    }

    @Test
    void manifests_of_the_wrong_kind_say_why_they_are_refused() throws Exception {
        Map<String, String> texts = Map.of(
                "{\"schemaVersion\":1}",
                "schema 1",
                "[]",
                "isn't JSON",
                "{\"schemaVersion\":2}",
                "not the manifest of an image",
                "{\"schemaVersion\":2,\"config\":{\"digest\":\"" + Digest.of(config) + "\",\"size\":5},\"layers\":[]}",
                "without layers",
                "{\"schemaVersion\":2,\"config\":{\"digest\":\"" + Digest.of(config)
                        + "\",\"size\":5},\"layers\":[{\"mediaType\":\"text/plain\",\"digest\":\"" + layerDigest
                        + "\",\"size\":1}]}",
                "text/plain",
                "{\"schemaVersion\":2,\"config\":{\"digest\":\"sha256:xx\",\"size\":5},\"layers\":[]}",
                "not a sha256 digest",
                "{\"manifests\":[]}",
                "it is not for linux");
        for (var text : texts.entrySet()) {
            manifest = text.getKey().getBytes();
            try (Registry registry = registry(Optional.empty())) {
                assertThatThrownBy(registry::image)
                        .as(text.getKey())
                        .isInstanceOf(OciException.class)
                        .hasMessageContaining(text.getValue());
            }
        }
    }
}
