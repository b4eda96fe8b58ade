package zonda.images;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import zonda.base.Bytes;
import zonda.base.Journal;
import zonda.kernel.RootDirectory;
import zonda.storage.DatasetOptions;
import zonda.storage.Pool;
import zonda.storage.PoolConfig;
import zonda.storage.Pools;

/** Images in a real pool: btrfs on a loop file of the test's own. */
class DatasetImagesIT extends ImageStoreContract {
    private static final Pools POOLS = new Pools(InstantSource.system(), new SecureRandom(), Journal.CrashPoint.NONE);

    private static Optional<Path> scratch = Optional.empty();
    private static Optional<Pool> pool = Optional.empty();

    @BeforeAll
    static void make_a_pool() throws Exception {
        assumeTrue(Files.exists(Path.of("/sys/fs/btrfs")), "no btrfs in this kernel");
        assumeTrue(TestHost.run("id", "-u").strip().equals("0"), "needs root");
        Path directory = Files.createTempDirectory("zonda-pool-");
        scratch = Optional.of(directory);
        String name = "t" + Long.toString(new SecureRandom().nextLong() & 0xffffff, 36);
        pool = Optional.of(POOLS.create(
                PoolConfig.embedded(
                        name, directory.resolve("mnt"), directory.resolve("run"), directory.resolve("image")),
                Optional.of(Bytes.ofGiB(1))));
    }

    @AfterAll
    static void remove_it() throws Exception {
        pool.ifPresent(POOLS::destroy);
        if (scratch.isPresent()) {
            assertThat(TestHost.run("findmnt", "-rno", "TARGET"))
                    .doesNotContain(scratch.get().toString());
            try (var parent = RootDirectory.open(scratch.get().getParent())) {
                parent.deleteTree(scratch.get().getFileName().toString());
            }
        }
    }

    @Override
    ImageStore store() {
        return new DatasetImages(
                pool.orElseThrow().config().name(), pool.orElseThrow().datasets());
    }

    @Test
    void a_disk_image_is_a_volume_and_so_are_its_clones() throws Exception {
        var datasets = pool.orElseThrow().datasets();
        String name = pool.orElseThrow().config().name();
        UUID image = UUID.randomUUID();

        Path place = store().createPartialVolume(image);
        Path disk = Files.write(place.resolve("new"), new byte[3 << 20]);
        Files.move(disk, place.resolve("disk"), StandardCopyOption.REPLACE_EXISTING);
        store().seal(image);
        store().commit(image);
        datasets.clone(name + "/" + image + "@final", name + "/vm-disk0", DatasetOptions.DEFAULT);

        assertThat(datasets.find(name + "/" + image).orElseThrow().isVolume()).isTrue();
        assertThat(Files.size(datasets.volume(name + "/vm-disk0"))).isEqualTo(3 << 20);
        UUID increment = UUID.randomUUID();
        assertThat(store().clonePartial(increment, image).resolve("disk")).hasSize(3 << 20);
        store().discard(increment);
        datasets.destroy(name + "/vm-disk0", true);
        store().destroy(image);
    }

    @Test
    void a_busybox_image_is_made_cloned_and_kept_while_its_clone_lives() throws Exception {
        assumeTrue(Files.isExecutable(Path.of("/bin/busybox")), "no busybox-static");
        Path root = scratch.orElseThrow().resolve("instance");
        var journal = new Journal(root.resolve("journal"), InstantSource.system(), Journal.CrashPoint.NONE);
        journal.start();
        var images = new Images(
                new Images.Setup(new ImgadmPaths(root), store(), journal, InstantSource.system(), TestHost.IMPATIENT));
        var datasets = pool.orElseThrow().datasets();
        String name = pool.orElseThrow().config().name();

        var uuid = images.creations()
                .busybox(Creations.Fields.parse(List.of("name=bb", "version=1")), Progress.NONE)
                .uuid();
        datasets.clone(name + "/" + uuid + "@final", name + "/vm", DatasetOptions.DEFAULT);

        assertThat(datasets.mount(name + "/vm").resolve("root/bin/busybox")).exists();
        assertThat(images.dependents(uuid)).containsExactly("vm");
        assertThatThrownBy(() -> images.delete(uuid)).hasMessageEndingWith("has dependent clones: vm");
        datasets.destroy(name + "/vm", true);
        assertThat(images.delete(uuid)).isEqualTo("Deleted image " + uuid);
        assertThat(images.list()).isEmpty();
    }
}
