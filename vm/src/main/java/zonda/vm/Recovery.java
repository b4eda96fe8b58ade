package zonda.vm;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import zonda.base.Json;
import zonda.base.OpException;
import zonda.base.Saga;
import zonda.base.StateFile;
import zonda.zones.RunningZone;

/**
 * What a daemon does before it serves anyone: finishes what an earlier one was interrupted in, takes over the zones that
 * run, notices those that ended, and starts those that the host's own boot should.
 */
public final class Recovery {
    private static final System.Logger LOG = System.getLogger(Recovery.class.getName());

    private final Vms vms;
    private final VmStore store;
    private final Machinery machinery;
    private final Path bootMark;

    /** @param bootMark a file of the run directory that says which life of the host autoboot was done in */
    public Recovery(Vms vms, Path bootMark) {
        this.vms = vms;
        this.store = vms.store();
        this.machinery = vms.machinery();
        this.bootMark = bootMark;
    }

    /** Ready to serve when it returns; VMs that have to boot do so on threads of their own. */
    public AutoCloseable recover() {
        store.all().forEach(vm -> vms.ids().recorded(vm.uuid(), vm.ids()));
        vms.takeInForeign();
        List<Saga> sagas = vms.host().journal().unfinished().stream()
                .filter(saga -> saga.intent().kind().startsWith("vm-"))
                .toList();
        adopt();
        sagas.forEach(this::settleIfItCan);
        var watch = ExitWatch.start(
                vms.host().zones().exits(), vms::ended, () -> store.all().forEach(vm -> vms.ended(vm.uuid())));
        noticeEnded();
        vms.transfer().forgetInterrupted();
        vms.reception().completeThoseThatCame();
        vms.host().networks().reconcile(machinery::isUpOrBooting);
        autoboot();
        return watch;
    }

    private void adopt() {
        for (UUID uuid : vms.host().zones().remembered()) {
            Optional<VmRecord> vm = store.find(uuid);
            Optional<RunningZone> zone = vms.host().zones().find(uuid);
            if (vm.isEmpty()) {
                LOG.log(System.Logger.Level.WARNING, "zone " + uuid + " runs, and no VM has that UUID; left alone");
            } else if (zone.isPresent()) {
                machinery.adopt(vm.get(), zone.get());
            } else {
                machinery.halt(uuid);
            }
        }
    }

    /** What can't be settled, because a pool isn't there above all, must not keep the host from serving the others. */
    private void settleIfItCan(Saga saga) {
        try {
            settle(saga);
        } catch (OpException e) {
            LOG.log(
                    System.Logger.Level.WARNING,
                    "interrupted " + saga.intent().kind() + " is left to the next start: " + e.getMessage());
        }
    }

    /** Completes or takes back one interrupted change. */
    private void settle(Saga saga) {
        Json.Obj about = saga.intent().about();
        LOG.log(
                System.Logger.Level.INFO,
                "settling interrupted " + saga.intent().kind());
        switch (saga.intent().kind()) {
            case "vm-create" -> settleCreate(saga, new VmConfig(about.object("config")));
            case "vm-delete" -> {
                vms.remove(new VmConfig(about.object("config")));
                saga.end();
            }
            case "vm-start" ->
                reboot(saga, UUID.fromString(about.string("uuid", "")), BootOnce.of(about.object("once")));
            case "vm-reboot" -> reboot(saga, UUID.fromString(about.string("uuid", "")), BootOnce.NOTHING);
            case "vm-stop" -> stop(saga);
            case Imaging.KIND -> vms.imaging().settle(saga);
            case Preparing.KIND -> new Preparing(vms).settle(saga);
            case Endings.RESTART -> vms.settleRestart(saga);
            case "vm-rollback" -> vms.snapshots().settle(saga);
            case "vm-receive" -> vms.reception().settle(saga);
            case "vm-reprovision" -> vms.reprovisioning().settle(saga);
            case Installing.INSTALL, Installing.UNINSTALL -> vms.installing().settle(saga);
            case "vm-update" -> {
                settleUpdate(about);
                saga.end();
            }
            default -> {
                LOG.log(System.Logger.Level.WARNING, "unknown change in the journal: " + saga.intent());
                saga.end();
            }
        }
    }

    private void settleCreate(Saga saga, VmConfig config) {
        boolean installed = store.find(config.uuid())
                .filter(vm -> vm.life() != VmRecord.Life.INCOMPLETE)
                .isPresent();
        if (installed && config.autoboot()) {
            reboot(saga, config.uuid(), BootOnce.NOTHING);
            return;
        }
        if (!installed) {
            vms.remove(config);
        }
        saga.end();
    }

    /** A zone that came as far as running its own program stays as it is; anything less is begun again. */
    private void reboot(Saga saga, UUID uuid, BootOnce once) {
        boolean endedByItself =
                store.find(uuid).filter(vm -> Docker.is(vm.config())).isPresent()
                        && vms.host().zones().exitStatus(uuid).isPresent();
        if (store.find(uuid).isPresent()
                && !endedByItself
                && !vms.host().zones().isUp(uuid)) {
            machinery.halt(uuid);
            later("boot", uuid, () -> vms.start(uuid, once), saga::end);
        } else {
            saga.end();
        }
    }

    /** The rest of a stop, in order: it may take as long as a stop takes. */
    private void stop(Saga saga) {
        Json.Obj about = saga.intent().about();
        UUID uuid = UUID.fromString(about.string("uuid", ""));
        boolean force = about.bool("force", false);
        boolean autobootStays = about.bool("autoboot", false);
        if (!autobootStays) {
            vms.setAutoboot(uuid, false);
        }
        if (machinery.running(uuid).isEmpty()) {
            saga.end();
        } else if (autobootStays) {
            later("stop", uuid, () -> vms.halt(uuid, force), saga::end);
        } else {
            later("stop", uuid, () -> vms.stop(uuid, force, Optional.empty()), saga::end);
        }
    }

    private void settleUpdate(Json.Obj about) {
        UUID uuid = UUID.fromString(about.string("uuid", ""));
        store.find(uuid).ifPresent(before -> {
            var after = new VmConfig(about.object("config"));
            store.change(uuid, vm -> vm.with(after));
            machinery.applyQuota(after);
            machinery.applyDisks(about.has("before") ? new VmConfig(about.object("before")) : before.config(), after);
            machinery.indestructible().apply(after);
            if (machinery.running(uuid).isPresent()) {
                vms.host().zones().limit(uuid, after.limits());
                machinery.openDisplays(after);
                machinery.reattach(before.with(after));
            }
        });
    }

    private void noticeEnded() {
        store.all().stream()
                .map(VmRecord::uuid)
                .filter(uuid -> machinery.running(uuid).isPresent())
                .filter(uuid -> !vms.host().zones().isRunning(uuid))
                .forEach(vms::ended);
        store.all().stream()
                .filter(vm -> vm.life() == VmRecord.Life.PROVISIONING)
                .filter(vm -> machinery.running(vm.uuid()).isPresent())
                .forEach(vm -> vms.boots().completeLater(vm.uuid()));
    }

    /** Once in each life of the host. */
    private void autoboot() {
        String life = StateFile.read(Path.of("/proc/sys/kernel/random/boot_id")).orElse("");
        if (StateFile.read(bootMark).orElse("").equals(life)) {
            return;
        }
        store.all().stream()
                .filter(vm ->
                        vm.config().autoboot() && machinery.running(vm.uuid()).isEmpty())
                .filter(vm -> vm.life() == VmRecord.Life.INSTALLED || vm.life() == VmRecord.Life.PROVISIONING)
                .forEach(vm -> later("boot", vm.uuid(), () -> vms.start(vm.uuid()), () -> {}));
        StateFile.replace(bootMark, life);
    }

    /**
     * Does what takes its time while commands are served. The interrupted change ends only then: a daemon that is
     * interrupted before that leaves it to the next.
     */
    private static void later(String what, UUID uuid, Runnable work, Runnable end) {
        Thread.ofVirtual().name(what + "-" + uuid).start(() -> {
            try {
                work.run();
            } catch (RuntimeException e) {
                LOG.log(System.Logger.Level.WARNING, what + " VM " + uuid + ": " + e.getMessage());
            }
            end.run();
        });
    }
}
