package zonda.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;
import java.util.UUID;

/** The control groups of a running zone as the kernel has them, on version 1, hybrid and version 2 hosts. */
record Cgroup(String parent, UUID zone) {
    private static final Path TREE = Path.of("/sys/fs/cgroup");

    static Cgroup of(Instance zonda, UUID zone) {
        return new Cgroup(zonda.identity().cgroup(), zone);
    }

    private static boolean isUnified() {
        return Files.exists(TREE.resolve("cgroup.controllers"));
    }

    private String read(String controller, String file1, String file2) {
        Path directory =
                (isUnified() ? TREE : TREE.resolve(controller)).resolve(parent).resolve(zone.toString());
        Path file = directory.resolve(isUnified() ? file2 : file1);
        assertThat(file).exists();
        return new String(Instance.read(file), StandardCharsets.US_ASCII).strip();
    }

    long memoryLimit() {
        return Long.parseLong(read("memory", "memory.limit_in_bytes", "memory.max"));
    }

    long processLimit() {
        return Long.parseLong(read("pids", "pids.max", "pids.max"));
    }

    /** In percent of one CPU; empty when there is none. */
    OptionalLong cpuCap() {
        String text = read("cpu", "cpu.cfs_quota_us", "cpu.max").split(" ")[0];
        return text.equals("max") || text.equals("-1")
                ? OptionalLong.empty()
                : OptionalLong.of(Long.parseLong(text) / 1000);
    }

    /** The kernel's number for it; more is more. */
    long cpuWeight() {
        return Long.parseLong(read("cpu", "cpu.shares", "cpu.weight"));
    }
}
