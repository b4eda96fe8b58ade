package zonda.vm;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import zonda.base.Bytes;
import zonda.base.Code;
import zonda.base.Json;
import zonda.base.Mac;
import zonda.base.OpException;
import zonda.kvm.Accelerator;
import zonda.kvm.BootOrder;
import zonda.kvm.Disk;
import zonda.kvm.Machine;
import zonda.kvm.Nic;
import zonda.kvm.Qemu;
import zonda.kvm.SerialLine;
import zonda.kvm.SerialPorts;
import zonda.kvm.Tpm;
import zonda.network.MachineEnd;
import zonda.network.ZoneNetwork;
import zonda.storage.Datasets;
import zonda.zones.InitProgram;
import zonda.zones.ZoneSpec;

/**
 * Says a hardware VM's properties in the words of QEMU and of the runtime: QEMU is the one program of a zone of its own,
 * without privileges, and sees the VM's disks, its taps and its sockets, and the host's programs.
 */
final class HvmSpecs {
    private static final Path METADATA = Path.of("/.zonecontrol/metadata.sock");
    private static final long USUAL_BURST = 128;
    private static final long USUAL_WAIT = 200_000;

    private final Host host;

    HvmSpecs(Host host) {
        this.host = host;
    }

    /** Found when the first machine boots, since that takes seconds. */
    private static final class Best {
        static final Accelerator ACCELERATOR = Accelerator.best();
    }

    /** How machines are run on this host. */
    static Accelerator accelerator() {
        return Best.ACCELERATOR;
    }

    /** @throws OpException NOT_FOUND naming the Debian package that is missing, or the file of a CD */
    ZoneSpec zone(VmRecord vm, Path zonepath, Datasets datasets, BootOnce once) {
        require(Qemu.PROGRAM, "qemu-system-x86");
        VmConfig config = vm.config();
        Machine.Firmware firmware = firmware(config);
        if (firmware.variables().isPresent()) {
            require(firmware.freshVariables(), "ovmf");
        }
        if (hasTpm(config)) {
            require(Tpm.PROGRAM, "swtpm");
        }
        Path root = zonepath.resolve("root");
        if (once.order().isEmpty()) {
            KernelFiles.require(config.properties(), root);
        }
        HvmDatasets.hand(vm, datasets, root);
        HvmDisks disks = HvmDisks.of(vm, zonepath, datasets, once);
        List<ZoneSpec.Device> devices = new ArrayList<>(disks.devices());
        devices.add(HvmDevice.TUN.of(vm, zonepath));
        if (accelerator() == Accelerator.KVM) {
            devices.add(HvmDevice.KVM.of(vm, zonepath));
        }
        devices.addAll(PciDevices.hand(vm, zonepath));
        return new ZoneSpec(
                config.uuid(),
                config.zonename(),
                config.hostname(),
                root,
                vm.ids(),
                new InitProgram.Emulator(Qemu.command(machine(config, disks.all(), once), accelerator(), METADATA)),
                config.limits(),
                Set.of(),
                List.of(
                        new ZoneSpec.Bind(Path.of("/usr"), "/usr", true),
                        new ZoneSpec.Bind(host.metadata().directory(vm.uuid()), "/.zonecontrol", false)),
                disks.files(),
                devices,
                ZoneSpec.USUAL_LOG_LIMIT);
    }

    private static void require(Path program, String debianPackage) {
        if (!Files.exists(program)) {
            throw new OpException(
                    Code.NOT_FOUND, program + " is not there: install the Debian package " + debianPackage);
        }
    }

    static Machine.Firmware firmware(VmConfig vm) {
        if (!vm.properties().string("bootrom", "bios").startsWith("uefi")) {
            return Machine.Firmware.BIOS;
        }
        return vm.properties().bool("secure_boot", false) ? Machine.Firmware.SECURE_UEFI : Machine.Firmware.UEFI;
    }

    static boolean hasTpm(VmConfig vm) {
        return vm.properties().bool("tpm", false);
    }

    private Machine machine(VmConfig vm, List<Disk> disks, BootOnce once) {
        Json.Obj properties = vm.properties();
        boolean kvm = vm.brand() == Brand.KVM;
        return new Machine(
                vm.uuid(),
                vm.zonename(),
                kvm ? Machine.Board.PC : Machine.Board.Q35,
                Bytes.ofMiB(properties.integer("ram", 0)),
                cpus(vm),
                properties.string("cpu_type", kvm ? "qemu64" : "host"),
                firmware(vm),
                hasTpm(vm),
                host.facts().liveImage(),
                once.order()
                        .or(() -> properties.string("boot").flatMap(BootOrder::parse))
                        .orElse(BootOrder.USUAL),
                once.order().isPresent() ? Optional.empty() : KernelFiles.direct(properties),
                properties.string("vga", "std"),
                disks,
                nics(vm),
                PciDevices.of(vm),
                serial(vm),
                Displays.hasSpice(vm) ? Optional.of(properties.string("spice_opts", "")) : Optional.empty(),
                properties.string("qemu_opts"),
                properties.string(kvm ? "qemu_extra_opts" : "bhyve_extra_opts"));
    }

    /** What its serial ports are joined to; brand kvm has no say in it. */
    static SerialPorts serial(VmConfig vm) {
        return new SerialPorts(
                SerialLine.parse(vm.properties().string("com1", "")).orElse(SerialPorts.USUAL.first()),
                SerialLine.parse(vm.properties().string("com2", "")).orElse(SerialPorts.USUAL.second()));
    }

    /** SmartOS' defaults stand for QEMU's own way, which is to send at once. */
    private static Nic.Pacing pacing(Json.Obj properties) {
        return new Nic.Pacing(
                properties.integer("virtio_txburst").filter(packets -> packets != USUAL_BURST),
                properties.integer("virtio_txtimer").filter(wait -> wait != USUAL_WAIT));
    }

    private static Nic.Model model(VmConfig vm, Json.Obj nic) {
        return Nic.Model.find(nic.string("model", vm.properties().string("nic_driver", "virtio")))
                .orElse(Nic.Model.VIRTIO);
    }

    private static int queues(VmConfig vm, Json.Obj nic) {
        return Nic.queues(model(vm, nic), cpus(vm));
    }

    private static int cpus(VmConfig vm) {
        return (int) vm.properties().integer("vcpus", 1);
    }

    /** Who emulates the machine, as its network sees him. */
    static ZoneNetwork.Emulator emulator(VmRecord vm) {
        List<Json.Obj> nics = Nics.links(vm.config().nics());
        Set<Integer> several = IntStream.range(0, nics.size())
                .filter(index -> queues(vm.config(), nics.get(index)) > 1)
                .boxed()
                .collect(Collectors.toSet());
        return new ZoneNetwork.Emulator(HvmDatasets.hostId(vm.ids()), several);
    }

    private static List<Nic> nics(VmConfig vm) {
        List<Nic> nics = new ArrayList<>();
        for (Json.Obj nic : Nics.links(vm.nics())) {
            nics.add(new Nic(
                    MachineEnd.tap(nics.size()),
                    Mac.parse(nic.string("mac", "")),
                    model(vm, nic),
                    queues(vm, nic),
                    pacing(vm.properties())));
        }
        return nics;
    }
}
