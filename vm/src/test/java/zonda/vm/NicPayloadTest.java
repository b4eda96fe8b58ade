package zonda.vm;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import zonda.base.Json;
import zonda.vm.Property.Verb;

/** Which NIC is the primary one, what a NIC is called, and what can't be taken away from it. */
class NicPayloadTest {
    private static final String IMAGE = "01b2c898-945f-11e1-a523-af1afbe22822";

    private final PropertyTable table = PropertyTable.load();
    private final FakeSurroundings host = new FakeSurroundings();
    private final Random random = new Random(1);
    private final PayloadChecks checks =
            new PayloadChecks(table, host, () -> Instant.parse("2026-11-27T00:00:00Z"), random);
    private final Updates updates = new Updates(new Defaults(table, random), new Disks(host, random));
    private final Findings findings = new Findings();

    private VmConfig create(String brand, String nics) {
        host.images.put(IMAGE, Json.object().with("type", "lx-dataset"));
        Json.Obj payload = Json.parseObject(("{'kernel_version':'6.1','nics':[" + nics + "]}").replace('\'', '"'));
        Vms.Checked checked = checks.create(payload.with("brand", brand).with("image_uuid", IMAGE));
        checked.findings().throwIfFatal(false);
        return new VmConfig(checked.properties());
    }

    private VmConfig update(VmConfig vm, String json) {
        Json.Obj payload = Json.parseObject(json.replace('\'', '"'));
        Json.Obj read = new Payloads(table).read(payload, Verb.UPDATE, vm.brand(), findings);
        VmConfig after = updates.apply(vm, read, findings);
        new Rules(host).check(after, findings);
        return after;
    }

    private static List<Boolean> primaries(VmConfig vm) {
        return vm.nics().stream().map(nic -> nic.has("primary")).toList();
    }

    @Test
    void one_nic_of_a_new_vm_is_primary_whatever_the_others_say() {
        assertThat(primaries(create("joyent", "{'nic_tag':'admin'},{'nic_tag':'admin'}")))
                .containsExactly(true, false);
        assertThat(primaries(create("joyent", "{'nic_tag':'admin'},{'nic_tag':'admin','primary':1}")))
                .containsExactly(false, true);
        assertThat(primaries(
                        create("joyent", "{'nic_tag':'admin','primary':false},{'nic_tag':'admin','primary':true}")))
                .containsExactly(false, true);
        assertThat(primaries(
                        create("joyent", "{'nic_tag':'admin','primary':false},{'nic_tag':'admin','primary':false}")))
                .containsExactly(true, false);
    }

    @Test
    void a_nic_that_is_added_as_primary_takes_it_from_the_other() {
        VmConfig vm = create("joyent", "{'nic_tag':'admin'},{'nic_tag':'admin'}");

        VmConfig more = update(vm, "{'add_nics':[{'nic_tag':'admin','ip':'dhcp','primary':true}]}");

        assertThat(findings.isClean()).isTrue();
        assertThat(primaries(more)).containsExactly(false, false, true);
    }

    @Test
    void no_nic_can_be_told_not_to_be_primary_in_an_update() {
        VmConfig vm = create("joyent", "{'nic_tag':'admin','mac':'02:00:00:00:00:01'}");

        update(vm, "{'update_nics':[{'mac':'02:00:00:00:00:01','primary':false}]}");

        assertThat(findings.refusals()).containsExactly("invalid value for NIC's primary flag: false (must be true)");
    }

    @Test
    void a_nic_that_is_added_has_what_it_was_given_and_no_more() {
        VmConfig vm = create("joyent", "");

        VmConfig more = update(vm, "{'add_nics':[{'mac':'01:02:03:04:05:06','ip':'dhcp','nic_tag':'admin'}]}");

        assertThat(findings.isClean()).isTrue();
        assertThat(Nics.shown(more.nics().getFirst()).members().keySet())
                .containsExactlyInAnyOrder("interface", "mac", "nic_tag", "ip", "ips");
    }

    @Test
    void the_link_of_the_first_is_primary_where_none_is_and_has_no_address_of_a_group() {
        VmConfig vm = update(
                create("joyent", ""),
                "{'add_nics':[{'mac':'01:02:03:04:05:06','nic_tag':'admin'},{'mac':'02:03:04:05:06:07','nic_tag':'admin'}]}");

        List<Json.Obj> links = Nics.links(vm.nics());

        assertThat(links.getFirst().string("mac")).contains("00:02:03:04:05:06");
        assertThat(links.getFirst().bool("primary", false)).isTrue();
        assertThat(links.getLast()).isEqualTo(vm.nics().getLast());
    }

    @Test
    void a_nic_has_so_many_addresses_and_no_more() {
        assertThat(refusals("'ips':[" + addresses(21) + "]"))
                .containsExactly("nic.*.ips contains 21 addresses, but is limited to 20");
        assertThat(refusals("'allowed_ips':[" + addresses(14) + "]"))
                .containsExactly("Maximum of 13 allowed_ips per nic");
        assertThat(refusals("'ips':[" + addresses(20) + "],'allowed_ips':[" + addresses(13) + "]"))
                .containsExactly("More than 32 IPs cannot be associated with a NIC");
        assertThat(refusals("'ips':['10.99.99.12,10.99.99.33']")).isEmpty();
        assertThat(refusals("'ip':'10.99.99.12,10.99.99.33','netmask':'255.255.255.0'"))
                .singleElement()
                .asString()
                .startsWith("Invalid IP for NIC: {\"nic_tag\":\"admin\"");
    }

    @Test
    void a_nic_without_a_tag_and_two_lists_of_nics_are_refused() {
        Json.Obj payload = Json.parseObject("{\"nics\":[{\"ip\":\"dhcp\"}],\"add_nics\":[]}");

        assertThat(checks.create(payload.with("brand", "joyent")).findings().refusals())
                .first()
                .isEqualTo("Cannot specify both \"nics\" and \"add_nics\"");
        assertThat(checks.create(payload.without("add_nics").with("brand", "joyent"))
                        .findings()
                        .refusals())
                .singleElement()
                .asString()
                .startsWith("invalid or missing .nic_tag option for NIC: {");
    }

    private List<String> refusals(String nic) {
        Json.Obj payload = Json.parseObject(("{'nics':[{'nic_tag':'admin'," + nic + "}]}").replace('\'', '"'));
        return checks.create(payload.with("brand", "joyent")).findings().refusals();
    }

    private static String addresses(int count) {
        return String.join(
                ",",
                IntStream.range(0, count)
                        .mapToObj(i -> "'10.0.0." + (i + 1) + "/24'")
                        .toList());
    }

    @Test
    void nics_of_lx_are_called_eth() {
        assertThat(create("lx", "{'nic_tag':'admin'},{'nic_tag':'admin','interface':'eth0'}")
                        .nics())
                .extracting(nic -> nic.string("interface", ""))
                .containsExactly("eth1", "eth0");
        assertThat(create("joyent", "{'nic_tag':'admin'}").nics().getFirst().string("interface"))
                .contains("net0");
    }

    @Test
    void an_address_needs_its_netmask() {
        VmConfig vm = create(
                "joyent", "{'nic_tag':'admin','mac':'02:00:00:00:00:01','ip':'10.0.0.9','netmask':'255.255.255.0'}");

        update(vm, "{'update_nics':[{'mac':'02:00:00:00:00:01','netmask':''}]}");

        assertThat(findings.refusals()).containsExactly("NIC with ip 10.0.0.9 needs a netmask");
    }

    @Test
    void an_address_of_ipv4_stands_for_all() {
        Json.Obj mixed = Nics.shown(create("joyent", "{'nic_tag':'admin','ips':['fd00::1/64','10.11.12.13/24']}")
                .nics()
                .getFirst());
        Json.Obj automatic = Nics.shown(create("joyent", "{'nic_tag':'admin','ips':['addrconf','dhcp']}")
                .nics()
                .getFirst());

        assertThat(mixed.string("ip")).contains("10.11.12.13");
        assertThat(mixed.string("netmask")).contains("255.255.255.0");
        assertThat(automatic.string("ip")).contains("dhcp");
        assertThat(automatic.has("netmask")).isFalse();
    }

    @Test
    void a_nic_is_found_by_its_address_however_that_is_written() {
        VmConfig vm = create("joyent", "{'nic_tag':'admin','mac':'02:00:00:00:0A:01'},{'nic_tag':'admin'}");
        assertThat(vm.nics().getFirst().string("mac")).contains("02:00:00:00:0a:01");

        VmConfig changed = update(vm, "{'update_nics':[{'mac':'2:0:0:0:A:1','ips':['addrconf']}]}");
        Json.Obj removal = Json.parseObject("{\"remove_nics\":[\"2:0:0:0:A:1\"]}");
        Nics.warnOfMissing(removal, vm, findings);

        assertThat(findings.isClean()).isTrue();
        assertThat(findings.warnings()).isEmpty();
        assertThat(changed.nics().getFirst().array("ips").strings()).containsExactly("addrconf");
        assertThat(update(vm, removal.compact()).nics())
                .containsExactly(vm.nics().getLast().with("primary", true));
    }

    @Test
    void a_nic_that_is_not_there_can_be_removed_and_is_told_of() {
        VmConfig vm = create("joyent", "{'nic_tag':'admin','mac':'02:00:00:00:00:01'}");
        Json.Obj payload = Json.parseObject("{\"remove_nics\":[\"02:00:00:00:00:02\"]}");

        Nics.warnOfMissing(payload, vm, findings);

        assertThat(update(vm, payload.compact())).isEqualTo(vm);
        assertThat(findings.isClean()).isTrue();
        assertThat(findings.warnings())
                .containsExactly("warning: There is no NIC with the MAC address 02:00:00:00:00:02. Skipping...");
    }
}
