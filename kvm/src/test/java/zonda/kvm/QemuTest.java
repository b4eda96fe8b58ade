package zonda.kvm;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import zonda.base.Bytes;
import zonda.base.Mac;

class QemuTest {
    private static final UUID VM = UUID.fromString("5a7b2f0e-55a7-4d3c-9f6e-0d6f3f4b9c11");
    private static final Path METADATA = Path.of("/.zonecontrol/metadata.sock");

    private static Disk disk(Disk.Model model, boolean boots) {
        return new Disk(Path.of("/dev/zvol/rdsk/zones/a,b"), model, Disk.Media.DISK, boots, "serial", true);
    }

    private static Machine machine(Machine.Board board, Machine.Firmware firmware, List<Disk> disks) {
        return new Machine(
                VM,
                "web01",
                board,
                Bytes.ofMiB(512),
                2,
                "host",
                firmware,
                "20260101T000000Z",
                "order=cd",
                "std",
                disks,
                List.of(new Nic("tap0", Mac.parse("02:00:00:00:00:01"), Nic.Model.E1000)),
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
                .containsExactly("if=none,format=raw,id=disk0,file=/dev/zvol/rdsk/zones/a,,b,cache=none,discard=unmap");
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
                .contains("scsi-hd,drive=disk0,serial=serial,bootindex=0", "scsi-hd,drive=disk1,serial=serial");
    }
}
