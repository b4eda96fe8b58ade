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
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import zonda.base.Await;
import zonda.base.Journal.CrashPoint;
import zonda.base.OpException;
import zonda.kernel.Loop;

/** Scrubs, error counters and events of a mirrored pool, one of whose disks goes bad. */
class HealthIT {
    private static final Duration SOON = Duration.ofSeconds(60);
    private static final int DATA = 24 << 20;

    private final Pools pools = new Pools(InstantSource.system(), new SplittableRandom(), CrashPoint.NONE);
    private ScratchDisks disks;
    private PoolConfig config;
    private Pool pool;
    private Loop second;
    private byte[] content;

    @BeforeEach
    void make_a_mirror_with_data() throws IOException {
        disks = new ScratchDisks();
        Loop first = disks.attach(0);
        second = disks.attach(1);
        Path directory = disks.directory();
        config = new PoolConfig(
                "tank",
                directory.resolve("mnt"),
                directory.resolve("run"),
                List.of(first.device(), second.device()),
                false,
                Optional.of(directory.resolve("uuid")),
                Optional.of(PoolConfig.Driver.BTRFS));
        pool = pools.create(config, Optional.empty());
        pool.datasets().create("tank/a", DatasetOptions.DEFAULT);
        content = new byte[DATA];
        new SplittableRandom(7).nextBytes(content);
        Files.write(file(), content);
        pool.datasets().snapshot("tank/a", "now");
    }

    @AfterEach
    void remove_it() {
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

    private Path file() {
        return config.mountpoint().resolve("a/file");
    }

    /** Overwrites a stretch of the file's data where it lies on the second disk, under the filesystem. */
    private void rot() throws IOException {
        byte[] needle = java.util.Arrays.copyOfRange(content, 1 << 20, (1 << 20) + 4096);
        try (var disk = new RandomAccessFile(disks.file(1).toFile(), "rw")) {
            long at = find(disk, needle);
            disk.seek(at);
            disk.write(new byte[64 << 10]);
            disk.getFD().sync();
        }
    }

    private static long find(RandomAccessFile disk, byte[] needle) throws IOException {
        byte[] block = new byte[needle.length];
        for (long at = 0; at + needle.length <= disk.length(); at += needle.length) {
            disk.seek(at);
            disk.readFully(block);
            if (java.util.Arrays.equals(block, needle)) {
                return at;
            }
        }
        throw new AssertionError("the data is not on the disk");
    }

    private List<String> kinds() {
        return pool.health().events().all().stream().map(PoolEvent::kind).toList();
    }

    @Test
    void a_scrub_of_a_healthy_pool_reads_both_copies_and_finds_nothing() {
        assertThat(pool.health().scrub()).isEmpty();

        pool.health().startScrub();
        pool.health().awaitScrub();

        Scrub scrub = pool.health().scrub().orElseThrow();
        assertThat(scrub.state()).isEqualTo(Scrub.State.FINISHED);
        assertThat(scrub.read().value()).isGreaterThanOrEqualTo(2L * DATA);
        assertThat(scrub.repaired().value()).isZero();
        assertThat(scrub.errors()).isZero();
        assertThat(kinds()).containsSubsequence("sysevent.fs.zfs.scrub_start", "sysevent.fs.zfs.scrub_finish");
    }

    @Test
    void what_has_rotten_on_one_disk_is_read_right_repaired_by_a_scrub_and_counted() throws IOException {
        rot();

        pool.health().startScrub();
        pool.health().awaitScrub();

        Scrub scrub = pool.health().scrub().orElseThrow();
        assertThat(scrub.repaired().value()).isEqualTo(64 << 10);
        assertThat(scrub.errors()).isZero();
        assertThat(Files.readAllBytes(file())).isEqualTo(content);
        Vdev bad = pool.vdevs().get(1);
        assertThat(bad.path()).isEqualTo(second.device().toString());
        assertThat(bad.checksumErrors()).isPositive();
        assertThat(pool.vdevs().get(0).checksumErrors()).isZero();
        assertThat(Await.until(SOON, () -> kinds().contains("ereport.fs.zfs.checksum")))
                .as("somebody is told")
                .isTrue();

        pool.health().startScrub();
        pool.health().awaitScrub();
        assertThat(pool.health().scrub().orElseThrow().repaired().value())
                .as("it is good again")
                .isZero();
        pool.health().clear(Optional.of(bad.path()));
        assertThat(pool.vdevs().get(1).checksumErrors()).isZero();
        assertThatThrownBy(() -> pool.health().clear(Optional.of("/dev/none")))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("no such device in pool");
    }

    @Test
    void how_the_last_scrub_went_is_known_to_the_next_daemon() throws IOException {
        rot();
        pool.health().startScrub();
        pool.health().awaitScrub();
        Scrub before = pool.health().scrub().orElseThrow();

        pool.close();
        pool = pools.open(config);

        assertThat(pool.health().scrub()).contains(before);
    }

    @Test
    void a_scrub_that_was_interrupted_goes_on_when_the_pool_is_opened() throws IOException {
        rot();
        pool.health().startScrub();
        pool.close();
        assertThat(Files.readString(config.top().resolve(".zonda/scrub.json"))).contains("\"running\"");

        pool = pools.open(config);
        pool.health().awaitScrub();

        Scrub scrub = pool.health().scrub().orElseThrow();
        assertThat(scrub.state()).isEqualTo(Scrub.State.FINISHED);
        assertThat(scrub.repaired().value()).isEqualTo(64 << 10);
    }

    @Test
    void a_scrub_is_due_a_week_after_the_pool_was_made_or_the_last_one_ended() {
        var week = Duration.ofDays(7);
        Instant now = Instant.now();
        assertThat(due(week, now.plus(Duration.ofDays(6)))).isFalse();
        assertThat(due(week, now.plus(Duration.ofDays(8)))).isTrue();

        pool.health().startScrub();
        pool.health().awaitScrub();

        assertThat(due(week, now.plus(Duration.ofDays(6)))).isFalse();
        assertThat(due(Duration.ofMillis(1), now.plus(Duration.ofDays(1)))).isTrue();
    }

    private boolean due(Duration every, Instant when) {
        return new ScrubSchedule(pool, every, InstantSource.fixed(when)).isDue();
    }

    @Test
    void what_can_be_asked_of_a_scrub_depends_on_whether_one_runs() {
        for (Runnable impossible : List.<Runnable>of(
                () -> pool.health().pauseScrub(), () -> pool.health().cancelScrub())) {
            assertThatThrownBy(impossible::run)
                    .isInstanceOf(OpException.class)
                    .hasMessageEndingWith("there is no active scrub");
        }
    }
}
