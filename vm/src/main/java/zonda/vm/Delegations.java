package zonda.vm;

import java.util.UUID;
import zonda.base.Code;
import zonda.base.OpException;

/** What VMs have to manage themselves. */
public final class Delegations {
    private final Vms vms;

    Delegations(Vms vms) {
        this.vms = vms;
    }

    /** @throws OpException NOT_FOUND when nothing is delegated to the VM, or there is no such VM, or its pool isn't there */
    public Delegation of(UUID uuid) {
        VmRecord vm = vms.find(uuid);
        if (!Delegation.isOf(vm.config())) {
            throw new OpException(Code.NOT_FOUND, "no dataset is delegated to VM " + uuid);
        }
        return vms.machinery().delegation(vm);
    }
}
