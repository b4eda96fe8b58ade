package zonda.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import zonda.base.Await;
import zonda.base.Code;
import zonda.base.OpException;
import zonda.kernel.Command;

/** Datasets that somebody uses: every refusal says who it is. */
class BusyDatasetsIT {
    private ScratchPool pool;
    private Datasets datasets;
    private Path mounted;

    @BeforeEach
    void makePool() {
        pool = ScratchPool.create();
        datasets = pool.datasets();
        datasets.create("tank/a", DatasetOptions.DEFAULT);
        mounted = pool.mountpoint().resolve("a");
    }

    @AfterEach
    void takePoolAway() {
        if (pool != null) {
            pool.close();
        }
    }

    /** A process of another mount namespace, copied while all was mounted; it ends when it is closed. */
    private record Other(Process process) implements AutoCloseable {
        static Other start(String... argv) throws IOException {
            Process process = Command.of(List.of(argv)).start();
            process.getOutputStream().write('\n');
            process.getOutputStream().flush();
            assertThat(process.getInputStream().read()).isEqualTo('\n');
            return new Other(process);
        }

        @Override
        public void close() {
            process.destroyForcibly();
            assertThat(Await.until(Duration.ofSeconds(10), () -> !process.isAlive()))
                    .isTrue();
        }
    }

    /** It keeps the mounts of this pool only: others on this machine have pools of their own to take away. */
    private Other otherNamespace() throws IOException {
        String letGo =
                "while read -r _ target type _; do case $type:$target in btrfs:$1/*) ;; btrfs:*zonda*) echo $target ;;"
                        + " esac; done </proc/self/mounts | sort -r | xargs -r umount -l; exec cat";
        return Other.start(
                "unshare",
                "--mount",
                "--propagation",
                "private",
                "sh",
                "-c",
                letGo,
                "sh",
                pool.directory().toString());
    }

    private static void refusedAsBusy(Runnable verb, Process by) {
        assertThatThrownBy(verb::run)
                .isInstanceOfSatisfying(
                        OpException.class, e -> assertThat(e.code()).isEqualTo(Code.CONFLICT))
                .hasMessageContainingAll("tank/a", "busy", "process " + by.pid(), "mnt:[");
    }

    @Test
    void what_this_process_has_open_for_a_moment_is_waited_for_and_for_longer_is_refused() throws IOException {
        Path file = Files.writeString(mounted.resolve("file"), "looked at");

        try (var _ = Files.newInputStream(file)) {
            assertThatThrownBy(() -> datasets.destroy("tank/a", true))
                    .hasMessageContainingAll(
                            "tank/a",
                            "busy",
                            "process " + ProcessHandle.current().pid());
        }
        InputStream open = Files.newInputStream(file);
        Thread.ofVirtual().start(() -> {
            LockSupport.parkNanos(Duration.ofMillis(300).toNanos());
            try {
                open.close();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });

        datasets.destroy("tank/a", true);

        assertThat(datasets.find("tank/a")).isEmpty();
    }

    @Test
    void a_name_of_no_encoding_that_somebody_has_open_is_no_obstacle() throws IOException {
        datasets.create("tank/b", DatasetOptions.DEFAULT);
        try (var other = Other.start(
                        "sh", "-c", "exec 9>\"$1/$(printf 'x\\377')\"; exec cat", "sh", pool.mountpoint() + "/b");
                var _ = Other.start("sh", "-c", "cd \"$1\"; exec cat", "sh", mounted.toString())) {
            assertThatThrownBy(() -> datasets.destroy("tank/b", true))
                    .hasMessageContainingAll(
                            "tank/b", "busy", "process " + other.process().pid());
            assertThatThrownBy(() -> datasets.destroy("tank/a", true)).hasMessageContaining("working directory");
        }
    }

    @Test
    void a_dataset_that_another_namespace_holds_is_not_destroyed() throws IOException {
        try (var other = otherNamespace()) {
            assertThat(datasets.holder("tank/a"))
                    .hasValueSatisfying(holder ->
                            assertThat(holder.pid()).isEqualTo(other.process().pid()));

            refusedAsBusy(() -> datasets.destroy("tank/a", true), other.process());

            assertThat(datasets.find("tank/a").orElseThrow().mounted()).isTrue();
            assertThat(mounted).isDirectory();
        }
        assertThat(datasets.holder("tank/a")).isEmpty();
        datasets.destroy("tank/a", true);
        assertThat(mounted).doesNotExist();
    }

    @Test
    void a_container_that_takes_seconds_to_start_is_waited_for() throws IOException {
        var other = otherNamespace();
        Thread.ofVirtual().start(() -> {
            LockSupport.parkNanos(Duration.ofMillis(2500).toNanos());
            other.close();
        });

        datasets.destroy("tank/a", true);

        assertThat(other.process().isAlive()).isFalse();
        assertThat(datasets.find("tank/a")).isEmpty();
    }

    @Test
    void a_dataset_that_another_namespace_holds_is_not_rolled_back() throws IOException {
        Files.writeString(mounted.resolve("file"), "one");
        datasets.snapshot("tank/a", "s1");
        datasets.snapshot("tank/a", "s2");
        try (var other = otherNamespace()) {
            refusedAsBusy(() -> datasets.rollback("tank/a@s1", true), other.process());
        }
        assertThat(datasets.snapshots("tank/a")).as("no snapshot is lost").hasSize(2);
        datasets.rollback("tank/a@s1", true);
        assertThat(datasets.snapshots("tank/a")).hasSize(1);
    }

    @Test
    void a_mount_that_an_idle_namespace_got_later_is_seen() throws IOException {
        datasets.create("tank/later", DatasetOptions.DEFAULT.mountpoint(new Mountpoint.None()));
        try (var other = otherNamespace()) {
            datasets.create("tank/b", DatasetOptions.DEFAULT);
            datasets.destroy("tank/b", false);
            var guid = datasets.find("tank/later").orElseThrow().guid();
            Path source = pool.config().top().resolve("ds").resolve(guid).resolve("live");
            Path target = Files.createDirectory(pool.directory().resolve("target"));
            Command.of(
                            "nsenter",
                            "--mount",
                            "--target",
                            String.valueOf(other.process().pid()),
                            "mount",
                            "--bind",
                            source.toString(),
                            target.toString())
                    .check(Duration.ofSeconds(10));

            assertThatThrownBy(() -> datasets.destroy("tank/later", true))
                    .hasMessageContainingAll(
                            "tank/later", "process " + other.process().pid(), target.toString());
        }
        datasets.destroy("tank/later", true);
    }

    @Test
    void a_working_directory_inside_is_named_and_nothing_changes() throws IOException {
        datasets.create("tank/a/b", DatasetOptions.DEFAULT);
        try (var other = Other.start("env", "--chdir=" + mounted, "cat")) {
            refusedAsBusy(() -> datasets.unmount("tank/a"), other.process());
            refusedAsBusy(() -> datasets.destroy("tank/a", true), other.process());
            refusedAsBusy(() -> datasets.rename("tank/a", "tank/c"), other.process());
            refusedAsBusy(() -> pool.pools().export(pool.pool()), other.process());

            assertThat(datasets.list()).extracting(Dataset::mounted).containsExactly(true, true, true);
            assertThat(mounted.resolve("b")).isDirectory();
        }
        datasets.rename("tank/a", "tank/c");
        assertThat(pool.mountpoint().resolve("c/b")).isDirectory();
    }

    @Test
    void something_mounted_inside_is_named() throws IOException {
        Path inside = Files.createDirectory(mounted.resolve("inside"));
        Command.of("mount", "-t", "tmpfs", "none", inside.toString()).check(Duration.ofSeconds(10));
        try {
            assertThatThrownBy(() -> datasets.destroy("tank/a", true)).hasMessageContainingAll("busy", inside + "");
        } finally {
            zonda.kernel.Mounts.unmount(inside);
        }
        datasets.destroy("tank/a", true);
    }

    /** Of another parent, and mounted in it: as a VM's dataset for cores is in that of its root. */
    private void mountWithin() {
        datasets.create("tank/cores", DatasetOptions.DEFAULT.mountpoint(new Mountpoint.None()));
        datasets.createUnmounted(
                "tank/cores/a", DatasetOptions.DEFAULT.mountpoint(new Mountpoint.At(mounted.resolve("cores"))));
        assertThat(mounted.resolve("cores")).doesNotExist();
        datasets.mount("tank/cores/a");
    }

    @Test
    void a_rollback_and_a_rename_keep_what_is_mounted_within() throws IOException {
        Files.writeString(mounted.resolve("file"), "before");
        datasets.snapshot("tank/a", "s");
        mountWithin();
        Files.writeString(mounted.resolve("cores/core.1"), "a core");
        Files.writeString(mounted.resolve("file"), "after");

        datasets.rollback("tank/a@s", false);
        assertThat(mounted.resolve("file")).hasContent("before");
        assertThat(mounted.resolve("cores/core.1")).hasContent("a core");

        datasets.rename("tank/a", "tank/b");
        assertThat(pool.mountpoint().resolve("b/file")).hasContent("before");
        assertThat(mounted.resolve("cores/core.1")).hasContent("a core");
    }

    @Test
    void a_dataset_that_another_is_mounted_in_is_not_destroyed() {
        mountWithin();
        assertThatThrownBy(() -> datasets.destroy("tank/a", true)).hasMessageContainingAll("tank/a", "busy");
        assertThat(mounted.resolve("cores")).isDirectory();
        datasets.destroy("tank/cores/a", false);
        datasets.destroy("tank/a", false);
        assertThat(mounted).doesNotExist();
    }

    @Test
    void what_lies_within_another_is_mounted_after_it_whatever_their_names() throws IOException {
        datasets.create("tank/z", DatasetOptions.DEFAULT);
        Path within = pool.mountpoint().resolve("z/within");
        datasets.create("tank/early", DatasetOptions.DEFAULT.mountpoint(new Mountpoint.At(within)));
        Files.writeString(within.resolve("file"), "there");

        pool.reopen();
        assertThat(pool.findings()).isEmpty();
        assertThat(within.resolve("file")).hasContent("there");
    }

    @Test
    void the_place_of_a_mount_is_not_removed_through_a_link_that_somebody_put_above_it() throws IOException {
        Path inside = Files.createDirectories(mounted.resolve("theirs/place"));
        Path elsewhere = Files.createDirectories(mounted.resolve("others/place"));
        Files.createSymbolicLink(mounted.resolve("link"), Path.of("others"));

        DatasetMounts.removePlace(mounted.resolve("link/place"));
        assertThat(elsewhere).isDirectory();
        DatasetMounts.removePlace(Files.writeString(mounted.resolve("theirs/file"), "no place"));
        assertThat(mounted.resolve("theirs/file")).exists();
        DatasetMounts.removePlace(inside);
        assertThat(inside).doesNotExist();
    }
}
