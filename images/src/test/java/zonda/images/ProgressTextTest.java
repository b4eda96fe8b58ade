package zonda.images;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class ProgressTextTest {
    private final AtomicLong millis = new AtomicLong(1_000_000);
    private final InstantSource clock = () -> Instant.ofEpochMilli(millis.get());
    private final StringBuilder out = new StringBuilder();

    private ProgressText on(boolean terminal) {
        return new ProgressText(new ProgressText.Form(terminal, 80), clock, out::append);
    }

    private String drawn() {
        String text = out.toString();
        out.setLength(0);
        return text;
    }

    @Test
    void a_terminal_shows_bar_rate_and_time_left_in_one_line() {
        var progress = on(true);
        var step = progress.begin("Download", 10 << 20);
        assertThat(drawn()).isEqualTo("Download  [>                   ]   0%  10.0 MiB");

        millis.addAndGet(50);
        step.advance(1);
        assertThat(drawn()).as("not ten times a second").isEmpty();
        millis.addAndGet(1950);
        step.advance((4 << 20) - 1);
        assertThat(drawn()).isEqualTo("\r\u001b[KDownload  [========>           ]  40%  10.0 MiB  2.0 MiB/s  ETA 3.0s");

        step.advance(6 << 20);
        step.close();
        step.close();
        assertThat(drawn()).isEqualTo("\r\u001b[KDownload: 10.0 MiB in 2.0s\n");
    }

    @Test
    void what_takes_no_second_leaves_no_line() {
        var step = on(true).begin("Quick", 0);
        step.close();

        assertThat(drawn()).isEqualTo("| Quick\r\u001b[K");
    }

    @Test
    void a_spoken_line_goes_above_the_drawn_one() {
        var progress = on(true);
        var step = progress.begin("Work", 0);
        drawn();
        progress.say("Importing");
        assertThat(drawn()).isEqualTo("\r\u001b[KImporting\n/ Work");
        millis.addAndGet(100);
        progress.tick();
        assertThat(drawn()).isEqualTo("\r\u001b[K- Work");
        step.close();
    }

    @Test
    void steps_that_overlap_are_shown_oldest_first() {
        var progress = on(true);
        var first = progress.begin("First", 0);
        var second = progress.begin("Second", 0);
        drawn();
        first.close();
        assertThat(drawn()).isEqualTo("\r\u001b[K/ Second");
        second.close();
    }

    @Test
    void elsewhere_there_are_whole_lines_only() {
        var progress = on(false);
        var step = progress.begin("Download", 2048);
        progress.tick();
        millis.addAndGet(61_000);
        step.advance(2048);
        step.close();

        assertThat(drawn()).isEqualTo("Download (2.0 KiB)\nDownload: 2.0 KiB in 1m01s\n");
    }

    @Test
    void no_line_is_wider_than_the_terminal() {
        var progress = new ProgressText(new ProgressText.Form(true, 30), clock, out::append);
        progress.begin("A name that is quite a bit too long for this", 0);

        assertThat(drawn()).hasSize(29);
    }
}
