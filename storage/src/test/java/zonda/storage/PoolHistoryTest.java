package zonda.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.time.InstantSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import zonda.storage.PoolHistory.What;

class PoolHistoryTest {
    private static final Instant TIME = Instant.parse("2026-01-02T03:04:05Z");

    @TempDir
    Path directory;

    private PoolHistory history() {
        return new PoolHistory(directory.resolve("history"), InstantSource.fixed(TIME));
    }

    @Test
    void what_was_done_is_told_in_its_order_also_by_the_next_daemon() {
        var event = new What.Event("create", "tank/a", -2, 7, "x=\"y\"\n");
        history().event(event);
        history().command("zfs create tank/a", 1000, "host");

        assertThat(history().entries())
                .containsExactly(
                        new PoolHistory.Entry(TIME, event),
                        new PoolHistory.Entry(TIME, new What.Command("zfs create tank/a", 1000, "host")));
    }

    @Test
    void a_line_that_a_crash_cut_short_hides_no_other() throws IOException {
        history().command("one", 0, "host");
        Files.writeString(directory.resolve("history"), "{\"at\":\"2026-01", StandardOpenOption.APPEND);
        history().command("two", 0, "host");

        assertThat(history().entries())
                .extracting(entry -> ((What.Command) entry.what()).words())
                .containsExactly("one", "two");
    }

    @Test
    void when_it_has_grown_the_older_half_goes_and_the_first_line_stays() throws IOException {
        PoolHistory history = history();
        String long1 = "x".repeat(1 << 16);
        history.command("first", 0, "host");
        for (int i = 0; i < 80; i++) {
            history.command(i + long1, 0, "host");
        }

        assertThat(Files.size(directory.resolve("history"))).isLessThan(PoolHistory.LARGEST + (1 << 17));
        assertThat(history.entries())
                .extracting(entry -> ((What.Command) entry.what()).words().substring(0, 2))
                .startsWith("fi")
                .endsWith("78", "79")
                .hasSizeBetween(30, 70);
    }
}
