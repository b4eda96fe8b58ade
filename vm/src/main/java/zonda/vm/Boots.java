package zonda.vm;

import java.util.Optional;
import java.util.UUID;
import zonda.zones.RunningZone;

/** Brings VMs up after their zone was booted, and keeps those that don't come up as failed. */
final class Boots {
    private static final System.Logger LOG = System.getLogger(Boots.class.getName());

    private final Vms vms;
    private final VmStore store;
    private final Machinery machinery;
    private final Provisioning provisioning;
    private final Completions completions = new Completions();

    Boots(Vms vms, VmStore store, Machinery machinery, Provisioning provisioning) {
        this.vms = vms;
        this.store = store;
        this.machinery = machinery;
        this.provisioning = provisioning;
    }

    /**
     * Waits for a booted VM to be up; one whose first boot fails is stopped and kept as failed.
     *
     * @throws zonda.base.OpException saying why it isn't up
     */
    void complete(UUID uuid) {
        Optional<RunningZone> boot = machinery.running(uuid);
        if (boot.isPresent()) {
            completions.once(uuid, boot.get(), () -> bringUp(uuid));
        } else {
            bringUp(uuid);
        }
    }

    private void bringUp(UUID uuid) {
        try {
            provisioning.complete(uuid);
            store.change(
                    uuid,
                    record -> record.life() == VmRecord.Life.PROVISIONING
                            ? record.with(VmRecord.Life.INSTALLED)
                            : record);
        } catch (RuntimeException e) {
            vms.lane(uuid).run("start", () -> {
                fail(uuid, e);
                return uuid;
            });
            throw e;
        }
    }

    private void fail(UUID uuid, RuntimeException why) {
        boolean first = store.find(uuid)
                .filter(vm -> vm.life() == VmRecord.Life.PROVISIONING)
                .isPresent();
        if (first) {
            store.change(uuid, record -> record.failed(String.valueOf(why.getMessage())));
            machinery.halt(uuid);
        }
    }

    /** As {@link #complete}, while the caller goes on. */
    void completeLater(UUID uuid) {
        Thread.ofVirtual().name("provision-" + uuid).start(() -> {
            try {
                complete(uuid);
            } catch (RuntimeException e) {
                LOG.log(System.Logger.Level.WARNING, "VM " + uuid + " did not come up: " + e.getMessage());
            }
        });
    }

    void forget(UUID uuid) {
        completions.forget(uuid);
    }
}
