package zonda.dtrace.code;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class LogLinearTest {
    @Test
    void each_power_is_cut_into_equal_steps() {
        assertThat(LogLinear.of(List.of(10L, 1L, 2L, 10L)).bounds())
                .containsExactly(
                        10L, 20L, 30L, 40L, 50L, 60L, 70L, 80L, 90L, 100L, 200L, 300L, 400L, 500L, 600L, 700L, 800L,
                        900L, 1000L);
    }
}
