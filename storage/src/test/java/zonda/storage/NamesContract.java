package zonda.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
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
import zonda.base.OpException;

/** Names, where datasets are, and what they inherit. */
abstract class NamesContract extends Contract {
    @ParameterizedTest
    @ValueSource(strings = {"a", "A9", "with-dash", "with_underscore", "with.dot", "with:colon", "9", "_", "a.b-c_d:e"})
    void names_of_these_characters_are_taken(String name) {
        create("tank/" + name);
        snapshot("tank/" + name + "@" + name);
        datasets().bookmark("tank/" + name + "@" + name, "tank/" + name + "#" + name);

        left("tank/" + name, "tank/" + name + "@" + name, "tank/" + name + "#" + name);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "tank/",
                "tank//a",
                "/tank/a",
                "tank/.",
                "tank/..",
                "tank/../a",
                "tank/-a",
                "tank/a b",
                "tank/a\nb",
                "tank/a%b",
                "tank/ä",
                "tank/a$",
                "tank/a\0",
                "tank/a*"
            })
    void names_of_other_characters_are_refused(String name) {
        refused(Code.INVALID, "'" + name + "': not a dataset name", () -> create(name));
    }

    @ParameterizedTest
    @ValueSource(strings = {"tank/a@", "tank/a@b/c", "tank/a@b@c", "tank/a@b c", "tank/a@ü"})
    void names_of_snapshots_with_other_characters_are_refused(String name) {
        create("tank/a");

        assertThatThrownBy(() -> snapshot(name))
                .isInstanceOfSatisfying(
                        OpException.class, e -> assertThat(e.code()).isEqualTo(Code.INVALID));
        left("tank/a");
    }

    @Test
    void names_have_at_most_255_characters() {
        String longest = "tank/" + "a".repeat(250);
        create(longest);

        refused(Code.INVALID, "'" + longest + "a': name is too long", () -> create(longest + "a"));
        refused(Code.INVALID, "'" + longest + "@s': not a snapshot name", () -> snapshot(longest + "@s"));
        left(longest);
    }

    @ParameterizedTest
    @CsvSource({
        "tank/a,   CONFLICT,  dataset already exists",
        "tank/x/y, NOT_FOUND, parent does not exist",
        "tank,     INVALID,   missing dataset name"
    })
    void a_dataset_needs_a_free_name_below_another(String name, Code code, String why) {
        create("tank/a");

        refused(code, "cannot create '" + name + "': " + why, () -> create(name));
    }

    @ParameterizedTest
    @CsvSource({
        "tank/a,    tank/b,     CONFLICT,  cannot rename to 'tank/b': dataset already exists",
        "tank/a,    tank/x/y,   NOT_FOUND, cannot rename to 'tank/x/y': parent does not exist",
        "tank/a,    tank/a/c,   INVALID,   cannot rename 'tank/a' to 'tank/a/c': not possible",
        "tank,      other,      INVALID,   cannot rename 'tank' to 'other': not possible",
        "tank/none, tank/c,     NOT_FOUND, cannot open 'tank/none': dataset does not exist"
    })
    void a_dataset_is_renamed_only_to_where_it_can_be(String from, String to, Code code, String message) {
        create("tank/a", "tank/b");

        refused(code, message, () -> datasets().rename(from, to));
    }

    @Test
    void what_is_below_follows_a_rename_with_its_content_and_its_clones_elsewhere() {
        create("tank/a", "tank/a/b", "tank/new");
        write("tank/a/b", "moves");
        snapshot("tank/a/b@s");
        copy("tank/a/b@s", "tank/c");
        datasets().bookmark("tank/a/b@s", "tank/a/b#m");

        datasets().rename("tank/a", "tank/new/z");

        left("tank/c", "tank/new", "tank/new/z", "tank/new/z/b", "tank/new/z/b@s", "tank/new/z/b#m");
        assertThat(read("tank/new/z/b")).isEqualTo("moves");
        assertThat(value("tank/c", "origin")).isEqualTo("tank/new/z/b@s");
    }

    @Test
    void a_name_that_became_free_is_another_dataset_s() {
        create("tank/a");
        write("tank/a", "old");
        String guid = value("tank/a", "guid");
        datasets().rename("tank/a", "tank/b");
        create("tank/a");

        assertThat(read("tank/a")).isEmpty();
        assertThat(read("tank/b")).isEqualTo("old");
        assertThat(value("tank/b", "guid")).isEqualTo(guid);
        assertThat(value("tank/a", "guid")).isNotEqualTo(guid);
        datasets().destroy("tank/b", false);
        left("tank/a");
    }

    @ParameterizedTest
    @CsvSource({"x:y, ''", "x:y, text", "x:y, 'with \"quotes\" and é'", "module:with-dash.dot_, 1", "':', colon"})
    void user_properties_are_kept_and_inherited(String name, String value) {
        create("tank/a", "tank/a/b");
        snapshot("tank/a/b@s");

        datasets().setProperty("tank/a", name, value);

        for (Supplier<Datasets> open : nowAndReopened()) {
            open.get();
            assertThat(value("tank/a", name)).isEqualTo(value);
            assertThat(datasets().properties("tank/a/b", List.of(name)))
                    .singleElement()
                    .satisfies(one -> assertThat(one.source().label()).isEqualTo("inherited from tank/a"));
            assertThat(value("tank/a/b@s", name)).isEqualTo(value);
        }
        datasets().unsetProperty("tank/a", name);
        assertThat(datasets().properties("tank/a/b", List.of(name))).isEmpty();
    }

    /** The record is kept beside the dataset, where there is room for some bytes: a letter takes up to four. */
    @ParameterizedTest
    @CsvSource({"w, 9000", "é, 3000", "é, 9000", "字, 3000", "字, 9000"})
    void user_properties_of_much_text_are_kept_whatever_letters_it_has(String letter, int length) {
        String value = letter.repeat(length);
        create("tank/a");

        datasets().setProperty("tank/a", "x:y", value);
        create("tank/a/b");

        for (Supplier<Datasets> open : nowAndReopened()) {
            open.get();
            assertThat(value("tank/a", "x:y")).isEqualTo(value);
        }
        datasets().rename("tank/a", "tank/c");
        left("tank/c", "tank/c/b");
    }

    @ParameterizedTest
    @ValueSource(strings = {"nocolon", "Upper:case", "x:sp ace", "x:"})
    void names_of_user_properties_are_checked(String name) {
        create("tank/a");
        if (name.equals("x:")) {
            datasets().setProperty("tank/a", name, "fine");
            assertThat(value("tank/a", name)).isEqualTo("fine");
            return;
        }

        refused(
                Code.INVALID,
                "'" + name + "': a user property has a colon in its name and no upper case",
                () -> datasets().setProperty("tank/a", name, "x"));
    }

    @Test
    void a_quota_is_told_to_the_driver_whenever_it_changes() {
        datasets().create("tank/a", DatasetOptions.DEFAULT.quota(Bytes.ofMiB(64)));
        assertThat(value("tank/a", "quota")).isEqualTo(String.valueOf(64 << 20));

        datasets().setQuota("tank/a", Optional.of(Bytes.ofMiB(32)));
        for (Supplier<Datasets> open : nowAndReopened()) {
            assertThat(open.get().usage("tank/a").quota()).hasValue(Bytes.ofMiB(32));
            assertThat(open.get().usage("tank/a").available().value()).isBetween(31L << 20, 32L << 20);
        }
        create("tank/a/b");
        assertThat(datasets().usage("tank/a/b").available().value()).isBetween(31L << 20, 32L << 20);
        datasets().setQuota("tank/a", Optional.empty());
        assertThat(value("tank/a", "quota")).isEqualTo("none");
        assertThat(datasets().usage("tank/a").available().value()).isGreaterThan(64L << 20);
    }

    @Test
    void mountpoints_are_inherited_with_the_names_below_them() {
        create("tank/a", "tank/a/b");
        datasets().create("tank/n", DatasetOptions.DEFAULT.mountpoint(new Mountpoint.None()));
        create("tank/n/m");

        for (Supplier<Datasets> open : nowAndReopened()) {
            Path root = open.get().find("tank").orElseThrow().mountpoint().orElseThrow();
            assertThat(datasets().find("tank/a/b").orElseThrow().mountpoint()).hasValue(root.resolve("a/b"));
            assertThat(datasets().find("tank/a/b").orElseThrow().mounted()).isTrue();
            assertThat(datasets().find("tank/n/m").orElseThrow().mountpoint()).isEmpty();
            assertThat(datasets().find("tank/n/m").orElseThrow().mounted()).isFalse();
        }
        refused(
                Code.INVALID,
                "cannot mount 'tank/n': mountpoint is none",
                () -> datasets().mount("tank/n"));
        refused(
                Code.NOT_FOUND,
                "cannot open 'tank/none': dataset does not exist",
                () -> datasets().mount("tank/none"));
    }

    @Test
    void unmounting_takes_those_below_along_and_mounting_brings_back_one() {
        create("tank/a", "tank/a/b");

        datasets().unmount("tank/a");
        datasets().unmount("tank/a");
        assertThat(datasets().list("tank/a")).extracting(Dataset::mounted).containsExactly(false, false);
        datasets().mount("tank/a");
        datasets().mount("tank/a");
        assertThat(datasets().list("tank/a")).extracting(Dataset::mounted).containsExactly(true, false);
    }

    @Test
    void a_clone_begins_as_its_snapshot_and_lives_apart() {
        create("tank/a");
        write("tank/a", "one");
        snapshot("tank/a@s");
        write("tank/a", "two");

        copy("tank/a@s", "tank/c");
        write("tank/c", "three");

        for (Supplier<Datasets> open : nowAndReopened()) {
            assertThat(open.get().findSnapshot("tank/a@s").orElseThrow().clones())
                    .containsExactly("tank/c");
            assertThat(read("tank/a")).isEqualTo("two");
            assertThat(read("tank/c")).isEqualTo("three");
        }
        refused(
                Code.NOT_FOUND,
                "cannot open 'tank/a@none': dataset does not exist",
                () -> copy("tank/a@none", "tank/d"));
        refused(Code.CONFLICT, "cannot create 'tank/c': dataset already exists", () -> copy("tank/a@s", "tank/c"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"tank/none", "tank/none@s", "tank/none/below"})
    void destroying_what_is_not_there_is_told_or_fine(String name) {
        assertThatThrownBy(() -> datasets().destroy(name, true))
                .isInstanceOfSatisfying(
                        OpException.class, e -> assertThat(e.code()).isEqualTo(Code.NOT_FOUND));
        assertThat(datasets().destroyIfExists(name, true)).isFalse();
        assertThat(datasets().findSnapshot("tank/none@s")).isEmpty();
        datasets().snapshots(List.of("tank@s"), Map.of());
        assertThat(datasets().destroyIfExists("tank@s", false)).isTrue();
    }
}
