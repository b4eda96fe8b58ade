package zonda.vm;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import zonda.base.Json;

/** Applies an update payload to a VM's properties: flat values, set_ and remove_ of objects, NICs by their MAC. */
final class Updates {
    /** What is gone when it is cleared, as it is on SmartOS, though a VM that is made has it. */
    private static final Set<String> GONE_WHEN_CLEARED = Set.of("quota", "billing_id", "owner_uuid");

    private static final Set<String> OBJECTS = Set.of("tags", "customer_metadata", "internal_metadata", "routes");

    private final Defaults defaults;
    private final Disks disks;

    Updates(Defaults defaults, Disks disks) {
        this.defaults = defaults;
        this.disks = disks;
    }

    /** @param update typed and checked by {@link Payloads} */
    VmConfig apply(VmConfig vm, Json.Obj update, Findings findings) {
        Json.Obj before = vm.properties();
        Json.Obj after = before;
        for (Map.Entry<String, Json> change : update.members().entrySet()) {
            after = apply(after, change.getKey(), change.getValue(), findings);
        }
        boolean memory = List.of("ram", "max_physical_memory", "max_locked_memory", "max_swap", "tmpfs").stream()
                .anyMatch(update::has);
        Json.Obj settled = sharingSpace(vm, KernelFiles.settled(before, after, update));
        Json.Obj balanced = Defaults.capped(memory ? Defaults.memoryAfterUpdate(before, settled, update) : settled);
        return vm.with(update.has("docker") ? Docker.complete(balanced, update) : balanced);
    }

    /** Where space is kept for all disks together from now on, each has what else was kept for it. */
    private static Json.Obj sharingSpace(VmConfig before, Json.Obj after) {
        boolean begins = after.has("flexible_disk_size") && !before.properties().has("flexible_disk_size");
        return begins && after.has("disks")
                ? withDisks(
                        after,
                        after.array("disks").objects().stream()
                                .<Json>map(disk -> DiskSpace.shared(before, disk))
                                .toList())
                : after;
    }

    private Json.Obj apply(Json.Obj vm, String name, Json value, Findings findings) {
        if (value instanceof Json.Null && name.matches("(set|add|update|remove)_.*")) {
            return vm;
        }
        Optional<String> set = suffix(name, "set_");
        if (set.isPresent() && value instanceof Json.Obj members) {
            return vm.with(set.get(), vm.object(set.get()).withAll(members));
        }
        Optional<String> removed = suffix(name, "remove_");
        if (removed.isPresent() && value instanceof Json.Arr keys) {
            Json.Obj object = vm.object(removed.get());
            for (String key : keys.strings()) {
                object = object.without(key);
            }
            return vm.with(removed.get(), object);
        }
        return switch (name) {
            case "add_nics" -> withNics(vm, added(vm, (Json.Arr) value));
            case "update_nics" -> withNics(vm, updated(vm, (Json.Arr) value, findings));
            case "remove_nics" -> withNics(vm, removed(vm, (Json.Arr) value));
            case "add_disks" -> withDisks(vm, disks.added(new VmConfig(vm), (Json.Arr) value, findings));
            case "update_disks" -> withDisks(vm, Disks.updated(new VmConfig(vm), (Json.Arr) value, findings));
            case "remove_disks" -> withDisks(vm, Disks.fewer(new VmConfig(vm), (Json.Arr) value, findings));
            case "add_pci_devices" -> withPciDevices(vm, PciDevices.added(vm, (Json.Arr) value));
            case "update_pci_devices" -> withPciDevices(vm, PciDevices.updated(vm, (Json.Arr) value, findings));
            case "remove_pci_devices" -> withPciDevices(vm, PciDevices.fewer(vm, (Json.Arr) value, findings));
            case "add_filesystems" -> {
                List<Json> all = new ArrayList<>(vm.array("filesystems").items());
                all.addAll(((Json.Arr) value).items());
                yield vm.with("filesystems", new Json.Arr(all));
            }
            case "update_filesystems" -> vm.with("filesystems", updatedFilesystems(vm, (Json.Arr) value, findings));
            case "remove_filesystems" -> vm.with("filesystems", fewerFilesystems(vm, (Json.Arr) value, findings));
            default -> value instanceof Json.Null ? cleared(vm, name) : vm.with(name, value);
        };
    }

    /** What is cleared is as if it had not been given. */
    private Json.Obj cleared(Json.Obj vm, String name) {
        boolean isGone = GONE_WHEN_CLEARED.contains(name) || Defaults.UNSAID.contains(name);
        Optional<Json> otherwise = isGone ? Optional.empty() : defaults.of(name);
        return otherwise.map(value -> vm.with(name, value)).orElseGet(() -> vm.without(name));
    }

    private static Optional<String> suffix(String name, String prefix) {
        return name.startsWith(prefix) && OBJECTS.contains(name.substring(prefix.length()))
                ? Optional.of(name.substring(prefix.length()))
                : Optional.empty();
    }

    private static Json.Arr updatedFilesystems(Json.Obj vm, Json.Arr changes, Findings findings) {
        List<Json.Obj> all = new ArrayList<>(vm.array("filesystems").objects());
        int index = 0;
        for (Json.Obj change : changes.objects()) {
            String path = "update_filesystems." + index++ + ".target";
            int at = position(all, "target", change.string("target", ""));
            if (!change.has("target")) {
                findings.missing(path);
            } else if (at < 0) {
                findings.badValue(path, "no filesystem has target " + change.string("target", ""));
            } else {
                all.set(at, merged(all.get(at), change));
            }
        }
        return new Json.Arr(List.copyOf(all));
    }

    private static Json.Arr fewerFilesystems(Json.Obj vm, Json.Arr targets, Findings findings) {
        List<Json> left = new ArrayList<>(vm.array("filesystems").items());
        for (String target : targets.strings()) {
            boolean there = left.removeIf(one -> one instanceof Json.Obj object
                    && object.string("target", "").equals(target));
            if (!there) {
                findings.badValue("remove_filesystems", "no filesystem has target " + target);
            }
        }
        return new Json.Arr(left);
    }

    private static Json.Obj withDisks(Json.Obj vm, List<Json> disks) {
        return vm.with("disks", new Json.Arr(disks));
    }

    private static Json.Obj withPciDevices(Json.Obj vm, List<Json> devices) {
        return devices.isEmpty() ? vm.without("pci_devices") : vm.with("pci_devices", new Json.Arr(devices));
    }

    private static Json.Obj withNics(Json.Obj vm, List<Json> nics) {
        return vm.with("nics", new Json.Arr(nics));
    }

    private List<Json> added(Json.Obj vm, Json.Arr nics) {
        Brand brand = new VmConfig(vm).brand();
        List<Json.Obj> present = vm.array("nics").objects();
        List<Json.Obj> added = nics.objects();
        boolean isPrimaryAdded = added.stream().anyMatch(nic -> nic.bool("primary", false));
        List<Json> all = new ArrayList<>();
        present.forEach(nic -> all.add(isPrimaryAdded ? nic.without("primary") : nic));
        List<Json.Obj> models = brand.isHvm()
                ? added.stream()
                        .map(nic -> withModel(vm, nic, "nic_driver", "nics"))
                        .toList()
                : added;
        all.addAll(defaults.nics(models, present, brand).items());
        return all;
    }

    /** What is added without a model has that of its kind's driver, else that of the first of its kind. */
    static Json.Obj withModel(Json.Obj vm, Json.Obj added, String driver, String kind) {
        return added.has("model")
                ? added
                : vm.string(driver)
                        .or(() -> vm.array(kind).objects().stream().findFirst().flatMap(first -> first.string("model")))
                        .map(model -> added.with("model", model))
                        .orElse(added);
    }

    private static List<Json> updated(Json.Obj vm, Json.Arr nics, Findings findings) {
        List<Json.Obj> all = new ArrayList<>(vm.array("nics").objects());
        int index = 0;
        for (Json.Obj change : nics.objects()) {
            String path = "update_nics." + index++;
            Optional<String> mac = change.string("mac");
            if (mac.isEmpty()) {
                findings.missing(path + ".mac");
                continue;
            }
            int at = position(all, "mac", Nics.canonical(mac.get()));
            if (at < 0) {
                findings.badValue(path + ".mac", "no NIC has MAC " + mac.get());
                continue;
            }
            if (lacks(all.get(at), change, findings)) {
                continue;
            }
            all.set(at, Nics.withoutEmptyIps(merged(all.get(at), Nics.modern(change))));
            if (change.bool("primary", false)) {
                makePrimary(all, at);
            }
        }
        return List.copyOf(all);
    }

    /** Whether the change takes away what a NIC must have, which is noted. */
    private static boolean lacks(Json.Obj nic, Json.Obj change, Findings findings) {
        boolean model = clears(change, "model");
        boolean netmask = (Nics.isStatic(nic) || change.has("ip")) && clears(change, "netmask");
        if (model) {
            findings.rule("invalid .model option for NIC: " + change.compact());
        }
        if (netmask) {
            findings.rule("NIC with ip " + Nics.shown(nic).string("ip", "") + " needs a netmask");
        }
        return model || netmask;
    }

    private static boolean clears(Json.Obj change, String name) {
        return change.get(name).filter(Json.Null.class::isInstance).isPresent();
    }

    /** The member with a change, in which null takes a property away. */
    static Json.Obj merged(Json.Obj member, Json.Obj change) {
        Json.Obj result = member;
        for (Map.Entry<String, Json> property : change.members().entrySet()) {
            result = property.getValue() instanceof Json.Null
                    ? result.without(property.getKey())
                    : result.with(property.getKey(), property.getValue());
        }
        return result;
    }

    private static void makePrimary(List<Json.Obj> nics, int primary) {
        for (int i = 0; i < nics.size(); i++) {
            nics.set(
                    i,
                    i == primary
                            ? nics.get(i).with("primary", true)
                            : nics.get(i).without("primary"));
        }
    }

    private static List<Json> removed(Json.Obj vm, Json.Arr macs) {
        List<Json.Obj> left = new ArrayList<>(vm.array("nics").objects());
        boolean hadPrimary = hasPrimary(left);
        List<String> gone = macs.strings().stream().map(Nics::canonical).toList();
        // What is not there is removed: the caller is told by checkUpdate.
        left.removeIf(nic -> gone.contains(nic.string("mac", "")));
        if (hadPrimary && !left.isEmpty() && !hasPrimary(left)) {
            makePrimary(left, Nics.nextPrimary(left));
        }
        return List.copyOf(left);
    }

    private static boolean hasPrimary(List<Json.Obj> nics) {
        return nics.stream().anyMatch(nic -> nic.bool("primary", false));
    }

    /** The first member that is known by this; -1 when there is none. */
    private static int position(List<Json.Obj> members, String key, String value) {
        for (int i = 0; i < members.size(); i++) {
            if (members.get(i).string(key, "").equals(value)) {
                return i;
            }
        }
        return -1;
    }
}
