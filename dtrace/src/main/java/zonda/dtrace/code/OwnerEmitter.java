package zonda.dtrace.code;

import static zonda.dtrace.code.Maps.*;

import java.nio.charset.StandardCharsets;
import zonda.dtrace.types.DType;
import zonda.kernel.BpfAssembler;
import zonda.kernel.BpfAssembler.Alu;
import zonda.kernel.BpfAssembler.Jump;

/** Code for whose the probe's thread is: its numbers, its user, its zone. In a zone they are as that zone has them. */
final class OwnerEmitter {
    /** Levels of user namespaces that are looked through; the kernel has at most 32. */
    private static final int DEEPEST_NAMESPACE = 8;

    private final BuiltinEmitter builtins;
    private final Emitter emitter;
    private final BpfAssembler asm;

    OwnerEmitter(BuiltinEmitter builtins, Emitter emitter) {
        this.builtins = builtins;
        this.emitter = emitter;
        this.asm = emitter.asm;
    }

    void id(boolean process) {
        if (builtins.isOwn()) {
            asm.constant(R0, emitter.session.pid());
        } else if (emitter.isConfined()) {
            builtins.task();
            if (process) {
                processNumber();
            } else {
                zoneNumber();
            }
        } else if (builtins.isRunning()) {
            asm.call(Emitter.PID_TGID);
            if (process) {
                asm.alu(Alu.RSH, R0, 32);
            } else {
                asm.zeroExtend32(R0);
            }
        } else {
            builtins.task();
            builtins.read("task_struct", process ? "tgid" : "pid");
        }
    }

    /** r0 = the number of the process of the thread in r0, as the session sees it. */
    void processNumber() {
        if (emitter.isConfined()) {
            builtins.read("task_struct", "group_leader");
            zoneNumber();
        } else {
            builtins.read("task_struct", "tgid");
        }
    }

    /** r0 = the number of the process on the host, by which its files are found. */
    void hostProcess() {
        builtins.task();
        builtins.read("task_struct", "tgid");
    }

    /** r0 = the number in the zone of the thread in r0: 0 when it is outside, or has ended. */
    private void zoneNumber() {
        int outside = asm.newLabel();
        int end = asm.newLabel();
        int level = emitter.confinement().level();
        DType.Member all = builtins.member("pid", "numbers");
        int size = ((DType.Array) all.type()).of().size();
        builtins.read("task_struct", "thread_pid");
        asm.jump(Jump.EQ, R0, 0, outside);
        Emitter.Temporary pid = emitter.save();
        builtins.read("pid", "level");
        asm.move(R1, R0);
        emitter.load(R0, pid);
        emitter.free(pid);
        asm.jump(Jump.LT, R1, level, outside).alu(Alu.ADD, R0, all.bitOffset() / 8 + level * size);
        emitter.readKernel(4, true);
        asm.jump(end).place(outside).constant(R0, 0).place(end);
    }

    /** r0 = the zone's number of a user or group of the host. */
    private void zoneOwner() {
        int own = asm.newLabel();
        asm.constant(R1, emitter.confinement().firstId()).aluRegister(Alu.SUB, R0, R1);
        asm.jump(Jump.LT, R0, (int) emitter.confinement().ids(), own)
                .constant(R0, Confinement.NOBODY)
                .place(own);
    }

    void owner(String name) {
        if (!builtins.isOwn() && emitter.isConfined()) {
            hostOwner(name);
            zoneOwner();
            return;
        }
        hostOwner(name);
    }

    private void hostOwner(String name) {
        if (builtins.isOwn()) {
            asm.constant(R0, name.equals("uid") ? emitter.session.uid() : emitter.session.gid());
        } else if (builtins.isRunning()) {
            asm.call(Emitter.UID_GID);
            if (name.equals("gid")) {
                asm.alu(Alu.RSH, R0, 32);
            } else {
                asm.zeroExtend32(R0);
            }
        } else {
            builtins.task();
            builtins.read("task_struct", "cred");
            builtins.read("cred", name + ".val");
        }
    }

    /** r0 = the process that addresses are of, by which they get names later. */
    void processOfAddresses() {
        if (emitter.isConfined() && !builtins.isOwn()) {
            emitter.requireProcess();
            hostProcess();
        } else {
            id(true);
        }
    }

    /** The zone is the user namespace directly below the first one; those that a zone makes itself lie below that. */
    void zonename(int place, int size) {
        int global = asm.newLabel();
        int end = asm.newLabel();
        if (emitter.isConfined()) {
            emitter.text(place, emitter.confinement().zone().getBytes(StandardCharsets.US_ASCII), size);
            return;
        }
        if (!builtins.isOwn()) {
            builtins.task();
            builtins.read("task_struct", "cred");
            builtins.read("cred", "user_ns");
            zoneNamespace(global);
            asm.store(DW, FRAME, Emitter.READ, R0);
            emitter.useMap(R1, ZONES);
            emitter.frameAddress(R2, Emitter.READ);
            asm.call(Emitter.MAP_LOOKUP).jump(Jump.EQ, R0, 0, global);
            int width = Math.min(size, ZONE_NAME_SIZE);
            emitter.copyToSlot(place, R0, 0, width);
            emitter.zero(place + width, size - width);
            asm.jump(end);
        }
        asm.place(global);
        emitter.text(place, "global".getBytes(StandardCharsets.US_ASCII), size);
        asm.place(end);
    }

    /** r0 = the number of the zone's namespace that the user namespace in r0 is or is below; jumps for the first one. */
    void zoneNamespace(int global) {
        int found = asm.newLabel();
        Emitter.Temporary namespace = emitter.save();
        for (int level = 0; level < DEEPEST_NAMESPACE; level++) {
            emitter.load(R0, namespace);
            builtins.read("user_namespace", "level");
            asm.jump(Jump.EQ, R0, 0, global).jump(Jump.EQ, R0, 1, found);
            emitter.load(R0, namespace);
            builtins.read("user_namespace", "parent");
            asm.move(R1, R0);
            emitter.set(namespace, R1);
        }
        asm.place(found);
        emitter.load(R0, namespace);
        emitter.free(namespace);
        builtins.read("user_namespace", "ns.inum");
    }
}
