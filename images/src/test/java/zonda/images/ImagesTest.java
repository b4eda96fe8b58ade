package zonda.images;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import zonda.base.Json;

/** Installing, listing and deleting, with a pool of plain directories. */
class ImagesTest {
    private static final UUID ONE = UUID.fromString("11111111-1111-4111-8111-111111111111");

    @TempDir
    Path directory;

    private TestHost host;

    @BeforeEach
    void make_a_host() throws Exception {
        host = new TestHost(directory);
    }

    private static Manifest manifest(UUID uuid, String type, String os) {
        return Manifest.of(Json.object()
                .with("v", 2)
                .with("uuid", uuid.toString())
                .with("name", "thing")
                .with("version", "1.0")
                .with("type", type)
                .with("os", os));
    }

    private Path tar() throws Exception {
        Path tree = Files.createDirectories(directory.resolve("tree/etc"));
        Files.writeString(tree.resolve("hostname"), "zone\n");
        Path file = directory.resolve("root.tar.gz");
        TestHost.run(
                "tar",
                "-C",
                directory.resolve("tree").toString(),
                "--owner=0",
                "--group=0",
                "-czf",
                file.toString(),
                ".");
        return file;
    }

    private Imports.Outcome install(Images images) throws Exception {
        return images.imports()
                .install(manifest(ONE, "lx-dataset", "linux"), Files.newInputStream(tar()), host.progress());
    }

    @Test
    void a_tar_file_becomes_an_installed_image() throws Exception {
        Images images = host.images();

        Imports.Outcome outcome = install(images);

        assertThat(outcome.isNew()).isTrue();
        assertThat(host.store.root(ONE).resolve("etc/hostname")).hasContent("zone");
        assertThat(host.said)
                .containsExactly("Installing image " + ONE + " (thing@1.0)", "Installed image " + ONE + " (thing@1.0)");
        assertThat(images.get(ONE)).isEqualTo(outcome.image());
        assertThat(Files.readString(directory.resolve("var/imgadm/images/zones-" + ONE + ".json")))
                .isEqualTo(outcome.image().json().pretty() + "\n");
        assertThat(host.openSagas()).isZero();
        assertThat(Files.list(directory.resolve("var/run"))).isEmpty();
    }

    @Test
    void an_image_that_is_installed_already_is_skipped() throws Exception {
        install(host.images());
        host.said.clear();

        Imports.Outcome again = install(host.images());

        assertThat(again.isNew()).isFalse();
        assertThat(host.said).containsExactly("Image " + ONE + " (thing@1.0) is already installed, skipping");
    }

    @Test
    void wherever_the_process_dies_the_image_is_complete_or_gone_after_recovery() throws Exception {
        for (String step : List.of("intent", "partial", "fill", "seal", "commit", "record", "end")) {
            Images dying = host.images(passed -> {
                if (passed.equals("image-install:" + step)) {
                    throw new Killed();
                }
            });
            assertThatThrownBy(() -> install(dying)).as(step).isInstanceOf(Killed.class);

            Images revived = host.images();
            Images.Recovered recovered = revived.recover();

            boolean complete = List.of("seal", "commit", "record", "end").contains(step);
            assertThat(revived.find(ONE).isPresent()).as(step).isEqualTo(complete);
            assertThat(revived.list()).as(step).hasSize(complete ? 1 : 0);
            assertThat(recovered.unknown()).as(step).isEmpty();
            assertThat(host.openSagas()).as(step).isZero();
            if (complete) {
                revived.delete(ONE);
            }
            assertThat(Files.list(directory.resolve("zones"))).as(step).isEmpty();
        }
    }

    @Test
    void wherever_the_process_dies_a_deletion_is_finished_by_recovery() throws Exception {
        for (String step : List.of("intent", "destroy", "forget")) {
            install(host.images());
            Images dying = host.images(passed -> {
                if (passed.equals("image-delete:" + step)) {
                    throw new Killed();
                }
            });
            assertThatThrownBy(() -> dying.delete(ONE)).as(step).isInstanceOf(Killed.class);

            Images revived = host.images();

            assertThat(revived.recover().deleted()).as(step).containsExactly(ONE);
            assertThat(revived.find(ONE)).as(step).isEmpty();
            assertThat(host.openSagas()).as(step).isZero();
        }
    }

    @Test
    void an_image_that_can_not_be_recovered_is_said_and_tried_again() throws Exception {
        install(host.images());
        Images dying = host.images(passed -> {
            if (passed.equals("image-delete:intent")) {
                throw new Killed();
            }
        });
        assertThatThrownBy(() -> dying.delete(ONE)).isInstanceOf(Killed.class);
        host.store.refuseDestroy(true);

        Images.Recovered recovered = host.images().recover();

        assertThat(recovered.failed())
                .singleElement()
                .asString()
                .contains(ONE.toString())
                .endsWith(": busy");
        host.store.refuseDestroy(false);
        assertThat(host.images().recover().deleted()).containsExactly(ONE);
    }

    @Test
    void what_nobody_knows_of_is_reported_and_left() {
        host.store.createPartial(ONE);

        assertThat(host.images().recover().unknown()).containsExactly(ONE);
        assertThat(host.store.partials()).containsExactly(ONE);
    }

    @Test
    void a_deletion_that_was_refused_is_not_carried_out_by_recovery() throws Exception {
        install(host.images());
        Images refusing = host.images(passed -> {
            if (passed.equals("image-delete:intent")) {
                host.store.refuseDestroy(true);
            }
        });
        assertThatThrownBy(() -> refusing.delete(ONE)).hasMessage("busy");
        host.store.refuseDestroy(false);

        assertThat(host.openSagas()).isZero();
        assertThat(host.images().recover().deleted()).isEmpty();
        assertThat(host.images().find(ONE)).isPresent();
    }

    /** An Error, which no undo catches: as far as files go, this is kill -9. */
    private static final class Killed extends Error {}

    @Test
    void a_damaged_file_leaves_nothing() throws Exception {
        Path file = directory.resolve("bad.tar.gz");
        byte[] good = Files.readAllBytes(tar());
        good[good.length / 2] ^= 0x55;
        Files.write(file, good);
        Images images = host.images();

        assertThatThrownBy(() -> images.imports()
                        .install(manifest(ONE, "lx-dataset", "linux"), Files.newInputStream(file), Progress.NONE))
                .isInstanceOfSatisfying(
                        ImageException.class, e -> assertThat(e.error()).isEqualTo(ImageError.UNCOMPRESSION_ERROR));
        assertThat(Files.list(directory.resolve("zones"))).isEmpty();
        assertThat(host.openSagas()).isZero();
    }

    @Test
    void a_file_that_is_not_the_manifests_is_refused() throws Exception {
        Json.Obj json = manifest(ONE, "lx-dataset", "linux")
                .json()
                .with(
                        "files",
                        Json.Arr.of(
                                List.of(Json.object()
                                                .with("sha1", "0".repeat(40))
                                                .with("compression", "gzip"))
                                        .stream()));
        Images images = host.images();

        assertThatThrownBy(
                        () -> images.imports().install(Manifest.of(json), Files.newInputStream(tar()), Progress.NONE))
                .hasMessageContaining("the file's sha1 is ")
                .hasMessageContaining("the manifest says 0000");
        assertThat(images.list()).isEmpty();
        assertThat(Files.list(directory.resolve("zones"))).isEmpty();
    }

    @Test
    void images_of_illumos_and_of_virtual_machines_are_refused_by_name() {
        Images images = host.images();

        assertThatThrownBy(() -> images.imports()
                        .install(manifest(ONE, "zone-dataset", "smartos"), Files.newInputStream(tar()), Progress.NONE))
                .hasMessageContaining("zone-dataset: it holds illumos programs, which don't run on Linux")
                .hasMessageContaining("imgadm create --debian")
                .isInstanceOfSatisfying(
                        ImageException.class, e -> assertThat(e.error()).isEqualTo(ImageError.NOT_SUPPORTED));
    }

    @Test
    void a_damaged_zfs_stream_is_told_from_a_damaged_archive() throws Exception {
        byte[] stream = new byte[4096];
        System.arraycopy(new byte[] {(byte) 0xac, (byte) 0xcb, (byte) 0xba, (byte) 0xf5, 2, 0, 0, 0}, 0, stream, 8, 8);

        assertThatThrownBy(() -> host.images()
                        .imports()
                        .install(manifest(ONE, "lx-dataset", "linux"), new ByteArrayInputStream(stream), Progress.NONE))
                .isInstanceOf(ImageException.class)
                .hasMessageContaining("ZFS stream, record at byte 0: ");
    }

    @Test
    void an_image_with_clones_is_not_deleted() throws Exception {
        Images images = host.images();
        install(images);
        host.store.addClone(ONE, "vm-a");
        host.store.addClone(ONE, "vm-b");

        assertThatThrownBy(() -> images.delete(ONE))
                .hasMessage("image \"" + ONE + "\" has dependent clones: vm-a, vm-b")
                .isInstanceOfSatisfying(ImageException.class, e -> {
                    assertThat(e.error().label()).isEqualTo("ImageHasDependentClones");
                    assertThat(e.line("delete")).startsWith("imgadm delete: error (ImageHasDependentClones): image \"");
                });
        assertThat(images.find(ONE)).isPresent();
        assertThat(images.unused()).isEmpty();
    }

    @Test
    void what_is_not_installed_exits_with_3() {
        assertThatThrownBy(() -> host.images().get(ONE))
                .hasMessage("image \"" + ONE + "\" was not found on zpool \"zones\"")
                .isInstanceOfSatisfying(
                        ImageException.class,
                        e -> assertThat(e.code().exitStatus()).isEqualTo(3));
        assertThatThrownBy(() -> host.images().delete(ONE))
                .isInstanceOfSatisfying(
                        ImageException.class,
                        e -> assertThat(e.code().exitStatus()).isEqualTo(3));
    }

    @Test
    void an_image_is_found_by_the_beginning_of_its_uuid_and_by_its_name() throws Exception {
        Images images = host.images();
        install(images);

        assertThat(images.resolve("1111")).isEqualTo(ONE);
        assertThat(images.resolve("thing@1.0")).isEqualTo(ONE);
        assertThatThrownBy(() -> images.resolve("2222")).hasMessage("invalid uuid: \"2222\"");
        assertThat(images.ancestry(ONE)).extracting(InstalledImage::uuid).containsExactly(ONE);
    }

    @Test
    void two_that_install_the_same_image_at_once_install_it_once() throws Exception {
        Images images = host.images();
        tar();
        Callable<Boolean> install = () -> images.imports()
                .install(
                        manifest(ONE, "lx-dataset", "linux"),
                        Files.newInputStream(directory.resolve("root.tar.gz")),
                        Progress.NONE)
                .isNew();
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            int made = 0;
            for (var one : threads.invokeAll(Collections.nCopies(8, install))) {
                made += one.get() ? 1 : 0;
            }

            assertThat(made).isEqualTo(1);
        }
    }
}
