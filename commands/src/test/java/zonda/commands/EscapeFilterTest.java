package zonda.commands;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class EscapeFilterTest {
    private static String pass(EscapeFilter filter, String typed) {
        byte[] keys = typed.getBytes(StandardCharsets.ISO_8859_1);
        EscapeFilter.Passed passed = filter.pass(keys, keys.length);
        return new String(passed.keys(), StandardCharsets.ISO_8859_1) + (passed.left() ? "<left>" : "");
    }

    @Test
    void tilde_dot_leaves_at_the_beginning_of_a_line_only() {
        var filter = new EscapeFilter(ConsoleRelay.Escape.TILDE_DOT);

        assertThat(pass(filter, "ls ~.\r")).isEqualTo("ls ~.\r");
        assertThat(pass(filter, "~")).isEmpty();
        assertThat(pass(filter, ".")).isEqualTo("<left>");
    }

    @Test
    void a_tilde_that_is_followed_by_something_else_is_typed() {
        var filter = new EscapeFilter(ConsoleRelay.Escape.TILDE_DOT);

        assertThat(pass(filter, "~/bin/x\r~~.\r")).isEqualTo("~/bin/x\r~.\r");
    }

    @Test
    void control_bracket_leaves_anywhere() {
        var filter = new EscapeFilter(ConsoleRelay.Escape.CONTROL_BRACKET);

        assertThat(pass(filter, "~.abc\u001dxyz")).isEqualTo("~.abc<left>");
    }
}
