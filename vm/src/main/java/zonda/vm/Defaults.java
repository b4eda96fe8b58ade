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

    /** What has another value only where a VM says so, and is not kept where it doesn't: get shows none of it then. */
    static final Set<String> UNSAID =
            Set.of("boot", "bootrom", "cpu_type", "vga", "virtio_txburst", "virtio_txtimer", "vnc_port", "spice_port");

    private static final long KVM_OVERHEAD_MIB = 1024;
    private static final long BHYVE_OVERHEAD_MIB = 1280;
    private static final long BHYVE_QUOTA_GIB = 1;
    /** The most that a fair-share scheduler of illumos takes: FSS(7). More is as much. */
    private static final long MOST_SHARES = 65_535;

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
        Json.Obj complete = brand == Brand.BHYVE && !given.has("quota") ? given.with("quota", BHYVE_QUOTA_GIB) : given;
        for (Property property : table.all()) {
            boolean applies = property.array().isEmpty()
                    && !UNSAID.contains(property.name())
                    && property.status() == Status.NOW
                    && property.takenBy(Verb.CREATE, brand)
                    && property.type() != Type.OBJECT_ARRAY;
            if (applies && property.defaultValue().isPresent() && !complete.has(property.name())) {
                complete =
                        complete.with(property.name(), property.defaultValue().get());
            }
        }
        complete = capped(names(complete, given));
        if (brand.isHvm()) {
            complete = complete.with("nics", models(complete));
        }
        complete = complete.with("nics", firstNics(complete.array("nics").objects(), brand));
        return brand.isHvm() ? machineMemory(complete, given) : Docker.complete(memory(complete, given), given);
    }

    /** With no more shares than there can be. */
    static Json.Obj capped(Json.Obj vm) {
        Json.Obj capped = vm.integer("cpu_shares", 0) > MOST_SHARES ? vm.with("cpu_shares", MOST_SHARES) : vm;
        return capped.integer("cpu_cap", -1) == 0 ? capped.without("cpu_cap") : capped;
    }

    /** The NICs of a VM that is made: one of them is primary, and it does not matter which ones say that they are not. */
    private Json.Arr firstNics(List<Json.Obj> given, Brand brand) {
        List<Json.Obj> nics = new ArrayList<>();
        given.forEach(nic -> nics.add(nic.bool("primary", false) ? nic : nic.without("primary")));
        if (!nics.isEmpty() && nics.stream().noneMatch(nic -> nic.bool("primary", false))) {
            nics.set(0, nics.getFirst().with("primary", true));
        }
        return nics(nics, List.of(), brand);
    }

    /** NICs that name no model have the VM's. */
    private static Json.Arr models(Json.Obj vm) {
        return Json.Arr.of(vm.array("nics").objects().stream()
                .map(nic -> nic.has("model") || !vm.has("nic_driver")
                        ? nic
                        : nic.with("model", vm.string("nic_driver", ""))));
    }

    /** The emulator's own needs come on top of the guest's memory: vmadm(8), ram. All are MiB. */
    private static Json.Obj machineMemory(Json.Obj config, Json.Obj given) {
        long ram = config.integer("ram", LEAST_SWAP_MIB);
        long usual = ram + overhead(config);
        long memory = Math.max(ram + MachineRules.LEAST_OVERHEAD_MIB, given.integer("max_physical_memory", usual));
        long locked = Math.max(ram + MachineRules.LEAST_OVERHEAD_MIB, given.integer("max_locked_memory", memory));
        return config.with("max_physical_memory", memory)
                .with("max_locked_memory", Math.min(memory, locked))
                .with("max_shm_memory", given.integer("max_shm_memory", memory))
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
                .with("max_shm_memory", given.integer("max_shm_memory", memory))
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
        long swap = update.integer("max_swap")
                .orElseGet(() -> swapAfterUpdate(before.integer("max_swap", was), was, memory));
        long tmpfs = update.integer("tmpfs")
                .orElse(was == 0 ? memory : Math.round((double) before.integer("tmpfs", was) * memory / was));
        return sharedMemory(before, after, update, memory)
                .with("ram", memory)
                .with("max_physical_memory", memory)
                .with("max_locked_memory", Math.clamp(locked, 0, memory))
                .with("max_swap", Math.max(Math.max(memory, LEAST_SWAP_MIB), swap))
                .with("tmpfs", Math.clamp(tmpfs, 0, memory));
    }

    /** The least swap that there can be is no distance that is kept. */
    private static long swapAfterUpdate(long swap, long was, long memory) {
        boolean isLeast = swap == LEAST_SWAP_MIB && memory >= LEAST_SWAP_MIB;
        return isLeast ? memory : memory + swap - was;
    }

    /** Shared memory follows the memory that it is a part of, where nobody has said otherwise. */
    private static Json.Obj sharedMemory(Json.Obj before, Json.Obj after, Json.Obj update, long memory) {
        boolean follows = before.get("max_shm_memory").equals(before.get("max_physical_memory"));
        return follows && !update.has("max_shm_memory") ? after.with("max_shm_memory", memory) : after;
    }

    private static boolean isMachine(Json.Obj vm) {
        return Brand.find(vm.string("brand", "")).filter(Brand::isHvm).isPresent();
    }

    /** A VM that is given other memory gets the usual addition for its emulator, unless the update says how much. */
    private static Json.Obj machineMemoryAfterUpdate(Json.Obj before, Json.Obj after, Json.Obj update) {
        long was = before.integer("max_physical_memory", 0);
        long ram = after.integer("ram", 0);
        long least = ram + MachineRules.LEAST_OVERHEAD_MIB;
        long memory = Math.max(
                least, update.integer("max_physical_memory").orElse(update.has("ram") ? ram + overhead(before) : was));
        long locked =
                update.integer("max_locked_memory").orElse(memory + before.integer("max_locked_memory", was) - was);
        long swap = update.integer("max_swap").orElse(memory + before.integer("max_swap", was) - was);
        return sharedMemory(before, after, update, memory)
                .with("max_physical_memory", memory)
                .with("max_locked_memory", Math.clamp(locked, least, memory))
                .with("max_swap", Math.max(memory, swap));
    }

    private static long overhead(Json.Obj vm) {
        return vm.string("brand", "").equals(Brand.KVM.word()) ? KVM_OVERHEAD_MIB : BHYVE_OVERHEAD_MIB;
    }

    /** Completes NICs that are added to those that are there. */
    Json.Arr nics(List<Json.Obj> added, List<Json.Obj> present, Brand brand) {
        String prefix = brand == Brand.LX ? "eth" : "net";
        Set<String> interfaces = new TreeSet<>();
        present.forEach(nic -> interfaces.add(nic.string("interface", "")));
        added.forEach(nic -> interfaces.add(nic.string("interface", "")));
        List<Json> complete = new ArrayList<>();
        for (Json.Obj nic : added) {
            Json.Obj full = Nics.withoutEmptyIps(Nics.modern(nic));
            if (!full.has("mac")) {
                full = full.with("mac", Mac.random(random).toString());
            }
            if (!full.has("interface")) {
                int number = 0;
                while (interfaces.contains(prefix + number)) {
                    number++;
                }
                full = full.with("interface", prefix + number);
                interfaces.add(prefix + number);
            }
            complete.add(full);
        }
        return new Json.Arr(complete);
    }
}
