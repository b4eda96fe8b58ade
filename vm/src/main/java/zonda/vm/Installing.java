package zonda.vm;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import zonda.base.Code;
import zonda.base.Json;
import zonda.base.OpException;
import zonda.base.Saga;
import zonda.storage.DatasetOptions;
import zonda.storage.Datasets;
import zonda.storage.Snapshot;

/**
 * The states of zoneadm(8) below running: a zone that is configured has a record and no datasets, as a VM that is
 * received without its data has.
 */
public final class Installing {
    static final String INSTALL = "vm-install";
    static final String UNINSTALL = "vm-uninstall";

    /** What clone calls the snapshots that it makes, with a number: zoneadm(8). */
    private static final String SNAPSHOT = "SUNWzone";

    private final Vms vms;

    Installing(Vms vms) {
        this.vms = vms;
    }

    /**
     * Makes a configured zone's datasets of its image, unless its root is there already.
     *
     * @throws OpException CONFLICT when it is installed, and as a create does
     */
    public void install(UUID uuid) {
        vms.lane(uuid).run("install", () -> {
            VmConfig config = requireConfigured(uuid, "installed");
            Datasets datasets = vms.machinery().datasets(config);
            if (datasets.find(config.dataset()).isPresent()) {
                vms.reception().complete(uuid);
            } else {
                vms.rules().checkImage(config);
                make(config);
            }
            return uuid;
        });
    }

    /**
     * Makes a configured zone's root a clone of another zone's, which doesn't run.
     *
     * @param snapshot of the other zone's root; one is made when none is named
     * @throws OpException CONFLICT when either is in another state, INVALID when they can't be alike
     */
    public void copy(UUID uuid, UUID source, Optional<String> snapshot) {
        String origin = vms.lane(source)
                .run("clone", () -> origin(source, vms.find(uuid).config(), snapshot));
        vms.lane(uuid).run("clone", () -> {
            VmConfig config = requireConfigured(uuid, "installed");
            Datasets datasets = vms.machinery().datasets(config);
            if (datasets.find(config.dataset()).isPresent()) {
                throw new OpException(Code.CONFLICT, "dataset " + config.dataset() + " is there already");
            }
            Saga saga = begin(INSTALL, config);
            try {
                saga.step("clone", () -> datasets.clone(origin, config.dataset(), DatasetOptions.DEFAULT.mode(0700)));
                saga.step("allot", () -> vms.machinery().applyQuota(config));
                complete(saga, config);
            } catch (RuntimeException e) {
                takeBack(saga, config);
                throw e;
            }
            return uuid;
        });
    }

    private String origin(UUID source, VmConfig target, Optional<String> snapshot) {
        VmConfig config = vms.find(source).config();
        vms.find(source).requireWhole("clone");
        if (config.brand().isHvm() || target.brand().isHvm() || !config.zpool().equals(target.zpool())) {
            throw new OpException(Code.INVALID, "only zones that are no hardware VMs, and in one pool, can be cloned");
        }
        requireHalted(source, "clone");
        Datasets datasets = vms.machinery().datasets(config);
        if (snapshot.isPresent()) {
            String name = snapshot.get();
            if (!name.startsWith(config.dataset() + "@")
                    || datasets.findSnapshot(name).isEmpty()) {
                throw new OpException(Code.NOT_FOUND, name + " is no snapshot of zone " + config.zonename());
            }
            return name;
        }
        List<String> there = datasets.snapshots(config.dataset()).stream()
                .map(Snapshot::name)
                .toList();
        int number = 1;
        while (there.contains(config.dataset() + "@" + SNAPSHOT + number)) {
            number++;
        }
        return datasets.snapshot(config.dataset(), SNAPSHOT + number).name();
    }

    /** Destroys a zone's datasets, and keeps its configuration. @throws OpException CONFLICT when it runs */
    public void uninstall(UUID uuid) {
        vms.lane(uuid).run("uninstall", () -> {
            VmConfig config = vms.find(uuid).config();
            requireHalted(uuid, "uninstall");
            if (vms.find(uuid).life() == VmRecord.Life.RECEIVING) {
                throw new OpException(Code.CONFLICT, "must be installed before uninstall.");
            }
            Indestructible.of(config).forEach(part -> part.refuse(config, "uninstall"));
            remove(begin(UNINSTALL, config), config);
            return uuid;
        });
    }

    /** A zone that is given up: it is not booted any more, and only uninstalled. @throws OpException CONFLICT */
    public void markIncomplete(UUID uuid) {
        vms.lane(uuid).run("mark", () -> {
            requireHalted(uuid, "mark");
            if (vms.find(uuid).life() == VmRecord.Life.RECEIVING) {
                throw new OpException(Code.CONFLICT, "must be installed before mark.");
            }
            vms.store().change(uuid, VmRecord.Life.INCOMPLETE);
            return uuid;
        });
    }

    /** What keeps a zone from being booted, in words. */
    public List<String> problems(UUID uuid) {
        VmConfig config = vms.find(uuid).config();
        List<String> problems = new ArrayList<>();
        Optional<Datasets> pool = vms.machinery().pool(config);
        if (pool.flatMap(datasets -> datasets.find(config.dataset())).isEmpty()) {
            problems.add("could not verify zonepath: no dataset " + config.dataset());
        }
        Nics.missingTags(config, vms.host().networks()::tagExists)
                .forEach(tag -> problems.add("could not verify net global-nic=" + tag + ": no nic tag is called so"));
        for (Json.Obj filesystem : Filesystems.of(config)) {
            String source = filesystem.string("source", "");
            if (!Files.exists(Path.of(source))) {
                problems.add("could not verify fs " + filesystem.string("target", "") + ": could not access " + source
                        + ": No such file or directory");
            }
        }
        return problems;
    }

    private VmConfig requireConfigured(UUID uuid, String state) {
        VmRecord vm = vms.find(uuid);
        if (vm.life() == VmRecord.Life.INCOMPLETE) {
            throw new OpException(Code.CONFLICT, "zone is incomplete; uninstall is required.");
        }
        if (vm.life() != VmRecord.Life.RECEIVING) {
            throw new OpException(Code.CONFLICT, "zone is already " + state + ".");
        }
        return vm.config();
    }

    private void requireHalted(UUID uuid, String verb) {
        if (vms.machinery().running(uuid).isPresent()) {
            throw new OpException(Code.CONFLICT, verb + " operation is invalid for running zones.");
        }
    }

    private Saga begin(String kind, VmConfig config) {
        return vms.host().journal().begin(kind, Json.object().with("config", config.properties()));
    }

    private void make(VmConfig config) {
        Saga saga = begin(INSTALL, config);
        try {
            complete(saga, config);
        } catch (RuntimeException e) {
            takeBack(saga, config);
            throw e;
        }
    }

    private void complete(Saga saga, VmConfig config) {
        saga.step("datasets", () -> vms.machinery().makeDatasets(config));
        saga.step("install", () -> vms.machinery().install(config));
        saga.step("installed", () -> vms.store().change(config.uuid(), Creating.lifeAfterInstall(config)));
        saga.end();
    }

    /** Its datasets were made for this, and hold nothing else. */
    private void takeBack(Saga saga, VmConfig config) {
        VmDatasets.remove(config, vms.machinery().datasets(config));
        saga.end();
    }

    private void remove(Saga saga, VmConfig config) {
        saga.step("record", () -> vms.store().change(config.uuid(), VmRecord.Life.RECEIVING));
        saga.step("datasets", () -> VmDatasets.remove(config, vms.machinery().datasets(config)));
        saga.end();
    }

    /** An install that was cut short is taken back; an uninstall is completed. */
    void settle(Saga saga) {
        var config = new VmConfig(saga.intent().about().object("config"));
        boolean there = vms.store()
                .find(config.uuid())
                .filter(vm -> vm.life() == VmRecord.Life.RECEIVING)
                .isPresent();
        if (saga.intent().kind().equals(UNINSTALL)
                && vms.store().find(config.uuid()).isPresent()) {
            remove(saga, config);
        } else if (saga.intent().kind().equals(INSTALL) && there) {
            takeBack(saga, config);
        } else {
            saga.end();
        }
    }
}
