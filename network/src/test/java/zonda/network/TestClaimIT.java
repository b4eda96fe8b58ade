package zonda.network;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import org.junit.jupiter.api.Test;

class TestClaimIT {
    private static final String CONFIG = """
            {"etherstubs": [{"name": "stub6", "address": "10.98.6.1/24"}]}""";

    @Test
    void what_a_killed_test_left_is_not_in_the_way_of_the_next() throws IOException {
        try (var killed = new TestNetwork(CONFIG)) {
            killed.up();
            assertThat(killed.links()).hasSize(1);
            killed.abandon();

            try (var next = new TestNetwork(CONFIG)) {
                next.up();
                assertThat(next.links()).hasSize(1);
                assertThat(killed.links()).isEmpty();
            }
        }
    }

    @Test
    void what_a_living_test_has_stays() throws IOException {
        try (var living = new TestNetwork(CONFIG)) {
            living.up();

            try (var other = new TestNetwork()) {
                other.up();
                assertThat(living.links()).hasSize(1);
            }
        }
    }
}
