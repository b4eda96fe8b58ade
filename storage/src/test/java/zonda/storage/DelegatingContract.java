package zonda.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import zonda.base.Code;
import zonda.storage.Permissions.Target;
import zonda.storage.Permissions.Whom;

/** What the dataset service lets others than root do: zfs-allow(8). */
abstract class DelegatingContract extends Contract {
    private static final Caller BOB = new Caller(1001, Set.of(1001, 50));
    private static final Caller EVE = new Caller(1002, Set.of(1002));
    private static final Whom IS_BOB = new Whom.User(1001);

    private void allow(String dataset, Whom whom, String... permissions) {
        datasets()
                .delegating()
                .allow(dataset, List.of(new Target.At(whom, false), new Target.At(whom, true)), Set.of(permissions));
    }

    private boolean may(Caller who, String dataset, String permission) {
        return datasets().delegating().may(who, dataset, permission);
    }

    @Test
    void nobody_but_root_may_anything_that_was_not_delegated() {
        create("tank/a", "tank/a/b", "tank/c");
        allow("tank/a", IS_BOB, "snapshot");

        for (Supplier<Datasets> open : nowAndReopened()) {
            Delegating delegating = open.get().delegating();
            assertThat(delegating.may(BOB, "tank/a", "snapshot")).isTrue();
            assertThat(delegating.may(BOB, "tank/a/b", "snapshot")).isTrue();
            assertThat(delegating.may(BOB, "tank/a", "destroy")).isFalse();
            assertThat(delegating.may(BOB, "tank", "snapshot")).isFalse();
            assertThat(delegating.may(BOB, "tank/c", "snapshot")).isFalse();
            assertThat(delegating.may(EVE, "tank/a", "snapshot")).isFalse();
            assertThat(delegating.may(Caller.ROOT, "tank/c", "destroy")).isTrue();
        }
    }

    @Test
    void what_is_given_at_a_dataset_is_another_than_what_is_given_below_it() {
        create("tank/a", "tank/a/b");
        datasets().delegating().allow("tank/a", List.of(new Target.At(IS_BOB, false)), Set.of("send"));
        datasets().delegating().allow("tank/a", List.of(new Target.At(IS_BOB, true)), Set.of("destroy"));

        assertThat(may(BOB, "tank/a", "send")).isTrue();
        assertThat(may(BOB, "tank/a/b", "send")).isFalse();
        assertThat(may(BOB, "tank/a", "destroy")).isFalse();
        assertThat(may(BOB, "tank/a/b", "destroy")).isTrue();
        assertThat(datasets().delegating().mayBelow(BOB, "tank/a", "destroy")).isTrue();
        assertThat(datasets().delegating().mayBelow(BOB, "tank/a", "send")).isFalse();
    }

    @Test
    void groups_and_everyone_are_whom_the_kernel_says() {
        create("tank/a");
        allow("tank/a", new Whom.Group(50), "send");
        allow("tank/a", new Whom.Everyone(), "hold");

        assertThat(may(BOB, "tank/a", "send")).isTrue();
        assertThat(may(EVE, "tank/a", "send")).isFalse();
        assertThat(may(EVE, "tank/a", "hold")).isTrue();
    }

    @Test
    void a_set_means_what_the_nearest_above_says_that_defines_it() {
        create("tank/a", "tank/a/b");
        Delegating delegating = datasets().delegating();
        delegating.allow("tank", List.of(new Target.Named("@x")), Set.of("send", "@y"));
        delegating.allow("tank", List.of(new Target.Named("@y")), Set.of("hold", "@x"));
        delegating.allow("tank/a/b", List.of(new Target.Named("@x")), Set.of("destroy"));
        allow("tank/a", IS_BOB, "@x", "@undefined");

        assertThat(may(BOB, "tank/a/b", "send")).isTrue();
        assertThat(may(BOB, "tank/a/b", "hold")).as("a set in a set").isTrue();
        assertThat(may(BOB, "tank/a/b", "destroy"))
                .as("as defined below where it was given")
                .isFalse();
        delegating.allow("tank/a", List.of(new Target.Named("@x")), Set.of("rollback"));
        assertThat(may(BOB, "tank/a/b", "rollback")).isTrue();
        assertThat(may(BOB, "tank/a/b", "send")).isFalse();
    }

    @Test
    void who_makes_a_dataset_gets_there_what_its_makers_get() {
        create("tank/a");
        datasets().delegating().allow("tank", List.of(new Target.Maker()), Set.of("destroy"));
        datasets().delegating().allow("tank/a", List.of(new Target.Maker()), Set.of("rollback"));
        assertThat(datasets().delegating().mayBelow(BOB, "tank/a", "destroy")).isTrue();

        datasets().delegating().create(BOB, "tank/a/of-bob", DatasetOptions.DEFAULT);

        assertThat(datasets().find("tank/a/of-bob").orElseThrow().mounted()).isFalse();
        assertThat(may(BOB, "tank/a/of-bob", "destroy")).isTrue();
        assertThat(may(BOB, "tank/a/of-bob", "rollback")).isTrue();
        assertThat(may(EVE, "tank/a/of-bob", "destroy")).isFalse();
        assertThat(may(BOB, "tank/a", "destroy")).isFalse();
        create("tank/a/of-root");
        assertThat(datasets()
                        .delegating()
                        .delegated("tank/a/of-root")
                        .getFirst()
                        .permissions()
                        .granted())
                .as("root as well")
                .containsOnlyKeys(new Target.At(new Whom.User(0), false));
    }

    @Test
    void what_was_delegated_goes_where_its_dataset_goes_and_to_no_clone() {
        create("tank/a", "tank/c");
        allow("tank/a", IS_BOB, "send");
        snapshot("tank/a@s");
        copy("tank/a@s", "tank/clone");
        datasets().rename("tank/a", "tank/c/a");

        assertThat(may(BOB, "tank/c/a", "send")).isTrue();
        assertThat(may(BOB, "tank/clone", "send")).isFalse();
        datasets().promote("tank/clone");
        assertThat(may(BOB, "tank/clone", "send")).isFalse();
        assertThat(may(BOB, "tank/c/a", "send")).isTrue();
    }

    @Test
    void what_was_delegated_is_taken_back_by_name_altogether_and_below() {
        create("tank/a", "tank/a/b");
        allow("tank/a", IS_BOB, "send", "hold", "destroy");
        allow("tank/a/b", IS_BOB, "send");
        List<Target> bob = List.of(new Target.At(IS_BOB, false), new Target.At(IS_BOB, true));
        Delegating delegating = datasets().delegating();

        delegating.unallow("tank/a", bob, Optional.of(Set.of("hold", "rollback")), false);
        assertThat(may(BOB, "tank/a", "hold")).isFalse();
        delegating.unallow("tank/a", bob.subList(0, 1), Optional.empty(), false);
        assertThat(may(BOB, "tank/a", "send")).isFalse();
        assertThat(may(BOB, "tank/a/b", "destroy")).isTrue();
        delegating.unallow("tank/a", bob, Optional.empty(), true);
        for (Supplier<Datasets> open : nowAndReopened()) {
            assertThat(open.get().delegating().delegated("tank/a/b")).isEmpty();
        }
    }

    @Test
    void a_permission_that_there_is_not_is_refused_with_all_that_was_asked_for() {
        create("tank/a");

        refused(
                Code.INVALID,
                "cannot set permissions on 'tank/a': there is no permission 'nosuch'; 'zfs allow' lists all",
                () -> allow("tank/a", IS_BOB, "nosuch", "send"));
        refused(
                Code.NOT_FOUND,
                "cannot open 'tank/none': dataset does not exist",
                () -> allow("tank/none", IS_BOB, "send"));
        assertThat(datasets().delegating().delegated("tank/a")).isEmpty();
    }
}
