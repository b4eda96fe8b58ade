package zonda.commands;

import java.util.List;
import java.util.UUID;
import zonda.base.Json;
import zonda.vm.Applying;
import zonda.vm.JsonDiff;
import zonda.vm.Vms;

/** apply of vmadm(8): makes a VM what a payload says, and prints what is other then. */
final class VmadmApply {
    private final Vms vms;

    VmadmApply(Vms vms) {
        this.vms = vms;
    }

    void apply(Session session, List<String> arguments) {
        Getopt options = Getopt.parse(arguments, "f|file= strict n|dry-run");
        Json.Obj payload = VmadmTool.payload(session, options, "apply");
        Applying.Plan plan = vms.applying().plan(payload);
        VmadmChanging.complain(session, plan.checked().findings(), options.has("strict"));
        for (JsonDiff.Change change : plan.differences()) {
            session.out(VmadmEvents.text(change) + "\n");
        }
        switch (plan) {
            case Applying.Plan.Create create -> {
                UUID uuid = UUID.fromString(create.checked().properties().string("uuid", ""));
                if (options.has("n")) {
                    session.err("VM " + uuid + " would be created");
                } else {
                    vms.create(create.checked());
                    session.err("Successfully created VM " + uuid);
                }
            }
            case Applying.Plan.Update update -> {
                if (update.changes().isEmpty()) {
                    session.err("VM " + update.uuid() + " is as it should be");
                } else if (options.has("n")) {
                    session.err("VM " + update.uuid() + " would be updated");
                } else {
                    vms.update(update.uuid(), update.checked());
                    session.err("Successfully updated VM " + update.uuid());
                }
            }
        }
    }
}
