package zonda.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import zonda.base.Code;
import zonda.base.OpException;

/** Several snapshots at once, holds, bookmarks, renaming of snapshots, and what is noted of them. */
abstract class SnapshotsContract extends Contract {
    @Test
    void snapshots_of_several_datasets_are_made_at_once() {
        create("tank/a", "tank/a/b", "tank/c");
        write("tank/a/b", "one");

        datasets().snapshots(List.of("tank/a@s", "tank/a/b@s", "tank/c@t"), Map.of("x:y", "z"));
        write("tank/a/b", "two");

        left("tank/a", "tank/a@s", "tank/a/b", "tank/a/b@s", "tank/c", "tank/c@t");
        assertThat(value("tank/c@t", "x:y")).isEqualTo("z");
        copy("tank/a/b@s", "tank/d");
        assertThat(read("tank/d")).isEqualTo("one");
    }

    @Test
    void of_several_snapshots_none_is_made_when_one_can_not_be() {
        create("tank/a", "tank/a/b");
        snapshot("tank/a/b@s");

        refused(
                Code.CONFLICT,
                "cannot create snapshot 'tank/a/b@s': dataset already exists",
                () -> datasets().snapshots(List.of("tank/a@s", "tank/a/b@s"), Map.of()));
        refused(
                Code.CONFLICT,
                "cannot create snapshot 'tank/a@t': multiple snapshots of same fs not allowed",
                () -> datasets().snapshots(List.of("tank/a@t", "tank/a@t"), Map.of()));
        refused(
                Code.NOT_FOUND,
                "cannot open 'tank/none': dataset does not exist",
                () -> datasets().snapshots(List.of("tank/a@s", "tank/none@s"), Map.of()));
        assertThatThrownBy(() -> datasets().snapshots(List.of("tank/a@s"), Map.of("nocolon", "x")))
                .isInstanceOf(OpException.class);
        left("tank/a", "tank/a/b", "tank/a/b@s");
    }

    /** What a power cut leaves that came between two of them. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2})
    void of_several_snapshots_that_a_crash_interrupted_none_is_left(int made) {
        create("tank/a", "tank/b", "tank/c");
        List<NodeRecord.Frozen> records = new ArrayList<>();
        for (String name : List.of("tank/a", "tank/b", "tank/c")) {
            Guid dataset =
                    Guid.parse(datasets().find(name).orElseThrow().guid()).orElseThrow();
            var guid = new Guid(1000 + records.size());
            records.add(new NodeRecord.Frozen(guid, dataset, dataset, "s", Instant.EPOCH, 99, SnapshotNotes.NONE));
        }
        RecordStore store = pool().recordStore();
        store.together(records.stream().map(NodeRecord.Frozen::guid).toList());
        records.forEach(store::begin);
        records.subList(0, made).forEach(record -> pool().driver().snapshot(record.id(), List.of(record.dataset())));
        pool().driver().sync();

        pool().reopen();

        left("tank/a", "tank/b", "tank/c");
    }

    @Test
    void of_several_snapshots_that_were_all_made_before_a_crash_all_are_there() {
        create("tank/a", "tank/b");
        List<NodeRecord.Frozen> records = new ArrayList<>();
        for (String name : List.of("tank/a", "tank/b")) {
            Guid dataset =
                    Guid.parse(datasets().find(name).orElseThrow().guid()).orElseThrow();
            var guid = new Guid(1000 + records.size());
            records.add(new NodeRecord.Frozen(guid, dataset, dataset, "s", Instant.EPOCH, 99, SnapshotNotes.NONE));
        }
        RecordStore store = pool().recordStore();
        store.together(records.stream().map(NodeRecord.Frozen::guid).toList());
        records.forEach(store::begin);
        records.forEach(record -> pool().driver().snapshot(record.id(), List.of(record.dataset())));

        pool().reopen();

        left("tank/a", "tank/a@s", "tank/b", "tank/b@s");
    }

    /** A crash between the announcement of changes to several records and the changes. */
    @Test
    void changes_that_were_announced_are_made_after_a_crash() {
        create("tank/a", "tank/b");
        snapshot("tank/a@s", "tank/b@s");
        pool().reopen();
        RecordStore store = pool().recordStore();
        List<NodeRecord> renamed = new ArrayList<>();
        store.load().made().values().forEach(record -> {
            if (record instanceof NodeRecord.Frozen snapshot) {
                renamed.add(snapshot.withName("t"));
            }
        });
        assertThat(renamed).hasSize(2);
        store.announce(renamed);

        pool().reopen();

        left("tank/a", "tank/a@t", "tank/b", "tank/b@t");
    }

    @Test
    void snapshots_are_in_the_order_they_were_made_whatever_their_names() {
        create("tank/a");
        snapshot("tank/a@z", "tank/a@m", "tank/a@b");

        left("tank/a", "tank/a@z", "tank/a@m", "tank/a@b");
        assertThat(Long.parseLong(value("tank/a@z", "createtxg")))
                .isLessThan(Long.parseLong(value("tank/a@m", "createtxg")));
    }

    @Test
    void a_held_snapshot_is_not_destroyed_before_it_is_released() {
        create("tank/a", "tank/a/b");
        snapshot("tank/a@s");

        datasets().hold("one", List.of("tank/a@s"));
        datasets().hold("two", List.of("tank/a@s"));
        pool().reopen();

        assertThat(value("tank/a@s", "userrefs")).isEqualTo("2");
        assertThat(datasets().findSnapshot("tank/a@s").orElseThrow().holds()).containsOnlyKeys("one", "two");
        String held = "cannot destroy snapshot tank/a@s: it's being held. Run 'zfs holds -r tank/a@s' to see holders.";
        refused(Code.CONFLICT, held, () -> datasets().destroy("tank/a@s", false));
        refused(Code.CONFLICT, held, () -> datasets().destroy("tank/a", true));
        refused(Code.CONFLICT, held, () -> datasets().destroy("tank/a", new DestroyOptions(true, true, false)));
        datasets().release("one", List.of("tank/a@s"));
        refused(Code.CONFLICT, held, () -> datasets().destroy("tank/a@s", false));
        datasets().release("two", List.of("tank/a@s"));
        datasets().destroy("tank/a@s", false);
        left("tank/a", "tank/a/b");
    }

    @Test
    void a_tag_holds_once_and_is_released_once() {
        create("tank/a", "tank/b");
        snapshot("tank/a@s", "tank/b@s");
        datasets().hold("tag", List.of("tank/b@s"));

        refused(
                Code.CONFLICT,
                "cannot hold snapshot 'tank/b@s': tag already exists on this dataset",
                () -> datasets().hold("tag", List.of("tank/a@s", "tank/b@s")));
        assertThat(value("tank/a@s", "userrefs")).as("all or none").isEqualTo("0");
        refused(
                Code.NOT_FOUND,
                "cannot release hold from snapshot 'tank/a@s': no such tag on this dataset",
                () -> datasets().release("tag", List.of("tank/b@s", "tank/a@s")));
        assertThat(value("tank/b@s", "userrefs")).as("all or none").isEqualTo("1");
        refused(
                Code.NOT_FOUND,
                "cannot hold snapshot 'tank/a@none': dataset does not exist",
                () -> datasets().hold("tag", List.of("tank/a@none")));
        refused(
                Code.INVALID,
                "cannot hold snapshot 'tank/a@s': tag too long",
                () -> datasets().hold("t".repeat(256), List.of("tank/a@s")));
    }

    @Test
    void a_rollback_is_refused_over_a_newer_snapshot_that_is_held() {
        create("tank/a");
        write("tank/a", "one");
        snapshot("tank/a@s", "tank/a@t");
        write("tank/a", "two");
        datasets().hold("tag", List.of("tank/a@t"));

        refused(
                Code.CONFLICT,
                "cannot destroy snapshot tank/a@t: it's being held. Run 'zfs holds -r tank/a@t' to see holders.",
                () -> datasets().rollback("tank/a@s", true));
        assertThat(read("tank/a")).isEqualTo("two");
    }

    @Test
    void a_deferred_destroy_happens_with_the_last_release() {
        create("tank/a", "tank/b");
        snapshot("tank/a@s", "tank/b@s");
        datasets().hold("one", List.of("tank/a@s", "tank/b@s"));
        datasets().hold("two", List.of("tank/a@s"));

        datasets().destroy("tank/a@s", new DestroyOptions(false, false, true));
        assertThat(value("tank/a@s", "defer_destroy")).isEqualTo("on");
        assertThat(value("tank/b@s", "defer_destroy")).isEqualTo("off");
        datasets().release("one", List.of("tank/a@s", "tank/b@s"));
        left("tank/a", "tank/a@s", "tank/b", "tank/b@s");
        datasets().release("two", List.of("tank/a@s"));

        left("tank/a", "tank/b", "tank/b@s");
    }

    @Test
    void a_deferred_destroy_happens_with_the_last_clone() {
        create("tank/a");
        snapshot("tank/a@s");
        copy("tank/a@s", "tank/c1");
        copy("tank/a@s", "tank/c2");

        datasets().destroy("tank/a@s", new DestroyOptions(false, false, true));
        datasets().destroy("tank/c1", false);
        left("tank/a", "tank/a@s", "tank/c2");
        assertThat(datasets().wouldDestroy("tank/c2", DestroyOptions.ALONE)).containsExactly("tank/c2", "tank/a@s");
        datasets().destroy("tank/c2", false);

        left("tank/a");
    }

    @Test
    void a_deferred_destroy_of_what_nothing_needs_happens_at_once() {
        create("tank/a");
        snapshot("tank/a@s");

        datasets().destroy("tank/a@s", new DestroyOptions(false, false, true));

        left("tank/a");
    }

    @Test
    void a_bookmark_remembers_a_snapshot_and_outlives_it() {
        create("tank/a");
        snapshot("tank/a@s");
        String guid = value("tank/a@s", "guid");
        String txg = value("tank/a@s", "createtxg");

        datasets().bookmark("tank/a@s", "tank/a#b");
        datasets().destroy("tank/a@s", false);
        datasets().bookmark("tank/a#b", "tank/a#c");

        left("tank/a", "tank/a#b", "tank/a#c");
        assertThat(value("tank/a#b", "guid")).isEqualTo(guid);
        assertThat(value("tank/a#c", "createtxg")).isEqualTo(txg);
        assertThat(value("tank/a#b", "type")).isEqualTo("bookmark");
        datasets().destroy("tank/a#b", DestroyOptions.ALONE);
        left("tank/a", "tank/a#c");
        datasets().destroy("tank/a", false);
        left();
    }

    @Test
    void a_bookmark_is_refused_without_its_snapshot_or_elsewhere() {
        create("tank/a", "tank/b");
        snapshot("tank/a@s");
        copy("tank/a@s", "tank/c");
        datasets().bookmark("tank/a@s", "tank/a#b");

        refused(
                Code.CONFLICT,
                "cannot create bookmark 'tank/a#b': bookmark exists",
                () -> datasets().bookmark("tank/a@s", "tank/a#b"));
        refused(
                Code.NOT_FOUND,
                "cannot open 'tank/a@none': dataset does not exist",
                () -> datasets().bookmark("tank/a@none", "tank/a#c"));
        refused(
                Code.INVALID,
                "cannot create bookmark 'tank/b#b': source is not an ancestor of the new bookmark's dataset",
                () -> datasets().bookmark("tank/a@s", "tank/b#b"));
        refused(
                Code.NOT_FOUND,
                "bookmark 'tank/a#none' does not exist.",
                () -> datasets().destroy("tank/a#none", DestroyOptions.ALONE));
        datasets().bookmark("tank/a@s", "tank/c#b");
        left("tank/a", "tank/a@s", "tank/a#b", "tank/b", "tank/c", "tank/c#b");
    }

    @Test
    void a_rollback_takes_newer_bookmarks_along() {
        create("tank/a");
        snapshot("tank/a@s", "tank/a@t");
        datasets().bookmark("tank/a@s", "tank/a#s");
        datasets().bookmark("tank/a@t", "tank/a#t");
        datasets().destroy("tank/a@t", false);

        refused(
                Code.CONFLICT,
                "cannot rollback to 'tank/a@s': more recent snapshots or bookmarks exist\n"
                        + "use '-r' to force deletion of the following snapshots and bookmarks:\ntank/a#t",
                () -> datasets().rollback("tank/a@s", false));
        datasets().rollback("tank/a@s", true);

        left("tank/a", "tank/a@s", "tank/a#s");
    }

    @Test
    void snapshots_get_another_name_all_or_none() {
        create("tank/a", "tank/a/b", "tank/a/c");
        snapshot("tank/a@s", "tank/a/b@s", "tank/a/c@t");
        copy("tank/a@s", "tank/d");
        datasets().hold("tag", List.of("tank/a@s"));

        datasets().renameSnapshots(List.of("tank/a@s", "tank/a/b@s"), "u");

        left("tank/a", "tank/a@u", "tank/a/b", "tank/a/b@u", "tank/a/c", "tank/a/c@t", "tank/d");
        assertThat(value("tank/d", "origin")).isEqualTo("tank/a@u");
        assertThat(value("tank/a@u", "userrefs")).isEqualTo("1");
        snapshot("tank/a/b@t");
        refused(
                Code.CONFLICT,
                "cannot rename 'tank/a@u': a child dataset already has a snapshot with the new name",
                () -> datasets().renameSnapshots(List.of("tank/a@u", "tank/a/b@u"), "t"));
        refused(
                Code.CONFLICT,
                "cannot rename 'tank/a/b@u': dataset already exists",
                () -> datasets().renameSnapshots(List.of("tank/a/b@u"), "t"));
        refused(
                Code.INVALID,
                "'tank/a/b@no/t': not a snapshot name",
                () -> datasets().renameSnapshots(List.of("tank/a/b@u"), "no/t"));
    }

    @Test
    void a_renamed_snapshot_keeps_its_place_among_the_others() {
        create("tank/a");
        snapshot("tank/a@1", "tank/a@2", "tank/a@3");

        datasets().renameSnapshots(List.of("tank/a@2"), "0");

        left("tank/a", "tank/a@1", "tank/a@0", "tank/a@3");
    }

    @Test
    void user_properties_of_snapshots_are_their_own_or_inherited() {
        create("tank/a");
        datasets().setProperty("tank/a", "x:inherited", "above");
        snapshot("tank/a@s");

        datasets().setSnapshotProperty("tank/a@s", "x:own", "1");
        pool().reopen();

        assertThat(datasets().properties("tank/a@s", List.of("x:own", "x:inherited", "x:none")))
                .extracting(one -> one.name() + " " + one.source().label())
                .containsExactly("x:own local", "x:inherited inherited from tank/a");
        datasets().unsetSnapshotProperty("tank/a@s", "x:own");
        assertThat(value("tank/a@s", "x:own")).isEqualTo("-");
    }

    @Test
    void only_the_properties_asked_for_are_told_in_the_order_asked() {
        create("tank/a");
        snapshot("tank/a@s");

        assertThat(datasets().properties("tank/a", List.of("guid", "used", "defer_destroy", "type")))
                .extracting(DatasetProperty::name)
                .containsExactly("guid", "used", "type");
        assertThat(datasets().properties("tank/a@s", List.of("used", "clones")))
                .extracting(DatasetProperty::name)
                .containsExactly("clones");
        assertThat(datasets().properties("tank/a", List.of())).isEmpty();
        refused(
                Code.NOT_FOUND,
                "cannot open 'tank/a#b': dataset does not exist",
                () -> datasets().properties("tank/a#b", List.of()));
    }
}
