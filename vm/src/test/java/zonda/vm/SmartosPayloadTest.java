package zonda.vm;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import zonda.base.Json;

/** What SmartOS' own tests expect of payloads: which are taken, which refused, and for what. */
class SmartosPayloadTest {
    private static final String ZONE_IMAGE = "01b2c898-945f-11e1-a523-af1afbe22822";
    private static final String DISK_IMAGE = "71101322-43a5-11e1-8f01-cf2a3031a7f4";

    private final FakeSurroundings host = new FakeSurroundings();
    private final PayloadChecks checks =
            new PayloadChecks(PropertyTable.load(), host, () -> Instant.parse("2026-11-27T00:00:00Z"), new Random(1));

    SmartosPayloadTest() {
        host.images.put(ZONE_IMAGE, Json.object().with("type", "lx-dataset"));
        host.images.put(DISK_IMAGE, Json.object().with("type", "zvol").with("image_size", 5120));
    }

    private Findings create(String brand, String json) {
        Json.Obj payload = Json.parseObject(text(json));
        Json.Obj image = brand.equals("kvm") || brand.equals("bhyve")
                ? payload
                : payload.with("image_uuid", payload.string("image_uuid", ZONE_IMAGE));
        return checks.create(image.with("brand", brand)).findings();
    }

    private Findings update(String brand, String json) {
        return checks.update(Json.parseObject(text(json)), Brand.find(brand).orElseThrow(), "zones")
                .findings();
    }

    private static String text(String json) {
        return json.replace('\'', '"')
                .replace("ZVOL", DISK_IMAGE)
                .replace("GONE", "a1fac27c-85fb-11e2-ae84-276612e8990c");
    }

    private static String said(Findings findings) {
        return findings.toJson().compact();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{}",
                "{'zpool':'zones'}",
                "{'zfs_storage_pool_name':'zones'}",
                "{'alias':null}",
                "{'customer_metadata':{'hello':'world','a key of words':true,'number':42}}",
                "{'fs_allowed':['ufs','tmpfs','pcfs']}",
                "{'fs_allowed':'ufs,tmpfs,pcfs'}",
                "{'nics':[{'nic_tag':'admin','ip':'dhcp'}]}",
                "{'nics':[{'nic_tag':'admin','ip':'dhcp','mtu':1500}]}",
                "{'nics':[{'nic_tag':'admin','ip':'dhcp','mtu':9000}]}",
                "{'nics':[{'nic_tag':'admin','ip':'dhcp','mtu':'2323'}]}",
                "{'autoboot':'true','delegate_dataset':'true','do_not_inventory':'true'}",
                "{'cpu_shares':100000}",
                "{'limit_priv':['proc_info','-proc_session'],'tmpfs':1024,'max_swap':256,'max_physical_memory':800}",
            })
    void a_payload_for_a_zone_is_valid(String payload) {
        for (String brand : List.of("joyent", "joyent-minimal")) {
            Findings findings = create(brand, payload);

            assertThat(findings.isValid()).as(said(findings)).isTrue();
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{'autoboot':'aardvark'} | autoboot",
                "{'alias':42} | alias",
                "{'max_swap':128} | max_swap",
                "{'cpu_cap':'doogle'} | cpu_cap",
                "{'zpool':'doogle'} | zpool",
                "{'image_uuid':'GONE'} | image_uuid",
                "{'image_uuid':'ZVOL'} | image_uuid",
                "{'image_uuid':''} | image_uuid",
                "{'customer_metadata':{'hello':{'complicated':'world'}}} | customer_metadata",
                "{'fs_allowed':['ufs,tmpfs,pcfs']} | fs_allowed",
                "{'fs_allowed':{'hello':'world'}} | fs_allowed",
                "{'maintain_resolvers':'asdf'} | maintain_resolvers",
                "{'nics':[{'nic_tag':'admin','ip':'dhcp','mtu':500}]} | nics.*.mtu",
                "{'nics':[{'nic_tag':'admin','ip':'dhcp','mtu':10000}]} | nics.*.mtu",
                "{'nics':[{'nic_tag':'admin','ip':'dhcp','mtu':1500.3}]} | nics.*.mtu",
                "{'nics':[{'nic_tag':'admin','ip':'dhcp','mtu':'Ah Elbereth'}]} | nics.*.mtu",
                "{'nics':[{'nic_tag':'admin','ip':'dhcp','mtu':{'hello':'world'}}]} | nics.*.mtu",
                "{'nics':[{'nic_tag':'admin','network_uuid':'asdf'}]} | nics.*.network_uuid",
                "{'nics':{}} | nics",
                "{'nics':'nonsense'} | nics",
            })
    void a_bad_value_of_a_zone_is_named(String payload, String path) {
        for (String brand : List.of("joyent", "joyent-minimal")) {
            assertThat(create(brand, payload).toJson().array("bad_values").strings())
                    .contains(path);
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{'update_nics':[{'mac':'01:02:03:0a:0b:0c','nic_tag':'admin'}]} | update_nics",
                "{'dataset_name':'smartos-1.6.3'} | dataset_name",
                "{'nics':[{'nic_tag':'admin','physical':'net0'}]} | nics.*.physical",
                "{'zonepath':'/zones/x'} | zonepath",
            })
    void a_property_that_create_does_not_take_is_named(String payload, String name) {
        assertThat(create("joyent", payload).toJson().array("bad_properties").strings())
                .contains(name);
    }

    @Test
    void an_update_takes_what_it_may_change() {
        assertThat(update("joyent", "{'uuid':'doogle','alias':'foo'}")
                        .toJson()
                        .array("bad_properties")
                        .strings())
                .containsExactly("uuid");
        assertThat(update("joyent", "{'update_nics':[{'mac':'01:02:03:0a:0b:0c','nic_tag':'external'}]}")
                        .isValid())
                .isTrue();
        assertThat(update(
                                "kvm",
                                "{'add_nics':[{'interface':'net1','nic_tag':'external','mac':'b2:1e:ba:a5:6e:71',"
                                        + "'ip':'10.2.121.71','netmask':'255.255.0.0','gateway':'10.2.121.1'}]}")
                        .isValid())
                .isTrue();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{}",
                "{'disks':[{'boot':true,'model':'virtio','image_uuid':'ZVOL','image_name':'u','image_size':5120}],"
                        + "'nics':[{'nic_tag':'external','model':'virtio','ip':'10.88.88.51',"
                        + "'netmask':'255.255.255.0','gateway':'10.88.88.2','primary':true}]}",
                "{'disks':[{'boot':true,'model':'virtio','image_uuid':'ZVOL'}]}",
                "{'disks':[{'boot':true,'model':'virtio','size':5120}]}",
            })
    void a_payload_for_a_machine_is_valid(String payload) {
        Findings findings = create("kvm", payload);

        assertThat(findings.isValid()).as(said(findings)).isTrue();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{'model':'virtio','image_uuid':'ZVOL','size':5120} | bad_properties | .size",
                "{'model':'virtio','image_uuid':'ZVOL','size':4096} | bad_values | size",
                "{'model':'virtio','image_uuid':'ZVOL','image_size':5120,'block_size':8192} | bad_properties"
                        + " | .block_size",
                "{'model':'virtio','image_uuid':'ZVOL','image_size':10} | bad_values | .image_size",
                "{'model':'virtio','image_uuid':'GONE','image_size':5120} | bad_values | .image_uuid",
                "{'model':'virtio'} | missing_properties | .size",
                "{'model':'virtio','size':5120,'image_size':5120} | bad_properties | .image_size",
                "{'model':'virtio','size':5120,'image_name':'a'} | bad_properties | .image_name",
            })
    void a_disk_that_is_wrong_is_named_by_its_place(String disk, String what, String path) {
        String made = path.startsWith(".") ? "disks.0" + path : path;
        String added = path.startsWith(".") ? "add_disks.0" + path : path;

        assertThat(create("kvm", "{'disks':[" + disk + "]}")
                        .toJson()
                        .array(what)
                        .strings())
                .contains(made);
        assertThat(update("kvm", "{'add_disks':[" + disk + "]}")
                        .toJson()
                        .array(what)
                        .strings())
                .contains(added);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "'' | false",
                "'not-a-uuid' | false",
                "0 | false",
                "['also','not'] | false",
                "'71101322-43a5-11e1-8f01-cf2a3031a7f4' | true",
            },
            quoteCharacter = '`')
    void a_disk_s_uuid_is_one(String uuid, boolean isValid) {
        Findings findings = update("bhyve", "{'add_disks':[{'size':10,'model':'virtio','uuid':" + uuid + "}]}");

        assertThat(findings.toJson().array("bad_values").strings().contains("disks.*.uuid"))
                .isEqualTo(!isValid);
    }
}
