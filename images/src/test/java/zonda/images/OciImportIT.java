package zonda.images;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import zonda.base.Json;
import zonda.kernel.Command;
import zonda.kernel.RootDirectory;

/** Images made by umoci and skopeo, through Debian's docker-registry and through files. */
class OciImportIT {
    private Path scratch;
    private TestHost host;
    private Path layout;

    @BeforeEach
    void make_an_image() throws Exception {
        for (String program : List.of("umoci", "skopeo")) {
            assumeTrue(Files.isExecutable(Path.of("/usr/bin", program)), "no " + program);
        }
        scratch = Files.createTempDirectory("zonda-oci-");
        host = new TestHost(Files.createDirectory(scratch.resolve("host")));
        layout = scratch.resolve("layout");
        run("umoci", "init", "--layout", layout.toString());
        run("umoci", "new", "--image", layout + ":v1");
        layer("v1", "a", "one", "dir/b", "one");
        run(
                "umoci",
                "config",
                "--image",
                layout + ":v1",
                "--config.entrypoint",
                "/bin/app",
                "--config.cmd",
                "serve",
                "--config.env",
                "A=b c",
                "--config.workingdir",
                "/srv",
                "--config.user",
                "33:33",
                "--config.stopsignal",
                "SIGQUIT");
        layer("v1", "dir/c", "two");
        whiteout();
    }

    /** A third layer that hides what the first brought. */
    private void whiteout() throws Exception {
        Path bundle = scratch.resolve("bundle");
        run("umoci", "unpack", "--image", layout + ":v1", bundle.toString());
        Files.delete(bundle.resolve("rootfs/dir/b"));
        Files.createSymbolicLink(bundle.resolve("rootfs/link"), Path.of("/dir"));
        run("umoci", "repack", "--image", layout + ":v1", bundle.toString());
    }

    private void layer(String tag, String... filesAndContents) throws Exception {
        Path files = Files.createTempDirectory(scratch, "layer-");
        for (int i = 0; i < filesAndContents.length; i += 2) {
            Path file = files.resolve(filesAndContents[i]);
            Files.createDirectories(file.getParent());
            Files.writeString(file, filesAndContents[i + 1]);
            run("umoci", "insert", "--image", layout + ":" + tag, file.toString(), "/" + filesAndContents[i]);
        }
    }

    @AfterEach
    void remove_it() {
        if (scratch != null) {
            try (var parent = RootDirectory.open(scratch.getParent())) {
                parent.deleteTree(scratch.getFileName().toString());
            }
        }
    }

    private static String run(String... argv) {
        return Command.of(argv).environment("HOME", "/root").check(Duration.ofSeconds(60));
    }

    private Imports.Outcome bring(String what) {
        return host.images().imports().run(Imports.Request.of(what), host.progress());
    }

    private void push(TestRegistry registry, String name, String... options) {
        var command =
                Command.of("skopeo", "copy", "-q", "--dest-tls-verify=false").with(options);
        command.environment("HOME", "/root")
                .with("oci:" + layout + ":v1", "docker://" + registry.host() + "/" + name)
                .check(Duration.ofSeconds(60));
    }

    private void assertIsTheImage(Imports.Outcome outcome) throws Exception {
        Path root = host.store.root(outcome.image().uuid());
        assertThat(root.resolve("a")).hasContent("one");
        assertThat(root.resolve("dir/c")).hasContent("two");
        assertThat(root.resolve("dir/b")).doesNotExist();
        assertThat(Files.readSymbolicLink(root.resolve("link"))).isEqualTo(Path.of("/dir"));
        assertThat(root.resolve("dir/.wh.b")).doesNotExist();
        OciConfig config = outcome.image().manifest().ociConfig().orElseThrow();
        assertThat(config.arguments()).containsExactly("/bin/app", "serve");
        assertThat(config.environment()).contains("A=b c");
        assertThat(config.workingDirectory()).contains("/srv");
        assertThat(config.user()).contains("33:33");
        assertThat(config.stopSignal()).contains("SIGQUIT");
        assertThat(Files.list(host.root.resolve("var/tmp/.imgadm-downloads"))).isEmpty();
        assertThat(host.openSagas()).isZero();
    }

    @Test
    void an_image_comes_from_a_registry_and_is_skipped_the_second_time() throws Exception {
        try (var registry = TestRegistry.start(scratch)) {
            push(registry, "test/app:1.0");

            Imports.Outcome outcome = bring(registry.host() + "/test/app:1.0");

            assertIsTheImage(outcome);
            Manifest manifest = outcome.image().manifest();
            UUID uuid = manifest.uuid();
            assertThat(uuid).isEqualTo(uuidOf(run("skopeo", "inspect", "--raw", "oci:" + layout + ":v1")));
            assertThat(manifest.type()).isEqualTo("docker");
            assertThat(manifest.os()).isEqualTo("linux");
            assertThat(manifest.tags().string("docker:repo")).contains(registry.host() + "/test/app");
            assertThat(manifest.tags().bool("docker:tag:1.0", false)).isTrue();
            assertThat(outcome.image().source()).contains("http://" + registry.host() + "/test/app");
            String title = uuid + " (" + registry.host() + "/test/app:1.0)";
            assertThat(host.said.getFirst())
                    .isEqualTo("Importing " + title + " from \"http://" + registry.host() + "/test/app\"");
            assertThat(host.said.get(1)).startsWith("Must download and install 1 image (");
            assertThat(host.said.getLast()).isEqualTo("Imported image " + title);

            assertThat(bring(registry.host() + "/test/app:1.0").isNew()).isFalse();
            assertThat(host.said.getLast()).isEqualTo("Image " + title + " is already installed, skipping");
            assertThat(host.images().resolve(registry.host() + "/test/app:1.0")).isEqualTo(uuid);
        }
    }

    /** As imgadm has it: by the digests of the layers. */
    private static UUID uuidOf(String manifest) {
        return DockerManifest.ofDigests(
                Json.parseObject(manifest).array("layers").objects().stream().map(layer -> layer.string("digest", "")));
    }

    @Test
    void images_with_zstd_layers_of_docker_form_and_behind_an_index_are_taken() throws Exception {
        try (var registry = TestRegistry.start(scratch)) {
            push(registry, "zstd:1", "--dest-compress-format", "zstd", "--dest-compress");
            push(registry, "v2s2:1", "--format", "v2s2");
            String digest = run("skopeo", "manifest-digest", writeRaw(registry, "v2s2:1"));
            Files.writeString(scratch.resolve("list.json"), """
                    {"schemaVersion":2,"mediaType":"application/vnd.docker.distribution.manifest.list.v2+json","manifests":[
                     {"mediaType":"application/vnd.docker.distribution.manifest.v2+json","digest":"%s","size":%d,
                      "platform":{"os":"linux","architecture":"%s"}}]}
                    """.formatted(
                            digest.strip(), Files.size(scratch.resolve("raw.json")), architecture()));
            run(
                    "curl",
                    "-sf",
                    "-X",
                    "PUT",
                    "-H",
                    "Content-Type: application/vnd.docker.distribution.manifest.list.v2+json",
                    "--data-binary",
                    "@" + scratch.resolve("list.json"),
                    "http://" + registry.host() + "/v2/v2s2/manifests/list");

            assertIsTheImage(bring(registry.host() + "/zstd:1"));
            Imports.Outcome v2s2 = bring(registry.host() + "/v2s2:list");
            assertIsTheImage(v2s2);
            assertThat(bring(registry.host() + "/v2s2@" + digest.strip()).isNew())
                    .isFalse();
            assertThat(bring(registry.host() + "/v2s2:1").isNew()).isFalse();
            assertThat(host.images()
                            .get(v2s2.image().uuid())
                            .manifest()
                            .tags()
                            .members()
                            .keySet())
                    .contains("docker:tag:1", "docker:tag:list");
        }
    }

    private static String architecture() {
        return System.getProperty("os.arch").equals("aarch64") ? "arm64" : "amd64";
    }

    private String writeRaw(TestRegistry registry, String name) throws Exception {
        Path raw = scratch.resolve("raw.json");
        Files.writeString(
                raw,
                run("skopeo", "inspect", "--raw", "--tls-verify=false", "docker://" + registry.host() + "/" + name));
        return raw.toString();
    }

    @Test
    void a_tag_that_moves_names_the_image_imported_last() throws Exception {
        try (var registry = TestRegistry.start(scratch)) {
            push(registry, "app:latest");
            UUID first = bring(registry.host() + "/app").image().uuid();
            layer("v1", "new", "three");
            push(registry, "app:latest");

            UUID second = bring(registry.host() + "/app").image().uuid();

            assertThat(second).isNotEqualTo(first);
            assertThat(host.images().resolve(registry.host() + "/app:latest")).isEqualTo(second);
            assertThat(host.images().get(first).manifest().tags().has("docker:tag:latest"))
                    .isFalse();
        }
    }

    @Test
    void images_that_differ_in_configuration_only_are_two_images() throws Exception {
        UUID first = bring("oci:" + layout + ":v1").image().uuid();
        run("umoci", "config", "--image", layout + ":v1", "--tag", "v2", "--config.cmd", "other");

        Imports.Outcome second = bring("oci:" + layout + ":v2");

        assertThat(second.isNew()).isTrue();
        assertThat(second.image().uuid()).isNotEqualTo(first);
        assertThat(second.image().manifest().ociConfig().orElseThrow().command())
                .containsExactly("other");
        assertThat(bring("oci:" + layout + ":v2").isNew()).isFalse();
        assertThat(bring("oci:" + layout + ":v1").image().uuid()).isEqualTo(first);
    }

    @Test
    void layouts_and_archives_of_all_kinds_are_taken() throws Exception {
        run(
                "skopeo",
                "copy",
                "-q",
                "oci:" + layout + ":v1",
                "docker-archive:" + scratch + "/saved.tar:repo/app:tagged");
        run("skopeo", "copy", "-q", "oci:" + layout + ":v1", "oci-archive:" + scratch + "/oci.tar:v1");
        run("sh", "-c", "gzip -k " + scratch + "/saved.tar");

        assertIsTheImage(bring("oci:" + layout));
        host.images().delete(host.images().list().getFirst().manifest().uuid());
        assertIsTheImage(bring("oci-archive:" + scratch + "/oci.tar"));
        Imports.Outcome saved = bring("docker-archive:" + scratch + "/saved.tar:repo/app:tagged");
        assertIsTheImage(saved);
        assertThat(saved.image().manifest().tags().string("docker:repo")).contains("repo/app");
        assertThat(saved.image().manifest().tags().has("docker:tag:tagged")).isTrue();
        host.images().delete(saved.image().uuid());
        assertIsTheImage(bring("docker-archive:" + scratch + "/saved.tar.gz"));
        assertThatThrownBy(() -> bring("docker-archive:" + scratch + "/saved.tar:other"))
                .hasMessageContaining("has no image other")
                .hasMessageContaining("repo/app:tagged");
        assertThatThrownBy(() -> bring("oci:" + scratch + "/nowhere")).hasMessageContaining("no such file");
    }

    @Test
    void an_archive_of_podman_is_taken() throws Exception {
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/podman")), "no podman");
        String store = scratch + "/podman";
        var podman = Command.of(
                        "podman",
                        "--root",
                        store,
                        "--runroot",
                        store + "-run",
                        "--storage-driver",
                        "vfs",
                        "--events-backend",
                        "file")
                .environment("HOME", scratch.toString());
        podman.with("pull", "-q", "oci:" + layout + ":v1").check(Duration.ofSeconds(60));
        String id = podman.with("images", "-q").check(Duration.ofSeconds(30)).strip();
        podman.with("tag", id, "localhost/app:saved").check(Duration.ofSeconds(30));
        podman.with("save", "-q", "-o", scratch + "/podman.tar", "localhost/app:saved")
                .check(Duration.ofSeconds(60));

        assertIsTheImage(bring("docker-archive:" + scratch + "/podman.tar"));
        podman.with("rmi", "-f", id).run(Duration.ofSeconds(30));
    }

    @Test
    void a_layout_whose_blob_was_changed_is_refused() throws Exception {
        Path blobs = layout.resolve("blobs/sha256");
        try (var files = Files.list(blobs)) {
            Path largest = files.max(
                            Comparator.comparingLong(path -> path.toFile().length()))
                    .orElseThrow();
            byte[] content = Files.readAllBytes(largest);
            content[content.length / 2] ^= 1;
            Files.write(largest, content);
        }

        assertThatThrownBy(() -> bring("oci:" + layout + ":v1"))
                .isInstanceOf(ImageException.class)
                .hasMessageContaining("digest is sha256:")
                .hasMessageContaining("expected");
        assertThat(host.images().list()).isEmpty();
        assertThat(Files.list(host.root.resolve("zones"))).isEmpty();
    }

    @Test
    void what_a_registry_has_not_is_said_by_its_name() throws Exception {
        try (var registry = TestRegistry.start(scratch)) {
            assertThatThrownBy(() -> bring(registry.host() + "/nothing:1"))
                    .isInstanceOfSatisfying(
                            ImageException.class,
                            e -> assertThat(e.error()).isEqualTo(ImageError.ACTIVE_IMAGE_NOT_FOUND))
                    .hasMessageContaining("an active image \"" + registry.host() + "/nothing:1\" was not found");
            assertThat(host.images()
                            .sources()
                            .add(new Source("http://" + registry.host(), Source.Type.DOCKER, false), false))
                    .isEqualTo("Added \"docker\" image source \"http://" + registry.host() + "\"");
            push(registry, "short:1");
            assertThat(bring("short:1").isNew())
                    .as("a name without host is looked for at the sources")
                    .isTrue();
        }
        int closed = TestRegistry.freePort();
        assertThatThrownBy(() -> host.images()
                        .sources()
                        .add(new Source("http://127.0.0.1:" + closed, Source.Type.DOCKER, false), false))
                .isInstanceOfSatisfying(
                        ImageException.class, e -> assertThat(e.error().label()).isEqualTo("SourcePing"));
    }
}
