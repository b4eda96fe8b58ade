package zonda.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import zonda.zstream.ResumeToken;

/** As {@link CrashIT}, of receives. */
class ReceiveCrashIT extends CrashIT {
    @Override
    List<VerbScript.Step> script() {
        return VerbScript.receives();
    }

    @Override
    int leastPoints() {
        return 25;
    }

    private static byte[] send(ScratchPool pool, SendRequest what) {
        var stream = new ByteArrayOutputStream();
        pool.datasets().streams().send(what, stream, _ -> {});
        return stream.toByteArray();
    }

    private static void receive(ScratchPool pool, byte[] stream) {
        pool.datasets()
                .streams()
                .receive(
                        ReceiveRequest.into("tank/r").keepingWhatCame(),
                        new ByteArrayInputStream(stream),
                        ReceiveListener.NONE);
    }

    private static Optional<ResumeToken> token(ScratchPool pool) {
        return pool.datasets().properties("tank/r", List.of("receive_resume_token")).stream()
                .map(one -> ((DatasetProperty.Value.Text) one.value()).text())
                .map(ResumeToken::parse)
                .findFirst();
    }

    private static void change(ScratchPool pool, byte[] content, String snapshot) throws IOException {
        Files.write(pool.mountpoint().resolve("i/file"), content);
        pool.datasets().snapshot("tank/i", snapshot);
    }

    /** In two parts; with what a cut left of it, in one more. */
    private static void complete(ScratchPool pool, SendRequest what, boolean inParts) {
        String snapshot = "tank/r" + what.to().substring(what.to().indexOf('@'));
        if (pool.datasets().findSnapshot(snapshot).isPresent()) {
            return;
        }
        Optional<ResumeToken> token = pool.datasets().find("tank/r").flatMap(_ -> token(pool));
        byte[] stream = send(pool, token.map(SendRequest::rest).orElse(what));
        if (inParts) {
            assertThatThrownBy(() -> receive(pool, Arrays.copyOf(stream, stream.length * 2 / 3)))
                    .hasMessageContaining(
                            "zfs send -t " + token(pool).orElseThrow().text());
            receive(pool, send(pool, SendRequest.rest(token(pool).orElseThrow())));
        } else {
            receive(pool, stream);
        }
    }

    @Test
    void a_power_cut_at_any_step_of_a_receive_that_is_kept_leaves_what_the_rest_fits_to() throws IOException {
        record Cut(String point, Path image) {}
        var cuts = new ArrayList<Cut>();
        byte[] content = new byte[400_000];
        new SplittableRandom(3).nextBytes(content);
        SendRequest full = SendRequest.of("tank/i@one");
        SendRequest increment = SendRequest.of("tank/i@two", "tank/i@one");
        try (ScratchPool pool = ScratchPool.create()) {
            pool.datasets().create("tank/i", DatasetOptions.DEFAULT);
            change(pool, content, "one");
            Arrays.fill(content, 0, 200_000, (byte) 7);
            change(pool, content, "two");
            send(pool, increment);
            pool.crashAt(point -> {
                if (point.startsWith("receive:")) {
                    Path image = directory.resolve("kept-" + cuts.size());
                    pool.copyAsInPowerCut(image);
                    cuts.add(new Cut(point, image));
                }
            });
            complete(pool, full, true);
            complete(pool, increment, true);
        }
        assertThat(cuts).hasSizeGreaterThan(20);

        for (Cut cut : cuts) {
            try (ScratchPool pool = ScratchPool.ofCopy(cut.image())) {
                assertThat(pool.pool().findings()).as(cut.point()).isEmpty();
                if (pool.datasets().find("tank/r").isPresent()
                        && pool.datasets().snapshots("tank/r").isEmpty()) {
                    assertThat(token(pool)).as(cut.point()).isPresent();
                }
                complete(pool, full, false);
                complete(pool, increment, false);
                assertThat(pool.mountpoint().resolve("r/file")).as(cut.point()).hasBinaryContent(content);
                pool.reopen();
                assertThat(pool.pool().findings()).as(cut.point()).isEmpty();
                assertThat(files(pool, ".zonda/store")).as(cut.point()).hasSize(7);
                pool.datasets().destroy("tank/r", true);
            }
        }
    }
}
