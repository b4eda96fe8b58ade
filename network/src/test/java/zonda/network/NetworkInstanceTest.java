package zonda.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class NetworkInstanceTest {
    private static final UUID ZONE = UUID.fromString("1b2c3d4e-5f60-4718-8293-a4b5c6d7e8f9");

    @Test
    void host_ends_tell_whose_they_are() {
        assertThat(of("z").hostEnd(ZONE, 0, 0)).isEqualTo("z1b2c3d4e.0");
        assertThat(of("z").hostEnd(ZONE, 0, 1)).isEqualTo("z5f604718.0");
        assertThat(of("t4f").hostEnd(ZONE, 999, 0)).isEqualTo("t4f1b2c3d4e.999").hasSize(15);
        assertThat(of("z").isHostEnd("z1b2c3d4e.0")).isTrue();
        assertThat(of("z").isHostEnd("z11b2c3d4e.0")).isFalse();
    }

    @Test
    void bridges_have_their_dladm_name_on_the_default_instance() {
        assertThat(of("z").bridge("stub0")).isEqualTo("stub0");
        assertThat(of("t4f").bridge("stub0")).isEqualTo("t4fstub0");
        assertThat(of("z").prefixedBridge("stub0")).isEqualTo("zstub0");
        assertThat(of("z").bridge("a_very_long_etherstub_name0"))
                .startsWith("zb")
                .hasSize(10);
        assertThat(of("z").bridge("stub0.4095")).isEqualTo("stub0.4095");
    }

    @Test
    void no_two_prefixes_share_a_group() {
        Set<Integer> groups = new HashSet<>();
        String letters = "abcdefghijklmnopqrstuvwxyz0123456789";
        int instances = 0;
        for (char a : letters.substring(0, 26).toCharArray()) {
            groups.add(of("" + a).group());
            instances++;
            for (char b : letters.toCharArray()) {
                groups.add(of("" + a + b).group());
                instances++;
                for (char c : letters.toCharArray()) {
                    groups.add(of("" + a + b + c).group());
                    instances++;
                }
            }
        }

        assertThat(groups).hasSize(instances).allMatch(group -> group >>> 16 == 0x5a4e);
    }

    @Test
    void a_prefix_is_short_and_plain() {
        assertThatThrownBy(() -> of("zone")).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> of("4z")).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> of("")).isInstanceOf(IllegalArgumentException.class);
    }

    private static NetworkInstance of(String prefix) {
        return new NetworkInstance(prefix, Path.of("state"), Path.of("run"), Path.of("machine"));
    }
}
