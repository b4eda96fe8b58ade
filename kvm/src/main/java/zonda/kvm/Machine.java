package zonda.kvm;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import zonda.base.Bytes;

/**
 * What a machine is made of.
 *
 * @param name what its zone is called
 * @param cpuType {@code host}, or a model of qemu(1)
 * @param tpm whether it has a TPM 2.0, which swtpm(8) emulates and keeps in {@link Tpm#STATE}
 * @param stamp the platform's, as the guest's firmware tells it
 * @param direct what it starts in place of its firmware's search in the boot order
 * @param vga the display's model: cirrus, std, vmware, qxl or xenfb
 * @param passed devices of the host that it has for itself; on the board Q35 only
 * @param spice further options of its SPICE display, if it has one
 * @param ownOptions in place of the usual display and input devices
 * @param moreOptions after all others
 */
public record Machine(
        UUID uuid,
        String name,
        Board board,
        Bytes memory,
        int cpus,
        String cpuType,
        Firmware firmware,
        boolean tpm,
        String stamp,
        BootOrder bootOrder,
        Optional<DirectBoot> direct,
        String vga,
        List<Disk> disks,
        List<Nic> nics,
        List<PassedDevice> passed,
        SerialPorts serial,
        Optional<String> spice,
        Optional<String> ownOptions,
        Optional<String> moreOptions) {
    private static final Path OVMF = Path.of("/usr/share/OVMF");

    public Machine {
        disks = List.copyOf(disks);
        nics = List.copyOf(nics);
        passed = List.copyOf(passed);
    }

    /** The chipset. */
    public enum Board {
        /** Intel 440FX, as SmartOS' kvm brand has it. */
        PC("pc"),
        /** ICH9 with PCI Express, for the bhyve brand's models. */
        Q35("q35");

        private final String word;

        Board(String word) {
            this.word = word;
        }

        String word() {
            return word;
        }
    }

    /** What the CPU runs first. */
    public enum Firmware {
        BIOS,
        UEFI,
        /** UEFI that starts only what Microsoft has signed, as shim of Linux distributions is. */
        SECURE_UEFI;

        /** OVMF, Debian's package ovmf; of the machines that have variables. */
        Path code() {
            return OVMF.resolve(this == SECURE_UEFI ? "OVMF_CODE_4M.secboot.fd" : "OVMF_CODE_4M.fd");
        }

        /** The variables that a new machine begins with. */
        public Path freshVariables() {
            return OVMF.resolve(this == SECURE_UEFI ? "OVMF_VARS_4M.ms.fd" : "OVMF_VARS_4M.fd");
        }

        /** The file of a machine's own variables, below the root that QEMU sees: none of a BIOS. */
        public Optional<String> variables() {
            return switch (this) {
                case BIOS -> Optional.empty();
                case UEFI -> Optional.of("uefi-variables");
                case SECURE_UEFI -> Optional.of("uefi-variables-secure");
            };
        }
    }
}
