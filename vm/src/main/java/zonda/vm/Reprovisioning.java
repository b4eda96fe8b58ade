package zonda.vm;

import java.util.UUID;
import zonda.base.Code;
import zonda.base.Json;
import zonda.base.OpException;
import zonda.base.Saga;
import zonda.storage.Datasets;

/** reprovision of vmadm(8): a VM starts anew from an image, with its name, NICs, metadata and quota. */
public final class Reprovisioning {
    private final Vms vms;
    private final Disks disks;

    Reprovisioning(Vms vms, Disks disks) {
        this.vms = vms;
        this.disks = disks;
    }

    /**
     * Ends the VM, gives it a new root, and boots it as for the first time. Its snapshots go with its old root. A machine's
     * root is its first disk; the others stay as they are.
     *
     * @param payload with image_uuid
     * @throws OpException INVALID without one, NOT_FOUND for an image that isn't installed, NOT_SUPPORTED
     */
    public void reprovision(UUID uuid, Json.Obj payload) {
        String image = payload.string("image_uuid")
                .orElseThrow(() -> new OpException(Code.INVALID, "payload is missing image_uuid"));
        vms.lane(uuid).run("reprovision", () -> {
            VmRecord before = vms.find(uuid);
            VmConfig after = after(before.config(), image);
            Json.Obj about = Json.object().with("uuid", uuid.toString()).with("config", after.properties());
            carryOut(vms.host().journal().begin("vm-reprovision", about), uuid);
            return uuid;
        });
        if (vms.machinery().running(uuid).isPresent()) {
            vms.boots().complete(uuid);
        }
    }

    private VmConfig after(VmConfig before, String image) {
        Indestructible.Part.ZONEROOT.refuse(before, "reprovision");
        if (before.brand().isHvm()) {
            return disks.reprovisioned(before, image);
        }
        VmConfig after = before.with("image_uuid", Json.of(image));
        vms.rules().checkImage(after);
        return after;
    }

    /** Each step may find itself done. From the first on, the old root is given up: what was interrupted is completed. */
    private void carryOut(Saga saga, UUID uuid) {
        var config = new VmConfig(saga.intent().about().object("config"));
        saga.step("halt", () -> vms.machinery().halt(uuid));
        saga.step("aside", () -> Delegation.putAside(config, vms.machinery().datasets(config)));
        saga.step("destroy", () -> destroyOldRoot(config));
        saga.step(
                "record",
                () -> vms.store().change(uuid, vm -> vm.with(config).with(Creating.lifeAfterInstall(config))));
        saga.step("datasets", () -> vms.machinery().makeDatasets(config));
        saga.step("install", () -> vms.machinery().install(config));
        if (config.autoboot()) {
            saga.step("boot", () -> vms.machinery().boot(vms.find(uuid)));
        }
        saga.end();
    }

    private void destroyOldRoot(VmConfig config) {
        Datasets datasets = vms.machinery().datasets(config);
        if (config.brand().isHvm()) {
            vms.machinery().snapshots().forgetAll(config);
            HvmDatasets.destroySystem(config, datasets);
            return;
        }
        if (datasets.find(config.coresDataset()).isPresent()) {
            datasets.unmount(config.coresDataset());
        }
        datasets.destroyIfExists(config.dataset(), true);
    }

    /** Completes one that was interrupted. */
    void settle(Saga saga) {
        UUID uuid = UUID.fromString(saga.intent().about().string("uuid", ""));
        boolean over = vms.store().find(uuid).isEmpty() || vms.host().zones().isUp(uuid) && isOfImage(saga, uuid);
        if (over) {
            saga.end();
            return;
        }
        carryOut(saga, uuid);
        if (vms.machinery().running(uuid).isPresent()) {
            vms.boots().completeLater(uuid);
        }
    }

    private boolean isOfImage(Saga saga, UUID uuid) {
        var wanted = new VmConfig(saga.intent().about().object("config"));
        VmRecord vm = vms.find(uuid);
        return vm.config().imageUuid().equals(wanted.imageUuid())
                && Disks.of(vm.config()).equals(Disks.of(wanted))
                && vm.life() == Creating.lifeAfterInstall(vm.config());
    }
}
