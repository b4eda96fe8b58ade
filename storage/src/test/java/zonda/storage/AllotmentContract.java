package zonda.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import zonda.base.Bytes;
import zonda.base.Code;

/** What datasets are sure of, and how many may be below them: zfsprops(7). */
abstract class AllotmentContract extends Contract {
    private static final long MIB = 1 << 20;

    private void limit(String dataset, long filesystems) {
        datasets().setAllotment(dataset, old -> old.filesystems(OptionalLong.of(filesystems)));
    }

    private void limitSnapshots(String dataset, long snapshots) {
        datasets().setAllotment(dataset, old -> old.snapshots(OptionalLong.of(snapshots)));
    }

    private void reserve(String dataset, long size) {
        datasets().setAllotment(dataset, old -> old.reservation(Optional.of(Bytes.of(size))));
    }

    private long number(String name, String property) {
        return Long.parseLong(value(name, property));
    }

    @Test
    void no_more_filesystems_than_the_limit_come_to_be_below_a_dataset() {
        create("tank/a", "tank/other");
        limit("tank/a", 2);
        create("tank/a/b", "tank/a/b/c");

        for (Supplier<Datasets> open : nowAndReopened()) {
            open.get();
            assertThat(value("tank/a", "filesystem_limit")).isEqualTo("2");
            assertThat(value("tank/a", "filesystem_count")).isEqualTo("2");
            assertThat(value("tank/a/b", "filesystem_count")).isEqualTo("1");
            assertThat(value("tank", "filesystem_count")).isEqualTo("none");
            refused(
                    Code.FAILED,
                    "cannot create 'tank/a/b/d': out of space: filesystem_limit of 'tank/a' is 2",
                    () -> create("tank/a/b/d"));
            refused(
                    Code.FAILED,
                    "cannot rename 'tank/other': out of space: filesystem_limit of 'tank/a' is 2",
                    () -> datasets().rename("tank/other", "tank/a/other"));
        }

        datasets().rename("tank/a/b/c", "tank/a/c");
        create("tank/else");
        limit("tank/a", 3);
        datasets().rename("tank/other", "tank/a/other");
        datasets().setAllotment("tank/a", old -> old.filesystems(OptionalLong.empty()));
        create("tank/a/d");
        assertThat(value("tank/a", "filesystem_count")).isEqualTo("none");
    }

    @Test
    void limits_of_all_datasets_above_count_and_one_below_what_is_there_forbids_more_only() {
        create("tank/a", "tank/a/b", "tank/a/b/c");
        limit("tank/a", 1);
        limit("tank/a/b", 9);

        String words = "cannot create 'tank/a/b/d': out of space: filesystem_limit of 'tank/a' is 1";
        refused(Code.FAILED, words, () -> create("tank/a/b/d"));
        datasets().destroy("tank/a/b/c", false);
        refused(Code.FAILED, words, () -> create("tank/a/b/d"));
        datasets().destroy("tank/a/b", false);
        create("tank/a/e");
        left("tank/a", "tank/a/e");
    }

    @Test
    void no_more_snapshots_than_the_limit_are_made_of_a_dataset_and_those_below_it() {
        create("tank/a", "tank/a/b");
        limitSnapshots("tank/a", 3);
        datasets().snapshots(List.of("tank/a@one", "tank/a/b@one"), Map.of());

        refused(
                Code.FAILED,
                "cannot create snapshot 'tank/a@two': out of space: snapshot_limit of 'tank/a' is 3",
                () -> datasets().snapshots(List.of("tank/a@two", "tank/a/b@two"), Map.of()));
        snapshot("tank/a/b@two");
        assertThat(value("tank/a", "snapshot_count")).isEqualTo("3");
        assertThat(value("tank/a/b", "snapshot_count")).isEqualTo("2");
        refused(
                Code.FAILED,
                "cannot create snapshot 'tank/a/b@three': out of space: snapshot_limit of 'tank/a' is 3",
                () -> snapshot("tank/a/b@three"));
        datasets().destroy("tank/a/b@two", false);
        snapshot("tank/a/b@three");

        copy("tank/a/b@three", "tank/c");
        limitSnapshots("tank/c", 1);
        refused(
                Code.FAILED,
                "cannot promote 'tank/c': out of space: snapshot_limit of 'tank/c' is 1",
                () -> datasets().promote("tank/c"));
        limitSnapshots("tank/c", 2);
        datasets().promote("tank/c");
        assertThat(value("tank/c", "snapshot_count")).isEqualTo("2");
    }

    @Test
    void what_is_reserved_is_used_by_the_datasets_above_and_not_available_to_others() {
        create("tank/a", "tank/a/in", "tank/b");
        long used = number("tank", "used");
        long own = number("tank/a", "used");
        long available = number("tank/b", "available");

        reserve("tank/a", 10 * MIB);

        for (Supplier<Datasets> open : nowAndReopened()) {
            open.get();
            assertThat(number("tank/a", "reservation")).isEqualTo(10 * MIB);
            assertThat(number("tank", "used") - used).isBetween(9 * MIB, 10 * MIB);
            assertThat(number("tank/a", "used")).isBetween(own, own + MIB / 2);
            assertThat(available - number("tank/b", "available")).isGreaterThanOrEqualTo(9 * MIB);
            assertThat(number("tank/a/in", "available") - number("tank/b", "available"))
                    .isBetween(9 * MIB, 10 * MIB);
        }

        datasets().setAllotment("tank/a", old -> old.reservation(Optional.empty()));
        assertThat(value("tank/a", "reservation")).isEqualTo("none");
        assertThat(number("tank", "used") - used).isLessThan(MIB);
        reserve("tank/a", 10 * MIB);
        datasets().destroy("tank/a", true);
        assertThat(number("tank", "used") - used).isLessThan(MIB);
        left("tank/b");
    }

    @Test
    void what_is_not_there_is_not_reserved() {
        create("tank/a");
        long much = 1L << 50;
        var options = DatasetOptions.DEFAULT.allotment(Allotment.NONE.reservation(Optional.of(Bytes.of(much))));

        refused(
                Code.NO_SPACE,
                "cannot set property for 'tank/a': size is greater than available space",
                () -> reserve("tank/a", much));
        refused(
                Code.NO_SPACE,
                "cannot create 'tank/b': out of space",
                () -> datasets().create("tank/b", options));
        assertThat(value("tank/a", "reservation")).isEqualTo("none");

        datasets().create("tank/c", DatasetOptions.DEFAULT.quota(Bytes.of(20 * MIB)));
        create("tank/c/d");
        refused(
                Code.NO_SPACE,
                "cannot set property for 'tank/c/d': size is greater than available space",
                () -> reserve("tank/c/d", 30 * MIB));
        reserve("tank/c/d", 15 * MIB);
        assertThat(number("tank/c", "available")).isLessThanOrEqualTo(5 * MIB);
    }

    @Test
    void a_volume_is_sure_of_its_size_and_still_is_when_that_changes() {
        var shape = new VolumeShape(Bytes.of(16 * MIB), 8192);
        var whole = Allotment.NONE.refreservation(Optional.of(shape.reservation()));
        long used = number("tank", "used");
        datasets().create("tank/v", DatasetOptions.DEFAULT.volume(shape).allotment(whole));

        assertThat(number("tank/v", "refreservation")).isEqualTo(16 * MIB + 20 * (128 << 10));
        assertThat(number("tank/v", "usedbyrefreservation")).isBetween(18 * MIB, 19 * MIB);
        assertThat(number("tank/v", "used")).isGreaterThanOrEqualTo(number("tank/v", "refreservation"));
        assertThat(number("tank", "used") - used).isGreaterThanOrEqualTo(18 * MIB);
        datasets().setVolumeSize("tank/v", Bytes.of(32 * MIB));
        assertThat(number("tank/v", "refreservation")).isGreaterThan(32 * MIB);
        datasets().setAllotment("tank/v", old -> old.refreservation(Optional.of(Bytes.of(MIB))));
        datasets().setVolumeSize("tank/v", Bytes.of(16 * MIB));
        assertThat(number("tank/v", "refreservation")).isEqualTo(MIB);
        refused(Code.INVALID, "'filesystem_limit' does not apply to datasets of this type", () -> limit("tank/v", 1));
    }

    @Test
    void what_is_sure_is_so_again_when_a_snapshot_has_what_filled_it() {
        var shape = new VolumeShape(Bytes.of(4 * MIB), 8192);
        var whole = Allotment.NONE.refreservation(Optional.of(shape.reservation()));
        datasets().create("tank/v", DatasetOptions.DEFAULT.volume(shape).allotment(whole));
        pool().writeTo("tank/v", 0, "x".repeat((int) MIB));
        pool().driver().sync();
        long before = number("tank/v", "usedbyrefreservation");

        snapshot("tank/v@s");
        pool().driver().sync();

        assertThat(number("tank/v", "usedbyrefreservation")).isGreaterThan(before);
        assertThat(number("tank/v", "usedbyrefreservation")).isEqualTo(number("tank/v", "refreservation"));
    }
}
