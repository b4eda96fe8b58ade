package zonda.vm;

import java.util.UUID;
import zonda.base.Code;
import zonda.base.Json;
import zonda.base.OpException;
import zonda.base.Saga;

/** create-snapshot, delete-snapshot and rollback-snapshot of vmadm(8). */
public final class SnapshotVerbs {
    private final Vms vms;

    SnapshotVerbs(Vms vms) {
        this.vms = vms;
    }

    private VmSnapshots snapshots() {
        return vms.machinery().snapshots();
    }

    /** Makes a snapshot of the VM, running or not. @throws zonda.base.OpException INVALID, CONFLICT, NOT_SUPPORTED */
    public void create(UUID uuid, String name) {
        vms.lane(uuid).run("create-snapshot", () -> {
            VmRecord vm = vms.find(uuid);
            vm.requireWhole("snapshot");
            if (Delegation.isOf(vm.config())) {
                throw new OpException(
                        Code.NOT_SUPPORTED,
                        "Cannot currently snapshot zones that have datasets; zfs snapshot, on the host or in the VM, can");
            }
            snapshots().create(vm, name);
            vms.touched(uuid);
            return uuid;
        });
    }

    /** @throws zonda.base.OpException NOT_FOUND when there is none of that name */
    public void delete(UUID uuid, String name) {
        vms.lane(uuid).run("delete-snapshot", () -> {
            snapshots().delete(vms.find(uuid), name);
            vms.touched(uuid);
            return uuid;
        });
    }

    /**
     * Ends the VM, makes its root what it was, forgets newer snapshots, and boots the VM again if it ran.
     *
     * @throws zonda.base.OpException NOT_FOUND when there is none of that name
     */
    public void rollback(UUID uuid, String name) {
        boolean ran = vms.lane(uuid).run("rollback-snapshot", () -> {
            VmConfig config = vms.find(uuid).config();
            snapshots().require(config, name);
            boolean runs = vms.machinery().running(uuid).isPresent();
            Json.Obj about = Json.object()
                    .with("uuid", uuid.toString())
                    .with("snapshot", name)
                    .with("running", runs);
            rollback(vms.host().journal().begin("vm-rollback", about), uuid);
            return runs;
        });
        if (ran) {
            vms.boots().complete(uuid);
        }
    }

    private void rollback(Saga saga, UUID uuid) {
        Json.Obj about = saga.intent().about();
        try {
            saga.step("halt", () -> vms.machinery().halt(uuid));
            saga.step("rollback", () -> rollBack(vms.find(uuid).config(), about.string("snapshot", "")));
            if (about.bool("running", false)) {
                saga.step("boot", () -> vms.machinery().boot(vms.find(uuid)));
            }
        } finally {
            saga.end();
        }
    }

    /** The snapshot that protects the root is in the way for a moment when it is newer. */
    private void rollBack(VmConfig config, String name) {
        vms.machinery().indestructible().release(config);
        snapshots().rollback(config, name);
        vms.machinery().indestructible().apply(config);
    }

    /**
     * Settles a rollback that was interrupted. One that had not ended the VM yet has changed nothing, and one that has
     * booted it again is done; what is between is done again, which makes no difference before the VM runs.
     */
    void settle(Saga saga) {
        UUID uuid = UUID.fromString(saga.intent().about().string("uuid", ""));
        if (vms.store().find(uuid).isEmpty() || vms.host().zones().isUp(uuid)) {
            saga.end();
            return;
        }
        rollback(saga, uuid);
        if (vms.machinery().running(uuid).isPresent()) {
            vms.boots().completeLater(uuid);
        }
    }
}
