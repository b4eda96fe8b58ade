package zonda.kvm;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import zonda.base.Code;
import zonda.base.OpException;

/**
 * The host's PCI devices, as sysfs shows them, and which of them machines can have: Documentation/driver-api/vfio.rst of
 * the kernel. What the IOMMU can't tell apart, a group, is one machine's as a whole.
 */
public final class HostPci {
    /** Where a kernel has it. */
    public static final Path SYSFS = Path.of("/sys");

    private static final String DRIVER = "vfio-pci";
    /** Drivers that leave a device of a group alone; none at all does so, too. */
    private static final Set<String> HARMLESS = Set.of(DRIVER, "pci-stub", "pcieport");
    /** PCI class codes of bridges, which are in a group with what is behind them, and are nobody's. */
    private static final String BRIDGE = "0x06";

    private static final Pattern NUMBERS = Pattern.compile("([0-9]{1,7}):([0-9]{1,7})\\s*");

    private final Path sysfs;

    public HostPci(Path sysfs) {
        this.sysfs = sysfs;
    }

    /**
     * Devices that the IOMMU can't tell apart.
     *
     * @param number the name of its node below /dev/vfio
     * @param major of that node
     */
    public record Group(int number, int major, int minor) {}

    /** Why a machine can't have these devices of the host, naming the first that it can't, if so. */
    public Optional<String> problem(Collection<PciAddress> devices) {
        return devices.stream()
                .flatMap(device -> problem(device, devices).stream())
                .findFirst();
    }

    private Optional<String> problem(PciAddress device, Collection<PciAddress> given) {
        Path directory = directory(device);
        if (!Files.exists(directory)) {
            return Optional.of("PCI device " + device + " is not there: lspci -D lists those of the host");
        }
        Optional<String> group = target(directory.resolve("iommu_group"));
        if (group.isEmpty()) {
            return Optional.of("PCI device " + device + " is in no IOMMU group: the host's IOMMU must be on, in its"
                    + " firmware and by intel_iommu=on or amd_iommu=on on the kernel's command line");
        }
        Optional<String> driver = target(directory.resolve("driver"));
        if (!driver.equals(Optional.of(DRIVER))) {
            return Optional.of("PCI device " + device + " is not bound to " + DRIVER + ", but to "
                    + driver.orElse("no driver") + ": " + binding(device));
        }
        return neighbours(directory).stream()
                .filter(neighbour -> !given.contains(neighbour))
                .filter(this::isTheHosts)
                .findFirst()
                .map(neighbour -> "PCI device " + device + " is in IOMMU group " + group.get() + " with " + neighbour
                        + ", which the host uses by its driver "
                        + target(directory(neighbour).resolve("driver")).orElse("")
                        + ": what is in one group goes to one machine; " + binding(neighbour));
    }

    private static String binding(PciAddress device) {
        return "driverctl set-override " + device + " " + DRIVER;
    }

    private boolean isTheHosts(PciAddress device) {
        boolean isBridge = read(directory(device).resolve("class"))
                .filter(code -> code.startsWith(BRIDGE))
                .isPresent();
        return !isBridge
                && target(directory(device).resolve("driver"))
                        .filter(driver -> !HARMLESS.contains(driver))
                        .isPresent();
    }

    private List<PciAddress> neighbours(Path directory) {
        try (Stream<Path> all = Files.list(directory.resolve("iommu_group/devices"))) {
            return all.map(path -> path.getFileName().toString())
                    .sorted()
                    .flatMap(name -> PciAddress.parse(name).stream())
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException("list the IOMMU group of " + directory + ": " + e, e);
        }
    }

    /** The groups of devices that can be given away. @throws OpException FAILED when VFIO has made no node for one */
    public List<Group> groups(Collection<PciAddress> devices) {
        return devices.stream()
                .map(device -> target(directory(device).resolve("iommu_group")).orElse(""))
                .distinct()
                .map(this::group)
                .toList();
    }

    private Group group(String number) {
        Path node = sysfs.resolve("class/vfio").resolve(number).resolve("dev");
        Matcher numbers = NUMBERS.matcher(read(node).orElse(""));
        if (!number.matches("[0-9]{1,9}") || !numbers.matches()) {
            throw new OpException(Code.FAILED, "IOMMU group " + number + " has no node of VFIO: no " + node);
        }
        return new Group(
                Integer.parseInt(number), Integer.parseInt(numbers.group(1)), Integer.parseInt(numbers.group(2)));
    }

    private Path directory(PciAddress device) {
        return sysfs.resolve("bus/pci/devices").resolve(device.text());
    }

    /** The last name of where a symbolic link leads; empty when there is none. */
    private static Optional<String> target(Path link) {
        try {
            return Files.exists(link, LinkOption.NOFOLLOW_LINKS)
                    ? Optional.of(Files.readSymbolicLink(link).getFileName().toString())
                    : Optional.empty();
        } catch (IOException e) {
            throw new UncheckedIOException("read " + link + ": " + e, e);
        }
    }

    private static Optional<String> read(Path file) {
        try {
            return Files.exists(file) ? Optional.of(Files.readString(file)) : Optional.empty();
        } catch (IOException e) {
            throw new UncheckedIOException("read " + file + ": " + e, e);
        }
    }
}
