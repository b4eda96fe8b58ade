package zonda.kvm;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

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
    /** The display, RFB. */
    public static final String DISPLAY = "vm.vnc";
    /** The guest agent's port. */
    public static final String AGENT = "vm.qga";
    /** OVMF, for UEFI: Debian's package ovmf. */
    public static final Path UEFI_CODE = Path.of("/usr/share/OVMF/OVMF_CODE_4M.fd");
    /** The variables that a new machine with UEFI begins with. */
    public static final Path UEFI_VARIABLES = Path.of("/usr/share/OVMF/OVMF_VARS_4M.fd");

    private static final long MIB = 1L << 20;

    private final Machine machine;
    private final Accelerator accelerator;
    private final Path metadata;
    private final List<String> words = new ArrayList<>();

    /** @param metadata the socket that answers at the second serial port, where QEMU sees it */
    private Qemu(Machine machine, Accelerator accelerator, Path metadata) {
        this.machine = machine;
        this.accelerator = accelerator;
        this.metadata = metadata;
    }

    /** @param metadata the socket that answers at the second serial port, where QEMU sees it */
    public static List<String> command(Machine machine, Accelerator accelerator, Path metadata) {
        return new Qemu(machine, accelerator, metadata).command();
    }

    private List<String> command() {
        add(PROGRAM.toString(), "-nodefaults", "-no-user-config");
        add("-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny");
        board();
        ports();
        machine.disks().forEach(this::disk);
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
        add("-machine", machine.board().word(), "-accel", accelerator.option());
        add("-cpu", cpu(), "-smp", String.valueOf(machine.cpus()));
        add("-m", String.valueOf(machine.memory().value() / MIB));
        add("-rtc", "base=utc", "-boot", machine.bootOrder());
        // Guests know SmartOS by these: cloud-init's and Triton's tools look at the product.
        add(
                "-smbios",
                "type=1,manufacturer=Joyent,product=SmartDC HVM,version=7." + machine.stamp() + ",serial="
                        + escaped(machine.name()) + ",sku=001,family=Virtual Machine");
        if (machine.firmware() == Machine.Firmware.UEFI) {
            add("-drive", "if=pflash,format=raw,unit=0,readonly=on,file=" + UEFI_CODE);
            add("-drive", "if=pflash,format=raw,unit=1,file=/uefi-variables");
        }
    }

    /** What only KVM can give is not there under translation. */
    private String cpu() {
        boolean host = machine.cpuType().equals("host");
        return host && accelerator == Accelerator.TCG ? "max" : machine.cpuType();
    }

    private void ports() {
        add("-chardev", socket("console", CONSOLE) + ",logfile=/dev/stdout,logappend=on", "-serial", "chardev:console");
        // It connects again to a daemon that was started anew.
        add("-chardev", "socket,id=metadata,reconnect=1,path=" + escaped(metadata.toString()));
        add("-serial", "chardev:metadata");
        add("-chardev", socket("control", CONTROL), "-mon", "chardev=control,mode=control");
        add("-device", "virtio-serial-pci", "-chardev", socket("agent", AGENT));
        add("-device", "virtserialport,chardev=agent,name=org.qemu.guest_agent.0");
        add("-device", "virtio-rng-pci");
        if (machine.ownOptions().isPresent()) {
            split(machine.ownOptions().get());
        } else {
            add("-vnc", "unix:" + SOCKETS.resolve(DISPLAY), "-k", "en-us");
            add("-device", "qemu-xhci", "-device", "usb-tablet");
        }
        add("-vga", machine.vga());
    }

    private static String socket(String id, String name) {
        return "socket,id=" + id + ",server=on,wait=off,path=" + SOCKETS.resolve(name);
    }

    private void disk(Disk disk) {
        String id = "disk" + machine.disks().indexOf(disk);
        boolean cdrom = disk.media() == Disk.Media.CDROM;
        add(
                "-drive",
                "if=none,format=raw,id=" + id + ",file=" + escaped(disk.file().toString())
                        + (cdrom ? ",readonly=on" : ",cache=none,discard=" + (disk.trims() ? "unmap" : "ignore")));
        String first = disk.boots() ? ",bootindex=0" : "";
        if (cdrom) {
            add("-device", "ide-cd,drive=" + id + first);
            return;
        }
        String serial = ",serial=" + disk.serial();
        switch (disk.model()) {
            case VIRTIO -> add("-device", "virtio-blk-pci,drive=" + id + serial + first);
            case SCSI -> {
                if (words.stream().noneMatch("lsi53c895a"::equals)) {
                    add("-device", "lsi53c895a");
                }
                add("-device", "scsi-hd,drive=" + id + serial + first);
            }
            case IDE, AHCI -> add("-device", "ide-hd,drive=" + id + serial + first);
            case NVME -> add("-device", "nvme,drive=" + id + serial + first);
        }
    }

    private void nic(Nic nic) {
        String id = "nic" + machine.nics().indexOf(nic);
        add("-netdev", "tap,id=" + id + ",ifname=" + nic.tap() + ",script=no,downscript=no");
        add("-device", nic.model().device() + ",netdev=" + id + ",mac=" + nic.mac());
    }

    /** A comma in a value is written twice. */
    private static String escaped(String value) {
        return value.replace(",", ",,");
    }
}
