package zonda.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import zonda.base.Await;
import zonda.base.Json;
import zonda.kernel.Command;

/** imgadm create of hardware VMs: what it writes is installed, and disks of it have the bytes that the first had. */
class MachineImageIT {
    private static final Duration SOON = Duration.ofSeconds(60);
    private static final int MIB = 1 << 20;

    @RegisterExtension
    static final Instance zonda = new Instance();

    @TempDir
    static Path files;

    @TempDir
    Path directory;

    private static UUID first;

    @BeforeAll
    static void make_an_image() throws IOException {
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/qemu-img")), "needs qemu-utils");
        first = image("first", (byte) 'A');
    }

    private static UUID image(String name, byte filling) throws IOException {
        byte[] content = new byte[2 * MIB];
        Arrays.fill(content, filling);
        Path file = Files.write(files.resolve(name), content);
        UUID uuid = UUID.randomUUID();
        good("imgadm", "create", "-q", "--from", file.toString(), "name=" + name, "version=1", "uuid=" + uuid);
        return uuid;
    }

    @AfterEach
    void leave_nothing() {
        zonda.deleteAll();
        assertThat(zonda.leftovers().ofZones()).isEmpty();
        assertThat(good("zfs", "list", "-H", "-o", "name", "-t", "volume,snapshot")
                        .lines())
                .filteredOn(name -> !name.contains(zonda.image().toString()))
                .containsExactlyInAnyOrder("zones/" + first, "zones/" + first + "@final");
    }

    private static String good(String tool, String... words) {
        Ran ran = zonda.run(tool, words);
        assertThat(ran.status()).as(ran.toString()).isZero();
        return ran.out();
    }

    private static Json.Obj payload(String brand, Json.Obj... disks) {
        return Json.object()
                .with("brand", brand)
                .with("ram", 64)
                .with("quota", 1)
                .with("autoboot", false)
                .with("disks", new Json.Arr(List.of(disks)));
    }

    private static Json.Obj boot(UUID image, int mib) {
        return Json.object()
                .with("boot", true)
                .with("model", "virtio")
                .with("image_uuid", image.toString())
                .with("size", mib);
    }

    private static Json.Obj data(int mib) {
        return Json.object().with("model", "virtio").with("size", mib);
    }

    private static String dataset(UUID vm, int number) {
        return zonda.get(vm)
                .array("disks")
                .objects()
                .get(number)
                .string("path", "")
                .replace("/dev/zvol/rdsk/", "");
    }

    private static byte[] bytes(UUID vm) throws IOException {
        return Files.readAllBytes(zonda.volume(dataset(vm, 0)));
    }

    private static void write(UUID vm, int at, byte[] content) throws IOException {
        try (var disk = new RandomAccessFile(zonda.volume(dataset(vm, 0)).toFile(), "rw")) {
            disk.seek(at);
            disk.write(content);
        }
    }

    private static byte[] random(int length) {
        byte[] content = new byte[length];
        new Random(length).nextBytes(content);
        return content;
    }

    private Ran create(UUID vm, String name, String... options) {
        List<String> words = new ArrayList<>(List.of("create", "-o", directory.toString()));
        words.addAll(List.of(options));
        words.addAll(List.of(vm.toString(), "name=" + name, "version=1"));
        return zonda.imgadm(words.toArray(String[]::new));
    }

    private Json.Obj created(UUID vm, String name, String file, String... options) throws IOException {
        Ran ran = create(vm, name, options);
        assertThat(ran.status()).as(ran.toString()).isZero();
        assertThat(ran.out()).contains("Saving image to \"" + directory + "/" + file + "\"");
        Json.Obj manifest = Json.parseObject(Files.readString(directory.resolve(name + "-1.imgmanifest")));
        Json.Obj facts = manifest.array("files").objects().getFirst();
        byte[] content = Files.readAllBytes(directory.resolve(file));
        assertThat(facts.integer("size", 0)).isEqualTo(content.length);
        assertThat(facts.string("sha1", "")).isEqualTo(sha1(content));
        return manifest;
    }

    private static String sha1(byte[] content) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-1").digest(content));
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }

    private UUID installed(Json.Obj manifest, String file) {
        String name = manifest.string("name", "");
        good(
                "imgadm",
                "install",
                "-q",
                "-m",
                directory.resolve(name + "-1.imgmanifest").toString(),
                "-f",
                directory.resolve(file).toString());
        return UUID.fromString(manifest.string("uuid", ""));
    }

    @Test
    void images_of_a_disk_whole_and_incremental_make_disks_of_the_same_bytes() throws IOException {
        UUID vm = zonda.create(payload("kvm", data(4), boot(first, 6)));
        try (var disk = new RandomAccessFile(zonda.volume(dataset(vm, 1)).toFile(), "rw")) {
            disk.seek(3 * MIB);
            disk.write(random(MIB));
        }
        byte[] content = Files.readAllBytes(zonda.volume(dataset(vm, 1)));
        Json.Obj before = zonda.get(vm);
        assertThat(create(vm, "whole", "-i").err())
                .startsWith("imgadm create: error (NotSupported): ")
                .contains("create without -i");

        Json.Obj whole = created(vm, "whole", "whole-1.zvol.gz", "-c", "gzip");

        assertThat(zonda.get(vm)).as("the VM is as it was").isEqualTo(before);
        assertThat(whole.string("type", "")).isEqualTo("zvol");
        assertThat(whole.integer("image_size", 0)).isEqualTo(6);
        for (String field : List.of("os=other", "nic_driver=virtio", "disk_driver=virtio", "cpu_type=qemu64")) {
            assertThat(field.replaceFirst("=.*", "=") + whole.string(field.replaceFirst("=.*", ""), ""))
                    .isEqualTo(field);
        }
        assertThat(whole.object("requirements").string("brand", "")).isEqualTo("kvm");
        assertThat(whole.has("origin")).isFalse();
        UUID base = installed(whole, "whole-1.zvol.gz");
        UUID second = zonda.create(payload("bhyve", boot(base, 8)));
        assertThat(Arrays.copyOf(bytes(second), 6 * MIB)).isEqualTo(content);

        write(second, 7 * MIB, random(4096));
        write(second, 0, new byte[MIB]);
        Json.Obj grown = created(second, "grown", "grown-1.zvol.xz", "-i", "-c", "xz");
        assertThat(grown.string("origin", "")).isEqualTo(base.toString());
        assertThat(grown.integer("image_size", 0)).isEqualTo(8);
        assertThat(Files.size(directory.resolve("grown-1.zvol.xz")))
                .as("only what changed is in it")
                .isLessThan(100_000);
        UUID top = installed(grown, "grown-1.zvol.xz");
        UUID third = zonda.create(payload("kvm", boot(top, 8)));
        assertThat(bytes(third)).isEqualTo(bytes(second));
        assertThat(good("imgadm", "ancestry", "-H", "-o", "name", top.toString()))
                .isEqualTo("grown\nwhole\n");
        assertThat(create(third, "more", "-i", "--max-origin-depth", "1").err())
                .startsWith("imgadm create: error (MaxOriginDepth): ");

        zonda.deleteAll();
        good("imgadm", "delete", top.toString());
        good("imgadm", "delete", base.toString());
    }

    @Test
    void an_image_of_a_disk_that_is_installed_is_served_and_installed_from_there() throws IOException {
        UUID image = image("served", (byte) 'S');
        try (Call server = zonda.call("imgadm", "serve", "-l", "127.0.0.1:0")) {
            assertThat(Await.until(SOON, () -> server.err().contains("http://")))
                    .isTrue();
            String url = server.err().strip().replaceFirst("(?s).* at ", "") + "/images/" + image;
            Files.write(directory.resolve("served-1.zvol.gz"), fetched(url + "/file"));
            Files.write(directory.resolve("served-1.imgmanifest"), fetched(url));
        }
        good("imgadm", "delete", image.toString());

        UUID again = installed(
                Json.parseObject(Files.readString(directory.resolve("served-1.imgmanifest"))), "served-1.zvol.gz");

        assertThat(again).isEqualTo(image);
        byte[] disk = bytes(zonda.create(payload("kvm", boot(image, 2))));
        assertThat(new String(disk, StandardCharsets.UTF_8)).isEqualTo("S".repeat(2 * MIB));
        zonda.deleteAll();
        good("imgadm", "delete", image.toString());
    }

    private static byte[] fetched(String url) throws IOException {
        try (InputStream in = URI.create(url).toURL().openStream()) {
            return in.readAllBytes();
        }
    }

    @Test
    void an_image_is_made_as_the_caller_says_it_and_published() throws IOException {
        UUID vm = zonda.create(payload("bhyve", data(4)));
        write(vm, 0, random(MIB));
        String fields = Json.object()
                .with("description", "from the pipe")
                .with("disk_driver", "nvme")
                .with("image_size", 4)
                .with("requirements", Json.object().with("min_ram", 64))
                .compact();
        Ran ran = zonda.feed(
                fields,
                "imgadm",
                "create",
                "-m",
                "-",
                "-o",
                directory.toString(),
                vm.toString(),
                "name=said",
                "version=1",
                "os=linux",
                "disk_driver=virtio");
        assertThat(ran.status()).as(ran.toString()).isZero();
        Json.Obj said = Json.parseObject(Files.readString(directory.resolve("said-1.imgmanifest")));
        assertThat(said.string("os", "") + " " + said.string("disk_driver", "") + " " + said.string("description", ""))
                .isEqualTo("linux virtio from the pipe");
        assertThat(said.object("requirements").compact()).contains("\"brand\":\"bhyve\"", "\"min_ram\":64");
        assertThat(said.integer("image_size", 0)).isEqualTo(4);

        Path served = Files.createDirectory(directory.resolve("served"));
        try (Call server = zonda.call("imgadm", "serve", "-w", "-l", "127.0.0.1:0", served.toString())) {
            assertThat(Await.until(SOON, () -> server.err().contains("http://")))
                    .isTrue();
            String url = server.err().strip().replaceFirst("(?s).* at ", "");
            String told =
                    good("imgadm", "create", "-q", "-p", url, "-c", "gzip", vm.toString(), "name=direct", "version=2");
            String direct = told.replaceFirst("(?s).*Activated image ([0-9a-f-]{36}) .*", "$1");
            good("imgadm", "sources", "-a", url);
            good("imgadm", "import", "-q", "-S", url, direct);
            good("imgadm", "sources", "-d", url);
            UUID copy = zonda.create(payload("bhyve", boot(UUID.fromString(direct), 4)));
            assertThat(bytes(copy)).isEqualTo(bytes(vm));
            zonda.delete(copy);
            good("imgadm", "delete", direct);
        }
    }

    @Test
    void what_can_not_be_made_is_said_and_leaves_nothing() throws IOException {
        UUID vm = zonda.create(payload("kvm", data(4)));
        UUID none = zonda.create(payload("kvm"));
        refused(create(vm, "a", "-i"), 1, "VmHasNoOrigin", "the VM's image is not installed");
        refused(create(none, "a"), 1, "InvalidArgument", "VM " + none + " has no disk");
        refused(
                zonda.imgadm("create", vm.toString(), "name=a", "version=1", "image_size=5"),
                1,
                "InvalidArgument",
                "image_size is 5: the disk's is 4; leave image_size out");
        refused(zonda.imgadm("create", "-o", directory.toString(), vm.toString(), "name=a"), 2, "Usage", "version=");
        refused(
                zonda.imgadm("create", vm.toString(), "name=a", "version=1", "os=beos"),
                1,
                "ManifestValidation",
                "os (must be one of smartos, linux");
        Path manifest = Files.writeString(files.resolve("m"), "{\"type\": \"lx-dataset\"}");
        refused(create(vm, "a", "-m", manifest.toString()), 1, "InvalidArgument", "the disk's is zvol");
        good("vmadm", "start", vm.toString());
        refused(create(vm, "a"), 1, "VmNotStopped", "stop " + vm);
        refused(create(vm, "a", "-s", manifest.toString()), 1, "VmNotStopped", "stop " + vm);
        good("vmadm", "stop", "-F", vm.toString());
        assertThat(directory).isEmptyDirectory();
    }

    private static void refused(Ran ran, int status, String label, String words) {
        assertThat(ran.err())
                .startsWith("imgadm create: error (" + label + "): ")
                .contains(words);
        assertThat(ran.status()).isEqualTo(status);
    }

    @Test
    void a_daemon_that_dies_in_between_leaves_the_machine_and_nothing_else() throws IOException {
        UUID vm = zonda.create(payload("bhyve", boot(first, 4)));
        Json.Obj before = lasting(zonda.get(vm));
        var steps = new Steps(zonda.root());
        zonda.stop();
        zonda.start(steps.environment());
        boolean slow = System.getenv("ZONDA_SLOW_TESTS") != null;
        for (String step : slow ? List.of("intent", "snapshot", "clone") : List.of("clone")) {
            steps.crashAfter("vm-image:" + step);
            assertThat(create(vm, "a").isLost()).as(step).isTrue();
            zonda.daemon().end();
            steps.crashNoMore();
            zonda.start(steps.environment());
            assertThat(good("zfs", "list", "-H", "-t", "all", "-o", "name"))
                    .as(step)
                    .doesNotContain("imaging");
            assertThat(lasting(zonda.get(vm))).as(step).isEqualTo(before);
        }
        zonda.restart();
        created(vm, "a", "a-1.zvol");
    }

    @Test
    void an_image_is_made_of_a_disk_that_leaves_no_room_for_a_snapshot() throws IOException {
        UUID vm = zonda.create(payload("bhyve", boot(first, 6)));
        write(vm, 0, random(5 * MIB));
        // Only a whole commit counts it.
        Command.of("sync", "-f", zonda.volume(dataset(vm, 0)).toString()).check(SOON);
        long used = Long.parseLong(value("used", "zones/" + vm));
        good("zfs", "set", "quota=" + (used + MIB), "zones/" + vm);
        String kept = value("refreservation", dataset(vm, 0));
        assertThat(zonda.vmadm("create-snapshot", vm.toString(), "one").err()).contains("out of space");

        created(vm, "full", "full-1.zvol");

        assertThat(value("refreservation", dataset(vm, 0))).isEqualTo(kept).isNotEqualTo("0");
    }

    private static String value(String property, String dataset) {
        return good("zfs", "get", "-H", "-p", "-o", "value", property, dataset).strip();
    }

    @Test
    void a_script_prepares_a_machine_that_is_afterwards_as_it_was_also_when_the_daemon_dies() throws IOException {
        UUID vm = zonda.create(payload("kvm", boot(first, 4), data(4)));
        Path script = Files.writeString(directory.resolve("prepare.sh"), "#!/bin/sh\n");
        refused(
                create(vm, "prepared", "-s", script.toString()),
                1,
                "InternalError",
                "has never been booted: start and stop it first");
        good("vmadm", "start", vm.toString());
        good("vmadm", "stop", "-F", vm.toString());
        Map<String, String> metadata = new LinkedHashMap<>();
        metadata.put("prepare-image:state", "success");
        write(vm, 0, BootSector.of(metadata));
        byte[] content = bytes(vm);
        Json.Obj before = lasting(zonda.get(vm));

        Json.Obj manifest = created(vm, "prepared", "prepared-1.zvol.gz", "-s", script.toString(), "-c", "gzip");

        assertThat(lasting(zonda.get(vm))).isEqualTo(before);
        assertThat(bytes(vm)).isEqualTo(content);
        UUID image = installed(manifest, "prepared-1.zvol.gz");
        UUID made = zonda.create(payload("kvm", boot(image, 4)));
        assertThat(new String(bytes(made), 0, 2 * 512 + 1, StandardCharsets.ISO_8859_1))
                .as("its second sector is what the guest wrote when it was prepared")
                .endsWith("\u00aa" + "P".repeat(512) + "A");
        zonda.delete(made);
        good("imgadm", "delete", image.toString());

        metadata.clear();
        metadata.put("prepare-image:error", "no room");
        metadata.put("prepare-image:state", "error");
        write(vm, 0, BootSector.of(metadata));
        content = bytes(vm);
        refused(create(vm, "b", "-s", script.toString()), 1, "PrepareImageError", "no room");
        assertThat(bytes(vm)).isEqualTo(content);
        boolean slow = System.getenv("ZONDA_SLOW_TESTS") != null;
        for (String step : slow ? List.of("intent", "snapshot", "script", "boot") : List.of("boot")) {
            zonda.restartToCrashAfter("vm-prepare:" + step);
            create(vm, "b", "-s", script.toString());
            assertThat(zonda.daemon().end()).as(step).isNotZero();
            zonda.start(Map.of());
            assertThat(zonda.state(vm)).as(step).isEqualTo("stopped");
            assertThat(lasting(zonda.get(vm))).as(step).isEqualTo(before);
            assertThat(bytes(vm)).as(step).isEqualTo(content);
        }
        assertThat(Files.exists(directory.resolve("b-1.zvol"))).isFalse();
    }

    /** Without what tells of the last run. */
    private static Json.Obj lasting(Json.Obj vm) {
        return vm.without("last_modified").without("exit_status").without("exit_timestamp");
    }
}
