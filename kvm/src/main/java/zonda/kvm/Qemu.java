package zonda.kvm;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * The command line that runs a machine: qemu(1). All its files are those that it finds in its zone; its sockets are in
 * {@link #SOCKETS} there.
 */
public final class Qemu {
    /** Debian's qemu-system-x86. */
    public static final Path PROGRAM = Path.of("/usr/bin/qemu-system-x86_64");
    /** Where its sockets are, below the root that it sees. */
    public static final Path SOCKETS = Path.of("/tmp");
    /** The first serial port. */
    public static final String CONSOLE = "vm.console";
    /** Its control, for {@link Qmp}. */
    public static final String CONTROL = "vm.qmp";
    /** The display, RFB, for who reaches the socket. */
    public static final String DISPLAY = "vm.vnc";
    /** The display, RFB, for who knows the password; nobody before there is one. */
    public static final String GUARDED_DISPLAY = "vm.vnc.guarded";
    /** QMP's name of that. */
    public static final String GUARDED = "guarded";
    /** The display, SPICE, for who knows the password; nobody before there is one. */
    public static final String SPICE = "vm.spice";
    /** The guest agent's port. */
    public static final String AGENT = "vm.qga";
    /** QMP's name of that. */
    public static final String AGENT_PORT = "agent";

    private static final long MIB = 1L << 20;

    private final Machine machine;
    private final Accelerator accelerator;
    private final Path metadata;
    private final List<String> words = new ArrayList<>();
    private final List<String> tried;

    /** @param metadata the socket that answers at the second serial port, where QEMU sees it */
    private Qemu(Machine machine, Accelerator accelerator, Path metadata) {
        this.machine = machine;
        this.accelerator = accelerator;
        this.metadata = metadata;
        this.tried = tried(machine);
    }

    /** @param metadata the socket that answers at the second serial port, where QEMU sees it */
    public static List<String> command(Machine machine, Accelerator accelerator, Path metadata) {
        return new Qemu(machine, accelerator, metadata).command();
    }

    private List<String> command() {
        if (machine.tpm()) {
            words.addAll(Tpm.before());
        }
        add(PROGRAM.toString(), "-nodefaults", "-no-user-config");
        add("-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny");
        board();
        // QEMU gives each device without a place the first that is free: those that have one come before them.
        disks(true);
        machine.passed().forEach(device -> add("-device", device.option()));
        ports();
        disks(false);
        machine.nics().forEach(this::nic);
        machine.moreOptions().ifPresent(this::split);
        return List.copyOf(words);
    }

    private void add(String... more) {
        words.addAll(Arrays.asList(more));
    }

    private void split(String options) {
        words.addAll(Arrays.stream(options.split("[ \t]+"))
                .filter(word -> !word.isEmpty())
                .toList());
    }

    private void board() {
        add("-name", escaped(machine.name()), "-uuid", machine.uuid().toString());
        boolean secure = machine.firmware() == Machine.Firmware.SECURE_UEFI;
        add("-machine", machine.board().word() + (secure ? ",smm=on" : ""), "-accel", accelerator.option());
        add("-cpu", cpu(), "-smp", String.valueOf(machine.cpus()));
        add("-m", String.valueOf(machine.memory().value() / MIB));
        add("-rtc", "base=utc", "-boot", machine.bootOrder().toString());
        machine.direct().ifPresent(direct -> words.addAll(direct.options()));
        // Guests know SmartOS by these: cloud-init's and Triton's tools look at the product.
        add(
                "-smbios",
                "type=1,manufacturer=Joyent,product=SmartDC HVM,version=7." + machine.stamp() + ",serial="
                        + escaped(machine.name()) + ",sku=001,family=Virtual Machine");
        machine.firmware().variables().ifPresent(variables -> {
            add(
                    "-drive",
                    "if=pflash,format=raw,unit=0,readonly=on,file="
                            + machine.firmware().code());
            add("-drive", "if=pflash,format=raw,unit=1,file=/" + variables);
        });
        if (secure) {
            // The guest's system can't write to the variables, nor to them behind the firmware's back when it wakes.
            add("-global", "driver=cfi.pflash01,property=secure,value=on", "-global", "ICH9-LPC.disable_s3=1");
        }
        if (machine.tpm()) {
            words.addAll(Tpm.options());
        }
    }

    /** What only KVM can give is not there under translation. */
    private String cpu() {
        boolean host = machine.cpuType().equals("host");
        return host && accelerator != Accelerator.KVM ? "max" : machine.cpuType();
    }

    private void ports() {
        add(machine.serial().first().options("com1", metadata));
        add(machine.serial().second().options("com2", metadata));
        add("-chardev", socket("control", CONTROL), "-mon", "chardev=control,mode=control");
        add("-device", "virtio-serial-pci", "-chardev", socket(AGENT_PORT, AGENT));
        add("-device", "virtserialport,chardev=" + AGENT_PORT + ",name=org.qemu.guest_agent.0");
        add("-device", "virtio-rng-pci");
        if (machine.ownOptions().isPresent()) {
            split(machine.ownOptions().get());
        } else {
            add("-vnc", "unix:" + SOCKETS.resolve(DISPLAY), "-k", "en-us");
            // What is asked for is told by QMP: a command line is for everyone to read.
            add("-vnc", "unix:" + SOCKETS.resolve(GUARDED_DISPLAY) + ",id=" + GUARDED + ",password=on");
            add("-device", "qemu-xhci", "-device", "usb-tablet");
        }
        machine.spice()
                .ifPresent(options -> add(
                        "-spice", "unix=on,addr=" + SOCKETS.resolve(SPICE) + (options.isEmpty() ? "" : "," + options)));
        add("-vga", machine.vga());
    }

    /** A character device that others connect to. */
    static String socket(String id, String name) {
        return "socket,id=" + id + ",server=on,wait=off,path=" + SOCKETS.resolve(name);
    }

    private void disks(boolean placed) {
        machine.disks().stream()
                .filter(disk -> disk.slot().isPresent() == placed)
                .forEach(this::disk);
    }

    private void disk(Disk disk) {
        String id = "disk" + machine.disks().indexOf(disk);
        boolean cdrom = disk.media() == Disk.Media.CDROM;
        boolean readOnly = disk.media() != Disk.Media.DISK;
        add(
                "-drive",
                "if=none,format=raw,id=" + id + ",file=" + escaped(disk.file().toString())
                        + (readOnly
                                ? ",readonly=on"
                                : ",cache=none,werror=" + LiveDisks.WHEN_A_WRITE_FAILS + ",discard="
                                        + (disk.trims() ? "unmap" : "ignore")));
        String first = place(id);
        if (cdrom) {
            add("-device", "ide-cd,drive=" + id + port(disk, id) + first);
            return;
        }
        String serial = ",serial=" + disk.serial() + disk.sectors().options();
        String slot = disk.slot().map(PciSlot::options).orElse("");
        switch (disk.model()) {
            case VIRTIO -> add("-device", "virtio-blk-pci,drive=" + id + serial + first + slot);
            case SCSI -> {
                if (words.stream().noneMatch("lsi53c895a"::equals)) {
                    add("-device", "lsi53c895a");
                }
                add("-device", "scsi-hd,drive=" + id + serial + first);
            }
            case IDE, AHCI -> add("-device", "ide-hd,drive=" + id + port(disk, id) + serial + first);
            case NVME -> add("-device", "nvme,drive=" + id + serial + first + slot);
        }
    }

    /** A disk of a place of its own has a controller there; the others are at the board's. */
    private String port(Disk disk, String id) {
        if (disk.slot().isEmpty()) {
            return "";
        }
        add("-device", "ahci,id=ahci-" + id + disk.slot().get().options());
        return ",bus=ahci-" + id + ".0";
    }

    private void nic(Nic nic) {
        String id = "nic" + machine.nics().indexOf(nic);
        String queues = nic.hasSeveralQueues() ? ",queues=" + nic.queues() : "";
        add("-netdev", "tap,id=" + id + ",ifname=" + nic.tap() + ",script=no,downscript=no" + queues);
        String pacing = nic.model() == Nic.Model.VIRTIO ? nic.pacing().options() : "";
        // Where the firmware boots from no NIC, reading and running the program that would is time lost.
        String rom = machine.direct().isPresent() ? ",romfile=" : "";
        add(
                "-device",
                nic.model().device() + ",netdev=" + id + ",mac=" + nic.mac() + vectors(nic) + pacing + rom + place(id));
    }

    /** Interrupts: one for each queue's either direction, one for its control queue and one for changes. */
    private static String vectors(Nic nic) {
        return nic.hasSeveralQueues() ? ",mq=on,vectors=" + (2 * nic.queues() + 2) : "";
    }

    /** Which place the device has among those that the firmware tries. */
    private String place(String device) {
        int place = tried.indexOf(device);
        return place < 0 ? "" : ",bootindex=" + place;
    }

    /**
     * The devices that the firmware tries, in order. There are none where a BIOS is to go by the letters alone: only so
     * does it try others the first time than after a reset. It can't tell one disk from another then.
     */
    private static List<String> tried(Machine machine) {
        if (machine.direct().isPresent()) {
            // The kernel has the first place.
            return List.of();
        }
        BootOrder boot = machine.bootOrder();
        boolean firstBoots = machine.disks().stream().noneMatch(Disk::boots)
                || machine.disks().getFirst().boots();
        if (!boot.once().isEmpty() && machine.firmware() == Machine.Firmware.BIOS && firstBoots) {
            return List.of();
        }
        List<String> devices = new ArrayList<>();
        for (char letter : (boot.once() + boot.order()).toCharArray()) {
            of(machine, letter).filter(device -> !devices.contains(device)).forEach(devices::add);
        }
        return devices;
    }

    private static Stream<String> of(Machine machine, char letter) {
        return switch (letter) {
            case 'c' -> disks(machine, disk -> disk.media() == Disk.Media.DISK);
            case 'd' -> disks(machine, disk -> disk.media() == Disk.Media.CDROM);
            case 'n' -> IntStream.range(0, machine.nics().size()).mapToObj(index -> "nic" + index);
            default -> Stream.empty();
        };
    }

    /** Those that boot come first. */
    private static Stream<String> disks(Machine machine, Predicate<Disk> wanted) {
        List<Disk> all = machine.disks();
        return IntStream.range(0, all.size())
                .filter(index -> wanted.test(all.get(index)))
                .boxed()
                .sorted(Comparator.comparing(index -> !all.get(index).boots()))
                .map(index -> "disk" + index);
    }

    /** A comma in a value is written twice. */
    static String escaped(String value) {
        return value.replace(",", ",,");
    }
}
