package zonda.vm;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import zonda.base.OpException;

/**
 * Machines that QEMU has stand still since a write to one of their disks failed. Their guests don't know, and nothing is
 * lost: the writes are tried again and again, and when they succeed the machine goes on.
 */
final class HaltedWrites {
    private static final System.Logger LOG = System.getLogger(HaltedWrites.class.getName());
    /** QEMU's word for how such a machine is. */
    static final String STATUS = "io-error";

    private final HvmControl control;
    /** Those found so at the last look. */
    private final Set<UUID> halted = new HashSet<>();

    HaltedWrites(HvmControl control) {
        this.control = control;
    }

    /** What an operator is to know. */
    static List<String> problems(VmConfig vm, HvmControl control) {
        try {
            if (!control.status(vm).equals(STATUS)) {
                return List.of();
            }
            return control.failedDisks(vm).stream()
                    .map(disk -> "its machine stands still: "
                            + disk.dataset().map(name -> "volume " + name).orElse("disk " + disk.path())
                            + " could not be written to, as when its pool is full (zpool list) or ill (zpool status);"
                            + " within a minute of when it can it goes on by itself, and nothing is lost")
                    .toList();
        } catch (OpException e) {
            return List.of("its emulator does not answer: " + e.getMessage());
        }
    }

    /** Has writes tried again that failed; a write that fails again halts the machine again. */
    void retry(List<VmConfig> machines) {
        halted.retainAll(machines.stream().map(VmConfig::uuid).toList());
        for (VmConfig vm : machines) {
            try {
                retry(vm);
            } catch (OpException e) {
                // It may be ending, or another errand takes long: there is a next time.
                LOG.log(System.Logger.Level.DEBUG, "VM " + vm.uuid() + ": " + e.getMessage());
            }
        }
    }

    private void retry(VmConfig vm) {
        if (!control.status(vm).equals(STATUS)) {
            if (halted.remove(vm.uuid())) {
                LOG.log(System.Logger.Level.INFO, "VM " + vm.uuid() + ": its disks can be written to again");
            }
            return;
        }
        if (halted.add(vm.uuid())) {
            problems(vm, control)
                    .forEach(line -> LOG.log(System.Logger.Level.WARNING, "VM " + vm.uuid() + ": " + line));
        }
        control.tryWritesAgain(vm);
    }
}
