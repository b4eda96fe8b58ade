package zonda.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import zonda.base.Cidr;
import zonda.base.Mac;
import zonda.base.OpException;

class LeasesTest {
    private static final Etherstub STUB = new Etherstub(
            "stub0",
            Optional.of(Cidr.parse("10.1.0.1/24")),
            Optional.empty(),
            false,
            Optional.of(new DhcpRange(Cidr.parseAddress("10.1.0.10"), Cidr.parseAddress("10.1.0.12"))),
            false,
            1500);

    @TempDir
    private Path directory;

    private Leases leases;
    private final Set<UUID> running = new HashSet<>();

    @BeforeEach
    void none_yet() {
        leases = new Leases(directory.resolve("leases.json"));
        leases.load();
    }

    private String lease(UUID zone, int mac, String... used) {
        Set<InetAddress> addresses = new HashSet<>();
        for (String address : used) {
            addresses.add(Cidr.parseAddress(address));
        }
        return Cidr.text(leases.lease(STUB, zone, new Mac(mac), addresses, running::contains));
    }

    @Test
    void a_nic_keeps_its_address_over_restarts() {
        UUID zone = UUID.randomUUID();
        assertThat(lease(UUID.randomUUID(), 1)).isEqualTo("10.1.0.10");
        assertThat(lease(zone, 2)).isEqualTo("10.1.0.11");

        leases = new Leases(directory.resolve("leases.json"));
        leases.load();

        assertThat(lease(zone, 2)).isEqualTo("10.1.0.11");
        assertThat(leases.holder("stub0", Cidr.parseAddress("10.1.0.11")))
                .contains(new Leases.Lease(zone, new Mac(2), Cidr.parseAddress("10.1.0.11")));
    }

    @Test
    void addresses_that_others_use_are_not_given() {
        assertThat(lease(UUID.randomUUID(), 1, "10.1.0.10", "10.1.0.11")).isEqualTo("10.1.0.12");
    }

    @Test
    void a_full_range_gives_what_no_running_zone_has() {
        UUID first = UUID.randomUUID();
        UUID second = UUID.randomUUID();
        running.add(first);
        lease(first, 1);
        lease(second, 2);
        lease(UUID.randomUUID(), 3);

        assertThat(lease(UUID.randomUUID(), 4)).isEqualTo("10.1.0.11");

        running.add(second);
        leases.forget(first);
        assertThat(lease(UUID.randomUUID(), 5)).isEqualTo("10.1.0.10");
    }

    @Test
    void when_all_are_used_it_says_so() {
        assertThatThrownBy(() -> lease(UUID.randomUUID(), 1, "10.1.0.10", "10.1.0.11", "10.1.0.12"))
                .isInstanceOf(OpException.class)
                .hasMessage("all 3 dhcp addresses of stub0 are given");
    }

    @Test
    void a_file_that_is_none_of_ours_is_named() throws Exception {
        Files.writeString(directory.resolve("leases.json"), "{\"stub0\": {\"2:0:0:0:0:1\": {\"zone\": \"x\"}}}");

        assertThatThrownBy(() -> leases.load()).isInstanceOf(OpException.class).hasMessageContaining("leases.json");
    }
}
