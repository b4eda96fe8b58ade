package zonda.vm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import zonda.base.Json;

class QueryTest {
    private final Columns columns = new Columns();
    private final Query query = new Query(columns);
    private final Json.Obj vm = Json.parseObject("""
            {"uuid": "54f1cc77-68f1-42ab-acac-5c4f64f5d6e0", "alias": "Web01", "ram": 1024, "autoboot": true,
             "brand": "bhyve", "tags": {"role": "db"},
             "nics": [{"mac": "02:00:00:00:00:0a", "ip": "10.0.0.1"}, {"mac": "02:00:00:00:00:0b", "ip": "10.0.0.2"}]}
            """);

    @ParameterizedTest
    @CsvSource({
        "alias=Web01, true",
        "alias=web01, false",
        "alias=~web, true",
        "ram=1024, true",
        "autoboot=true, true",
        "tags.role=db, true",
        "tags.none=db, false",
        "nics.*.ip=10.0.0.2, true",
        "nics.0.ip=10.0.0.2, false",
        "nics.*.mac=2:0:0:0:0:A, true",
        "state=running, false",
    })
    void a_term_matches_as_vmadm_s_does(String term, boolean matches) {
        assertThat(query.parse(List.of(term), "filter").test(vm)).isEqualTo(matches);
    }

    @Test
    void all_terms_must_match() {
        assertThat(query.parse(List.of("ram=1024", "alias=x"), "lookup").test(vm))
                .isFalse();
    }

    @Test
    void unknown_keys_are_a_usage_error_in_each_command_s_word() {
        assertThatThrownBy(() -> query.parse(List.of("no=1"), "lookup")).hasMessage("Invalid lookup key: \"no\"");
        assertThatThrownBy(() -> query.parse(List.of("nics.0.x=1"), "filter"))
                .hasMessage("Invalid filter key: \"nics.0.x\"");
        assertThatThrownBy(() -> columns.parse("uuid,bad", "order")).hasMessage("Invalid order key: \"bad\"");
        assertThatThrownBy(() -> columns.sort("-bad")).hasMessage("Invalid sort key: \"bad\"");
    }

    @Test
    void the_columns_have_smartos_headers_and_widths() {
        assertThat(columns.names().stream()
                        .map(name -> columns.parse(name, "order").getFirst())
                        .map(column -> column.name() + " " + column.header() + " " + column.width()))
                .containsExactly("""
                        alias ALIAS 10
                        autoboot AUTOBOOT 8
                        billing_id BILLING_ID 36
                        boot_timestamp BOOT_TIMESTAMP 24
                        brand BRAND 14
                        cpu_cap CPU_CAP 7
                        cpu_shares CPU_SHARE 9
                        cpu_type CPU_TYPE 8
                        create_timestamp CREATE_TIMESTAMP 24
                        dns_domain DOMAIN 32
                        do_not_inventory DNI 5
                        docker DOCKER 6
                        exit_status EXIT 4
                        exit_timestamp EXIT_TIMESTAMP 24
                        firewall_enabled FIREWALL_ENABLED 16
                        flexible_disk_size FLEX_DISK_SIZE 14
                        free_space FREE_SPACE 14
                        hostname HOSTNAME 32
                        hvm HVM 5
                        image_uuid IMAGE_UUID 36
                        indestructible_delegated INDESTR_DATA 12
                        indestructible_zoneroot INDESTR_ROOT 12
                        max_locked_memory MAX_LOCKED 10
                        max_lwps MAX_LWP 7
                        max_physical_memory MAX_PHYS 8
                        max_swap MAX_SWAP 8
                        owner_uuid OWNER_UUID 36
                        package_name PACKAGE_NAME 32
                        package_version PACKAGE_VER 11
                        pid PID 6
                        qemu_extra_opts QEMU_EXTRA_OPTS 15
                        quota QUOTA 5
                        ram RAM 7
                        state STATE 16
                        tmpfs TMPFS 5
                        type TYPE 4
                        uuid UUID 36
                        vcpus VCPUS 5
                        zfs_io_priority IO_PRIORITY 11
                        zone_state ZONE_STATE 10
                        zoneid ZONEID 6
                        zonename ZONENAME 12
                        zonepath ZONEPATH 40
                        zpool ZPOOL 12
                        """.strip().split("\\s*\n\\s*"));
        assertThat(columns.parse("nics.0.mac,disks.1.size,tags.role", "order"))
                .extracting(column -> column.header() + " " + column.width())
                .containsExactly("NICS.0.MAC 20", "DISKS.1.SIZE 20", "TAGS.ROLE 20");
    }

    @Test
    void every_key_of_disks_and_nics_and_objects_that_smartos_knows_can_be_asked_for() {
        for (String field : "boot image_name image_size image_uuid size media model zpool".split(" ")) {
            assertThat(found("disks.*." + field + "=a", "disks", field))
                    .as(field)
                    .isTrue();
            assertThat(found("disks.1." + field + "=a", "disks", field))
                    .as(field)
                    .isFalse();
        }
        for (String field : "dhcp_server gateway interface ip model netmask nic_tag vlan_id".split(" ")) {
            assertThat(found("nics.*." + field + "=~^A$", "nics", field))
                    .as(field)
                    .isTrue();
            assertThat(found("nics.0." + field + "=b", "nics", field)).as(field).isFalse();
        }
        for (String object : List.of("tags", "customer_metadata", "internal_metadata")) {
            Json.Obj held = Json.object().with(object, Json.object().with("a.b", 7));
            assertThat(query.parse(List.of(object + ".a.b=7"), "lookup").test(held))
                    .as(object)
                    .isTrue();
        }
        for (String key : List.of("disks.0.path", "nics.*.primary", "nics.x.ip", "routes.a", "nics.ip")) {
            assertThatThrownBy(() -> query.parse(List.of(key + "=1"), "lookup"))
                    .hasMessage("Invalid lookup key: \"" + key + "\"");
        }
    }

    /** Whether a VM is found whose first disk or NIC has the letter a there. */
    private boolean found(String term, String array, String field) {
        Json.Obj member = Json.object().with(field, "a");
        return query.parse(List.of(term), "lookup").test(Json.object().with(array, new Json.Arr(List.of(member))));
    }

    @Test
    void the_type_column_shows_four_letters() {
        assertThat(columns.parse("type", "order").getFirst().value(vm)).isEqualTo("BHYV");
    }

    @Test
    void sorts_numbers_as_numbers_in_both_directions() {
        Json.Obj small = Json.object().with("ram", 512).with("alias", "b");
        Json.Obj large = Json.object().with("ram", 4096).with("alias", "a");

        assertThat(List.of(large, small).stream().sorted(columns.sort("ram")).toList())
                .containsExactly(small, large);
        assertThat(List.of(small, large).stream().sorted(columns.sort("-ram")).toList())
                .containsExactly(large, small);
        assertThat(List.of(small, large).stream().sorted(columns.sort("+alias")).toList())
                .containsExactly(large, small);
    }
}
