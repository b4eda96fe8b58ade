package zonda.dtrace.syntax;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Optional;
import org.junit.jupiter.api.Test;

class PreprocessorTest {
    private static String process(String text) {
        var preprocessor =
                new Preprocessor(name -> name.equals("a.h") ? Optional.of("#define FROM_FILE 9\n") : Optional.empty());
        preprocessor.define("GIVEN=5");
        return preprocessor.process(text);
    }

    @Test
    void names_are_replaced_but_not_in_strings() {
        assertThat(process("x = GIVEN + \"GIVEN\";")).isEqualTo("x = 5 + \"GIVEN\";\n");
    }

    @Test
    void definitions_take_arguments() {
        assertThat(process("#define ADD(a, b) ((a) + (b))\nADD(1, ADD(2, 3))")).isEqualTo("\n((1) + (((2) + (3))))\n");
    }

    @Test
    void a_definition_that_names_itself_ends() {
        assertThat(process("#define x x + 1\nx")).isEqualTo("\nx + 1\n");
    }

    @Test
    void conditions_choose_lines_and_keep_their_numbers() {
        assertThat(
                        process(
                                "#if GIVEN > 4 && !defined(NOT)\nyes\n#else\nno\n#endif\n#ifdef NOT\nno\n#elif 1\nalso\n#endif"))
                .isEqualTo("\nyes\n\n\n\n\n\n\nalso\n\n");
    }

    @Test
    void files_are_included() {
        assertThat(process("#include \"a.h\"\nFROM_FILE")).contains("9\n");
        assertThatThrownBy(() -> process("#include <b.h>\n"))
                .isInstanceOf(DError.class)
                .hasMessage("b.h: No such file or directory");
    }

    @Test
    void what_is_open_at_the_end_is_refused() {
        assertThatThrownBy(() -> process("#if 1\n")).isInstanceOf(DError.class).hasMessage("unterminated #if");
        assertThatThrownBy(() -> process("#endif\n")).isInstanceOf(DError.class);
        assertThatThrownBy(() -> process("#if 1 +\n#endif\n")).isInstanceOf(DError.class);
    }
}
