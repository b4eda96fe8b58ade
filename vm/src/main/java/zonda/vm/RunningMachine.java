package zonda.vm;

import java.nio.file.Path;
import java.util.List;
import zonda.base.Code;
import zonda.base.Json;
import zonda.base.OpException;
import zonda.kvm.Qemu;
import zonda.kvm.SerialLine;

/** A hardware VM that runs, and what can be asked of it: vmadm(8), info and sysrq. */
public record RunningMachine(VmConfig vm, HvmControl control) {
    /** {@code vmadm info}. @see HvmControl#info */
    public Json.Obj info(List<String> types) {
        return control.info(vm, types);
    }

    /** {@code vmadm sysrq nmi}. @see HvmControl#interrupt */
    public void interrupt() {
        control.interrupt(vm);
    }

    /** {@code vmadm sysrq screenshot}. @see HvmControl#screenshot */
    public Path screenshot() {
        return control.screenshot(vm);
    }

    /** As its reset button does: what the guest had not written is lost. @see HvmControl#reset */
    public void reset() {
        control.reset(vm);
    }

    /** Serves its displays anew, as the VM says now; who looks is hung up on. @throws OpException as an update of them */
    public void reloadDisplays() {
        control.reloadDisplays(vm);
    }

    /** The socket of its console, on the host. @throws OpException FAILED when no serial port is its console */
    public Path console() {
        if (!HvmSpecs.serial(vm).hasConsole()) {
            throw new OpException(
                    Code.FAILED,
                    "VM " + vm.uuid() + " has no console: neither com1 nor com2 is " + SerialLine.USUAL_FIRST);
        }
        return control.socket(vm, Qemu.CONSOLE);
    }
}
