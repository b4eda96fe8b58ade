package zonda.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import zonda.base.Bytes;
import zonda.base.Code;

/** What datasets go through from their making to their end, with what is in them. */
abstract class LivesContract extends Contract {
    private Guid guid(String name) {
        return Guid.parse(datasets().find(name).orElseThrow().guid()).orElseThrow();
    }

    private SnapshotId id(String dataset, String snapshot) {
        return new SnapshotId(
                guid(dataset),
                Guid.parse(datasets()
                                .findSnapshot(dataset + "@" + snapshot)
                                .orElseThrow()
                                .guid())
                        .orElseThrow());
    }

    @Test
    void a_clone_begins_as_its_snapshot_and_lives_apart() {
        create("tank/image");
        write("tank/image", "of the image");
        snapshot("tank/image@final");
        write("tank/image", "changed since");

        copy("tank/image@final", "tank/vm");

        assertThat(read("tank/vm")).isEqualTo("of the image");
        write("tank/vm", "of the vm");
        assertThat(read("tank/image")).isEqualTo("changed since");
        assertThat(datasets().find("tank/vm").orElseThrow().origin()).hasValue("tank/image@final");
        assertThat(value("tank/image@final", "clones")).isEqualTo("tank/vm");
        assertThat(value("tank/vm", "origin")).isEqualTo("tank/image@final");
        left("tank/image", "tank/image@final", "tank/vm");
    }

    @Test
    void a_snapshot_keeps_its_content_whatever_comes_after_it() {
        create("tank/a");
        write("tank/a", "one");
        snapshot("tank/a@z");
        write("tank/a", "two");
        snapshot("tank/a@b");
        write("tank/a", "three");

        copy("tank/a@z", "tank/one");
        copy("tank/a@b", "tank/two");

        assertThat(List.of(read("tank/one"), read("tank/two"), read("tank/a"))).containsExactly("one", "two", "three");
        pool().reopen();
        assertThat(List.of(read("tank/one"), read("tank/two"), read("tank/a"))).containsExactly("one", "two", "three");
    }

    @Test
    void a_snapshot_s_name_can_be_used_again_for_another_content() {
        create("tank/a");
        write("tank/a", "one");
        snapshot("tank/a@s");
        write("tank/a", "two");

        datasets().destroy("tank/a@s", false);
        snapshot("tank/a@s");

        copy("tank/a@s", "tank/c");
        assertThat(read("tank/c")).isEqualTo("two");
        left("tank/a", "tank/a@s", "tank/c");
    }

    @Test
    void a_renamed_dataset_takes_along_what_is_below_it_and_its_snapshots_and_clones() {
        create("tank/a", "tank/a/b", "tank/new");
        snapshot("tank/a@final");
        copy("tank/a@final", "tank/vm");
        write("tank/a/b", "moves");
        datasets().setProperty("tank/a/b", "a:b", "kept");

        datasets().rename("tank/a", "tank/new/c");

        for (Supplier<Datasets> open : nowAndReopened()) {
            Datasets after = open.get();
            assertThat(after.find("tank/vm").orElseThrow().origin()).hasValue("tank/new/c@final");
            assertThat(after.property("tank/new/c/b", "a:b")).hasValue("kept");
            assertThat(after.find("tank/new/c").orElseThrow().mounted()).isTrue();
            assertThat(read("tank/new/c/b")).isEqualTo("moves");
        }
        left("tank/new", "tank/new/c", "tank/new/c@final", "tank/new/c/b", "tank/vm");
    }

    @Test
    void a_name_can_be_taken_over_by_renaming_and_names_can_be_swapped() {
        create("tank/a", "tank/b");
        write("tank/a", "a");
        write("tank/b", "b");

        datasets().rename("tank/a", "tank/c");
        datasets().rename("tank/b", "tank/a");
        datasets().rename("tank/c", "tank/b");

        assertThat(read("tank/a")).isEqualTo("b");
        assertThat(read("tank/b")).isEqualTo("a");
        left("tank/a", "tank/b");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "tank/a|tank/b|CONFLICT|cannot rename to 'tank/b': dataset already exists",
                "tank/a|tank/x/y|NOT_FOUND|cannot rename to 'tank/x/y': parent does not exist",
                "tank/a|tank/a/c|INVALID|cannot rename 'tank/a' to 'tank/a/c': not possible",
                "tank|other|INVALID|cannot rename 'tank' to 'other': not possible",
                "tank/none|tank/c|NOT_FOUND|cannot open 'tank/none': dataset does not exist"
            })
    void renaming_is_refused_to_names_that_are_taken_or_can_not_be(String from, String to, Code code, String message) {
        create("tank/a", "tank/b");

        refused(code, message, () -> datasets().rename(from, to));

        assertThat(datasets().find("tank/a").orElseThrow().mounted()).isTrue();
    }

    @Test
    void a_rollback_brings_the_content_back_again_and_again() {
        create("tank/a", "tank/a/child");
        write("tank/a/child", "untouched");
        write("tank/a", "one");
        snapshot("tank/a@s");
        for (String text : List.of("two", "three")) {
            write("tank/a", text);
            datasets().rollback("tank/a@s", false);
            assertThat(read("tank/a")).isEqualTo("one");
        }
        assertThat(read("tank/a/child")).isEqualTo("untouched");
        pool().reopen();
        assertThat(read("tank/a")).isEqualTo("one");
        left("tank/a", "tank/a@s", "tank/a/child");
    }

    @Test
    void a_rollback_goes_over_newer_snapshots_only_when_it_is_told_to() {
        create("tank/a");
        write("tank/a", "one");
        snapshot("tank/a@s1", "tank/a@s2", "tank/a@s3");
        write("tank/a", "two");

        refused(
                Code.CONFLICT,
                "cannot rollback to 'tank/a@s1': more recent snapshots or bookmarks exist\n"
                        + "use '-r' to force deletion of the following snapshots and bookmarks:\n"
                        + "tank/a@s2\ntank/a@s3",
                () -> datasets().rollback("tank/a@s1", false));
        assertThat(read("tank/a")).isEqualTo("two");
        datasets().rollback("tank/a@s1", true);

        assertThat(read("tank/a")).isEqualTo("one");
        left("tank/a", "tank/a@s1");
    }

    @ParameterizedTest
    @ValueSource(longs = {1 << 20, 64 << 20, 10L << 40})
    void a_quota_is_told_and_kept_and_can_be_taken_away(long quota) {
        datasets().create("tank/a", DatasetOptions.DEFAULT.quota(Bytes.of(quota)));
        create("tank/a/b");

        for (Supplier<Datasets> open : nowAndReopened()) {
            assertThat(open.get().find("tank/a").orElseThrow().quota()).hasValue(Bytes.of(quota));
            assertThat(value("tank/a", "quota")).isEqualTo(String.valueOf(quota));
            assertThat(value("tank/a/b", "quota")).isEqualTo("none");
        }
        assertThat(datasets().usage("tank/a/b").available().value()).isLessThanOrEqualTo(quota);
        datasets().setQuota("tank/a", Optional.of(Bytes.of(2 * quota)));
        assertThat(value("tank/a", "quota")).isEqualTo(String.valueOf(2 * quota));
        datasets().setQuota("tank/a", Optional.empty());
        for (Supplier<Datasets> open : nowAndReopened()) {
            assertThat(open.get().find("tank/a").orElseThrow().quota()).isEmpty();
        }
    }

    @Test
    void properties_tell_where_they_come_from() {
        datasets()
                .create("tank/a", DatasetOptions.DEFAULT.quota(Bytes.ofMiB(64)).property("org.example:note", "one"));
        create("tank/a/b");
        snapshot("tank/a/b@now");

        assertThat(datasets().properties("tank/a"))
                .filteredOn(one -> !(one.source() instanceof DatasetProperty.Source.None))
                .extracting(one -> one.name() + " " + one.source().label())
                .containsExactly(
                        "quota local",
                        "reservation default",
                        "mountpoint default",
                        "compression default",
                        "refreservation default",
                        "filesystem_limit default",
                        "snapshot_limit default",
                        "filesystem_count default",
                        "snapshot_count default",
                        "org.example:note local");
        assertThat(datasets().properties("tank/a/b"))
                .filteredOn(one -> !(one.source() instanceof DatasetProperty.Source.None))
                .extracting(one -> one.name() + " " + one.source().label())
                .containsExactly(
                        "quota default",
                        "reservation default",
                        "mountpoint default",
                        "compression default",
                        "refreservation default",
                        "filesystem_limit default",
                        "snapshot_limit default",
                        "filesystem_count default",
                        "snapshot_count default",
                        "org.example:note inherited from tank/a");
        assertThat(datasets().properties("tank/a/b@now"))
                .extracting(DatasetProperty::name)
                .contains("type", "creation", "referenced", "createtxg", "guid", "clones", "org.example:note");
    }

    @Test
    void without_a_mountpoint_there_is_none_for_the_datasets_below() {
        create("tank/n");
        datasets().create("tank/n/none", DatasetOptions.DEFAULT.mountpoint(new Mountpoint.None()));
        create("tank/n/none/below");

        assertThat(value("tank/n/none", "mountpoint")).isEqualTo("none");
        assertThat(value("tank/n/none/below", "mountpoint")).isEqualTo("none");
        assertThat(datasets().find("tank/n/none/below").orElseThrow().mounted()).isFalse();
        assertThat(datasets().find("tank/n").orElseThrow().mountpoint())
                .map(path -> path.endsWith("n"))
                .hasValue(true);
        refused(
                Code.INVALID,
                "cannot mount 'tank/n/none': mountpoint is none",
                () -> datasets().mount("tank/n/none"));
    }

    @Test
    void mounting_and_unmounting_are_idempotent_and_take_those_below_along() {
        create("tank/a", "tank/a/b");
        write("tank/a/b", "still there");

        datasets().unmount("tank/a");
        datasets().unmount("tank/a");
        assertThat(datasets().list("tank/a")).extracting(Dataset::mounted).containsExactly(false, false);
        assertThat(datasets().mount("tank/a")).isEqualTo(datasets().mount("tank/a"));
        datasets().mount("tank/a/b");

        assertThat(read("tank/a/b")).isEqualTo("still there");
        assertThat(datasets().list("tank/a")).extracting(Dataset::mounted).containsExactly(true, true);
    }

    @Test
    void what_is_not_there_is_destroyed_or_not_as_it_was_asked() {
        refused(
                Code.NOT_FOUND,
                "cannot open 'tank/none': dataset does not exist",
                () -> datasets().destroy("tank/none", false));
        assertThat(datasets().destroyIfExists("tank/none", true)).isFalse();
        assertThat(datasets().destroyIfExists("tank/none@x", true)).isFalse();
        create("tank/a");
        assertThat(datasets().destroyIfExists("tank/a", true)).isTrue();
        left();
    }

    @Test
    void a_clone_below_its_own_origin_goes_with_it() {
        create("tank/image");
        snapshot("tank/image@final");
        copy("tank/image@final", "tank/image/clone");

        datasets().destroy("tank/image", true);

        left();
    }

    @Test
    void a_deep_tree_goes_at_once_with_all_its_snapshots() {
        var name = new StringBuilder("tank");
        for (int i = 0; i < 6; i++) {
            name.append("/d").append(i);
            create(name.toString());
            snapshot(name + "@s");
        }

        datasets().destroy("tank/d0", true);

        left();
    }

    @Test
    void contents_stay_where_they_are_through_promotions_and_renames() {
        create("tank/a");
        write("tank/a", "one");
        snapshot("tank/a@s");
        copy("tank/a@s", "tank/c");
        write("tank/c", "clone");

        datasets().promote("tank/c");
        datasets().rename("tank/c", "tank/d");
        datasets().renameSnapshots(List.of("tank/d@s"), "t");

        for (Supplier<Datasets> open : nowAndReopened()) {
            assertThat(open.get().find("tank/a").orElseThrow().origin()).hasValue("tank/d@t");
            assertThat(read("tank/a")).isEqualTo("one");
            assertThat(read("tank/d")).isEqualTo("clone");
        }
        datasets().rollback("tank/d@t", false);
        assertThat(read("tank/d")).isEqualTo("one");
        datasets().destroy("tank/a", false);
        left("tank/d", "tank/d@t");
    }

    /** From here on, what a driver promises to the service above it. */
    @Test
    void a_driver_finds_what_was_made_and_nothing_else() {
        create("tank/a", "tank/a/b");
        snapshot("tank/a@s");
        copy("tank/a@s", "tank/c");
        datasets().promote("tank/c");
        Guid a = guid("tank/a");

        PoolDriver.Inventory inventory = pool().driver().inventory();

        assertThat(inventory.datasets()).containsExactlyInAnyOrder(guid("tank"), a, guid("tank/a/b"), guid("tank/c"));
        assertThat(inventory.snapshots())
                .singleElement()
                .satisfies(one -> assertThat(one.dataset()).isEqualTo(a));
        assertThat(inventory.strangers()).isEmpty();
        assertThat(pool().driver().isDescribed(a)).isTrue();
    }

    @Test
    void a_driver_can_be_told_the_same_again() {
        create("tank/a");
        write("tank/a", "one");
        snapshot("tank/a@s");
        copy("tank/a@s", "tank/c");
        write("tank/c", "clone");
        PoolDriver driver = pool().driver();
        List<Guid> root = List.of(guid("tank"));

        driver.create(
                guid("tank/a"), new PoolDriver.Charge(List.of(guid("tank/a"), root.getFirst()), Optional.empty()));
        driver.snapshot(id("tank/a", "s"), List.of(guid("tank/a"), root.getFirst()));
        driver.cloneOf(
                id("tank/a", "s"),
                guid("tank/c"),
                new PoolDriver.Charge(List.of(guid("tank/c"), root.getFirst()), Optional.empty()));
        driver.recharge(guid("tank/a"), root, root);
        driver.renamed(List.of(id("tank/a", "s")));
        driver.limit(guid("tank/a"), Optional.empty());

        assertThat(read("tank/a")).isEqualTo("one");
        assertThat(read("tank/c")).isEqualTo("clone");
        left("tank/a", "tank/a@s", "tank/c");
    }

    /** A crash between the record of a new name and the rest. */
    @Test
    void a_rename_that_was_recorded_is_done_after_a_crash() {
        create("tank/a", "tank/a/b", "tank/other");
        write("tank/a/b", "moves");
        pool().reopen();
        RecordStore store = pool().recordStore();
        NodeRecord.Filesystem record =
                (NodeRecord.Filesystem) store.load().made().get(guid("tank/a"));
        store.replace(record.withName(Optional.of(guid("tank/other")), "c"));

        pool().reopen();

        assertThat(read("tank/other/c/b")).isEqualTo("moves");
        left("tank/other", "tank/other/c", "tank/other/c/b");
    }

    /** A crash between the records of a promotion and the rest. */
    @Test
    void a_promotion_that_was_recorded_is_done_after_a_crash() {
        create("tank/a");
        write("tank/a", "one");
        snapshot("tank/a@s");
        copy("tank/a@s", "tank/c");
        pool().reopen();
        RecordStore store = pool().recordStore();
        Map<Guid, NodeRecord> made = store.load().made();
        var source = (NodeRecord.Filesystem) made.get(guid("tank/a"));
        var clone = (NodeRecord.Filesystem) made.get(guid("tank/c"));
        var snapshot = (NodeRecord.Frozen) made.get(id("tank/a", "s").snapshot());
        store.announce(List.of(
                clone.withOrigin(Optional.empty()),
                source.withOrigin(Optional.of(snapshot.guid())),
                snapshot.of(clone.guid())));

        pool().reopen();

        assertThat(datasets().find("tank/a").orElseThrow().origin()).hasValue("tank/c@s");
        datasets().destroy("tank/a", false);
        assertThat(read("tank/c")).isEqualTo("one");
        left("tank/c", "tank/c@s");
    }

    @Test
    void what_was_done_is_in_the_history_and_stays_there() {
        create("tank/h");
        snapshot("tank/h@s");
        datasets().setProperty("tank/h", "x:y", "z");
        datasets().rename("tank/h", "tank/i");
        datasets().history().command("zfs rename tank/h tank/i", 0, "here");
        pool().reopen();
        datasets().destroy("tank/i", true);

        assertThat(datasets().history().entries())
                .extracting(entry -> switch (entry.what()) {
                    case PoolHistory.What.Event event -> event.verb() + " " + event.name() + " " + event.more();
                    case PoolHistory.What.Command command -> command.words();
                })
                .containsSubsequence(
                        "create tank/h ",
                        "snapshot tank/h@s ",
                        "set tank/h x:y=z",
                        "rename tank/i from tank/h",
                        "zfs rename tank/h tank/i",
                        "destroy tank/i@s ",
                        "destroy tank/i ");
    }
}
