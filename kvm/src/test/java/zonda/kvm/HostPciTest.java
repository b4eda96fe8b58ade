package zonda.kvm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import zonda.base.OpException;

/** Which devices can be given away, by a sysfs laid out as a kernel with an IOMMU does it. */
class HostPciTest {
    private static final String NIC = "0x020000\n";
    private static final String BRIDGE = "0x060400\n";

    @TempDir
    Path sysfs;

    private PciAddress device(String address, String driver, String group, String type) throws IOException {
        Path directory =
                Files.createDirectories(sysfs.resolve("bus/pci/devices").resolve(address));
        Files.writeString(directory.resolve("class"), type);
        if (!driver.isEmpty()) {
            Path target =
                    Files.createDirectories(sysfs.resolve("bus/pci/drivers").resolve(driver));
            Files.createSymbolicLink(directory.resolve("driver"), target);
        }
        if (!group.isEmpty()) {
            Path target =
                    Files.createDirectories(sysfs.resolve("kernel/iommu_groups").resolve(group));
            Files.createSymbolicLink(directory.resolve("iommu_group"), target);
            Files.createSymbolicLink(
                    Files.createDirectories(target.resolve("devices")).resolve(address), directory);
        }
        return PciAddress.parse(address).orElseThrow();
    }

    private String problem(PciAddress... devices) {
        return new HostPci(sysfs).problem(List.of(devices)).orElse("");
    }

    @Test
    void a_device_of_vfio_alone_in_its_group_can_be_given_with_the_node_of_that() throws IOException {
        PciAddress nic = device("0000:65:00.0", "vfio-pci", "17", NIC);
        device("0000:64:00.0", "pcieport", "17", BRIDGE);
        device("0000:65:00.1", "", "17", NIC);
        Files.writeString(
                Files.createDirectories(sysfs.resolve("class/vfio/17")).resolve("dev"), "243:0\n");

        assertThat(problem(nic)).isEmpty();
        assertThat(new HostPci(sysfs).groups(List.of(nic, nic))).containsExactly(new HostPci.Group(17, 243, 0));
    }

    @Test
    void why_a_device_cannot_be_given_is_said_with_the_way_out() throws IOException {
        PciAddress none = PciAddress.parse("01:00.0").orElseThrow();
        PciAddress alone = device("0000:02:00.0", "vfio-pci", "", NIC);
        PciAddress used = device("0000:03:00.0", "e1000e", "3", NIC);
        PciAddress free = device("0000:04:00.0", "", "4", NIC);
        PciAddress first = device("0000:05:00.0", "vfio-pci", "5", NIC);
        device("0000:05:00.1", "snd_hda_intel", "5", "0x040300\n");

        assertThat(problem(none)).isEqualTo("PCI device 0000:01:00.0 is not there: lspci -D lists those of the host");
        assertThat(problem(alone)).startsWith("PCI device 0000:02:00.0 is in no IOMMU group: the host's IOMMU must");
        assertThat(problem(used))
                .isEqualTo("PCI device 0000:03:00.0 is not bound to vfio-pci, but to e1000e: driverctl set-override"
                        + " 0000:03:00.0 vfio-pci");
        assertThat(problem(free)).contains("not bound to vfio-pci, but to no driver");
        assertThat(problem(first))
                .isEqualTo("PCI device 0000:05:00.0 is in IOMMU group 5 with 0000:05:00.1, which the host uses by its"
                        + " driver snd_hda_intel: what is in one group goes to one machine; driverctl set-override"
                        + " 0000:05:00.1 vfio-pci");
        Collection<PciAddress> ofGroup = List.of(first);
        assertThatThrownBy(() -> new HostPci(sysfs).groups(ofGroup))
                .isInstanceOf(OpException.class)
                .hasMessageStartingWith("IOMMU group 5 has no node of VFIO");
    }

    @Test
    void a_device_is_known_by_its_address_and_by_paths_that_end_in_it() {
        assertThat(Stream.of(
                                "0000:65:00.1",
                                "65:00.1",
                                "/sys/bus/pci/devices/0000:65:00.1",
                                "/devices/pci0000:64/0000:64:02.0/0000:65:00.1",
                                "/sys/devices/pci0000:64/0000:64:02.0/0000:65:00.1")
                        .map(path ->
                                PciAddress.parse(path).map(PciAddress::text).orElse(path)))
                .containsOnly("0000:65:00.1");
        assertThat(List.of(
                        "",
                        "65",
                        "65:00",
                        "65:00.8",
                        "65:20.0",
                        "/devices/pci@0,0/pci8086,1901@1",
                        "/etc/65:00.0",
                        "65:00.0,x-y=1"))
                .allSatisfy(path -> assertThat(PciAddress.parse(path)).isEmpty());
    }
}
