package zonda.dtrace;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** That all is in aggregations, and the options that show them in other ways. */
@Timeout(60)
class AggregateViewsIT {
    @BeforeAll
    static void needsRoot() {
        Needs.root();
    }

    private static String shown(String option, String program) {
        Recorder ran = Recorder.run("-x", option, "-qn", "BEGIN { " + program + " exit(0); }");
        assertThat(ran.err()).isEmpty();
        return ran.out();
    }

    @Test
    void agghist_puts_the_bars_of_all_keys_side_by_side() {
        assertThat(shown("agghist", "@[\"b\"] = sum(1); @[\"a\"] = sum(3);")).isEqualTo("""


                              key  ------------- Distribution ------------- count   \s
                                b |@@@@@@@@@@                               1       \s
                                a |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@           3       \s
                """);
    }

    @Test
    void aggpack_has_a_line_for_each_distribution() {
        assertThat(shown("aggpack", "@[\"a\"] = quantize(1); @[\"b\"] = quantize(4);"))
                .isEqualTo("""


                              key min .-----. max | count
                                a 0 : \u2588   : 8 | 1
                                b 0 :   \u2588 : 8 | 1
                """);
    }

    @Test
    void aggzoom_lets_the_longest_bar_fill_the_width() {
        assertThat(shown("aggzoom", "@ = quantize(1); @ = quantize(4);"))
                .contains("               1 |" + "@".repeat(38) + "   1        \n")
                .contains("               4 |" + "@".repeat(38) + "   1        \n");
    }

    @Test
    void bars_are_blocks_when_asked_for() {
        assertThat(shown("encoding=utf8", "@ = quantize(1); @ = quantize(4); @ = quantize(4);"))
                .contains("               1 |" + "\u2588".repeat(13) + "\u258e" + " ".repeat(26) + " 1        \n");
    }

    @Test
    void ftruncate_empties_the_output_so_far() throws Exception {
        var file = java.nio.file.Files.createTempFile("dtrace", ".out");
        try {
            Recorder.run(
                    "-o", file.toString(), "-qn", "BEGIN { printf(\"old\"); ftruncate(); printf(\"new\"); exit(0); }");

            assertThat(file).hasContent("new\n");
        } finally {
            java.nio.file.Files.delete(file);
        }
    }

    @Test
    void a_heat_map_is_drawn_of_a_distribution_over_time() throws Exception {
        var file = java.nio.file.Files.createTempFile("dtrace", ".svg");
        try {
            Recorder ran = Recorder.run(
                    "--heatmap",
                    file.toString(),
                    "-xswitchrate=50ms",
                    "-qn",
                    "tick-10ms { @ = quantize(100); } tick-300ms { @ = quantize(5000); exit(0); }");

            assertThat(ran.err()).isEmpty();
            assertThat(file)
                    .content()
                    .containsPattern("<title>[0-9]+\\.[0-9]s, 64: [1-9]")
                    .containsPattern("<title>(0\\.[2-9]|[1-9][0-9]*\\.[0-9])s, 4096: 1</title>");
        } finally {
            java.nio.file.Files.delete(file);
        }
    }

    /** Each of the keys is made while another processor may be about to make it. */
    @Test
    void what_two_processors_aggregate_to_new_keys_at_once_is_all_there() {
        List<Thread> callers = Stream.generate(() -> Thread.ofPlatform().start(() -> {
                    while (!Thread.interrupted()) {
                        Files.exists(Path.of("/"));
                    }
                }))
                .limit(2)
                .toList();
        try {
            Recorder ran = Recorder.run(
                    "-qn",
                    "syscall:::entry /pid == $pid/ { @keys[(timestamp >> 10) & 0xfff] = count(); @all = count(); }"
                            + " tick-500ms /i++ > 0/ { exit(0); }"
                            + " END { printa(\"keys %@d\\n\", @keys); printa(\"all %@d\\n\", @all); trunc(@keys); trunc(@all); }");

            assertThat(ran.err()).isEmpty();
            assertThat(sum(ran.out(), "keys ")).isPositive().isEqualTo(sum(ran.out(), "all "));
        } finally {
            callers.forEach(Thread::interrupt);
        }
    }

    private static long sum(String text, String word) {
        return text.lines()
                .filter(line -> line.startsWith(word))
                .mapToLong(line -> Long.parseLong(line.substring(word.length())))
                .sum();
    }
}
