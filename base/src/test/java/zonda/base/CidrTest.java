package zonda.base;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CidrTest {
    @Test
    void prints_addresses_in_their_short_form() {
        assertThat(Cidr.parse("fd00:0:0:0:1:0:0:2/64")).hasToString("fd00::1:0:0:2/64");
        assertThat(Cidr.parse("::/0")).hasToString("::/0");
        assertThat(Cidr.parse("FE80::1/10")).hasToString("fe80::1/10");
        assertThat(Cidr.parse("1:2:3:4:5:6:7:0/128")).hasToString("1:2:3:4:5:6:7:0/128");
        assertThat(Cidr.parse("1:0:3:4:5:6:7:8/128")).hasToString("1:0:3:4:5:6:7:8/128");
        assertThat(Cidr.parse("10.99.0.5/24")).hasToString("10.99.0.5/24");
    }

    @Test
    void knows_its_network_and_neighbours() {
        var cidr = Cidr.parse("10.99.7.5/22");

        assertThat(cidr.network()).hasToString("10.99.4.0/22");
        assertThat(Cidr.text(cidr.last())).isEqualTo("10.99.7.255");
        assertThat(cidr.contains(Cidr.parseAddress("10.99.4.1"))).isTrue();
        assertThat(cidr.contains(Cidr.parseAddress("10.99.8.0"))).isFalse();
        assertThat(cidr.contains(Cidr.parseAddress("::1"))).isFalse();
        assertThat(Cidr.text(cidr.nth(260))).isEqualTo("10.99.5.4");
    }

    @Test
    void networks_overlap_when_one_holds_the_other() {
        assertThat(Cidr.parse("10.0.0.0/8").overlaps(Cidr.parse("10.99.0.0/24")))
                .isTrue();
        assertThat(Cidr.parse("10.99.0.0/24").overlaps(Cidr.parse("10.0.0.0/8")))
                .isTrue();
        assertThat(Cidr.parse("10.99.0.0/24").overlaps(Cidr.parse("10.99.1.0/24")))
                .isFalse();
        assertThat(Cidr.parse("0.0.0.0/0").overlaps(Cidr.parse("fd00::/8"))).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"10.1", "10.0.0.256", "010.0.0.1", "localhost", "fe80::1%eth0", "[::1]", "", "1.2.3.4 "})
    void what_is_no_address_is_refused(String text) {
        assertThatThrownBy(() -> Cidr.parseAddress(text))
                .isInstanceOf(OpException.class)
                .hasMessage("not an IP address: \"" + text + "\"");
    }

    @ParameterizedTest
    @ValueSource(strings = {"10.0.0.1", "10.0.0.1/33", "10.0.0.1/", "::1/129", "10.0.0.1/-1", "10.0.0.1/2/3"})
    void what_is_no_cidr_is_refused(String text) {
        assertThatThrownBy(() -> Cidr.parse(text)).isInstanceOf(OpException.class);
    }
}
