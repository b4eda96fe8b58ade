package zonda.metadata;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import zonda.base.OpException;

class MetadataNamespacesTest {
    private final VmMetadata metadata = new TestVm("""
            {"uuid": "u-1", "alias": "web", "max_physical_memory": 256, "hostname": "web0", "quota": 10,
             "zonename": "z-1", "dns_domain": "lan", "brand": "lx", "image_uuid": "i-1", "owner_uuid": "o-1",
             "server_uuid": "s-1", "ram": 256, "vcpus": 2, "tmpfs": 64,
             "resolvers": ["10.0.0.1"], "tags": {"role": "db", "a.b": true},
             "nics": [{"ip": "10.0.0.5", "mac": "02:00:00:00:00:01"}, {"ip": "dhcp", "mac": "02:00:00:00:00:02"}],
             "routes": {"10.1.0.0/16": "nics[0]", "10.2.0.0/16": "10.0.0.9", "10.3.0.0/16": "macs[02:00:00:00:00:01]"},
             "customer_metadata": {"user-script": "#!/bin/sh", "docker:mine": "not theirs"},
             "internal_metadata_namespaces": ["docker"],
             "internal_metadata": {"root_pw": "secret", "docker:cmd": "[]", "operator-script": "echo", "own": "x",
                                   "sdc:volumes": "[{}]"}}""").metadata();

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "sdc:uuid | u-1",
                "sdc:zonename | z-1",
                "sdc:hostname | web0",
                "sdc:dns_domain | lan",
                "sdc:alias | web",
                "sdc:brand | lx",
                "sdc:image_uuid | i-1",
                "sdc:owner_uuid | o-1",
                "sdc:server_uuid | s-1",
                "sdc:ram | 256",
                "sdc:vcpus | 2",
                "sdc:tmpfs | 64",
                "sdc:volumes | [{}]",
                "sdc:nics | [{\"ip\":\"10.0.0.5\",\"mac\":\"02:00:00:00:00:01\"},{\"ip\":\"dhcp\",\"mac\":\"02:00:00:00:00:02\"}]",
                "sdc:max_physical_memory | 256",
                "sdc:quota | 10",
                "sdc:resolvers | [\"10.0.0.1\"]",
                "sdc:nics.0.ip | 10.0.0.5",
                "sdc:nics.1.ip | dhcp",
                "sdc:tags.role | db",
                "sdc:tags.a.b | true",
                "sdc:operator-script | echo",
                "sdc:routes | [{\"linklocal\":true,\"dst\":\"10.1.0.0/16\",\"gateway\":\"10.0.0.5\"},{\"linklocal\":false,\"dst\":\"10.2.0.0/16\",\"gateway\":\"10.0.0.9\"},{\"linklocal\":true,\"dst\":\"10.3.0.0/16\",\"gateway\":\"10.0.0.5\"}]",
                "user-script | #!/bin/sh",
                "root_pw | secret",
                "docker:cmd | []"
            })
    void a_key_is_looked_up_where_its_namespace_is(String key, String value) {
        assertThat(metadata.get(key)).contains(value);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "own",
                "sdc:",
                "sdc:nothing",
                "sdc:nics.2.ip",
                "sdc:nics.x",
                "sdc:nics.99999999999",
                "docker:mine",
                "operator-script",
                "sdc:internal_metadata",
                "sdc:internal_metadata.root_pw",
                "sdc:uuid.x",
                ""
            })
    void what_is_not_for_the_guest_is_not_there(String key) {
        assertThat(metadata.get(key)).isEmpty();
    }

    @Test
    void only_the_customers_keys_are_listed() {
        assertThat(metadata.keys()).containsExactly("user-script", "docker:mine");
    }

    @ParameterizedTest
    @CsvSource({"sdc:uuid, sdc", "docker:cmd, docker", "docker:new, docker", "root_pw, internal"})
    void other_namespaces_are_read_only(String key, String namespace) {
        String message = "Cannot update the \"" + namespace + "\" Namespace.";
        assertThatThrownBy(() -> metadata.put(key, "x"))
                .isInstanceOf(OpException.class)
                .hasMessage(message);
        assertThatThrownBy(() -> metadata.delete(key))
                .isInstanceOf(OpException.class)
                .hasMessage(message);
    }

    @Test
    void a_guest_can_keep_only_so_much() {
        String large = "x".repeat((int) MetadataNamespaces.MOST_CHARACTERS / 2);
        metadata.put("one", large);
        metadata.put("one", large);

        assertThatThrownBy(() -> metadata.put("two", large)).hasMessageContaining("more than");
        metadata.delete("one");
        metadata.put("two", large);
        assertThatThrownBy(() -> metadata.put("x".repeat(256), "")).hasMessageContaining("a key has");
        assertThatThrownBy(() -> metadata.put("a\nb", "")).hasMessageContaining("a key has");
        for (int i = metadata.keys().size(); i < MetadataNamespaces.MOST_KEYS; i++) {
            metadata.put("key" + i, "");
        }
        assertThatThrownBy(() -> metadata.put("one-more", "")).hasMessageContaining("keys already");
        metadata.put("two", "");
    }
}
