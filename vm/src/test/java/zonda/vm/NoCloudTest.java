package zonda.vm;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import zonda.base.Json;

/** What cloud-init's datasource NoCloud is told. */
class NoCloudTest {
    private static VmConfig vm(String more) {
        return new VmConfig(Json.parseObject(("{'uuid': '54f1cc77-68f1-42ab-acac-5c4f64f5d6e0', 'zonename': 'z',"
                        + " 'hostname': 'web', 'resolvers': ['1.1.1.1'], 'nics': ["
                        + "{'interface': 'net0', 'mac': '02:00:00:00:00:01', 'ips': ['10.0.0.2/24', 'addrconf'],"
                        + " 'gateways': ['10.0.0.1'], 'primary': true},"
                        + "{'interface': 'net1', 'mac': '02:00:00:00:00:02', 'ips': ['dhcp'], 'mtu': 1400}]"
                        + more + "}")
                .replace('\'', '"')));
    }

    private static String file(VmConfig vm, String name) {
        return new String(NoCloud.files(vm).getOrDefault(name, new byte[0]), StandardCharsets.UTF_8);
    }

    @Test
    void it_is_there_for_who_asks() {
        assertThat(NoCloud.isWanted(vm(""))).isFalse();
        assertThat(NoCloud.isWanted(vm(", 'internal_metadata': {'cloudinit_datasource': 'smartos'}")))
                .isFalse();
        assertThat(NoCloud.isWanted(vm(", 'internal_metadata': {'cloudinit_datasource': 'nocloud'}")))
                .isTrue();
    }

    @Test
    void names_and_keys_are_told() {
        VmConfig vm =
                vm(", 'customer_metadata': {'root_authorized_keys': 'ssh-ed25519 AAAA a\\n\\nssh-rsa BBBB b\\n'}");

        Json.Obj data = Json.parseObject(file(vm, "meta-data"));
        assertThat(data.string("instance-id")).contains("54f1cc77-68f1-42ab-acac-5c4f64f5d6e0");
        assertThat(data.string("local-hostname")).contains("web");
        assertThat(data.array("public-keys").strings()).containsExactly("ssh-ed25519 AAAA a", "ssh-rsa BBBB b");
        assertThat(file(vm, "user-data")).startsWith("#cloud-config\n");
    }

    @Test
    void each_nic_is_known_by_its_mac_and_has_its_addresses() {
        Json.Obj links = Json.parseObject(file(vm(""), "network-config")).object("ethernets");

        Json.Obj first = links.object("net0");
        assertThat(first.object("match").string("macaddress")).contains("02:00:00:00:00:01");
        assertThat(first.array("addresses").strings()).containsExactly("10.0.0.2/24");
        assertThat(first.bool("dhcp4", true)).isFalse();
        assertThat(first.bool("accept-ra", false)).isTrue();
        assertThat(first.array("routes").objects())
                .singleElement()
                .satisfies(route -> assertThat(route.string("via")).contains("10.0.0.1"));
        assertThat(first.object("nameservers").array("addresses").strings()).containsExactly("1.1.1.1");
        Json.Obj second = links.object("net1");
        assertThat(second.bool("dhcp4", false)).isTrue();
        assertThat(second.integer("mtu")).contains(1400L);
        assertThat(second.has("addresses")).isFalse();
    }

    @Test
    void what_the_operator_gave_is_told_as_it_is() {
        VmConfig vm = vm(", 'customer_metadata': {'user-script': '#!/bin/sh', 'cloud-init:user-data': '#cloud-config',"
                + " 'cloud-init:network-config': 'version: 1', 'cloud-init:vendor-data': '#vendor'}");

        assertThat(file(vm, "user-data")).isEqualTo("#cloud-config");
        assertThat(file(vm, "network-config")).isEqualTo("version: 1");
        assertThat(file(vm, "vendor-data")).isEqualTo("#vendor");
        assertThat(file(vm(", 'customer_metadata': {'user-script': '#!/bin/sh'}"), "user-data"))
                .isEqualTo("#!/bin/sh");
    }
}
