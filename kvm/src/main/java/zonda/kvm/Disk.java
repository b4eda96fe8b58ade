package zonda.kvm;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * A disk of a machine, a raw file or a block device.
 *
 * @param file where QEMU finds it
 * @param boots whether it comes first in the boot order
 * @param serial what the guest can know it by, at most 20 characters
 * @param trims whether the guest may give blocks back
 * @param slot where the guest finds it, or its controller if that is of the model ahci; on the board Q35 only
 */
public record Disk(
        Path file,
        Model model,
        Media media,
        boolean boots,
        String serial,
        boolean trims,
        Sectors sectors,
        Optional<PciSlot> slot) {
    /** What the guest sees at the other end of its bus. */
    public enum Media {
        DISK,
        CDROM,
        /** A disk that the guest reads about itself on, and neither writes to nor boots from. */
        SEED
    }

    /** The controller that the guest sees. */
    public enum Model {
        VIRTIO("virtio"),
        /** LSI 53c895a, as SmartOS' kvm brand has it. */
        SCSI("scsi"),
        IDE("ide"),
        AHCI("ahci"),
        NVME("nvme");

        private final String word;

        Model(String word) {
            this.word = word;
        }

        public String word() {
            return word;
        }

        /** @param allowed those that a brand has */
        public static Optional<Model> find(String word, List<Model> allowed) {
            return allowed.stream().filter(model -> model.word.equals(word)).findFirst();
        }

        /** As in messages: {@code virtio,scsi,ide}. */
        public static String words(Model... models) {
            return Arrays.stream(models).map(Model::word).collect(Collectors.joining(","));
        }
    }
}
