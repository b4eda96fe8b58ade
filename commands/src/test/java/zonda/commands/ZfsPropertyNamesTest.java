package zonda.commands;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class ZfsPropertyNamesTest {
    @Test
    void words_are_properties_in_their_order() {
        assertThat(ZfsPropertyNames.list("name,avail,x:y,refer", "btrfs"))
                .containsExactly("name", "available", "x:y", "referenced");
    }

    @Test
    void a_property_that_a_pool_lacks_is_refused_with_the_name_of_its_driver() {
        for (String driver : List.of("btrfs", "OpenZFS", "OpenZFS and btrfs")) {
            assertThatThrownBy(() -> ZfsPropertyNames.list("name,compressratio", driver))
                    .hasMessage("bad property list: 'compressratio' is not supported by the driver " + driver);
            assertThatThrownBy(() -> ZfsChanging.options(driver, "tank/a", List.of("copies=2")))
                    .hasMessage("cannot set property for 'tank/a': 'copies' is not supported by the driver " + driver
                            + "; compression, quota, reservations, limits, volsize and user properties are");
        }
        assertThatThrownBy(() -> ZfsPropertyNames.list("colour", "btrfs"))
                .hasMessage("bad property list: invalid property 'colour'");
    }
}
