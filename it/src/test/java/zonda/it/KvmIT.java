package zonda.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import zonda.base.Await;
import zonda.base.Json;
import zonda.zones.InitProgram;

/** Hardware VMs with a real guest: its disks, its NIC, its console, its metadata, and what its emulator can reach. */
class KvmIT {
    private static final Duration SOON = Duration.ofSeconds(60);
    private static final long OVERHEAD = 1024;

    @RegisterExtension
    static final Instance zonda = new Instance();

    private static final MachineGuest guest = new MachineGuest(zonda);

    @TempDir
    static Path files;

    private static Path disk;
    private static UUID image;

    @BeforeAll
    static void make_an_image() {
        disk = MachineDisk.make(files);
        image = UUID.randomUUID();
        good("imgadm", "create", "-q", "--from", disk.toString(), "name=machine", "version=1", "uuid=" + image);
    }

    @AfterEach
    void leave_nothing() {
        zonda.deleteAll();
        assertThat(zonda.leftovers().ofZones()).isEmpty();
        assertThat(good("zfs", "list", "-H", "-o", "name", "-t", "volume").lines())
                .containsExactly("zones/" + image);
    }

    private static String good(String tool, String... words) {
        Ran ran = zonda.run(tool, words);
        assertThat(ran.status()).as(ran.toString()).isZero();
        return ran.out();
    }

    private static Json.Obj payload(String brand, String disks, String nics) {
        Json.Obj boot = Json.object().with("boot", true).with("model", disks).with("image_uuid", image.toString());
        Json.Obj data = Json.object().with("model", disks).with("size", 64);
        return Json.object()
                .with("brand", brand)
                .with("alias", "machine")
                .with("ram", 256)
                .with("vcpus", 2)
                .with("disks", new Json.Arr(List.of(boot, data)))
                .with("nics", new Json.Arr(List.of(Instance.nic("dhcp").with("model", nics))));
    }

    @Test
    void a_machine_boots_from_its_image_knows_who_it_is_and_outlives_the_daemon() throws IOException {
        UUID vm = zonda.create(payload("kvm", "virtio", "virtio")
                .with("customer_metadata", Json.object().with("user-script", "true")));
        Json.Obj shown = zonda.get(vm);
        assertThat(shown.string("state", ""))
                .as("it has asked for what it has to do")
                .isEqualTo("running");
        assertThat(zonda.vmadm("list", "-H", "-o", "type,ram").out()).isEqualTo("KVM   256\n");
        assertThat(shown.integer("max_physical_memory", 0)).isEqualTo(256 + OVERHEAD);
        assertThat(shown.array("disks").objects().getFirst().string("path", ""))
                .isEqualTo("/dev/zvol/rdsk/zones/" + vm + "-disk0");

        Map<String, String> facts = guest.facts(vm);
        assertThat(facts)
                .containsEntry("alias", "machine")
                .containsEntry("product", "SmartDC HVM")
                .containsEntry("serial", vm.toString())
                .containsEntry("cpus", "2")
                .containsEntry("disks", "vda:98304 vdb:131072")
                .containsEntry("mac", shown.array("nics").objects().getFirst().string("mac", ""))
                .containsEntry("address", guest.address(vm) + "/24");
        assertThat(Long.parseLong(facts.get("memory"))).isBetween(200_000L, 262_144L);
        assertThat(zonda.vmadm("info", vm.toString(), "status")
                        .json()
                        .object("status")
                        .string("status", ""))
                .isEqualTo("running");
        assertThat(zonda.vmadm("info", vm.toString(), "none").err()).isEqualTo("unknown info type none\n");
        reachesNothingElse(vm);

        long emulator = zonda.init(vm);
        zonda.kill9();
        zonda.restart();
        assertThat(zonda.init(vm)).isEqualTo(emulator);
        assertThat(zonda.state(vm)).isEqualTo("running");

        guest.type(vm, "printf kept > /dev/vdb; sync; echo do''ne", "done");
        guest.type(vm, "echo $(ls -d /sys/class/net/eth0/queues/rx-*)", "rx-0 /sys/class/net/eth0/queues/rx-1");
        good("vmadm", "create-snapshot", vm.toString(), "one");
        assertThat(zonda.vmadm("info", vm.toString(), "status")
                        .json()
                        .object("status")
                        .string("status", ""))
                .as("after it had stood still")
                .isEqualTo("running");
        guest.type(vm, "printf lost > /dev/vdb; sync; echo do''ne", "done");
        disksComeGrowAndGoWhileItRuns(vm);
        good("vmadm", "stop", vm.toString());
        assertThat(zonda.state(vm)).isEqualTo("stopped");
        assertThat(zonda.get(vm).integer("exit_status", -1))
                .as("by its own power button")
                .isZero();

        good("vmadm", "rollback-snapshot", vm.toString(), "one");
        assertThat(zonda.state(vm)).isEqualTo("stopped");
        good("vmadm", "delete-snapshot", vm.toString(), "one");
        assertThat(good("zfs", "list", "-H", "-o", "name", "-t", "snapshot")).doesNotContain(vm.toString());
        good("vmadm", "update", vm.toString(), "vcpus=1");
        disksComeAndGo(vm);
        startsFromCdOnce(vm);
        assertThat(guest.facts(vm)).containsEntry("cpus", "1");
        guest.type(vm, "head -c 4 /dev/vdb; echo .", "kept.");
    }

    /** Its CD says something and resets the machine, which then boots from its disk. */
    private static void startsFromCdOnce(UUID vm) throws IOException {
        Path cd = BootableCd.make(files.resolve("once.iso"), "from the CD");
        assertThat(zonda.vmadm("start", vm.toString(), "order=cd,once=x").err())
                .contains("Invalid boot order: \"order=cd,once=x\"");
        assertThat(zonda.vmadm("start", vm.toString(), "cdrom=" + cd + ",nvme").err())
                .contains("\"nvme\" is not a valid disk model for kvm brand");
        assertThat(zonda.vmadm("start", vm.toString(), "cdrom=/none,ide").err())
                .contains("disk /none is neither in the VM's zone root nor on the host");
        assertThat(zonda.state(vm)).isEqualTo("stopped");
        good("vmadm", "start", vm.toString(), "order=cd,once=d", "cdrom=" + cd + ",ide");
        assertThat(Await.until(SOON, () -> good("vmadm", "logs", vm.toString()).contains("from the CD")))
                .isTrue();
        assertThat(zonda.get(vm).array("disks").objects()).hasSize(2);
    }

    @Test
    void a_machine_starts_the_kernel_of_its_zone_root_without_a_boot_loader() throws IOException {
        Json.Obj bhyve = payload("bhyve", "virtio", "virtio");
        assertThat(refusal(bhyve.with("boot", "direct"))).contains("kernel: boot direct needs one");
        assertThat(refusal(bhyve.with("kernel", "/vmlinuz"))).contains("kernel: is for machines with boot direct only");
        Json.Obj direct = bhyve.with("boot", "direct").with("kernel", "/boot/vmlinuz");
        assertThat(refusal(direct.with("initrd", "/../initrd"))).contains("\"/../initrd\" is no absolute path");
        assertThat(refusal(direct.with("bootrom", "uefi"))).contains("bootrom: with boot direct it must be bios");
        assertThat(refusal(direct)).contains("kernel: /boot/vmlinuz is no file of the VM's zone root");
        assertThat(refusal(direct.with("zone_dataset_uuid", image.toString())))
                .contains("image " + image + " is type zvol, but must be one of: [\"lx-dataset\",\"docker\"]");
        UUID vm = zonda.create(direct.with(
                        "zone_dataset_uuid",
                        MachineDisk.installKernel(zonda, disk, files).toString())
                .with("initrd", "/boot/initrd")
                .with("cmdline", "console=ttyS0 quiet no_timer_check random.trust_cpu=on told=directly")
                .with("autoboot", false));

        Path boot = zonda.datasetRoot(vm).resolve("boot");
        assertThat(Files.getPosixFilePermissions(boot.resolve("vmlinuz")))
                .isEqualTo(PosixFilePermissions.fromString("rw-r--r--"));
        assertThat(zonda.datasetRoot(vm).resolve("etc"))
                .as("nothing else of the image")
                .doesNotExist();
        Files.createSymbolicLink(boot.resolve("initrd"), Path.of("/etc/hostname"));
        assertThat(zonda.vmadm("start", vm.toString()).err()).contains("is no file of the VM's zone root");
        Files.delete(boot.resolve("initrd"));
        MachineDisk.copy(disk, "initrd", boot);
        Files.setPosixFilePermissions(boot.resolve("initrd"), PosixFilePermissions.fromString("rw-------"));
        assertThat(zonda.vmadm("start", vm.toString()).err())
                .contains("initrd: QEMU")
                .contains("chmod o+r");
        Files.setPosixFilePermissions(boot.resolve("initrd"), PosixFilePermissions.fromString("rw-r--r--"));
        good("vmadm", "start", vm.toString());

        assertThat(guest.facts(vm))
                .containsEntry("product", "SmartDC HVM")
                .containsEntry("disks", "vda:98304 vdb:131072");
        guest.type(vm, "cat /proc/cmdline | sed s/told/was/", "was=directly");
    }

    @Test
    void a_guest_that_has_something_to_do_and_says_nothing_is_being_provisioned_until_it_ends() {
        Json.Obj work = Json.object().with("user-script", "true");
        Json.Obj silent = payload("kvm", "virtio", "virtio")
                .with("customer_metadata", work)
                .with("nowait", true)
                .with("nics", new Json.Arr(List.of()))
                .with("boot", "order=n");
        UUID vm = zonda.create(silent);
        assertThat(zonda.state(vm)).isEqualTo("provisioning");
        assertThat(good("vmadm", "why", vm.toString()))
                .contains("its guest has yet to ask for its metadata at the serial port, or to run an agent; 300 s");
        zonda.kill9();
        zonda.restart();
        assertThat(zonda.state(vm)).isEqualTo("provisioning");
        good("vmadm", "stop", "-F", vm.toString());
        assertThat(Await.until(SOON, () -> zonda.state(vm).equals("stopped"))).isTrue();
        good("vmadm", "start", vm.toString());
        assertThat(zonda.state(vm)).as("it has been provisioned").isEqualTo("running");
    }

    @Test
    void serial_ports_are_joined_to_what_the_payload_says() throws IOException {
        Json.Obj bare = Json.object().with("brand", "bhyve").with("ram", 64);
        UUID vm = zonda.create(bare.with("com1", "socket,/tmp/first").with("com2", "/dev/zconsole"));
        Path sockets = zonda.datasetRoot(vm).resolve("tmp");
        assertThat(sockets.resolve("first")).exists();
        assertThat(sockets.resolve("vm.console")).exists();
        assertThat(zonda.get(vm).string("com1", "")).isEqualTo("socket,/tmp/first");
        good("vmadm", "update", vm.toString(), "com2=");
        good("vmadm", "reboot", "-F", vm.toString());
        assertThat(zonda.get(vm).string("com2", "")).isEqualTo("socket,/tmp/vm.ttyb");
        assertThat(zonda.onTerminal("vmadm", "console", vm.toString()).ran(SOON).err())
                .contains("VM " + vm + " has no console: neither com1 nor com2 is /dev/zconsole");
    }

    private static Json.Obj vnc(UUID vm) {
        return zonda.vmadm("info", vm.toString(), "vnc").json().object("vnc");
    }

    private static long freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }

    @Test
    void a_display_is_served_at_the_admin_address_and_asks_for_its_password() throws IOException {
        Json.Obj bare = Json.object().with("ram", 64).with("vga", "qxl");
        UUID vm = zonda.create(bare.with("brand", "kvm").with("vnc_password", "secret"));
        long port = vnc(vm).integer("port", 0);
        assertThat(vnc(vm).string("host", "")).isEqualTo("127.0.0.1");
        assertThat(Rfb.letsIn(port, "secret")).isTrue();
        assertThat(Rfb.letsIn(port, "guess")).isFalse();
        assertThat(Rfb.letsIn(port, "")).isFalse();
        assertThat(Files.readString(Path.of("/proc/" + zonda.init(vm) + "/cmdline")))
                .doesNotContain("secret");
        assertThat(zonda.vmadm("info", vm.toString(), "spice")
                        .json()
                        .object("spice")
                        .has("port"))
                .as("without a password SPICE is not served")
                .isFalse();

        zonda.kill9();
        zonda.restart();
        assertThat(Rfb.letsIn(vnc(vm).integer("port", 0), "secret")).isTrue();
        long chosen = freePort();
        good("vmadm", "update", vm.toString(), "vnc_port=" + chosen, "vnc_password=other", "spice_password=spiced");
        assertThat(vnc(vm).integer("port", 0)).isEqualTo(chosen);
        assertThat(Rfb.letsIn(chosen, "other")).isTrue();
        assertThat(Rfb.letsIn(chosen, "secret")).isFalse();
        Json.Obj spice = zonda.vmadm("info", vm.toString(), "spice").json().object("spice");
        assertThat(Spice.answers(spice.integer("port", 0))).isTrue();
        good("vmadm", "update", vm.toString(), "vnc_password=");
        assertThat(Rfb.letsIn(chosen, "")).isTrue();

        conflictsOfPorts(vm, chosen);
        good("vmadm", "update", vm.toString(), "vnc_port=-1");
        assertThat(vnc(vm).members()).containsOnlyKeys("socket");
        good("vmadm", "reboot", "-F", vm.toString());
        assertThat(zonda.vmadm("info", vm.toString(), "status")
                        .json()
                        .object("status")
                        .bool("running", false))
                .isTrue();
    }

    private static void conflictsOfPorts(UUID vm, long chosen) throws IOException {
        Json.Obj other = Json.object().with("brand", "bhyve").with("ram", 64).with("vnc_port", chosen);
        assertThat(zonda.feed(other.compact(), "vmadm", "create").err())
                .contains("vnc_port " + chosen + " is that of VM " + vm);
        assertThat(refusal(other.with("vnc_password", "123456789")))
                .contains("VNC password is too long, maximum length is 8 characters.");
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            Ran ran = zonda.vmadm("update", vm.toString(), "vnc_port=" + taken.getLocalPort());
            assertThat(ran.err()).contains("port " + taken.getLocalPort()).contains("in use");
            assertThat(ran.status()).isEqualTo(1);
        }
        assertThat(zonda.get(vm).integer("vnc_port", 0)).isEqualTo(chosen);
        assertThat(vnc(vm).integer("port", 0)).isEqualTo(chosen);
    }

    private static void disksComeGrowAndGoWhileItRuns(UUID vm) {
        update(vm, "{\"add_disks\": [{\"model\": \"virtio\", \"size\": 32}]}");
        guest.type(vm, "sleep 1; echo new > /dev/vdc; sync; echo of $(cat /sys/block/vdc/size)", "of 65536");
        String path = "/dev/zvol/rdsk/zones/" + vm + "-disk2";
        update(vm, "{\"update_disks\": [{\"path\": \"" + path + "\", \"size\": 48}]}");
        guest.type(vm, "sleep 1; echo $(head -n 1 /dev/vdc) $(cat /sys/block/vdc/size)", "new 98304");
        update(vm, "{\"remove_disks\": [\"" + path + "\"]}");
        guest.type(vm, "[ -e /sys/block/vdc ] || echo go''ne", "gone");
        assertThat(volumes(vm)).doesNotContain("disk2");
    }

    private static void disksComeAndGo(UUID vm) {
        String second = "/dev/zvol/rdsk/zones/" + vm + "-disk1";
        update(vm, "{\"add_disks\": [{\"model\": \"virtio\", \"size\": 32}]}");
        update(vm, "{\"update_disks\": [{\"path\": \"" + second + "\", \"size\": 80}]}");
        assertThat(volumes(vm))
                .isEqualTo("zones/" + vm + "-disk0\t48M\nzones/" + vm + "-disk1\t80M\nzones/" + vm + "-disk2\t32M\n");
        Ran smaller = zonda.feed(
                "{\"update_disks\": [{\"path\": \"" + second + "\", \"size\": 10}]}", "vmadm", "update", vm.toString());
        assertThat(smaller.err()).contains("cannot resize disk: new size must be greater than current size. (80 > 10)");
        update(vm, "{\"remove_disks\": [\"/dev/zvol/rdsk/zones/" + vm + "-disk2\"]}");
        assertThat(volumes(vm)).doesNotContain("disk2");
    }

    private static void update(UUID vm, String payload) {
        Ran ran = zonda.feed(payload, "vmadm", "update", vm.toString());
        assertThat(ran.status()).as(ran.toString()).isZero();
    }

    private static String volumes(UUID vm) {
        return good("zfs", "list", "-H", "-o", "name,volsize", "-t", "volume")
                .lines()
                .filter(line -> line.contains(vm.toString()))
                .map(line -> line + "\n")
                .collect(Collectors.joining());
    }

    /** Of the process that emulates the machine: who it is, and what it sees. */
    private static void reachesNothingElse(UUID vm) throws IOException {
        Path process = Path.of("/proc/" + zonda.init(vm));
        Map<String, String> status = Files.readAllLines(process.resolve("status")).stream()
                .map(line -> line.split(":\\s*", 2))
                .collect(Collectors.toMap(words -> words[0], words -> words[1]));
        long uid = Long.parseLong(status.get("Uid").split("\\s+")[0]);
        assertThat(uid % (1 << 16)).isEqualTo(InitProgram.EMULATOR.uid());
        assertThat(uid).isGreaterThan(1 << 16);
        assertThat(status)
                .containsEntry("CapEff", "0000000000000000")
                .containsEntry("CapBnd", "0000000000000000")
                .containsEntry("NoNewPrivs", "1")
                .containsEntry("Seccomp", "2");
        assertThat(process.resolve("root").toFile().list())
                .containsExactlyInAnyOrder(
                        "bin", "lib", "lib64", "sbin", "usr", "dev", "proc", "sys", "tmp", ".zonecontrol");
        assertThat(process.resolve("root/dev/zvol/rdsk/zones").toFile().list())
                .containsExactlyInAnyOrder(vm + "-disk0", vm + "-disk1");
        for (String namespace : List.of("user", "pid", "net", "mnt", "ipc", "uts")) {
            assertThat(Files.readSymbolicLink(process.resolve("ns/" + namespace)))
                    .isNotEqualTo(Files.readSymbolicLink(Path.of("/proc/self/ns/" + namespace)));
        }
    }

    @Test
    void a_bhyve_payload_runs_with_the_controllers_it_names() {
        assumeTrue(System.getenv("ZONDA_SLOW_TESTS") != null, "takes a minute; ZONDA_SLOW_TESTS=1 runs it");
        Json.Obj placed = slotted("0:4:0", "0:4:1");
        List<Json> disks = placed.array("disks").objects().stream()
                .<Json>map(disk -> disk.with("model", "nvme"))
                .toList();
        UUID vm = zonda.create(placed.with("disks", new Json.Arr(disks))
                .with("internal_metadata", Json.object().with("cloudinit_datasource", "nocloud")));

        assertThat(zonda.get(vm).array("disks").objects().getFirst().string("path", ""))
                .isEqualTo("/dev/zvol/rdsk/zones/" + vm + "/disk0");
        // Linux looks at several NVMe disks at once, and numbers them as they answer.
        assertThat(guest.facts(vm).get("disks").replaceAll("nvme[01]n1", "nvme").split(" "))
                .containsExactlyInAnyOrder("nvme:98304", "nvme:131072", "vda:32768");
        guest.type(vm, "head -c 49 /dev/vda | tail -c 6; echo .", "CIDATA.");
        guest.type(vm, "ls -d /sys/bus/pci/devices/0000:00:04.*/nvme | wc -l | sed s/2/bo''th/", "both");
        assertThat(good("vmadm", "sysrq", vm.toString(), "screenshot")).isEmpty();
        assertThat(zonda.vmadm("sysrq", vm.toString(), "nmi").err()).isEqualTo("Sent NMI to VM " + vm + "\n");
        assertThat(zonda.vmadm("sysrq", vm.toString(), "dance").err()).startsWith("Invalid sysrq type: dance\n");
        assertThat(zonda.vmadm("sysrq", vm.toString()).err()).startsWith("Wrong number of parameters to \"sysrq\"\n");
        assertThat(zonda.datasetRoot(vm).resolve("tmp/vm.ppm")).isNotEmptyFile();
    }

    @Test
    void an_address_that_was_leased_goes_to_the_next_who_is_to_have_it() {
        String ask = "udhcpc -n -q -t 3 -i net0 -s /bin/true 2>&1";
        UUID first = zonda.create(Instance.withNics(zonda.payload("first"), Instance.nic("dhcp")));
        String address = guest.address(first);
        assertThat(zonda.sh(first, ask)).contains("lease of " + address + " obtained");
        zonda.delete(first);

        UUID second = zonda.create(Instance.withNics(zonda.payload("second"), Instance.nic("dhcp")));

        assertThat(guest.address(second)).isEqualTo(address);
        assertThat(zonda.sh(second, ask)).contains("lease of " + address + " obtained");
    }

    private static String refusal(Json.Obj payload) {
        Ran ran = zonda.feed(payload.compact(), "vmadm", "create");
        assertThat(ran.status()).as(ran.toString()).isEqualTo(1);
        return ran.err();
    }

    /** A machine with its disks in these places. */
    private static Json.Obj slotted(String first, String second) {
        Json.Obj payload = payload("bhyve", "virtio", "virtio");
        List<Json.Obj> disks = payload.array("disks").objects();
        return payload.with(
                "disks",
                new Json.Arr(List.of(
                        disks.getFirst().with("pci_slot", first),
                        disks.getLast().with("pci_slot", second))));
    }

    private static Json.Obj withDisk(String name, Json value) {
        Json.Obj payload = payload("kvm", "virtio", "virtio");
        return payload.with(
                "disks",
                new Json.Arr(List.of(payload.array("disks").objects().getFirst().with(name, value))));
    }

    @Test
    void what_is_wrong_with_a_machine_is_said_before_anything_is_made() {
        assertThat(refusal(withDisk("model", Json.of("floppy"))))
                .startsWith("\"floppy\" is not a valid disk model for kvm brand. Valid are: virtio,scsi,ide");
        assertThat(refusal(withDisk("path", Json.of("/x"))))
                .contains("you cannot specify a path for a disk unless you set nocreate=true");
        assertThat(refusal(withDisk("block_size", Json.of(4096))))
                .contains("setting both .block_size and .image_uuid on a volume is invalid");
        assertThat(refusal(withDisk("image_uuid", Json.of(zonda.image().toString()))))
                .contains("is type lx-dataset, but must be one of: [\"zvol\"]");
        Json.Obj bhyve = payload("bhyve", "ahci", "virtio");
        Json.Obj blocks = bhyve.array("disks").objects().getFirst().with("guest_block_size", "4096");
        assertThat(refusal(bhyve.with("disks", new Json.Arr(List.of(blocks)))))
                .contains("a disk of model ahci has logical blocks of 512 bytes");
        List<Json> twins = bhyve.array("disks").objects().stream()
                .<Json>map(disk -> disk.with("uuid", image.toString()))
                .toList();
        assertThat(refusal(bhyve.with("disks", new Json.Arr(twins)))).contains("duplicate disk uuid: " + image);
        assertThat(refusal(bhyve.with("secure_boot", true))).contains("secure_boot needs bootrom uefi");
        assertThat(refusal(slotted("0:31:0", "4")))
                .startsWith("pci_slot \"0:31:0\" invalid: PCI device 31 is reserved");
        assertThat(refusal(slotted("4", "1:4:0"))).contains("Invalid pci_slot: \"1:4:0\"");
        assertThat(refusal(slotted("4", "0:4:0"))).contains("VM has multiple disks in pci_slot \"0:4:0\"");
        assertThat(refusal(slotted("4", "5:1"))).contains("function 1 of PCI device 5 is not found by a guest");
        Json.Obj none = Json.object().with("path", "0000:ff:1f.7").with("pci_slot", "0:8:0");
        assertThat(refusal(bhyve.with("pci_devices", new Json.Arr(List.of(none)))))
                .contains("PCI device 0000:ff:1f.7 is not there: lspci -D lists those of the host");
        assertThat(refusal(payload("kvm", "virtio", "ne2000")))
                .contains("\"ne2000\" is not a valid NIC model for kvm brand. Valid are: virtio,e1000,rtl8139");
        assertThat(refusal(payload("kvm", "virtio", "virtio").with("vga", "mono")))
                .startsWith("Invalid VGA type: \"mono\", supported types are: cirrus,std,vmware,qxl,xenfb");
        Json.Obj tooSmall = payload("kvm", "virtio", "virtio")
                .with("disks", new Json.Arr(List.of(Json.object().with("model", "virtio"))));
        assertThat(refusal(tooSmall)).contains("Missing required properties: disks.0.size");
    }

    @Test
    void a_create_that_is_killed_leaves_the_machine_whole_or_nothing() {
        var steps = new Steps(zonda.root());
        zonda.stop();
        zonda.start(steps.environment());
        for (String step : List.of("vm-create:datasets", "vm-create:installed")) {
            UUID vm = UUID.randomUUID();
            steps.crashAfter(step);
            try (Call call = zonda.call("vmadm", "create")) {
                call.type(payload("kvm", "virtio", "virtio")
                                .with("uuid", vm.toString())
                                .with("autoboot", false)
                                .compact())
                        .endInput();
                assertThat(call.ran(SOON).isLost()).isTrue();
            }
            zonda.daemon().end();
            steps.crashNoMore();
            zonda.start(steps.environment());

            boolean there = zonda.vmadm("get", vm.toString()).status() == 0;
            assertThat(there).isEqualTo(step.endsWith("installed"));
            assertThat(good("zfs", "list", "-H", "-o", "name", "-t", "volume").contains(vm.toString()))
                    .isEqualTo(there);
            zonda.deleteAll();
        }
    }
}
