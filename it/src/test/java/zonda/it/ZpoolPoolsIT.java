package zonda.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import zonda.base.Await;
import zonda.kernel.Command;
import zonda.kernel.Loop;

/** Pools beside the first: {@code zpool create}, {@code destroy}, {@code export} and {@code import}, on files. */
class ZpoolPoolsIT {
    private static final Duration LIMIT = Duration.ofSeconds(30);

    @RegisterExtension
    static final Instance zonda = new Instance();

    private final Steps steps = new Steps(zonda.root());

    private Path files;

    @BeforeEach
    void makeFiles() throws IOException {
        files = Files.createTempDirectory("zonda-vdevs-");
        for (int i = 0; i < 3; i++) {
            try (var file = new RandomAccessFile(vdev(i), "rw")) {
                file.setLength(512L << 20);
            }
        }
    }

    @AfterEach
    void leaveNothing() throws IOException {
        for (String pool : List.of("two", "new")) {
            zonda.run("zpool", "destroy", pool);
        }
        for (int i = 0; i < 3; i++) {
            Path file = Path.of(vdev(i));
            assertThat(Await.until(LIMIT, () -> Loop.find(file).isEmpty()))
                    .as(file + " is free")
                    .isTrue();
            Files.delete(file);
        }
        Files.delete(files);
    }

    private String vdev(int number) {
        return files.resolve("disk" + number).toString();
    }

    private static String good(String tool, String... words) {
        Ran ran = zonda.run(tool, words);
        assertThat(ran.status()).as(ran.toString()).isZero();
        return ran.out();
    }

    private static void refused(String message, String... words) {
        Ran ran = zonda.run("zpool", words);
        assertThat(ran.status()).as(ran.toString()).isNotZero();
        assertThat(ran.err()).startsWith(message);
    }

    private static List<String> pools() {
        return good("zpool", "list", "-H", "-o", "name").lines().toList();
    }

    private static Path place(String dataset) {
        return zonda.root().resolve(dataset);
    }

    private static String label(String file) {
        return Command.of("blkid", "-p", "-s", "LABEL", "-o", "value", file)
                .run(LIMIT)
                .out()
                .strip();
    }

    @Test
    void a_mirror_of_files_lives_beside_the_first_pool() throws IOException {
        assertThat(good("zpool", "create", "-n", "two", "mirror", vdev(0), vdev(1)))
                .isEqualTo("would create 'two' with the following layout:\n\n\ttwo\n\t  mirror\n\t    " + vdev(0)
                        + "\n\t    " + vdev(1) + "\n");
        assertThat(pools()).containsExactly("zones");

        good("zpool", "create", "-O", "my:word=x", "two", "mirror", vdev(0), vdev(1));
        good("zfs", "create", "two/a");
        Files.writeString(place("two/a/file"), "text");
        good("zfs", "snapshot", "two/a@s");

        assertThat(pools()).containsExactly("zones", "two");
        assertThat(good("zfs", "list", "-H", "-o", "name").lines()).contains("zones", "two", "two/a");
        assertThat(good("zfs", "get", "-H", "-o", "value", "my:word", "two/a")).isEqualTo("x\n");
        zonda.restart();
        assertThat(pools()).containsExactly("zones", "two");
        assertThat(place("two/a/file")).hasContent("text");
        // From pool to pool, through a pipe.
        new Pipes().with("z", zonda).good("z zfs send two/a@s | z zfs receive zones/from-two");
        assertThat(place("zones/from-two/file")).hasContent("text");
        good("zfs", "destroy", "-r", "zones/from-two");

        good("zpool", "destroy", "two");
        assertThat(pools()).containsExactly("zones");
        assertThat(label(vdev(0))).isEmpty();
        assertThat(place("two")).doesNotExist();
    }

    @Test
    void a_pool_goes_away_and_comes_back_under_another_name() throws IOException {
        good("zpool", "create", "two", vdev(0), vdev(1));
        good("zfs", "create", "two/a");
        Files.writeString(place("two/a/file"), "text");

        good("zpool", "export", "two");

        assertThat(pools()).containsExactly("zones");
        assertThat(place("two/a")).doesNotExist();
        String listed = good("zpool", "import", "-d", files.toString());
        assertThat(listed)
                .startsWith("  pool: two\n    id: ")
                .contains(
                        "\n state: ONLINE\naction: The pool can be imported using its name or numeric identifier.\n"
                                + "config:\n\n\ttwo",
                        "\t  " + vdev(0),
                        "\t  " + vdev(1));
        refused("cannot import 'none': no such pool available", "import", "-d", files.toString(), "none");
        good("zpool", "import", "-d", files.toString(), "two", "new");
        assertThat(pools()).containsExactly("zones", "new");
        assertThat(place("new/a/file")).hasContent("text");
        zonda.restart();
        assertThat(place("new/a/file")).hasContent("text");
        good("zpool", "export", "new");
        Path elsewhere = Files.createDirectory(files.resolve("mnt"));
        good("zpool", "import", "-d", files.toString(), "-o", "altroot=" + elsewhere, "new");
        assertThat(elsewhere.resolve("new/a/file")).hasContent("text");
        good("zpool", "destroy", "new");
        Files.delete(elsewhere);
    }

    @Test
    void what_can_not_be_is_refused_in_the_words_of_openzfs() throws IOException {
        good("zpool", "create", "two", vdev(0));

        refused("cannot create 'two': pool already exists\n", "create", "two", vdev(1));
        refused(
                "invalid vdev specification\nuse '-f' to override the following errors:\n" + vdev(0)
                        + " is part of active pool 'two'\n",
                "create",
                "new",
                vdev(0));
        refused(
                "invalid vdev specification\nthe following errors must be manually repaired:\n" + vdev(0)
                        + " is part of active pool 'two'\n",
                "create",
                "-f",
                "new",
                vdev(0));
        refused("cannot resolve path '/none'\n", "create", "new", "mirror", vdev(1), "/none");
        refused("invalid vdev specification: mirror requires at least 2 devices\n", "create", "new", "mirror", vdev(1));
        refused(
                "invalid vdev specification: 'raidz' is not supported by the driver btrfs\n",
                "create",
                "new",
                "raidz",
                vdev(1),
                vdev(2));
        refused(
                "cannot create '1m': name must begin with a letter\npool name may have been omitted\n",
                "create",
                "1m",
                vdev(1));
        refused("cannot create 'mirror': name is reserved\n", "create", "mirror", vdev(1));
        refused("missing vdev specification\n", "create", "new");
        refused("cannot destroy 'zones': pool is busy: it is the host's own", "destroy", "zones");
        refused("cannot open 'none': no such pool\n", "destroy", "none");
        try (var busy = Files.newDirectoryStream(place("two"))) {
            assertThat(busy).isEmpty();
            refused("cannot unmount 'two': dataset is busy", "destroy", "two");
            refused("cannot unmount 'two': dataset is busy", "export", "two");
        }
        assertThat(pools()).containsExactly("zones", "two");
        good("zpool", "export", "two");
        refused(
                "invalid vdev specification\nuse '-f' to override the following errors:\n" + vdev(0)
                        + " is part of exported pool 'two'\n",
                "create",
                "new",
                vdev(0));
        good("zpool", "create", "-f", "new", vdev(0));
        assertThat(pools()).containsExactly("zones", "new");
    }

    /** The daemon ends after each step, as kill -9 ends it; the next one finds the pool, whole, or nothing of it. */
    @Test
    void a_daemon_that_is_killed_leaves_a_pool_or_none() {
        zonda.stop();
        zonda.start(steps.environment());
        killed(List.of("intent", "formatted", "populated"), "zpool-create:", false, "create", "two", vdev(0));
        killed(List.of("recorded", "opened"), "zpool-create:", true, "create", "two", vdev(0));
        killed(List.of("unmounted"), "zpool-export:", true, "export", "two");
        good("zfs", "create", "two/a");
        killed(List.of("forgotten"), "zpool-export:", false, "export", "two");
        killed(List.of("recorded"), "zpool-import:", true, "import", "-d", files.toString(), "two");
        assertThat(good("zfs", "list", "-H", "-o", "name", "two/a")).isEqualTo("two/a\n");
        good("zpool", "export", "two");
        killed(List.of("opened"), "zpool-import:", true, "import", "-d", files.toString(), "two");
        killed(List.of("unmounted"), "zpool-destroy:", true, "destroy", "two");
        killed(List.of("recorded"), "zpool-destroy:", false, "destroy", "two");
        assertThat(label(vdev(0))).isEmpty();
        good("zpool", "create", "two", vdev(0));
        killed(List.of("wiped"), "zpool-destroy:", false, "destroy", "two");
        assertThat(label(vdev(0))).isEmpty();
    }

    private void killed(List<String> after, String verb, boolean there, String... words) {
        for (String step : after) {
            if (there && step.equals("opened") && words[0].equals("create") && pools().contains("two")) {
                good("zpool", "destroy", "two");
            }
            steps.crashAfter(verb + step);
            Ran ran = zonda.run("zpool", words);
            assertThat(ran.isLost()).as(verb + step + ": " + ran).isTrue();
            assertThat(zonda.daemon().end()).isEqualTo(137);
            steps.crashNoMore();
            zonda.start(steps.environment());
            assertThat(pools().contains("two")).as(verb + step).isEqualTo(there);
        }
    }

    @Test
    void a_pool_that_has_lost_its_records_gets_them_again() throws IOException {
        good("zpool", "create", "two", vdev(0));
        good("zfs", "create", "-o", "x:y=z", "-o", "snapshot_limit=7", "two/a");
        Files.writeString(place("two/a/file"), "text");
        good("zfs", "snapshot", "two/a@s");
        good("zfs", "hold", "tag", "two/a@s");
        good("zpool", "export", "two");
        Path there = Files.createTempDirectory("zonda-lost-");
        Command.of("mount", "-o", "loop", vdev(0), there.toString()).check(LIMIT);
        Command.of("rm", "-r", there.resolve(".zonda/store").toString()).check(LIMIT);
        Command.of("umount", there.toString()).check(LIMIT);
        Files.delete(there);
        Path file = Path.of(vdev(0));
        assertThat(Await.until(LIMIT, () -> Loop.find(file).isEmpty())).isTrue();

        Ran lost = zonda.run("zpool", "import", "-d", files.toString(), "two");
        assertThat(lost.status()).isEqualTo(1);
        assertThat(lost.err()).contains("its records are lost");
        good("zpool", "import", "--rebuild", "-d", files.toString(), "two");

        assertThat(place("two/a/file")).hasContent("text");
        assertThat(good("zfs", "get", "-H", "-o", "value", "x:y,snapshot_limit,snapshot_count", "two/a"))
                .isEqualTo("z\n7\n1\n");
        assertThat(good("zfs", "holds", "-H", "two/a@s")).startsWith("two/a@s\ttag\t");
        assertThat(good("zpool", "history", "two").lines().map(line -> line.replaceFirst("^\\S+ ", "")))
                .contains("zfs hold tag two/a@s", "zpool import --rebuild -d " + files + " two");
        good("zfs", "release", "tag", "two/a@s");
    }
}
