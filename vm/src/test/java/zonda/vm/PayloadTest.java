package zonda.vm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import zonda.base.Json;
import zonda.vm.Property.Verb;

/** What create and update make of payloads: reading, defaults, rules. */
class PayloadTest {
    private static final String IMAGE = "01b2c898-945f-11e1-a523-af1afbe22822";

    private final PropertyTable table = PropertyTable.load();
    private final Payloads payloads = new Payloads(table);
    private final Defaults defaults = new Defaults(table, new Random(1));
    private final FakeSurroundings host = new FakeSurroundings();
    private final Findings findings = new Findings();

    private VmConfig create(String json) {
        Json.Obj raw = Json.parseObject(json.replace('\'', '"'))
                .with("brand", "joyent")
                .with("image_uuid", IMAGE);
        Json.Obj read = payloads.read(raw, Verb.CREATE, Brand.JOYENT, findings);
        Json.Obj complete = defaults.complete(read.with("uuid", "54f1cc77-68f1-42ab-acac-5c4f64f5d6e0"), Brand.JOYENT);
        var vm = new VmConfig(complete);
        new Rules(host).check(vm, findings);
        return vm;
    }

    private VmConfig update(VmConfig vm, String json) {
        Json.Obj read = payloads.read(Json.parseObject(json.replace('\'', '"')), Verb.UPDATE, Brand.JOYENT, findings);
        return new Updates(defaults, new Disks(new FakeSurroundings(), new Random(1))).apply(vm, read, findings);
    }

    @Test
    void an_empty_payload_gets_the_documented_defaults() {
        VmConfig vm = create("{}");

        assertThat(findings.isClean()).isTrue();
        Json.Obj made = vm.properties();
        assertThat(made.string("zonename")).contains("54f1cc77-68f1-42ab-acac-5c4f64f5d6e0");
        assertThat(made.string("hostname")).isEqualTo(made.string("zonename"));
        assertThat(made.integer("max_physical_memory")).contains(256L);
        assertThat(made.integer("max_swap")).contains(256L);
        assertThat(made.integer("max_locked_memory")).contains(256L);
        assertThat(made.integer("tmpfs")).contains(256L);
        assertThat(made.integer("ram")).contains(256L);
        assertThat(made.integer("quota")).contains(10L);
        assertThat(made.integer("cpu_shares")).contains(100L);
        assertThat(made.integer("max_lwps")).contains(2000L);
        assertThat(made.string("billing_id")).contains("00000000-0000-0000-0000-000000000000");
        assertThat(vm.autoboot()).isTrue();
    }

    @Test
    void the_alias_becomes_the_hostname_where_it_can_be_one() {
        assertThat(create("{'alias':'web01'}").hostname()).isEqualTo("web01");
        assertThat(create("{'alias':'my web'}").hostname()).startsWith("54f1cc77");
    }

    @ParameterizedTest
    @CsvSource({
        "max_physical_memory, max_phyical_memory",
        "resolvers, resolver",
        "quota, quotta",
    })
    void a_mistyped_name_is_ignored_with_a_suggestion(String meant, String typed) {
        create("{'" + typed + "':1}");

        assertThat(findings.toJson().array("bad_properties").strings()).containsExactly(typed);
        assertThat(findings.warnings().getFirst()).contains("did you mean \"" + meant + "\"?");
        findings.throwIfFatal(false);
        assertThatThrownBy(() -> findings.throwIfFatal(true)).hasMessage("Invalid property names: " + typed);
    }

    @Test
    void values_of_other_types_are_taken_where_vmadm_takes_them() {
        VmConfig vm = create("{'max_physical_memory':'512','autoboot':'false','resolvers':'8.8.8.8, 1.1.1.1'}");

        assertThat(findings.isClean()).isTrue();
        assertThat(vm.properties().integer("max_physical_memory")).contains(512L);
        assertThat(vm.autoboot()).isFalse();
        assertThat(vm.properties().array("resolvers").strings()).containsExactly("8.8.8.8", "1.1.1.1");
    }

    @Test
    void wrong_values_are_named_by_their_path() {
        create("{'max_lwps':-1,'autoboot':'maybe','nics':[{'nic_tag':'stub0','mac':'zz','vlan_id':5000}],'tags':[1]}");

        assertThat(findings.toJson().array("bad_values").strings())
                .containsExactly("autoboot", "max_lwps", "nics.*.mac", "nics.*.vlan_id", "tags");
        assertThatThrownBy(() -> findings.throwIfFatal(false))
                .hasMessage("Invalid value(s) for: autoboot,max_lwps,nics.*.mac,nics.*.vlan_id,tags"
                        + " (nics.0.mac,nics.0.vlan_id); Invalid MAC address: \"zz\" (nics.0.mac)");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{'zfs_root_compression':'gzip-10'} | zfs_root_compression",
                "{'zfs_data_compression':'zstd'} | zfs_data_compression",
                "{'zfs_root_recsize':1000} | zfs_root_recsize",
                "{'zfs_root_recsize':262144} | zfs_root_recsize",
                "{'zfs_data_recsize':256} | zfs_data_recsize",
                "{'zlog_max_size':-1} | zlog_max_size",
                "{'fs_allowed':7} | fs_allowed",
                "{'max_shm_memory':'much'} | max_shm_memory",
                "{'nics':[{'nic_tag':'admin','allowed_dhcp_cids':['0xabc']}]} | nics.*.allowed_dhcp_cids",
                "{'nics':[{'nic_tag':'admin','mac':'01:00:00'}]} | nics.*.mac",
                "{'resolvers':['one']} | resolvers",
                "{'uuid':'54F1CC77-68F1-42AB-ACAC-5C4F64F5D6E0'} | uuid",
                "{'dataset_uuid':'nope'} | dataset_uuid",
                "{'cpu_cap':-1} | cpu_cap",
                "{'cpu_cap':1.5} | cpu_cap",
                "{'autoboot':2} | autoboot",
                "{'max_swap':255} | max_swap",
                "{'zfs_data_recsize':131073} | zfs_data_recsize",
                "{'zfs_filesystem_limit':-1} | zfs_filesystem_limit",
                "{'mdata_exec_timeout':-1} | mdata_exec_timeout",
                "{'nics':[{'nic_tag':'admin','vlan_id':4096}]} | nics.*.vlan_id",
                "{'nics':[{'nic_tag':'admin','mtu':575}]} | nics.*.mtu",
                "{'nics':[{'nic_tag':'admin','mtu':9001}]} | nics.*.mtu",
                "{'nics':[{'nic_tag':'admin','allowed_dhcp_cids':['0x']}]} | nics.*.allowed_dhcp_cids",
                "{'nics':[{'nic_tag':'admin','allowed_dhcp_cids':['0xzz']}]} | nics.*.allowed_dhcp_cids",
                "{'nics':[{'nic_tag':'admin','allowed_dhcp_cids':['0xLONG']}]} | nics.*.allowed_dhcp_cids",
                "{'nics':[{'nic_tag':'admin','allowed_dhcp_cids':['LONG','LONG']}]} | nics.*.allowed_dhcp_cids",
                "{'nics':[{'nic_tag':'admin','allowed_dhcp_cids':'1,2,3,4,5,6,7,8,9,a,b,c,d,e,f,g,h,i,j,k,l'}]}"
                        + " | nics.*.allowed_dhcp_cids",
            })
    void a_value_that_is_not_as_its_property_wants_it_is_bad_with_or_without_effect(String payload, String path) {
        create(payload.replace("LONG", "ab".repeat(257)));

        assertThat(findings.toJson().array("bad_values").strings()).containsExactly(path);
        assertThat(findings.isClean()).isFalse();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{'autoboot':1} | autoboot | true",
                "{'autoboot':0} | autoboot | false",
                "{'autoboot':'1'} | autoboot | true",
                "{'autoboot':'0'} | autoboot | false",
                "{'autoboot':'FALSE'} | autoboot | false",
                "{'max_lwps':'77'} | max_lwps | 77",
                "{'max_lwps':''} | max_lwps | 2000",
                "{'quota':null} | quota | 10",
                "{'zfs_root_compression':'on'} | zfs_root_compression | \"on\"",
                "{'zfs_root_compression':'gzip'} | zfs_root_compression | \"gzip\"",
                "{'zfs_root_compression':'gzip-1'} | zfs_root_compression | \"gzip-1\"",
                "{'zfs_root_compression':'gzip-9'} | zfs_root_compression | \"gzip-9\"",
                "{'zfs_data_compression':'lzjb'} | zfs_data_compression | \"lzjb\"",
                "{'zfs_data_compression':'zle'} | zfs_data_compression | \"zle\"",
                "{'zfs_root_recsize':512} | zfs_root_recsize | 512",
                "{'zfs_filesystem_limit':0} | zfs_filesystem_limit | 0",
                "{'zfs_filesystem_limit':''} | zfs_filesystem_limit | none",
                "{'zfs_snapshot_limit':null} | zfs_snapshot_limit | none",
                "{'cpu_cap':0} | cpu_cap | none",
                "{'resolvers':'9.9.9.9, fe80::1'} | resolvers | [\"9.9.9.9\",\"fe80::1\"]",
                "{'zfs_storage_pool_name':'zones'} | zpool | \"zones\"",
                "{'tmpfs':512} | tmpfs | 256",
                "{'max_locked_memory':512} | max_locked_memory | 256",
                "{'max_physical_memory':512,'max_swap':256} | max_swap | 512",
            })
    void a_value_is_taken_in_each_form_that_smartos_takes(String payload, String name, String made) {
        Json.Obj properties = create(payload).properties();

        findings.throwIfFatal(true);
        assertThat(properties.get(name).map(Json::compact).orElse("none")).isEqualTo(made);
    }

    @Test
    void an_image_may_be_named_as_of_old() {
        Json.Obj old = Json.object().with("brand", "joyent").with("dataset_uuid", IMAGE);

        assertThat(payloads.read(old, Verb.CREATE, Brand.JOYENT, findings).string("image_uuid"))
                .contains(IMAGE);
        assertThat(findings.isClean()).isTrue();
    }

    @Test
    void values_of_datasets_are_taken_and_those_without_effect_are_warned_of() {
        Json.Obj payload = Json.parseObject("{\"zfs_root_compression\":\"lz4\",\"zfs_root_recsize\":\"16384\","
                + "\"zfs_data_recsize\":0,\"fs_allowed\":\"ufs,tmpfs,pcfs\",\"zlog_max_size\":1000}");
        VmConfig vm = create(payload.compact());
        Json.Obj read = payloads.read(payload, Verb.CREATE, Brand.JOYENT, new Findings());
        new Rules(host).warn(read, java.util.Optional.of("zones"), findings);

        assertThat(findings.isClean()).isTrue();
        findings.throwIfFatal(true);
        assertThat(findings.warnings())
                .containsExactly(
                        "warning: zfs_root_recsize and zfs_data_recsize are kept, and have no effect: btrfs has no"
                                + " records",
                        "warning: fs_allowed is kept, and has no effect: Linux lets no zone mount ufs, pcfs");
        assertThat(vm.properties().integer("zfs_root_recsize")).contains(16_384L);
        assertThat(vm.properties().has("zfs_data_recsize")).isFalse();
        assertThat(Storing.of(vm).root().compression()).contains("lz4");
        VmConfig cleared = update(vm, "{'zfs_root_recsize':0,'zfs_root_compression':''}");
        assertThat(cleared.properties().integer("zfs_root_recsize")).contains(131_072L);
        assertThat(Storing.of(cleared)).isEqualTo(Storing.of(create("{}")));
    }

    @Test
    void a_property_whose_effect_is_not_there_yet_is_refused_by_name_unless_it_is_the_default() {
        create("{'firewall_enabled':false,'delegate_dataset':false,'zfs_root_compression':'off'}");
        assertThat(findings.isClean()).isTrue();

        create("{'firewall_enabled':true}");
        assertThatThrownBy(() -> findings.throwIfFatal(false))
                .hasMessageContaining("Not supported by this version of Zonda: firewall_enabled");
    }

    @Test
    void properties_of_hardware_vms_are_ignored_for_zones() {
        create("{'vcpus':2}");

        assertThat(findings.warnings())
                .containsExactly("warning: property \"vcpus\" is ignored: create does not take it for brand joyent");
    }

    @Test
    void old_names_and_old_nic_addresses_are_understood() {
        VmConfig vm =
                create("{'nics':[{'nic_tag':'admin','ip':'10.0.0.5','netmask':'255.255.255.0','gateway':'10.0.0.1'}]}");

        assertThat(findings.isClean()).isTrue();
        Json.Obj nic = vm.nics().getFirst();
        assertThat(nic.array("ips").strings()).containsExactly("10.0.0.5/24");
        assertThat(nic.array("gateways").strings()).containsExactly("10.0.0.1");
        assertThat(Nics.shown(nic).string("netmask")).contains("255.255.255.0");
        assertThat(Nics.shown(nic).string("ip")).contains("10.0.0.5");
        assertThat(Nics.shown(nic).string("gateway")).contains("10.0.0.1");
        assertThat(nic.bool("primary", false)).isTrue();
        assertThat(nic.string("interface")).contains("net0");
        assertThat(nic.string("mac").orElseThrow()).matches(".[26ae](:[0-9a-f]{2}){5}");
    }

    @Test
    void an_ip_without_netmask_is_an_error() {
        create("{'nics':[{'nic_tag':'admin','ip':'10.0.0.5'}]}");

        assertThat(findings.isValid())
                .as("validate looks at each property alone")
                .isTrue();
        assertThat(findings.refusals()).containsExactly("NIC with ip 10.0.0.5 needs a netmask");
    }

    @Test
    void a_number_is_no_string() {
        create("{'alias':42}");

        assertThat(findings.toJson().array("bad_values").strings()).containsExactly("alias");
    }

    @Test
    void a_name_that_no_nic_has_is_told_for_all_of_them_and_warned_of_where_it_is() {
        create("{'nics':[{'nic_tag':'admin'},{'nic_tag':'admin','physical':'net0'}]}");

        assertThat(findings.toJson().array("bad_properties").strings()).containsExactly("nics.*.physical");
        assertThat(findings.warnings().getFirst()).startsWith("warning: unknown property \"nics.1.physical\"");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{'nics':[{'nic_tag':'nowhere'}]} | Invalid nic tag \"nowhere\"",
                "{'nics':[{'nic_tag':'admin','gateways':['fe80::1']}]} | Static gateways must be IPv4 addresses: fe80::1",
                "{'nics':[{'nic_tag':'admin','primary':true},{'nic_tag':'admin','primary':true}]} | payload specifies more than 1 primary NIC",
                "{'nics':[{'nic_tag':'admin','mac':'02:00:00:00:00:01'},{'nic_tag':'admin','mac':'02:00:00:00:00:01'}]} | Cannot add multiple NICs with the same MAC: 02:00:00:00:00:01",
                "{'nics':[{'nic_tag':'admin','ips':['10.1.1.1/24']},{'nic_tag':'admin','ips':['10.1.1.1/24']}]} | Cannot add multiple NICs with the same IP: 10.1.1.1",
                "{'routes':{'nonsense':'10.0.0.1'}} | Invalid route destination: \"nonsense\" (must be IP address or CIDR)",
                "{'routes':{'10.2.0.0/16':'nics[7]'},'nics':[{'nic_tag':'admin'}]} | Route gateway: \"nics[7]\" refers to non-existent or DHCP nic",
                "{'routes':{'10.2.0.0/16':'nics[0]'},'nics':[{'nic_tag':'admin','ips':['dhcp']}]} | Route gateway: \"nics[0]\" refers to non-existent or DHCP nic",
                "{'routes':{'10.2.0.0/16':'macs[02:00:00:00:00:09]'},'nics':[{'nic_tag':'admin'}]} | Route gateway: \"macs[02:00:00:00:00:09]\" refers to non-existent or DHCP nic",
                "{'routes':{'10.2.0.0/33':'10.0.0.1'}} | Invalid route destination: \"10.2.0.0/33\" (must be IP address or CIDR)",
                "{'nics':[{'nic_tag':'admin','ips':['10.0.0.1/7']}]} | \"10.0.0.1/7\" must be an address with prefix, dhcp or addrconf",
                "{'nics':[{'nic_tag':'admin','ips':['10.0.0.1']}]} | \"10.0.0.1\" must be an address with prefix, dhcp or addrconf",
                "{'nics':[{'nic_tag':'admin','allowed_ips':['10.0.0.0/7']}]} | invalid allowed_ips: 10.0.0.0/7",
                "{'resolvers':['9.9.9.9'],'nics':[{'nic_tag':'admin','interface':'net0'},{'nic_tag':'admin','interface':'net0'}]} | Cannot add multiple NICs with the same interface: net0",
                "{'routes':{'10.2.0.0/16':'next door'}} | Invalid route gateway: \"next door\" (must be IP address, MAC address, or nic)",
                "{'limit_priv':['default','-no_such']} | Unknown privilege: \"no_such\"",
                "{'nics':[{'nic_tag':'admin','mtu':9000}]} | MTU 9000 is more than nic tag \"admin\" carries: 1500",
            })
    void rules_between_properties_have_their_words(String payload, String message) {
        create(payload);

        assertThatThrownBy(() -> findings.throwIfFatal(false)).hasMessageContaining(message);
    }

    @Test
    void missing_properties_are_named() {
        Json.Obj read = payloads.read(Json.object(), Verb.CREATE, Brand.LX, findings);

        payloads.checkRequired(Json.object(), read, Brand.LX, findings);

        assertThat(findings.toJson().array("missing_properties").strings())
                .containsExactly("brand", "image_uuid", "kernel_version");
    }

    @Test
    void memory_properties_follow_max_physical_memory_in_an_update() {
        VmConfig vm = create("{'max_physical_memory':512,'max_swap':1024,'max_locked_memory':256,'tmpfs':128}");

        VmConfig after = update(vm, "{'max_physical_memory':1024}");

        assertThat(after.properties().integer("max_swap")).contains(1536L);
        assertThat(after.properties().integer("max_locked_memory")).contains(768L);
        assertThat(after.properties().integer("tmpfs")).contains(256L);
        assertThat(after.properties().integer("ram")).contains(1024L);
    }

    @Test
    void the_least_swap_is_no_distance_that_is_kept() {
        VmConfig vm = create("{'max_physical_memory':128}");
        assertThat(vm.properties().integer("max_swap")).contains(256L);

        assertThat(update(vm, "{'ram':256}").properties().integer("max_swap")).contains(256L);
        assertThat(update(vm, "{'ram':'1024'}").properties().integer("max_swap"))
                .contains(1024L);
    }

    @Test
    void a_cap_of_nothing_is_none() {
        VmConfig vm = create("{'cpu_cap':100}");

        assertThat(update(vm, "{'cpu_cap':0}").properties().has("cpu_cap")).isFalse();
        assertThat(update(vm, "{'cpu_cap':''}").properties().has("cpu_cap")).isFalse();
    }

    @Test
    void the_next_primary_nic_is_the_first_with_a_public_address() {
        VmConfig vm = create("{'nics':[{'nic_tag':'admin','ips':['10.0.0.1/24'],'mac':'02:00:00:00:00:01'},"
                + "{'nic_tag':'admin','ips':['192.0.2.1/24'],'mac':'02:00:00:00:00:02','primary':true},"
                + "{'nic_tag':'admin','ips':['198.51.100.1/24'],'mac':'02:00:00:00:00:03'}]}");

        VmConfig fewer = update(vm, "{'remove_nics':['02:00:00:00:00:02']}");
        VmConfig privateOnly = update(fewer, "{'remove_nics':['02:00:00:00:00:03']}");

        assertThat(fewer.nics().getLast().bool("primary", false)).isTrue();
        assertThat(privateOnly.nics().getFirst().bool("primary", false)).isTrue();
    }

    @Test
    void a_nic_without_ips_has_no_such_property() {
        VmConfig vm = create("{'nics':[{'nic_tag':'admin','ips':['10.0.0.1/24'],'mac':'02:00:00:00:00:01'}]}");

        assertThat(update(vm, "{'update_nics':[{'mac':'02:00:00:00:00:01','ips':[]}]}")
                        .nics()
                        .getFirst()
                        .has("ips"))
                .isFalse();
    }

    @Test
    void updates_set_clear_merge_and_remove() {
        VmConfig vm = create("{'alias':'a','tags':{'x':1,'y':'2'},'nics':[{'nic_tag':'admin'},{'nic_tag':'stub0'}]}");
        String first = vm.nics().getFirst().string("mac", "");
        String second = vm.nics().getLast().string("mac", "");

        VmConfig after = update(
                vm,
                "{'alias':'','set_tags':{'z':true},'remove_tags':['x'],'remove_nics':['" + first + "'],"
                        + "'update_nics':[{'mac':'" + second
                        + "','ips':['10.0.0.9/24']}],'add_nics':[{'nic_tag':'admin'}]}");

        assertThat(findings.isClean()).isTrue();
        assertThat(after.alias()).isEmpty();
        assertThat(after.properties().object("tags").compact()).isEqualTo("{\"y\":\"2\",\"z\":true}");
        assertThat(after.nics()).hasSize(2);
        assertThat(after.nics().getFirst().bool("primary", false)).isTrue();
        assertThat(after.nics().getFirst().array("ips").strings()).containsExactly("10.0.0.9/24");
    }

    @Test
    void an_update_of_a_nic_that_is_not_there_is_an_error() {
        VmConfig vm = create("{}");

        update(vm, "{'update_nics':[{'mac':'02:00:00:00:00:99'}],'remove_nics':['02:00:00:00:00:98']}");

        assertThatThrownBy(() -> findings.throwIfFatal(false)).hasMessageContaining("no NIC has MAC 02:00:00:00:00:99");
    }

    @Test
    void addresses_of_other_vms_conflict_on_the_same_network_only() {
        VmConfig one = create("{'nics':[{'nic_tag':'admin','ips':['10.0.0.5/24']}]}");
        host.vms.add(one.with("uuid", Json.of("64f1cc77-68f1-42ab-acac-5c4f64f5d6e0")));
        var rules = new Rules(host);

        VmConfig same = create("{'nics':[{'nic_tag':'admin','ips':['10.0.0.5/24']}]}");
        VmConfig elsewhere = create("{'nics':[{'nic_tag':'stub0','ips':['10.0.0.5/24']}]}");

        rules.checkConflicts(elsewhere);
        assertThatThrownBy(() -> rules.checkConflicts(same))
                .hasMessageStartingWith("Conflict detected with another vm, please check the MAC, IP, and VRID");
    }
}
