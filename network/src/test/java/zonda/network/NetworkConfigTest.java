package zonda.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import zonda.base.Cidr;
import zonda.base.Json;
import zonda.base.OpException;

class NetworkConfigTest {
    @Test
    void what_is_written_is_read_again() {
        String text = """
                {"etherstubs": [{"name": "stub0", "address": "10.99.0.1/24", "address6": "fd00:1::1/64", "nat": true,
                  "dhcp": {"first": "10.99.0.10", "last": "10.99.0.20"}, "dns": true, "mtu": 1400}],
                 "nic_tags": [{"name": "external", "bridge": "br0"}, {"name": "admin", "nic": "eth1"}]}""";
        NetworkConfig config = parse(text);

        assertThat(NetworkConfig.parse(config.toJson())).isEqualTo(config);
        assertThat(config.toJson()).isEqualTo(Json.parseObject(text));
        var embedded = NetworkConfig.embedded(Cidr.parse("10.99.7.0/24"));
        assertThat(NetworkConfig.parse(embedded.toJson())).isEqualTo(embedded);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{\"etherstub\": []} | network.json: unknown key \"etherstub\", did you mean \"etherstubs\"?",
                "{\"zzz\": []} | network.json: unknown key \"zzz\"; known are etherstubs, nic_tags",
                "{\"etherstubs\": {}} | network.json: \"etherstubs\" must be an array of objects",
                "{\"etherstubs\": [{\"name\": \"stub0\", \"adress\": \"1\"}]} | etherstub stub0: unknown key \"adress\", did you mean \"address\"?",
                "{\"etherstubs\": [{\"name\": \"stub\"}]} | etherstub name must be",
                "{\"etherstubs\": [{\"name\": \"stub0\", \"nat\": true}]} | stub0: nat needs an address",
                "{\"etherstubs\": [{\"name\": \"stub0\", \"nat\": \"yes\"}]} | stub0: \"nat\" must be true or false",
                "{\"etherstubs\": [{\"name\": \"stub0\", \"address\": \"10.0.0.0/24\"}]} | stub0: address must be an IPv4 host",
                "{\"etherstubs\": [{\"name\": \"stub0\", \"mtu\": 99999}]} | stub0: mtu must be 576 to 9000",
                "{\"etherstubs\": [{\"name\": \"stub0\", \"address\": \"10.0.0.1/24\", \"dhcp\": {\"first\": \"10.0.0.1\", \"last\": \"10.0.0.9\"}}]} | holds the global zone's own address",
                "{\"etherstubs\": [{\"name\": \"stub0\", \"address\": \"10.0.0.1/24\", \"dhcp\": {\"first\": \"10.0.1.1\", \"last\": \"10.0.1.9\"}}]} | outside of 10.0.0.0/24",
                "{\"nic_tags\": [{\"name\": \"a\"}]} | nic tag a: needs one of",
                "{\"nic_tags\": [{\"name\": \"a b\", \"nic\": \"eth0\"}]} | nic tag name must be",
                "{\"nic_tags\": [{\"name\": \"a\", \"nic\": \"../x\"}]} | not a link's name",
                "{\"nic_tags\": [{\"name\": \"s0\", \"nic\": \"e\"}], \"etherstubs\": [{\"name\": \"s0\"}]} | \"s0\" is there twice"
            })
    void what_is_wrong_is_named(String text, String message) {
        assertThatThrownBy(() -> parse(text)).isInstanceOf(OpException.class).hasMessageContaining(message);
    }

    private static NetworkConfig parse(String text) {
        return NetworkConfig.parse(Json.parseObject(text));
    }

    @Test
    void a_free_network_is_one_that_no_route_leads_to() {
        assertThat(FreeNetwork.choose(List.of(Cidr.parse("0.0.0.0/0"), Cidr.parse("192.168.0.0/16"))))
                .hasToString("10.99.0.0/24");
        assertThat(FreeNetwork.choose(List.of(Cidr.parse("10.99.0.0/23"), Cidr.parse("10.99.2.128/25"))))
                .hasToString("10.99.3.0/24");
        assertThatThrownBy(() -> FreeNetwork.choose(List.of(Cidr.parse("10.0.0.0/8"))))
                .hasMessageContaining("no free network");
    }
}
