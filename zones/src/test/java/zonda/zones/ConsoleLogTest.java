package zonda.zones;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Logs as conmon writes them of consoles, which are terminals: their lines have carriage returns. */
class ConsoleLogTest {
    @TempDir
    Path directory;

    private Path log;

    @BeforeEach
    void write_a_log() throws IOException {
        log = Files.writeString(directory.resolve("console"), """
                2026-11-27T17:07:27.348248830+00:00 stdout P a login:\s
                2026-11-27T17:07:27.965407425+00:00 stdout F \rThe zone is going down now\r
                2026-11-27T17:07:29.039643868+00:00 stdout F \r\r
                2026-11-27T17:07:29.046865891+00:00 stdout F \u001b[1mRequesting\u001b[0m a reboot\r
                """);
    }

    @Test
    void all_that_was_written_is_read_with_its_carriage_returns() {
        assertThat(ConsoleLog.read(log))
                .extracting(LogLine::text)
                .containsExactly(
                        "a login: ",
                        "\rThe zone is going down now\r\n",
                        "\r\r\n",
                        "\u001b[1mRequesting\u001b[0m a reboot\r\n");
    }

    @Test
    void the_last_lines_are_shown_whole_and_without_what_only_a_terminal_understands() {
        assertThat(ConsoleLog.tail(log, 2)).containsExactly("The zone is going down now", "Requesting a reboot");
        assertThat(ConsoleLog.tail(log, 9)).startsWith("a login:");
        assertThat(ConsoleLog.tail(directory.resolve("none"), 9)).isEmpty();
    }
}
