package zonda.base;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class SpellingTest {
    private static final List<String> KNOWN = List.of("etherstubs", "nic_tags", "mtu");

    @Test
    void a_slip_of_the_finger_is_recognised() {
        assertThat(Spelling.nearest("etherstub", KNOWN)).contains("etherstubs");
        assertThat(Spelling.nearest("nictags", KNOWN)).contains("nic_tags");
        assertThat(Spelling.nearest("mut", List.of("mtu"))).isEmpty();
        assertThat(Spelling.nearest("mt", KNOWN)).contains("mtu");
    }

    @Test
    void another_word_is_not() {
        assertThat(Spelling.nearest("bridge", KNOWN)).isEmpty();
        assertThat(Spelling.nearest("x", List.of())).isEmpty();
    }
}
