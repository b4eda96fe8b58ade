package zonda.dtrace;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What programs print, byte for byte: tables of programs with their output, run by this kernel. */
@Timeout(60)
class GoldenIT {
    /** A program, and what it prints. */
    record Golden(String program, String output) {
        @Override
        public String toString() {
            return program.lines().findFirst().orElse("");
        }
    }

    @BeforeAll
    static void needsRoot() {
        Needs.root();
    }

    /** Programs are before a line of minus signs, and what they print before a line of equal signs. */
    static Stream<Golden> printed() {
        return Stream.of(Library.text("printed.txt").split("(?m)^=====\n"))
                .map(block -> block.split("(?m)^-----\n", 2))
                .map(parts -> new Golden(parts[0], parts[1]));
    }

    @ParameterizedTest
    @MethodSource("printed")
    void a_program_prints_what_the_table_says(Golden golden) {
        Recorder ran = Recorder.run("-xswitchrate=10ms", "-qn", golden.program());

        assertThat(ran.err()).isEmpty();
        assertThat(ran.out()).isEqualTo(golden.output());
    }

    /** All functions of the table in one program: the kernel's verifier takes that many. */
    @Test
    void functions_of_text_have_the_values_of_their_table() {
        List<String[]> rows = TextFunctionsTest.rows().stream()
                .map(row -> row.split("\\|", 3))
                .toList();
        String clauses = rows.stream()
                .map(parts -> "BEGIN { this->p = (uint8_t *)alloca(16);" + (parts.length > 2 ? parts[2] : "")
                        + " printf(\"%s\\n\", " + parts[0] + "); }\n")
                .collect(Collectors.joining());

        Recorder ran = Recorder.run("-qn", clauses + "BEGIN { exit(0); }");

        assertThat(ran.err()).isEmpty();
        assertThat(ran.out().lines().limit(rows.size()))
                .containsExactlyElementsOf(
                        rows.stream().map(parts -> parts[1].strip()).toList());
    }

    @Test
    void what_can_not_be_done_is_said_and_the_program_goes_on() {
        Recorder ran = Recorder.run(
                "-wqn",
                "BEGIN { freopen(\"/nowhere/at/all\"); setopt(\"nosuch\", \"x\"); setopt(\"aggrate\", \"y\");"
                        + " setopt(\"bufsize\", \"1m\");"
                        + " printf(\"on\"); exit(0); }");

        assertThat(ran.out()).isEqualTo("on\n");
        String on = "dtrace: error on enabled probe ID 1 (ID 1: dtrace:::BEGIN): ";
        assertThat(ran.err().lines())
                .containsExactly(
                        on + "couldn't freopen() \"/nowhere/at/all\": No such file or directory",
                        on + "couldn't set option \"nosuch\" to \"x\": Invalid option name",
                        "",
                        on + "couldn't set option \"aggrate\" to \"y\": Invalid value for specified option",
                        "",
                        on + "couldn't set option \"bufsize\" to \"1m\": Operation illegal when tracing is active",
                        "");
    }

    @Test
    void chill_waits_as_long_as_it_is_told() {
        Recorder ran = Recorder.run(
                "-xswitchrate=10ms",
                "-qwn",
                "tick-10ms /!x/ { x = timestamp; chill(50000000); } tick-10ms /x && timestamp != x/ {"
                        + " printf(\"%d\", timestamp - x >= 50000000); exit(0); }");

        assertThat(ran.out()).isEqualTo("1\n");
        assertThat(Recorder.run("-qwn", "BEGIN { chill(500000001); } ERROR { exit(1); }")
                        .err())
                .contains("illegal operation in action #1");
    }

    @Test
    void files_are_found_by_their_numbers() {
        Recorder ran = Recorder.run(
                "-xswitchrate=10ms",
                "-qn",
                "syscall::read:entry /pid == $target && fds[arg0].fi_name == \"hostname\"/ { printf(\"%d %s %d|\","
                        + " fds[arg0].fi_offset, fds[99].fi_name, getf(99) == NULL); }",
                "-c",
                "cat /etc/hostname");

        assertThat(ran.out()).contains("0 <none> 1|");
    }
}
