package zonda.images;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import zonda.base.Json;
import zonda.kernel.Directory;
import zonda.zstream.FilesystemSender;
import zonda.zstream.ObjectMap;
import zonda.zstream.SendOptions;
import zonda.zstream.SendOrigin;
import zonda.zstream.VolumeReceiver;
import zonda.zstream.VolumeSender;

/** Images as SmartOS publishes them: streams with the tree below root/, and disks. */
class StreamImagesTest {
    private static final UUID BASE = UUID.fromString("00000000-0000-4000-8000-00000000000a");
    private static final UUID INCREMENT = UUID.fromString("00000000-0000-4000-8000-00000000000b");
    private static final Instant MADE = Instant.ofEpochSecond(1_750_000_000);

    @TempDir
    Path directory;

    private TestHost host;
    private Path tree;

    @BeforeEach
    void makeTree() throws IOException {
        assumeTrue("root".equals(System.getProperty("user.name")), "owners need root");
        host = new TestHost(directory);
        // The layout of an lx image: the root filesystem below root/, and its empty mount points.
        tree = directory.resolve("lx");
        Files.createDirectories(tree.resolve("root/native"));
        Files.createDirectories(tree.resolve("root/etc"));
        Files.createDirectories(tree.resolve("root/usr/sbin"));
        Files.createDirectory(tree.resolve("cores"));
        Files.writeString(tree.resolve("root/etc/motd"), "welcome");
        Files.createSymbolicLink(tree.resolve("root/usr/sbin/mdata-get"), Path.of("/native/usr/sbin/mdata-get"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"none", "gzip", "bzip2", "xz"})
    void an_lx_dataset_is_installed_whatever_it_is_compressed_with(String compression) throws IOException {
        Path file = directory.resolve("image");
        send(file, 10, Optional.empty());

        Imports.Outcome outcome =
                install(manifest(BASE, "lx-dataset", 10, Optional.empty()), packed(file, compression));

        assertThat(outcome.isNew()).isTrue();
        assertThat(host.store.root(BASE).resolve("etc/motd")).hasContent("welcome");
        assertThat(Files.readSymbolicLink(host.store.root(BASE).resolve("usr/sbin/mdata-get")))
                .hasToString("/native/usr/sbin/mdata-get");
        assertThat(host.store.root(BASE).resolve("native")).isEmptyDirectory();
        assertThat(host.store.root(BASE).resolveSibling("cores")).isEmptyDirectory();
        assertThat(Files.getPosixFilePermissions(host.store.root(BASE).getParent()))
                .hasSize(3);
        assertThat(host.said)
                .containsExactly("Installing image " + BASE + " (image@1)", "Installed image " + BASE + " (image@1)");
    }

    @Test
    void an_image_is_installed_on_top_of_its_origin() throws IOException {
        Path full = directory.resolve("full");
        ObjectMap map = send(full, 10, Optional.empty());
        install(manifest(BASE, "lx-dataset", 10, Optional.empty()), full);
        Path before = directory.resolve("before");
        TestHost.run("cp", "-a", tree.toString(), before.toString());
        Files.writeString(tree.resolve("root/etc/motd"), "welcome back");
        Files.move(tree.resolve("root/usr/sbin"), tree.resolve("root/sbin"));
        Files.writeString(tree.resolve("root/etc/added"), "new");
        Path incremental = directory.resolve("incremental");
        try (Directory origin = Directory.open(before)) {
            send(incremental, 11, Optional.of(new SendOrigin(map, origin, "final")));
        }

        install(manifest(INCREMENT, "lx-dataset", 11, Optional.of(BASE)), packed(incremental, "gzip"));

        Path root = host.store.root(INCREMENT);
        assertThat(root.resolve("etc/motd")).hasContent("welcome back");
        assertThat(root.resolve("etc/added")).hasContent("new");
        assertThat(root.resolve("usr/sbin")).doesNotExist();
        assertThat(Files.readSymbolicLink(root.resolve("sbin/mdata-get"))).hasToString("/native/usr/sbin/mdata-get");
        assertThat(host.store.root(BASE).resolve("etc/motd")).hasContent("welcome");
        assertThat(host.images().dependents(BASE)).containsExactly(INCREMENT.toString());
    }

    @Test
    void an_image_whose_origin_is_missing_or_another_one_is_refused() throws IOException {
        Path full = directory.resolve("full");
        ObjectMap map = send(full, 10, Optional.empty());
        Path incremental = directory.resolve("incremental");
        try (Directory origin = Directory.open(tree)) {
            send(incremental, 11, Optional.of(new SendOrigin(map, origin, "final")));
        }
        Manifest manifest = manifest(INCREMENT, "lx-dataset", 11, Optional.of(BASE));

        assertThatThrownBy(() -> install(manifest, incremental))
                .isInstanceOfSatisfying(
                        ImageException.class, e -> assertThat(e.error()).isEqualTo(ImageError.ORIGIN_NOT_INSTALLED));

        send(full, 12, Optional.empty());
        install(manifest(BASE, "lx-dataset", 12, Optional.empty()), full);
        assertThatThrownBy(() -> install(manifest, incremental))
                .hasMessageContaining("is incremental to the snapshot with the guid 10")
                .hasMessageContaining("received on top of is the filesystem 12");
        assertThat(host.images().list()).hasSize(1);
        assertThat(host.openSagas()).isZero();
    }

    @Test
    void a_disk_is_installed_as_a_sparse_file() throws IOException {
        byte[] content = new byte[1 << 20];
        content[5] = 1;
        content[700_000] = 2;
        Files.write(directory.resolve("disk"), content);
        Path file = directory.resolve("zvol");
        try (Directory place = Directory.open(directory);
                OutputStream out = Files.newOutputStream(file)) {
            VolumeSender.send(
                    new VolumeReceiver.Place(place, "disk"),
                    SendOptions.of("zones/vm-disk0@final", 20, MADE),
                    Optional.empty(),
                    out);
        }

        install(manifest(BASE, "zvol", 20, Optional.empty()), packed(file, "gzip"));

        assertThat(host.store.root(BASE).resolveSibling("disk")).hasBinaryContent(content);
    }

    @Test
    void what_isnt_what_the_manifest_says_is_refused_and_leaves_nothing() throws IOException {
        Path file = directory.resolve("image");
        send(file, 10, Optional.empty());
        byte[] good = Files.readAllBytes(file);
        byte[] cut = java.util.Arrays.copyOf(good, good.length - 100);

        assertThatThrownBy(() -> install(manifest(BASE, "lx-dataset", 99, Optional.empty()), file))
                .hasMessageContaining("holds the snapshot 10, and its manifest says dataset_guid 99");
        assertThatThrownBy(() -> install(manifest(BASE, "zvol", 10, Optional.empty()), file))
                .hasMessageContaining("its type is zvol, and its file is a stream of a filesystem");
        assertThatThrownBy(() -> host.images()
                        .imports()
                        .install(
                                manifest(BASE, "lx-dataset", 10, Optional.empty()),
                                new ByteArrayInputStream(cut),
                                Progress.NONE))
                .hasMessageContaining("the stream is cut off")
                .isInstanceOfSatisfying(
                        ImageException.class, e -> assertThat(e.error()).isEqualTo(ImageError.UNCOMPRESSION_ERROR));
        Path archive = directory.resolve("archive.tar");
        TestHost.run("tar", "-C", tree.toString(), "-cf", archive.toString(), ".");
        assertThatThrownBy(() -> install(manifest(BASE, "zvol", 10, Optional.empty()), archive))
                .hasMessageContaining("the file isn't a ZFS stream");
        assertThat(directory.resolve("zones")).isEmptyDirectory();
        assertThat(host.openSagas()).isZero();
    }

    private Imports.Outcome install(Manifest manifest, Path file) {
        try {
            return host.images().imports().install(manifest, Files.newInputStream(file), host.progress());
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private static Path packed(Path file, String compression) {
        if (!compression.equals("none")) {
            TestHost.run(compression, "-kf", file.toString());
        }
        return switch (compression) {
            case "gzip" -> Path.of(file + ".gz");
            case "bzip2" -> Path.of(file + ".bz2");
            case "xz" -> Path.of(file + ".xz");
            default -> file;
        };
    }

    private ObjectMap send(Path file, long guid, Optional<SendOrigin> origin) throws IOException {
        try (Directory root = Directory.open(tree);
                OutputStream out = Files.newOutputStream(file)) {
            return FilesystemSender.send(root, SendOptions.of("zones/" + guid + "@final", guid, MADE), origin, out);
        }
    }

    static Manifest manifest(UUID uuid, String type, long guid, Optional<UUID> origin) {
        Json.Obj json = Json.object()
                .with("v", 2)
                .with("uuid", uuid.toString())
                .with("name", "image")
                .with("version", "1")
                .with("type", type)
                .with("os", type.equals("zvol") ? "other" : "linux")
                .with(
                        "files",
                        Json.Arr.of(List.of(
                                Json.object().with("compression", "gzip").with("dataset_guid", String.valueOf(guid)))
                                .stream()));
        if (origin.isPresent()) {
            json = json.with("origin", origin.get().toString());
        }
        if (type.equals("zvol")) {
            json = json.with("image_size", 1).with("nic_driver", "virtio").with("disk_driver", "virtio");
        }
        return Manifest.of(json);
    }
}
