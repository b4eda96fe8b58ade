package zonda.vm;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import zonda.base.Json;
import zonda.kvm.PciSlot;

/**
 * By what the guest of a bhyve VM knows its disks: their UUIDs and their places on the PCI bus, which stay with them.
 * vmadm(8), disks.*.pci_slot and disks.*.uuid.
 */
final class DiskPlaces {
    private static final int CDROMS = 3;
    private static final int DISKS = 4;
    private static final int LAST = 29;
    private static final int FUNCTIONS = 8;

    /** Where a disk went that was given no place, before places were kept. */
    private static final int DISKS_OF_OLD = 5;

    private DiskPlaces() {}

    /** All of the VM's disks, of which those that are made have a UUID and a place. @param made how many of the last */
    static List<Json> complete(VmConfig vm, List<Json.Obj> disks, int made, RandomGenerator random) {
        return complete(disks, disks.size() - made, DISKS, PciDevices.slots(vm), random);
    }

    /** The VM with a UUID and a place for each disk, which those of an older record may lack. */
    static VmConfig settled(VmConfig vm, RandomGenerator random) {
        List<Json.Obj> disks = vm.properties().array("disks").objects();
        boolean isSettled = disks.stream().allMatch(disk -> disk.has("uuid") && disk.has("pci_slot"));
        return vm.brand() != Brand.BHYVE || isSettled
                ? vm
                : vm.with("disks", new Json.Arr(complete(disks, 0, DISKS_OF_OLD, PciDevices.slots(vm), random)));
    }

    private static List<Json> complete(
            List<Json.Obj> disks, int from, int others, Set<PciSlot> ofDevices, RandomGenerator random) {
        Set<PciSlot> taken = new HashSet<>(ofDevices);
        disks.forEach(disk -> slot(disk).ifPresent(taken::add));
        boolean hasBoot = disks.stream()
                .anyMatch(disk -> disk.bool("boot", false) && slot(disk).isEmpty());
        var first = new PciSlot(DISKS, 0);
        boolean isForBoot = hasBoot && taken.add(first);
        List<Json> complete = new ArrayList<>();
        for (int i = 0; i < disks.size(); i++) {
            Json.Obj disk = disks.get(i);
            if (i >= from && !disk.has("pci_slot")) {
                boolean boots = isForBoot && disk.bool("boot", false);
                PciSlot slot =
                        boots ? first : free(disk.string("media", "disk").equals("cdrom") ? CDROMS : others, taken);
                taken.add(slot);
                disk = disk.with("pci_slot", "0:" + slot.device() + ":" + slot.function());
            }
            boolean isAnonymous = i >= from && !disk.has("uuid");
            complete.add(
                    isAnonymous ? disk.with("uuid", Values.randomUuid(random).toString()) : disk);
        }
        return complete;
    }

    private static Optional<PciSlot> slot(Json.Obj disk) {
        return disk.string("pci_slot").flatMap(PciSlot::parse);
    }

    /** The first that is free from a device on. @throws IllegalStateException when there is none: of 180 and more */
    private static PciSlot free(int device, Set<PciSlot> taken) {
        return IntStream.rangeClosed(device, LAST)
                .filter(candidate -> !PciSlot.TAKEN.contains(candidate))
                .boxed()
                .flatMap(candidate -> Stream.iterate(0, function -> function < FUNCTIONS, function -> function + 1)
                        .map(function -> new PciSlot(candidate, function)))
                .filter(slot -> !taken.contains(slot))
                .findFirst()
                .orElseThrow(() -> new IllegalStateException("no PCI slot is free"));
    }

    /** Notes a disk that is told to be at a place of the board's. */
    static void check(String text, Findings findings) {
        Optional<PciSlot> slot = PciSlot.parse(text);
        if (slot.isEmpty() && !text.isEmpty()) {
            findings.rule("Invalid pci_slot: \"" + text + "\" (must be device, device:function or 0:device:function)");
        }
        slot.filter(place -> PciSlot.TAKEN.contains(place.device()))
                .ifPresent(place -> findings.rule(
                        "pci_slot \"" + text + "\" invalid: PCI device " + place.device() + " is reserved"));
    }

    /** Notes disks of one VM that can't be together. */
    static void check(List<Json.Obj> disks, Findings findings) {
        List<String> booting = disks.stream()
                .filter(disk -> disk.bool("boot", false))
                .map(disk -> disk.string("path", ""))
                .toList();
        if (booting.size() > 1) {
            findings.rule("multiple boot disks: " + String.join(" ", booting));
        }
        slots(disks, findings);
        List<String> uuids =
                disks.stream().flatMap(disk -> disk.string("uuid").stream()).toList();
        uuids.stream()
                .filter(uuid -> uuids.indexOf(uuid) != uuids.lastIndexOf(uuid))
                .findFirst()
                .ifPresent(uuid -> findings.rule("duplicate disk uuid: " + uuid));
    }

    private static void slots(List<Json.Obj> disks, Findings findings) {
        List<PciSlot> slots = new ArrayList<>();
        for (Json.Obj disk : disks) {
            Optional<PciSlot> slot = slot(disk);
            if (slot.filter(slots::contains).isPresent()) {
                findings.rule("VM has multiple disks in pci_slot \"" + disk.string("pci_slot", "") + "\"");
            }
            slot.ifPresent(slots::add);
        }
    }
}
