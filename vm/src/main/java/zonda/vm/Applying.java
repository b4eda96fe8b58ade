package zonda.vm;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import zonda.base.Code;
import zonda.base.Json;
import zonda.base.OpException;
import zonda.vm.Property.Verb;

/**
 * apply of vmadm(8): what is to be done so that a VM is as a payload of create says.
 *
 * <p>What the payload doesn't name stays as it is. Of objects, such as tags, members that it doesn't name stay; of the
 * arrays nics and filesystems those that it hasn't go.
 */
public final class Applying {
    private static final Set<String> OBJECTS = Set.of("tags", "customer_metadata", "internal_metadata", "routes");
    /** What says how to create, rather than what the VM is. */
    private static final Set<String> OF_CREATION =
            Set.of("uuid", "brand", "nowait", "mdata_exec_timeout", "delegate_dataset");

    private final Vms vms;
    private final PayloadChecks checks;
    private final PropertyTable table;

    Applying(Vms vms, PayloadChecks checks, PropertyTable table) {
        this.vms = vms;
        this.checks = checks;
        this.table = table;
    }

    /** What is to be done. */
    public sealed interface Plan {
        /** There is no such VM yet. */
        record Create(Vms.Checked checked) implements Plan {}

        /** There is. @param changes what would be other; none when it is as the payload says */
        record Update(UUID uuid, Vms.Checked checked, List<JsonDiff.Change> changes) implements Plan {}

        Vms.Checked checked();

        /** Each property that is changed, or given to a new VM. */
        default List<JsonDiff.Change> differences() {
            return switch (this) {
                case Create create ->
                    JsonDiff.between(Json.object(), create.checked().properties(), JsonDiff.OF_VMS);
                case Update update -> update.changes();
            };
        }
    }

    /**
     * @throws OpException INVALID for a payload that names no VM, or wants what can't be changed of one; CONFLICT when
     *     several VMs have its alias
     */
    public Plan plan(Json.Obj payload) {
        Optional<UUID> known = find(payload);
        if (known.isEmpty()) {
            Vms.Checked checked = vms.checkCreate(payload);
            checked.findings().throwIfFatal(false);
            vms.planCreate(checked);
            return new Plan.Create(checked);
        }
        VmConfig vm = vms.find(known.get()).config();
        var findings = new Findings();
        Json.Obj wanted = checks.readForCreate(payload, vm.brand(), findings);
        findings.throwIfFatal(false);
        Json.Obj update = update(
                vm, wanted.with("brand", payload.string("brand", vm.brand().word())));
        Vms.Checked read = vms.checkUpdate(update, vm.uuid());
        read.findings().throwIfFatal(false);
        var checked = new Vms.Checked(read.properties(), vm.brand(), findings);
        return new Plan.Update(vm.uuid(), checked, vms.planUpdate(vm.uuid(), checked));
    }

    private Optional<UUID> find(Json.Obj payload) {
        Optional<String> uuid = payload.string("uuid").filter(Values::isUuid);
        if (uuid.isPresent()) {
            return vms.store().find(UUID.fromString(uuid.get())).map(VmRecord::uuid);
        }
        String alias = payload.string("alias")
                .filter(text -> !text.isEmpty())
                .orElseThrow(() -> new OpException(
                        Code.INVALID, "apply knows a VM by its uuid or its alias, and the payload has neither"));
        List<UUID> fitting = vms.store().all().stream()
                .filter(vm -> vm.config().alias().filter(alias::equals).isPresent())
                .map(VmRecord::uuid)
                .toList();
        if (fitting.size() > 1) {
            throw new OpException(
                    Code.CONFLICT, fitting.size() + " VMs have the alias \"" + alias + "\"; give the uuid of one");
        }
        return fitting.stream().findFirst();
    }

    private Json.Obj update(VmConfig vm, Json.Obj wanted) {
        Json.Obj update = Json.object();
        List<String> fixed = new ArrayList<>();
        for (Map.Entry<String, Json> entry : wanted.members().entrySet()) {
            String name = entry.getKey();
            Json value = entry.getValue();
            Optional<Json> present = vm.properties().get(name);
            if (present.filter(value::equals).isPresent()) {
                continue;
            }
            if (name.equals("nics")) {
                update = new NicsToApply(vm.nics())
                        .update(update, wanted.array("nics").objects());
            } else if (name.equals("filesystems")) {
                update = filesystems(vm, wanted).withAll(update);
            } else if (OBJECTS.contains(name)) {
                update = update.with("set_" + name, value);
            } else if (isUpdatable(name, vm.brand())) {
                update = update.with(name, value);
            } else if (!OF_CREATION.contains(name) || (name.equals("brand") && present.isPresent())) {
                fixed.add(name + " (it is " + present.map(Json::compact).orElse("not set") + ")");
            }
        }
        if (!fixed.isEmpty()) {
            throw new OpException(
                    Code.INVALID, "can not be changed of VM " + vm.uuid() + ": " + String.join(", ", fixed));
        }
        return update;
    }

    private boolean isUpdatable(String name, Brand brand) {
        return table.find(name)
                .filter(property -> property.takenBy(Verb.UPDATE, brand))
                .isPresent();
    }

    private static Json.Obj filesystems(VmConfig vm, Json.Obj wanted) {
        List<Json> added = new ArrayList<>(wanted.array("filesystems").items());
        List<String> removed = new ArrayList<>();
        for (Json.Obj present : Filesystems.of(vm)) {
            if (!added.remove(present)) {
                removed.add(present.string("target", ""));
            }
        }
        return Json.object()
                .with("remove_filesystems", Json.Arr.ofStrings(removed))
                .with("add_filesystems", new Json.Arr(added));
    }
}
