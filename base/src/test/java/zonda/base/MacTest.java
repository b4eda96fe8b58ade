package zonda.base;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Random;
import org.junit.jupiter.api.Test;

class MacTest {
    @Test
    void is_printed_with_two_lower_case_digits_an_octet() {
        assertThat(Mac.parse("2:8:20:AB:c:0")).hasToString("02:08:20:ab:0c:00");
        assertThat(Mac.of(Mac.parse("02:08:20:ab:0c:00").bytes())).isEqualTo(Mac.parse("2:8:20:ab:c:0"));
    }

    @Test
    void what_is_no_mac_is_refused() {
        assertThatThrownBy(() -> Mac.parse("02:08:20:ab:0c")).hasMessage("not a MAC address: \"02:08:20:ab:0c\"");
        assertThatThrownBy(() -> Mac.parse("02-08-20-ab-0c-00")).isInstanceOf(OpException.class);
        assertThatThrownBy(() -> Mac.parse("002:08:20:ab:0c:00")).isInstanceOf(OpException.class);
    }

    @Test
    void a_random_one_is_unicast_and_locally_administered() {
        var random = new Random(7);
        for (int i = 0; i < 1000; i++) {
            int first = Mac.random(random).bytes()[0];

            assertThat(first & 3).isEqualTo(2);
        }
    }

    @Test
    void its_link_local_address_is_its_modified_eui_64() {
        assertThat(Cidr.text(Mac.parse("02:08:20:ab:0c:01").linkLocal())).isEqualTo("fe80::8:20ff:feab:c01");
    }
}
