package zonda.vm;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.random.RandomGenerator;
import zonda.base.Json;
import zonda.base.Mac;
import zonda.vm.Property.Status;
import zonda.vm.Property.Type;
import zonda.vm.Property.Verb;

/** Completes a payload: the table's defaults, then those that depend on other properties. */
final class Defaults {
    static final long LEAST_SWAP_MIB = 256;

    private static final long KVM_OVERHEAD_MIB = 1024;
    private static final long BHYVE_OVERHEAD_MIB = 1280;

    private final PropertyTable table;
    private final RandomGenerator random;

    Defaults(PropertyTable table, RandomGenerator random) {
        this.table = table;
        this.random = random;
    }

    /** @param payload typed, with uuid and brand */
    Json.Obj complete(Json.Obj payload, Brand brand) {
        Json.Obj given = !brand.isHvm() && payload.has("ram") && !payload.has("max_physical_memory")
                ? payload.with("max_physical_memory", payload.integer("ram", 0))
                : payload;
        Json.Obj complete = given;
        for (Property property : table.all()) {
            boolean applies = property.array().isEmpty()
                    && property.status() == Status.NOW
                    && property.takenBy(Verb.CREATE, brand)
                    && property.type() != Type.OBJECT_ARRAY;
            if (applies && property.defaultValue().isPresent() && !complete.has(property.name())) {
                complete =
                        complete.with(property.name(), property.defaultValue().get());
            }
        }
        complete = names(complete, given);
        if (brand.isHvm()) {
            complete = complete.with("nics", models(complete));
        }
        complete = complete.with("nics", nics(complete.array("nics").objects(), List.of()));
        return brand.isHvm() ? machineMemory(complete, given, brand) : Docker.complete(memory(complete, given), given);
    }

    /** NICs that name no model have the VM's. */
    private static Json.Arr models(Json.Obj vm) {
        return Json.Arr.of(vm.array("nics").objects().stream()
                .map(nic -> nic.has("model") || !vm.has("nic_driver")
                        ? nic
                        : nic.with("model", vm.string("nic_driver", ""))));
    }

    /** The emulator's own needs come on top of the guest's memory: vmadm(8), ram. All are MiB. */
    private static Json.Obj machineMemory(Json.Obj config, Json.Obj given, Brand brand) {
        long ram = config.integer("ram", LEAST_SWAP_MIB);
        long usual = ram + (brand == Brand.KVM ? KVM_OVERHEAD_MIB : BHYVE_OVERHEAD_MIB);
        long memory = Math.max(ram + MachineRules.LEAST_OVERHEAD_MIB, given.integer("max_physical_memory", usual));
        return config.with("max_physical_memory", memory)
                .with("max_locked_memory", Math.min(memory, given.integer("max_locked_memory", memory)))
                .with("max_swap", Math.max(memory, given.integer("max_swap", 0)));
    }

    /** The default of a property that doesn't depend on others. */
    Optional<Json> of(String name) {
        return table.find(name).flatMap(Property::defaultValue);
    }

    private static Json.Obj names(Json.Obj complete, Json.Obj given) {
        String uuid = complete.string("uuid", "");
        Json.Obj named = given.has("zonename") ? complete : complete.with("zonename", uuid);
        if (given.has("hostname")) {
            return named;
        }
        // A host is found by the name its operator gave it, where that can be one.
        String hostname = given.string("alias")
                .filter(alias -> alias.matches("[A-Za-z0-9]([A-Za-z0-9.-]{0,61}[A-Za-z0-9])?"))
                .orElse(named.string("zonename", uuid));
        return named.with("hostname", hostname);
    }

    /** Limits on memory hang together: vmadm(8), max_physical_memory. All are MiB. */
    private static Json.Obj memory(Json.Obj config, Json.Obj given) {
        long memory = config.integer("max_physical_memory", LEAST_SWAP_MIB);
        long locked = Math.min(memory, given.integer("max_locked_memory", memory));
        long swap = Math.max(Math.max(memory, LEAST_SWAP_MIB), given.integer("max_swap", 0));
        long tmpfs = Math.min(memory, given.integer("tmpfs", memory));
        return config.with("ram", memory)
                .with("max_physical_memory", memory)
                .with("max_locked_memory", locked)
                .with("max_swap", swap)
                .with("tmpfs", tmpfs);
    }

    /** After an update of the cap, locked memory and swap keep their distance to it, and tmpfs its share of it. */
    static Json.Obj memoryAfterUpdate(Json.Obj before, Json.Obj after, Json.Obj update) {
        if (isMachine(before)) {
            return machineMemoryAfterUpdate(before, after, update);
        }
        long was = before.integer("max_physical_memory", 0);
        long memory = update.integer("max_physical_memory")
                .or(() -> update.integer("ram"))
                .orElse(was);
        long locked =
                update.integer("max_locked_memory").orElse(memory + before.integer("max_locked_memory", was) - was);
        // The least swap that there is counts as no more than the memory.
        long more = before.integer("max_swap", was) - Math.max(was, LEAST_SWAP_MIB);
        long swap = update.integer("max_swap").orElse(memory + Math.max(0, more));
        long tmpfs = update.integer("tmpfs").orElse(was == 0 ? memory : before.integer("tmpfs", was) * memory / was);
        return after.with("ram", memory)
                .with("max_physical_memory", memory)
                .with("max_locked_memory", Math.clamp(locked, 0, memory))
                .with("max_swap", Math.max(Math.max(memory, LEAST_SWAP_MIB), swap))
                .with("tmpfs", Math.clamp(tmpfs, 0, memory));
    }

    private static boolean isMachine(Json.Obj vm) {
        return Brand.find(vm.string("brand", "")).filter(Brand::isHvm).isPresent();
    }

    /** The emulator keeps what it had besides the guest's memory. */
    private static Json.Obj machineMemoryAfterUpdate(Json.Obj before, Json.Obj after, Json.Obj update) {
        long was = before.integer("max_physical_memory", 0);
        long ram = after.integer("ram", 0);
        long memory = Math.max(
                ram + MachineRules.LEAST_OVERHEAD_MIB,
                update.integer("max_physical_memory").orElse(was + ram - before.integer("ram", ram)));
        long locked =
                update.integer("max_locked_memory").orElse(memory + before.integer("max_locked_memory", was) - was);
        long swap = update.integer("max_swap").orElse(memory + before.integer("max_swap", was) - was);
        return after.with("max_physical_memory", memory)
                .with("max_locked_memory", Math.clamp(locked, 0, memory))
                .with("max_swap", Math.max(memory, swap));
    }

    /** Completes NICs that are added to those that are there. */
    Json.Arr nics(List<Json.Obj> added, List<Json.Obj> present) {
        Set<String> interfaces = new TreeSet<>();
        present.forEach(nic -> interfaces.add(nic.string("interface", "")));
        added.forEach(nic -> interfaces.add(nic.string("interface", "")));
        boolean hasPrimary = present.stream().anyMatch(nic -> nic.bool("primary", false))
                || added.stream().anyMatch(nic -> nic.bool("primary", false));
        List<Json> complete = new ArrayList<>();
        for (Json.Obj nic : added) {
            Json.Obj full = Nics.withoutEmptyIps(Nics.modern(nic));
            if (!full.has("mac")) {
                full = full.with("mac", Mac.random(random).toString());
            }
            if (!full.has("interface")) {
                int number = 0;
                while (interfaces.contains("net" + number)) {
                    number++;
                }
                full = full.with("interface", "net" + number);
                interfaces.add("net" + number);
            }
            if (!hasPrimary) {
                full = full.with("primary", true);
                hasPrimary = true;
            }
            complete.add(full);
        }
        return new Json.Arr(complete);
    }
}
