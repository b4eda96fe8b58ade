package zonda.vm;

import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.stream.Collectors;
import zonda.base.Code;
import zonda.base.OpException;
import zonda.zones.IdRange;

/**
 * Which users of the host each VM's are. A range is taken when a VM's making begins, recorded with the VM, and free again
 * when the VM is gone. Any thread may call it.
 */
public final class IdRanges {
    private final long first;
    private final long count;
    private final ConcurrentMap<UUID, Long> taken = new ConcurrentHashMap<>();

    /**
     * @param first the base of the first range, a multiple of {@link IdRange#SIZE}
     * @param count how many VMs there can be
     */
    public IdRanges(long first, long count) {
        this.first = first;
        this.count = count;
    }

    /** The VM has this range already, as its record says. */
    void recorded(UUID vm, IdRange range) {
        taken.put(vm, range.base());
    }

    /** The lowest range that no VM has. @throws OpException FAILED when all are taken */
    synchronized IdRange take(UUID vm) {
        Set<Long> used = taken.values().stream().collect(Collectors.toCollection(TreeSet::new));
        for (long number = 0; number < count; number++) {
            long base = first + number * IdRange.SIZE;
            if (!used.contains(base)) {
                taken.put(vm, base);
                return new IdRange(base);
            }
        }
        throw new OpException(Code.FAILED, "no free range of user ids for another VM: all " + count + " are taken");
    }

    void free(UUID vm) {
        taken.remove(vm);
    }
}
