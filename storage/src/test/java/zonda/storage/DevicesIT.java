package zonda.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import zonda.base.Journal.CrashPoint;
import zonda.base.OpException;
import zonda.base.StateFile;
import zonda.kernel.Command;
import zonda.kernel.Loop;

/** Devices come, go and are replaced while the pool is used. */
class DevicesIT {
    private static final Duration LIMIT = Duration.ofSeconds(30);

    private final Pools pools = new Pools(InstantSource.system(), new SplittableRandom(), CrashPoint.NONE);
    private ScratchDisks disks;
    private PoolConfig config;
    private Pool pool;

    @BeforeEach
    void make_disks() {
        disks = new ScratchDisks();
    }

    @AfterEach
    void remove_them() {
        try {
            if (pool != null) {
                pools.destroy(pool);
            }
        } finally {
            if (disks != null) {
                disks.close();
            }
        }
    }

    private void makePool(Loop... loops) throws IOException {
        Path directory = disks.directory();
        config = new PoolConfig(
                "tank",
                directory.resolve("mnt"),
                directory.resolve("run"),
                Stream.of(loops).map(Loop::device).toList(),
                false,
                Optional.of(directory.resolve("uuid")),
                Optional.of(PoolConfig.Driver.BTRFS));
        pool = pools.create(config, Optional.empty());
        pool.datasets().create("tank/a", DatasetOptions.DEFAULT);
        Files.writeString(file(), "kept".repeat(100_000));
    }

    private Path file() {
        return config.mountpoint().resolve("a/file");
    }

    private static String path(Loop loop) {
        return loop.device().toString();
    }

    private List<String> members() {
        return pool.vdevs().stream().map(Vdev::path).toList();
    }

    private void assertIsWhole() throws IOException {
        assertThat(file()).hasContent("kept".repeat(100_000));
        pool.health().startScrub();
        pool.health().awaitScrub();
        assertThat(pool.health().scrub().orElseThrow().errors()).isZero();
    }

    @Test
    void a_disk_becomes_a_mirror_and_a_mirror_a_disk_again() throws IOException {
        Loop first = disks.attach(0);
        Loop second = disks.attach(1);
        makePool(first);
        assertThat(pool.devices().copies()).isEqualTo(1);

        pool.devices().attach(path(first), path(second), false);
        pool.devices().await();

        assertThat(members()).containsExactly(path(first), path(second));
        assertThat(pool.devices().copies()).isEqualTo(2);
        assertIsWhole();

        pool.devices().detach(path(first));
        pool.devices().await();

        assertThat(members()).containsExactly(path(second));
        assertThat(pool.devices().copies()).isEqualTo(1);
        assertIsWhole();
        pools.export(pool);
        pool = pools.open(config);
        assertThat(file()).as("opened by the name of a device that has left").hasContent("kept".repeat(100_000));
    }

    @Test
    void a_change_of_copies_that_finds_no_room_is_refused_and_the_pool_can_still_be_written_to() throws IOException {
        Loop first = disks.attach(0);
        Loop second = disks.attach(1);
        Loop third = disks.attach(2);
        makePool(first, second);
        Path filler = config.mountpoint().resolve("a/filler");
        Command.of("sh", "-c", "head -c 1G /dev/zero >" + filler).run(LIMIT);

        pool.devices().attach(path(first), path(third), false);
        refused(
                () -> pool.devices().await(),
                "out of space: a change of its copies needs 64 MiB that are not allotted");
        pool.devices().detach(path(second));
        refused(() -> pool.devices().await(), "on 1 devices, and only 0 of them have so much");

        assertThat(members()).containsExactly(path(first), path(second));
        assertThat(pool.devices().copies()).isEqualTo(2);
        Files.delete(filler);
        pool.devices().attach(path(first), path(third), false);
        pool.devices().await();
        assertThat(pool.devices().copies()).isEqualTo(3);
        assertIsWhole();
    }

    @Test
    void copies_come_and_go_however_much_of_small_disks_is_allotted() throws IOException {
        Loop first = disks.attach(0);
        Loop second = disks.attach(1);
        Loop third = disks.attach(2);
        makePool(first, second);

        for (int round = 0; round < 3; round++) {
            pool.devices().attach(path(first), path(third), false);
            pool.devices().await();
            assertThat(pool.devices().copies()).isEqualTo(3);
            pool.devices().detach(path(third));
            pool.devices().await();
            assertThat(pool.devices().copies()).isEqualTo(2);
        }

        assertIsWhole();
    }

    @Test
    void a_missing_disk_is_replaced_and_what_was_written_meanwhile_gets_its_second_copy() throws IOException {
        Loop first = disks.attach(0);
        Loop second = disks.attach(1);
        makePool(first, second);
        pools.export(pool);
        String gone = path(second);
        disks.detach(second);
        Command.of("btrfs", "device", "scan", "--forget", gone).run(LIMIT);
        pool = pools.open(config);
        Files.writeString(config.mountpoint().resolve("a/meanwhile"), "m".repeat(3_000_000));
        pool.datasets().snapshot("tank/a", "degraded");
        Loop third = disks.attach(2);
        String missing = pool.vdevs().stream()
                .filter(Vdev::missing)
                .findFirst()
                .orElseThrow()
                .path();

        pool.devices().replace(missing, path(third), false);
        pool.devices().await();

        assertThat(members()).containsExactlyInAnyOrder(path(first), path(third));
        assertThat(pool.vdevs()).noneMatch(Vdev::missing);
        assertThat(pool.devices().copies()).isEqualTo(2);
        assertIsWhole();
        assertThat(pool.health().events().all().stream().map(PoolEvent::kind))
                .containsSubsequence("sysevent.fs.zfs.resilver_start", "sysevent.fs.zfs.resilver_finish");
        pools.export(pool);
        disks.detach(first);
        Command.of("btrfs", "device", "scan", "--forget").run(LIMIT);
        Command.of("btrfs", "device", "scan", path(third)).run(LIMIT);
        pool = pools.open(config);
        assertThat(config.mountpoint().resolve("a/meanwhile"))
                .as("on the new disk alone")
                .hasContent("m".repeat(3_000_000));
    }

    @Test
    void room_is_added_and_taken_away() throws IOException {
        Loop first = disks.attach(0);
        Loop second = disks.attach(1);
        makePool(first);
        long before = pool.size().value();

        pool.devices().add(List.of(path(second)), false);
        pool.devices().await();

        assertThat(pool.size().value()).isGreaterThan(before + (400L << 20));
        assertThat(pool.devices().intendedCopies()).isEqualTo(1);
        pool.devices().remove(path(first));
        pool.devices().await();
        assertThat(members()).containsExactly(path(second));
        assertIsWhole();
    }

    @Test
    void a_change_that_was_interrupted_goes_on_when_the_pool_is_opened() throws IOException {
        Loop first = disks.attach(0);
        Loop second = disks.attach(1);
        makePool(first);
        Path top = config.top();
        pool.close();
        var begun = new DeviceChange("attach", Instant.now(), List.of(path(second)), Optional.empty(), 2);
        StateFile.replace(top.resolve(".zonda/device-change.json"), begun.toJson());
        Command.of("btrfs", "device", "add", path(second), top.toString()).check(LIMIT);

        pool = pools.open(config);
        pool.devices().await();

        assertThat(pool.devices().copies()).isEqualTo(2);
        assertThat(top.resolve(".zonda/device-change.json")).doesNotExist();
    }

    @Test
    void what_makes_no_sense_is_refused_and_changes_nothing() throws IOException {
        Loop first = disks.attach(0);
        Loop second = disks.attach(1);
        makePool(first);
        Command.of("mkfs.ext4", "-q", path(second)).check(LIMIT);
        try (var small = new RandomAccessFile(disks.file(3).toFile(), "rw")) {
            small.setLength(200L << 20);
        }
        Loop small = disks.attach(3);

        refused(() -> pool.devices().attach("/dev/none", path(second), false), "no such device in pool");
        refused(() -> pool.devices().attach(path(first), path(second), false), "contains a filesystem of type 'ext4'");
        refused(() -> pool.devices().attach(path(first), path(first), true), "is part of active pool 'tank'");
        refused(() -> pool.devices().add(List.of("/dev/nothing-here"), false), "cannot open '/dev/nothing-here'");
        refused(() -> pool.devices().detach(path(first)), "only applicable to mirror");
        refused(() -> pool.devices().remove(path(first)), "too few devices");
        refused(() -> pool.devices().replace(path(first), path(small), false), "device is too small");
        assertThat(members()).containsExactly(path(first));
    }

    private static void refused(Runnable work, String words) {
        assertThatThrownBy(work::run).isInstanceOf(OpException.class).hasMessageContaining(words);
    }
}
