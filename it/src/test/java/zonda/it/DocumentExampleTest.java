package zonda.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class DocumentExampleTest {
    private static final Path PAGE = Path.of("page.md");

    private static DocumentExample only(String block) {
        return DocumentExample.of(PAGE, "```console\n" + block + "```\n").getFirst();
    }

    @Test
    void commands_and_what_they_print_are_found_in_console_blocks_only() {
        List<DocumentExample> examples = DocumentExample.of(PAGE, """
                # A title
                ```text
                # not run
                ```
                ```console
                # first
                one
                two
                # second
                ```
                """);

        assertThat(examples)
                .containsExactly(
                        new DocumentExample(PAGE, 6, "first", "one\ntwo\n"),
                        new DocumentExample(PAGE, 9, "second", ""));
    }

    @Test
    void a_command_goes_on_where_the_shell_prompts_for_more() {
        assertThat(only("# cat <<END\n> a\n> END\na\n"))
                .isEqualTo(new DocumentExample(PAGE, 2, "cat <<END\na\nEND", "a\n"));
    }

    @Test
    void what_is_printed_must_be_what_is_written() {
        DocumentExample example = only("# x\nready\n");

        assertThat(example.matches("ready\n")).isTrue();
        assertThat(example.matches("ready")).isTrue();
        assertThat(example.matches("not ready\n")).isFalse();
        assertThat(example.matches("ready\nand more\n")).isFalse();
        assertThat(example.matches("")).isFalse();
    }

    @Test
    void a_command_without_output_must_print_nothing() {
        assertThat(only("# x\n").matches("")).isTrue();
        assertThat(only("# x\n").matches("oops\n")).isFalse();
    }

    @Test
    void three_dots_stand_for_anything() {
        assertThat(only("# x\na ... c\n").matches("a b c\n")).isTrue();
        assertThat(only("# x\na ... c\n").matches("a b d\n")).isFalse();
        assertThat(only("# x\n{\n...\n}\n").matches("{\n1\n2\n}\n")).isTrue();
        assertThat(only("# x\n{\n...\n}\n").matches("{\n}\n")).isTrue();
        assertThat(only("# x\n{\n...\n}\n").matches("{\n1\n")).isFalse();
    }

    @Test
    void what_differs_from_run_to_run_matches_its_kind_and_nothing_else() {
        DocumentExample example =
                only("# x\nVM 27a9cda9-3be3-4622-af5b-77a4b0a4cdf1 10.99.0.64 2026-11-23 fe:ff:d5:a3:0d:17 end\n");

        assertThat(example.matches(
                        "VM d3d53169-b08f-4419-acac-cb3f0a2d6d6d 10.99.13.165  2027-01-02 00:00:00:00:00:01 end\n"))
                .isTrue();
        assertThat(example.matches(
                        "VM web                                  10.99.13.165  2027-01-02 00:00:00:00:00:01 end\n"))
                .isFalse();
    }
}
