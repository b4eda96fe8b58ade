package zonda.vm;

import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.function.Supplier;
import zonda.base.Await;
import zonda.base.Code;
import zonda.base.Json;
import zonda.base.OpException;
import zonda.base.Saga;
import zonda.images.ImageError;
import zonda.images.ImageException;
import zonda.storage.Datasets;

/**
 * A VM that a script prepares for becoming an image, {@code imgadm create -s}: the VM is booted with it as its operator's
 * script, which says by the metadata {@code prepare-image:state} how far it is. Whatever becomes of it, the VM's root, a
 * machine's disks and its metadata are afterwards as they were.
 */
final class Preparing {
    static final String KIND = "vm-prepare";
    private static final String SNAPSHOT = "imgadm-create-pre-prepare";
    private static final String SCRIPT = "operator-script";
    private static final String STATE = "prepare-image:state";
    private static final String ERROR = "prepare-image:error";
    private static final Duration LIMIT = Duration.ofMinutes(5);

    private final Vms vms;

    Preparing(Vms vms) {
        this.vms = vms;
    }

    /**
     * Does something with a VM that was prepared and has been shut down.
     *
     * @throws OpException CONFLICT when it runs, NOT_SUPPORTED for a container
     * @throws ImageException PREPARE_IMAGE_ERROR with what the script said, PREPARE_IMAGE_DID_NOT_RUN
     */
    <T> T with(UUID uuid, String script, Supplier<T> work) {
        Saga saga = vms.lane(uuid).run("imgadm create", () -> begin(uuid));
        try {
            saga.step("script", () -> vms.store().change(uuid, vm -> vm.with(withScript(vm.config(), script))));
            saga.step(
                    "boot",
                    () -> vms.lane(uuid).run("imgadm create", () -> {
                        vms.machinery().boot(vms.find(uuid));
                        return uuid;
                    }));
            vms.boots().complete(uuid);
            await(uuid);
            shutDown(uuid);
            return work.get();
        } finally {
            restore(saga);
            saga.end();
        }
    }

    private Saga begin(UUID uuid) {
        VmRecord vm = vms.find(uuid);
        VmConfig config = vm.config();
        vm.requireWhole("prepare");
        if (Docker.is(config)) {
            throw new OpException(Code.NOT_SUPPORTED, "a container can not be prepared by a script: VM " + uuid);
        }
        if (vms.machinery().running(uuid).isPresent()) {
            throw new ImageException(ImageError.VM_NOT_STOPPED, "cannot prepare a running VM: stop " + uuid);
        }
        if (vm.life() == VmRecord.Life.PROVISIONING) {
            throw new OpException(Code.CONFLICT, "VM " + uuid + " has never been booted: start and stop it first");
        }
        Datasets datasets = vms.machinery().datasets(config);
        if (datasets.findSnapshot(snapshot(config)).isPresent()) {
            throw new OpException(Code.CONFLICT, "VM " + uuid + " is being prepared already");
        }
        Saga saga = vms.host()
                .journal()
                .begin(
                        KIND,
                        Json.object()
                                .with("uuid", uuid.toString())
                                .with("internal_metadata", config.metadata("internal_metadata"))
                                .with("customer_metadata", config.metadata("customer_metadata")));
        try {
            saga.step(
                    "snapshot",
                    () -> HvmDatasets.snapshots(config, datasets, snapshots(config), "while it is prepared"));
        } catch (RuntimeException e) {
            thaw(config, datasets);
            saga.end();
            throw e;
        }
        return saga;
    }

    /** Brings what has a snapshot back to that, and forgets it. */
    private void thaw(VmConfig config, Datasets datasets) {
        List<String> made = snapshots(config).reversed().stream()
                .filter(snapshot -> datasets.findSnapshot(snapshot).isPresent())
                .toList();
        if (!made.isEmpty()) {
            vms.machinery().indestructible().release(config);
        }
        for (String snapshot : made) {
            datasets.rollback(snapshot, true);
            datasets.destroy(snapshot, false);
        }
        vms.machinery().indestructible().apply(config);
        HvmDatasets.keepFree(config, datasets, true);
    }

    /** Of the root and of a machine's disks. */
    private static List<String> snapshots(VmConfig config) {
        return VmSnapshots.parts(config).map(part -> part + "@" + SNAPSHOT).toList();
    }

    private static String snapshot(VmConfig config) {
        return config.dataset() + "@" + SNAPSHOT;
    }

    private static VmConfig withScript(VmConfig config, String script) {
        Json.Obj internal = config.metadata("internal_metadata").with(SCRIPT, script);
        Json.Obj customer = config.metadata("customer_metadata").without(STATE).without(ERROR);
        return config.with("internal_metadata", internal).with("customer_metadata", customer);
    }

    private void await(UUID uuid) {
        boolean ended = Await.until(
                LIMIT,
                () -> said(uuid, STATE).matches("success|error")
                        || !vms.host().zones().isRunning(uuid));
        String state = said(uuid, STATE);
        switch (state) {
            case "success" -> {}
            case "" ->
                throw new ImageException(
                        ImageError.PREPARE_IMAGE_DID_NOT_RUN,
                        "the prepare-image script did not say that it ran: mdata-put " + STATE + " is its to do");
            case "error" -> throw new ImageException(ImageError.PREPARE_IMAGE_ERROR, said(uuid, ERROR));
            default ->
                throw new ImageException(
                        ImageError.PREPARE_IMAGE_ERROR,
                        "the prepare-image script "
                                + (ended ? "ended" : "is not done after " + LIMIT.toSeconds() + " s")
                                + ", and the last that it said is: " + state);
        }
    }

    /** A machine that does not shut down has not all that it wrote on its disks. */
    private void shutDown(UUID uuid) {
        if (!vms.find(uuid).config().brand().isHvm()) {
            vms.halt(uuid, false);
            return;
        }
        boolean down = vms.lane(uuid).run("imgadm create", () -> {
            boolean ended =
                    vms.machinery().running(uuid).isEmpty() || vms.machinery().shutDown(vms.find(uuid), LIMIT);
            if (ended) {
                vms.machinery().halt(uuid);
            }
            return ended;
        });
        if (!down) {
            throw new ImageException(
                    ImageError.PREPARE_IMAGE_ERROR,
                    "the prepare-image script succeeded, and the machine did not shut down within " + LIMIT.toSeconds()
                            + " s");
        }
    }

    private String said(UUID uuid, String key) {
        return vms.find(uuid).config().metadata("customer_metadata").string(key, "");
    }

    private void restore(Saga saga) {
        Json.Obj about = saga.intent().about();
        UUID uuid = UUID.fromString(about.string("uuid", ""));
        vms.lane(uuid).run("imgadm create", () -> {
            VmConfig config = vms.find(uuid).config();
            Datasets datasets = vms.machinery().datasets(config);
            vms.machinery().halt(uuid);
            thaw(config, datasets);
            vms.store()
                    .change(
                            uuid,
                            vm -> vm.with(vm.config()
                                    .with("internal_metadata", about.object("internal_metadata"))
                                    .with("customer_metadata", about.object("customer_metadata"))));
            return uuid;
        });
    }

    /** Gives a VM back what it was when a daemon died meanwhile. */
    void settle(Saga saga) {
        if (vms.store()
                .find(UUID.fromString(saga.intent().about().string("uuid", "")))
                .isPresent()) {
            restore(saga);
        }
        saga.end();
    }
}
