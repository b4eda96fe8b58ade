package zonda.vm;

import java.util.List;
import java.util.Optional;
import zonda.base.Json;
import zonda.kvm.BootOrder;
import zonda.kvm.Nic;
import zonda.kvm.SerialLine;

/** What must hold of a hardware VM besides what holds of all: vmadm(8), and its messages. */
final class MachineRules {
    /** MiB that the emulator may take besides the guest's memory, at least. */
    static final long LEAST_OVERHEAD_MIB = 256;

    private static final long MIB = 1L << 20;
    private static final int LONGEST_VNC_PASSWORD = 8;
    private static final int MOST_PORT = 65_535;
    private static final List<String> DISPLAYS = List.of("cirrus", "std", "vmware", "qxl", "xenfb");
    private static final List<String> BOOT_ROMS = List.of("bios", "uefi");
    private static final List<String> CPU_TYPES = List.of("qemu64", "host");

    private MachineRules() {}

    static void check(VmConfig vm, Findings findings) {
        Json.Obj properties = vm.properties();
        if (properties.has("image_uuid")) {
            findings.rule("image_uuid: the image of a hardware VM is that of a disk: disks.*.image_uuid");
        }
        if (!vm.properties().array("filesystems").objects().isEmpty()) {
            findings.rule("filesystems: directories of the host can't be shown in a hardware VM");
        }
        properties
                .string("vga")
                .filter(word -> !DISPLAYS.contains(word))
                .ifPresent(word -> findings.rule(
                        "Invalid VGA type: \"" + word + "\", supported types are: " + String.join(",", DISPLAYS)));
        one(properties, "bootrom", BOOT_ROMS, findings);
        one(properties, "cpu_type", CPU_TYPES, findings);
        if (properties.bool("secure_boot", false)
                && !properties.string("bootrom", "").equals("uefi")) {
            findings.badValue("secure_boot", "secure_boot needs bootrom uefi");
        }
        long total = Disks.total(vm).value() / MIB;
        properties
                .integer("flexible_disk_size")
                .filter(most -> total > most)
                .ifPresent(most -> findings.rule(
                        "the disks are of " + total + " MiB together, more than flexible_disk_size: " + most));
        properties
                .string("vnc_password")
                .filter(password -> password.length() > LONGEST_VNC_PASSWORD)
                .ifPresent(_ -> findings.rule(
                        "VNC password is too long, maximum length is " + LONGEST_VNC_PASSWORD + " characters."));
        for (Displays.Kind kind : Displays.Kind.values()) {
            if (kind.port(vm) > MOST_PORT) {
                findings.rule("Invalid " + kind.word() + "_port: a port is at most " + MOST_PORT);
            }
        }
        properties
                .string("boot")
                .filter(order -> !order.equals(KernelFiles.DIRECT))
                .filter(order -> BootOrder.parse(order).isEmpty())
                .ifPresent(order -> findings.rule(
                        "Invalid boot order: \"" + order + "\" (such as order=cd,once=d, or direct for a kernel)"));
        KernelFiles.check(properties, findings);
        serial(properties, findings);
        PciDevices.check(vm, findings);
        vm.nics().forEach(nic -> nic(vm, nic, findings));
    }

    /** What both are to have and only one can, by name: a display's port, or a device of the host. */
    static Optional<String> conflict(VmConfig vm, VmConfig other) {
        for (Displays.Kind mine : Displays.Kind.values()) {
            for (Displays.Kind theirs : Displays.Kind.values()) {
                if (mine.port(vm) > 0 && mine.port(vm) == theirs.port(other)) {
                    return Optional.of(mine.word() + "_port " + mine.port(vm));
                }
            }
        }
        return PciDevices.conflict(vm, other);
    }

    private static void serial(Json.Obj properties, Findings findings) {
        Optional<String> first = properties.string("com1");
        Optional<String> second = properties.string("com2");
        for (String name : List.of("com1", "com2")) {
            properties
                    .string(name)
                    .filter(line -> SerialLine.parse(line).isEmpty())
                    .ifPresent(line ->
                            findings.rule("Invalid " + name + ": \"" + line + "\" (must be " + SerialLine.FORMS + ")"));
        }
        if (first.isPresent() && first.equals(second)) {
            findings.rule("com1 and com2 can't both be \"" + first.get() + "\"");
        }
    }

    private static void one(Json.Obj properties, String name, List<String> known, Findings findings) {
        properties
                .string(name)
                .filter(word -> !known.contains(word))
                .ifPresent(word -> findings.rule(
                        "Invalid " + name + ": \"" + word + "\" (must be one of: " + String.join(",", known) + ")"));
    }

    private static void nic(VmConfig vm, Json.Obj nic, Findings findings) {
        Optional<String> model = nic.string("model").or(() -> vm.properties().string("nic_driver"));
        if (model.isEmpty()) {
            findings.rule("missing .model option for NIC: " + nic.compact());
        } else if (Nic.Model.find(model.get()).isEmpty()) {
            findings.rule("\"" + model.get() + "\" is not a valid NIC model for "
                    + vm.brand().word() + " brand. Valid are: virtio,e1000,rtl8139");
        }
    }
}
