package zonda.network;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.EnumSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import zonda.base.Cidr;
import zonda.base.Mac;
import zonda.kernel.NftElements.Element;
import zonda.network.NicProtection.Allowed;

class PortTest {
    private static final Mac MAC = Mac.parse("02:08:20:ab:0c:01");
    /** {@code z1.0}, zeros to 16. */
    private static final String NAME = "7a312e30000000000000000000000000";

    @Test
    void its_elements_are_its_name_and_what_it_may_send() {
        var port = new Port("z1.0", MAC, List.of(Cidr.parse("10.1.0.5/24")), Set.of(), NicProtection.FULL);

        assertThat(port.elements())
                .extracting(PortTest::text)
                .containsExactly(
                        "macs " + NAME + "020820ab0c010000",
                        "chaddrs " + NAME + "020820ab0c010000",
                        "hwoptions " + NAME + "020820ab0c010000",
                        "v4 " + NAME + "0a010005",
                        "v6 " + NAME + "fe80000000000000000820fffeab0c01",
                        "targets6 " + NAME + "fe80000000000000000820fffeab0c01");
    }

    @Test
    void networks_are_ranges_and_permissions_are_flags() {
        var protection = new NicProtection(
                EnumSet.allOf(Allowed.class), List.of(Cidr.parse("10.2.0.7/16"), Cidr.parse("fd00::/64")), Set.of(25));
        var port = new Port("z1.0", MAC, List.of(), Set.of(), protection);

        assertThat(port.elements())
                .extracting(PortTest::text)
                .contains(
                        "anymac " + NAME,
                        "anyip " + NAME,
                        "servers " + NAME,
                        "anyproto " + NAME,
                        "blocked " + NAME + "00190000",
                        "v4nets " + NAME + "0a020000-" + NAME + "0a02ffff",
                        "v6nets " + NAME + "fd000000000000000000000000000000-" + NAME
                                + "fd00000000000000ffffffffffffffff");
    }

    @Test
    void what_its_network_gives_is_a_flag_and_an_interface_identifier() {
        var port = new Port("z1.0", MAC, List.of(), EnumSet.allOf(DynamicMethod.class), NicProtection.FULL);

        assertThat(port.elements())
                .extracting(PortTest::text)
                .contains(
                        "leasing " + NAME,
                        "ids6 " + NAME + "000820fffeab0c01",
                        "targetids6 " + NAME + "000820fffeab0c01");
    }

    private static String text(Element element) {
        var hex = HexFormat.of();
        return element.set() + " " + hex.formatHex(element.key())
                + element.end().map(end -> "-" + hex.formatHex(end)).orElse("");
    }
}
