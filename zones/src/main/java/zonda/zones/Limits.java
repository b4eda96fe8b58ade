package zonda.zones;

import java.util.OptionalLong;
import zonda.base.Bytes;

/**
 * What a zone may use, in the words of resource_controls(7).
 *
 * @param memory max_physical_memory
 * @param memoryAndSwap max_swap: memory and swap together, as on SmartOS
 * @param cpuCap cpu_cap, in percent of one CPU; empty means no cap
 * @param cpuShares cpu_shares; 100 is an ordinary zone's
 * @param maxLwps max_lwps: processes and threads
 * @param lockedMemory max_locked_memory
 * @param ioPriority zfs_io_priority; 100 is an ordinary zone's
 * @param tmpfs size of /tmp; zero means that /tmp is on the zone's dataset
 */
public record Limits(
        Bytes memory,
        Bytes memoryAndSwap,
        OptionalLong cpuCap,
        long cpuShares,
        long maxLwps,
        Bytes lockedMemory,
        long ioPriority,
        Bytes tmpfs) {
    public Limits {
        if (memoryAndSwap.compareTo(memory) < 0) {
            throw new IllegalArgumentException("memory and swap together are less than memory");
        }
    }
}
