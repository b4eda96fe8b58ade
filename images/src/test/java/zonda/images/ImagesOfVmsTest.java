package zonda.images;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import zonda.base.Json;
import zonda.zstream.SendStream;
import zonda.zstream.StreamHeader;

/** What is written of a machine's disk, and what its manifest says. */
class ImagesOfVmsTest {
    private static final int MIB = 1 << 20;
    private static final Json.Obj MACHINE = Json.object()
            .with("os", "other")
            .with("nic_driver", "e1000")
            .with("disk_driver", "ide")
            .with("requirements", Json.object().with("brand", "kvm"));

    @TempDir
    Path directory;

    private TestHost host;
    private Path disk;

    @BeforeEach
    void make_a_disk() throws IOException {
        assumeTrue("root".equals(System.getProperty("user.name")), "owners need root");
        host = new TestHost(directory);
        byte[] content = new byte[2 * MIB];
        content[MIB] = 1;
        disk = Files.write(Files.createDirectory(directory.resolve("vm")).resolve("disk"), content);
    }

    private NewImage made(Optional<UUID> image, Json.Obj fields, boolean incremental) throws IOException {
        var content = new ImagesOfVms.Disk(
                new ImagesOfVms.DiskFile(disk.getParent()), image, Files.size(disk) / MIB, MACHINE);
        Json.Obj named = Json.object().with("name", "made").with("version", "1").withAll(fields);
        return host.images()
                .ofVms()
                .of(content, new ImagesOfVms.Wish(named, Packing.NONE, incremental, Integer.MAX_VALUE));
    }

    private static Json.Obj windows() {
        return Json.object()
                .with("os", "windows")
                .with("nic_driver", "virtio")
                .with("billing_tags", new Json.Arr(List.of()))
                .with("requirements", Json.object().with("brand", "bhyve").with("min_ram", 512));
    }

    private UUID installed(NewImage image) throws IOException {
        var out = new ByteArrayOutputStream();
        Manifest manifest = image.write(out);
        host.images().imports().install(manifest, new ByteArrayInputStream(out.toByteArray()), host.progress());
        return manifest.uuid();
    }

    @Test
    void a_manifest_says_what_is_given_then_what_the_image_said_then_what_the_machine_has() throws IOException {
        UUID base = installed(made(Optional.empty(), windows(), false));

        Json.Obj made = made(Optional.of(base), Json.object().with("nic_driver", "rtl8139"), false)
                .manifest()
                .json();

        assertThat(made.string("nic_driver", "")).isEqualTo("rtl8139");
        assertThat(made.string("os", "")).isEqualTo("windows");
        assertThat(made.string("disk_driver", "")).isEqualTo("ide");
        assertThat(made.object("requirements"))
                .isEqualTo(Json.object().with("brand", "kvm").with("min_ram", 512));
        assertThat(made.has("billing_tags")).isFalse();
        assertThat(made.has("tags")).isFalse();
        assertThat(made.has("origin")).isFalse();
        assertThat(made.integer("image_size", 0)).isEqualTo(2);
    }

    @Test
    void a_manifest_of_a_zone_of_brand_lx_requires_that_brand_whatever_else_it_says() throws IOException {
        Json.Obj named = Json.object().with("name", "made").with("version", "1");
        Json.Obj more = Json.object().with("requirements", Json.object().with("min_ram", 512));

        assertThat(ofZone("lx", named).object("requirements"))
                .isEqualTo(Json.object().with("brand", "lx"));
        Json.Obj own = Json.object().with("requirements", Json.object().with("brand", "joyent"));
        assertThat(ofZone("lx", named.withAll(own)).object("requirements").string("brand"))
                .contains("joyent");
        assertThat(ofZone("lx", named.withAll(more)).object("requirements"))
                .isEqualTo(Json.object().with("brand", "lx").with("min_ram", 512));
        assertThat(ofZone("joyent", named).has("requirements")).isFalse();
    }

    private Json.Obj ofZone(String brand, Json.Obj manifest) throws IOException {
        var content = new ImagesOfVms.Tree(disk.getParent(), Optional.empty(), brand);
        return host.images()
                .ofVms()
                .of(content, new ImagesOfVms.Wish(manifest, Packing.NONE, false, Integer.MAX_VALUE))
                .manifest()
                .json();
    }

    @Test
    void an_incremental_stream_makes_a_clone_of_its_origin_that_may_be_smaller_or_larger() throws IOException {
        UUID base = installed(made(Optional.empty(), windows(), false));
        for (int mib : new int[] {1, 3}) {
            byte[] content = new byte[mib * MIB];
            content[MIB - 1] = 2;
            Files.write(disk, content);
            NewImage image = made(Optional.of(base), Json.object(), true);
            assertThat(image.fileName()).isEqualTo("made-1.zvol");
            var out = new ByteArrayOutputStream();
            image.write(out);
            try (SendStream stream = SendStream.open(new ByteArrayInputStream(out.toByteArray()))) {
                StreamHeader header = stream.next().orElseThrow();
                assertThat(header.isClone()).as("SmartOS receives no other").isTrue();
                assertThat(header.kind()).isEqualTo(StreamHeader.Kind.VOLUME);
                assertThat(Long.toUnsignedString(header.fromGuid()))
                        .isEqualTo(
                                host.images().get(base).manifest().datasetGuid().orElseThrow());
            }

            UUID top = installed(image);

            assertThat(host.store.root(top).resolveSibling("disk")).hasBinaryContent(content);
        }
    }

    @Test
    void a_manifest_that_is_not_the_disks_is_refused() {
        assertThatThrownBy(() -> made(Optional.empty(), Json.object().with("image_size", 3), false))
                .hasMessage("cannot create an image whose image_size is 3: the disk's is 2; leave image_size out");
        assertThatThrownBy(() -> made(Optional.of(UUID.randomUUID()), Json.object(), true))
                .isInstanceOfSatisfying(
                        ImageException.class, e -> assertThat(e.error()).isEqualTo(ImageError.VM_HAS_NO_ORIGIN));
    }
}
