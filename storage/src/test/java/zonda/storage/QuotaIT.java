package zonda.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import zonda.base.Await;
import zonda.base.Bytes;
import zonda.kernel.Btrfs;
import zonda.kernel.BtrfsTrees;
import zonda.kernel.Command;
import zonda.kernel.Fd;

/** Quotas as the kernel enforces them: zfsprops(7), {@code quota} and {@code used}. */
class QuotaIT {
    private static final int MIB = 1 << 20;
    /** Who writes within a commit can get that far past the limit: the kernel books at the commit. */
    private static final int SLACK = 4;

    private static final Duration LIMIT = Duration.ofSeconds(30);

    private ScratchPool pool;
    private Datasets datasets;

    @BeforeEach
    void makePool() {
        pool = ScratchPool.create();
        datasets = pool.datasets();
    }

    @AfterEach
    void takePoolAway() {
        if (pool != null) {
            pool.close();
        }
    }

    private Path at(String path) {
        return pool.mountpoint().resolve(path);
    }

    private static void write(Path file, int mebibytes) throws IOException {
        byte[] noise = new byte[MIB];
        try (var out = new RandomAccessFile(file.toFile(), "rw")) {
            for (int i = 0; i < mebibytes; i++) {
                new SplittableRandom(i).nextBytes(noise);
                out.write(noise);
                out.getFD().sync();
            }
        }
    }

    private static void stopped(Path file, int mebibytes) {
        assertThatThrownBy(() -> write(file, mebibytes)).hasMessageContaining("quota");
    }

    private long used(String name) {
        pool.sync();
        return datasets.usage(name).used().toMiB();
    }

    @Test
    void a_writer_past_the_quota_is_stopped_and_nobody_else() throws IOException {
        datasets.create("tank/full", DatasetOptions.DEFAULT.quota(Bytes.ofMiB(16)));
        datasets.create("tank/other", DatasetOptions.DEFAULT);

        stopped(at("full/file"), 40);

        assertThat(used("tank/full")).isBetween(16L - SLACK, 16L + SLACK);
        assertThat(datasets.usage("tank/full").available().toMiB()).isLessThanOrEqualTo(SLACK);
        write(at("other/file"), 40);
        datasets.create("tank/third", DatasetOptions.DEFAULT);
        datasets.snapshot("tank/full", "s");
        Files.delete(at("full/file"));
        datasets.destroy("tank/full", true);
    }

    /**
     * What is not in any dataset, as records are, has room yet. On a pool that is larger than the others, since metadata
     * of btrfs has less than a chunk on those.
     */
    @Test
    void a_pool_that_its_datasets_have_filled_can_be_emptied_again() throws IOException {
        try (ScratchPool large = ScratchPool.create(Bytes.ofGiB(4))) {
            large.datasets().create("tank/full", DatasetOptions.DEFAULT);
            Path full = large.mountpoint().resolve("full");
            fill(full, 1);
            large.datasets().snapshot("tank/full", "s");

            filledTo(full, "first");
            assertThatThrownBy(() -> large.datasets().create("tank/more", DatasetOptions.DEFAULT))
                    .hasMessageContaining("out of space");
            large.datasets().setQuota("tank", Optional.of(Bytes.ofGiB(40)));
            filledTo(full, "second");
            large.reopen();
            filledTo(full, "third");
            large.datasets().destroy("tank/full@s", false);
            large.datasets().destroy("tank/full", true);
            large.datasets().create("tank/more", DatasetOptions.DEFAULT);
            fill(large.mountpoint().resolve("more"), 64);
        }
    }

    private static void fill(Path directory, int mebibytes) {
        Command.of("fallocate", "-l", mebibytes + "M", directory.resolve("some").toString())
                .check(LIMIT);
    }

    /** Takes all that is given, in large pieces and then in small ones. */
    private static void filledTo(Path directory, String name) {
        for (int mebibytes : List.of(64, 1)) {
            Command more = Command.of(
                    "sh",
                    "-c",
                    "i=0; while fallocate -l " + mebibytes + "M " + directory.resolve(name + mebibytes)
                            + "-$i; do i=$((i + 1)); [ $i -lt 200 ] || exit 0; done");
            assertThat(more.run(LIMIT).err()).contains("quota");
        }
    }

    @Test
    void a_quota_is_changed_under_the_writer_up_and_down_and_away() throws IOException {
        datasets.create("tank/a", DatasetOptions.DEFAULT.quota(Bytes.ofMiB(8)));
        stopped(at("a/one"), 20);

        datasets.setQuota("tank/a", Optional.of(Bytes.ofMiB(40)));
        write(at("a/two"), 20);
        datasets.setQuota("tank/a", Optional.of(Bytes.ofMiB(10)));
        stopped(at("a/three"), 20);
        assertThat(datasets.usage("tank/a").available()).isEqualTo(Bytes.of(0));
        assertThat(datasets.find("tank/a").orElseThrow().quota()).hasValue(Bytes.ofMiB(10));
        datasets.setQuota("tank/a", Optional.empty());
        write(at("a/four"), 20);

        assertThat(datasets.find("tank/a").orElseThrow().quota()).isEmpty();
    }

    @Test
    void a_clone_refers_to_its_image_without_paying_for_it() throws IOException {
        datasets.create("tank/image", DatasetOptions.DEFAULT);
        write(at("image/data"), 8);
        datasets.snapshot("tank/image", "final");
        datasets.clone("tank/image@final", "tank/clone", DatasetOptions.DEFAULT);
        write(at("clone/own"), 2);
        datasets.snapshot("tank/clone", "now");

        assertThat(datasets.referenced("tank/image").value()).isEqualTo(8 * MIB);
        assertThat(datasets.referenced("tank/image@final").value()).isEqualTo(8 * MIB);
        assertThat(datasets.referenced("tank/clone").value()).isEqualTo(10 * MIB);
        assertThat(datasets.usage("tank/clone").used().value()).isBetween(2L * MIB, 3L * MIB);
        Files.delete(at("clone/data"));
        datasets.snapshot("tank/clone", "later");
        assertThat(datasets.referenced("tank/clone").value()).isEqualTo(2 * MIB);
        assertThat(datasets.referenced("tank/clone@now").value()).isEqualTo(10 * MIB);
    }

    @Test
    void what_was_removed_can_be_written_again() throws IOException {
        datasets.create("tank/a", DatasetOptions.DEFAULT.quota(Bytes.ofMiB(16)));
        stopped(at("a/file"), 40);

        Files.delete(at("a/file"));
        pool.sync();
        assertThat(Await.until(Duration.ofSeconds(20), () -> used("tank/a") == 0))
                .isTrue();

        write(at("a/file"), 8);
    }

    @Test
    void a_clone_does_not_pay_for_its_image_and_snapshots_pay_with_their_dataset() throws IOException {
        datasets.create("tank/image", DatasetOptions.DEFAULT);
        write(at("image/file"), 24);
        datasets.snapshot("tank/image", "final");
        datasets.clone("tank/image@final", "tank/vm", DatasetOptions.DEFAULT.quota(Bytes.ofMiB(16)));

        assertThat(used("tank/vm")).isZero();
        write(at("vm/own"), 6);
        datasets.snapshot("tank/vm", "s");
        Files.delete(at("vm/own"));
        assertThat(used("tank/vm")).as("the snapshot keeps it").isBetween(6L, 7L);
        stopped(at("vm/more"), 20);
        assertThat(used("tank/image")).isBetween(24L, 25L);
    }

    @Test
    void a_quota_above_holds_for_all_below_and_for_subvolumes_made_inside() throws IOException {
        datasets.create("tank/a", DatasetOptions.DEFAULT.quota(Bytes.ofMiB(16)));
        datasets.create("tank/a/b", DatasetOptions.DEFAULT);
        try (Fd in = Fd.openDirectory(at("a/b"))) {
            Btrfs.createSubvolume(in, "inner", java.util.List.of());
        }

        stopped(at("a/b/inner/file"), 40);
        stopped(at("a/file"), 20);

        assertThat(used("tank/a/b")).isBetween(16L - SLACK, 16L + SLACK);
        assertThat(used("tank/a")).isBetween(16L - SLACK, 16L + SLACK);
    }

    @Test
    void a_renamed_dataset_is_charged_to_its_new_parents() throws IOException {
        datasets.create("tank/old", DatasetOptions.DEFAULT);
        datasets.create("tank/new", DatasetOptions.DEFAULT.quota(Bytes.ofMiB(24)));
        datasets.create("tank/old/a", DatasetOptions.DEFAULT);
        write(at("old/a/file"), 12);

        datasets.rename("tank/old/a", "tank/new/a");

        assertThat(used("tank/old")).isZero();
        assertThat(used("tank/new")).isBetween(12L, 13L);
        stopped(at("new/a/more"), 30);
        datasets = pool.exportAndOpen();
        assertThat(used("tank/old")).isZero();
        stopped(at("new/a/evenmore"), 30);
    }

    @Test
    void a_rolled_back_dataset_is_still_held_to_its_quota() throws IOException {
        datasets.create("tank/a", DatasetOptions.DEFAULT.quota(Bytes.ofMiB(16)));
        datasets.snapshot("tank/a", "empty");
        write(at("a/file"), 10);

        datasets.rollback("tank/a@empty", false);

        assertThat(Await.until(Duration.ofSeconds(20), () -> used("tank/a") == 0))
                .as("what was rolled back is given back")
                .isTrue();
        stopped(at("a/file"), 40);
    }

    @Test
    void many_small_files_count_as_well() throws IOException {
        datasets.create("tank/a", DatasetOptions.DEFAULT.quota(Bytes.ofMiB(16)));
        byte[] content = new byte[8192];

        assertThatThrownBy(() -> {
                    for (int i = 0; i < 6000; i++) {
                        Files.write(at("a/f" + i), content);
                    }
                })
                .hasMessageContaining("quota");

        assertThat(used("tank/a")).isLessThan(16 + SLACK);
    }

    @Test
    void the_groups_of_destroyed_datasets_are_dropped_when_their_space_is_back() throws IOException {
        for (int i = 0; i < 4; i++) {
            datasets.create("tank/a" + i, DatasetOptions.DEFAULT.quota(Bytes.ofMiB(16)));
            write(at("a" + i + "/file"), 2);
            datasets.snapshot("tank/a" + i, "s");
            datasets.destroy("tank/a" + i, true);
        }

        // Each later destroy drops what the kernel has finished freeing by then.
        assertThat(Await.until(Duration.ofSeconds(30), () -> {
                    datasets.create("tank/last", DatasetOptions.DEFAULT);
                    datasets.destroy("tank/last", false);
                    pool.sync();
                    return groups().size() <= 4;
                }))
                .as("the root's two groups, the top's, and the last destroyed one's")
                .isTrue();
        datasets = pool.exportAndOpen();
        assertThat(groups().keySet().stream().filter(id -> id >= Btrfs.levelOneGroup(0)))
                .hasSize(1);
    }

    private Map<Long, BtrfsTrees.Group> groups() {
        try (Fd top = Fd.openDirectory(pool.config().top())) {
            return BtrfsTrees.groups(top);
        }
    }
}
