package zonda.dtrace.provider;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PatternTest {
    @ParameterizedTest
    @CsvSource({
        "read,read,true",
        "r*,read,true",
        "*d,read,true",
        "r??d,read,true",
        "r[a-e]ad,read,true",
        "r[!e]ad,read,false",
        "read,readv,false",
        "*,read,true",
        "*ea*,read,true",
        "r\\*,r*,true",
    })
    void wildcards_are_those_of_the_shell(String pattern, String text, boolean matches) {
        assertThat(Pattern.glob(pattern, text)).isEqualTo(matches);
    }

    @Test
    void parts_are_counted_from_the_right() {
        assertThat(Pattern.parse("read:entry")).isEqualTo(new Pattern("read:entry", -1, "", "", "read", "entry"));
        assertThat(Pattern.parse("17").id()).isEqualTo(17);
    }

    @Test
    void clocks_of_any_rate_are_probes() {
        var table = new ProbeTable(Optional::empty, View.ALL);

        assertThat(table.find(Pattern.parse("tick-250ms")).getFirst().source())
                .isEqualTo(new Probe.Source.Clock(250_000_000, false));
        assertThat(table.find(Pattern.parse("profile:::profile-100hz"))
                        .getFirst()
                        .source())
                .isEqualTo(new Probe.Source.Clock(10_000_000, true));
        assertThat(table.find(Pattern.parse("tick-1ns"))).isEqualTo(List.of());
    }

    @Test
    void the_first_three_probes_are_those_of_dtrace_itself() {
        var table = new ProbeTable(Optional::empty, View.ALL);

        assertThat(table.find(Pattern.parse("dtrace:::")).stream().map(Probe::description))
                .containsExactly("dtrace:::BEGIN", "dtrace:::END", "dtrace:::ERROR");
    }
}
