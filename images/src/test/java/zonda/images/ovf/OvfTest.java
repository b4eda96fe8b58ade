package zonda.images.ovf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import zonda.base.Bytes;
import zonda.base.Json;

class OvfTest {
    private static final UUID IMAGE = UUID.fromString("11111111-2222-4333-8444-555555555555");

    /** In the ways of VMware: prefixes everywhere, units as powers, UEFI in a Config. */
    private static final String VMWARE = """
            <?xml version="1.0" encoding="UTF-8"?>
            <Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1" xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1"
                xmlns:rasd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ResourceAllocationSettingData"
                xmlns:vmw="http://www.vmware.com/schema/ovf">
              <References>
                <File ovf:href="data.vmdk" ovf:id="f2" ovf:size="10"/>
                <File ovf:href="system.vmdk" ovf:id="f1" ovf:size="20"/>
              </References>
              <DiskSection>
                <Info>disks</Info>
                <Disk ovf:capacity="40" ovf:capacityAllocationUnits="byte * 2^30" ovf:diskId="d1" ovf:fileRef="f1"/>
                <Disk ovf:capacity="1024" ovf:capacityAllocationUnits="MegaBytes" ovf:diskId="d2" ovf:fileRef="f2"/>
                <Disk ovf:capacity="2147483648" ovf:diskId="d3"/>
              </DiskSection>
              <VirtualSystem ovf:id="vm">
                <Name>Mail &amp; web (old)</Name>
                <VirtualHardwareSection>
                  <Item><rasd:InstanceID>1</rasd:InstanceID><rasd:ResourceType>3</rasd:ResourceType>
                    <rasd:VirtualQuantity>4</rasd:VirtualQuantity></Item>
                  <Item><rasd:InstanceID>2</rasd:InstanceID><rasd:ResourceType>4</rasd:ResourceType>
                    <rasd:AllocationUnits>byte * 2^20</rasd:AllocationUnits>
                    <rasd:VirtualQuantity>6144</rasd:VirtualQuantity></Item>
                  <Item><rasd:InstanceID>3</rasd:InstanceID><rasd:ResourceType>6</rasd:ResourceType>
                    <rasd:ResourceSubType>VirtualSCSI</rasd:ResourceSubType></Item>
                  <Item><rasd:InstanceID>4</rasd:InstanceID><rasd:ResourceType>20</rasd:ResourceType>
                    <rasd:ResourceSubType>vmware.nvme.controller</rasd:ResourceSubType></Item>
                  <Item><rasd:InstanceID>5</rasd:InstanceID><rasd:ResourceType>17</rasd:ResourceType>
                    <rasd:HostResource>ovf:/disk/d3</rasd:HostResource><rasd:Parent>4</rasd:Parent></Item>
                  <Item><rasd:InstanceID>6</rasd:InstanceID><rasd:ResourceType>17</rasd:ResourceType>
                    <rasd:AddressOnParent>1</rasd:AddressOnParent>
                    <rasd:HostResource>ovf:/disk/d2</rasd:HostResource><rasd:Parent>3</rasd:Parent></Item>
                  <Item><rasd:InstanceID>7</rasd:InstanceID><rasd:ResourceType>17</rasd:ResourceType>
                    <rasd:AddressOnParent>0</rasd:AddressOnParent>
                    <rasd:HostResource>ovf:/disk/d1</rasd:HostResource><rasd:Parent>3</rasd:Parent></Item>
                  <Item><rasd:InstanceID>8</rasd:InstanceID><rasd:ResourceType>10</rasd:ResourceType>
                    <rasd:ResourceSubType>VmxNet3</rasd:ResourceSubType></Item>
                  <Item><rasd:InstanceID>9</rasd:InstanceID><rasd:ResourceType>10</rasd:ResourceType>
                    <rasd:ResourceSubType>PCNet32</rasd:ResourceSubType></Item>
                  <vmw:Config ovf:required="false" vmw:key="firmware" vmw:value="efi"/>
                </VirtualHardwareSection>
              </VirtualSystem>
            </Envelope>
            """;

    private static Ovf parse(String descriptor) {
        return Ovf.parse(descriptor.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void a_machine_is_read_with_its_disks_in_the_order_of_their_places() {
        Ovf machine = parse(VMWARE);

        assertThat(machine.name()).isEqualTo("Mail & web (old)");
        assertThat(machine.vcpus()).isEqualTo(4);
        assertThat(machine.memory()).isEqualTo(Bytes.ofGiB(6));
        assertThat(machine.isEfi()).isTrue();
        assertThat(machine.nics()).containsExactly("VmxNet3", "PCNet32");
        assertThat(machine.disks())
                .containsExactly(
                        new Ovf.Disk(Optional.of("system.vmdk"), Bytes.ofGiB(40), Ovf.Controller.SCSI),
                        new Ovf.Disk(Optional.of("data.vmdk"), Bytes.ofGiB(1), Ovf.Controller.SCSI),
                        new Ovf.Disk(Optional.empty(), Bytes.ofGiB(2), Ovf.Controller.NVME));
    }

    @Test
    void its_payload_is_vmadms() {
        var images = List.of(Optional.of(IMAGE), Optional.of(IMAGE), Optional.<UUID>empty());

        assertThat(new MachinePayload(parse(VMWARE)).of(images)).isEqualTo(Json.parse("""
                        {"brand": "bhyve", "alias": "Mail-web-old-", "ram": 6144, "vcpus": 4, "bootrom": "uefi",
                         "disks": [{"model": "ahci", "boot": true, "image_uuid": "%1$s"},
                                   {"model": "ahci", "image_uuid": "%1$s"}, {"model": "nvme", "size": 2048}],
                         "nics": [{"nic_tag": "stub0", "ips": ["dhcp"], "model": "e1000", "primary": true},
                                  {"nic_tag": "stub0", "ips": ["dhcp"], "model": "rtl8139"}]}""".formatted(IMAGE)));
        String older = VMWARE.replace("\"efi\"", "\"bios\"")
                .replace("vmware.nvme.controller", "")
                .replace("<rasd:ResourceType>20<", "<rasd:ResourceType>5<");
        Json.Obj payload = new MachinePayload(parse(older)).of(images);
        assertThat(payload.string("brand", "")).isEqualTo("kvm");
        assertThat(payload.array("disks").objects())
                .allMatch(disk -> disk.string("model", "").equals("ide"));
    }

    @Test
    void what_can_not_be_taken_is_said() {
        refused("<a", "the descriptor is not XML: line 1: ");
        refused("<!DOCTYPE a [<!ENTITY b SYSTEM \"file:///etc/shadow\">]><a>&b;</a>", "DOCTYPE is disallowed");
        refused("<?xml version='1.0' encoding='UaF-8'?><Envelope/>", "the descriptor is not XML: UaF-8");
        refused("<domain/>", "not an OVF descriptor: its first element is domain");
        refused("<Envelope><VirtualSystemCollection/></Envelope>", "it holds several machines");
        refused("<Envelope/>", "no VirtualSystem");
        refused(VMWARE.replace("\"system.vmdk\"", "\"../../etc/shadow\""), "is not a file beside the descriptor");
        refused(VMWARE.replace("\"system.vmdk\"", "\"http://example.com/a\""), "is not a file beside the descriptor");
        refused(VMWARE.replace("ovf:size=\"20\"", "ovf:compression=\"gzip\""), "file system.vmdk is compressed");
        refused(VMWARE.replace("ovf:/disk/d1", "ovf:/disk/d9"), "HostResource /disk/d9: there is no such Disk");
        refused(VMWARE.replace("fileRef=\"f1\"", "fileRef=\"f7\""), "file f7 is not in References");
        refused(VMWARE.replace("byte * 2^30", "furlongs"), "unknown unit \"furlongs\"");
        refused(VMWARE.replace("byte * 2^30", "byte * 2^90"), "is too much");
        refused(VMWARE.replace(">6144<", ">lots<"), "\"lots\" is not a number");
    }

    private static void refused(String descriptor, String reason) {
        assertThatThrownBy(() -> parse(descriptor))
                .isInstanceOf(OvfException.class)
                .hasMessageContaining(reason);
    }

    /** Whatever it is changed to, it is a machine or refused in words. */
    @Test
    void damaged_descriptors_are_read_or_refused() {
        var random = new Random(1);
        byte[] whole = VMWARE.getBytes(StandardCharsets.UTF_8);
        int read = 0;
        for (int round = 0; round < 2000; round++) {
            byte[] damaged = whole.clone();
            for (int i = random.nextInt(4); i >= 0; i--) {
                damaged[random.nextInt(damaged.length)] = (byte) (' ' + random.nextInt(95));
            }
            try {
                Ovf machine = Ovf.parse(damaged);
                new MachinePayload(machine)
                        .of(machine.disks().stream()
                                .map(_ -> Optional.<UUID>empty())
                                .toList());
                read++;
            } catch (OvfException e) {
                assertThat(e).hasMessageNotContaining("Exception");
            }
        }
        assertThat(read).isBetween(100, 1900);
    }
}
