package zonda.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import zonda.base.Json;
import zonda.kernel.Command;

/** The disks of hardware VMs that do not run: what becomes of them when their VM is moved or made anew. */
class MachineDisksIT {
    private static final Duration SOON = Duration.ofSeconds(60);
    private static final int MIB = 1 << 20;

    @RegisterExtension
    static final Instance zonda = new Instance();

    @TempDir
    static Path files;

    private static UUID first;
    private static UUID second;
    private static UUID large;

    @BeforeAll
    static void make_images() throws IOException {
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/qemu-img")), "needs qemu-utils");
        first = image("first", 2, 'A');
        second = image("second", 3, 'B');
        large = image("large", 9, 'C');
    }

    private static UUID image(String name, int mib, char filling) throws IOException {
        byte[] content = new byte[mib * MIB];
        Arrays.fill(content, (byte) filling);
        Path file = Files.write(files.resolve(name), content);
        UUID uuid = UUID.randomUUID();
        good("imgadm", "create", "-q", "--from", file.toString(), "name=" + name, "version=1", "uuid=" + uuid);
        return uuid;
    }

    @AfterEach
    void leave_nothing() {
        zonda.deleteAll();
        assertThat(zonda.leftovers().ofZones()).isEmpty();
        assertThat(good("zfs", "list", "-H", "-o", "name", "-t", "volume").lines())
                .containsExactlyInAnyOrder("zones/" + first, "zones/" + second, "zones/" + large);
    }

    private static String good(String tool, String... words) {
        Ran ran = zonda.run(tool, words);
        assertThat(ran.status()).as(ran.toString()).isZero();
        return ran.out();
    }

    private static Json.Obj payload(String brand, UUID vm) {
        Json.Obj boot = Json.object()
                .with("boot", true)
                .with("model", "virtio")
                .with("image_uuid", first.toString())
                .with("size", 6);
        Json.Obj data = Json.object().with("model", "virtio").with("size", 4);
        return Json.object()
                .with("brand", brand)
                .with("uuid", vm.toString())
                .with("alias", "machine")
                .with("ram", 64)
                .with("autoboot", false)
                .with("disks", new Json.Arr(List.of(boot, data)));
    }

    private static String dataset(UUID vm, int number) {
        return zonda.get(vm)
                .array("disks")
                .objects()
                .get(number)
                .string("path", "")
                .replace("/dev/zvol/rdsk/", "");
    }

    @Test
    void what_another_hypervisor_exported_runs_here_with_its_disks() throws Exception {
        var appliance = new TestAppliance(files.resolve("appliance"));
        Path archive = appliance.archive(files.resolve("first"), files.resolve("second"));
        Path payload = files.resolve("appliance.json");

        good(
                "imgadm",
                "create",
                "-q",
                "--from",
                archive.toString(),
                "--payload",
                payload.toString(),
                "name=a",
                "version=1");

        Json.Obj machine = Json.parseObject(Files.readString(payload));
        assertThat(machine.string("brand", "")).isEqualTo("bhyve");
        UUID vm = zonda.create(machine.with("autoboot", false));
        assertThat(read(vm, 0, 2)).isEqualTo("AA");
        assertThat(read(vm, 1, 2)).isEqualTo("BB");
        assertThat(zonda.get(vm).array("disks").objects().get(2).integer("size", 0))
                .isEqualTo(5);
        assertThat(good("imgadm", "list", "-H", "-o", "name", "type=zvol").lines())
                .contains("a", "a-disk1");
        zonda.delete(vm);
        for (Json.Obj disk : machine.array("disks").objects().subList(0, 2)) {
            good("imgadm", "delete", disk.string("image_uuid", ""));
        }

        Path damaged = appliance.damaged();
        for (Path file : List.of(damaged, appliance.descriptor())) {
            Ran refused = zonda.run("imgadm", "create", "-q", "--from", file.toString(), "name=a", "version=1");
            assertThat(refused.status()).isEqualTo(1);
            assertThat(refused.err()).contains("second.vmdk is not what appliance.mf says: it was changed or damaged");
        }
        assertThat(zonda.run("imgadm", "create", "--from", "a.raw", "--payload", "b", "name=a", "version=1")
                        .err())
                .contains("--payload goes with --from of an .ova or .ovf file");
    }

    @Test
    void a_disk_that_names_other_files_of_the_host_is_refused() {
        Path secret = files.resolve("first");
        Path disk = files.resolve("flat.vmdk");
        TestAppliance.vmdk(secret, "monolithicFlat", disk);

        Ran refused = zonda.run("imgadm", "create", "-q", "--from", disk.toString(), "name=flat", "version=1");

        assertThat(refused.status()).isEqualTo(1);
        assertThat(refused.err()).contains("flat.vmdk is only a part of a disk: it needs another file");
    }

    private static RandomAccessFile disk(UUID vm, int number) throws IOException {
        return new RandomAccessFile(zonda.volume(dataset(vm, number)).toFile(), "rw");
    }

    private static void write(UUID vm, int number, String text) throws IOException {
        try (RandomAccessFile disk = disk(vm, number)) {
            disk.writeBytes(text);
        }
    }

    private static String read(UUID vm, int number, int length) throws IOException {
        try (RandomAccessFile disk = disk(vm, number)) {
            byte[] bytes = new byte[length];
            disk.readFully(bytes);
            return new String(bytes, java.nio.charset.StandardCharsets.ISO_8859_1);
        }
    }

    private static UUID machine(String brand) throws IOException {
        UUID vm = zonda.create(payload(brand, UUID.randomUUID()));
        write(vm, 0, "system");
        write(vm, 1, "one");
        good("vmadm", "create-snapshot", vm.toString(), "snap");
        write(vm, 1, "two");
        return vm;
    }

    @Test
    void a_machine_comes_back_from_a_file_with_its_disks_and_their_snapshots() throws IOException {
        for (String brand : List.of("kvm", "bhyve")) {
            UUID vm = machine(brand);
            Json.Obj before = zonda.get(vm);
            Path file = files.resolve(brand + ".export");
            good("vmadm", "export", vm.toString(), file.toString());
            assertThat(good("zfs", "list", "-H", "-o", "name", "-t", "snapshot")
                            .lines()
                            .filter(name -> name.contains(vm.toString())))
                    .as("only its own snapshots are left")
                    .hasSize(3)
                    .allMatch(name -> name.endsWith("@vmsnap-snap"));
            zonda.delete(vm);

            good("vmadm", "import", file.toString());

            Json.Obj after = zonda.get(vm);
            assertThat(after.array("disks")).isEqualTo(before.array("disks"));
            assertThat(after.array("snapshots").objects()).hasSize(1);
            assertThat(read(vm, 0, 8)).isEqualTo("systemAA");
            assertThat(read(vm, 1, 3)).isEqualTo("two");
            assertThat(good("zfs", "get", "-H", "-o", "value", "volsize", dataset(vm, 0)))
                    .isEqualTo("6M\n");
            good("vmadm", "rollback-snapshot", vm.toString(), "snap");
            assertThat(read(vm, 1, 3)).isEqualTo("one");
            zonda.delete(vm);
        }
    }

    @Test
    void a_receive_that_is_killed_leaves_the_machine_whole_or_nothing() throws IOException {
        UUID vm = machine("kvm");
        Path file = files.resolve("bundle");
        var pipes = new Pipes().with("zonda", zonda);
        pipes.run("zonda vmadm send " + vm + " > " + file);
        zonda.delete(vm);
        byte[] whole = Files.readAllBytes(file);
        Path cut = Files.write(files.resolve("cut"), Arrays.copyOf(whole, whole.length - 100_000));
        assertThat(zonda.vmadm("receive", "-f", cut.toString()).err()).contains("incomplete stream");
        assertThat(zonda.vmadm("get", vm.toString()).status()).isEqualTo(1);

        killedAfter("vm-receive", List.of("intent", "datasets", "prepare", "received"), step -> {
            try (Call call = zonda.call("vmadm", "receive", "-f", file.toString())) {
                assertThat(call.ran(SOON).isLost()).isTrue();
            }
            return () -> {
                boolean there = zonda.vmadm("get", vm.toString()).status() == 0;
                assertThat(there).as(step).isEqualTo(step.equals("received"));
                assertThat(good("zfs", "list", "-H", "-o", "name").contains(vm.toString()))
                        .as(step)
                        .isEqualTo(there);
            };
        });
        if (zonda.vmadm("get", vm.toString()).status() != 0) {
            good("vmadm", "receive", "-f", file.toString());
        }
        assertThat(read(vm, 1, 3)).isEqualTo("two");
    }

    /** What is done while the daemon is to end, and what is looked at when there is one again. */
    private interface Killed {
        Looked at(String step) throws IOException;
    }

    private interface Looked {
        void then() throws IOException;
    }

    /** All of them where there is time, else one from the middle: each costs a start of the daemon. */
    private static List<String> chosen(List<String> steps) {
        return System.getenv("ZONDA_SLOW_TESTS") == null ? List.of(steps.get(steps.size() / 2)) : steps;
    }

    private static void killedAfter(String kind, List<String> all, Killed killed) throws IOException {
        var steps = new Steps(zonda.root());
        zonda.stop();
        zonda.start(steps.environment());
        for (String step : chosen(all)) {
            steps.crashAfter(kind + ":" + step);
            Looked looked = killed.at(step);
            zonda.daemon().end();
            steps.crashNoMore();
            zonda.start(steps.environment());
            looked.then();
        }
        zonda.restart();
    }

    /** What the machine's QEMU has as disks. */
    private static List<Json.Obj> plugged(UUID vm) {
        return zonda.vmadm("info", vm.toString(), "block").json().array("block").objects().stream()
                .map(disk -> disk.object("inserted"))
                .filter(inserted -> inserted.has("file"))
                .toList();
    }

    private static Ran update(UUID vm, String change) {
        return zonda.feed(change, "vmadm", "update", vm.toString());
    }

    @Test
    void a_disk_that_comes_while_a_machine_runs_is_there_also_when_the_daemon_died_meanwhile() throws IOException {
        UUID vm = zonda.create(payload("kvm", UUID.randomUUID()).with("autoboot", true));
        killedAfter("vm-update", List.of("apply", "record"), step -> {
            try (Call call = zonda.call("vmadm", "update", vm.toString())) {
                call.type("{\"add_disks\": [{\"model\": \"virtio\", \"size\": 5}]}")
                        .endInput();
                assertThat(call.ran(SOON).isLost()).isTrue();
            }
            return () -> assertThat(plugged(vm))
                    .as(step)
                    .hasSize(zonda.get(vm).array("disks").objects().size());
        });
        assertThat(plugged(vm)).hasSizeGreaterThan(2);

        String last = zonda.get(vm).array("disks").objects().getLast().string("path", "");
        Ran grown = update(vm, "{\"update_disks\": [{\"path\": \"" + last + "\", \"size\": 7}]}");
        assertThat(grown.status()).as(grown.toString()).isZero();
        assertThat(plugged(vm)).anyMatch(disk -> disk.object("image").integer("virtual-size", 0) == 7L * MIB);
        assertThat(update(vm, "{\"add_disks\": [{\"model\": \"ide\", \"size\": 5}]}")
                        .err())
                .contains("updates to disks are only allowed when state is \"stopped\"");
        if (System.getenv("ZONDA_SLOW_TESTS") != null) {
            staysWithItsGuest(vm, last);
        }
    }

    /** There is no system in it that would take part. */
    private static void staysWithItsGuest(UUID vm, String disk) {
        int before = plugged(vm).size();
        assertThat(update(vm, "{\"remove_disks\": [\"" + disk + "\"]}").err())
                .contains("disk " + disk + ": the guest did not let go of it");
        assertThat(plugged(vm)).hasSize(before);
        assertThat(zonda.get(vm).compact()).contains(disk);
        good("vmadm", "stop", "-F", vm.toString());
        Ran removed = update(vm, "{\"remove_disks\": [\"" + disk + "\"]}");
        assertThat(removed.status()).as(removed.toString()).isZero();
    }

    private static Ran reprovision(UUID vm, UUID image) {
        return zonda.feed(
                Json.object().with("image_uuid", image.toString()).compact(), "vmadm", "reprovision", vm.toString());
    }

    @Test
    void a_machine_that_is_made_anew_keeps_its_other_disks() throws IOException {
        UUID vm = machine("bhyve");
        assertThat(reprovision(vm, large).err())
                .contains("image " + large + " is of 9 MiB, which a disk of 6 MiB can't hold");
        assertThat(reprovision(vm, zonda.image()).err()).contains("must be one of: [\"zvol\"]");
        assertThat(reprovision(vm, vm).err()).contains("Image " + vm + " not found in zpool zones");
        assertThat(read(vm, 0, 8)).isEqualTo("systemAA");

        assertThat(reprovision(vm, second).status()).isZero();

        assertThat(read(vm, 0, 8)).isEqualTo("BBBBBBBB");
        assertThat(read(vm, 1, 3)).isEqualTo("two");
        Json.Obj disk = zonda.get(vm).array("disks").objects().getFirst();
        assertThat(disk.string("image_uuid", "")).isEqualTo(second.toString());
        assertThat(disk.integer("size", 0)).isEqualTo(6);
        assertThat(zonda.get(vm).array("snapshots").objects()).isEmpty();
        assertThat(good("zfs", "list", "-H", "-o", "name", "-t", "snapshot")).doesNotContain(vm.toString());
    }

    @Test
    void a_reprovision_that_is_killed_is_completed() throws IOException {
        UUID vm = machine("kvm");
        killedAfter("vm-reprovision", List.of("halt", "destroy", "record", "datasets", "install"), step -> {
            UUID image = zonda.get(vm).compact().contains(first.toString()) ? second : first;
            try (Call call = zonda.call("vmadm", "reprovision", vm.toString())) {
                call.type(Json.object().with("image_uuid", image.toString()).compact())
                        .endInput();
                assertThat(call.ran(SOON).isLost()).isTrue();
            }
            return () -> {
                assertThat(zonda.get(vm).array("disks").objects().getFirst().string("image_uuid", ""))
                        .as(step)
                        .isEqualTo(image.toString());
                assertThat(read(vm, 0, 4)).as(step).isEqualTo(image.equals(first) ? "AAAA" : "BBBB");
                assertThat(read(vm, 1, 3)).as(step).isEqualTo("two");
                assertThat(good("zfs", "get", "-H", "-o", "value", "volsize", dataset(vm, 0)))
                        .isEqualTo("6M\n");
            };
        });
    }

    private static Ran update(UUID vm, Json.Obj change) {
        return zonda.feed(change.compact(), "vmadm", "update", vm.toString());
    }

    private static String value(String property, String dataset) {
        return good("zfs", "get", "-H", "-p", "-o", "value", property, dataset).strip();
    }

    private static Json.Obj change(UUID vm, int number, String property, long value) {
        return Json.object()
                .with("path", "/dev/zvol/rdsk/" + dataset(vm, number))
                .with(property, value);
    }

    private static Json.Obj updating(Json.Obj disk) {
        return Json.object().with("update_disks", new Json.Arr(List.of(disk)));
    }

    @Test
    void a_machine_gets_the_space_that_it_says_and_no_more() throws IOException {
        UUID vm = zonda.create(payload("bhyve", UUID.randomUUID())
                .with("flexible_disk_size", 20)
                .with("quota", 1));
        String root = "zones/" + vm;
        assertThat(value("quota", root)).isEqualTo(String.valueOf(1044L * MIB));
        assertThat(value("reservation", root)).isEqualTo(String.valueOf(1044L * MIB));
        Json.Obj more = Json.object().with("model", "virtio").with("size", 11);
        assertThat(update(vm, Json.object().with("add_disks", new Json.Arr(List.of(more))))
                        .err())
                .contains("the disks are of 21 MiB together, more than flexible_disk_size: 20");
        assertThat(zonda.vmadm("update", vm.toString(), "flexible_disk_size=30").status())
                .isZero();
        assertThat(value("reservation", root)).isEqualTo(String.valueOf(1054L * MIB));

        assertThat(update(vm, updating(change(vm, 1, "refreservation", 4))).status())
                .isZero();
        assertThat(value("refreservation", dataset(vm, 1))).isEqualTo(String.valueOf(4L * MIB));
        assertThat(value("refreservation", dataset(vm, 0)))
                .as("space is kept for all")
                .isEqualTo("0");
        assertThat(update(vm, updating(change(vm, 1, "size", 4).with("compression", "gzip-2")))
                        .status())
                .isZero();
        assertThat(value("compression", dataset(vm, 1))).isEqualTo("gzip-2");
        assertThat(update(vm, updating(change(vm, 1, "size", 2))).err())
                .contains("cannot resize disk: new size must be greater than current size. (4 > 2)");
        write(vm, 1, "kept");
        Json.Obj smaller = updating(change(vm, 1, "size", 2).with("dangerous_allow_shrink", true));
        killedAfter("vm-update", List.of("record"), _ -> {
            assertThat(update(vm, smaller).isLost()).isTrue();
            return () -> assertThat(value("volsize", dataset(vm, 1))).isEqualTo(String.valueOf(2L * MIB));
        });
        assertThat(read(vm, 1, 4)).isEqualTo("kept");
        assertThat(zonda.get(vm).array("disks").objects().get(1).has("dangerous_allow_shrink"))
                .isFalse();
        Json.Obj tooMuch = payload("kvm", UUID.randomUUID());
        Json.Obj disk = Json.object().with("model", "virtio").with("size", 4).with("refreservation", 1 << 20);
        assertThat(zonda.feed(tooMuch.with("disks", new Json.Arr(List.of(disk))).compact(), "vmadm", "create")
                        .status())
                .as("what is not there can't be kept free")
                .isEqualTo(1);
    }

    @Test
    void a_machine_can_be_exported_where_its_disks_leave_no_room_for_snapshots() throws IOException {
        UUID vm = zonda.create(payload("bhyve", UUID.randomUUID()).with("quota", 1));
        try (RandomAccessFile disk = disk(vm, 0)) {
            byte[] content = new byte[5 * MIB];
            new Random(1).nextBytes(content);
            disk.write(content);
        }
        // Only a whole commit counts it.
        Command.of("sync", "-f", zonda.volume(dataset(vm, 0)).toString()).check(SOON);
        long used = Long.parseLong(value("used", "zones/" + vm));
        good("zfs", "set", "quota=" + (used + MIB), "zones/" + vm);
        assertThat(zonda.vmadm("create-snapshot", vm.toString(), "one").err()).contains("out of space");

        good("vmadm", "export", vm.toString(), files.resolve("full.export").toString());

        assertThat(value("refreservation", dataset(vm, 0))).isEqualTo(String.valueOf(8L * MIB));
        assertThat(good("zfs", "list", "-H", "-o", "name", "-t", "snapshot")).doesNotContain(vm.toString());
    }

    @Test
    void space_is_kept_free_for_disks_as_on_smartos() throws IOException {
        UUID kvm = zonda.create(payload("kvm", UUID.randomUUID()));
        UUID bhyve = zonda.create(payload("bhyve", UUID.randomUUID()).with("quota", 1));
        assertThat(value("refreservation", dataset(kvm, 0))).isEqualTo(String.valueOf(6L * MIB));
        assertThat(value("refreservation", dataset(bhyve, 0)))
                .as("ZFS' auto, of a volume of 6 MiB")
                .isEqualTo(String.valueOf(8L * MIB));
        assertThat(value("quota", "zones/" + bhyve)).isEqualTo(String.valueOf((1024L + 8 + 6) * MIB));
        assertThat(update(kvm, updating(change(kvm, 0, "size", 9))).status()).isZero();
        assertThat(value("refreservation", dataset(kvm, 0))).isEqualTo(String.valueOf(9L * MIB));
        assertThat(zonda.vmadm("update", bhyve.toString(), "flexible_disk_size=10")
                        .status())
                .isZero();
        assertThat(value("refreservation", dataset(bhyve, 0))).isEqualTo("0");
        Json.Obj disk = Json.object().with("model", "virtio").with("size", 1 << 20);
        Json.Obj large = payload("kvm", UUID.randomUUID()).with("disks", new Json.Arr(List.of(disk)));
        assertThat(zonda.feed(large.compact(), "vmadm", "create").err())
                .contains("out of space (1048576 MiB are to be kept free for the disk; with refreservation 0");
        zonda.create(large.with("disks", new Json.Arr(List.of(disk.with("refreservation", 0)))));
    }
}
