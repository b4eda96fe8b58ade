package zonda.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import zonda.base.Bytes;
import zonda.base.Code;
import zonda.base.OpException;
import zonda.it.guest.Guest;
import zonda.it.guest.OpenZfsGuest;
import zonda.kernel.Command;
import zonda.storage.NodeRecord.Filesystem;
import zonda.storage.NodeRecord.Frozen;
import zonda.storage.PoolDriver.Charge;
import zonda.storage.PoolDriver.MountSpec;

/**
 * The driver for OpenZFS over real OpenZFS: it runs here, and its commands in a guest, where a Java of its own would take
 * minutes. What is mounted is mounted there.
 */
@Tag("slow")
class OpenZfsDriverIT {
    private static OpenZfsGuest guest;

    @TempDir
    Path directory;

    private final ZfsProgram zfs = OpenZfsDriverIT::inGuest;
    private final SplittableRandom random = new SplittableRandom();
    private PoolConfig config;
    private RecordStore records;
    private OpenZfsDriver driver;
    private Filesystem root;

    @BeforeAll
    static void boot() throws IOException {
        OpenZfsGuest.requireImage(Path.of("").toAbsolutePath().getParent());
        Path empty = Files.createTempDirectory("zonda-nothing-");
        guest = OpenZfsGuest.boot(Path.of("").toAbsolutePath().getParent(), empty);
        Files.delete(empty);
    }

    @AfterAll
    static void close() {
        if (guest != null) {
            guest.close();
        }
    }

    private static Command.Result inGuest(List<String> words) {
        Guest.Ran ran = guest.sh(words.stream()
                .map(word -> "'" + word.replace("'", "'\\''") + "'")
                .collect(Collectors.joining(" ")));
        return new Command.Result(ran.status(), ran.out(), ran.err());
    }

    @BeforeEach
    void makePool() {
        guest.sh("truncate -s 300M /var/pool.img").good();
        config = PoolConfig.embedded(
                "tank", directory.resolve("mnt"), directory.resolve("run"), Path.of("/var/pool.img"));
        new OpenZfsMedium(zfs).format(config);
        guest.sh("zpool import -N -d /var/pool.img -o cachefile=none tank").good();
        records = new RecordStore(directory);
        driver = new OpenZfsDriver(zfs, config, records);
        root = new Filesystem(
                newGuid(), Optional.empty(), "tank", Instant.EPOCH, Optional.empty(), DatasetOptions.DEFAULT);
        records.begin(root);
        driver.create(root.guid(), charge(root));
    }

    @AfterEach
    void takePoolAway() {
        guest.sh("umount -a -t zfs; zpool destroy -f tank; rm -f /var/pool.img").good();
    }

    private Guid newGuid() {
        return Guid.random(random);
    }

    private static Charge charge(Filesystem record) {
        return new Charge(List.of(record.guid()), record.options().quota());
    }

    private Filesystem record(Filesystem parent, String leaf, DatasetOptions options) {
        var record =
                new Filesystem(newGuid(), Optional.of(parent.guid()), leaf, Instant.EPOCH, Optional.empty(), options);
        records.begin(record);
        return record;
    }

    private Filesystem create(Filesystem parent, String leaf) {
        return create(parent, leaf, DatasetOptions.DEFAULT);
    }

    private Filesystem create(Filesystem parent, String leaf, DatasetOptions options) {
        Filesystem record = record(parent, leaf, options);
        driver.create(record.guid(), charge(record));
        return record;
    }

    private SnapshotId snapshot(Filesystem of, String name) {
        var record = new Frozen(newGuid(), of.guid(), name, Instant.EPOCH);
        records.begin(record);
        var id = new SnapshotId(of.guid(), record.guid());
        driver.snapshot(id, List.of(of.guid()));
        return id;
    }

    private Filesystem cloneOf(SnapshotId origin, Filesystem parent, String leaf) {
        Filesystem record = record(parent, leaf, DatasetOptions.DEFAULT);
        driver.cloneOf(origin, record.guid(), charge(record));
        return record;
    }

    /** Mounts it in the guest by what the driver says, runs the script in it, and unmounts it. */
    private Guest.Ran in(Filesystem dataset, String script) {
        assertThat(driver.mountSpec(dataset.guid())).isInstanceOf(MountSpec.Filesystem.class);
        var spec = (MountSpec.Filesystem) driver.mountSpec(dataset.guid());
        return guest.sh("mkdir -p /m && mount -i -t " + spec.type() + " " + spec.source() + " /m && cd /m || exit 9\n"
                + script + "\nstatus=$?; cd /; umount /m || exit 8; exit $status");
    }

    private static String property(String name, String of) {
        return guest.sh("zfs get -Hp -o value " + name + " " + of).good();
    }

    private static List<String> listed() {
        return guest.sh("zfs list -H -o name -t all").good().lines().toList();
    }

    private static void refused(Code code, Runnable verb, String... words) {
        assertThatThrownBy(verb::run)
                .isInstanceOfSatisfying(
                        OpException.class, e -> assertThat(e.code()).isEqualTo(code))
                .hasMessageContainingAll(words);
    }

    @Test
    void datasets_have_their_names_in_zfs_and_are_never_mounted_by_it() {
        Filesystem a = create(root, "a", DatasetOptions.DEFAULT.quota(Bytes.ofMiB(64)));
        Filesystem b = create(a, "b");
        SnapshotId snapshot = snapshot(a, "final");
        Filesystem vm = cloneOf(snapshot, root, "vm");

        assertThat(listed()).containsExactly("tank", "tank/.zonda", "tank/a", "tank/a@final", "tank/a/b", "tank/vm");
        for (String name : List.of("tank", "tank/a", "tank/a/b", "tank/vm")) {
            assertThat(property("mountpoint", name)).isEqualTo("legacy");
            assertThat(property("canmount", name)).isEqualTo("noauto");
        }
        assertThat(property("quota", "tank/a")).isEqualTo(String.valueOf(64 << 20));
        assertThat(property("origin", "tank/vm")).isEqualTo("tank/a@final");
        assertThat(guest.sh("zfs mount").good()).isEmpty();
        PoolDriver.Inventory inventory = new OpenZfsDriver(zfs, config, records).inventory();
        assertThat(inventory.datasets()).containsExactlyInAnyOrder(root.guid(), a.guid(), b.guid(), vm.guid());
        assertThat(inventory.snapshots()).containsExactly(snapshot);
        assertThat(inventory.strangers()).isEmpty();
    }

    @Test
    void what_was_done_can_be_done_again_and_what_is_another_s_is_refused() {
        Filesystem a = create(root, "a");
        SnapshotId one = snapshot(a, "one");
        Filesystem vm = cloneOf(one, root, "vm");

        var after = new OpenZfsDriver(zfs, config, records);
        after.create(a.guid(), charge(a));
        after.snapshot(one, List.of());
        after.cloneOf(one, vm.guid(), charge(vm));
        Filesystem again = record(root, "a", DatasetOptions.DEFAULT);
        refused(Code.FAILED, () -> driver.create(again.guid(), charge(again)), "zfs create", "already exists");

        after.destroy(vm.guid());
        after.destroy(vm.guid());
        after.destroy(one);
        after.destroy(one);
        after.destroy(a.guid());
        after.destroy(a.guid());
        assertThat(listed()).containsExactly("tank", "tank/.zonda");
    }

    @Test
    void what_is_mounted_or_has_dependents_is_not_destroyed() {
        Filesystem a = create(root, "a");
        SnapshotId one = snapshot(a, "one");
        cloneOf(one, root, "vm");

        refused(Code.FAILED, () -> driver.destroy(one), "dependent clones");
        refused(Code.FAILED, () -> driver.destroy(a.guid()), "has children");
        assertThat(in(a, "true").good()).isEmpty();
        Filesystem held = create(root, "held");
        guest.sh("mkdir -p /held && mount -i -t zfs tank/held /held && cd /held && (sleep 300 & echo $! >/run/held)")
                .good();
        refused(Code.CONFLICT, () -> driver.destroy(held.guid()), "busy");
        guest.sh("read pid </run/held; kill $pid; cd /; umount /held").good();
        driver.destroy(held.guid());
    }

    @Test
    void a_clone_begins_as_its_snapshot_and_a_rollback_brings_it_back() {
        Filesystem a = create(root, "a");
        in(a, "echo one >file").good();
        SnapshotId one = snapshot(a, "one");
        in(a, "echo two >file; echo more >other").good();

        Filesystem vm = cloneOf(one, root, "vm");

        assertThat(in(vm, "cat file; echo changed >file").good()).isEqualTo("one");
        assertThat(in(a, "cat file").good()).isEqualTo("two");
        driver.rollback(one, List.of());
        assertThat(in(a, "cat file; ls").good()).isEqualTo("one\nfile");
        SnapshotId newer = snapshot(a, "newer");
        refused(Code.FAILED, () -> driver.rollback(one, List.of()), "more recent snapshots");
        driver.destroy(newer);
        driver.rollback(one, List.of());
    }

    @Test
    void a_renamed_dataset_takes_along_what_is_below_it() {
        Filesystem a = create(root, "a");
        Filesystem b = create(a, "b");
        SnapshotId one = snapshot(b, "one");
        Filesystem other = create(root, "other");
        in(b, "echo moves >file").good();

        Filesystem renamed = a.withName(Optional.of(other.guid()), "c");
        records.replace(renamed);
        driver.recharge(a.guid(), List.of(root.guid()), List.of(other.guid(), root.guid()));

        assertThat(listed())
                .containsExactly(
                        "tank", "tank/.zonda", "tank/other", "tank/other/c", "tank/other/c/b", "tank/other/c/b@one");
        assertThat(in(b, "cat file").good()).isEqualTo("moves");
        driver.destroy(one);
        driver.destroy(b.guid());
    }

    @Test
    void what_a_crash_left_undone_is_done_when_the_pool_is_opened() {
        Filesystem a = create(root, "a", DatasetOptions.DEFAULT.quota(Bytes.ofMiB(32)));
        Filesystem b = create(a, "b");
        records.replace(a.withName(a.parent(), "renamed"));

        var after = new OpenZfsDriver(zfs, config, records);
        after.inventory();
        after.reconcile(
                Map.of(
                        root.guid(), charge(root),
                        a.guid(), new Charge(List.of(a.guid()), Optional.of(Bytes.ofMiB(48))),
                        b.guid(), charge(b)),
                java.util.Set.of());

        assertThat(listed()).containsExactly("tank", "tank/.zonda", "tank/renamed", "tank/renamed/b");
        assertThat(property("quota", "tank/renamed")).isEqualTo(String.valueOf(48 << 20));
    }

    @Test
    void a_writer_past_the_quota_is_stopped_and_space_is_counted() {
        Filesystem a = create(root, "a", DatasetOptions.DEFAULT.quota(Bytes.ofMiB(16)));

        assertThat(in(a, "dd if=/dev/urandom of=file bs=1M count=40").err()).contains("quota");
        driver.sync();

        assertThat(new OpenZfsDriver(zfs, config, records).used(a.guid()).toMiB())
                .isBetween(12L, 18L);
        driver.limit(a.guid(), Optional.empty());
        in(a, "rm file; dd if=/dev/urandom of=file bs=1M count=24").good();
        driver.sync();
        SnapshotId one = snapshot(a, "one");
        in(a, "rm file; dd if=/dev/urandom of=small bs=1M count=2").good();
        driver.sync();
        assertThat(property("quota", "tank/a")).isEqualTo("0");
        var after = new OpenZfsDriver(zfs, config, records);
        assertThat(after.referenced(a.guid()).toMiB()).isBetween(2L, 3L);
        assertThat(after.referenced(one).toMiB()).isBetween(24L, 25L);
        assertThat(after.used(a.guid()).toMiB()).isBetween(26L, 27L);
        assertThat(after.used(root.guid()).value())
                .isGreaterThan(after.used(a.guid()).value());
        assertThat(after.size().toMiB()).isBetween(200L, 300L);
        assertThat(after.free().toMiB()).isBetween(100L, 250L);
    }

    @Test
    void what_an_operator_did_with_the_real_zfs_is_seen() {
        Filesystem a = create(root, "a");
        SnapshotId one = snapshot(a, "one");
        guest.sh("zfs rename tank/a tank/theirs && zfs create tank/a && zfs snapshot tank/theirs@by-hand")
                .good();

        var after = new OpenZfsDriver(zfs, config, records);
        assertThat(after.inventory().strangers()).containsExactlyInAnyOrder("tank/a", "tank/theirs@by-hand");
        // This one still takes the old name for its dataset's.
        refused(Code.FAILED, () -> driver.destroy(a.guid()), "has children");
        driver.destroy(one);

        assertThat(listed()).containsExactly("tank", "tank/.zonda", "tank/a", "tank/theirs", "tank/theirs@by-hand");
    }

    @Test
    void a_description_is_kept_with_the_dataset_however_long() {
        Filesystem a = create(root, "a");
        assertThat(driver.isDescribed(a.guid())).isFalse();

        driver.describe(a.guid(), "{\"guid\":\"1\",\"properties\":{\"x:y\":\"" + "ä '\\\"".repeat(10) + "\"}}");
        assertThat(property(OpenZfsDriver.RECORD, "tank/a")).contains("x:y");
        driver.describe(a.guid(), "{\"guid\":\"1\",\"properties\":{\"x:y\":\"" + "v".repeat(10_000) + "\"}}");

        assertThat(property(OpenZfsDriver.RECORD, "tank/a")).isEqualTo("{\"guid\":\"1\"}");
        assertThat(driver.isDescribed(a.guid())).isTrue();
    }

    @Test
    void the_devices_are_told_with_what_they_got_wrong() {
        assertThat(driver.vdevs()).singleElement().satisfies(vdev -> {
            assertThat(vdev.path()).isEqualTo("/var/pool.img");
            assertThat(vdev.missing()).isFalse();
        });
        guest.sh("truncate -s 100M /one /two /three && zpool create -O mountpoint=none pair mirror /one /two"
                        + " && zpool offline pair /two")
                .good();

        List<Vdev> vdevs = new ArrayList<>(OpenZfsStatus.vdevs(zfs.check("zpool", "status", "-pP", "pair")));

        assertThat(vdevs).extracting(Vdev::path).containsExactly("/one", "/two");
        assertThat(vdevs).extracting(Vdev::missing).containsExactly(false, true);
        guest.sh("zpool destroy pair; rm /one /two /three").good();
    }

    @Test
    void a_pool_of_the_same_name_elsewhere_is_not_taken_for_ours() {
        var other = PoolConfig.embedded("tank", config.mountpoint(), config.runDirectory(), Path.of("/var/other.img"));

        refused(
                Code.CONFLICT,
                () -> new OpenZfsMedium(zfs).exists(other),
                "another pool named 'tank'",
                "/var/pool.img");
        assertThat(new OpenZfsMedium(zfs).exists(config)).isTrue();
    }
}
