package zonda.images.tar;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.List;
import org.junit.jupiter.api.Test;

class AttributesTest {
    @Test
    void what_means_something_to_the_host_is_left_out() {
        var all = new HashMap<String, byte[]>();
        for (String name : List.of(
                "user.note",
                "security.capability",
                "system.posix_acl_access",
                "trusted.overlay.opaque",
                "security.selinux",
                "security.ima",
                "btrfs.compression")) {
            all.put(name, new byte[] {1});
        }

        assertThat(Attributes.ofZone(all))
                .containsOnlyKeys("user.note", "security.capability", "system.posix_acl_access");
    }
}
