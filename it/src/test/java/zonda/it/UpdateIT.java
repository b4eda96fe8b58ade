package zonda.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import zonda.base.Json;
import zonda.kernel.Command;

/** vmadm update of a running VM: what it says, what get shows, and what the zone and the kernel have of it. */
class UpdateIT {
    @RegisterExtension
    static final Instance zonda = new Instance();

    @TempDir
    private Path directory;

    private UUID vm;

    @BeforeEach
    void make_a_vm() {
        vm = zonda.create(Instance.withNics(zonda.payload("web01"), Instance.nic("dhcp")));
    }

    @AfterEach
    void leave_nothing() {
        zonda.deleteAll();
        assertThat(zonda.leftovers().ofZones()).isEmpty();
    }

    private void update(String... pairs) {
        String[] words = new String[pairs.length + 2];
        words[0] = "update";
        words[1] = vm.toString();
        System.arraycopy(pairs, 0, words, 2, pairs.length);
        said(zonda.vmadm(words));
    }

    private void update(Json.Obj payload) {
        said(zonda.feed(payload.compact(), "vmadm", "update", vm.toString()));
    }

    private void said(Ran ran) {
        assertThat(ran.status()).as(ran.toString()).isZero();
        assertThat(ran.out()).isEmpty();
        assertThat(ran.err()).isEqualTo("Successfully updated VM " + vm + "\n");
    }

    private long number(String property) {
        return zonda.get(vm).integer(property, -1);
    }

    @Test
    void limits_change_live() {
        Cgroup group = Cgroup.of(zonda, vm);
        long weight = group.cpuWeight();

        update("max_physical_memory=96", "max_lwps=333", "cpu_cap=150", "cpu_shares=200");

        assertThat(group.memoryLimit()).isEqualTo(96L << 20);
        assertThat(group.processLimit()).isEqualTo(333);
        assertThat(group.cpuCap()).hasValue(150);
        assertThat(group.cpuWeight()).isGreaterThan(weight);
        assertThat(number("max_physical_memory")).isEqualTo(96);
        assertThat(number("max_shm_memory")).isEqualTo(96);
        assertThat(number("max_lwps")).isEqualTo(333);
        assertThat(zonda.sh(vm, "df -m /tmp | awk 'END{print $2}'")).isEqualTo("96");

        update("max_physical_memory=48", "cpu_cap=");
        assertThat(group.memoryLimit()).isEqualTo(48L << 20);
        assertThat(group.cpuCap()).isEmpty();
        assertThat(zonda.get(vm).has("cpu_cap")).isFalse();

        zonda.vmadm("reboot", vm.toString());
        assertThat(group.memoryLimit()).isEqualTo(48L << 20);
        assertThat(group.processLimit()).isEqualTo(333);
    }

    @Test
    void the_quota_is_enforced_and_changes_live() {
        update("quota=1");
        Ran full = zonda.zlogin("web01", "dd if=/dev/zero of=/root/big bs=1M count=1100 && sync");
        assertThat(full.status()).isNotZero();
        assertThat(full.err()).matches("(?s).*(No space left on device|[Qq]uota exceeded).*");
        // Nothing else on the pool suffers.
        UUID other = zonda.create(zonda.payload("other"));
        zonda.sh(other, "head -c 20m /dev/zero > /root/some && sync");

        zonda.sh(vm, "rm /root/big && sync");
        update("quota=2");
        zonda.sh(vm, "dd if=/dev/zero of=/root/big bs=1M count=1100 && sync");
    }

    @Test
    void nics_come_change_and_go_live() {
        Network network = Network.of(zonda);
        Json.Obj added = Instance.nic(network.address(20) + "/24").with("mac", "02:08:20:00:00:aa");
        update(Json.object().with("add_nics", Json.Arr.of(java.util.stream.Stream.of(added))));
        assertThat(zonda.sh(vm, "ip -4 -o addr show dev net1")).contains(network.address(20) + "/24");
        assertThat(zonda.get(vm).array("nics").objects()).hasSize(2);

        Json.Obj changed = Json.object()
                .with("mac", "02:08:20:00:00:aa")
                .with("ips", Json.Arr.ofStrings(List.of(network.address(21) + "/24")));
        update(Json.object().with("update_nics", Json.Arr.of(java.util.stream.Stream.of(changed))));
        assertThat(zonda.sh(vm, "ip -4 -o addr show dev net1"))
                .contains(network.address(21) + "/24")
                .doesNotContain(network.address(20) + "/24");
        assertThat(zonda.sh(vm, "ping -c 1 -W 2 " + network.address(1) + " >/dev/null && echo reached"))
                .isEqualTo("reached");

        update(Json.object().with("remove_nics", Json.Arr.ofStrings(List.of("02:08:20:00:00:aa"))));
        assertThat(zonda.sh(vm, "ls /sys/class/net | grep -v lo")).isEqualTo("net0");
        assertThat(zonda.sh(vm, "ip -4 addr show dev net0 | grep -c inet")).isEqualTo("1");

        Ran unknown = zonda.feed("{\"remove_nics\":[\"02:08:20:00:00:bb\"]}", "vmadm", "update", vm.toString());
        assertThat(unknown.status()).isZero();
        assertThat(unknown.err())
                .isEqualTo("warning: There is no NIC with the MAC address 02:08:20:00:00:bb. Skipping...\n"
                        + "Successfully updated VM " + vm + "\n");
    }

    @Test
    void a_nic_with_the_address_of_a_group_has_a_link_without() {
        Json.Obj added = Json.object()
                .with("mac", "01:08:20:00:00:ab")
                .with("nic_tag", "stub0")
                .with("ip", "dhcp");
        update(Json.object().with("add_nics", new Json.Arr(List.of(added))));

        assertThat(zonda.sh(vm, "cat /sys/class/net/net1/address")).isEqualTo("00:08:20:00:00:ab");
        assertThat(zonda.get(vm).array("nics").objects().getLast().string("mac"))
                .contains("01:08:20:00:00:ab");
        update(Json.object().with("remove_nics", Json.Arr.ofStrings(List.of("01:08:20:00:00:ab"))));
        assertThat(zonda.sh(vm, "ls /sys/class/net | grep -v lo")).isEqualTo("net0");
    }

    @Test
    void metadata_and_tags_are_set_and_removed_by_key() {
        update(Json.parseObject(
                "{\"set_tags\":{\"a\":\"1\",\"b\":true},\"set_customer_metadata\":{\"k\":\"v\",\"l\":\"w\"}}"));
        update(Json.parseObject(
                "{\"remove_tags\":[\"a\"],\"set_tags\":{\"c\":3},\"remove_customer_metadata\":[\"k\"]}"));

        assertThat(zonda.get(vm).object("tags")).isEqualTo(Json.parseObject("{\"b\":true,\"c\":3}"));
        assertThat(zonda.get(vm).object("customer_metadata")).isEqualTo(Json.parseObject("{\"l\":\"w\"}"));
    }

    @Test
    void alias_hostname_and_the_like_change_and_clear() {
        update("alias=db01", "owner_uuid=" + UUID.randomUUID(), "cpu_shares=100000");
        assertThat(number("cpu_shares")).isEqualTo(65_535);
        assertThat(zonda.vmadm("get", "db01").status()).isZero();
        assertThat(zonda.vmadm("get", "web01").status()).isEqualTo(1);

        update("alias=", "owner_uuid=", "cpu_shares=");
        assertThat(zonda.get(vm).has("alias")).isFalse();
        assertThat(zonda.get(vm).has("owner_uuid")).isFalse();
        assertThat(number("cpu_shares")).isEqualTo(100);
    }

    @Test
    void another_hostname_reaches_the_guests_own_files_unless_it_changed_them() {
        update("hostname=db01");
        assertThat(zonda.sh(vm, "cat /etc/hostname")).isEqualTo("db01");
        assertThat(zonda.sh(vm, "cat /etc/hosts")).contains("db01.local db01");

        zonda.sh(vm, "echo mine >/etc/hostname");
        update("hostname=db02");
        assertThat(zonda.sh(vm, "cat /etc/hostname")).isEqualTo("mine");
        assertThat(zonda.sh(vm, "cat /etc/hosts")).contains("db02.local db02");
    }

    @Test
    void resolvers_are_kept_up_while_the_vm_runs_when_it_asks_for_that() {
        String first = zonda.sh(vm, "cat /etc/resolv.conf");
        update("resolvers=10.9.8.7");
        assertThat(zonda.sh(vm, "cat /etc/resolv.conf")).isEqualTo(first);

        update("maintain_resolvers=true");
        update("resolvers=10.9.8.6");
        assertThat(zonda.sh(vm, "cat /etc/resolv.conf")).contains("nameserver 10.9.8.6");
    }

    @Test
    void limits_of_ipc_hold_at_once_and_at_the_next_boot() {
        String limits = "cd /proc/sys/kernel && cat msgmni shmmni sem shmall";
        String before = zonda.sh(vm, limits);

        update("max_msg_ids=77", "max_shm_ids=88", "max_sem_ids=99", "max_shm_memory=2");

        assertThat(zonda.sh(vm, limits)).isEqualTo("77\n88\n32000\t1024000000\t500\t99\n512");
        zonda.vmadm("reboot", "-F", vm.toString());
        assertThat(zonda.sh(vm, limits)).isEqualTo("77\n88\n32000\t1024000000\t500\t99\n512");
        update("max_msg_ids=", "max_shm_ids=", "max_sem_ids=", "max_shm_memory=");
        assertThat(zonda.sh(vm, limits)).isEqualTo(before);
        assertThat(zonda.get(vm).integer("max_msg_ids")).contains(4096L);
    }

    @Test
    void a_bad_update_changes_nothing() {
        Json.Obj before = zonda.get(vm).without("last_modified");

        for (String pair : List.of("quota=-1", "max_physical_memory=lots", "autoboot=perhaps")) {
            Ran ran = zonda.vmadm("update", vm.toString(), pair, "alias=changed");
            assertThat(ran.status()).as(ran.toString()).isEqualTo(1);
            assertThat(ran.err()).startsWith("Invalid value(s) for: " + pair.substring(0, pair.indexOf('=')));
        }
        Ran privileges = zonda.vmadm("update", vm.toString(), "limit_priv=default,-nope", "alias=changed");
        assertThat(privileges.status()).as(privileges.toString()).isEqualTo(1);
        assertThat(privileges.err()).isEqualTo("Unknown privilege: \"nope\" (limit_priv)\n");
        Ran route = zonda.feed(
                "{\"set_routes\": {\"10.7.0.0/16\": \"203.0.113.1\"}, \"alias\": \"changed\"}",
                "vmadm",
                "update",
                vm.toString());
        assertThat(route.err())
                .isEqualTo("Invalid gateway: \"203.0.113.1\" of route 10.7.0.0/16"
                        + " (it must be on the network of one of the VM's NICs)\n");
        assertThat(route.status()).isEqualTo(1);
        assertThat(zonda.sh(vm, "ip -4 addr show dev net0 | grep -c inet")).isEqualTo("1");
        Ran fixed = zonda.vmadm("update", vm.toString(), "brand=lx");
        assertThat(fixed.err()).startsWith("warning: property \"brand\" is ignored: update does not take it");
        assertThat(zonda.vmadm("update", "--strict", vm.toString(), "brand=lx").status())
                .isEqualTo(1);
        assertThat(zonda.get(vm).without("last_modified")).isEqualTo(before);
    }

    @Test
    void a_stopped_vm_takes_its_new_limits_when_it_starts() {
        zonda.vmadm("stop", vm.toString());
        update("max_physical_memory=80", "max_lwps=444");
        zonda.vmadm("start", vm.toString());

        assertThat(Cgroup.of(zonda, vm).memoryLimit()).isEqualTo(80L << 20);
        assertThat(Cgroup.of(zonda, vm).processLimit()).isEqualTo(444);
        assertThat(zonda.state(vm)).isEqualTo("running");
    }

    @Test
    void cloud_init_of_an_image_finds_its_seed_and_a_new_one_after_a_reboot() {
        UUID vm = zonda.create(zonda.payload("seeded"));
        String seed = "/var/lib/cloud/seed/nocloud/user-data";
        assertThat(zonda.sh(vm, "ls " + seed + " 2>/dev/null | wc -l; mkdir -p /usr/bin; touch /usr/bin/cloud-init"))
                .isEqualTo("0");
        Json.Obj metadata = Json.object()
                .with(
                        "set_customer_metadata",
                        Json.object().with("cloud-init:user-data", "#cloud-config\nruncmd: []\n"));
        zonda.feed(metadata.compact(), "vmadm", "update", vm.toString());

        assertThat(zonda.vmadm("reboot", "-F", vm.toString()).status()).isZero();

        assertThat(zonda.sh(vm, "cat " + seed + "; stat -c '%a %u' " + seed))
                .isEqualTo("#cloud-config\nruncmd: []\n600 0");
    }

    private static final String CLIENT = """
            import json, sys
            from cloudinit.sources import DataSourceSmartOS as smartos
            with smartos.JoyentMetadataSocketClient(sys.argv[1]) as zone:
                said = {word: zone.get(key, strip=strip) for word, (key, strip) in smartos.SMARTOS_ATTRIB_MAP.items()}
                zone.put("told", "one\\ntwo")
                said["told"] = zone.get("told")
                said["keys"] = sorted(zone.list())
                zone.delete("told")
                said["gone"] = zone.get("told")
                said["routes"] = zone.get_json("sdc:routes")
                said["network"] = smartos.convert_smartos_network_data(
                    zone.get_json("sdc:nics"), zone.get_json("sdc:resolvers"), zone.get("sdc:dns_domain"),
                    zone.get_json("sdc:routes"))
            print(json.dumps(said))
            """;

    private static final String PACKAGES = "cloud-init python3-serial python3-configobj python3-six python3-requests"
            + " python3-urllib3 python3-idna python3-certifi python3-chardet python3-jinja2 python3-markupsafe"
            + " python3-yaml";

    /** Debian's package, with what it needs, from the host's own sources. */
    private static Json.Obj askedByCloudInit(Path socket, Path directory) {
        Command.Result ran = Command.of(
                        "sh", "-c", """
                        cd "$1" && apt-get -qq download $4 &&
                        for file in *.deb; do dpkg-deb -x "$file" x || exit; done &&
                        PYTHONPATH=x/usr/lib/python3/dist-packages exec python3 -c "$2" "$3"
                        """, "sh", directory.toString(), CLIENT, socket.toString(), PACKAGES)
                .environment("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
                .run(Duration.ofMinutes(2));
        assertThat(ran.status()).as(ran.err()).isZero();
        return Json.parseObject(ran.out());
    }

    @Test
    void cloud_inits_own_class_for_smartos_reads_and_writes_the_metadata_of_a_zone() {
        assumeTrue(
                "1".equals(System.getenv("ZONDA_SLOW_TESTS")), "downloads cloud-init: set ZONDA_SLOW_TESTS=1 for it");
        String gateway = zonda.sh(vm, "ip route | sed -n 's/^default via \\([0-9.]*\\).*/\\1/p'");
        update(Json.object()
                .with("resolvers", Json.Arr.ofStrings(List.of("10.1.1.1")))
                .with("set_routes", Json.object().with("10.7.0.0/16", gateway))
                .with(
                        "set_customer_metadata",
                        Json.object()
                                .with("root_authorized_keys", "ssh-ed25519 AAAA me")
                                .with("user-script", "#!/bin/sh\necho é\n")
                                .with("cloud-init:user-data", "#cloud-config\n{}\n")));

        Path socket = zonda.root().resolve("var/zonecontrol/" + vm + "/metadata.sock");
        Json.Obj said = askedByCloudInit(socket, directory);

        assertThat(said.string("instance-id")).contains(vm.toString());
        assertThat(said.string("hostname")).contains("web01");
        assertThat(said.string("public-keys")).contains("ssh-ed25519 AAAA me");
        assertThat(said.string("user-script")).contains("#!/bin/sh\necho é\n");
        assertThat(said.string("user-data")).contains("#cloud-config\n{}\n");
        assertThat(said.string("told")).contains("one\ntwo");
        assertThat(said.array("keys").strings()).contains("told", "user-script");
        assertThat(said.string("gone")).isEmpty();
        Json.Obj nic = said.object("network").array("config").objects().getFirst();
        assertThat(nic.string("mac_address"))
                .isEqualTo(zonda.get(vm).array("nics").objects().getFirst().string("mac"));
        assertThat(nic.array("subnets").objects().getFirst().string("type", "")).startsWith("dhcp");
        assertThat(said.object("network").compact()).contains("10.1.1.1");
        Json.Obj route = said.array("routes").objects().getFirst();
        assertThat(route.string("dst")).contains("10.7.0.0/16");
        assertThat(route.string("gateway")).contains(gateway);
    }
}
