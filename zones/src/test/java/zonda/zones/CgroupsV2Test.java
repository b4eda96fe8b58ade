package zonda.zones;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import zonda.base.Bytes;

/** What is written to which file of a version 2 group; that the kernel takes it can only be tried on such a host. */
class CgroupsV2Test {
    private final UUID zone = UUID.randomUUID();

    @TempDir
    Path parent;

    @BeforeEach
    void make_a_group() throws IOException {
        Path group = Files.createDirectory(parent.resolve(zone.toString()));
        for (String file : List.of(
                "memory.max", "memory.swap.max", "cpu.max", "cpu.weight", "pids.max", "io.weight", "cgroup.procs")) {
            Files.createFile(group.resolve(file));
        }
    }

    private String read(String file) throws IOException {
        return Files.readString(parent.resolve(zone.toString()).resolve(file));
    }

    private static Limits limits(OptionalLong cap) {
        return new Limits(Bytes.ofMiB(256), Bytes.ofMiB(1024), cap, 20_000, 300, Bytes.ofMiB(1), 50, Bytes.ofMiB(0));
    }

    @Test
    void limits_are_said_in_version_2_s_terms() throws IOException {
        new CgroupsV2(parent).apply(zone, limits(OptionalLong.of(150)));

        assertThat(read("memory.max")).isEqualTo(String.valueOf(256L << 20));
        assertThat(read("memory.swap.max")).isEqualTo(String.valueOf(768L << 20));
        assertThat(read("cpu.max")).isEqualTo("150000 100000");
        assertThat(read("cpu.weight")).isEqualTo("10000");
        assertThat(read("pids.max")).isEqualTo("300");
        assertThat(read("io.weight")).isEqualTo("50");
    }

    @Test
    void no_cap_is_max() throws IOException {
        new CgroupsV2(parent).apply(zone, limits(OptionalLong.empty()));

        assertThat(read("cpu.max")).isEqualTo("max 100000");
    }
}
