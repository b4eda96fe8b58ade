package zonda.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import zonda.base.Bytes;
import zonda.base.Code;
import zonda.base.OpException;
import zonda.kernel.Mounts;

/** What zfs(8)'s verbs promise, over a real pool. */
class DatasetsContractIT {
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

    private static void refused(Code code, ThrowingCallable verb, String... words) {
        assertThatThrownBy(verb)
                .isInstanceOfSatisfying(
                        OpException.class, e -> assertThat(e.code()).isEqualTo(code))
                .hasMessageContainingAll(words);
    }

    /** An image as imgadm makes it: content, frozen as {@code @final}. */
    private void image(String name) throws IOException {
        datasets.create(name, DatasetOptions.DEFAULT);
        Files.writeString(datasets.mount(name).resolve("file"), "of the image");
        datasets.snapshot(name, "final");
    }

    @Test
    void a_new_pool_has_its_root_dataset_mounted() {
        assertThat(datasets.list()).singleElement().satisfies(root -> {
            assertThat(root.name()).isEqualTo("tank");
            assertThat(root.mounted()).isTrue();
            assertThat(root.mountpoint()).hasValue(pool.mountpoint());
        });
        assertThat(pool.pool().findings()).isEmpty();
        assertThat(pool.pool().size()).isEqualTo(Bytes.ofMiB(512));
    }

    @Test
    void the_devices_have_got_nothing_wrong() {
        assertThat(pool.pool().vdevs()).singleElement().satisfies(vdev -> {
            assertThat(vdev.path()).startsWith("/dev/loop");
            assertThat(vdev.missing()).isFalse();
            assertThat(vdev.readErrors() + vdev.writeErrors() + vdev.checksumErrors())
                    .isZero();
        });
    }

    @Test
    void a_created_dataset_is_mounted_below_its_parent() throws IOException {
        Dataset made = datasets.create("tank/a", DatasetOptions.DEFAULT);
        datasets.create("tank/a/b", DatasetOptions.DEFAULT);

        assertThat(made.mountpoint()).hasValue(at("a"));
        assertThat(made.origin()).isEmpty();
        Files.writeString(at("a/b/file"), "x");
        assertThat(Mounts.list()).extracting(mount -> mount.target()).contains(at("a"), at("a/b"));
        assertThat(datasets.list()).extracting(Dataset::name).containsExactly("tank", "tank/a", "tank/a/b");
        assertThat(datasets.list("tank/a")).extracting(Dataset::name).containsExactly("tank/a", "tank/a/b");
        assertThat(datasets.find("tank/a")).hasValue(made);
    }

    @Test
    void a_dataset_needs_a_free_name_and_a_parent() {
        datasets.create("tank/a", DatasetOptions.DEFAULT);

        refused(Code.CONFLICT, () -> datasets.create("tank/a", DatasetOptions.DEFAULT), "'tank/a'", "already exists");
        refused(Code.NOT_FOUND, () -> datasets.create("tank/x/y", DatasetOptions.DEFAULT), "parent does not exist");
        refused(Code.INVALID, () -> datasets.create("tank/../x", DatasetOptions.DEFAULT), "not a dataset name");
        refused(Code.INVALID, () -> datasets.create("other", DatasetOptions.DEFAULT), "missing dataset name");
        refused(Code.NOT_FOUND, () -> datasets.clone("tank/a@no", "tank/b", DatasetOptions.DEFAULT), "tank/a@no");
        assertThat(datasets.list()).hasSize(2);
    }

    @Test
    void a_clone_begins_as_its_snapshot_and_lives_apart() throws IOException {
        image("tank/image");
        Files.writeString(at("image/file"), "changed since");

        Dataset clone = datasets.clone("tank/image@final", "tank/vm", DatasetOptions.DEFAULT.mode(0700));

        assertThat(clone.origin()).hasValue("tank/image@final");
        assertThat(at("vm/file")).hasContent("of the image");
        Files.writeString(at("vm/file"), "of the vm");
        assertThat(at("image/file")).hasContent("changed since");
        assertThat(datasets.findSnapshot("tank/image@final"))
                .hasValueSatisfying(it -> assertThat(it.clones()).containsExactly("tank/vm"));
    }

    @Test
    void a_mode_is_that_of_the_top_directory_after_a_restart_too() throws IOException {
        image("tank/image");
        datasets.create("tank/a", DatasetOptions.DEFAULT.mode(0750));
        datasets.clone("tank/image@final", "tank/vm", DatasetOptions.DEFAULT.mode(0700));

        pool.exportAndOpen();

        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(at("a"))))
                .isEqualTo("rwxr-x---");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(at("vm"))))
                .isEqualTo("rwx------");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(at("image"))))
                .isEqualTo("rwxr-xr-x");
    }

    @Test
    void a_snapshot_keeps_its_content_and_order() throws IOException {
        datasets.create("tank/a", DatasetOptions.DEFAULT);
        Files.writeString(at("a/file"), "one");
        Snapshot first = datasets.snapshot("tank/a", "z");
        Files.writeString(at("a/file"), "two");
        datasets.snapshot("tank/a", "b");

        assertThat(first.name()).isEqualTo("tank/a@z");
        assertThat(first.shortName()).isEqualTo("z");
        assertThat(datasets.snapshots("tank/a")).extracting(Snapshot::shortName).containsExactly("z", "b");
        refused(Code.CONFLICT, () -> datasets.snapshot("tank/a", "z"), "tank/a@z", "already exists");
        refused(Code.NOT_FOUND, () -> datasets.snapshot("tank/none", "z"), "tank/none");
        datasets.clone("tank/a@z", "tank/c", DatasetOptions.DEFAULT);
        assertThat(at("c/file")).hasContent("one");
        assertThat(pool.reopen().snapshots("tank/a"))
                .extracting(Snapshot::shortName)
                .containsExactly("z", "b");
    }

    @Test
    void what_has_dependents_is_destroyed_only_with_them_and_never_with_clones_elsewhere() throws IOException {
        image("tank/image");
        datasets.create("tank/image/child", DatasetOptions.DEFAULT);
        datasets.clone("tank/image@final", "tank/vm", DatasetOptions.DEFAULT);

        refused(
                Code.CONFLICT,
                () -> datasets.destroy("tank/image", false),
                "has children",
                "tank/image/child",
                "tank/image@final",
                "-r");
        refused(Code.CONFLICT, () -> datasets.destroy("tank/image", true), "dependent clones", "tank/vm");
        refused(Code.CONFLICT, () -> datasets.destroy("tank/image@final", false), "dependent clones", "tank/vm");
        refused(Code.INVALID, () -> datasets.destroy("tank", true), "'tank'");
        assertThat(at("image/file")).exists();
        assertThat(at("image/child")).isDirectory();

        datasets.destroy("tank/vm", false);
        datasets.destroy("tank/image", true);

        assertThat(datasets.list()).extracting(Dataset::name).containsExactly("tank");
        assertThat(at("image")).doesNotExist();
        assertThat(pool.reopen().list()).hasSize(1);
        assertThat(pool.pool().findings()).isEmpty();
    }

    @Test
    void a_clone_below_its_own_origin_goes_with_it() throws IOException {
        image("tank/image");
        datasets.clone("tank/image@final", "tank/image/clone", DatasetOptions.DEFAULT);

        datasets.destroy("tank/image", true);

        assertThat(datasets.list()).hasSize(1);
        assertThat(pool.exportAndOpen().list()).hasSize(1);
        assertThat(pool.pool().findings()).isEmpty();
    }

    @Test
    void destroying_what_is_not_there_is_told_or_fine() {
        refused(Code.NOT_FOUND, () -> datasets.destroy("tank/none", false), "tank/none", "does not exist");
        assertThat(datasets.destroyIfExists("tank/none", true)).isFalse();
        assertThat(datasets.destroyIfExists("tank/none@x", true)).isFalse();
        datasets.create("tank/a", DatasetOptions.DEFAULT);
        assertThat(datasets.destroyIfExists("tank/a", true)).isTrue();
        assertThat(datasets.find("tank/a")).isEmpty();
    }

    @Test
    void subvolumes_that_somebody_made_inside_go_with_the_dataset() throws IOException {
        datasets.create("tank/a", DatasetOptions.DEFAULT);
        try (var in = zonda.kernel.Fd.openDirectory(at("a"))) {
            zonda.kernel.Btrfs.createSubvolume(in, "inner", List.of());
        }
        try (var in = zonda.kernel.Fd.openDirectory(at("a/inner"))) {
            zonda.kernel.Btrfs.createSubvolume(in, "innermost", List.of());
        }
        Files.writeString(at("a/inner/innermost/file"), "x");

        datasets.destroy("tank/a", false);

        assertThat(at("a")).doesNotExist();
        pool.exportAndOpen();
        assertThat(pool.pool().findings()).isEmpty();
    }

    @Test
    void a_renamed_dataset_keeps_what_is_below_it_and_its_snapshots_and_clones() throws IOException {
        image("tank/a");
        datasets.create("tank/a/b", DatasetOptions.DEFAULT.property("a:b", "kept"));
        datasets.clone("tank/a@final", "tank/vm", DatasetOptions.DEFAULT);
        datasets.create("tank/new", DatasetOptions.DEFAULT);
        Files.writeString(at("a/b/file"), "moves");

        datasets.rename("tank/a", "tank/new/c");

        for (Supplier<Datasets> open : List.<Supplier<Datasets>>of(() -> datasets, pool::reopen, pool::exportAndOpen)) {
            Datasets after = open.get();
            assertThat(after.list())
                    .extracting(Dataset::name)
                    .containsExactly("tank", "tank/new", "tank/new/c", "tank/new/c/b", "tank/vm");
            assertThat(after.find("tank/vm").orElseThrow().origin()).hasValue("tank/new/c@final");
            assertThat(after.property("tank/new/c/b", "a:b")).hasValue("kept");
            assertThat(after.find("tank/new/c").orElseThrow().mounted()).isTrue();
        }
        assertThat(at("new/c/b/file")).hasContent("moves");
        assertThat(at("a")).doesNotExist();
    }

    @Test
    void a_name_can_be_taken_over_by_renaming() throws IOException {
        datasets.create("tank/x-partial", DatasetOptions.DEFAULT);
        Files.writeString(at("x-partial/file"), "x");

        datasets.rename("tank/x-partial", "tank/x");
        datasets.create("tank/x-partial", DatasetOptions.DEFAULT);

        assertThat(at("x/file")).hasContent("x");
        assertThat(at("x-partial")).isEmptyDirectory();
    }

    @Test
    void renaming_is_refused_to_names_that_are_taken_or_can_not_be() {
        datasets.create("tank/a", DatasetOptions.DEFAULT);
        datasets.create("tank/b", DatasetOptions.DEFAULT);

        refused(Code.CONFLICT, () -> datasets.rename("tank/a", "tank/b"), "already exists");
        refused(Code.NOT_FOUND, () -> datasets.rename("tank/a", "tank/x/y"), "parent does not exist");
        refused(Code.INVALID, () -> datasets.rename("tank/a", "tank/a/c"), "tank/a/c");
        refused(Code.INVALID, () -> datasets.rename("tank", "other"), "tank");
        refused(Code.NOT_FOUND, () -> datasets.rename("tank/none", "tank/c"), "tank/none");
        assertThat(at("a")).isDirectory();
        assertThat(datasets.find("tank/a").orElseThrow().mounted()).isTrue();
    }

    @Test
    void a_rollback_brings_the_content_back_and_refuses_over_newer_snapshots() throws IOException {
        datasets.create("tank/a", DatasetOptions.DEFAULT);
        datasets.create("tank/a/child", DatasetOptions.DEFAULT);
        Files.writeString(at("a/file"), "one");
        datasets.snapshot("tank/a", "s1");
        Files.writeString(at("a/file"), "two");
        Files.writeString(at("a/extra"), "two");
        datasets.snapshot("tank/a", "s2");
        datasets.snapshot("tank/a", "s3");

        refused(Code.CONFLICT, () -> datasets.rollback("tank/a@s1", false), "tank/a@s2", "tank/a@s3");
        datasets.clone("tank/a@s3", "tank/c", DatasetOptions.DEFAULT);
        refused(Code.CONFLICT, () -> datasets.rollback("tank/a@s1", true), "tank/c");
        datasets.destroy("tank/c", false);
        datasets.rollback("tank/a@s1", true);

        assertThat(at("a/file")).hasContent("one");
        assertThat(at("a/extra")).doesNotExist();
        assertThat(at("a/child")).isDirectory();
        assertThat(datasets.find("tank/a/child").orElseThrow().mounted()).isTrue();
        assertThat(datasets.snapshots("tank/a")).extracting(Snapshot::shortName).containsExactly("s1");
        Files.writeString(at("a/file"), "three");
        pool.exportAndOpen().rollback("tank/a@s1", false);
        assertThat(at("a/file")).hasContent("one");
        assertThat(pool.pool().findings()).isEmpty();
    }

    @Test
    void user_properties_are_inherited_and_kept() {
        datasets.create("tank/a", DatasetOptions.DEFAULT.property("x:one", "1").property("x:two", "2"));
        datasets.create("tank/a/b", DatasetOptions.DEFAULT);

        datasets.setProperty("tank/a/b", "x:two", "other");
        datasets.setProperty("tank/a", "x:three", "3 \"quoted\" \u00e9");
        datasets.unsetProperty("tank/a", "x:one");
        datasets.unsetProperty("tank/a", "x:none");

        for (Supplier<Datasets> open : List.<Supplier<Datasets>>of(() -> datasets, pool::reopen, pool::exportAndOpen)) {
            Datasets after = open.get();
            assertThat(after.find("tank/a").orElseThrow().properties())
                    .isEqualTo(Map.of("x:two", "2", "x:three", "3 \"quoted\" \u00e9"));
            assertThat(after.property("tank/a/b", "x:two")).hasValue("other");
            assertThat(after.property("tank/a/b", "x:three")).hasValue("3 \"quoted\" \u00e9");
            assertThat(after.property("tank/a/b", "x:one")).isEmpty();
        }
        refused(Code.INVALID, () -> datasets.setProperty("tank/a", "nocolon", "x"), "nocolon");
        refused(Code.NOT_FOUND, () -> datasets.setProperty("tank/none", "x:y", "x"), "tank/none");
    }

    @Test
    void a_mountpoint_of_its_own_is_followed_by_the_datasets_below() {
        Path elsewhere = pool.directory().resolve("elsewhere");
        datasets.create("tank/a", DatasetOptions.DEFAULT.mountpoint(new Mountpoint.At(elsewhere)));
        datasets.create("tank/a/b", DatasetOptions.DEFAULT);
        datasets.create("tank/n", DatasetOptions.DEFAULT.mountpoint(new Mountpoint.None()));
        datasets.create("tank/n/m", DatasetOptions.DEFAULT);

        for (Supplier<Datasets> open : List.<Supplier<Datasets>>of(() -> datasets, pool::reopen, pool::exportAndOpen)) {
            Datasets after = open.get();
            assertThat(after.find("tank/a/b").orElseThrow().mountpoint()).hasValue(elsewhere.resolve("b"));
            assertThat(after.find("tank/n/m").orElseThrow().mountpoint()).isEmpty();
            assertThat(after.find("tank/n/m").orElseThrow().mounted()).isFalse();
            assertThat(Mounts.list())
                    .extracting(mount -> mount.target())
                    .contains(elsewhere, elsewhere.resolve("b"))
                    .doesNotContain(at("n"), at("a"));
        }
        refused(Code.INVALID, () -> datasets.mount("tank/n"), "mountpoint is none");
        refused(Code.INVALID, () -> new Mountpoint.At(Path.of("relative")), "absolute");
    }

    @Test
    void a_mountpoint_is_never_reached_through_a_symbolic_link() throws IOException {
        datasets.create("tank/a", DatasetOptions.DEFAULT);
        Path outside = Files.createDirectory(pool.directory().resolve("outside"));
        Files.createSymbolicLink(at("a/b"), outside);

        assertThatThrownBy(() -> datasets.create("tank/a/b", DatasetOptions.DEFAULT))
                .hasMessageContaining("a/b");

        assertThat(outside).isEmptyDirectory();
        assertThat(datasets.find("tank/a/b")).as("taken back").isEmpty();
        assertThat(pool.reopen().find("tank/a/b")).isEmpty();
        assertThat(pool.pool().findings()).isEmpty();
    }

    @Test
    void mounting_and_unmounting_are_idempotent_and_take_those_below_along() {
        datasets.create("tank/a", DatasetOptions.DEFAULT);
        datasets.create("tank/a/b", DatasetOptions.DEFAULT);

        datasets.unmount("tank/a");
        datasets.unmount("tank/a");

        assertThat(datasets.list("tank/a")).extracting(Dataset::mounted).containsExactly(false, false);
        assertThat(at("a")).doesNotExist();
        assertThat(datasets.mount("tank/a")).isEqualTo(at("a"));
        assertThat(datasets.mount("tank/a")).isEqualTo(at("a"));
        assertThat(pool.mounts().stream().filter(mount -> mount.target().equals(at("a"))))
                .hasSize(1);
    }

    @Test
    void a_restarted_daemon_takes_over_the_mounts_and_the_loop_device() throws IOException {
        image("tank/image");
        datasets.clone("tank/image@final", "tank/vm", DatasetOptions.DEFAULT.quota(Bytes.ofMiB(64)));
        var mounts = pool.mounts();
        List<Dataset> before = datasets.list();

        for (int i = 0; i < 3; i++) {
            datasets = pool.reopen();
            assertThat(pool.mounts()).isEqualTo(mounts);
            assertThat(datasets.list()).isEqualTo(before);
            assertThat(pool.pool().findings()).isEmpty();
        }
        datasets.destroy("tank/vm", false);
        assertThat(datasets.list()).hasSize(2);
    }

    @Test
    void an_exported_pool_leaves_nothing_mounted_and_opens_as_it_was() throws IOException {
        image("tank/image");
        datasets.clone("tank/image@final", "tank/vm", DatasetOptions.DEFAULT);
        List<Dataset> before = datasets.list();

        datasets = pool.exportAndOpen();

        assertThat(datasets.list()).isEqualTo(before);
        assertThat(at("vm/file")).hasContent("of the image");
        pool.destroy();
        ScratchPool.delete(pool.directory());
        pool = null;
    }

    @Test
    void a_subvolume_that_nobody_knows_is_reported_and_left_alone() {
        Path top = pool.config().top();
        try (var in = zonda.kernel.Fd.openDirectory(top)) {
            zonda.kernel.Btrfs.createSubvolume(in, "stranger", List.of());
        }
        try (var in = zonda.kernel.Fd.openDirectory(top.resolve("ds"))) {
            zonda.kernel.Btrfs.createSubvolume(in, "0123456789abcdef", List.of());
            zonda.kernel.Btrfs.sync(in);
        }

        pool.reopen();

        assertThat(pool.pool().findings())
                .hasSize(2)
                .anySatisfy(finding -> assertThat(finding).contains("stranger", "left alone"))
                .anySatisfy(finding -> assertThat(finding).contains("ds/0123456789abcdef", "left alone"));
        assertThat(top.resolve("stranger")).isDirectory();
        assertThat(top.resolve("ds/0123456789abcdef")).isDirectory();
    }

    @Test
    void usage_counts_what_is_written_and_what_is_left() throws IOException {
        datasets.create("tank/a", DatasetOptions.DEFAULT.quota(Bytes.ofMiB(32)));
        Files.write(at("a/file"), new byte[4 << 20], StandardOpenOption.CREATE, StandardOpenOption.SYNC);
        pool.sync();

        Usage usage = datasets.usage("tank/a");

        assertThat(usage.quota()).hasValue(Bytes.ofMiB(32));
        assertThat(usage.used().value()).isBetween(4L << 20, 5L << 20);
        assertThat(usage.available().value()).isBetween(27L << 20, 28L << 20);
        assertThat(datasets.usage("tank").used().value())
                .isGreaterThanOrEqualTo(usage.used().value());
        assertThat(datasets.usage("tank").quota()).isEqualTo(Optional.empty());
    }
}
