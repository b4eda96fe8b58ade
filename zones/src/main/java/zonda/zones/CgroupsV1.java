package zonda.zones;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.Stream;
import zonda.base.Bytes;
import zonda.base.OpException;

/** Version 1: one hierarchy per controller, also on hybrid hosts. Kernel documentation, admin-guide/cgroup-v1. */
record CgroupsV1(Map<String, Path> hierarchies, String parent) implements Cgroups {
    private static final long PERIOD_MICROS = 100_000;
    /** The kernel's default weight, and so that of an ordinary zone's 100 shares. */
    private static final long CPU_SHARES = 1024;

    private static final long LEAST_CPU_SHARES = 2;

    CgroupsV1 {
        hierarchies = Map.copyOf(hierarchies);
    }

    /** The directories below the tree: memory, pids, …, and systemd for the one without controller. */
    static Map<String, Path> hierarchies(Path tree) {
        Map<String, Path> found = new TreeMap<>();
        try (Stream<Path> entries = Files.list(tree)) {
            entries.filter(Files::isDirectory)
                    .filter(entry -> Files.exists(entry.resolve("tasks")))
                    .forEach(entry -> {
                        for (String controller :
                                String.valueOf(entry.getFileName()).split(",")) {
                            found.put(controller, entry);
                        }
                    });
        } catch (IOException e) {
            throw new UncheckedIOException("list " + tree + ": " + e, e);
        }
        return found;
    }

    @Override
    public String pathInBundle(UUID zone) {
        return "/" + parent + "/" + zone;
    }

    @Override
    public List<Path> directories(UUID zone) {
        return hierarchies.values().stream()
                .distinct()
                .map(hierarchy -> hierarchy.resolve(parent).resolve(zone.toString()))
                .filter(Files::exists)
                .toList();
    }

    @Override
    public List<Path> parents() {
        return hierarchies.values().stream()
                .distinct()
                .map(hierarchy -> hierarchy.resolve(parent))
                .filter(Files::exists)
                .toList();
    }

    @Override
    public void apply(UUID zone, Limits limits) {
        memory(group("memory", zone), limits.memory(), limits.memoryAndSwap());
        Path cpu = group("cpu", zone);
        Cgroups.writeIfThere(
                cpu.resolve("cpu.shares"),
                String.valueOf(Math.max(LEAST_CPU_SHARES, limits.cpuShares() * CPU_SHARES / 100)));
        Cgroups.writeIfThere(cpu.resolve("cpu.cfs_period_us"), String.valueOf(PERIOD_MICROS));
        Cgroups.writeIfThere(
                cpu.resolve("cpu.cfs_quota_us"),
                limits.cpuCap().isPresent() ? String.valueOf(limits.cpuCap().getAsLong() * PERIOD_MICROS / 100) : "-1");
        Cgroups.writeIfThere(group("pids", zone).resolve("pids.max"), String.valueOf(limits.maxLwps()));
        String weight = String.valueOf(Math.clamp(limits.ioPriority(), 10, 1000));
        Path io = group("blkio", zone);
        Cgroups.writeIfThere(io.resolve("blkio.weight"), weight);
        Cgroups.writeIfThere(io.resolve("blkio.bfq.weight"), weight);
    }

    /** Memory may never pass memory and swap together, so the order depends on which way they go. */
    private static void memory(Path group, Bytes memory, Bytes memoryAndSwap) {
        Path memoryFile = group.resolve("memory.limit_in_bytes");
        Path bothFile = group.resolve("memory.memsw.limit_in_bytes");
        try {
            Cgroups.writeIfThere(memoryFile, String.valueOf(memory.value()));
            Cgroups.writeIfThere(bothFile, String.valueOf(memoryAndSwap.value()));
        } catch (OpException e) {
            Cgroups.writeIfThere(bothFile, String.valueOf(memoryAndSwap.value()));
            Cgroups.writeIfThere(memoryFile, String.valueOf(memory.value()));
        }
    }

    @Override
    public void delegate(UUID zone, IdRange ids) {
        Path group = group("systemd", zone);
        for (String file : List.of("", "cgroup.procs", "tasks", "notify_on_release", "cgroup.clone_children")) {
            Cgroups.give(group.resolve(file), ids);
        }
    }

    private Path group(String controller, UUID zone) {
        Path hierarchy = hierarchies.getOrDefault(controller, Cgroups.TREE.resolve(controller));
        return hierarchy.resolve(parent).resolve(zone.toString());
    }
}
