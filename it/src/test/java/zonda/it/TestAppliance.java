package zonda.it;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import zonda.kernel.Command;

/** An OVA archive such as other hypervisors export: two disks in VMDK, an empty one, a NIC, and a list of sums. */
final class TestAppliance {
    private static final Duration SOON = Duration.ofSeconds(30);
    private static final String DESCRIPTOR = """
            <?xml version="1.0"?>
            <Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1" xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1"
                xmlns:rasd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ResourceAllocationSettingData">
              <References>
                <File ovf:href="first.vmdk" ovf:id="file1"/>
                <File ovf:href="second.vmdk" ovf:id="file2"/>
              </References>
              <DiskSection>
                <Disk ovf:capacity="2" ovf:capacityAllocationUnits="byte * 2^20" ovf:diskId="disk1" ovf:fileRef="file1"/>
                <Disk ovf:capacity="3" ovf:capacityAllocationUnits="byte * 2^20" ovf:diskId="disk2" ovf:fileRef="file2"/>
                <Disk ovf:capacity="5" ovf:capacityAllocationUnits="byte * 2^20" ovf:diskId="disk3"/>
              </DiskSection>
              <VirtualSystem ovf:id="appliance">
                <VirtualHardwareSection>
            %s  </VirtualHardwareSection>
              </VirtualSystem>
            </Envelope>
            """;

    private final Path directory;

    TestAppliance(Path directory) {
        this.directory = directory;
    }

    private static String item(int id, int kind, String more) {
        return "<Item><rasd:InstanceID>" + id + "</rasd:InstanceID><rasd:ResourceType>" + kind + "</rasd:ResourceType>"
                + more + "</Item>\n";
    }

    private static String disk(int id, int place) {
        return item(
                id,
                17,
                "<rasd:AddressOnParent>" + place + "</rasd:AddressOnParent><rasd:HostResource>ovf:/disk/disk"
                        + (place + 1) + "</rasd:HostResource><rasd:Parent>3</rasd:Parent>");
    }

    /** Of two raw disks, which are in the archive as VMDK, compressed. */
    Path archive(Path first, Path second) throws Exception {
        Files.createDirectories(directory);
        String items = item(1, 3, "<rasd:VirtualQuantity>2</rasd:VirtualQuantity>")
                + item(
                        2,
                        4,
                        "<rasd:AllocationUnits>byte * 2^20</rasd:AllocationUnits>"
                                + "<rasd:VirtualQuantity>128</rasd:VirtualQuantity>")
                + item(3, 20, "<rasd:ResourceSubType>AHCI</rasd:ResourceSubType>")
                + disk(4, 0)
                + disk(5, 1)
                + disk(6, 2)
                + item(7, 10, "<rasd:ResourceSubType>E1000</rasd:ResourceSubType>");
        Files.writeString(directory.resolve("appliance.ovf"), DESCRIPTOR.formatted(items));
        vmdk(first, "streamOptimized", directory.resolve("first.vmdk"));
        vmdk(second, "streamOptimized", directory.resolve("second.vmdk"));
        writeSums();
        return pack();
    }

    /** Makes a VMDK, of one of the forms that qemu-img(1) knows, of a raw disk. */
    static void vmdk(Path raw, String form, Path target) {
        Command.of(
                        "qemu-img",
                        "convert",
                        "-f",
                        "raw",
                        "-O",
                        "vmdk",
                        "-o",
                        "subformat=" + form,
                        raw.toString(),
                        target.toString())
                .check(SOON);
    }

    private void writeSums() throws Exception {
        List<String> lines = new ArrayList<>();
        for (String name : List.of("appliance.ovf", "first.vmdk", "second.vmdk")) {
            byte[] sum = MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(directory.resolve(name)));
            lines.add("SHA256(" + name + ")= " + HexFormat.of().formatHex(sum));
        }
        Files.write(directory.resolve("appliance.mf"), lines);
    }

    /** As it is after its second disk became another, with the sums of the first. */
    Path damaged() throws IOException {
        Path disk = directory.resolve("second.vmdk");
        byte[] bytes = Files.readAllBytes(disk);
        bytes[bytes.length / 2] ^= 1;
        Files.write(disk, bytes);
        return pack();
    }

    /** Its descriptor, with the files beside it. */
    Path descriptor() {
        return directory.resolve("appliance.ovf");
    }

    private Path pack() {
        Path archive = directory.resolve("appliance.ova");
        Command.of(
                        "tar",
                        "--format=ustar",
                        "-C",
                        directory.toString(),
                        "-cf",
                        archive.toString(),
                        "appliance.ovf",
                        "appliance.mf",
                        "first.vmdk",
                        "second.vmdk")
                .check(SOON);
        return archive;
    }
}
