package zonda.vm;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import zonda.base.Json;
import zonda.zones.IdRange;

/** What get shows of a VM that was created with as little as possible, which SmartOS holds a test against. */
class VmViewTest {
    private static final String UUID = "54f1cc77-68f1-42ab-acac-5c4f64f5d6e0";
    private static final List<String> OF_ALL = List.of(
            "autoboot",
            "billing_id",
            "brand",
            "cpu_shares",
            "create_timestamp",
            "customer_metadata",
            "firewall_enabled",
            "hvm",
            "internal_metadata",
            "last_modified",
            "limit_priv",
            "max_locked_memory",
            "max_lwps",
            "max_msg_ids",
            "max_physical_memory",
            "max_sem_ids",
            "max_shm_memory",
            "max_shm_ids",
            "max_swap",
            "nics",
            "owner_uuid",
            "platform_buildstamp",
            "quota",
            "resolvers",
            "routes",
            "server_uuid",
            "snapshots",
            "state",
            "tags",
            "uuid",
            "v",
            "zfs_filesystem",
            "zfs_io_priority",
            "zfs_root_recsize",
            "zone_state",
            "zonename",
            "zonepath",
            "zpool");

    private final FakeSurroundings host = new FakeSurroundings();
    private final PayloadChecks checks =
            new PayloadChecks(PropertyTable.load(), host, () -> Instant.parse("2026-11-27T00:00:00Z"), new Random(1));

    private Json.Obj shown(Json.Obj payload) {
        Json.Obj made = checks.create(payload.with("uuid", UUID)).properties();
        return VmView.show(
                VmRecord.fresh(new VmConfig(made), new IdRange(65536), VmRecord.Life.INSTALLED),
                new VmView.Now(
                        Optional.empty(),
                        false,
                        Instant.EPOCH,
                        Path.of("/zones", UUID),
                        List.of(),
                        Optional.empty(),
                        Optional.empty(),
                        new Host.HostFacts(UUID, "20261127T000000Z", Optional.empty())));
    }

    @Test
    void a_zone_shows_what_it_has_and_nothing_of_a_machine() {
        Json.Obj vm = shown(Json.object().with("brand", "joyent-minimal").with("image_uuid", UUID));

        // The host name is Zonda's own: SmartOS shows it of VMs that are given one.
        assertThat(vm.without("hostname").members().keySet())
                .containsAll(OF_ALL)
                .hasSize(OF_ALL.size() + 3)
                .contains("dns_domain", "image_uuid", "tmpfs");
        assertThat(vm.string("limit_priv")).contains("default");
        assertThat(vm.integer("max_shm_memory")).contains(256L);
        assertThat(Columns.listed(vm).integer("ram")).contains(256L);
        assertThat(Columns.listed(vm).string("type")).contains("OS");
    }

    @Test
    void a_machine_shows_its_disks_also_when_there_are_none() {
        Json.Obj vm = shown(Json.object().with("brand", "kvm"));

        assertThat(vm.without("hostname").members().keySet())
                .containsAll(OF_ALL)
                .hasSize(OF_ALL.size() + 3)
                .contains("disks", "ram", "vcpus");
        assertThat(vm.array("disks").items()).isEmpty();
        assertThat(vm.string("limit_priv"))
                .contains("default,-file_link_any,-net_access,-proc_fork,-proc_info,-proc_session");
        assertThat(vm.integer("max_physical_memory")).contains(1280L);
        assertThat(Columns.listed(vm).string("type")).contains("KVM");
    }

    @Test
    void no_compression_is_shown_of_disks_and_of_nothing_else() {
        Json.Obj disk = Json.object().with("size", 1024).with("model", "virtio");
        Json.Obj machine = shown(Json.object().with("brand", "kvm").with("disks", new Json.Arr(List.of(disk))));
        Json.Obj zone = shown(Json.object()
                .with("brand", "joyent")
                .with("image_uuid", UUID)
                .with("zfs_root_compression", "off")
                .with("zfs_data_compression", "gzip-2"));

        assertThat(machine.array("disks").objects().getFirst().string("compression"))
                .contains("off");
        assertThat(zone.has("zfs_root_compression")).isFalse();
        assertThat(zone.string("zfs_data_compression")).contains("gzip-2");
    }
}
