package zonda.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import zonda.base.Bytes;
import zonda.base.Code;
import zonda.base.OpException;

/** Snapshots that go out as streams and come in again. */
abstract class StreamsContract extends StreamingContract {
    @Test
    void a_snapshot_arrives_with_its_content_and_its_identity() {
        create("tank/a");
        made("tank/a", "one", "text");

        receive("tank/b", send("tank/a@one"));

        for (Supplier<Datasets> open : nowAndReopened()) {
            open.get();
            assertThat(content("tank/b@one")).isEqualTo("text");
            assertThat(read("tank/b")).isEqualTo("text");
            assertThat(value("tank/b@one", "guid")).isEqualTo(value("tank/a@one", "guid"));
            assertThat(value("tank/b", "guid")).isNotEqualTo(value("tank/a", "guid"));
            assertThat(value("tank/b@one", "creation")).isEqualTo(value("tank/a@one", "creation"));
        }
        left("tank/a", "tank/a@one", "tank/b", "tank/b@one");
    }

    @Test
    void increments_arrive_one_after_the_other() {
        create("tank/a");
        made("tank/a", "one", "first");
        byte[] full = send("tank/a@one");
        made("tank/a", "two", "second");
        byte[] increment = send("tank/a@one", "tank/a@two");
        made("tank/a", "three", "third");

        receive("tank/b", full);
        receive("tank/b", increment);
        receive("tank/b", send("tank/a@two", "tank/a@three"));

        for (Supplier<Datasets> open : nowAndReopened()) {
            open.get();
            assertThat(content("tank/b@one")).isEqualTo("first");
            assertThat(content("tank/b@two")).isEqualTo("second");
            assertThat(content("tank/b@three")).isEqualTo("third");
            assertThat(read("tank/b")).isEqualTo("third");
        }
        left(
                "tank/a",
                "tank/a@one",
                "tank/a@two",
                "tank/a@three",
                "tank/b",
                "tank/b@one",
                "tank/b@two",
                "tank/b@three");
    }

    @Test
    void an_increment_is_short_and_may_skip_snapshots() throws IOException {
        create("tank/a");
        Files.write(pool().content("tank/a").resolve("large"), new byte[] {1, 2, 3});
        byte[] noise = new byte[1 << 20];
        new java.util.Random(1).nextBytes(noise);
        Files.write(pool().content("tank/a").resolve("large"), noise);
        made("tank/a", "one", "first");
        made("tank/a", "two", "second");
        made("tank/a", "three", "third");

        byte[] increment = send("tank/a@one", "tank/a@three");
        receive("tank/b", send("tank/a@one"));
        receive("tank/b", increment);

        assertThat(increment.length).isLessThan(20_000);
        assertThat(content("tank/b@three")).isEqualTo("third");
        assertThat(Files.readAllBytes(datasets().directory("tank/b@three").resolve("large")))
                .isEqualTo(noise);
        left("tank/a", "tank/a@one", "tank/a@two", "tank/a@three", "tank/b", "tank/b@one", "tank/b@three");
    }

    /** Whoever comes later to a chain fits into it, whichever snapshots were sent in which order. */
    @Test
    void a_snapshot_has_the_same_numbers_whoever_gets_it_from_whom() {
        create("tank/a");
        made("tank/a", "one", "first");
        made("tank/a", "two", "second");
        byte[] second = send("tank/a@two");
        byte[] first = send("tank/a@one");

        receive("tank/b", first);
        receive("tank/c", send("tank/b@one"));
        receive("tank/c", send("tank/a@one", "tank/a@two"));
        receive("tank/d", second);
        made("tank/a", "three", "third");
        receive("tank/d", send("tank/a@two", "tank/a@three"));
        receive("tank/c", send("tank/d@two", "tank/d@three"));

        assertThat(content("tank/c@two")).isEqualTo("second");
        assertThat(content("tank/c@three")).isEqualTo("third");
        assertThat(value("tank/c@three", "guid")).isEqualTo(value("tank/a@three", "guid"));
    }

    @Test
    void what_does_not_fit_is_refused_as_zfs_does() {
        create("tank/a");
        made("tank/a", "one", "first");
        byte[] full = send("tank/a@one");
        made("tank/a", "two", "second");
        byte[] increment = send("tank/a@one", "tank/a@two");
        made("tank/a", "three", "third");
        byte[] later = send("tank/a@two", "tank/a@three");
        receive("tank/b", full);

        refused(
                Code.CONFLICT,
                "cannot receive new filesystem stream: destination 'tank/b' exists\nmust specify -F to overwrite it",
                () -> receive("tank/b", full));
        refused(
                Code.CONFLICT,
                "cannot receive new filesystem stream: destination has snapshots (eg. tank/b@one)\n"
                        + "must destroy them to overwrite it",
                () -> receive(ReceiveRequest.into("tank/b").forced(), full));
        refused(
                Code.NOT_FOUND,
                "cannot receive incremental stream: destination 'tank/c' does not exist",
                () -> receive("tank/c", increment));
        refused(
                Code.CONFLICT,
                "cannot receive incremental stream: most recent snapshot of tank/b does not\nmatch incremental source",
                () -> receive("tank/b", later));
        write("tank/b", "changed");
        refused(
                Code.CONFLICT,
                "cannot receive incremental stream: destination tank/b has been modified\n"
                        + "since most recent snapshot",
                () -> receive("tank/b", increment));
        assertThat(read("tank/b")).isEqualTo("changed");
    }

    @Test
    void force_takes_back_what_was_changed_since_and_newer_snapshots() {
        create("tank/a");
        made("tank/a", "one", "first");
        receive("tank/b", send("tank/a@one"));
        made("tank/a", "two", "second");
        made("tank/b", "mine", "changed");
        write("tank/b", "changed again");

        receive(ReceiveRequest.into("tank/b").forced(), send("tank/a@one", "tank/a@two"));

        assertThat(read("tank/b")).isEqualTo("second");
        left("tank/a", "tank/a@one", "tank/a@two", "tank/b", "tank/b@one", "tank/b@two");
    }

    @Test
    void force_overwrites_a_dataset_without_snapshots() {
        create("tank/a", "tank/b");
        write("tank/b", "old");
        made("tank/a", "one", "first");

        receive(ReceiveRequest.into("tank/b").forced(), send("tank/a@one"));

        assertThat(read("tank/b")).isEqualTo("first");
        left("tank/a", "tank/a@one", "tank/b", "tank/b@one");
    }

    @Test
    void a_snapshot_that_is_there_is_passed_over() {
        create("tank/a");
        made("tank/a", "one", "first");
        receive("tank/b", send("tank/a@one"));
        made("tank/a", "two", "second");
        byte[] increment = send("tank/a@one", "tank/a@two");
        receive("tank/b", increment);

        receive("tank/b", increment);

        assertThat(read("tank/b")).isEqualTo("second");
    }

    @Test
    void a_stream_that_is_cut_off_or_damaged_leaves_nothing() {
        create("tank/a");
        made("tank/a", "one", "first");
        byte[] full = send("tank/a@one");
        receive("tank/b", full);
        made("tank/a", "two", "second");
        byte[] increment = send("tank/a@one", "tank/a@two");
        List<String> before = names(datasets());

        for (byte[] stream : List.of(full, increment)) {
            for (int at = 10; at < stream.length; at += Math.max(1, stream.length / 12)) {
                byte[] cut = Arrays.copyOf(stream, at);
                byte[] damaged = stream.clone();
                damaged[at] ^= 0x40;
                String target = stream == full ? "tank/c" : "tank/b";
                assertThatThrownBy(() -> receive(target, cut)).isInstanceOf(OpException.class);
                if (at > 312) {
                    assertThatThrownBy(() -> receive(target, damaged))
                            .as("damaged at " + at)
                            .isInstanceOf(OpException.class);
                }
            }
        }

        assertThat(names(datasets())).isEqualTo(before);
        assertThat(read("tank/b")).isEqualTo("first");
        receive("tank/b", increment);
        assertThat(read("tank/b")).isEqualTo("second");
        left("tank/a", "tank/a@one", "tank/a@two", "tank/b", "tank/b@one", "tank/b@two");
    }

    @Test
    void a_volume_arrives_with_its_size_and_block_size() throws IOException {
        volume("tank/v", 1 << 20);
        Files.write(datasets().volume("tank/v"), noise(1 << 20, 1));
        snapshot("tank/v@one");
        receive("tank/w", send("tank/v@one"));
        datasets().setVolumeSize("tank/v", Bytes.of(2 << 20));
        Files.write(datasets().volume("tank/v"), noise(2 << 20, 2));
        snapshot("tank/v@two");

        receive("tank/w", send("tank/v@one", "tank/v@two"));

        for (Supplier<Datasets> open : nowAndReopened()) {
            open.get();
            assertThat(Files.readAllBytes(datasets().volume("tank/w"))).isEqualTo(noise(2 << 20, 2));
            assertThat(value("tank/w", "volsize")).isEqualTo(String.valueOf(2 << 20));
            assertThat(value("tank/w", "volblocksize")).isEqualTo("8192");
        }
    }

    @Test
    void a_volume_is_not_received_onto_a_filesystem() {
        create("tank/a", "tank/b");
        volume("tank/v", 1 << 20);
        snapshot("tank/v@one");

        refused(
                Code.CONFLICT,
                "cannot receive new filesystem stream: destination 'tank/b' is a filesystem,"
                        + " and the stream that of a volume",
                () -> receive(ReceiveRequest.into("tank/b").forced(), send("tank/v@one")));
    }

    @Test
    void a_tree_of_datasets_arrives_with_clones_and_properties() {
        create("tank/a", "tank/a/b");
        datasets().setProperty("tank/a/b", "my:word", "x");
        datasets().setQuota("tank/a/b", Optional.of(Bytes.ofMiB(64)));
        made("tank/a", "one", "top");
        made("tank/a/b", "one", "below");
        copy("tank/a/b@one", "tank/a/c");
        made("tank/a/c", "mid", "cloned");
        write("tank/a", "top again");
        volume("tank/a/v", 1 << 20);
        datasets().snapshots(List.of("tank/a@two", "tank/a/b@two", "tank/a/c@two", "tank/a/v@two"), Map.of());

        byte[] all = send(new SendRequest("tank/a@two", Optional.empty(), false, true, false));
        create("tank/in");
        receive("tank/in/x", all);

        for (Supplier<Datasets> open : nowAndReopened()) {
            open.get();
            assertThat(read("tank/in/x")).isEqualTo("top again");
            assertThat(content("tank/in/x@one")).isEqualTo("top");
            assertThat(read("tank/in/x/b")).isEqualTo("below");
            assertThat(read("tank/in/x/c")).isEqualTo("cloned");
            assertThat(value("tank/in/x/b", "my:word")).isEqualTo("x");
            assertThat(value("tank/in/x/b", "quota")).isEqualTo(String.valueOf(64 << 20));
            assertThat(datasets().find("tank/in/x/c").orElseThrow().origin())
                    .isPresent()
                    .get()
                    .asString()
                    .endsWith("b@one");
            assertThat(value("tank/in/x/v", "volsize")).isEqualTo(String.valueOf(1 << 20));
        }
    }

    @Test
    void what_the_receiver_has_is_left_out_and_so_is_what_has_no_such_snapshot() {
        create("tank/a", "tank/a/b");
        made("tank/a", "one", "first");
        made("tank/a", "two", "second");
        snapshot("tank/a/b@two");
        receive("tank/r", send("tank/a@one"));
        create("tank/a/b/c", "tank/a/d");
        SendRequest all = new SendRequest("tank/a@two", Optional.empty(), false, true, false);
        assertThatThrownBy(() -> send(all)).hasMessageContaining("snapshot tank/a/b/c@two does not exist");

        Set<Long> there = datasets().streams().identities("tank/r");
        assertThat(there)
                .containsExactly(datasets().streams().identity("tank/a@one").orElseThrow());
        receive("tank/r", send(all.skippingMissing().without(there)));

        assertThat(names(datasets()).stream().filter(name -> name.startsWith("tank/r")))
                .containsExactly("tank/r", "tank/r@one", "tank/r@two", "tank/r/b", "tank/r/b@two");
        assertThat(read("tank/r")).isEqualTo("second");
    }

    @Test
    void a_tree_follows_its_sender_with_force() {
        create("tank/a", "tank/a/b", "tank/a/c");
        for (String snapshot : List.of("one", "two")) {
            datasets()
                    .snapshots(List.of("tank/a@" + snapshot, "tank/a/b@" + snapshot, "tank/a/c@" + snapshot), Map.of());
        }
        receive("tank/r", send(new SendRequest("tank/a@two", Optional.empty(), false, true, false)));
        datasets().destroy("tank/a/c", true);
        datasets().destroy("tank/a/b@one", false);
        create("tank/a/d");
        write("tank/a/d", "fresh");
        datasets().snapshots(List.of("tank/a@three", "tank/a/b@three", "tank/a/d@three"), Map.of());

        receive(
                ReceiveRequest.into("tank/r").forced(),
                send(new SendRequest("tank/a@three", Optional.of("tank/a@two"), true, true, false)));

        assertThat(names(datasets()).stream().filter(name -> name.startsWith("tank/r")))
                .containsExactly(
                        "tank/r",
                        "tank/r@one",
                        "tank/r@two",
                        "tank/r@three",
                        "tank/r/b",
                        "tank/r/b@two",
                        "tank/r/b@three",
                        "tank/r/d",
                        "tank/r/d@three");
        assertThat(read("tank/r/d")).isEqualTo("fresh");
    }

    @Test
    void a_clone_is_received_onto_its_origin_wherever_that_is() {
        create("tank/a");
        made("tank/a", "one", "origin");
        copy("tank/a@one", "tank/c");
        made("tank/c", "x", "clone");
        byte[] origin = send("tank/a@one");
        byte[] clone = send("tank/a@one", "tank/c@x");
        datasets().destroy("tank/c", true);
        datasets().destroy("tank/a", true);
        refused(
                Code.NOT_FOUND,
                "cannot receive: local origin for clone tank/d@x does not exist",
                () -> receive("tank/d", clone));

        receive("tank/b", origin);
        receive("tank/d", clone);

        assertThat(read("tank/d")).isEqualTo("clone");
        assertThat(datasets().find("tank/d").orElseThrow().origin()).contains("tank/b@one");
    }

    @Test
    void names_follow_the_target_as_asked() {
        create("tank/a", "tank/a/b", "tank/in");
        made("tank/a/b", "one", "text");
        byte[] stream = send("tank/a/b@one");

        receive(ReceiveRequest.into("tank/in").naming(ReceiveRequest.Naming.WITHOUT_POOL), stream);
        receive(ReceiveRequest.into("tank/in").naming(ReceiveRequest.Naming.LAST), stream);
        receive("tank/in/c@other", stream);

        assertThat(read("tank/in/a/b")).isEqualTo("text");
        assertThat(read("tank/in/b")).isEqualTo("text");
        assertThat(content("tank/in/c@other")).isEqualTo("text");
    }

    @Test
    void properties_are_taken_left_out_and_replaced() {
        create("tank/a");
        datasets().setProperty("tank/a", "my:one", "1");
        datasets().setProperty("tank/a", "my:two", "2");
        datasets().setProperty("tank/a", "my:three", "3");
        made("tank/a", "s", "text");

        receive(
                ReceiveRequest.into("tank/b").properties(Map.of("my:two", "other"), Set.of("my:three")),
                send(new SendRequest("tank/a@s", Optional.empty(), false, false, true)));

        assertThat(datasets().find("tank/b").orElseThrow().properties())
                .isEqualTo(Map.of("my:one", "1", "my:two", "other"));
    }

    @Test
    void a_source_must_be_an_earlier_snapshot_and_no_bookmark() {
        create("tank/a", "tank/b");
        made("tank/a", "one", "first");
        made("tank/a", "two", "second");
        made("tank/b", "one", "other");
        datasets().bookmark("tank/a@one", "tank/a#mark");
        String wrong = "warning: cannot send 'tank/a@one': not an earlier snapshot from the same fs";

        refused(Code.INVALID, wrong, () -> send("tank/a@two", "tank/a@one"));
        refused(Code.INVALID, wrong, () -> send("tank/a@one", "tank/a@one"));
        refused(Code.INVALID, wrong, () -> send("tank/b@one", "tank/a@one"));
        refused(Code.NOT_FOUND, "cannot open 'tank/a@none': dataset does not exist", () -> send("tank/a@none"));
        refused(
                Code.NOT_SUPPORTED,
                "cannot send from bookmark 'tank/a#mark': a stream needs the snapshot itself; keep it"
                        + " and send from that",
                () -> send("tank/a#mark", "tank/a@two"));
    }

    @Test
    void an_estimate_is_near_what_is_sent() throws IOException {
        create("tank/a");
        Files.write(pool().content("tank/a").resolve("large"), noise(3 << 20, 3));
        snapshot("tank/a@one");

        long estimate =
                datasets().streams().estimates(SendRequest.of("tank/a@one")).getFirst();

        assertThat((double) estimate).isBetween(3e6, 3.5e6);
        assertThat((double) send("tank/a@one").length).isBetween(estimate * 0.9, estimate * 1.1);
    }

    @Test
    void what_is_being_sent_is_not_destroyed() {
        create("tank/a");
        made("tank/a", "one", "text");
        List<Throwable> refusals = new ArrayList<>();

        datasets().streams().send(SendRequest.of("tank/a@one"), OutputStream.nullOutputStream(), _ -> {
            try {
                datasets().destroy("tank/a", true);
            } catch (OpException e) {
                refusals.add(e);
            }
        });

        assertThat(refusals).hasSize(1).first().asString().contains("dataset is busy: it is being sent or received");
        datasets().destroy("tank/a", true);
        left();
    }
}
