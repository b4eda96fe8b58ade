package zonda.vm;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import zonda.base.Code;
import zonda.base.Json;
import zonda.base.OpException;
import zonda.kvm.HostPci;
import zonda.kvm.PassedDevice;
import zonda.kvm.PciAddress;
import zonda.kvm.PciSlot;
import zonda.zones.ZoneSpec;

/** The host's PCI devices that a machine has for itself: vmadm(8), pci_devices. */
final class PciDevices {
    private static final String NAME = "pci_devices";

    private PciDevices() {}

    private static List<Json.Obj> kept(VmConfig vm) {
        return vm.properties().array(NAME).objects();
    }

    private static Optional<PciAddress> address(Json.Obj device) {
        return PciAddress.parse(device.string("path", ""));
    }

    /** Those of a VM whose properties were checked. */
    static List<PassedDevice> of(VmConfig vm) {
        return kept(vm).stream()
                .flatMap(device -> address(device)
                        .flatMap(address -> PciSlot.parse(device.string("pci_slot", ""))
                                .map(slot -> new PassedDevice(address, slot)))
                        .stream())
                .toList();
    }

    private static List<PciAddress> addresses(VmConfig vm) {
        return of(vm).stream().map(PassedDevice::device).toList();
    }

    /** Where the guest finds them. */
    static Set<PciSlot> slots(VmConfig vm) {
        return of(vm).stream().map(PassedDevice::slot).collect(Collectors.toSet());
    }

    /** The payload of a create, in which those to be added are simply there. */
    static Json.Obj settled(Json.Obj payload) {
        return payload.has("add_" + NAME)
                ? payload.without("add_" + NAME).with(NAME, payload.array("add_" + NAME))
                : payload;
    }

    /** What another host says of a VM, without devices that only a host of illumos has. */
    static Json.Obj withoutForeign(Json.Obj payload) {
        List<Json.Obj> known = payload.array(NAME).objects().stream()
                .filter(device -> address(device).isPresent())
                .toList();
        return known.isEmpty() ? payload.without(NAME) : payload.with(NAME, new Json.Arr(List.copyOf(known)));
    }

    /** Notes what is wrong with them, and with places that they and disks have on one bus. */
    static void check(VmConfig vm, Findings findings) {
        List<PciAddress> addresses = new ArrayList<>();
        List<PciSlot> slots = new ArrayList<>(
                Disks.of(vm).stream().flatMap(disk -> disk.slot().stream()).toList());
        List<Json.Obj> devices = kept(vm);
        for (int i = 0; i < devices.size(); i++) {
            String at = NAME + "." + i + ".";
            device(devices.get(i), at, addresses, findings);
            slot(devices.get(i).string("pci_slot", ""), at, slots, findings);
        }
        firstFunctions(slots, findings);
    }

    /** Notes a place that a guest does not find: it looks at other functions of a device only where the first is. */
    private static void firstFunctions(List<PciSlot> slots, Findings findings) {
        slots.stream()
                .filter(slot -> slot.function() > 0 && !slots.contains(new PciSlot(slot.device(), 0)))
                .findFirst()
                .ifPresent(slot -> findings.rule("function " + slot.function() + " of PCI device " + slot.device()
                        + " is not found by a guest without something at function 0"));
    }

    private static void device(Json.Obj device, String at, List<PciAddress> addresses, Findings findings) {
        String path = device.string("path", "");
        Optional<PciAddress> address = address(device);
        if (path.isEmpty()) {
            findings.rule("Missing required property: " + at + "path");
        } else if (address.isEmpty()) {
            findings.rule("Invalid " + at + "path: \"" + path + "\" (must be " + PciAddress.FORMS + ")");
        } else if (addresses.contains(address.get())) {
            findings.rule(at + "path: VM has PCI device " + address.get() + " more than once");
        }
        address.ifPresent(addresses::add);
    }

    private static void slot(String text, String at, List<PciSlot> slots, Findings findings) {
        Optional<PciSlot> slot = PciSlot.parse(text);
        if (text.isEmpty()) {
            findings.rule("Missing required property: " + at + "pci_slot");
        } else {
            DiskPlaces.check(text, findings);
        }
        if (slot.filter(slots::contains).isPresent()) {
            findings.rule(at + "pci_slot: something else is in pci_slot \"" + text + "\"");
        }
        slot.ifPresent(slots::add);
    }

    /** The device that both are to have, in words, if there is one. */
    static Optional<String> conflict(VmConfig vm, VmConfig other) {
        List<PciAddress> theirs = addresses(other);
        return addresses(vm).stream().filter(theirs::contains).findFirst().map(device -> "PCI device " + device);
    }

    static List<Json> added(Json.Obj vm, Json.Arr devices) {
        return Stream.concat(vm.array(NAME).items().stream(), devices.items().stream())
                .toList();
    }

    private static boolean isAt(Json.Obj device, String path) {
        return device.string("path", "").equals(path)
                || address(device)
                        .filter(PciAddress.parse(path).stream().toList()::contains)
                        .isPresent();
    }

    static List<Json> updated(Json.Obj vm, Json.Arr changes, Findings findings) {
        List<Json.Obj> all = new ArrayList<>(vm.array(NAME).objects());
        for (Json.Obj change : changes.objects()) {
            String path = change.string("path", "");
            if (all.stream().noneMatch(device -> isAt(device, path))) {
                findings.badValue("update_pci_devices", "no PCI device has path " + path);
            }
            all.replaceAll(device -> isAt(device, path) ? Updates.merged(device, change.without("path")) : device);
        }
        return List.copyOf(all);
    }

    static List<Json> fewer(Json.Obj vm, Json.Arr paths, Findings findings) {
        List<Json.Obj> left = new ArrayList<>(vm.array(NAME).objects());
        for (String path : paths.strings()) {
            if (!left.removeIf(device -> isAt(device, path))) {
                findings.badValue("remove_pci_devices", "no PCI device has path " + path);
            }
        }
        return List.copyOf(left);
    }

    /**
     * The nodes of VFIO that its emulator needs.
     *
     * @throws OpException FAILED saying why it can't have one of its devices, and what to do
     */
    static List<ZoneSpec.Device> hand(VmRecord vm, Path zonepath) {
        List<PciAddress> devices = addresses(vm.config());
        if (devices.isEmpty()) {
            return List.of();
        }
        var pci = new HostPci(HostPci.SYSFS);
        pci.problem(devices).ifPresent(problem -> {
            throw new OpException(Code.FAILED, problem);
        });
        List<ZoneSpec.Device> nodes = new ArrayList<>(List.of(HvmDevice.VFIO.of(vm, zonepath)));
        for (HostPci.Group group : pci.groups(devices)) {
            nodes.add(HvmDevice.group(vm, zonepath, group));
        }
        return nodes;
    }
}
