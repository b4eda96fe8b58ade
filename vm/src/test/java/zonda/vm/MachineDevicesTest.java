package zonda.vm;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import zonda.base.Json;
import zonda.kvm.SerialLine;
import zonda.kvm.SerialPorts;
import zonda.vm.Property.Verb;

/** Space that is kept free for the disks of hardware VMs, their serial ports, devices of the host, and kernels. */
class MachineDevicesTest {
    private static final String UUID = "54f1cc77-68f1-42ab-acac-5c4f64f5d6e0";
    private static final String DISK = "/dev/zvol/rdsk/zones/" + UUID;

    private final PropertyTable table = PropertyTable.load();
    private final Payloads payloads = new Payloads(table);
    private final Defaults defaults = new Defaults(table, new Random(1));
    private final Disks disks = new Disks(new FakeSurroundings(), new Random(1));
    private final Findings findings = new Findings();

    private VmConfig create(Brand brand, String json) {
        Json.Obj raw = Json.parseObject(json.replace('\'', '"')).with("brand", brand.word());
        Json.Obj read = PciDevices.settled(payloads.read(raw, Verb.CREATE, brand, findings));
        Json.Obj complete = defaults.complete(read.with("uuid", UUID), brand);
        var vm = new VmConfig(disks.complete(new VmConfig(complete), findings));
        new Rules(new FakeSurroundings()).check(vm, findings);
        return vm;
    }

    private VmConfig update(VmConfig vm, String json) {
        Json.Obj read = payloads.read(Json.parseObject(json.replace('\'', '"')), Verb.UPDATE, vm.brand(), findings);
        VmConfig after = new Updates(defaults, disks).apply(vm, read, findings);
        new Rules(new FakeSurroundings()).check(after, findings);
        return after;
    }

    private static List<Long> reserved(VmConfig vm) {
        return vm.properties().array("disks").objects().stream()
                .map(disk -> disk.integer("refreservation", -1))
                .toList();
    }

    @Test
    void a_disk_has_the_space_kept_free_that_smartos_keeps() {
        String disks = "{'disks':[{'model':'virtio','size':10240},{'model':'virtio','size':10240,'refreservation':0},"
                + "{'model':'virtio','size':10240,'refreservation':'auto'}]}";

        assertThat(reserved(create(Brand.KVM, disks))).containsExactly(10_240L, 0L, 10_563L);
        assertThat(reserved(create(Brand.BHYVE, disks))).containsExactly(10_563L, 0L, 10_563L);
        assertThat(reserved(create(Brand.BHYVE, disks.replace("{'disks'", "{'flexible_disk_size':40960,'disks'"))))
                .as("what is kept free for all needs no more for one that names nothing")
                .containsExactly(-1L, 0L, 10_563L);
        assertThat(findings.isClean()).isTrue();
    }

    @Test
    void what_is_kept_free_as_usual_follows_the_size_of_a_disk() {
        VmConfig vm = create(
                Brand.KVM, "{'disks':[{'model':'virtio','size':64},{'model':'virtio','size':64,'refreservation':8}]}");
        VmConfig larger = update(
                vm,
                "{'update_disks':[{'path':'" + DISK + "-disk0','size':96},{'path':'" + DISK + "-disk1','size':96}]}");

        assertThat(reserved(larger)).containsExactly(96L, 8L);
        assertThat(reserved(update(larger, "{'update_disks':[{'path':'" + DISK + "-disk1','refreservation':''}]}")))
                .containsExactly(96L, 96L);
        assertThat(reserved(update(larger, "{'add_disks':[{'model':'virtio','size':32}]}")))
                .containsExactly(96L, 8L, 32L);
        assertThat(findings.isClean()).isTrue();
        update(larger, "{'update_disks':[{'path':'" + DISK + "-disk1','refreservation':'auto'}]}");
        assertThat(findings.toJson().array("bad_values").strings()).containsExactly("update_disks.*.refreservation");
    }

    @Test
    void disks_that_share_what_is_kept_free_keep_nothing_of_their_own() {
        VmConfig vm = create(
                Brand.BHYVE,
                "{'disks':[{'model':'virtio','size':64},{'model':'virtio','size':64,'refreservation':8}]}");

        assertThat(reserved(update(vm, "{'flexible_disk_size':256}"))).containsExactly(-1L, 8L);
        assertThat(findings.isClean()).isTrue();
    }

    @Test
    void serial_ports_are_joined_to_what_bhyve_s_are() {
        assertThat(HvmSpecs.serial(create(Brand.BHYVE, "{}"))).isEqualTo(SerialPorts.USUAL);
        assertThat(HvmSpecs.serial(create(Brand.KVM, "{}"))).isEqualTo(SerialPorts.USUAL);
        VmConfig vm = create(Brand.BHYVE, "{'com1':'socket,/tmp/gdb','com2':'/dev/zconsole'}");
        assertThat(HvmSpecs.serial(vm))
                .isEqualTo(
                        new SerialPorts(SerialLine.parse("socket,/tmp/gdb").orElseThrow(), new SerialLine.Console()));
        assertThat(HvmSpecs.serial(update(vm, "{'com1':'','com2':''}"))).isEqualTo(SerialPorts.USUAL);
        assertThat(findings.isClean()).isTrue();
    }

    @Test
    void a_machine_that_starts_a_kernel_no_more_has_none() {
        String names = "'kernel':'/boot/vmlinuz','initrd':'/boot/initrd','cmdline':'quiet'";
        VmConfig vm = create(Brand.KVM, "{'boot':'direct'," + names + "}");

        for (String update : List.of("{'boot':'order=dc'}", "{'boot':''}", "{'boot':'order=cd','kernel':''}")) {
            Json.Obj after = update(vm, update).properties();
            assertThat(after.members()).as(update).doesNotContainKeys("kernel", "initrd", "cmdline");
        }
        assertThat(update(vm, "{'initrd':''}").properties().members()).containsKeys("kernel", "cmdline");
        assertThat(findings.isClean()).isTrue();
        update(vm, "{'boot':'order=cd','kernel':'/other'}");
        assertThat(findings.refusals()).containsExactly("kernel: is for machines with boot direct only");
    }

    @Test
    void pci_devices_come_and_go_by_whatever_names_them() {
        VmConfig vm = create(
                Brand.BHYVE,
                "{'add_pci_devices':[{'path':'/sys/bus/pci/devices/0000:65:00.0','pci_slot':'8'},"
                        + "{'path':'65:00.1','pci_slot':'0:8:1'}]}");
        assertThat(PciDevices.of(vm).toString()).contains("0000:65:00.0", "0000:65:00.1");
        VmConfig moved = update(
                vm,
                "{'update_pci_devices':[{'path':'0000:65:00.1','pci_slot':'9'}],"
                        + "'remove_pci_devices':['/devices/pci0000:64/0000:64:00.0/0000:65:00.0']}");
        assertThat(moved.properties().array("pci_devices").compact())
                .isEqualTo("[{\"path\":\"65:00.1\",\"pci_slot\":\"9\"}]");
        assertThat(update(moved, "{'remove_pci_devices':['65:00.1']}")
                        .properties()
                        .has("pci_devices"))
                .isFalse();
        assertThat(MachineRules.conflict(vm, moved)).contains("PCI device 0000:65:00.1");
        assertThat(findings.isClean()).isTrue();
        Json.Obj received =
                Json.parseObject("{\"pci_devices\":[{\"path\":\"/devices/pci@0,0/x@1:ppt\"},{\"path\":\"65:00.0\"}]}");
        assertThat(PciDevices.withoutForeign(received).compact())
                .as("what a host of SmartOS had")
                .isEqualTo("{\"pci_devices\":[{\"path\":\"65:00.0\"}]}");
        update(moved, "{'remove_pci_devices':['66:00.0']}");
        assertThat(findings.toJson().array("bad_values").strings()).containsExactly("remove_pci_devices");
    }

    @Test
    void a_disk_may_be_a_further_function_of_a_device_whose_first_the_host_gives() {
        create(
                Brand.BHYVE,
                "{'disks':[{'model':'nvme','size':8,'pci_slot':'8:1'}],"
                        + "'pci_devices':[{'path':'65:00.0','pci_slot':'8'}]}");

        assertThat(findings.refusals()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "'com1':'stdio'                                       | Invalid com1: \"stdio\"",
                "'com2':'socket,/tmp/../x'                            | Invalid com2",
                "'com2':'socket,/tmp/vm.qmp'                          | Invalid com2",
                "'com2':'/dev/zconsole'                               | com1 and com2 can't both be \"/dev/zconsole\"",
                "'pci_devices':[{'pci_slot':'8'}]                     | Missing required property: pci_devices.0.path",
                "'pci_devices':[{'path':'65:00.0'}]                   | Missing required property: pci_devices.0.pci_slot",
                "'pci_devices':[{'path':'/devices/pci@0,0/x','pci_slot':'8'}] | (must be an address such as 0000:65:00.0",
                "'pci_devices':[{'path':'65:00.0','pci_slot':'31'}]   | PCI device 31 is reserved",
                "'pci_devices':[{'path':'65:00.0','pci_slot':'8:1'}]  | function 1 of PCI device 8 is not found",
                "'disks':[{'model':'nvme','size':8,'pci_slot':'8:1'}] | function 1 of PCI device 8 is not found",
                "'pci_devices':[{'path':'65:00.0','pci_slot':'8'},{'path':'0000:65:00.0','pci_slot':'9'}] | more than once",
                "'disks':[{'model':'nvme','size':8,'pci_slot':'0:4:0'}],'pci_devices':[{'path':'65:00.0','pci_slot':'4'}]"
                        + " | something else is in pci_slot \"4\"",
            })
    void what_is_wrong_with_ports_and_devices_is_said(String payload, String words) {
        create(Brand.BHYVE, "{" + payload + "}");

        assertThat(findings.refusals()).singleElement().asString().contains(words);
    }
}
