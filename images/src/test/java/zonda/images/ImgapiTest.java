package zonda.images;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import zonda.base.Json;
import zonda.kernel.Directory;
import zonda.zstream.FilesystemSender;
import zonda.zstream.SendOptions;
import zonda.zstream.SendOrigin;

/** avail, show and import, with an IMGAPI server of two pages. */
class ImgapiTest {
    private static final UUID LINUX = UUID.fromString("00000000-0000-4000-8000-000000000001");
    private static final String OF_DSAPI = """
            {"uuid": "00000000-0000-4000-8000-000000000009", "name": "old", "version": "1.0", "os": "linux",
             "type": "lx-dataset", "creator_uuid": "00000000-0000-0000-0000-000000000002"}""";
    private static final UUID ILLUMOS = UUID.fromString("00000000-0000-4000-8000-000000000002");

    @TempDir
    Path directory;

    private HttpServer server;
    private TestHost host;
    private byte[] file = new byte[0];
    private Optional<String> contentMd5 = Optional.empty();
    private final Set<String> versionsAsked = new HashSet<>();
    private final Map<UUID, byte[]> streams = new HashMap<>();
    private final List<Json.Obj> manifests = new ArrayList<>();

    @BeforeEach
    void start() throws Exception {
        host = new TestHost(directory);
        Path tree = Files.createDirectories(directory.resolve("tree/etc"));
        Files.writeString(tree.resolve("motd"), "welcome");
        TestHost.run(
                "tar", "-C", directory + "/tree", "--owner=0", "--group=0", "-cJf", directory + "/image.tar.xz", ".");
        file = Files.readAllBytes(directory.resolve("image.tar.xz"));
        String sha1 =
                HexFormat.of().formatHex(MessageDigest.getInstance("SHA-1").digest(file));
        manifests.add(manifest(LINUX, "lx-dataset", "linux")
                .with(
                        "files",
                        Json.Arr.of(List.of(Json.object()
                                        .with("sha1", sha1)
                                        .with("size", file.length)
                                        .with("compression", "xz"))
                                .stream())));
        manifests.add(manifest(ILLUMOS, "zone-dataset", "smartos"));
        for (int i = 0; i < 1500; i++) {
            manifests.add(manifest(new UUID(0x4000 + i, 0x8000_0000_0000_0000L), "zvol", "other")
                    .with("image_size", 1)
                    .with("nic_driver", "virtio")
                    .with("disk_driver", "virtio"));
        }
        manifests.add(Json.object().with("uuid", "broken").with("v", 2));
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", this::handle);
        server.start();
        host.images().sources().replace(List.of(new Source(url(), Source.Type.IMGAPI, false)));
    }

    @AfterEach
    void stop() {
        server.stop(0);
    }

    private String url() {
        return "http://127.0.0.1:" + server.getAddress().getPort() + "/imgapi";
    }

    private static Json.Obj manifest(UUID uuid, String type, String os) {
        return Json.object()
                .with("v", 2)
                .with("uuid", uuid.toString())
                .with("name", "image")
                .with("version", "1")
                .with("type", type)
                .with("os", os);
    }

    private void handle(HttpExchange exchange) throws IOException {
        String path = exchange.getRequestURI().getPath().replaceFirst("^/imgapi", "");
        String query = String.valueOf(exchange.getRequestURI().getQuery());
        versionsAsked.add(String.valueOf(exchange.getRequestHeaders().getFirst("Accept-Version")));
        try (exchange) {
            switch (path) {
                case "/datasets" -> answer(exchange, 200, ("[" + OF_DSAPI + "]").getBytes(StandardCharsets.UTF_8));
                case "/datasets/00000000-0000-4000-8000-000000000009" ->
                    answer(exchange, 200, OF_DSAPI.getBytes(StandardCharsets.UTF_8));
                case "/ping" -> answer(exchange, 200, "{\"ping\":\"pong\"}".getBytes());
                case "/images" -> {
                    int from = query.contains("marker=") ? index(query.replaceFirst(".*marker=", "")) + 1 : 0;
                    String page = manifests.stream()
                            .skip(from)
                            .limit(1000)
                            .map(Json::compact)
                            .collect(Collectors.joining(","));
                    answer(exchange, 200, ("[" + page + "]").getBytes(StandardCharsets.UTF_8));
                }
                case String one
                when one.equals("/images/" + LINUX + "/file") -> {
                    contentMd5.ifPresent(sum -> exchange.getResponseHeaders().set("Content-MD5", sum));
                    answer(exchange, 200, file);
                }
                case String one
                when one.endsWith("/file") -> answer(exchange, 200, streams.get(UUID.fromString(one.split("/")[2])));
                default -> {
                    int found = index(path.replace("/images/", ""));
                    answer(
                            exchange,
                            found < 0 ? 404 : 200,
                            found < 0
                                    ? "{\"code\":\"ResourceNotFound\"}".getBytes()
                                    : manifests.get(found).compact().getBytes());
                }
            }
        }
    }

    private int index(String uuid) {
        for (int i = 0; i < manifests.size(); i++) {
            if (manifests.get(i).string("uuid", "").equals(uuid)) {
                return i;
            }
        }
        return -1;
    }

    private static void answer(HttpExchange exchange, int status, byte[] body) throws IOException {
        exchange.sendResponseHeaders(status, body.length);
        exchange.getResponseBody().write(body);
    }

    @Test
    void all_pages_are_listed_and_a_broken_manifest_hides_none() {
        Offers.Available available = host.images().offers().all();

        assertThat(available.images()).hasSize(1502);
        assertThat(available.problems())
                .singleElement()
                .asString()
                .contains("broken")
                .contains("invalid manifest");
        assertThat(available.images().getFirst().source()).contains(url());
        var table = new ImageTable(ImageTable.COLUMNS, ImageTable.SORT, true);
        assertThat(table.lines(available.images().stream()
                        .filter(ImageTable.filter(List.of("type=lx-dataset")))
                        .toList()))
                .hasSize(2);
    }

    @Test
    void a_source_that_does_not_answer_does_not_hide_the_others() throws Exception {
        int closed = TestRegistry.freePort();
        Source dead = new Source("http://user:pw@127.0.0.1:" + closed, Source.Type.IMGAPI, false);
        host.images().sources().add(dead, true);

        Offers.Available available = host.images().offers().all();

        assertThat(available.images()).hasSize(1502);
        assertThat(available.problems()).anyMatch(line -> line.startsWith("http://user:***@127.0.0.1:" + closed));
        host.images().sources().replace(List.of(dead));
        assertThatThrownBy(() -> host.images().offers().all())
                .isInstanceOfSatisfying(
                        ImageException.class, e -> assertThat(e.error().label()).isEqualTo("ClientError"))
                .hasMessageNotContaining("pw");
        host.images().sources().replace(List.of());
        assertThatThrownBy(() -> host.images().offers().all()).hasMessage("imgadm has no configured sources");
    }

    @Test
    void an_image_is_shown_and_imported() {
        Images images = host.images();

        assertThat(images.offers().show(LINUX).manifest().uuid()).isEqualTo(LINUX);
        Imports.Outcome outcome = images.imports().run(Imports.Request.of(LINUX.toString()), host.progress());

        assertThat(outcome.isNew()).isTrue();
        assertThat(host.store.root(LINUX).resolve("etc/motd")).hasContent("welcome");
        assertThat(host.said)
                .containsExactly(
                        "Importing " + LINUX + " (image@1) from \"" + url() + "\"",
                        "Gather image " + LINUX + " ancestry",
                        "Must download and install 1 image (" + file.length + " B)",
                        "Downloaded image " + LINUX + " (" + file.length + " B)",
                        "Imported image " + LINUX + " (image@1)");
        assertThat(images.get(LINUX).source()).contains(url());
        assertThat(images.imports()
                        .run(Imports.Request.of(LINUX.toString()), host.progress())
                        .isNew())
                .isFalse();
        assertThat(directory.resolve("var/tmp/.imgadm-downloads").toFile().list())
                .isEmpty();
    }

    @Test
    void a_dsapi_source_is_asked_for_its_datasets_and_every_server_for_version_2() {
        var source = new Source(url(), Source.Type.DSAPI, false);
        Images images = host.images();
        images.sources().replace(List.of());

        assertThat(images.sources().add(source, false)).isEqualTo("Added \"dsapi\" image source \"" + url() + "\"");
        Manifest listed = images.offers().all().images().getFirst().manifest();
        assertThat(listed.name()).isEqualTo("old");
        assertThat(listed.json().string("owner")).contains("00000000-0000-0000-0000-000000000002");
        assertThat(images.offers().show(listed.uuid()).manifest().json()).isEqualTo(listed.json());
        assertThat(versionsAsked).containsExactly("~2");
    }

    @Test
    void what_no_source_has_or_no_host_can_run_is_refused() {
        Imports imports = host.images().imports();

        assertThatThrownBy(() -> imports.run(Imports.Request.of(ILLUMOS.toString()), Progress.NONE))
                .hasMessageContaining("holds illumos programs");
        UUID other = UUID.randomUUID();
        assertThatThrownBy(() -> imports.run(Imports.Request.of(other.toString()), Progress.NONE))
                .hasMessage("an active image \"" + other + "\" was not found")
                .isInstanceOfSatisfying(
                        ImageException.class, e -> assertThat(e.error().label()).isEqualTo("ActiveImageNotFound"));
    }

    @Test
    void an_image_comes_with_those_it_is_incremental_to() throws Exception {
        UUID base = UUID.fromString("00000000-0000-4000-8000-000000000003");
        UUID increment = UUID.fromString("00000000-0000-4000-8000-000000000004");
        Path tree = Files.createDirectories(directory.resolve("lx"));
        Files.createDirectories(tree.resolve("root/etc"));
        Files.writeString(tree.resolve("root/etc/motd"), "first");
        Path before = directory.resolve("before");
        try (Directory now = Directory.open(tree)) {
            var full = new ByteArrayOutputStream();
            var options = SendOptions.of("zones/a@final", 1, Instant.EPOCH);
            var map = FilesystemSender.send(now, options, Optional.empty(), full);
            TestHost.run("cp", "-a", tree.toString(), before.toString());
            Files.writeString(tree.resolve("root/etc/motd"), "second");
            var more = new ByteArrayOutputStream();
            try (Directory old = Directory.open(before)) {
                FilesystemSender.send(
                        now,
                        SendOptions.of("zones/b@final", 2, Instant.EPOCH),
                        Optional.of(new SendOrigin(map, old, "final")),
                        more);
            }
            streams.put(base, full.toByteArray());
            streams.put(increment, more.toByteArray());
        }
        manifests.add(manifest(base, "lx-dataset", "linux"));
        manifests.add(manifest(increment, "lx-dataset", "linux").with("origin", base.toString()));

        host.images().imports().run(Imports.Request.of(increment.toString()), host.progress());

        assertThat(host.said.subList(0, 3))
                .containsExactly(
                        "Importing " + increment + " (image@1) from \"" + url() + "\"",
                        "Gather image " + increment + " ancestry",
                        "Must download and install 2 images (unknown size)");
        assertThat(host.said)
                .containsSubsequence(
                        "Imported image " + base + " (image@1)", "Imported image " + increment + " (image@1)");
        assertThat(host.store.root(increment).resolve("etc/motd")).hasContent("second");
        assertThat(host.store.root(base).resolve("etc/motd")).hasContent("first");
    }

    @Test
    void an_image_whose_origin_no_source_has_is_refused_before_anything_is_downloaded() {
        UUID lonely = UUID.fromString("00000000-0000-4000-8000-000000000005");
        UUID origin = UUID.randomUUID();
        manifests.add(manifest(lonely, "lx-dataset", "linux").with("origin", origin.toString()));

        assertThatThrownBy(() -> host.images().imports().run(Imports.Request.of(lonely.toString()), host.progress()))
                .hasMessage("origin image \"" + origin + "\" was not found in any source")
                .isInstanceOfSatisfying(
                        ImageException.class, e -> assertThat(e.error().label()).isEqualTo("OriginNotFoundInSource"));
        assertThat(directory.resolve("zones").toFile().list()).isEmpty();
    }

    @Test
    void a_file_that_is_not_the_manifests_is_refused_and_leaves_nothing() {
        file = new byte[file.length];

        assertThatThrownBy(() -> host.images().imports().run(Imports.Request.of(LINUX.toString()), Progress.NONE))
                .isInstanceOfSatisfying(
                        ImageException.class, e -> assertThat(e.error().label()).isEqualTo("DownloadError"))
                .hasMessageContaining("its SHA-1 is");
        assertThat(host.images().list()).isEmpty();
        assertThat(directory.resolve("zones").toFile().list()).isEmpty();
    }

    @Test
    void a_file_that_the_server_says_to_be_another_is_refused_also_when_the_manifest_knows_no_sum() {
        manifests.set(0, manifest(LINUX, "lx-dataset", "linux"));
        contentMd5 = Optional.of("AAAAAAAAAAAAAAAAAAAAAA==");

        assertThatThrownBy(() -> host.images().imports().run(Imports.Request.of(LINUX.toString()), Progress.NONE))
                .hasMessageContaining("its MD5 is")
                .hasMessageContaining("expected AAAAAAAAAAAAAAAAAAAAAA==");
        assertThat(host.images().list()).isEmpty();

        contentMd5 = Optional.of(java.util.Base64.getEncoder().encodeToString(md5(file)));
        host.images().imports().run(Imports.Request.of(LINUX.toString()), Progress.NONE);
        assertThat(host.store.root(LINUX).resolve("etc/motd")).hasContent("welcome");
    }

    private static byte[] md5(byte[] data) {
        try {
            return MessageDigest.getInstance("MD5").digest(data);
        } catch (java.security.NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }
}
