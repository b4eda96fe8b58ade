package zonda.kvm;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import zonda.base.Bytes;
import zonda.base.Mac;

class QemuTest {
    private static final UUID VM = UUID.fromString("5a7b2f0e-55a7-4d3c-9f6e-0d6f3f4b9c11");
    private static final Path METADATA = Path.of("/.zonecontrol/metadata.sock");

    private static final Nic.Pacing SLOW = new Nic.Pacing(Optional.of(64L), Optional.of(300_000L));
    private static final Nic NIC = new Nic("tap0", Mac.parse("02:00:00:00:00:01"), Nic.Model.E1000, 1, SLOW);

    private static final List<PassedDevice> PASSED = List.of(new PassedDevice(
            PciAddress.parse("65:00.1").orElseThrow(), PciSlot.parse("8").orElseThrow()));
    private static final SerialPorts SWAPPED =
            new SerialPorts(SerialLine.parse("socket,/tmp/debug").orElseThrow(), new SerialLine.Console());

    private static Disk disk(Disk.Model model, boolean boots) {
        return placed(model, boots, Optional.empty());
    }

    private static Disk placed(Disk.Model model, boolean boots, Optional<PciSlot> slot) {
        return new Disk(
                Path.of("/dev/zvol/rdsk/zones/a,b"),
                model,
                Disk.Media.DISK,
                boots,
                "serial",
                true,
                Sectors.USUAL,
                slot);
    }

    private static Machine machine(Machine.Board board, Machine.Firmware firmware, List<Disk> disks) {
        return machine(board, firmware, disks, BootOrder.USUAL);
    }

    private static Machine machine(
            Machine.Board board, Machine.Firmware firmware, List<Disk> disks, BootOrder bootOrder) {
        return machine(board, firmware, disks, List.of(NIC), bootOrder, Optional.empty());
    }

    private static Machine machine(
            Machine.Board board,
            Machine.Firmware firmware,
            List<Disk> disks,
            List<Nic> nics,
            BootOrder bootOrder,
            Optional<DirectBoot> direct) {
        return new Machine(
                VM,
                "web01",
                board,
                Bytes.ofMiB(512),
                2,
                "host",
                firmware,
                firmware == Machine.Firmware.SECURE_UEFI,
                "20260101T000000Z",
                bootOrder,
                direct,
                "std",
                disks,
                nics,
                board == Machine.Board.Q35 ? PASSED : List.of(),
                board == Machine.Board.Q35 ? SWAPPED : SerialPorts.USUAL,
                Optional.of("image-compression=off"),
                Optional.empty(),
                Optional.of("-no-reboot  -S"));
    }

    /** The values of an option, wherever it stands. */
    private static List<String> values(List<String> command, String option) {
        List<String> values = new ArrayList<>();
        for (int i = 0; i + 1 < command.size(); i++) {
            if (command.get(i).equals(option)) {
                values.add(command.get(i + 1));
            }
        }
        return values;
    }

    @Test
    void a_machine_is_what_it_was_said_to_be() {
        List<String> command = Qemu.command(
                machine(Machine.Board.PC, Machine.Firmware.BIOS, List.of(disk(Disk.Model.VIRTIO, true))),
                Accelerator.KVM,
                METADATA);

        assertThat(command.getFirst()).isEqualTo("/usr/bin/qemu-system-x86_64");
        assertThat(values(command, "-machine")).containsExactly("pc");
        assertThat(values(command, "-accel")).containsExactly("kvm");
        assertThat(values(command, "-cpu")).containsExactly("host");
        assertThat(values(command, "-m")).containsExactly("512");
        assertThat(values(command, "-smp")).containsExactly("2");
        assertThat(values(command, "-smbios"))
                .containsExactly("type=1,manufacturer=Joyent,product=SmartDC HVM,version=7.20260101T000000Z,"
                        + "serial=web01,sku=001,family=Virtual Machine");
        assertThat(values(command, "-drive"))
                .as("a comma in a name is no end of it")
                .containsExactly(
                        "if=none,format=raw,id=disk0,file=/dev/zvol/rdsk/zones/a,,b,cache=none,werror=stop,discard=unmap");
        assertThat(values(command, "-device"))
                .contains(
                        "virtio-blk-pci,drive=disk0,serial=serial,bootindex=0",
                        "e1000,netdev=nic0,mac=02:00:00:00:00:01");
        assertThat(values(command, "-sandbox")).singleElement().asString().startsWith("on,");
        assertThat(command).endsWith("-no-reboot", "-S");
    }

    @Test
    void what_only_the_cpu_can_give_is_not_asked_of_an_emulated_one() {
        List<String> command =
                Qemu.command(machine(Machine.Board.Q35, Machine.Firmware.UEFI, List.of()), Accelerator.TCG, METADATA);

        assertThat(values(command, "-cpu")).containsExactly("max");
        assertThat(values(command, "-drive"))
                .containsExactly(
                        "if=pflash,format=raw,unit=0,readonly=on,file=/usr/share/OVMF/OVMF_CODE_4M.fd",
                        "if=pflash,format=raw,unit=1,file=/uefi-variables");
    }

    @Test
    void disks_of_one_kind_of_controller_share_it() {
        List<String> command = Qemu.command(
                machine(
                        Machine.Board.PC,
                        Machine.Firmware.BIOS,
                        List.of(disk(Disk.Model.SCSI, true), disk(Disk.Model.SCSI, false))),
                Accelerator.TCG,
                METADATA);

        assertThat(values(command, "-device").stream().filter("lsi53c895a"::equals))
                .hasSize(1);
        assertThat(values(command, "-device"))
                .contains(
                        "scsi-hd,drive=disk0,serial=serial,bootindex=0",
                        "scsi-hd,drive=disk1,serial=serial,bootindex=1");
    }

    private static List<String> places(Machine.Firmware firmware, String bootOrder, boolean secondBoots) {
        var cd = new Disk(
                Path.of("/cd.iso"), Disk.Model.IDE, Disk.Media.CDROM, false, "", true, Sectors.USUAL, Optional.empty());
        List<Disk> disks = List.of(disk(Disk.Model.VIRTIO, !secondBoots), disk(Disk.Model.VIRTIO, secondBoots), cd);
        BootOrder order = BootOrder.parse(bootOrder).orElseThrow();
        List<String> command =
                Qemu.command(machine(Machine.Board.PC, firmware, disks, order), Accelerator.TCG, METADATA);
        assertThat(values(command, "-boot")).containsExactly(bootOrder);
        return values(command, "-device").stream()
                .filter(device -> device.contains("bootindex="))
                .sorted(Comparator.comparing(device -> device.replaceFirst(".*bootindex=", "")))
                .map(device -> device.replaceFirst(".*(drive|netdev)=([a-z0-9]+).*", "$2"))
                .toList();
    }

    @Test
    void the_firmware_tries_what_the_order_says_and_first_the_disk_that_boots() {
        assertThat(places(Machine.Firmware.BIOS, "order=cd", true)).containsExactly("disk1", "disk0", "disk2");
        assertThat(places(Machine.Firmware.UEFI, "order=ndc", false))
                .containsExactly("nic0", "disk2", "disk0", "disk1");
    }

    @Test
    void what_is_tried_once_only_is_the_bioss_to_know_unless_it_could_not_tell_the_disks() {
        assertThat(places(Machine.Firmware.BIOS, "order=cd,once=d", false)).isEmpty();
        assertThat(places(Machine.Firmware.BIOS, "order=c,once=d", true)).containsExactly("disk2", "disk1", "disk0");
        assertThat(places(Machine.Firmware.UEFI, "order=c,once=d", false)).containsExactly("disk2", "disk0", "disk1");
    }

    @Test
    void a_boot_order_is_letters_that_are_known() {
        assertThat(BootOrder.parse("order=cd,once=d")).contains(new BootOrder("cd", "d"));
        assertThat(List.of("", "cd", "order=x", "order=", "order=cd,once=", "once=d", "order=cd,file=/x"))
                .allSatisfy(text -> assertThat(BootOrder.parse(text)).isEmpty());
    }

    @Test
    void no_display_asks_for_a_password_that_the_command_line_tells() {
        List<String> command =
                Qemu.command(machine(Machine.Board.PC, Machine.Firmware.BIOS, List.of()), Accelerator.TCG, METADATA);

        assertThat(values(command, "-vnc"))
                .containsExactly("unix:/tmp/vm.vnc", "unix:/tmp/vm.vnc.guarded,id=guarded,password=on");
        assertThat(values(command, "-spice")).containsExactly("unix=on,addr=/tmp/vm.spice,image-compression=off");
    }

    @Test
    void a_disk_has_blocks_of_the_sizes_that_it_says() {
        var large = new Disk(
                Path.of("/x"),
                Disk.Model.NVME,
                Disk.Media.DISK,
                true,
                "serial",
                true,
                Sectors.parse("4096/8192").orElseThrow(),
                Optional.empty());

        assertThat(values(
                        Qemu.command(
                                machine(Machine.Board.Q35, Machine.Firmware.BIOS, List.of(large)),
                                Accelerator.TCG,
                                METADATA),
                        "-device"))
                .contains(
                        "nvme,drive=disk0,serial=serial,logical_block_size=4096,physical_block_size=8192,bootindex=0");
        assertThat(Sectors.parse("0")).contains(Sectors.USUAL);
        assertThat(Sectors.parse("4096")).contains(new Sectors(4096, 4096));
        assertThat(List.of("", "4096/512", "1000", "256", "262144", "512/", "x", "-512"))
                .allSatisfy(text -> assertThat(Sectors.parse(text)).isEmpty());
    }

    @Test
    void disks_with_a_place_of_their_own_come_before_what_takes_any() {
        List<Disk> disks = List.of(
                disk(Disk.Model.VIRTIO, true),
                placed(Disk.Model.NVME, false, PciSlot.parse("0:4:0")),
                placed(Disk.Model.AHCI, false, PciSlot.parse("5:1")));

        List<String> devices = values(
                Qemu.command(machine(Machine.Board.Q35, Machine.Firmware.UEFI, disks), Accelerator.TCG, METADATA),
                "-device");

        assertThat(devices.subList(0, 3))
                .containsExactly(
                        "nvme,drive=disk1,serial=serial,bootindex=1,bus=pcie.0,addr=0x4.0,multifunction=on",
                        "ahci,id=ahci-disk2,bus=pcie.0,addr=0x5.1",
                        "ide-hd,drive=disk2,bus=ahci-disk2.0,serial=serial,bootindex=2");
        assertThat(devices).contains("virtio-blk-pci,drive=disk0,serial=serial,bootindex=0");
    }

    @Test
    void a_place_is_a_device_with_or_without_its_function_and_bus() {
        assertThat(PciSlot.parse("0:29:7")).contains(new PciSlot(29, 7));
        assertThat(PciSlot.parse("4:1")).contains(new PciSlot(4, 1));
        assertThat(PciSlot.parse("12")).contains(new PciSlot(12, 0));
        assertThat(List.of("", "1:4:0", "32", "4:8", "0:4", "a", "4:", "0:4:0:0", "-4"))
                .filteredOn(text -> PciSlot.parse(text).isPresent())
                .as("0:4 is device 0, function 4")
                .containsExactly("0:4");
    }

    @Test
    void firmware_that_starts_only_what_is_signed_keeps_its_variables_to_itself() {
        List<String> command = Qemu.command(
                machine(Machine.Board.Q35, Machine.Firmware.SECURE_UEFI, List.of()), Accelerator.TCG, METADATA);

        assertThat(values(command, "-machine")).containsExactly("q35,smm=on");
        assertThat(values(command, "-drive"))
                .containsExactly(
                        "if=pflash,format=raw,unit=0,readonly=on,file=/usr/share/OVMF/OVMF_CODE_4M.secboot.fd",
                        "if=pflash,format=raw,unit=1,file=/uefi-variables-secure");
        assertThat(values(command, "-global"))
                .containsExactly("driver=cfi.pflash01,property=secure,value=on", "ICH9-LPC.disable_s3=1");
    }

    @Test
    void a_kernel_that_is_started_directly_gets_its_files_and_its_command_line() {
        var whole = new DirectBoot(
                Path.of("/boot/vmlinuz,6"), Optional.of(Path.of("/boot/initrd")), "console=ttyS0 root=/dev/vda1");
        var bare = new DirectBoot(Path.of("/vmlinuz"), Optional.empty(), "");

        List<String> command = direct(whole);
        assertThat(values(command, "-kernel")).containsExactly("/boot/vmlinuz,6");
        assertThat(values(command, "-initrd")).containsExactly("/boot/initrd");
        assertThat(values(command, "-append")).containsExactly("console=ttyS0 root=/dev/vda1");
        assertThat(direct(bare)).contains("-kernel").doesNotContain("-initrd", "-append");
        assertThat(values(command, "-device"))
                .as("the kernel is first")
                .noneMatch(device -> device.contains("bootindex"))
                .as("nothing else is looked for")
                .contains("e1000,netdev=nic0,mac=02:00:00:00:00:01,romfile=");
    }

    private static List<String> direct(DirectBoot direct) {
        List<Disk> disks = List.of(disk(Disk.Model.VIRTIO, true));
        Machine machine = machine(
                Machine.Board.Q35, Machine.Firmware.BIOS, disks, List.of(NIC), BootOrder.USUAL, Optional.of(direct));
        return Qemu.command(machine, Accelerator.KVM, METADATA);
    }

    @Test
    void how_long_a_virtio_nic_waits_before_it_sends_and_its_queues_are_said_of_those_alone() {
        List<Nic> nics = List.of(
                NIC,
                new Nic("tap1", Mac.parse("02:00:00:00:00:02"), Nic.Model.VIRTIO, 1, SLOW),
                new Nic("tap2", Mac.parse("02:00:00:00:00:03"), Nic.Model.VIRTIO, 4, Nic.Pacing.NONE));
        Machine machine = machine(
                Machine.Board.PC, Machine.Firmware.BIOS, List.of(), nics, new BootOrder("c", ""), Optional.empty());
        List<String> command = Qemu.command(machine, Accelerator.KVM, METADATA);

        assertThat(values(command, "-device"))
                .contains(
                        "e1000,netdev=nic0,mac=02:00:00:00:00:01",
                        "virtio-net-pci,netdev=nic1,mac=02:00:00:00:00:02,tx=timer,x-txtimer=300000,x-txburst=64",
                        "virtio-net-pci,netdev=nic2,mac=02:00:00:00:00:03,mq=on,vectors=10");
        assertThat(values(command, "-netdev"))
                .contains(
                        "tap,id=nic1,ifname=tap1,script=no,downscript=no",
                        "tap,id=nic2,ifname=tap2,script=no,downscript=no,queues=4");
    }

    @Test
    void a_tpm_is_there_before_the_machine_is() {
        List<String> command = Qemu.command(
                machine(Machine.Board.Q35, Machine.Firmware.SECURE_UEFI, List.of()), Accelerator.TCG, METADATA);

        assertThat(command.subList(0, 2)).containsExactly("/bin/sh", "-c");
        assertThat(command.get(2))
                .startsWith("/usr/bin/swtpm socket --tpm2 --tpmstate dir=/tpm,")
                .endsWith(" --daemon && exec \"$@\"");
        assertThat(command.get(4)).isEqualTo("/usr/bin/qemu-system-x86_64");
        assertThat(values(command, "-chardev")).contains("socket,id=tpm,path=/tmp/vm.tpm");
        assertThat(values(command, "-device")).contains("tpm-crb,tpmdev=tpm0");
    }

    @Test
    void serial_ports_are_joined_to_console_metadata_or_a_socket_of_somebody_s_own() {
        List<String> usual =
                Qemu.command(machine(Machine.Board.PC, Machine.Firmware.BIOS, List.of()), Accelerator.TCG, METADATA);
        List<String> swapped =
                Qemu.command(machine(Machine.Board.Q35, Machine.Firmware.BIOS, List.of()), Accelerator.TCG, METADATA);

        assertThat(values(usual, "-chardev"))
                .startsWith(
                        "socket,id=com1,server=on,wait=off,path=/tmp/vm.console,logfile=/dev/stdout,logappend=on",
                        "socket,id=com2,reconnect=1,path=/.zonecontrol/metadata.sock");
        assertThat(values(usual, "-serial")).containsExactly("chardev:com1", "chardev:com2");
        assertThat(values(swapped, "-chardev"))
                .startsWith(
                        "socket,id=com1,server=on,wait=off,path=/tmp/debug",
                        "socket,id=com2,server=on,wait=off,path=/tmp/vm.console,logfile=/dev/stdout,logappend=on");
    }

    @Test
    void a_device_of_the_host_is_where_the_guest_was_told_before_what_takes_any_place() {
        List<String> devices = values(
                Qemu.command(
                        machine(Machine.Board.Q35, Machine.Firmware.BIOS, List.of(disk(Disk.Model.VIRTIO, true))),
                        Accelerator.KVM,
                        METADATA),
                "-device");

        assertThat(devices)
                .startsWith("vfio-pci,host=0000:65:00.1,bus=pcie.0,addr=0x8.0,multifunction=on", "virtio-serial-pci");
    }
}
