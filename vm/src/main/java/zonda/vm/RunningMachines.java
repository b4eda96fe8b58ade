package zonda.vm;

import java.util.List;
import java.util.UUID;
import zonda.base.Code;
import zonda.base.OpException;

/** The machines of hardware VMs that run. */
public final class RunningMachines {
    private final Vms vms;
    private final Machinery machinery;

    RunningMachines(Vms vms, Machinery machinery) {
        this.vms = vms;
        this.machinery = machinery;
    }

    /** @throws OpException FAILED when it is no hardware VM, or doesn't run */
    public RunningMachine of(UUID uuid) {
        VmConfig vm = vms.find(uuid).config();
        if (!vm.brand().isHvm()) {
            throw new OpException(
                    Code.FAILED,
                    "VM " + uuid + " is no hardware VM, but of brand "
                            + vm.brand().word());
        }
        machinery.requireRunning(uuid);
        return new RunningMachine(vm, machinery.control());
    }

    List<VmConfig> all() {
        return vms.records().stream()
                .map(VmRecord::config)
                .filter(vm -> vm.brand().isHvm() && machinery.running(vm.uuid()).isPresent())
                .toList();
    }

    /** What they do while the host sleeps. */
    public HostSleep sleep() {
        return new HostSleep(all(), machinery.control(), vms.host().clock());
    }
}
