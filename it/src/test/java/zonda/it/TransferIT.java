package zonda.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import zonda.base.Await;
import zonda.base.Json;

/** send, receive and install of vmadm(8), between two hosts and through files. */
class TransferIT {
    private static final int BLOCK = 512;

    @RegisterExtension
    @Order(1)
    static final Instance one = new Instance();

    @RegisterExtension
    @Order(2)
    static final Instance other = new Instance();

    private static Pipes pipes;

    @TempDir
    Path directory;

    @BeforeAll
    static void connect() {
        pipes = new Pipes().with("one", one).with("other", other);
    }

    @AfterEach
    void leave_nothing() {
        one.deleteAll();
        other.deleteAll();
        assertThat(one.leftovers().ofZones()).isEmpty();
        assertThat(other.leftovers().ofZones()).isEmpty();
    }

    private static UUID vmWithData() {
        UUID vm = one.create(Instance.withNics(one.payload("web01"), Instance.nic("dhcp"))
                .with("tags", Json.object().with("role", "web"))
                .with("max_lwps", 555));
        one.sh(vm, "mkdir -p /srv/d; echo one > /srv/d/mark; ln -s mark /srv/d/link; chown 7:8 /srv/d/mark");
        assertThat(one.vmadm("create-snapshot", vm.toString(), "first").status())
                .isZero();
        one.sh(vm, "echo two > /srv/d/mark; mdata-put answer 42; dd if=/dev/urandom of=/srv/d/big bs=64k count=20");
        return vm;
    }

    private static String data(Instance host, UUID vm) {
        return host.sh(vm, "cd /srv/d; cat mark link; stat -c '%u:%g %a' mark; md5sum < big; mdata-get answer");
    }

    @Test
    void a_vm_goes_to_a_host_that_has_not_its_image_and_runs_there_with_all_it_had() {
        UUID vm = vmWithData();
        String before = data(one, vm);

        pipes.run("one vmadm send web01 | other vmadm receive");

        assertThat(one.state(vm)).isEqualTo("stopped");
        assertThat(one.get(vm).bool("autoboot", true))
                .as("it is not to run twice")
                .isFalse();
        assertThat(one.run("zfs", "list", "-H", "-t", "snapshot", "-o", "name", "zones/" + vm)
                        .out())
                .isEqualTo("zones/" + vm + "@vmsnap-first\n");

        assertThat(other.state(vm)).isEqualTo("stopped");
        Json.Obj received = other.get(vm);
        Json.Obj sent = one.get(vm);
        for (String name : new String[] {
            "alias",
            "tags",
            "customer_metadata",
            "max_lwps",
            "image_uuid",
            "create_timestamp",
            "quota",
            "max_physical_memory",
            "brand",
            "owner_uuid"
        }) {
            assertThat(received.get(name)).as(name).isEqualTo(sent.get(name));
        }
        assertThat(received.bool("autoboot", false))
                .as("as it was before it was sent")
                .isTrue();
        assertThat(received.array("snapshots").objects()).hasSize(1);
        assertThat(other.vmadm("start", vm.toString()).status()).isZero();
        assertThat(data(other, vm)).isEqualTo(before);
        assertThat(other.sh(vm, "cat /checkpoints/first/srv/d/mark; ip -4 addr show dev net0 | grep -c inet"))
                .isEqualTo("one\n1");
        assertThat(other.vmadm("rollback-snapshot", vm.toString(), "first").status())
                .isZero();
        assertThat(other.sh(vm, "cat /srv/d/mark")).isEqualTo("one");
    }

    private static String snapshots(Instance host, UUID vm) {
        return host.run("zfs", "list", "-H", "-t", "snapshot", "-o", "name", "zones/" + vm)
                .out()
                .replace("zones/" + vm + "@", "")
                .replace('\n', ' ')
                .strip();
    }

    @Test
    void what_changed_since_a_vm_was_sent_is_all_that_is_sent_again() throws IOException {
        UUID vm = vmWithData();
        pipes.run("one vmadm send -l -k a web01 | other vmadm receive");
        assertThat(one.state(vm)).isEqualTo("running");
        assertThat(other.state(vm)).isEqualTo("stopped");
        assertThat(other.get(vm).bool("autoboot", true))
                .as("it runs at the other")
                .isFalse();
        assertThat(snapshots(other, vm)).isEqualTo("vmsnap-first sent-a");

        one.sh(vm, "echo three > /srv/d/mark");
        assertThat(one.vmadm("delete-snapshot", vm.toString(), "first").status())
                .isZero();
        assertThat(one.vmadm("create-snapshot", vm.toString(), "second").status())
                .isZero();
        assertThat(one.vmadm("update", vm.toString(), "max_lwps=666").status()).isZero();
        Path file = directory.resolve("increment");
        assertThat(pipes.run("one vmadm send -l -i a -k b web01 > " + file).status())
                .isZero();
        assertThat(Files.size(file)).as("without the data that are there").isLessThan(600_000);
        assertThat(other.vmadm("start", vm.toString()).status()).isZero();
        other.sh(vm, "echo mine > /srv/d/mark");
        notReceived(file, "it runs here, and would lose what it did");
        assertThat(other.vmadm("stop", "-F", vm.toString()).status()).isZero();

        byte[] whole = Files.readAllBytes(file);
        Path half = Files.write(directory.resolve("half"), cut(whole, whole.length / 2));
        notReceived(half, "incomplete stream");
        assertThat(other.state(vm)).isEqualTo("receiving");
        assertThat(other.vmadm("receive", "-f", file.toString()).err())
                .isEqualTo("Successfully received VM " + vm + "\n");
        assertThat(snapshots(other, vm)).isEqualTo("vmsnap-second sent-b");
        assertThat(other.get(vm).integer("max_lwps", 0)).isEqualTo(666);

        String last = data(one, vm);
        pipes.run("one vmadm send -i b web01 | other vmadm receive");
        assertThat(one.state(vm)).isEqualTo("stopped");
        assertThat(snapshots(one, vm)).isEqualTo("sent-a vmsnap-second sent-b");
        assertThat(snapshots(other, vm)).isEqualTo("vmsnap-second");
        assertThat(other.get(vm).bool("autoboot", false)).isTrue();
        assertThat(other.vmadm("start", vm.toString()).status()).isZero();
        assertThat(data(other, vm)).isEqualTo(last);

        assertThat(one.vmadm("send", "-i", "c", "web01").err()).contains("there is no zones/" + vm + "@sent-c");
        assertThat(one.vmadm("send", "-i", "a", "-k", "a", "web01").status()).isEqualTo(2);
        other.delete(vm);
        notReceived(file, "it is not here; send it whole, with -k");
        assertThat(other.vmadm("list", "-H").out()).isEmpty();
    }

    private void notReceived(Path file, String why) {
        Ran ran = other.vmadm("receive", "-f", file.toString());
        assertThat(ran.status()).as(ran.toString()).isEqualTo(1);
        assertThat(ran.err()).contains(why);
    }

    @Test
    void what_is_delegated_to_a_vm_goes_with_its_export_and_with_its_increments() {
        UUID vm = one.create(one.payload("store").with("delegate_dataset", true));
        String zfs = "export PATH=$PATH:/native/usr/sbin; D=zones/" + vm + "/data; ";
        one.sh(vm, zfs + "zfs create -o mountpoint=/srv/a $D/a; echo one > /srv/a/f; zfs snapshot $D/a@s; sync");
        Path file = directory.resolve("store.export");
        assertThat(one.vmadm("export", "store", file.toString()).err())
                .isEqualTo("Successfully exported VM " + vm + "\n");
        assertThat(other.vmadm("import", file.toString()).err()).isEqualTo("Successfully imported VM " + vm + "\n");
        assertThat(other.vmadm("start", "store").status()).isZero();
        assertThat(other.sh(vm, zfs + "cat /srv/a/f; zfs list -H -t snapshot -o name"))
                .isEqualTo("one\nzones/" + vm + "/data/a@s");
        other.delete(vm);

        pipes.run("one vmadm send -l -k x store | other vmadm receive");
        one.sh(vm, zfs + "echo two > /srv/a/f; zfs create -o mountpoint=/srv/b $D/b; echo three > /srv/b/f");
        pipes.run("one vmadm send -i x store | other vmadm receive");
        assertThat(other.vmadm("start", "store").status()).isZero();
        assertThat(other.sh(vm, zfs + "cat /srv/a/f /srv/b/f; zfs list -H -t snapshot -o name"))
                .isEqualTo("two\nthree\nzones/" + vm + "/data/a@s");
    }

    private static String token(UUID vm) {
        return other.get(vm).string("receive_token", "");
    }

    /** What came is kept, whatever becomes of the daemon, and the VM is no good before the rest is there. */
    private static void waitsForTheRest(UUID vm) {
        String token = token(vm);
        assertThat(other.state(vm)).isEqualTo("receiving");
        assertThat(other.vmadm("why", vm.toString()).out())
                .contains("datasets came whole", "vmadm send -t " + token, "vmadm delete " + vm);
        assertThat(other.vmadm("start", vm.toString()).err()).contains("its state is receiving; vmadm why");
        assertThat(other.vmadm("install", vm.toString()).err()).contains("its data have not come whole");
        other.kill9();
        other.start(java.util.Map.of());
        assertThat(token(vm)).isEqualTo(token).startsWith("1.");
    }

    @Test
    void a_vm_that_came_in_part_is_gone_on_with_where_it_was() throws IOException {
        UUID vm = vmWithData();
        String before = data(one, vm);

        var ran = pipes.run("one vmadm send -s web01 | head -c 1700000 | other vmadm receive -s");
        assertThat(ran.status()).isEqualTo(1);
        assertThat(ran.err()).contains("incomplete stream", "is kept", "    vmadm send -t " + token(vm) + "\n");
        waitsForTheRest(vm);
        assertThat(snapshots(one, vm)).isEqualTo("vmsnap-first resumable");

        String first = token(vm);
        Path rest = directory.resolve("rest");
        Path whole = directory.resolve("whole");
        pipes.run(
                "one vmadm send -l web01 > " + whole + "; one vmadm send -t " + first + " | head -c 600000 > " + rest);
        killedWhileItReceives(Files.readAllBytes(rest));
        assertThat(other.state(vm)).isEqualTo("receiving");
        pipes.run("one vmadm send -t " + token(vm) + " | head -c 300000 | other vmadm receive");
        assertThat(token(vm)).as("more of it is there").isNotEqualTo(first);
        ran = pipes.run("one vmadm send -t " + token(vm) + " > " + rest);
        assertThat(ran.err()).isEqualTo("Successfully sent VM " + vm + "\n");
        assertThat(Files.size(rest)).as("what is there is not sent again").isLessThan(Files.size(whole) - 1_500_000);
        assertThat(other.vmadm("receive", "-f", rest.toString()).err())
                .isEqualTo("Successfully received VM " + vm + "\n");

        assertThat(snapshots(one, vm)).isEqualTo("vmsnap-first");
        assertThat(snapshots(other, vm)).isEqualTo("vmsnap-first");
        assertThat(other.get(vm).has("receive_token")).isFalse();
        assertThat(other.get(vm).bool("autoboot", false)).isTrue();
        assertThat(other.vmadm("start", "web01").status()).isZero();
        assertThat(data(other, vm)).isEqualTo(before);
        notReceived(rest, "none is waited for here");
        assertThat(one.vmadm("send", "-t", first).err()).contains("there is no zones/" + vm + "@resumable");
    }

    private static void killedWhileItReceives(byte[] part) {
        try (Call call = other.call("vmadm", "receive").type(part)) {
            assertThat(Await.until(Duration.ofSeconds(20), () -> call.timesWanted() > part.length / (64 << 10) + 1))
                    .isTrue();
            other.kill9();
        }
        other.start(java.util.Map.of());
    }

    @Test
    void what_came_in_part_is_given_up_and_what_is_not_kept_leaves_nothing() throws IOException {
        UUID vm = vmWithData();
        pipes.run("one vmadm send -s web01 | head -c 1700000 | other vmadm receive -s");
        String token = token(vm);
        other.delete(vm);
        assertThat(other.leftovers().of(vm)).isEmpty();

        assertThat(one.vmadm("start", "web01").status()).isZero();
        assertThat(one.vmadm("send", "-t", token).err()).contains("has run since it was sent");
        assertThat(one.vmadm("stop", "-F", "web01").status()).isZero();
        assertThat(one.vmadm("send", "-t", token).err()).contains("has run since it was sent");
        for (String wrong : new String[] {"x", "1.0.AAAA", token.substring(0, token.length() - 2)}) {
            Ran ran = one.vmadm("send", "-t", wrong);
            assertThat(ran.err()).contains("Invalid token: ");
            assertThat(ran.status()).isEqualTo(2);
        }
        assertThat(one.vmadm("send", "-t", token, "web01").status()).isEqualTo(2);
        assertThat(one.vmadm("send", "-t", token, "-l").status()).isEqualTo(2);

        var ran = pipes.run("one vmadm send web01 | other vmadm receive -s");
        assertThat(ran.err()).contains("-s needs a sender that keeps what it sends");
        pipes.run("one vmadm send -s web01 | head -c 1700000 | other vmadm receive");
        assertThat(other.vmadm("list", "-H").out()).isEmpty();
        assertThat(other.run("zfs", "list", "-H", "-o", "name").out()).doesNotContain(vm.toString());
    }

    @Test
    void an_increment_with_what_is_delegated_comes_in_as_many_parts_as_it_takes() {
        UUID vm = one.create(one.payload("store").with("delegate_dataset", true));
        String zfs = "export PATH=$PATH:/native/usr/sbin; D=zones/" + vm + "/data; ";
        String write = "dd if=/dev/urandom of=/srv/a/f bs=64k count=9; dd if=/dev/urandom of=/srv/b/f bs=64k count=9; ";
        one.sh(vm, zfs + "zfs create -o mountpoint=/srv/a $D/a; zfs create -o mountpoint=/srv/b $D/b; " + write);
        one.sh(vm, zfs + "zfs snapshot $D/a@s; sync");
        inParts(vm, "send -l -s -k x store");

        one.sh(vm, zfs + write + "echo mine > /root/mark; sync");
        String sums = "md5sum < /srv/a/f; md5sum < /srv/b/f; cat /root/mark";
        String data = one.sh(vm, sums);
        inParts(vm, "send -s -i x -k y store");

        assertThat(snapshots(other, vm)).isEqualTo("sent-y");
        assertThat(other.vmadm("start", "store").status()).isZero();
        assertThat(other.sh(vm, sums)).isEqualTo(data);
        assertThat(other.sh(vm, zfs + "zfs list -H -t snapshot -o name | grep -v @sent-"))
                .isEqualTo("zones/" + vm + "/data/a@s");
    }

    private static void inParts(UUID vm, String send) {
        pipes.run("one vmadm " + send + " | head -c 500000 | other vmadm receive -s");
        int parts = 1;
        while (other.state(vm).equals("receiving")) {
            assertThat(parts++).isLessThan(20);
            pipes.run("one vmadm send -t " + token(vm) + " | head -c 700000 | other vmadm receive -s");
        }
        assertThat(parts).isGreaterThan(2);
    }

    private Path bundle(UUID vm) {
        Path file = directory.resolve("bundle");
        assertThat(pipes.run("one vmadm send " + vm + " > " + file).status()).isZero();
        return file;
    }

    @Test
    void a_backup_in_a_file_restores_what_was_deleted() {
        UUID vm = vmWithData();
        String before = data(one, vm);
        Path file = bundle(vm);
        one.delete(vm);

        Ran ran = one.vmadm("receive", "-f", file.toString());
        assertThat(ran.err()).isEqualTo("Successfully received VM " + vm + "\n");
        assertThat(one.vmadm("start", vm.toString()).status()).isZero();
        assertThat(data(one, vm)).isEqualTo(before);

        Ran again = one.vmadm("receive", "-f", file.toString());
        assertThat(again.status()).isEqualTo(1);
        assertThat(again.err()).contains("already exists");
        assertThat(data(one, vm)).as("the one that is there is as it was").isEqualTo(before);
    }

    @Test
    void a_damaged_bundle_is_refused_and_leaves_nothing() throws IOException {
        UUID vm = vmWithData();
        byte[] whole = Files.readAllBytes(bundle(vm));
        one.delete(vm);

        refused(cut(whole, 0), "Invalid bundle: it is empty");
        refused(cut(whole, 100), "Invalid bundle");
        refused(cut(whole, 600), "Invalid bundle");
        refused(cut(whole, whole.length / 2), "incomplete stream");
        refused(cut(whole, whole.length - 100), "incomplete stream");
        refused(flipped(whole, BLOCK + 20), "Invalid bundle: the VM's properties are not as they were sent");
        refused(flipped(whole, whole.length / 2), "");
        refused(
                "hello".getBytes(java.nio.charset.StandardCharsets.UTF_8),
                "Invalid bundle: it is neither a bundle nor JSON");
    }

    private static byte[] cut(byte[] whole, int length) {
        return Arrays.copyOf(whole, length);
    }

    private static byte[] flipped(byte[] whole, int at) {
        byte[] damaged = whole.clone();
        damaged[at] ^= 0x10;
        return damaged;
    }

    private void refused(byte[] bundle, String why) {
        Path file = directory.resolve("damaged");
        try {
            Files.write(file, bundle);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Ran ran = other.vmadm("receive", "-f", file.toString());
        assertThat(ran.err()).contains(why);
        assertThat(ran.status()).as(ran.toString()).isEqualTo(1);
        assertThat(other.vmadm("list", "-H").out()).isEmpty();
        assertThat(other.run("zfs", "list", "-H", "-o", "name", "-d", "1", "zones")
                        .out()
                        .lines())
                .doesNotContainAnyElementsOf(java.util.List.of(""))
                .allMatch(name -> name.equals("zones")
                        || name.equals("zones/cores")
                        || name.endsWith(other.image().toString()));
    }

    @Test
    void an_export_is_made_of_a_vm_that_runs_and_imported_elsewhere_when_it_is_as_it_was_written() throws IOException {
        UUID vm = vmWithData();
        String before = data(one, vm);
        Path file = directory.resolve("web01.export");
        Files.writeString(file, "an older one");

        Ran ran = one.vmadm("export", "web01", file.toString());
        assertThat(ran.err()).isEqualTo("Successfully exported VM " + vm + "\n");
        assertThat(one.state(vm)).isEqualTo("running");
        assertThat(one.run("zfs", "list", "-H", "-t", "snapshot", "-o", "name", "zones/" + vm)
                        .out())
                .isEqualTo("zones/" + vm + "@vmsnap-first\n");
        assertThat(Files.list(directory)).containsExactly(file);

        byte[] whole = Files.readAllBytes(file);
        notImported(cut(whole, 0), "it does not end as an export does");
        notImported(cut(whole, whole.length - 1), "it does not end as an export does");
        notImported(cut(whole, whole.length - 512), "it does not end as an export does");
        notImported(flipped(whole, BLOCK + 20), "its checksum is not that of what is in it");
        notImported(flipped(whole, whole.length / 2), "its checksum is not that of what is in it");

        ran = other.vmadm("import", file.toString());
        assertThat(ran.err()).isEqualTo("Successfully imported VM " + vm + "\n");
        assertThat(other.get(vm).bool("autoboot", false)).isTrue();
        assertThat(other.vmadm("start", "web01").status()).isZero();
        assertThat(data(other, vm)).isEqualTo(before);
        other.delete(vm);
        assertThat(other.vmadm("receive", "-f", file.toString()).status())
                .as("an export is a bundle, too")
                .isZero();
        other.delete(vm);
        refused(flipped(whole, whole.length / 2), "");
        refused(flipped(whole, whole.length - 470), "its checksum is not that of what is in it");
    }

    private void notImported(byte[] content, String why) throws IOException {
        Path file = directory.resolve("damaged");
        Files.write(file, content);
        Ran ran = other.vmadm("import", file.toString());
        Files.delete(file);
        assertThat(ran.err()).contains("Invalid bundle", why);
        assertThat(ran.status()).isEqualTo(1);
        assertThat(other.vmadm("list", "-H").out()).isEmpty();
    }

    @Test
    void an_export_that_can_not_be_written_leaves_the_older_one_and_no_snapshot() throws IOException {
        UUID vm = one.create(one.payload("web01"));
        Path file = directory.resolve("no/such/file");
        Ran ran = one.vmadm("export", "web01", file.toString());
        assertThat(ran.status()).isEqualTo(1);
        assertThat(ran.err()).contains("No such file");
        assertThat(one.run("zfs", "list", "-H", "-t", "snapshot", "-o", "name", "zones/" + vm)
                        .out())
                .isEmpty();
        assertThat(one.vmadm("export", "web01").status()).isEqualTo(2);
        assertThat(one.vmadm("import").status()).isEqualTo(2);
        assertThat(one.vmadm("import", file.toString()).err()).contains("No such file");
    }

    @Test
    void properties_may_come_first_and_the_data_later() throws IOException {
        UUID vm = vmWithData();
        String before = data(one, vm);
        String properties = one.get(vm).compact();
        one.vmadm("stop", vm.toString());
        assertThat(one.run("zfs", "snapshot", "zones/" + vm + "@moved").status())
                .isZero();

        Ran ran = other.feed(properties, "vmadm", "receive");
        assertThat(ran.err()).isEqualTo("Successfully received VM " + vm + "\n");
        assertThat(other.state(vm)).isEqualTo("receiving");
        assertThat(other.vmadm("start", vm.toString()).err()).contains("its state is receiving", "vmadm install");
        assertThat(other.vmadm("install", vm.toString()).err()).contains("dataset zones/" + vm, "is missing");
        other.stop();
        other.start(java.util.Map.of());
        assertThat(other.state(vm)).isEqualTo("receiving");

        // Whole, so that the other host needs no image.
        pipes.good("one zfs send zones/" + vm + "@moved | other zfs receive zones/" + vm + " 2>&1");
        ran = other.vmadm("install", vm.toString());
        assertThat(ran.err()).isEqualTo("Successfully installed VM " + vm + "\n");
        assertThat(other.vmadm("start", vm.toString()).status()).isZero();
        assertThat(data(other, vm)).isEqualTo(before);
        assertThat(other.vmadm("install", vm.toString()).err()).contains("it is not receiving, it is running");
    }

    @Test
    void what_can_not_be_sent_or_received_is_refused_by_name() {
        assertThat(one.vmadm("send", "nosuch").err()).contains("nosuch");
        assertThat(one.vmadm("send").status()).isEqualTo(2);
        UUID vm = UUID.randomUUID();
        Json.Obj payload = one.payload("web01").with("uuid", vm.toString());
        assertThat(one.feed(payload.without("uuid").compact(), "vmadm", "receive")
                        .err())
                .contains("Missing required properties: uuid");
        assertThat(one.feed(payload.with("brand", "none").compact(), "vmadm", "receive")
                        .err())
                .contains("Invalid brand: 'none'");
        assertThat(one.feed(payload.compact(), "vmadm", "receive", "-P", "tank").err())
                .contains("zpool \"tank\" does not exist");
        assertThat(one.vmadm("lookup").out()).isEmpty();
    }
}
