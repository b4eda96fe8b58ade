package zonda.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import zonda.kernel.Command;
import zonda.zstream.Trees;

/** {@code zfs send} and {@code zfs receive} between two hosts, through pipes. */
class ZfsSendIT {
    @RegisterExtension
    @Order(1)
    static final Instance one = new Instance();

    @RegisterExtension
    @Order(2)
    static final Instance other = new Instance();

    private static Pipes pipes;

    @BeforeAll
    static void connect() {
        pipes = new Pipes().with("one", one).with("other", other);
    }

    @AfterEach
    void leave_nothing() {
        one.run("zfs", "destroy", "-R", "zones/t");
        other.run("zfs", "destroy", "-R", "zones/t");
        other.run("zfs", "destroy", "-R", "zones/u");
    }

    private static Path place(Instance host, String dataset) {
        return host.root().resolve(dataset);
    }

    private static String value(Instance host, String property, String name) {
        Ran ran = host.run("zfs", "get", "-Hp", "-o", "value", property, name);
        assertThat(ran.status()).as(ran.toString()).isZero();
        return ran.out().strip();
    }

    private static void good(Instance host, String... words) {
        Ran ran = host.run("zfs", words);
        assertThat(ran.status()).as(ran.toString()).isZero();
    }

    private static void equal(String dataset) {
        assertThat(Trees.differences(place(one, dataset), place(other, dataset)))
                .as(dataset)
                .isEmpty();
    }

    @Test
    void a_filesystem_and_what_changed_in_it_goes_from_host_to_host() {
        var random = new Random(7);
        good(one, "create", "zones/t");
        Trees.fill(place(one, "zones/t"), 150, random);
        good(one, "snapshot", "zones/t@0");

        pipes.good("one zfs send zones/t@0 | other zfs receive zones/t");
        equal("zones/t");

        for (int i = 1; i <= 3; i++) {
            Trees.change(place(one, "zones/t"), 30, random);
            good(one, "snapshot", "zones/t@" + i);
            pipes.good("one zfs send -i @%d zones/t@%d | other zfs receive -v zones/t".formatted(i - 1, i));
            equal("zones/t");
            assertThat(value(other, "guid", "zones/t@" + i)).isEqualTo(value(one, "guid", "zones/t@" + i));
        }

        // And back, where the numbers of objects must still be those of the first host.
        Trees.change(place(other, "zones/t"), 30, random);
        good(other, "snapshot", "zones/t@4");
        pipes.good("other zfs send -i @3 zones/t@4 | one zfs receive zones/t");
        equal("zones/t");
    }

    @Test
    void a_tree_goes_with_clones_volumes_and_properties_and_is_followed() throws IOException {
        good(one, "create", "zones/t");
        good(one, "create", "-o", "my:word=x", "-o", "quota=256M", "zones/t/a");
        Trees.fill(place(one, "zones/t/a"), 50, new Random(1));
        good(one, "create", "-s", "-V", "4M", "zones/t/v");
        Files.write(disk(one, "zones/t/v"), new byte[4 << 20]);
        good(one, "snapshot", "-r", "zones/t@s");
        good(one, "clone", "zones/t/a@s", "zones/t/c");
        Trees.change(place(one, "zones/t/c"), 20, new Random(2));
        good(one, "snapshot", "-r", "zones/t@u");

        pipes.good("one zfs send -R zones/t@u | other zfs receive zones/t");
        equal("zones/t/a");
        equal("zones/t/c");
        assertThat(value(other, "my:word", "zones/t/a")).isEqualTo("x");
        assertThat(value(other, "quota", "zones/t/a")).isEqualTo(String.valueOf(256 << 20));
        assertThat(value(other, "origin", "zones/t/c")).isEqualTo("zones/t/a@s");
        assertThat(value(other, "volsize", "zones/t/v")).isEqualTo(String.valueOf(4 << 20));

        byte[] noise = new byte[4 << 20];
        new Random(3).nextBytes(noise);
        Files.write(disk(one, "zones/t/v"), noise);
        Trees.change(place(one, "zones/t/a"), 20, new Random(4));
        good(one, "snapshot", "-r", "zones/t@w");
        pipes.good("one zfs send -R -I @u zones/t@w | other zfs receive -F zones/t");
        equal("zones/t/a");
        assertThat(Files.readAllBytes(disk(other, "zones/t/v"))).isEqualTo(noise);
    }

    private static Path disk(Instance host, String volume) throws IOException {
        String guid = value(host, "guid", volume);
        String hex = "%016x".formatted(Long.parseUnsignedLong(guid));
        return host.root().resolve("run/zonda/pools/zones/ds/" + hex + "/live/disk");
    }

    @Test
    void sizes_and_names_are_told_as_openzfs_tells_them() {
        good(one, "create", "zones/t");
        good(one, "snapshot", "zones/t@a");
        good(one, "snapshot", "zones/t@b");

        assertThat(one.run("zfs", "send", "-nv", "zones/t@a").out())
                .matches("full send of zones/t@a estimated size is [0-9.]+K\n" + "total estimated size is [0-9.]+K\n");
        assertThat(one.run("zfs", "send", "-nP", "-i", "@a", "zones/t@b").out())
                .matches("incremental\tzones/t@a\tzones/t@b\t([0-9]+)\nsize\t\\1\n");
        assertThat(one.run("zfs", "send", "-nvI", "a", "zones/t@b").out())
                .startsWith("send from @a to zones/t@b estimated size is ");
        assertThat(pipes.good("one zfs send zones/t@a | other zfs receive -nv zones/u"))
                .isEqualTo("would receive full stream of zones/t@a into zones/u@a\n");
        assertThat(pipes.good("one zfs send zones/t@a | other zfs receive -v zones/u"))
                .matches("receiving full stream of zones/t@a into zones/u@a\n"
                        + "received [0-9.]+K stream in [0-9]+[.][0-9]{2} seconds \\([0-9.]+[BKM]/sec\\)\n");
        assertThat(pipes.good("one zfs send -i @a zones/t@b | other zfs receive zones/u;"
                        + " one zfs send -i @a zones/t@b | other zfs receive -v zones/u"))
                .startsWith("receiving incremental stream of zones/t@b into zones/u@b\n"
                        + "snap zones/u@b already exists; ignoring\nreceived 0B stream in ");
        assertThat(pipes.run("one zfs send -v zones/t@a >/dev/null").err())
                .contains("full send of zones/t@a estimated size is ", "TIME        SENT   SNAPSHOT zones/t@a\n");
    }

    @Test
    void what_can_not_be_is_refused_and_leaves_nothing() {
        good(one, "create", "zones/t");
        good(one, "snapshot", "zones/t@a");

        assertThat(one.onTerminal("zfs", "send", "zones/t@a")
                        .endInput()
                        .ran(Instance.LIMIT)
                        .err())
                .isEqualTo("Error: Stream can not be written to a terminal.\nYou must redirect standard output.\n");
        assertThat(one.onTerminal("zfs", "receive", "zones/u")
                        .endInput()
                        .ran(Instance.LIMIT)
                        .err())
                .isEqualTo(
                        "Error: Backup stream can not be read from a terminal.\nYou must redirect standard input.\n");
        assertThat(pipes.run("one zfs send zones/t@a | head -c 3000 | other zfs receive zones/u")
                        .err())
                .startsWith("cannot receive new filesystem stream: incomplete stream\n");
        assertThat(pipes.run("echo garbage | other zfs receive zones/u").err())
                .startsWith("cannot receive: failed to read from stream\n");
        assertThat(other.run("zfs", "list", "zones/u").err())
                .isEqualTo("cannot open 'zones/u': dataset does not exist\n");
        assertThat(other.run("zfs", "receive", "-A", "zones").status()).isEqualTo(1);
        assertThat(one.run("zfs", "send", "zones/t@none").err())
                .isEqualTo("cannot open 'zones/t@none': dataset does not exist\n");
    }

    /** The receiver ends at each step, as kill -9 ends it; what it finds then is all of the increment, or none. */
    @Test
    void a_receiver_that_is_killed_has_the_snapshot_or_not() {
        good(one, "create", "zones/t");
        Trees.fill(place(one, "zones/t"), 30, new Random(5));
        good(one, "snapshot", "zones/t@0");
        pipes.good("one zfs send zones/t@0 | other zfs receive zones/t");
        Trees.change(place(one, "zones/t"), 10, new Random(6));
        good(one, "snapshot", "zones/t@1");
        for (String step : new String[] {"intent", "place", "content", "unmounted", "snapshot", "exchanged", "made"}) {
            other.restartToCrashAfter("receive:" + step);
            Command.Result ran = pipes.run("one zfs send -i @0 zones/t@1 | other zfs receive zones/t");
            assertThat(ran.status()).as(step).isNotZero();
            assertThat(other.daemon().end()).isEqualTo(137);
            other.start(Map.of());
            boolean there = other.run("zfs", "list", "zones/t@1").status() == 0;
            assertThat(there)
                    .as(step)
                    .isEqualTo(
                            java.util.List.of("snapshot", "exchanged", "made").contains(step));
            if (there) {
                equal("zones/t");
                good(other, "rollback", "-r", "zones/t@0");
            }
        }
        pipes.good("one zfs send -i @0 zones/t@1 | other zfs receive zones/t");
        equal("zones/t");
    }

    @Test
    void a_stream_passes_through_without_being_kept() throws IOException {
        good(one, "create", "zones/t");
        Path file = place(one, "zones/t").resolve("large");
        Command.of("dd", "if=/dev/urandom", "of=" + file, "bs=1M", "count=400").check(Instance.LIMIT);
        good(one, "snapshot", "zones/t@a");

        // The daemon's heap is smaller than the stream.
        pipes.good("one zfs send zones/t@a | other zfs receive zones/t");

        assertThat(Files.mismatch(file, place(other, "zones/t").resolve("large")))
                .isEqualTo(-1);
    }

    /** The receiver is killed in the middle; what it kept is on its disk, and the rest is all that is sent. */
    @Test
    void a_receive_that_is_cut_short_is_gone_on_with() throws IOException {
        good(one, "create", "zones/t");
        Path file = place(one, "zones/t").resolve("large");
        Command.of("dd", "if=/dev/urandom", "of=" + file, "bs=1M", "count=180").check(Instance.LIMIT);
        good(one, "snapshot", "zones/t@a");
        assertThat(pipes.run("one zfs send zones/t@a | head -c 20000000 | other zfs receive -s zones/t")
                        .err())
                .startsWith("cannot receive new filesystem stream: incomplete stream.\nPartially received snapshot is"
                        + " saved.\nA resuming stream can be generated on the sending system by running:\n"
                        + "    zfs send -t 1-");
        String first = value(other, "receive_resume_token", "zones/t");
        assertThat(value(other, "mounted", "zones/t")).isEqualTo("no");
        assertThat(one.run("zfs", "send", "-nvt", first).out())
                .matches("resume token contents:\nnvlist version: 0\n\tobject = 0x[0-9a-f]+\n\toffset = 0x[0-9a-f]+\n"
                        + "\tbytes = 0x13[0-9a-f]{5}\n\ttoguid = 0x[0-9a-f]+\n\ttoname = zones/t@a\n"
                        + "full send of zones/t@a estimated size is [0-9]+M\ntotal estimated size is [0-9]+M\n");

        other.restartToCrashAfter("receive:kept");
        pipes.run("one zfs send -t %s | other zfs receive -s zones/t".formatted(first));
        assertThat(other.daemon().end()).isEqualTo(137);
        other.start(Map.of());
        String second = value(other, "receive_resume_token", "zones/t");
        assertThat(second).isNotEqualTo(first);
        pipes.good("one zfs send -t %s | other zfs receive -s zones/t".formatted(second));

        equal("zones/t");
        assertThat(value(other, "receive_resume_token", "zones/t")).isEqualTo("-");
        pipes.run("one zfs send zones/t@a | head -c 5000000 | other zfs receive -s zones/u");
        good(other, "receive", "-A", "zones/u");
        assertThat(other.run("zfs", "list", "zones/u").err())
                .isEqualTo("cannot open 'zones/u': dataset does not exist\n");
        assertThat(one.run("zfs", "send", "-t", "1-0-0-").err())
                .startsWith("cannot resume send: resume token is corrupt (");
    }
}
