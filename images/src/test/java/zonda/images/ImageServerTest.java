package zonda.images;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import zonda.base.Json;

/** The IMGAPI server, asked over HTTP by our own client and by hand. */
class ImageServerTest {
    @TempDir
    Path directory;

    private Path folder;
    private TestHost host;
    private ImageServer server;
    private final HttpClient http = HttpClient.newHttpClient();

    @BeforeEach
    void start() throws IOException {
        folder = Files.createDirectory(directory.resolve("folder"));
        host = new TestHost(Files.createDirectory(directory.resolve("host")));
        serve(true);
        host.images().sources().replace(List.of(source()));
    }

    private void serve(boolean mayPublish) {
        server = ImageServer.start(folder, new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), mayPublish);
    }

    @AfterEach
    void stop() {
        server.close();
        http.close();
    }

    private String url() {
        return "http://127.0.0.1:" + server.address().getPort();
    }

    private Source source() {
        return new Source(url(), Source.Type.IMGAPI, false);
    }

    private static Json.Obj manifest(UUID uuid, String version) {
        return Json.object()
                .with("v", 2)
                .with("uuid", uuid.toString())
                .with("owner", UUID.randomUUID().toString())
                .with("name", "www")
                .with("version", version)
                .with("type", "lx-dataset")
                .with("os", "linux")
                .with("tags", Json.object().with("role", "web"));
    }

    private byte[] archive() throws IOException {
        Path tree = Files.createDirectories(directory.resolve("tree/etc"));
        Files.writeString(tree.resolve("motd"), "welcome");
        TestHost.run("tar", "-C", directory + "/tree", "--owner=0", "--group=0", "-cJf", directory + "/t.xz", ".");
        return Files.readAllBytes(directory.resolve("t.xz"));
    }

    private void publish(UUID uuid, String version, byte[] content) {
        Json.Obj json = manifest(uuid, version)
                .with("files", new Json.Arr(List.of(Json.object().with("compression", "xz"))));
        host.images()
                .publisher(source())
                .publish(Manifest.of(json), () -> new ByteArrayInputStream(content), host.progress());
    }

    private HttpResponse<String> ask(String method, String path, String body, String... headers) {
        try {
            var request = HttpRequest.newBuilder(URI.create(url() + path))
                    .method(method, HttpRequest.BodyPublishers.ofString(body));
            if (headers.length > 0) {
                request.headers(headers);
            }
            return http.send(request.build(), HttpResponse.BodyHandlers.ofString(StandardCharsets.ISO_8859_1));
        } catch (IOException e) {
            throw new AssertionError(method + " " + path, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }

    private HttpResponse<String> get(String path, String... headers) {
        return ask("GET", path, "", headers);
    }

    private String versions(String query) {
        HttpResponse<String> answer = get("/images" + query);
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        return ((Json.Arr) Json.parse(answer.body()))
                .objects().stream().map(json -> json.string("version", "")).collect(Collectors.joining(","));
    }

    @Test
    void what_is_published_is_listed_shown_and_imported() throws IOException {
        UUID uuid = UUID.randomUUID();
        byte[] content = archive();
        publish(uuid, "1", content);

        assertThat(host.said)
                .containsExactly(
                        "Created image " + uuid + " (www@1) at \"" + url() + "\"",
                        "Added its file",
                        "Activated image " + uuid + " (www@1)");
        Images images = host.images();
        assertThat(images.sources().check()).containsExactly(url() + ": ok");
        Manifest offered = images.offers().show(uuid).manifest();
        assertThat(offered.file().size()).contains((long) content.length);
        assertThat(offered.json().string("state")).contains("active");
        assertThat(offered.publishedAt()).isPresent();
        assertThat(images.offers().all().images()).hasSize(1);
        images.imports().run(Imports.Request.of(uuid.toString()), host.progress());
        assertThat(host.store.root(uuid).resolve("etc/motd")).hasContent("welcome");
        assertThat(images.get(uuid).source()).contains(url());
        assertThat(Files.list(folder).map(path -> path.getFileName().toString()))
                .containsExactlyInAnyOrder(uuid + ".imgmanifest", uuid + ".file");
    }

    @Test
    void files_of_imgadm_create_in_the_folder_are_served_as_they_are_and_in_parts() throws IOException {
        UUID uuid = UUID.randomUUID();
        Files.writeString(
                folder.resolve("www-1.imgmanifest"), manifest(uuid, "1").pretty());
        Files.writeString(folder.resolve("www-1.zfs.gz"), "0123456789");
        Files.writeString(folder.resolve("broken.imgmanifest"), "{");

        assertThat(versions("")).isEqualTo("1");
        assertThat(get("/images/" + uuid + "/file").body()).isEqualTo("0123456789");
        assertThat(get("/images/" + uuid + "/file").headers().firstValue("content-md5"))
                .contains("eB5eJF1ptWaXm4bijSPyxw==");
        Files.writeString(folder.resolve("www-1.zfs.gz"), "012345678X");
        assertThat(get("/images/" + uuid + "/file").headers().firstValue("content-md5"))
                .as("of the file that is there now")
                .isNotEqualTo(java.util.Optional.of("eB5eJF1ptWaXm4bijSPyxw=="));
        Files.writeString(folder.resolve("www-1.zfs.gz"), "0123456789");
        HttpResponse<String> rest = get("/images/" + uuid + "/file", "Range", "bytes=4-");
        assertThat(rest.headers().firstValue("content-md5")).isEmpty();
        assertThat(rest.statusCode()).isEqualTo(206);
        assertThat(rest.body()).isEqualTo("456789");
        assertThat(rest.headers().firstValue("content-range")).contains("bytes 4-9/10");
        assertThat(get("/images/" + uuid + "/file", "Range", "bytes=10-").statusCode())
                .isEqualTo(416);
        assertThat(get("/images/" + UUID.randomUUID()).statusCode()).isEqualTo(404);
        assertThat(get("/images/" + uuid + "/icon").statusCode()).isEqualTo(404);
        assertThat(get("/nowhere").body()).contains("ResourceNotFound");
    }

    @Test
    void lists_are_filtered_and_paged() throws IOException {
        for (int version = 1; version <= 3; version++) {
            publish(UUID.randomUUID(), String.valueOf(version), archive());
        }
        assertThat(ask("POST", "/images", manifest(UUID.randomUUID(), "4").compact())
                        .statusCode())
                .isEqualTo(200);

        assertThat(versions("")).isEqualTo("1,2,3");
        assertThat(versions("?state=unactivated")).isEqualTo("4");
        assertThat(versions("?version=2")).isEqualTo("2");
        assertThat(versions("?name=~ww&tag.role=web&type=lx-dataset")).isEqualTo("1,2,3");
        assertThat(versions("?tag.role=db")).isEmpty();
        String second = ((Json.Arr) Json.parse(get("/images?version=2").body()))
                .objects()
                .getFirst()
                .string("uuid", "");
        assertThat(versions("?limit=1&marker=" + second)).isEqualTo("3");
        assertThat(get("/images?limit=none").statusCode()).isEqualTo(422);
    }

    @Test
    void an_image_is_seen_in_its_channels() throws IOException {
        Files.writeString(
                folder.resolve("channels.json"),
                "[{\"name\":\"release\",\"default\":true},{\"name\":\"dev\",\"description\":\"new\"}]");
        UUID released = UUID.randomUUID();
        UUID fresh = UUID.randomUUID();
        publish(released, "1", archive());
        assertThat(ask(
                                "POST",
                                "/images",
                                manifest(fresh, "2")
                                        .with("channels", Json.Arr.ofStrings(List.of("dev")))
                                        .compact())
                        .statusCode())
                .isEqualTo(200);
        assertThat(ask("PUT", "/images/" + fresh + "/file?compression=xz", "x").statusCode())
                .isEqualTo(200);
        assertThat(ask("POST", "/images/" + fresh + "?action=activate", "").statusCode())
                .isEqualTo(200);

        assertThat(versions("")).isEqualTo("1");
        assertThat(versions("?channel=dev")).isEqualTo("2");
        assertThat(versions("?channel=*")).isEqualTo("1,2");
        assertThat(get("/images?channel=none").statusCode()).isEqualTo(422);
        assertThat(get("/channels").body()).contains("\"dev\"");
        assertThatThrownBy(() -> host.images().offers().show(fresh)).hasMessageContaining("was not found");
        host.images().sources().replace(List.of(source().inChannel("dev")));
        assertThat(host.images().offers().show(fresh).manifest().version()).isEqualTo("2");
        assertThat(host.images().offers().all().images()).hasSize(1);

        assertThat(ask("POST", "/images/" + fresh + "?action=channel-add&channel=release", "")
                        .statusCode())
                .isEqualTo(200);
        assertThat(versions("")).isEqualTo("1,2");
    }

    private static InputStream breaking() {
        return new SequenceInputStream(new ByteArrayInputStream(new byte[64]), new InputStream() {
            @Override
            public int read() throws IOException {
                throw new IOException("the disk can't be read");
            }
        });
    }

    @Test
    void what_is_wrong_is_refused_and_leaves_nothing() throws IOException {
        UUID uuid = UUID.randomUUID();
        Json.Obj bad = manifest(uuid, "1")
                .with("files", new Json.Arr(List.of(Json.object().with("sha1", "0".repeat(40)))));
        assertThatThrownBy(() -> host.images()
                        .publisher(source())
                        .publish(Manifest.of(bad), () -> new ByteArrayInputStream(new byte[9]), host.progress()))
                .hasMessageContaining("sha1");
        assertThat(Files.list(folder)).isEmpty();
        Json.Obj other = manifest(uuid, "1")
                .with("files", new Json.Arr(List.of(Json.object().with("compression", "none"))));
        assertThatThrownBy(() -> host.images()
                        .publisher(source())
                        .publish(Manifest.of(other), ImageServerTest::breaking, host.progress()))
                .isInstanceOfSatisfying(
                        ImageException.class, e -> assertThat(e.error()).isEqualTo(ImageError.UPLOAD_ERROR))
                .hasMessageStartingWith("publish " + uuid + " (www@1): ");
        assertThat(Files.list(folder)).isEmpty();

        publish(uuid, "1", archive());
        assertThat(ask("POST", "/images", manifest(uuid, "2").compact()).statusCode())
                .isEqualTo(409);
        assertThat(ask("PUT", "/images/" + uuid + "/file", "other").statusCode())
                .isEqualTo(422);
        assertThat(ask("POST", "/images", "{\"name\":7}").statusCode()).isEqualTo(422);
        assertThat(ask("POST", "/images", "nonsense").statusCode()).isEqualTo(422);
        assertThat(ask("POST", "/images/" + uuid + "?action=explode", "").statusCode())
                .isEqualTo(422);
        assertThat(ask("PUT", "/images/" + uuid + "/icon", "png", "Content-Type", "text/html")
                        .statusCode())
                .isEqualTo(422);
        assertThat(ask("PUT", "/images/" + uuid + "/icon", "png", "Content-Type", "image/png")
                        .statusCode())
                .isEqualTo(200);
        assertThat(get("/images/" + uuid + "/icon").headers().firstValue("content-type"))
                .contains("image/png");
        assertThat(ask("POST", "/images/" + uuid + "?action=disable", "").statusCode())
                .isEqualTo(200);
        assertThat(versions("")).isEmpty();

        server.close();
        serve(false);
        assertThat(ask("DELETE", "/images/" + uuid, "").statusCode()).isEqualTo(403);
        assertThat(ask("POST", "/images", manifest(UUID.randomUUID(), "3").compact())
                        .body())
                .contains("NotAllowed");
        server.close();
        serve(true);
        assertThat(ask("DELETE", "/images/" + uuid, "").statusCode()).isEqualTo(204);
        assertThat(Files.list(folder)).isEmpty();
    }

    @Test
    void a_manifest_that_changed_at_its_source_is_brought_up_to_date() throws IOException {
        UUID uuid = UUID.randomUUID();
        publish(uuid, "1", archive());
        Images images = host.images();
        images.imports().run(Imports.Request.of(uuid.toString()), host.progress());
        host.said.clear();
        assertThat(images.refreshing().update(List.of(), false, host.progress()))
                .isZero();

        Path file = folder.resolve(uuid + ".imgmanifest");
        Json.Obj changed = Json.parseObject(Files.readString(file))
                .with("description", "better")
                .with("files", new Json.Arr(List.of(Json.object().with("sha1", "1".repeat(40)))));
        Files.writeString(file, changed.compact());
        assertThat(images.refreshing().update(List.of(uuid), true, host.progress()))
                .isEqualTo(1);
        assertThat(images.get(uuid).manifest().json().has("description")).isFalse();
        assertThat(images.refreshing().update(List.of(), false, host.progress()))
                .isEqualTo(1);
        assertThat(host.said)
                .containsExactly(
                        "Would update image " + uuid + " (www@1): description",
                        "Updated image " + uuid + " (www@1): description");
        assertThat(images.get(uuid).manifest().json().string("description")).contains("better");
        assertThat(images.get(uuid).manifest().file().sha1())
                .as("of the file that was installed")
                .isNotEqualTo(java.util.Optional.of("1".repeat(40)));

        Files.delete(file);
        host.said.clear();
        assertThat(images.refreshing().update(List.of(), false, host.progress()))
                .isZero();
        assertThat(host.said.getFirst()).startsWith("warning: image " + uuid);
    }
}
