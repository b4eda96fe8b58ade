package zonda.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import zonda.base.Bytes;
import zonda.base.Code;
import zonda.base.Journal.CrashPoint;
import zonda.base.OpException;
import zonda.kernel.Command;
import zonda.kernel.Loop;
import zonda.kernel.Mounts;

/** Pools on devices, here loop devices, and what can be wrong with them. */
class PoolsIT {
    private static final Duration LIMIT = Duration.ofSeconds(20);

    private final Pools pools = new Pools(InstantSource.system(), new SplittableRandom(), CrashPoint.NONE);
    private ScratchDisks disks;
    private Path directory;

    @BeforeEach
    void makeDirectory() {
        disks = new ScratchDisks();
        directory = disks.directory();
    }

    @AfterEach
    void leaveNothing() {
        if (disks != null) {
            disks.close();
        }
    }

    private Path image() {
        return directory.resolve("pool.img");
    }

    private PoolConfig config(Path... devices) {
        return new PoolConfig(
                "tank",
                directory.resolve("mnt"),
                directory.resolve("run"),
                List.of(devices),
                false,
                Optional.empty(),
                Optional.of(PoolConfig.Driver.BTRFS));
    }

    private PoolConfig embedded() {
        return PoolConfig.embedded("tank", directory.resolve("mnt"), directory.resolve("run"), image());
    }

    private static void refused(Code code, Runnable work, String... words) {
        assertThatThrownBy(work::run)
                .isInstanceOfSatisfying(
                        OpException.class, e -> assertThat(e.code()).isEqualTo(code))
                .hasMessageContainingAll(words);
    }

    private static String profiles(PoolConfig config) {
        return Command.of("btrfs", "filesystem", "df", config.top().toString()).check(LIMIT);
    }

    @Test
    void one_device_has_its_metadata_twice_and_destroying_the_pool_wipes_it() throws IOException {
        Loop loop = disks.attach(0);
        PoolConfig config = config(loop.device());
        assertThat(pools.exists(config)).isFalse();

        Pool pool = pools.create(config, Optional.empty());

        assertThat(pools.exists(config)).isTrue();
        assertThat(profiles(config)).contains("Data, single", "Metadata, DUP");
        refused(Code.FAILED, () -> pools.create(config, Optional.empty()), "mkfs.btrfs");
        pools.destroy(pool);
        assertThat(pools.exists(config)).isFalse();
        assertThat(Command.of("blkid", "-p", loop.device().toString())
                        .run(LIMIT)
                        .out())
                .isEmpty();
    }

    @Test
    void a_mirrored_pool_opens_without_one_of_its_devices_and_says_so() throws IOException {
        Loop one = disks.attach(0);
        Loop other = disks.attach(1);
        PoolConfig config = config(one.device(), other.device());
        Pool pool = pools.create(config, Optional.empty());
        assertThat(profiles(config)).contains("Data, RAID1", "Metadata, RAID1");
        pool.datasets().create("tank/a", DatasetOptions.DEFAULT);
        Files.writeString(config.mountpoint().resolve("a/file"), "twice");
        pools.export(pool);
        Path gone = other.device();
        disks.detach(other);
        Command.of("btrfs", "device", "scan", "--forget", gone.toString()).run(LIMIT);

        Pool degraded = pools.open(config);

        assertThat(degraded.findings())
                .anySatisfy(finding -> assertThat(finding).contains("tank", "DEGRADED", gone.toString()));
        assertThat(config.mountpoint().resolve("a/file")).hasContent("twice");
        degraded.datasets().create("tank/b", DatasetOptions.DEFAULT);
        degraded.close();
        Pool again = pools.open(config);
        assertThat(again.findings())
                .as("also when its mounts are taken over")
                .anySatisfy(finding -> assertThat(finding).contains("DEGRADED"));
        pools.destroy(again);
    }

    @Test
    void a_pool_without_any_of_its_devices_is_not_found() {
        refused(
                Code.NOT_FOUND,
                () -> pools.open(config(directory.resolve("none"), directory.resolve("neither"))),
                "tank",
                "none of its devices");
    }

    @Test
    void a_filesystem_that_is_no_pool_is_not_opened_and_not_left_mounted() throws IOException {
        Loop loop = disks.attach(0);
        Command.of("mkfs.btrfs", "-q", loop.device().toString()).check(LIMIT);
        PoolConfig config = config(loop.device());

        refused(Code.FAILED, () -> pools.open(config), "isn't a pool");

        assertThat(Mounts.list()).noneMatch(mount -> mount.target().startsWith(directory));
    }

    @Test
    void an_embedded_pool_is_refused_over_a_file_and_when_it_is_too_small() throws IOException {
        refused(Code.INVALID, () -> pools.create(embedded(), Optional.of(Bytes.ofMiB(100))), "too small");
        refused(Code.INVALID, () -> pools.create(embedded(), Optional.empty()), "size");
        Files.writeString(image(), "precious");
        refused(Code.CONFLICT, () -> pools.create(embedded(), Optional.of(Bytes.ofMiB(512))), "exists");
        assertThat(image()).hasContent("precious");
        Files.delete(image());
        assertThat(directory.resolve("pool.img.making")).doesNotExist();
    }

    @Test
    void what_an_interrupted_creation_left_is_no_pool_and_no_hindrance() throws IOException {
        Files.writeString(directory.resolve("pool.img.making"), "rubbish");
        assertThat(pools.exists(embedded())).isFalse();

        Pool pool = pools.create(embedded(), Optional.of(Bytes.ofMiB(512)));

        assertThat(directory.resolve("pool.img.making")).doesNotExist();
        assertThat(Loop.find(image())).isPresent();
        assertThat(pools.exists(embedded())).isTrue();
        pools.destroy(pool);
        assertThat(pools.exists(embedded())).isFalse();
    }

    @Test
    void an_embedded_pool_within_btrfs_is_refused() {
        Pool outer = pools.create(embedded(), Optional.of(Bytes.ofMiB(512)));
        Path inside = embedded().mountpoint().resolve("inner.img");
        PoolConfig inner = PoolConfig.embedded("inner", directory.resolve("mnt2"), directory.resolve("run2"), inside);

        refused(Code.INVALID, () -> pools.create(inner, Optional.of(Bytes.ofMiB(300))), "btrfs within btrfs");

        assertThat(inside).doesNotExist();
        pools.destroy(outer);
    }

    @Test
    void the_list_of_further_pools_is_begun_where_not_even_its_directory_is() throws IOException {
        Loop disk = disks.attach(0);
        Files.createDirectories(directory.resolve("var/lib/zonda"));
        Pool first = pools.create(embedded(), Optional.of(Bytes.ofMiB(256)));
        try (var registry = new PoolRegistry(new PoolRegistry.Setup(
                pools,
                directory.resolve("etc/zonda/pools.json"),
                directory,
                directory.resolve("run"),
                CrashPoint.NONE))) {
            registry.start(first);

            registry.create(
                    new NewPool("more", List.of(disk.device()), 1, DatasetOptions.DEFAULT, Optional.empty(), false));

            assertThat(directory.resolve("etc/zonda/pools.json")).content().contains("\"more\"");
            registry.destroy("more");
        } finally {
            pools.destroy(first);
        }
    }

    /** To btrfs a write that the file around it takes nothing more of is a disk that is broken: it stops for good. */
    @Test
    void a_pool_in_a_file_is_full_before_the_filesystem_that_the_file_lies_on() throws IOException {
        Path small = Files.createDirectory(directory.resolve("small"));
        Mounts.mount("none", small, "tmpfs", 0, "size=400m");
        PoolConfig config = PoolConfig.embedded(
                "tank", directory.resolve("mnt"), directory.resolve("run"), small.resolve("pool.img"));
        Pool pool = pools.create(config, Optional.of(Bytes.ofGiB(2)));
        try {
            Path dataset = pool.datasets()
                    .create("tank/a", DatasetOptions.DEFAULT)
                    .mountpoint()
                    .orElseThrow();
            Command filling =
                    Command.of("sh", "-c", "dd if=/dev/urandom of=" + dataset + "/file bs=1M count=1000 conv=fsync");
            assertThat(filling.run(LIMIT).err()).contains("Disk quota exceeded");
            assertThat(small.toFile().getUsableSpace()).isGreaterThan(8L << 20);

            Files.delete(dataset.resolve("file"));
            Files.write(dataset.resolve("other"), new byte[1 << 20]);
            pool.datasets().snapshot("tank/a", "s");
            assertThat(pool.vdevs().getFirst().writeErrors()).isZero();
        } finally {
            pools.destroy(pool);
            Mounts.unmount(small);
        }
    }
}
