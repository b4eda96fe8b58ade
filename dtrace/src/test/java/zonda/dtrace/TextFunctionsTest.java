package zonda.dtrace;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Functions that make text of text and of addresses, run by {@link BpfMachine}. */
class TextFunctionsTest {
    static List<String> rows() {
        return Library.text("functions.txt")
                .lines()
                .filter(line -> !line.startsWith("#"))
                .toList();
    }

    private static String quoted(String text) {
        return "\"" + text.replace("\\", "\\\\").replace("\"", "\\\"") + "\"";
    }

    @ParameterizedTest
    @MethodSource("rows")
    void a_function_has_the_value_that_the_table_says(String row) {
        String[] parts = row.split("\\|", 3);
        String before = parts.length > 2 ? parts[2] : "";

        assertThat(Machines.begin("BEGIN { this->p = (uint8_t *)alloca(16);" + before + " trace((int64_t)(" + parts[0]
                        + " == " + quoted(parts[1].strip()) + ")); }"))
                .containsExactly(1L);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"strtok(\"\", \",\")", "strstr(\"abc\", \"x\")", "strchr(\"abc\", 'x')", "json(\"[]\", \"0\")"})
    void what_was_not_found_is_null(String expression) {
        assertThat(Machines.begin("BEGIN { s = " + expression + "; trace((int64_t)(s == NULL)); }"))
                .containsExactly(1L);
    }

    @Test
    void a_choice_may_be_text_or_null() {
        assertThat(Machines.begin("BEGIN { x = 1; s = x > 2 ? \"a\" : NULL; t = x < 2 ? \"b\" : NULL;"
                        + " trace((int64_t)(s == NULL)); trace((int64_t)(t == \"b\")); }"))
                .containsExactly(1L, 1L);
    }

    @Test
    void text_is_copied_to_memory() {
        assertThat(Machines.begin("BEGIN { this->p = (char *)alloca(16); bcopy(\"hello\", this->p, 6);"
                        + " trace((int64_t)(stringof(this->p) == \"hello\")); }"))
                .containsExactly(1L);
    }

    @Test
    void memory_of_alloca_stays_as_it_is_to_the_end_of_the_clause() {
        assertThat(Machines.begin(
                        "BEGIN { this->p = (int64_t *)alloca(8); *this->p = 42; this->s = strjoin(\"abcdefgh\","
                                + " \"ijklmnop\"); trace((int64_t)strlen(this->s)); trace(*this->p); }"))
                .containsExactly(16L, 42L);
    }

    @Test
    void a_clause_may_call_a_function_many_times() {
        String calls = "trace((int64_t)strlen(basename(\"/a/bcd\"))); ".repeat(60);

        assertThat(Machines.begin("BEGIN { " + calls + "}")).hasSize(60).containsOnly(3L);
    }
}
