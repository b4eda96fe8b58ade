package zonda.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import zonda.base.Await;
import zonda.base.Json;

/** zonecfg(8) and zoneadm(8), and the files of /etc/zones. */
class ZonecfgIT {
    @RegisterExtension
    static final Instance zonda = new Instance();

    private UUID vm;
    private String zone;

    @BeforeEach
    void make_a_zone() {
        vm = zonda.create(Instance.withNics(zonda.payload("web01"), Instance.nic("10.99.0.200/24")));
        zone = vm.toString();
    }

    @AfterEach
    void leave_nothing() {
        zonda.deleteAll();
        assertThat(zonda.leftovers().ofZones()).isEmpty();
    }

    private String good(String tool, String... words) {
        Ran ran = zonda.run(tool, words);
        assertThat(ran.err()).isEmpty();
        assertThat(ran.status()).isZero();
        return ran.out();
    }

    private void refused(int status, String message, String tool, String... words) {
        Ran ran = zonda.run(tool, words);
        assertThat(ran.err()).startsWith(message);
        assertThat(ran.status()).as(ran.toString()).isEqualTo(status);
    }

    private Json.Obj nic() {
        return zonda.get(vm).array("nics").objects().getFirst();
    }

    @Test
    void a_configuration_is_shown_as_people_and_as_scripts_read_it() {
        assertThat(good("zonecfg", "-z", zone, "info"))
                .startsWith("zonename: " + zone + "\nzonepath: "
                        + zonda.datasetRoot(vm).getParent() + "\nbrand: "
                        + "joyent-minimal\nautoboot: true\nbootargs:\npool:\nlimitpriv:\nscheduling-class:\n"
                        + "ip-type: exclusive\nhostid:\nfs-allowed:\nnet:\n\taddress not specified\n")
                .contains("\tglobal-nic: stub0\n\tmac-addr: " + nic().string("mac", "") + "\n\tphysical: net0\n")
                .contains("\tproperty: (name=ips,value=\"10.99.0.200/24\")\n")
                .contains("rctl:\n\tname: zone.max-physical-memory\n"
                        + "\tvalue: (priv=privileged,limit=67108864,action=deny)\n")
                .contains("attr:\n\tname: alias\n\ttype: string\n\tvalue: d2ViMDE=\n")
                .doesNotContain("zonda-properties");
        assertThat(good("zonecfg", "-z", "web01", "info autoboot; info brand"))
                .isEqualTo("autoboot: true\nbrand: joyent-minimal\n");
        assertThat(good("zonecfg", "-z", zone, "info", "attr", "name=alias"))
                .isEqualTo("attr:\n\tname: alias\n\ttype: string\n\tvalue: d2ViMDE=\n");
        assertThat(good("zonecfg", "-z", zone, "info", "attr", "name=nothing")).isEqualTo("No such attr resource.\n");
        assertThat(good("zonecfg", "-z", zone, "export"))
                .startsWith("create -b\nset zonepath=")
                .contains("add net\nset physical=net0\n")
                .contains("add property (name=ips,value=\"10.99.0.200/24\")\n"
                        + "add property (name=primary,value=\"true\")\nend\n");
    }

    @Test
    void a_change_is_an_update_of_the_vm_that_runs() {
        good("zonecfg", "-z", zone, "set autoboot=false; set max-lwps=333");
        assertThat(zonda.get(vm).bool("autoboot", true)).isFalse();
        assertThat(Cgroup.of(zonda, vm).processLimit()).isEqualTo(333);

        Ran ran = zonda.feed("""
                # the second address goes live
                select net physical=net0
                remove property (name=ips)
                add property (name=ips,value="10.99.0.200/24,10.99.0.201/24")
                end
                add attr
                set name=owner-uuid
                set value=9f0de8a5-1c1c-4f4c-a1f2-bb4e53c2a0aa
                end
                remove rctl name=zone.cpu-cap
                add rctl
                set name=zone.cpu-cap
                add value (priv=privileged,limit=150,action=deny)
                end
                commit
                exit
                set autoboot=true
                """.replace("remove rctl name=zone.cpu-cap\n", ""), "zonecfg", "-z", zone);
        assertThat(ran.err()).isEmpty();
        assertThat(ran.status()).isZero();
        assertThat(zonda.sh(vm, "ip -4 addr show dev net0 | grep -c inet")).isEqualTo("2");
        Json.Obj now = zonda.get(vm);
        assertThat(now.string("owner_uuid", "")).isEqualTo("9f0de8a5-1c1c-4f4c-a1f2-bb4e53c2a0aa");
        assertThat(now.integer("cpu_cap", 0)).isEqualTo(150);
        assertThat(now.bool("autoboot", true))
                .as("what follows exit is not read")
                .isFalse();

        good("zonecfg", "-z", zone, "remove rctl name=zone.cpu-cap");
        assertThat(zonda.get(vm).has("cpu_cap")).isFalse();
    }

    @Test
    void what_is_wrong_is_said_and_changes_nothing() {
        Json.Obj before = zonda.get(vm);
        refused(2, "zonecfg: -z is missing", "zonecfg", "info");
        refused(
                1,
                "zonecfg: " + new UUID(1, 2) + ": No such zone configured",
                "zonecfg",
                "-z",
                "" + new UUID(1, 2),
                "info");
        refused(2, "zonecfg: a zone has no property frobs", "zonecfg", "-z", zone, "set autoboot=false; set frobs=1");
        refused(2, "zonecfg: commit: end or cancel the net first", "zonecfg", "-z", zone, "add net");
        refused(2, "zonecfg: a net has no property color", "zonecfg", "-z", zone, "add net; set color=red; end");
        refused(2, "zonecfg: limit is missing in (priv=p)", "zonecfg", "-z", zone, "add rctl; add value (priv=p)");
        refused(
                1,
                "zonecfg: no net resource matches: physical=net7",
                "zonecfg",
                "-z",
                zone,
                "select net physical=net7");
        refused(1, "zonecfg: brand of a zone", "zonecfg", "-z", zone, "set brand=lx");
        refused(1, "zonecfg: zonepath of a zone", "zonecfg", "-z", zone, "set zonepath=/elsewhere");
        refused(2, "zonecfg: create: the zone is there", "zonecfg", "-z", zone, "create -b");
        refused(2, "zonecfg: a limit is a number, and many is none", "zonecfg", "-z", zone, "set max-lwps=many");
        refused(
                1,
                "zonecfg: ",
                "zonecfg",
                "-z",
                zone,
                "select net physical=net0; add property (name=ips,value=\"nonsense\"); end");
        Json.Obj after = zonda.get(vm);
        assertThat(after.without("last_modified")).isEqualTo(before.without("last_modified"));
    }

    @Test
    void a_zone_is_booted_and_ended_and_autoboot_stays_as_it_is() {
        assertThat(good("zoneadm", "-z", zone, "list", "-p")).matches("\\d+:" + zone + ":running:.*\n");
        assertThat(good("zoneadm", "list", "-v").lines().map(line -> line.trim().split(" +")))
                .satisfiesExactly(
                        header -> assertThat(header).containsExactly("ID", "NAME", "STATUS", "PATH", "BRAND", "IP"),
                        global -> assertThat(global).startsWith("0", "global", "running", "/"),
                        one -> assertThat(one).contains(zone, "running", "joyent-minimal", "excl"));
        refused(1, "zoneadm: zone '" + zone + "': zone is already booted", "zoneadm", "-z", zone, "boot");
        long init = zonda.init(vm);
        good("zoneadm", "-z", zone, "reboot");
        assertThat(zonda.init(vm)).isNotEqualTo(init);

        good("zoneadm", "-z", "web01", "halt");
        assertThat(zonda.state(vm)).isEqualTo("stopped");
        assertThat(zonda.get(vm).bool("autoboot", false)).isTrue();
        assertThat(good("zoneadm", "list")).isEqualTo("global\n");
        assertThat(good("zoneadm", "list", "-i")).isEqualTo("global\n" + zone + "\n");
        assertThat(good("zoneadm", "list", "-c")).isEqualTo("global\n" + zone + "\n");
        refused(2, "zoneadm: -p and -v exclude each other", "zoneadm", "list", "-pv");
        refused(1, "zoneadm: zone '" + zone + "': must be running before halt.", "zoneadm", "-z", zone, "halt");
        refused(1, "zoneadm: zone '" + zone + "': must be running before reboot.", "zoneadm", "-z", zone, "reboot");
        good("zoneadm", "-z", zone, "verify");

        good("zoneadm", "-u", zone, "boot");
        assertThat(zonda.state(vm)).isEqualTo("running");
        good("zoneadm", "-z", zone, "shutdown", "-r");
        assertThat(zonda.state(vm)).isEqualTo("running");
        good("zoneadm", "-z", zone, "shutdown");
        assertThat(zonda.state(vm)).isEqualTo("stopped");

        refused(2, "zoneadm: -z is missing", "zoneadm", "boot");
        refused(2, "zoneadm: no command is called frob", "zoneadm", "-z", zone, "frob");
        refused(1, "zoneadm: ready is not supported", "zoneadm", "-z", zone, "ready");
        assertThat(good("zoneadm", "help")).startsWith("usage: zoneadm list");
    }

    @Test
    void a_zone_is_uninstalled_and_installed_again_and_cloned() {
        String said = "zoneadm: zone '" + zone + "': ";
        Path index = zonda.root().resolve("etc/zones/index");
        good("zlogin", zone, "touch /root/mine");
        refused(
                1,
                said + "uninstall operation is invalid for running zones.",
                "zoneadm",
                "-z",
                zone,
                "uninstall",
                "-F");
        refused(1, said + "zone is already installed.", "zoneadm", "-z", zone, "install");
        good("zoneadm", "-z", zone, "halt");
        refused(1, said + "input is not from a terminal", "zoneadm", "-z", zone, "uninstall");

        good("zoneadm", "-z", zone, "mark", "incomplete");
        assertThat(index).content().contains(zone + ":incomplete:");
        refused(1, said + "zone is incomplete; uninstall is required.", "zoneadm", "-z", zone, "install");
        assertThat(zonda.vmadm("start", zone).status()).isEqualTo(1);
        good("zoneadm", "-z", zone, "uninstall", "-F");
        assertThat(good("zoneadm", "-z", zone, "list", "-p")).startsWith("-:" + zone + ":configured:");
        assertThat(index).content().contains(zone + ":configured:");
        assertThat(zonda.run("zfs", "list", "-H", "-o", "name").out()).doesNotContain(zone);
        refused(1, "zoneadm: could not verify zonepath: no dataset", "zoneadm", "-z", zone, "verify");
        refused(1, said + "must be installed before uninstall.", "zoneadm", "-z", zone, "uninstall", "-F");

        good("zoneadm", "-z", zone, "install");
        good("zoneadm", "-z", zone, "verify");
        good("zoneadm", "-z", zone, "boot");
        assertThat(good("zlogin", zone, "ls /root; hostname")).isEqualTo("web01\n");

        good("zlogin", zone, "touch /root/cloned");
        String other = zonda.create(zonda.payload("web02")).toString();
        good("zoneadm", "-z", other, "halt");
        good("zoneadm", "-z", other, "uninstall", "-F");
        said = "zoneadm: zone '" + other + "': ";
        refused(1, said + "clone operation is invalid for running zones.", "zoneadm", "-z", other, "clone", zone);
        good("zoneadm", "-z", zone, "halt");
        String no = "zones/" + zone + "@no";
        refused(1, "zoneadm: " + no + " is no snapshot of", "zoneadm", "-z", other, "clone", "-s", no, zone);
        good("zoneadm", "-z", other, "clone", zone);
        good("zoneadm", "-z", other, "boot");
        assertThat(good("zlogin", other, "ls /root; hostname")).isEqualTo("cloned\nweb02\n");
        assertThat(good("zfs", "get", "-H", "-o", "value", "origin", "zones/" + other))
                .isEqualTo("zones/" + zone + "@SUNWzone1\n");
        assertThat(zonda.vmadm("delete", other).status()).isZero();
    }

    @Test
    void the_record_is_the_zone_xml_and_zones_of_a_smartos_host_are_vms() throws IOException {
        Path zones = zonda.root().resolve("etc/zones");
        assertThat(zones.resolve(zone + ".xml"))
                .content()
                .contains("<zone name=\"" + zone + "\"", "zonecfg.dtd.1", "name=\"zone.max-lwps\"");
        assertThat(zones.resolve("index")).content().contains(zone + ":installed:");

        zonda.stop();
        UUID foreign = UUID.randomUUID();
        Files.writeString(
                zones.resolve(foreign + ".xml"),
                "<!DOCTYPE zone PUBLIC \"-//Sun Microsystems Inc//DTD Zones//EN\" \"file:///nowhere\">\n"
                        + "<zone name=\"" + foreign + "\" zonepath=\"/zones/" + foreign + "\" autoboot=\"false\""
                        + " brand=\"joyent\" limitpriv=\"default\">\n"
                        + "  <attr name=\"alias\" type=\"string\" value=\"b2xk\"/>\n"
                        + "  <rctl name=\"zone.max-lwps\"><rctl-value priv=\"privileged\" limit=\"77\" action=\"deny\"/>"
                        + "</rctl>\n</zone>\n");
        zonda.start(Map.of());

        Json.Obj taken = zonda.get(foreign);
        assertThat(taken.string("alias", "")).isEqualTo("old");
        assertThat(taken.integer("max_lwps", 0)).isEqualTo(77);
        assertThat(taken.string("state", "")).isEqualTo("stopped");
        assertThat(zonda.state(vm)).as("ours runs on").isEqualTo("running");
        refused(1, "zoneadm: could not verify zonepath: no dataset", "zoneadm", "-z", "old", "verify");
        assertThat(zonda.vmadm("delete", "old").status()).isZero();
    }

    @Test
    void a_file_that_is_edited_is_what_get_shows_and_what_the_zone_boots_with() throws IOException {
        Path file = zonda.root().resolve("etc/zones/" + zone + ".xml");
        String before = Files.readString(file);
        String written = before.replace("limit=\"2000\"", "limit=\"321\"")
                .replace("&quot;tags&quot;:{}", "&quot;tags&quot;:{&quot;a&quot;:1}");
        assertThat(written).contains("321", "&quot;a&quot;:1");

        Files.writeString(file, written);

        assertThat(Await.until(Instance.LIMIT, () -> zonda.get(vm).integer("max_lwps", 0) == 321))
                .isTrue();
        assertThat(zonda.get(vm).object("tags").compact()).isEqualTo("{\"a\":1}");
        assertThat(zonda.vmadm("reboot", "-F", zone).status()).isZero();
        assertThat(Cgroup.of(zonda, vm).processLimit()).isEqualTo(321);

        Files.writeString(
                file, written.replace("limit=\"321\"", "limit=\"322\"").replace("joyent-minimal", "lx"));
        assertThat(Await.until(Instance.LIMIT, () -> zonda.daemon().log().contains("brand can't change")))
                .isTrue();
        assertThat(zonda.get(vm).integer("max_lwps", 0)).isEqualTo(321);
    }
}
