package zonda.vm;

import java.util.List;
import java.util.Optional;
import java.util.UUID;
import zonda.base.Code;
import zonda.base.Json;
import zonda.base.OpException;
import zonda.base.Saga;
import zonda.storage.Allotment;
import zonda.zones.RunningZone;

/** update of vmadm(8). */
final class Updating {
    private final Vms vms;
    private final Host host;
    private final Machinery machinery;
    private final Updates updates;
    private final Rules rules;
    private final Disks disks;

    Updating(Vms vms, Host host, Machinery machinery, Updates updates, Rules rules, Disks disks) {
        this.vms = vms;
        this.host = host;
        this.machinery = machinery;
        this.updates = updates;
        this.rules = rules;
        this.disks = disks;
    }

    /** Changes properties, live where the property can. @throws OpException when a limit is refused; all is as before */
    void update(UUID uuid, Vms.Checked checked) {
        vms.lane(uuid).run("update", () -> {
            VmRecord before = vms.find(uuid);
            VmConfig after = checked(before, checked);
            Saga saga = host.journal()
                    .begin(
                            "vm-update",
                            Json.object()
                                    .with("uuid", uuid.toString())
                                    .with("before", before.config().properties())
                                    .with("config", after.properties()));
            try {
                saga.step("record", () -> vms.store().change(uuid, vm -> vm.with(after)));
                saga.step("apply", () -> apply(before.config(), after));
            } catch (RuntimeException e) {
                vms.store().change(uuid, vm -> vm.with(before.config()));
                apply(after, before.config());
                throw e;
            } finally {
                saga.end();
            }
            return uuid;
        });
    }

    /** What an update would change, all checked. @throws OpException as {@link #update} */
    List<JsonDiff.Change> plan(UUID uuid, Vms.Checked checked) {
        VmRecord before = vms.find(uuid);
        return JsonDiff.between(
                before.config().properties(), checked(before, checked).properties(), JsonDiff.OF_VMS);
    }

    private VmConfig checked(VmRecord before, Vms.Checked checked) {
        var findings = new Findings();
        VmConfig after = updates.apply(before.config(), checked.properties(), findings);
        rules.check(after, findings);
        disks.check(after, findings);
        findings.throwIfFatal(false);
        requireStopped(before.config(), after);
        rules.checkConflicts(after);
        return after;
    }

    private void requireStopped(VmConfig before, VmConfig after) {
        if (machinery.running(after.uuid()).isPresent()) {
            DiskChanges.of(before, after).refusalWhileRunning().ifPresent(words -> {
                throw new OpException(Code.FAILED, words);
            });
        }
    }

    /** Brings the running VM and its datasets to what its properties say now. */
    void apply(VmConfig before, VmConfig after) {
        if (!Disks.of(before).equals(Disks.of(after))) {
            machinery.applyDisks(before, after);
        }
        boolean limits = !Delegation.limited(before, Allotment.NONE).equals(Delegation.limited(after, Allotment.NONE));
        boolean space = !before.quota().equals(after.quota())
                || !before.properties()
                        .get("flexible_disk_size")
                        .equals(after.properties().get("flexible_disk_size"));
        if (limits || space || !Storing.of(before).equals(Storing.of(after))) {
            machinery.applyQuota(after);
        }
        if (!Indestructible.of(before).equals(Indestructible.of(after))) {
            machinery.indestructible().apply(after);
        }
        Optional<RunningZone> running = machinery.running(after.uuid());
        boolean runs = running.isPresent();
        if (runs && !before.limits().equals(after.limits())) {
            host.zones().limit(after.uuid(), after.limits());
        }
        if (!after.brand().isHvm()) {
            running.ifPresent(
                    zone -> IpcLimits.update(before, after, zone.init().pid()));
        }
        if (runs && Displays.differ(before, after)) {
            machinery.displays().reopen(after);
        }
        boolean network = !before.nics().equals(after.nics())
                || !before.properties()
                        .object("routes")
                        .equals(after.properties().object("routes"));
        if (runs && network) {
            machinery.reattach(vms.find(after.uuid()));
        }
        boolean resolvers = !before.properties()
                .array("resolvers")
                .equals(after.properties().array("resolvers"));
        if (runs && resolvers && after.maintainsResolvers()) {
            machinery.refreshResolvers(after);
        }
        if (!before.hostname().equals(after.hostname())) {
            machinery.rename(before, after);
        }
    }
}
