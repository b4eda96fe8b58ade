package zonda.vm;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import zonda.base.Json;
import zonda.vm.Property.Verb;

/** What create and update make of payloads of hardware VMs: their memory, their NICs, and where their disks are. */
class MachinePayloadTest {
    private static final String UUID = "54f1cc77-68f1-42ab-acac-5c4f64f5d6e0";

    private final PropertyTable table = PropertyTable.load();
    private final FakeSurroundings host = new FakeSurroundings();
    private final Random random = new Random(1);
    private final PayloadChecks checks =
            new PayloadChecks(table, host, () -> Instant.parse("2026-11-27T00:00:00Z"), random);
    private final Updates updates = new Updates(new Defaults(table, random), new Disks(host, random));

    private Vms.Checked checked(String brand, String json) {
        return checks.create(
                Json.parseObject(json.replace('\'', '"')).with("brand", brand).with("uuid", UUID));
    }

    private VmConfig create(String brand, String json) {
        Vms.Checked checked = checked(brand, json);
        checked.findings().throwIfFatal(false);
        return new VmConfig(checked.properties());
    }

    private VmConfig update(VmConfig vm, String json) {
        var findings = new Findings();
        VmConfig after = updates.apply(vm, read(vm, json, findings), findings);
        findings.throwIfFatal(false);
        return after;
    }

    private Json.Obj read(VmConfig vm, String json, Findings findings) {
        return new Payloads(table).read(Json.parseObject(json.replace('\'', '"')), Verb.UPDATE, vm.brand(), findings);
    }

    private String refusal(VmConfig vm, String json) {
        var findings = new Findings();
        VmConfig after = updates.apply(vm, read(vm, json, findings), findings);
        new Rules(host).check(after, findings);
        new Disks(host, random).check(after, findings);
        return String.join("; ", findings.refusals());
    }

    private static long number(VmConfig vm, String name) {
        return vm.properties().integer(name).orElseThrow();
    }

    private static List<String> places(VmConfig vm) {
        return vm.properties().array("disks").objects().stream()
                .map(disk -> disk.string("pci_slot", ""))
                .toList();
    }

    @ParameterizedTest
    @CsvSource({"kvm, 1024, 10", "bhyve, 1280, 1"})
    void memory_has_room_for_the_emulator(String brand, long overhead, long quota) {
        VmConfig vm = create(brand, "{'ram':1024}");
        assertThat(number(vm, "quota")).isEqualTo(quota);
        for (String name : List.of("max_physical_memory", "max_locked_memory", "max_swap", "max_shm_memory")) {
            assertThat(number(vm, name)).as(name).isEqualTo(1024 + overhead);
        }

        VmConfig larger = update(vm, "{'ram':2048}");
        assertThat(number(larger, "max_physical_memory")).isEqualTo(2048 + overhead);
        VmConfig tight = update(larger, "{'ram':2048,'max_physical_memory':2048}");
        for (String name : List.of("max_physical_memory", "max_locked_memory", "max_swap")) {
            assertThat(number(tight, name)).as(name).isEqualTo(2048 + 256);
        }
        VmConfig usual = update(tight, "{'ram':1024}");
        assertThat(number(usual, "max_physical_memory")).isEqualTo(1024 + overhead);
        assertThat(number(update(usual, "{'max_locked_memory':64}"), "max_locked_memory"))
                .isEqualTo(1024 + 256);
    }

    @Test
    void memory_alone_changes_only_what_follows_it() {
        VmConfig vm = create("kvm", "{'ram':1024}");

        VmConfig swap = update(vm, "{'max_swap':2560}");
        assertThat(number(swap, "max_swap")).isEqualTo(2560);
        assertThat(number(swap, "max_physical_memory")).isEqualTo(2048);
        VmConfig raised = update(swap, "{'max_swap':960}");
        assertThat(number(raised, "max_swap")).isEqualTo(2048);
        VmConfig less = update(raised, "{'max_physical_memory':1280}");
        assertThat(number(less, "max_swap")).isEqualTo(1280);
        assertThat(number(less, "max_locked_memory")).isEqualTo(1280);
        assertThat(number(update(less, "{'max_locked_memory':4096}"), "max_locked_memory"))
                .isEqualTo(1280);
    }

    @Test
    void what_is_added_without_a_model_has_the_driver_s_or_that_of_the_first() {
        VmConfig vm = create(
                "kvm",
                "{'disks':[{'size':1024,'model':'ide'}],"
                        + "'nics':[{'nic_tag':'admin','ip':'dhcp','model':'e1000'}]}");

        VmConfig more = update(vm, "{'add_disks':[{'size':1024}],'add_nics':[{'nic_tag':'admin','ip':'dhcp'}]}");
        assertThat(more.properties().array("disks").objects().getLast().string("model"))
                .contains("ide");
        assertThat(more.nics().getLast().string("model")).contains("e1000");

        VmConfig drivers = create(
                "kvm",
                "{'disk_driver':'scsi','nic_driver':'rtl8139',"
                        + "'disks':[{'size':1024,'model':'ide'}],'nics':[{'nic_tag':'admin','ip':'dhcp','model':'e1000'}]}");
        VmConfig both = update(drivers, "{'add_disks':[{'size':1024}],'add_nics':[{'nic_tag':'admin','ip':'dhcp'}]}");
        assertThat(both.properties().array("disks").objects().getLast().string("model"))
                .contains("scsi");
        assertThat(both.nics().getLast().string("model")).contains("rtl8139");

        assertThat(checked("kvm", "{'disks':[{'size':1024,'model':'ide'},{'size':1}]}")
                        .findings()
                        .refusals())
                .containsExactly("missing .model option for disk: {\"size\":1}");
    }

    @Test
    void a_model_can_not_be_taken_away() {
        VmConfig vm =
                create("kvm", "{'nics':[{'nic_tag':'admin','ip':'dhcp','mac':'02:03:04:05:06:07','model':'virtio'}]}");

        assertThat(refusal(vm, "{'update_nics':[{'mac':'02:03:04:05:06:07','model':''}]}"))
                .isEqualTo("invalid .model option for NIC: {\"mac\":\"02:03:04:05:06:07\",\"model\":null}");
    }

    @Test
    void a_disk_larger_than_any_is_a_bad_value_and_no_missing_one() {
        Findings findings = checked("kvm", "{'disks':[{'size':10995116277760,'model':'virtio'}]}")
                .findings();

        assertThat(findings.toJson().compact())
                .isEqualTo("{\"bad_properties\":[],\"bad_values\":[\"disks.*.size\"],\"missing_properties\":[]}");
    }

    @Test
    void what_get_shows_of_a_machine_s_privileges_is_taken_back() {
        VmConfig vm = create(
                "kvm", "{'limit_priv':'default,-file_link_any,-net_access,-proc_fork,-proc_info,-proc_session'}");

        assertThat(vm.properties().array("limit_priv").items()).hasSize(6);
        assertThat(checked("joyent", "{'limit_priv':['default','-proc_fork','-net_rawaccess']}")
                        .findings()
                        .warnings())
                .containsExactly("warning: limit_priv is kept, and these have no effect: no capability of Linux stands"
                        + " for proc_fork");
    }

    @Test
    void disks_of_bhyve_are_told_where_they_are_when_they_are_made() {
        VmConfig vm = create(
                "bhyve",
                "{'disks':[{'size':10,'model':'virtio','boot':true},{'size':10,'model':'virtio'},"
                        + "{'path':'/iso','media':'cdrom','model':'ahci'}]}");
        assertThat(places(vm)).containsExactly("0:4:0", "0:4:1", "0:3:0");
        assertThat(vm.properties().array("disks").objects())
                .allMatch(disk -> disk.string("uuid").filter(Values::isUuid).isPresent());

        String eight = String.join(
                ",",
                IntStream.range(0, 9)
                        .mapToObj(_ -> "{'size':10,'model':'virtio'}")
                        .toList());
        assertThat(places(create("bhyve", "{'disks':[" + eight + "]}")))
                .startsWith("0:4:0", "0:4:1")
                .endsWith("0:4:7", "0:5:0");
        assertThat(places(create("kvm", "{'disks':[{'size':10,'model':'virtio','boot':true}]}")))
                .containsExactly("");
    }

    @Test
    void a_place_that_is_asked_for_is_kept_as_it_was_said_and_holes_are_filled() {
        VmConfig vm = create(
                "bhyve",
                "{'disks':[{'size':10,'model':'virtio','boot':true},"
                        + "{'size':10,'model':'virtio','pci_slot':'4:2'},{'size':10,'model':'virtio','pci_slot':'5'}]}");
        assertThat(places(vm)).containsExactly("0:4:0", "4:2", "5");

        assertThat(places(update(vm, "{'add_disks':[{'size':512,'model':'virtio'}]}")))
                .containsExactly("0:4:0", "4:2", "5", "0:4:1");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 6, 30, 31})
    void a_place_of_the_board_s_is_refused(int device) {
        String slot = "0:" + device + ":1";

        assertThat(checked("bhyve", "{'disks':[{'size':10,'model':'virtio','pci_slot':'" + slot + "'}]}")
                        .findings()
                        .refusals())
                .first()
                .isEqualTo("pci_slot \"" + slot + "\" invalid: PCI device " + device + " is reserved");
    }

    @Test
    void disks_that_can_not_be_together_are_refused() {
        assertThat(checked(
                                "bhyve",
                                "{'disks':[{'size':10,'model':'virtio','pci_slot':'0:4:0'},"
                                        + "{'size':10,'model':'virtio','pci_slot':'0:4:0'}]}")
                        .findings()
                        .refusals())
                .containsExactly("VM has multiple disks in pci_slot \"0:4:0\"");
        assertThat(checked(
                                "bhyve",
                                "{'disks':[{'size':10,'model':'virtio','boot':true},"
                                        + "{'size':10,'model':'virtio','boot':true}]}")
                        .findings()
                        .refusals())
                .first()
                .asString()
                .startsWith("multiple boot disks: /dev/zvol/rdsk/zones/" + UUID + "/disk0 ");
        VmConfig vm = create("bhyve", "{'disks':[{'size':10,'model':'virtio'}]}");
        String taken = vm.properties().array("disks").objects().getFirst().string("uuid", "");
        assertThat(refusal(vm, "{'add_disks':[{'size':10,'model':'virtio','uuid':'" + taken + "'}]}"))
                .startsWith("duplicate disk uuid");
        assertThat(refusal(vm, "{'add_disks':[{'size':10,'model':'virtio','pci_slot':'0:4:0'}]}"))
                .startsWith("VM has multiple disks in pci_slot \"0:4:0\"");
    }

    @Test
    void disks_of_an_older_record_are_settled_where_they_were() {
        VmConfig vm =
                create("bhyve", "{'disks':[{'size':10,'model':'virtio','boot':true},{'size':10,'model':'virtio'}]}");
        List<Json> bare = vm.properties().array("disks").objects().stream()
                .<Json>map(disk -> disk.without("uuid").without("pci_slot"))
                .toList();

        VmConfig settled = DiskPlaces.settled(vm.with("disks", new Json.Arr(bare)), random);

        assertThat(places(settled)).containsExactly("0:4:0", "0:5:0");
        assertThat(settled.properties().array("disks").objects()).allMatch(disk -> disk.has("uuid"));
        assertThat(DiskPlaces.settled(settled, random)).isSameAs(settled);
    }

    @ParameterizedTest
    @CsvSource({
        "virtio_txtimer, 150000",
        "virtio_txtimer, '''200000'''",
        "virtio_txburst, 256",
        "billing_id, '''9.99'''",
        "owner_uuid, '''36bf401a-28ef-11e1-b4a7-c344deb1a5d6'''",
        "package_name, '''really expensive'''",
        "vga, '''std'''",
    })
    void what_is_set_is_kept_even_as_the_default_and_gone_when_it_is_cleared(String name, String value) {
        VmConfig vm = create("kvm", "{}");

        VmConfig set = update(vm, "{'" + name + "':" + value + "}");
        assertThat(set.properties().get(name)).isPresent();
        assertThat(update(set, "{'" + name + "':null}").properties().get(name)).isEmpty();
    }
}
