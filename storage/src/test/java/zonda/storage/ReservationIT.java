package zonda.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import zonda.base.Bytes;
import zonda.base.Code;
import zonda.base.OpException;

/** Reservations as the kernel keeps them on btrfs: who writes into what others have reserved is stopped. */
class ReservationIT {
    private static final int MIB = 1 << 20;

    private ScratchPool pool;

    @BeforeEach
    void makePool() {
        pool = ScratchPool.create();
    }

    @AfterEach
    void takePoolAway() {
        if (pool != null) {
            pool.close();
        }
    }

    private Path file(String path) {
        return pool.mountpoint().resolve(path);
    }

    private static void write(Path file, int mebibytes) throws IOException {
        byte[] noise = new byte[8 * MIB];
        try (var out = new RandomAccessFile(file.toFile(), "rw")) {
            for (int i = 0; i < mebibytes / 8; i++) {
                new SplittableRandom(i).nextBytes(noise);
                out.write(noise);
                out.getFD().sync();
            }
        }
    }

    private void reserve(String dataset, int mebibytes) {
        pool.datasets()
                .setAllotment(
                        dataset,
                        old -> old.reservation(
                                mebibytes == 0 ? Optional.empty() : Optional.of(Bytes.ofMiB(mebibytes))));
    }

    @Test
    void others_are_stopped_before_what_is_reserved_and_its_owner_has_it_all() throws IOException {
        for (String name : new String[] {"tank/sure", "tank/sure/in", "tank/other", "tank/other/in"}) {
            pool.datasets().create(name, DatasetOptions.DEFAULT);
        }
        write(file("other/before"), 16);
        // Little is written: where data takes all of a small btrfs, nothing is left for its metadata.
        reserve("tank/sure", 380);

        assertThatThrownBy(() -> write(file("other/in/much"), 96)).hasMessageContaining("quota");
        assertThatThrownBy(() -> pool.datasets().create("tank/other/later", DatasetOptions.DEFAULT))
                .hasMessageStartingWith("cannot create 'tank/other/later': out of space: ")
                .isInstanceOfSatisfying(
                        OpException.class, e -> assertThat(e.code()).isEqualTo(Code.NO_SPACE));
        pool.datasets().create("tank/sure/later", DatasetOptions.DEFAULT);
        pool.reopen();
        assertThatThrownBy(() -> write(file("other/late"), 64)).hasMessageContaining("quota");
        pool.sync();
        assertThat(pool.datasets().usage("tank/other").available().toMiB()).isLessThan(12);
        assertThat(pool.datasets().usage("tank/sure").available().toMiB()).isGreaterThanOrEqualTo(379);

        write(file("sure/in/own"), 96);
        pool.sync();
        assertThat(pool.datasets().usage("tank").used().toMiB()).isGreaterThan(400);

        Files.delete(file("sure/in/own"));
        pool.sync();
        reserve("tank/sure", 0);
        write(file("other/at-last"), 64);
    }

    @Test
    void a_dataset_that_is_moved_below_a_reservation_or_away_from_it_is_charged_there() throws IOException {
        pool.datasets().create("tank/sure", DatasetOptions.DEFAULT);
        pool.datasets().create("tank/other", DatasetOptions.DEFAULT);
        reserve("tank/sure", 400);
        assertThatThrownBy(() -> write(file("other/much"), 96)).hasMessageContaining("quota");
        Files.delete(file("other/much"));
        pool.sync();

        pool.datasets().rename("tank/other", "tank/sure/other");
        write(file("sure/other/much"), 96);
        pool.sync();
        assertThat(pool.datasets().usage("tank").used().toMiB()).isBetween(399L, 410L);
        Files.delete(file("sure/other/much"));
        pool.sync();
        pool.datasets().rename("tank/sure/other", "tank/other");
        pool.sync();
        assertThatThrownBy(() -> write(file("other/much"), 96)).hasMessageContaining("quota");
    }

    @Test
    void what_is_written_to_a_reservation_changes_what_is_used_at_no_moment() throws IOException {
        pool.datasets().create("tank/above", DatasetOptions.DEFAULT);
        pool.datasets()
                .create(
                        "tank/above/sure",
                        DatasetOptions.DEFAULT.allotment(Allotment.NONE.refreservation(Optional.of(Bytes.ofMiB(64)))));
        pool.sync();
        long before = pool.datasets().usage("tank/above").used().toMiB();

        write(file("above/sure/much"), 8);
        pool.sync();

        assertThat(pool.datasets().usage("tank/above").used().toMiB()).isEqualTo(before);
        assertThat(pool.datasets().usage("tank/above/sure").used().toMiB()).isEqualTo(64);
    }

    @Test
    void a_snapshot_that_would_take_what_is_reserved_is_refused() throws IOException {
        pool.datasets()
                .create(
                        "tank/a",
                        DatasetOptions.DEFAULT.allotment(Allotment.NONE.refreservation(Optional.of(Bytes.ofMiB(400)))));
        write(file("a/data"), 64);
        pool.sync();

        assertThatThrownBy(() -> pool.datasets().snapshot("tank/a", "s"))
                .hasMessage("cannot create snapshot 'tank/a@s': out of space")
                .isInstanceOfSatisfying(
                        OpException.class, e -> assertThat(e.code()).isEqualTo(Code.NO_SPACE));
        Files.delete(file("a/data"));
        pool.sync();
        pool.datasets().snapshot("tank/a", "s");
    }
}
