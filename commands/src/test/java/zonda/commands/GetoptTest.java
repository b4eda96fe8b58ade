package zonda.commands;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class GetoptTest {
    private static Getopt parse(String line) {
        return Getopt.parse(List.of(line.split(" ")), "p|parsable H o|order= strict");
    }

    @Test
    void letters_cluster_and_values_are_attached_or_follow() {
        assertThat(parse("-pH -o uuid").value("o")).contains("uuid");
        assertThat(parse("-pouuid").value("o")).contains("uuid");
        assertThat(parse("--order=a,b --strict x").value("o")).contains("a,b");
        assertThat(parse("--order a").value("o")).contains("a");
        assertThat(parse("-pH").has("H")).isTrue();
    }

    @Test
    void options_may_follow_operands_until_two_dashes() {
        Getopt options = parse("x=1 -p -- -H");

        assertThat(options.operands()).containsExactly("x=1", "-H");
        assertThat(options.has("p")).isTrue();
        assertThat(options.has("H")).isFalse();
    }

    @Test
    void what_is_not_known_is_named() {
        assertThatThrownBy(() -> parse("-z")).hasMessage("unknown option: -z");
        assertThatThrownBy(() -> parse("--no")).hasMessage("unknown option: --no");
        assertThatThrownBy(() -> parse("-o")).hasMessage("option -o needs a value");
    }
}
