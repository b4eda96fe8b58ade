package zonda.zones;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;

/** Version 2: one tree for all controllers. Kernel documentation, admin-guide/cgroup-v2. */
record CgroupsV2(Path parent) implements Cgroups {
    private static final long PERIOD_MICROS = 100_000;

    @Override
    public String pathInBundle(UUID zone) {
        return "/" + Cgroups.TREE.relativize(parent) + "/" + zone;
    }

    @Override
    public List<Path> directories(UUID zone) {
        Path group = parent.resolve(zone.toString());
        return Files.exists(group) ? List.of(group) : List.of();
    }

    @Override
    public List<Path> parents() {
        return Files.exists(parent) ? List.of(parent) : List.of();
    }

    @Override
    public void apply(UUID zone, Limits limits) {
        Path group = parent.resolve(zone.toString());
        long swap = limits.memoryAndSwap().value() - limits.memory().value();
        Cgroups.writeIfThere(
                group.resolve("memory.max"), String.valueOf(limits.memory().value()));
        Cgroups.writeIfThere(group.resolve("memory.swap.max"), String.valueOf(swap));
        Cgroups.writeIfThere(
                group.resolve("cpu.max"),
                (limits.cpuCap().isPresent()
                                ? String.valueOf(limits.cpuCap().getAsLong() * PERIOD_MICROS / 100)
                                : "max")
                        + " " + PERIOD_MICROS);
        Cgroups.writeIfThere(group.resolve("cpu.weight"), String.valueOf(Math.clamp(limits.cpuShares(), 1, 10_000)));
        Cgroups.writeIfThere(group.resolve("pids.max"), String.valueOf(limits.maxLwps()));
        String weight = String.valueOf(Math.clamp(limits.ioPriority(), 1, 10_000));
        Cgroups.writeIfThere(group.resolve("io.weight"), weight);
        Cgroups.writeIfThere(group.resolve("io.bfq.weight"), weight);
    }

    @Override
    public void delegate(UUID zone, IdRange ids) {
        Path group = parent.resolve(zone.toString());
        for (String file : List.of("", "cgroup.procs", "cgroup.threads", "cgroup.subtree_control")) {
            Cgroups.give(group.resolve(file), ids);
        }
    }
}
