package zonda.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.Arrays;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import zonda.zstream.ResumeToken;

/** Streams that are cut off, and gone on with where they were: receive -s of zfs-receive(8). */
abstract class ResumedStreamsContract extends StreamingContract {
    private String token(String dataset) {
        return value(dataset, "receive_resume_token");
    }

    private void cut(ReceiveRequest request, byte[] stream, int length) {
        assertThatThrownBy(() -> receive(request.keepingWhatCame(), Arrays.copyOf(stream, length)))
                .hasMessageContaining(": incomplete stream.\nPartially received snapshot is saved.\n")
                .hasMessageContaining("    zfs send -t 1-");
    }

    @Test
    void what_came_of_a_new_dataset_stays_until_the_rest_comes() {
        create("tank/a");
        made("tank/a", "one", "text");
        byte[] stream = send("tank/a@one");

        cut(ReceiveRequest.into("tank/b"), stream, stream.length - 2000);
        for (Supplier<Datasets> open : nowAndReopened()) {
            open.get();
            left("tank/a", "tank/a@one", "tank/b");
            assertThat(value("tank/b", "mounted")).isEqualTo("no");
            assertThatThrownBy(() -> snapshot("tank/b@mine")).hasMessageContaining("dataset is busy");
            assertThatThrownBy(() -> receive("tank/b", stream))
                    .hasMessage("cannot receive new filesystem stream: destination tank/b contains partially-complete"
                            + " state from \"zfs receive -s\".");
        }
        byte[] rest = send(SendRequest.rest(ResumeToken.parse(token("tank/b"))));
        assertThat(rest.length).isLessThan(stream.length);
        cut(ReceiveRequest.into("tank/b"), rest, rest.length - 700);
        datasets().rename("tank/b", "tank/c");
        receive("tank/c", send(SendRequest.rest(ResumeToken.parse(token("tank/c")))));

        for (Supplier<Datasets> open : nowAndReopened()) {
            open.get();
            left("tank/a", "tank/a@one", "tank/c", "tank/c@one");
            assertThat(content("tank/c@one")).isEqualTo("text");
            assertThat(read("tank/c")).isEqualTo("text");
            assertThat(token("tank/c")).isEqualTo("-");
        }
    }

    @Test
    void what_came_of_an_increment_or_of_a_clone_stays_until_the_rest_comes() {
        create("tank/a");
        made("tank/a", "one", "first");
        receive("tank/b", send("tank/a@one"));
        made("tank/a", "two", "second");
        datasets().clone("tank/a@one", "tank/clone", DatasetOptions.DEFAULT);
        made("tank/clone", "x", "of the clone");
        byte[] increment = send("tank/a@one", "tank/a@two");
        byte[] clone = send("tank/a@one", "tank/clone@x");

        cut(ReceiveRequest.into("tank/b"), increment, increment.length - 400);
        cut(ReceiveRequest.into("tank/c"), clone, clone.length - 400);
        for (Supplier<Datasets> open : nowAndReopened()) {
            open.get();
            assertThat(read("tank/b")).isEqualTo("first");
            assertThat(value("tank/c", "origin")).isIn("tank/a@one", "tank/b@one");
        }
        receive("tank/b", send(SendRequest.rest(ResumeToken.parse(token("tank/b")))));
        receive("tank/c", send(SendRequest.rest(ResumeToken.parse(token("tank/c")))));

        for (Supplier<Datasets> open : nowAndReopened()) {
            open.get();
            assertThat(read("tank/b")).isEqualTo("second");
            assertThat(content("tank/b@two")).isEqualTo("second");
            assertThat(read("tank/c")).isEqualTo("of the clone");
        }
        datasets().destroy("tank/c", true);
    }

    @Test
    void a_volume_that_came_in_pieces_has_its_size() throws IOException {
        volume("tank/v", 64 << 10);
        pool().writeTo("tank/v", 9000, "words");
        snapshot("tank/v@s");
        byte[] stream = send("tank/v@s");

        cut(ReceiveRequest.into("tank/w"), stream, stream.length - 400);
        receive("tank/w", send(SendRequest.rest(ResumeToken.parse(token("tank/w")))));

        for (Supplier<Datasets> open : nowAndReopened()) {
            open.get();
            assertThat(value("tank/w", "volsize")).isEqualTo(String.valueOf(64 << 10));
            assertThat(pool().readFrom("tank/w", 9000, 5)).isEqualTo("words");
        }
    }

    @Test
    void what_came_goes_when_it_is_not_wanted_any_more() {
        create("tank/a");
        made("tank/a", "one", "first");
        receive("tank/b", send("tank/a@one"));
        made("tank/a", "two", "second");
        byte[] increment = send("tank/a@one", "tank/a@two");
        byte[] full = send("tank/a@two");

        assertThatThrownBy(() -> datasets().streams().abort("tank/b"))
                .hasMessage("'tank/b' does not have any resumable receive state to abort");
        for (int i = 0; i < 2; i++) {
            cut(ReceiveRequest.into("tank/b"), increment, increment.length - 400);
            cut(ReceiveRequest.into("tank/c"), full, full.length - 400);
            cut(ReceiveRequest.into("tank/d"), full, full.length - 400);
            if (i == 1) {
                pool().reopen();
            }
            ResumeToken token = ResumeToken.parse(token("tank/b"));
            assertThatThrownBy(() -> datasets().destroy("tank/b@one", false))
                    .hasMessageStartingWith("cannot destroy 'tank/b@one': snapshot has dependent clones\n")
                    .hasMessageContaining("zfs receive -A tank/b");
            datasets().streams().abort("tank/b");
            datasets().streams().abort("tank/c");
            datasets().destroy("tank/d", true);
            assertThatThrownBy(() -> receive("tank/b", send(SendRequest.rest(token))))
                    .hasMessage("cannot receive resume stream: destination 'tank/b' does not have a resumable receive"
                            + " state");
        }
        receive("tank/b", increment);
        left("tank/a", "tank/a@one", "tank/a@two", "tank/b", "tank/b@one", "tank/b@two");
        datasets().destroy("tank/a@two", false);
    }
}
