package zonda.vm;

import java.util.UUID;
import java.util.concurrent.locks.ReentrantLock;
import zonda.base.Code;
import zonda.base.Json;
import zonda.base.OpException;
import zonda.base.Saga;
import zonda.base.Together;
import zonda.base.Undo;
import zonda.zones.IdRange;

/** create of vmadm(8). */
final class Creating {
    private final Vms vms;
    private final Host host;
    private final Machinery machinery;
    private final Rules rules;
    /** Held from looking for conflicts with other VMs until a new one's record is there. */
    private final ReentrantLock claiming = new ReentrantLock();

    Creating(Vms vms, Host host, Machinery machinery, Rules rules) {
        this.vms = vms;
        this.host = host;
        this.machinery = machinery;
        this.rules = rules;
    }

    /** @see Vms#create */
    UUID create(Vms.Checked checked) {
        var config = new VmConfig(checked.properties());
        UUID uuid = config.uuid();
        rules.checkImage(config);
        Saga saga = claim("vm-create", config);
        vms.lane(uuid).run("create", () -> {
            make(saga, config);
            return uuid;
        });
        boolean wait = config.autoboot() && !config.properties().bool("nowait", false);
        if (wait) {
            vms.boots().complete(uuid);
        } else if (config.autoboot()) {
            vms.boots().completeLater(uuid);
        }
        return uuid;
    }

    /** Takes the record in, unless another VM is in the way, and writes the intent. */
    Saga claim(String change, VmConfig config) {
        IdRange range = hold(config);
        try (var undo = new Undo()) {
            undo.add(() -> vms.ids().free(config.uuid()));
            undo.add(() -> vms.store().remove(config.uuid()));
            host.zones().prepare(range);
            Saga saga = host.journal().begin(change, Json.object().with("config", config.properties()));
            undo.keep();
            return saga;
        }
    }

    /** From now on no other VM gets what this one has. Nothing is on disk yet. */
    private IdRange hold(VmConfig config) {
        claiming.lock();
        try {
            requireFree(config);
            rules.checkConflicts(config);
            IdRange range = vms.ids().take(config.uuid());
            vms.store().hold(VmRecord.fresh(config, range, VmRecord.Life.INCOMPLETE));
            return range;
        } finally {
            claiming.unlock();
        }
    }

    private void make(Saga saga, VmConfig config) {
        try {
            saga.step("datasets", () -> machinery.makeRoot(config));
            if (config.autoboot()) {
                saga.step("boot", () -> machinery.bootFresh(vms.find(config.uuid()), () -> install(saga, config)));
            } else {
                install(saga, config);
            }
            saga.end();
        } catch (RuntimeException e) {
            try {
                vms.remove(config);
                saga.end();
            } catch (RuntimeException cleanup) {
                e.addSuppressed(cleanup);
            }
            throw e;
        }
    }

    /** What is needed before the first program runs. From the record on, the VM is there whatever happens. */
    private void install(Saga saga, VmConfig config) {
        saga.step("install", () -> {
            try (var both = new Together()) {
                both.begin(() -> machinery.makeCores(config));
                machinery.install(config);
                both.await();
            }
        });
        saga.step("installed", () -> vms.store().change(config.uuid(), lifeAfterInstall(config)));
    }

    /** A container has nothing to provision: it is as its image is. */
    static VmRecord.Life lifeAfterInstall(VmConfig config) {
        return Docker.is(config) ? VmRecord.Life.INSTALLED : VmRecord.Life.PROVISIONING;
    }

    /** Whether the VM could be created now. @throws OpException as {@link #create} before it changes anything */
    void plan(Vms.Checked checked) {
        var config = new VmConfig(checked.properties());
        rules.checkImage(config);
        rules.checkConflicts(config);
        requireFree(config);
    }

    private void requireFree(VmConfig config) {
        if (vms.store().find(config.uuid()).isPresent()) {
            throw new OpException(Code.CONFLICT, "VM with UUID " + config.uuid() + " already exists");
        }
    }
}
