package zonda.vm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import zonda.base.Json;
import zonda.vm.Property.Verb;

/** What vmadm says of properties that can't be together, in SmartOS' words where it has some. */
class CrossFieldRulesTest {
    private static final String UUID = "54f1cc77-68f1-42ab-acac-5c4f64f5d6e0";
    private static final String LX = "01b2c898-945f-11e1-a523-af1afbe22822";
    private static final String ZVOL = "01b2c898-945f-11e1-a523-af1afbe22833";

    private final PropertyTable table = PropertyTable.load();
    private final FakeSurroundings host = new FakeSurroundings();
    private final Random random = new Random(1);
    private final PayloadChecks checks =
            new PayloadChecks(table, host, () -> Instant.parse("2026-11-27T00:00:00Z"), random);
    private final Updates updates = new Updates(new Defaults(table, random), new Disks(host, random));

    @BeforeEach
    void images() {
        host.images.put(LX, Json.object().with("type", "lx-dataset"));
        host.images.put(ZVOL, zvol());
    }

    private static Json.Obj zvol() {
        return Json.object().with("type", "zvol").with("image_size", 1024);
    }

    private static Json.Obj parse(String json) {
        return Json.parseObject(json.replace('\'', '"').replace("LX", LX).replace("ZVOL", ZVOL));
    }

    private Vms.Checked checked(String brand, String json) {
        Json.Obj payload = parse(json).with("brand", brand).with("uuid", UUID);
        boolean isZone = !brand.equals("kvm") && !brand.equals("bhyve") && !payload.has("image_uuid");
        return checks.create(isZone ? payload.with("image_uuid", LX).with("kernel_version", "5.10") : payload);
    }

    private VmConfig create(String brand, String json) {
        Vms.Checked checked = checked(brand, json);
        checked.findings().throwIfFatal(false);
        return new VmConfig(checked.properties());
    }

    private VmConfig update(VmConfig vm, String json) {
        var findings = new Findings();
        Json.Obj read = new Payloads(table).read(parse(json), Verb.UPDATE, vm.brand(), findings);
        VmConfig after = updates.apply(vm, read, findings);
        new Rules(host).check(after, findings);
        new Disks(host, random).check(after, findings);
        findings.throwIfFatal(false);
        return after;
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{'image_uuid':'nonsense'} | [image_uuid] | []",
                "{'image_uuid':7} | [image_uuid] | []",
                "{'image_uuid':''} | [image_uuid] | [image_uuid]",
                "{'image_uuid':null} | [] | [image_uuid]",
            })
    void what_is_there_and_wrong_is_not_missing(String payload, String bad, String missing) {
        Json.Obj told = checked("joyent", payload).findings().toJson();
        assertThat(told.array("bad_values").strings()).hasToString(bad);
        assertThat(told.array("missing_properties").strings()).hasToString(missing);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "kvm | {'disks':[{'model':'virtio','image_uuid':'ZVOL','block_size':8192}]} | setting both .block_size and .image_uuid on a volume is invalid",
                "kvm | {'disks':[{'model':'virtio','image_uuid':'ZVOL','image_size':7}]} | Invalid value(s) for: disks.0.image_size",
                "kvm | {'disks':[{'model':'virtio','image_uuid':'ZVOL','size':7}]} | Invalid value(s) for: size",
                "kvm | {'disks':[{'model':'virtio'}]} | Missing required properties: disks.0.size",
                "kvm | {'disks':[{'model':'virtio','image_uuid':'LX'}]} | is type lx-dataset, but must be one of: [\"zvol\"]",
                "kvm | {'disks':[{'model':'virtio','image_uuid':'00000000-0000-0000-0000-000000000009'}]} | Image 00000000-0000-0000-0000-000000000009 not found in zpool zones",
                "joyent | {'image_uuid':'ZVOL'} | is type zvol, but must be one of: [\"lx-dataset\",\"docker\"]",
                "joyent | {'image_uuid':'00000000-0000-0000-0000-000000000009'} | Image 00000000-0000-0000-0000-000000000009 not found in zpool zones",
                "kvm | {'disks':[{'model':'virtio','size':7,'path':'/dev/x'}]} | you cannot specify a path for a disk unless you set nocreate=true",
                "kvm | {'disks':[{'model':'nvme','size':7}]} | \"nvme\" is not a valid disk model for kvm brand. Valid are: virtio,scsi,ide",
                "bhyve | {'disks':[{'model':'ide','size':7}]} | \"ide\" is not a valid disk model for bhyve brand. Valid are: virtio,ahci,nvme",
                "kvm | {'disks':[{'size':7}]} | missing .model option for disk: {\"size\":7}",
                "kvm | {'nics':[{'nic_tag':'admin','ip':'dhcp'}]} | missing .model option for NIC: {\"nic_tag\":\"admin\"",
                "kvm | {'nics':[{'nic_tag':'admin','ip':'dhcp','model':'ne2k'}]} | \"ne2k\" is not a valid NIC model for kvm brand. Valid are: virtio,e1000,rtl8139",
                "joyent | {'image_uuid':''} | Missing required properties: image_uuid",
                "bhyve | {'zpool':'none','disks':[{'model':'virtio','size':7}]} | zpool \"none\" does not exist",
                "joyent | {'max_swap':128} | Invalid value(s) for: max_swap",
                "joyent | {'zfs_filesystem_limit':-1} | Invalid value(s) for: zfs_filesystem_limit",
                "joyent | {'zfs_snapshot_limit':-1} | Invalid value(s) for: zfs_snapshot_limit",
                "kvm | {'disks':[{'model':'virtio','size':7,'block_size':1000}]} | Invalid value(s) for: disks.*.block_size",
                "kvm | {'disks':[{'model':'virtio','size':7,'compression':'zip'}]} | Invalid value(s) for: disks.*.compression",
                "kvm | {'vga':'matrox'} | Invalid VGA type: \"matrox\", supported types are: cirrus,std,vmware,qxl,xenfb",
                "bhyve | {'bootrom':'coreboot'} | Invalid bootrom: \"coreboot\" (must be one of: bios,uefi)",
                "kvm | {'vnc_password':'ninechars'} | VNC password is too long, maximum length is 8 characters.",
                "joyent | {'nics':[{'nic_tag':'no way','ip':'dhcp'}]} | Invalid nic tag \"no way\"",
                "kvm | {'disks':[],'add_disks':[]} | Cannot specify both \"disks\" and \"add_disks\"",
                "joyent | {'filesystems':[],'add_filesystems':[]} | Cannot specify both \"filesystems\" and \"add_filesystems\"",
                "bhyve | {'pci_devices':[],'add_pci_devices':[]} | Cannot specify both \"pci_devices\" and \"add_pci_devices\"",
                "bhyve | {'pci_devices':[{'pci_slot':'8'}]} | Missing required property: pci_devices.0.path",
                "bhyve | {'pci_devices':[{'path':'65:00.0'}]} | Missing required property: pci_devices.0.pci_slot",
                "bhyve | {'disks':[{'model':'virtio','size':7,'pci_slot':'0:6:0'}]} | pci_slot \"0:6:0\" invalid: PCI device 6 is reserved",
                "bhyve | {'disks':[{'model':'virtio','size':7,'pci_slot':'4:8'}]} | Invalid pci_slot: \"4:8\"",
                "bhyve | {'flexible_disk_size':5,'disks':[{'model':'virtio','size':7}]} | the disks are of 7 MiB together, more than flexible_disk_size: 5",
            })
    void a_payload_that_breaks_a_rule_is_told_which(String brand, String payload, String words) {
        assertThatThrownBy(() -> create(brand, payload)).hasMessageContaining(words);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "bhyve | {'disks':[{'model':'virtio','size':64}]} | {'update_disks':[{'path':'/dev/zvol/rdsk/zones/UUID/disk0','size':32}]} | cannot resize disk: new size must be greater than current size. (64 > 32)",
                "kvm | {'disks':[{'model':'virtio','size':64}]} | {'update_disks':[{'path':'/nope','boot':true}]} | no disk has path /nope",
                "kvm | {'disks':[{'model':'virtio','size':64}]} | {'remove_disks':['/nope']} | no disk has path /nope",
                "joyent | {} | {'update_nics':[{'ip':'dhcp'}]} | Missing required properties: update_nics.0.mac",
                "joyent | {} | {'update_nics':[{'mac':'02:00:00:00:00:01','ip':'dhcp'}]} | no NIC has MAC 02:00:00:00:00:01",
                "joyent | {} | {'max_swap':100} | Invalid value(s) for: max_swap",
            })
    void an_update_that_breaks_a_rule_is_told_which(String brand, String payload, String change, String words) {
        VmConfig vm = create(brand, payload);

        assertThatThrownBy(() -> update(vm, change.replace("UUID", UUID))).hasMessageContaining(words);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{'add_disks':[{'model':'virtio','size':64}]} | ",
                "{'add_disks':[{'model':'ide','size':64}]} | updates to disks are only allowed when state is \"stopped\", currently: running (running)",
                "{'add_disks':[{'model':'virtio','size':64,'boot':true}]} | updates to disks are only allowed when state is \"stopped\", currently: running (running)",
                "{'remove_disks':['/dev/zvol/rdsk/zones/UUID-disk1']} | ",
                "{'remove_disks':['/dev/zvol/rdsk/zones/UUID-disk0']} | updates to disks are only allowed when state is \"stopped\", currently: running (running)",
                "{'update_disks':[{'path':'/dev/zvol/rdsk/zones/UUID-disk1','boot':true}]} | at least one specified update to disks is only allowed when state is \"stopped\", currently: running (running)",
                "{'update_disks':[{'path':'/dev/zvol/rdsk/zones/UUID-disk0','size':128}]} | ",
                "{'update_disks':[{'path':'/dev/zvol/rdsk/zones/UUID-disk0','compression':'lz4'}]} | ",
                "{'update_disks':[{'path':'/dev/zvol/rdsk/zones/UUID-disk0','refreservation':7}]} | ",
                "{'alias':'other'} | ",
            })
    void disks_of_a_machine_that_runs_change_in_how_they_are_stored_and_grow_and_those_of_virtio_come_and_go(
            String change, String words) {
        VmConfig vm = create("kvm", "{'disks':[{'model':'ide','size':64},{'model':'virtio','size':64}]}");

        VmConfig after = update(vm, change.replace("UUID", UUID));

        assertThat(DiskChanges.of(vm, after).refusalWhileRunning()).isEqualTo(Optional.ofNullable(words));
    }

    @Test
    void an_image_that_requires_a_firmware_sets_it_and_refuses_another() {
        host.images.put(ZVOL, zvol().with("requirements", Json.object().with("bootrom", "uefi")));
        String disk = "'disks':[{'model':'virtio','boot':true,'image_uuid':'ZVOL'}]";

        assertThat(create("bhyve", "{" + disk + "}").properties().string("bootrom"))
                .contains("uefi");
        assertThat(create("bhyve", "{'bootrom':'uefi'," + disk + "}")
                        .properties()
                        .string("bootrom"))
                .contains("uefi");
        assertThatThrownBy(() -> create("bhyve", "{'bootrom':'bios'," + disk + "}"))
                .hasMessage("Invalid value(s) for: bootrom; bootrom can't be bios: image " + ZVOL
                        + " requires uefi, which it is if none is given");
        assertThat(create("kvm", "{" + disk + "}").properties().has("bootrom")).isFalse();
        host.images.put(ZVOL, zvol());
        assertThat(create("bhyve", "{" + disk + "}").properties().has("bootrom"))
                .isFalse();
    }

    @Test
    void an_image_says_where_its_cloud_init_looks_unless_the_payload_does() {
        Json.Obj tags = Json.object().with("org.smartos:cloudinit_datasource", "nocloud");
        host.images.put(ZVOL, zvol().with("tags", tags));
        String disk = "'disks':[{'model':'virtio','image_uuid':'ZVOL'}]";

        assertThat(create("bhyve", "{'internal_metadata':{'a':1}," + disk + "}")
                        .properties()
                        .object("internal_metadata"))
                .isEqualTo(Json.parseObject("{\"a\":1,\"cloudinit_datasource\":\"nocloud\"}"));
        assertThat(create("bhyve", "{'internal_metadata':{'cloudinit_datasource':'smartos'}," + disk + "}")
                        .properties()
                        .object("internal_metadata")
                        .string("cloudinit_datasource"))
                .contains("smartos");
    }
}
