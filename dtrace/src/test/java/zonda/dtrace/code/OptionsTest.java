package zonda.dtrace.code;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import zonda.dtrace.syntax.DError;

class OptionsTest {
    @Test
    void sizes_have_units() {
        var options = new Options();
        options.set("bufsize=16k");

        assertThat(options.number("bufsize")).isEqualTo(16384);
        options.set("strsize=1k");
        assertThat(options.number("strsize")).isEqualTo(1024);
    }

    @Test
    void rates_are_times_or_frequencies() {
        var options = new Options();
        options.set("switchrate=10hz");
        options.set("aggrate=50ms");

        assertThat(options.number("switchrate")).isEqualTo(100_000_000);
        assertThat(options.number("aggrate")).isEqualTo(50_000_000);
    }

    @Test
    void what_is_no_option_is_refused_by_name() {
        assertThatThrownBy(() -> new Options().set("nosuch"))
                .isInstanceOf(DError.class)
                .hasMessage("failed to set option 'nosuch': Invalid option name");
        assertThatThrownBy(() -> new Options().set("bufsize=many"))
                .hasMessage("failed to set option 'bufsize' to 'many': Invalid value for specified option");
    }
}
