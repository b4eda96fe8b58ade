package zonda.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import zonda.base.Code;

/** Clones, their promotion, and destroying what others depend on. */
abstract class DependentsContract extends Contract {
    private static final DestroyOptions WITH_CLONES = new DestroyOptions(true, true, false);

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "2         | 1 3 4 5",
                "2,4       | 1 3 5",
                "4,2,4     | 1 3 5",
                "2%4       | 1 5",
                "%3        | 4 5",
                "4%        | 1 2 3",
                "%         | ''",
                "2%2       | 1 3 4 5",
                "1,3%      | 2",
                "1%2,4%5   | 3",
                "2,none    | 1 3 4 5",
                "none%,5   | 1 2 3 4",
                "4%2,1     | 2 3 4 5"
            })
    void snapshots_are_destroyed_by_names_and_ranges(String words, String left) {
        create("tank/a");
        List.of("1", "2", "3", "4", "5").forEach(name -> snapshot("tank/a@" + name));

        datasets().destroy("tank/a@" + words, DestroyOptions.ALONE);

        assertThat(datasets().snapshots("tank/a"))
                .extracting(Snapshot::shortName)
                .containsExactly(left.isEmpty() ? new String[0] : left.split(" "));
        assertThat(pool().reopen().snapshots("tank/a")).hasSize(left.isEmpty() ? 0 : left.split(" ").length);
        assertThat(pool().findings()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"none", "4%2", "none%", "'a,b'"})
    void ranges_that_mean_none_are_refused(String words) {
        create("tank/a");
        List.of("1", "2", "3", "4", "5").forEach(name -> snapshot("tank/a@" + name));

        refused(
                Code.NOT_FOUND,
                "could not find any snapshots to destroy; check snapshot names.",
                () -> datasets().destroy("tank/a@" + words, DestroyOptions.ALONE));
    }

    @Test
    void ranges_reach_the_datasets_below_only_when_asked() {
        create("tank/a", "tank/a/b", "tank/a/c");
        snapshot("tank/a@1", "tank/a@2", "tank/a/b@1", "tank/a/b@2", "tank/a/c@2");

        assertThat(datasets().wouldDestroy("tank/a@2", DestroyOptions.RECURSIVE))
                .containsExactly("tank/a@2", "tank/a/b@2", "tank/a/c@2");
        datasets().destroy("tank/a@1", DestroyOptions.ALONE);
        left("tank/a", "tank/a@2", "tank/a/b", "tank/a/b@1", "tank/a/b@2", "tank/a/c", "tank/a/c@2");
        datasets().destroy("tank/a@%", DestroyOptions.RECURSIVE);
        left("tank/a", "tank/a/b", "tank/a/c");
    }

    @Test
    void of_several_snapshots_none_is_destroyed_when_one_can_not_be() {
        create("tank/a");
        snapshot("tank/a@1", "tank/a@2", "tank/a@3");
        copy("tank/a@2", "tank/c");

        refused(
                Code.CONFLICT,
                "cannot destroy 'tank/a@2': snapshot has dependent clones\n"
                        + "use '-R' to destroy the following datasets:\ntank/c",
                () -> datasets().destroy("tank/a@1%3", DestroyOptions.ALONE));
        datasets().hold("tag", List.of("tank/a@3"));
        refused(
                Code.CONFLICT,
                "cannot destroy snapshot tank/a@3: it's being held. Run 'zfs holds -r tank/a@3' to see holders.",
                () -> datasets().destroy("tank/a@1,3", DestroyOptions.ALONE));
    }

    @Test
    void children_and_clones_are_named_when_they_are_in_the_way() {
        create("tank/a", "tank/a/b");
        snapshot("tank/a@s", "tank/a/b@s");
        copy("tank/a/b@s", "tank/c");

        refused(
                Code.CONFLICT,
                "cannot destroy 'tank/a': filesystem has children\nuse '-r' to destroy the following datasets:\n"
                        + "tank/a@s\ntank/a/b\ntank/a/b@s",
                () -> datasets().destroy("tank/a", DestroyOptions.ALONE));
        refused(
                Code.CONFLICT,
                "cannot destroy 'tank/a': filesystem has dependent clones\n"
                        + "use '-R' to destroy the following datasets:\ntank/c",
                () -> datasets().destroy("tank/a", DestroyOptions.RECURSIVE));
        refused(
                Code.INVALID,
                "cannot destroy 'tank': operation does not apply to pools\n"
                        + "use 'zpool destroy tank' to destroy the pool itself",
                () -> datasets().destroy("tank", DestroyOptions.RECURSIVE));
    }

    @Test
    void a_destroy_with_clones_takes_all_that_depends_wherever_it_is() {
        create("tank/a", "tank/other", "tank/keep");
        snapshot("tank/a@s", "tank/keep@s");
        copy("tank/a@s", "tank/other/c");
        create("tank/other/c/below");
        snapshot("tank/other/c/below@s");
        copy("tank/other/c/below@s", "tank/d");
        snapshot("tank/d@s");
        copy("tank/keep@s", "tank/a/e");

        assertThat(datasets().wouldDestroy("tank/a", WITH_CLONES))
                .containsExactly(
                        "tank/a/e",
                        "tank/d@s",
                        "tank/d",
                        "tank/other/c/below@s",
                        "tank/other/c/below",
                        "tank/other/c",
                        "tank/a@s",
                        "tank/a");
        datasets().destroy("tank/a", WITH_CLONES);

        left("tank/keep", "tank/keep@s", "tank/other");
    }

    @Test
    void an_origin_that_lies_below_its_clone_goes_with_it() {
        create("tank/a");
        snapshot("tank/a@s");
        copy("tank/a@s", "tank/c");
        datasets().rename("tank/a", "tank/c/a");

        assertThat(datasets().wouldDestroy("tank/c/a", WITH_CLONES))
                .containsExactly("tank/c", "tank/c/a@s", "tank/c/a");
        datasets().destroy("tank/c/a", WITH_CLONES);

        left();
    }

    @Test
    void a_snapshot_goes_with_its_clones() {
        create("tank/a");
        snapshot("tank/a@s", "tank/a@t");
        copy("tank/a@s", "tank/c");
        copy("tank/a@t", "tank/d");

        assertThat(datasets().wouldDestroy("tank/a@s", WITH_CLONES)).containsExactly("tank/c", "tank/a@s");
        datasets().destroy("tank/a@s", WITH_CLONES);

        left("tank/a", "tank/a@t", "tank/d");
    }

    /** A mark that names several nodes, and a crash before any of them was destroyed. */
    @Test
    void what_was_marked_together_goes_together_after_a_crash() {
        create("tank/a", "tank/b", "tank/c");
        snapshot("tank/a@s", "tank/b@s");
        datasets().bookmark("tank/b@s", "tank/b#m");
        pool().reopen();
        Guid a = Guid.parse(datasets().findSnapshot("tank/a@s").orElseThrow().guid())
                .orElseThrow();
        Guid b = Guid.parse(datasets().find("tank/b").orElseThrow().guid()).orElseThrow();
        pool().recordStore().bury(a, List.of(b));

        pool().reopen();

        left("tank/a", "tank/c");
    }

    @Test
    void a_rollback_with_clones_destroys_those_of_newer_snapshots() {
        create("tank/a");
        write("tank/a", "one");
        snapshot("tank/a@s");
        write("tank/a", "two");
        snapshot("tank/a@t");
        copy("tank/a@t", "tank/c");

        refused(
                Code.CONFLICT,
                "cannot rollback to 'tank/a@s': clones of previous snapshots exist\n"
                        + "use '-R' to force deletion of the following clones and dependents:\ntank/c",
                () -> datasets().rollback("tank/a@s", true));
        datasets().rollbackWithClones("tank/a@s");

        left("tank/a", "tank/a@s");
        assertThat(read("tank/a")).isEqualTo("one");
    }

    @Test
    void a_promoted_clone_takes_the_snapshots_over_and_its_origin_can_go() {
        create("tank/a");
        write("tank/a", "one");
        snapshot("tank/a@1", "tank/a@2", "tank/a@3");
        copy("tank/a@1", "tank/other");
        copy("tank/a@2", "tank/c");
        snapshot("tank/c@own");
        write("tank/c", "of the clone");

        datasets().promote("tank/c");

        left("tank/a", "tank/a@3", "tank/c", "tank/c@1", "tank/c@2", "tank/c@own", "tank/other");
        assertThat(value("tank/c", "origin")).isEqualTo("-");
        assertThat(value("tank/a", "origin")).isEqualTo("tank/c@2");
        assertThat(value("tank/other", "origin")).isEqualTo("tank/c@1");
        assertThat(value("tank/c@2", "clones")).isEqualTo("tank/a");
        datasets().destroy("tank/a", DestroyOptions.RECURSIVE);
        datasets().rollback("tank/c@2", true);
        assertThat(read("tank/c")).isEqualTo("one");
        copy("tank/c@1", "tank/d");
        assertThat(read("tank/d")).isEqualTo("one");
        datasets().destroy("tank/d", false);
        datasets().destroy("tank/other", false);
        datasets().destroy("tank/c", DestroyOptions.RECURSIVE);
        left();
    }

    @Test
    void promoting_back_and_forth_changes_nothing_in_the_end() {
        create("tank/a");
        snapshot("tank/a@1", "tank/a@2");
        copy("tank/a@1", "tank/c");

        datasets().promote("tank/c");
        pool().reopen();
        datasets().promote("tank/a");

        left("tank/a", "tank/a@1", "tank/a@2", "tank/c");
        assertThat(value("tank/c", "origin")).isEqualTo("tank/a@1");
        assertThat(value("tank/a", "origin")).isEqualTo("-");
    }

    @Test
    void a_clone_of_a_clone_is_promoted_step_by_step() {
        create("tank/a");
        snapshot("tank/a@1");
        copy("tank/a@1", "tank/b");
        snapshot("tank/b@2");
        copy("tank/b@2", "tank/c");

        datasets().promote("tank/c");
        assertThat(value("tank/c", "origin")).isEqualTo("tank/a@1");
        assertThat(value("tank/b", "origin")).isEqualTo("tank/c@2");
        datasets().promote("tank/c");

        assertThat(value("tank/c", "origin")).isEqualTo("-");
        left("tank/a", "tank/b", "tank/c", "tank/c@1", "tank/c@2");
        assertThat(value("tank/a", "origin")).isEqualTo("tank/c@1");
    }

    @Test
    void only_clones_are_promoted_and_only_without_clashes_of_names() {
        create("tank/a");
        snapshot("tank/a@s");
        copy("tank/a@s", "tank/c");
        snapshot("tank/c@s");

        refused(
                Code.INVALID,
                "cannot promote 'tank/a': not a cloned filesystem",
                () -> datasets().promote("tank/a"));
        refused(
                Code.NOT_FOUND,
                "cannot open 'tank/none': dataset does not exist",
                () -> datasets().promote("tank/none"));
        refused(
                Code.CONFLICT,
                "cannot promote 'tank/c': snapshot name 'tank/a@s' from origin conflicts with 'tank/c@s' from target",
                () -> datasets().promote("tank/c"));
        for (Supplier<Datasets> open : nowAndReopened()) {
            assertThat(open.get().find("tank/c").orElseThrow().origin()).hasValue("tank/a@s");
        }
    }
}
