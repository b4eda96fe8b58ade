package zonda.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class MountInfoTest {
    @Test
    void a_line_with_propagation_and_escapes_is_read() {
        List<MountInfo> mounts = MountInfo.parse("""
                36 35 98:0 /mnt1 /mnt2/a\\040b rw,noatime master:1 shared:7 - ext3 /dev/my\\134root rw,errors=continue
                """);

        assertThat(mounts)
                .containsExactly(new MountInfo(
                        36,
                        35,
                        "98:0",
                        "/mnt1",
                        Path.of("/mnt2/a b"),
                        List.of("rw", "noatime"),
                        List.of("master:1", "shared:7"),
                        "ext3",
                        "/dev/my\\root",
                        List.of("rw", "errors=continue")));
    }

    @Test
    void a_line_of_another_shape_is_left_out() {
        assertThat(MountInfo.parse("36 35 98:0 / /mnt rw\n\nnonsense\n")).isEmpty();
    }
}
