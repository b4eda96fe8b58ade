package zonda.images.ovf;

import java.util.List;
import java.util.Optional;
import zonda.base.Bytes;

/**
 * The one machine that an OVF descriptor tells of.
 *
 * @param name as its author called it; may be empty
 * @param memory zero when it does not say
 * @param isEfi whether its firmware is UEFI
 * @param disks in the order of their controllers and places there
 * @param nics the kinds of its NICs, as {@code E1000}, one for each
 */
public record Ovf(String name, int vcpus, Bytes memory, boolean isEfi, List<Disk> disks, List<String> nics) {
    public Ovf {
        disks = List.copyOf(disks);
        nics = List.copyOf(nics);
    }

    /** What a disk is attached to. */
    public enum Controller {
        IDE,
        SCSI,
        SATA,
        NVME,
        VIRTIO
    }

    /**
     * A disk.
     *
     * @param file name of what is on it at first, beside the descriptor; empty for an empty disk
     */
    public record Disk(Optional<String> file, Bytes capacity, Controller controller) {}

    /**
     * Reads a descriptor, of OVF 1 or 2.
     *
     * @throws OvfException saying where it isn't XML, or which element is wrong or tells what is not supported
     */
    public static Ovf parse(byte[] descriptor) {
        return new OvfReader(OvfElement.parse(descriptor)).read();
    }
}
