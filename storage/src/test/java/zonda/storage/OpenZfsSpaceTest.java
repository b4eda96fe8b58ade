package zonda.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.OutputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import zonda.base.Bytes;
import zonda.kernel.Command;

/** How often ZFS is asked: each time is a program. */
class OpenZfsSpaceTest {
    private static final int MANY = 1000;
    private static final long A_MOMENT = Duration.ofMillis(1).toNanos();

    private final SlowZfs zfs = new SlowZfs();
    private final OpenZfsSpace space = new OpenZfsSpace(zfs, "tank", () -> zfs.now);

    /** A pool of many datasets with a snapshot each, asked on a clock of its own. */
    private static final class SlowZfs implements ZfsProgram {
        final List<List<String>> ran = new ArrayList<>();
        long now = 1;
        Duration takes = Duration.ofMillis(5);
        long used = 7;
        Runnable meanwhile = () -> {};

        @Override
        public Command.Result run(List<String> words) {
            ran.add(words);
            String only = words.contains("-r") ? "" : words.getLast();
            String text = words.contains("snapshot")
                    ? rows(only, "@s\t3\t512\n")
                    : "tank\t9\t4\t90\t-\t0\tlz4\n" + rows(only, "\t" + used + "\t5\t90\t-\t8\ton\n");
            meanwhile.run();
            now += takes.toNanos();
            return only.endsWith("gone")
                    ? new Command.Result(1, text, "cannot open '" + only + "': dataset does not exist")
                    : new Command.Result(0, text, "");
        }

        private static String rows(String only, String rest) {
            return String.join(
                    "",
                    IntStream.range(0, MANY)
                            .mapToObj(i -> "tank/d" + i)
                            .filter(name -> only.isEmpty() || only.equals(name))
                            .map(name -> name + rest)
                            .toList());
        }

        @Override
        public Command.Result feed(List<String> words, Consumer<OutputStream> input) {
            throw new AssertionError("nothing is received");
        }

        @Override
        public Command.Result pour(List<String> words, OutputStream out) {
            throw new AssertionError("nothing is sent");
        }
    }

    private void list() {
        for (int i = 0; i < MANY; i++) {
            assertThat(space.used("tank/d" + i)).isEqualTo(Bytes.of(zfs.used));
            assertThat(space.available("tank/d" + i)).isEqualTo(Bytes.of(90));
            zfs.now += A_MOMENT;
        }
    }

    @Test
    void a_list_of_many_asks_for_one_and_then_once_for_all_though_the_answer_is_slow() {
        zfs.takes = Duration.ofSeconds(3);

        list();

        assertThat(zfs.ran).hasSize(2);
        assertThat(zfs.ran.getFirst()).endsWith("tank", "tank/d0").doesNotContain("-r");
        assertThat(zfs.ran.getLast()).endsWith("-r", "tank");
    }

    @Test
    void a_dataset_is_asked_for_without_the_others_of_a_pool_and_with_the_pool_itself() {
        for (int i = 0; i < 3; i++) {
            assertThat(space.used("tank/d7")).isEqualTo(Bytes.of(7));
            assertThat(space.available()).isEqualTo(Bytes.of(90));
            assertThat(space.compression()).isEqualTo("lz4");
            space.changed();
        }

        assertThat(zfs.ran).hasSize(3).noneMatch(words -> words.contains("-r"));
    }

    @Test
    void a_dataset_that_is_gone_takes_no_space() {
        assertThat(space.used("tank/gone")).isEqualTo(Bytes.of(0));
        assertThat(space.used("tank/d1")).isEqualTo(Bytes.of(7));
    }

    @Test
    void what_is_known_is_asked_again_when_it_is_old_and_when_something_changed() {
        space.used("tank/d1");
        zfs.now += Duration.ofMillis(300).toNanos();
        space.used("tank/d1");
        assertThat(zfs.ran).hasSize(1);
        zfs.used = 8;
        zfs.now += Duration.ofMillis(300).toNanos();
        assertThat(space.used("tank/d1")).isEqualTo(Bytes.of(8));
        assertThat(zfs.ran).hasSize(2);

        zfs.used = 9;
        space.changed();

        assertThat(space.used("tank/d1")).isEqualTo(Bytes.of(9));
        assertThat(zfs.ran).hasSize(3);
    }

    @Test
    void what_changed_while_zfs_was_asked_is_asked_again() {
        zfs.meanwhile = space::changed;
        assertThat(space.used("tank/d1")).isEqualTo(Bytes.of(7));
        zfs.meanwhile = () -> {};
        zfs.used = 8;

        assertThat(space.used("tank/d1")).isEqualTo(Bytes.of(8));
    }

    @Test
    void all_that_a_listing_shows_of_a_dataset_is_of_one_answer() {
        assertThat(space.compression()).isEqualTo("lz4");
        assertThat(space.unfilled("tank/d3")).isEqualTo(Bytes.of(8));
        assertThat(space.referenced("tank/d3")).isEqualTo(Bytes.of(5));
        assertThat(space.ofVolume("tank/d3")).isEqualTo(Bytes.of(0));

        assertThat(zfs.ran).hasSize(2);
    }

    @Test
    void snapshots_of_many_datasets_are_asked_for_twice_and_a_single_one_does_not_ask_for_all() {
        assertThat(space.referencedBySnapshot("tank/d0@s")).isEqualTo(Bytes.of(3));
        assertThat(zfs.ran.getFirst()).endsWith("-d", "1", "tank/d0");

        for (int i = 1; i < MANY; i++) {
            assertThat(space.referencedBySnapshot("tank/d" + i + "@s")).isEqualTo(Bytes.of(3));
            assertThat(space.ofVolumeSnapshot("tank/d" + i + "@s")).isEqualTo(Bytes.of(512));
        }

        assertThat(zfs.ran).hasSize(2);
        space.renamed();
        zfs.now += Duration.ofSeconds(1).toNanos();
        space.referencedBySnapshot("tank/d5@s");
        assertThat(zfs.ran.getLast()).endsWith("-d", "1", "tank/d5");
    }
}
