package zonda.vm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import zonda.base.Json;
import zonda.base.OpException;

class ZoneXmlTest {
    private static final UUID VM = UUID.fromString("5a7b2f0e-55a7-4d3c-9f6e-0d6f3f4b9c11");
    private static final Path ZONEPATH = Path.of("/zones", VM.toString());
    private static final PropertyTable TABLE = PropertyTable.load();

    private final ZoneXml xml = new ZoneXml(TABLE);

    private static Json.Obj config() {
        return Json.parseObject("""
                {"uuid": "%1$s", "zonename": "%1$s", "brand": "joyent-minimal", "autoboot": false,
                 "alias": "web & <more>", "limit_priv": ["default", "dtrace_user"], "v": 1,
                 "image_uuid": "3d2a4d3e-1c3c-4f0b-9a51-74d4b1c5a001", "max_physical_memory": 512, "max_swap": 1024,
                 "cpu_cap": 150, "cpu_shares": 100, "max_lwps": 2000, "tmpfs": 256, "quota": 5,
                 "resolvers": ["9.9.9.9", "2620:fe::fe"], "restart_init": true,
                 "nics": [{"nic_tag": "stub0", "ips": ["10.0.0.2/24", "fd00::2/64"], "gateways": ["10.0.0.1"],
                           "mac": "02:08:20:11:22:33", "interface": "net0", "vlan_id": 0, "primary": true,
                           "blocked_outgoing_ports": ["25", "587"], "allow_ip_spoofing": true}],
                 "filesystems": [{"type": "lofs", "source": "/srv", "target": "/mnt", "options": ["ro", "nodevices"]}],
                 "customer_metadata": {"user-script": "#!/bin/sh\\necho '\\u00e4'\\n", "n": 4},
                 "tags": {"role": "web", "count": 3, "live": true}}
                """.formatted(VM));
    }

    private Json.Obj again(Json.Obj properties) {
        return xml.read(XmlElement.parse(xml.write(properties, ZONEPATH).text()), VM);
    }

    @Test
    void what_is_written_is_what_is_read() {
        assertThat(again(config())).isEqualTo(config());
    }

    @Test
    void each_property_is_where_zonecfg_has_it() {
        String text = xml.write(config(), ZONEPATH).text();
        assertThat(text)
                .startsWith("<zone name=\"" + VM + "\" zonepath=\"/zones/" + VM + "\" autoboot=\"false\""
                        + " brand=\"joyent-minimal\" ip-type=\"exclusive\" limitpriv=\"default,dtrace_user\">\n")
                .contains("  <attr name=\"alias\" type=\"string\" value=\"d2ViICYgPG1vcmU+\"/>\n")
                .contains("  <attr name=\"resolvers\" type=\"string\" value=\"9.9.9.9,2620:fe::fe\"/>\n")
                .contains("""
                          <rctl name="zone.max-physical-memory">
                            <rctl-value priv="privileged" limit="536870912" action="deny"/>
                          </rctl>
                        """)
                .contains("""
                          <rctl name="zone.cpu-shares">
                            <rctl-value priv="privileged" limit="100" action="none"/>
                          </rctl>
                        """)
                .contains("<filesystem special=\"/srv\" directory=\"/mnt\" type=\"lofs\">")
                .contains("    <net-attr name=\"ips\" value=\"10.0.0.2/24,fd00::2/64\"/>\n")
                .containsPattern("<network [^>]*global-nic=\"stub0\"");
    }

    /** What tools of others look for in the file's text, and what zonecfg(8) itself can't hold as it is. */
    @Test
    void what_other_tools_read_of_the_file_is_written_letter_by_letter() {
        Json.Obj machine = Json.parseObject("""
                {"uuid": "%1$s", "zonename": "%1$s", "brand": "kvm", "autoboot": true, "do_not_inventory": true,
                 "vnc_password": "hush", "spice_password": "shh", "spice_opts": "-x", "qemu_opts": "-a b",
                 "qemu_extra_opts": "-c", "bhyve_extra_opts": "-d", "nics": [], "datasets": ["zones/%1$s/data"],
                 "disks": [{"path": "/dev/zvol/rdsk/zones/%1$s-disk0", "boot": true, "size": 64}]}
                """.formatted(VM));

        assertThat(xml.write(machine, ZONEPATH).text())
                .contains(
                        "<attr name=\"do-not-inventory\" type=\"string\" value=\"true\"/>",
                        "<attr name=\"vnc-password\" type=\"string\" value=\"aHVzaA==\"/>",
                        "<attr name=\"spice-password\" type=\"string\" value=\"c2ho\"/>",
                        "<attr name=\"spice-opts\" type=\"string\" value=\"LXg=\"/>",
                        "<attr name=\"qemu-opts\" type=\"string\" value=\"LWEgYg==\"/>",
                        "<attr name=\"qemu-extra-opts\" type=\"string\" value=\"LWM=\"/>",
                        "<attr name=\"bhyve-extra-opts\" type=\"string\" value=\"LWQ=\"/>",
                        "<dataset name=\"zones/" + VM + "/data\"/>",
                        "<device match=\"/dev/zvol/rdsk/zones/" + VM + "-disk0\">",
                        "<net-attr name=\"boot\" value=\"true\"/>");
        assertThat(xml.write(config(), ZONEPATH).text()).contains("<fsoption name=\"ro\"/>");
        assertThat(again(machine)).isEqualTo(machine);
    }

    @Test
    void only_what_zonecfg_has_no_place_for_is_kept_apart() {
        XmlElement zone = xml.write(config(), ZONEPATH);
        String rest = zone.children("attr").stream()
                .filter(attr -> attr.attribute("name", "").equals(ZoneXml.REST))
                .findFirst()
                .orElseThrow()
                .attribute("value", "");
        assertThat(Json.parseObject(rest).members()).containsOnlyKeys("quota", "customer_metadata", "tags");
    }

    @Test
    void a_file_that_a_smartos_host_wrote_is_read() {
        String written = """
                <?xml version="1.0" encoding="UTF-8"?>
                <!DOCTYPE zone PUBLIC "-//Sun Microsystems Inc//DTD Zones//EN" "file:///nowhere/zonecfg.dtd.1">
                <!-- a comment -->
                <zone name="web" zonepath="/zones/web" autoboot="true" brand="lx" ip-type="exclusive" debugid="168"
                      limitpriv="default,-file_link_any" fs-allowed="ufs,pcfs">
                  <attr name="vm-version" type="string" value="1"/>
                  <attr name="dataset-uuid" type="string" value="3d2a4d3e-1c3c-4f0b-9a51-74d4b1c5a001"/>
                  <attr name="alias" type="string" value="dGhlIHdvcmtz"/>
                  <attr name="kernel-version" type="string" value="4.10"/>
                  <attr name="do-not-inventory" type="string" value="true"/>
                  <attr name="default-gateway" type="string" value="10.1.1.1"/>
                  <attr name="made-up" type="string" value="x"/>
                  <dataset name="zones/web/data"/>
                  <rctl name="zone.max-lwps"><rctl-value priv="privileged" limit="3000" action="deny"/></rctl>
                  <rctl name="zone.max-swap"><rctl-value priv="privileged" limit="536870912" action="deny"/></rctl>
                  <network allowed-address="10.1.1.2" physical="net1" mac-addr="02:08:20:11:22:33" vlan-id="1337"
                           global-nic="admin">
                    <net-attr name="ip" value="10.1.1.2"/>
                    <net-attr name="netmask" value="255.255.255.0"/>
                    <net-attr name="allowed_ips" value="10.1.1.3,10.1.1.4"/>
                    <net-attr name="blocked_outgoing_ports" value="25,587"/>
                    <net-attr name="dhcp_server" value="true"/>
                  </network>
                  <device match="/dev/zvol/rdsk/zones/web/disk0">
                    <net-attr name="boot" value="true"/>
                    <net-attr name="pci-slot" value="0:4:0"/>
                    <net-attr name="image-size" value="10240"/>
                  </device>
                </zone>
                """;
        assertThat(xml.read(XmlElement.parse(written), VM)).isEqualTo(Json.parseObject("""
                                {"uuid": "%s", "zonename": "web", "brand": "lx", "autoboot": true,
                                 "limit_priv": ["default", "-file_link_any"], "fs_allowed": ["ufs", "pcfs"], "v": 1,
                                 "image_uuid": "3d2a4d3e-1c3c-4f0b-9a51-74d4b1c5a001", "alias": "the works",
                                 "kernel_version": "4.10", "do_not_inventory": true, "max_lwps": 3000, "max_swap": 512,
                                 "datasets": ["zones/web/data"],
                                 "disks": [{"path": "/dev/zvol/rdsk/zones/web/disk0", "boot": true,
                                            "pci_slot": "0:4:0", "image_size": 10240}],
                                 "nics": [{"interface": "net1", "mac": "02:08:20:11:22:33", "vlan_id": 1337,
                                           "nic_tag": "admin", "ip": "10.1.1.2", "netmask": "255.255.255.0",
                                           "allowed_ips": ["10.1.1.3", "10.1.1.4"],
                                           "blocked_outgoing_ports": ["25", "587"], "dhcp_server": true}]}
                                """.formatted(VM)));
    }

    /** Whatever a payload may hold: any text, numbers where text is usual, empty lists, members nobody knows. */
    @Test
    void volumes_of_a_smartos_host_are_read_by_their_numbers_and_other_disks_stay_where_they_are() {
        String volume = "/dev/zvol/rdsk/zones/" + VM + "/disk";
        String devices = Stream.of(volume + "10", "/install.iso", volume + "2", volume + "0")
                .map("<device match='%s'><net-attr name='model' value='virtio'/></device>"::formatted)
                .collect(Collectors.joining());

        Json.Obj read = xml.read(
                XmlElement.parse(
                        "<zone name='%1$s' zonepath='/zones/%1$s' brand='bhyve'>%2$s</zone>".formatted(VM, devices)),
                VM);

        assertThat(read.array("disks").objects().stream().map(disk -> disk.string("path", "")))
                .containsExactly(volume + "0", "/install.iso", volume + "2", volume + "10");
    }

    @Test
    void any_properties_come_back() {
        long seed = Long.getLong("zonda.seed", System.nanoTime());
        var random = new Random(seed);
        for (int round = 0; round < 2000; round++) {
            Json.Obj properties = config();
            for (Property property : TABLE.all()) {
                if (property.array().isEmpty()
                        && random.nextInt(4) == 0
                        && !List.of("uuid", "zonename", "brand", "autoboot", "nics")
                                .contains(property.name())) {
                    properties = properties.with(property.name(), anything(random, 2));
                }
            }
            properties = properties.with("nics", new Json.Arr(List.of(anyNic(random), anyNic(random))));
            assertThat(again(properties)).as("seed " + seed).isEqualTo(properties);
        }
    }

    private static Json.Obj anyNic(Random random) {
        Json.Obj nic = Json.object().with("mac", "02:08:20:11:22:3" + random.nextInt(10));
        for (String member : TABLE.members("nics")) {
            if (random.nextInt(4) == 0) {
                nic = nic.with(member, anything(random, 1));
            }
        }
        return nic;
    }

    private static Json anything(Random random, int depth) {
        return switch (random.nextInt(depth == 0 ? 4 : 6)) {
            case 0 -> Json.of(random.nextLong(-1000, 1L << 40));
            case 1 -> Json.of(random.nextBoolean());
            case 2 -> Json.of(anyText(random));
            case 3 -> new Json.Null();
            case 4 -> {
                List<Json> items = new ArrayList<>();
                for (int i = random.nextInt(3); i > 0; i--) {
                    items.add(anything(random, depth - 1));
                }
                yield new Json.Arr(items);
            }
            default -> Json.object().with(anyText(random), anything(random, depth - 1));
        };
    }

    private static String anyText(Random random) {
        int[] alphabet = "a,\"<&\u0001\uffff\n7 \ud83d\ude00".codePoints().toArray();
        var text = new StringBuilder();
        for (int i = random.nextInt(8); i > 0; i--) {
            text.appendCodePoint(alphabet[random.nextInt(alphabet.length)]);
        }
        return text.toString();
    }

    @Test
    void what_is_not_xml_is_refused_and_nothing_outside_is_read() {
        assertThatThrownBy(() -> XmlElement.parse("garbage"))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("not XML: line 1");
        assertThatThrownBy(() -> XmlElement.parse("<zone name=\"a\">text</zone>"))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("text in <zone>");
        assertThatThrownBy(() -> XmlElement.parse(
                        "<!DOCTYPE z [<!ENTITY e SYSTEM \"file:///etc/passwd\">]><zone name=\"&e;\"/>"))
                .isInstanceOf(OpException.class);
    }
}
