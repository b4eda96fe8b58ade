package zonda.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;
import org.junit.jupiter.api.io.TempDir;
import zonda.base.Bytes;
import zonda.it.guest.OpenZfsGuest;

/**
 * The contract of the dataset service over OpenZFS, in one guest. What ZFS itself then says is looked at by a test of its
 * own, which always runs; the rest takes some quarter of an hour where the guest's CPU is emulated.
 */
@Tag("slow")
class OpenZfsContractIT {
    private static final Path TOP = Path.of("").toAbsolutePath().getParent();
    private static final String SLOW = "ZONDA_SLOW_TESTS";

    @TempDir
    static Path nothing;

    private static GuestZfs zfs;
    private static OpenZfsGuest guest;

    @BeforeAll
    static void boot() throws IOException {
        guest = OpenZfsGuest.boot(TOP, Files.createDirectories(nothing.resolve("in")));
        zfs = new GuestZfs(guest);
    }

    @AfterAll
    static void close() {
        if (guest != null) {
            guest.close();
        }
    }

    private static List<String> listed() {
        return zfs.sh("zfs list -H -o name -t all -r tank").good().lines().toList();
    }

    @Test
    void what_is_done_here_is_so_in_zfs() {
        try (var pool = new GuestZfsPool(zfs)) {
            Datasets datasets = pool.datasets();
            datasets.create("tank/image", DatasetOptions.DEFAULT.mode(0700));
            pool.write("tank/image", "of the image");
            datasets.snapshot("tank/image", "final");
            datasets.clone("tank/image@final", "tank/vm", DatasetOptions.DEFAULT.quota(Bytes.ofMiB(64)));
            datasets.create("tank/vm/disk", DatasetOptions.DEFAULT.volume(new VolumeShape(Bytes.ofMiB(16), 8192)));
            datasets.hold("mine", List.of("tank/image@final"));

            assertThat(listed())
                    .containsExactly(
                            "tank", "tank/.zonda", "tank/image", "tank/image@final", "tank/vm", "tank/vm/disk");
            assertThat(zfs.sh("zfs get -Hp -o value quota,mountpoint,canmount,origin tank/vm; zfs holds -H"
                                    + " tank/image@final | cut -f 2; zfs get -Hp -o value volsize tank/vm/disk;"
                                    + " stat -c %a " + pool.content("tank/image"))
                            .good())
                    .isEqualTo("67108864\nlegacy\nnoauto\ntank/image@final\nzonda\n16777216\n700");

            datasets.promote("tank/vm");
            datasets.rename("tank/vm", "tank/vm2");
            datasets.renameSnapshots(List.of("tank/vm2@final"), "last");
            assertThat(listed())
                    .containsExactly("tank", "tank/.zonda", "tank/image", "tank/vm2", "tank/vm2@last", "tank/vm2/disk");
            assertThat(zfs.sh("zfs get -H -o value origin tank/image").good()).isEqualTo("tank/vm2@last");
            pool.write("tank/vm2", "changed");
            datasets.rollback("tank/vm2@last", false);
            assertThat(pool.read("tank/vm2")).isEqualTo("of the image");

            Datasets after = pool.reopen();
            assertThat(pool.findings()).isEmpty();
            after.release("mine", List.of("tank/vm2@last"));
            after.destroy("tank/image", false);
            after.destroy("tank/vm2", true);
            assertThat(listed()).containsExactly("tank", "tank/.zonda");
        }
    }

    private static byte[] send(Datasets datasets, SendRequest what) {
        var stream = new ByteArrayOutputStream();
        datasets.streams().send(what, stream, _ -> {});
        return stream.toByteArray();
    }

    private static void receive(Datasets datasets, String target, byte[] stream) {
        datasets.streams().receive(ReceiveRequest.into(target), new ByteArrayInputStream(stream), ReceiveListener.NONE);
    }

    private static String guid(String snapshot) {
        return zfs.sh("zfs get -Hp -o value guid " + snapshot).good();
    }

    @Test
    void streams_are_made_and_received_by_zfs_itself() {
        try (var pool = new GuestZfsPool(zfs)) {
            Datasets datasets = pool.datasets();
            datasets.create("tank/a", DatasetOptions.DEFAULT.property("my:word", "x"));
            pool.write("tank/a", "first");
            datasets.snapshot("tank/a", "one");
            pool.write("tank/a", "second");
            datasets.snapshot("tank/a", "two");
            datasets.clone("tank/a@one", "tank/c", DatasetOptions.DEFAULT);
            pool.write("tank/c", "of the clone");
            datasets.snapshot("tank/c", "x");
            datasets.create("tank/v", DatasetOptions.DEFAULT.volume(new VolumeShape(Bytes.ofMiB(1), 8192)));
            pool.writeTo("tank/v", 9000, "words");
            datasets.snapshot("tank/v", "s");

            byte[] full = send(datasets, SendRequest.of("tank/a@one"));
            receive(datasets, "tank/b", full);
            assertThat(pool.read("tank/b")).isEqualTo("first");
            receive(datasets, "tank/b", send(datasets, SendRequest.of("tank/a@two", "tank/a@one")));
            assertThat(pool.read("tank/b")).isEqualTo("second");
            assertThat(guid("tank/b@two")).isEqualTo(guid("tank/a@two"));
            receive(datasets, "tank/d", send(datasets, SendRequest.of("tank/c@x", "tank/a@one")));
            assertThat(pool.read("tank/d")).isEqualTo("of the clone");
            receive(datasets, "tank/w", send(datasets, SendRequest.of("tank/v@s")));
            assertThat(pool.readFrom("tank/w", 9000, 5)).isEqualTo("words");
            receive(
                    datasets,
                    "tank/r",
                    send(datasets, new SendRequest("tank/a@two", Optional.empty(), false, true, false)));
            assertThat(zfs.sh("zfs get -H -o value mountpoint,canmount tank/r").good())
                    .isEqualTo("legacy\nnoauto");
            assertThatThrownBy(() -> receive(datasets, "tank/e", Arrays.copyOf(full, full.length - 400)))
                    .hasMessageStartingWith("cannot receive new filesystem stream: incomplete stream\n");
            assertThat(datasets.streams().estimates(SendRequest.of("tank/a@one")))
                    .first()
                    .satisfies(size -> assertThat(size).isBetween(full.length / 4L, full.length * 4L));

            // What came in whole, and the daemon was ended before it said so.
            pool.write("tank/a", "third");
            datasets.snapshot("tank/a", "three");
            zfs.sh("zfs send -i @two tank/a@three | zfs receive tank/b").good();
            Guid into = Guid.parse(datasets.find("tank/b").orElseThrow().guid()).orElseThrow();
            var identity = Guid.of(Long.parseUnsignedLong(guid("tank/a@three"))).orElseThrow();
            pool.recordStore()
                    .begin(new NodeRecord.Frozen(
                            new Guid(77),
                            into,
                            into,
                            "three",
                            Instant.EPOCH,
                            1000,
                            SnapshotNotes.NONE.streamed(identity)));
            Datasets after = pool.reopen();
            assertThat(pool.findings()).isEmpty();
            assertThat(after.findSnapshot("tank/b@three")).isPresent();
            assertThat(after.find("tank/r").orElseThrow().properties()).containsEntry("my:word", "x");
            assertThat(after.find("tank/w").orElseThrow().isVolume()).isTrue();
            assertThat(listed())
                    .contains("tank/b@one", "tank/b@two", "tank/b@three", "tank/d@x", "tank/r@one", "tank/r@two")
                    .doesNotContain("tank/e");
            for (String name : List.of("tank/d", "tank/b", "tank/w", "tank/r")) {
                after.destroy(name, true);
            }
        }
    }

    @Test
    void what_others_made_with_the_real_zfs_is_in_the_way_before_anything_is_destroyed() {
        try (var pool = new GuestZfsPool(zfs)) {
            Datasets datasets = pool.datasets();
            datasets.create("tank/a", DatasetOptions.DEFAULT);
            datasets.snapshot("tank/a", "s");
            zfs.sh("zfs clone -o mountpoint=none tank/a@s tank/theirs && zfs snapshot tank/a@by-hand")
                    .good();

            assertThatThrownBy(() -> datasets.destroy("tank/a@s", false))
                    .hasMessage("cannot destroy 'tank/a@s': its clone 'tank/theirs' was made with the real zfs(8)");
            assertThatThrownBy(() -> datasets.destroy("tank/a", true))
                    .hasMessageStartingWith("cannot destroy 'tank/a': ")
                    .hasMessageEndingWith("was made with the real zfs(8)");
            pool.reopen();
            assertThat(pool.findings())
                    .containsExactlyInAnyOrder(
                            "subvolume tank/theirs is not the pool's: left alone",
                            "subvolume tank/a@by-hand is not the pool's: left alone");

            zfs.sh("zfs destroy tank/theirs && zfs destroy tank/a@by-hand && zfs rename tank/a tank/moved")
                    .good();
            Datasets after = pool.reopen();
            assertThat(listed()).as("its name is what its record says").contains("tank/a@s");
            after.destroy("tank/a", true);
            assertThat(listed()).containsExactly("tank", "tank/.zonda");
        }
    }

    @Test
    void devices_and_scrubs_are_what_zfs_says_of_them() {
        zfs.sh("truncate -s 100M /one /two /three && zpool create -O mountpoint=none pair mirror /one /two")
                .good();
        var devices = new OpenZfsDevices(zfs, "pair", (_, _) -> {});
        var scrubs = new OpenZfsScrubs(zfs, "pair", java.time.InstantSource.system(), _ -> {});

        assertThat(scrubs.status()).isEmpty();
        assertThat(devices.copies()).isEqualTo(2);
        scrubs.start();
        scrubs.await();
        assertThat(scrubs.status()).hasValueSatisfying(scrub -> {
            assertThat(scrub.state()).isEqualTo(Scrub.State.FINISHED);
            assertThat(scrub.errors()).isZero();
        });
        assertThatThrownBy(scrubs::pause).hasMessageContaining("there is no active scrub");
        assertThatThrownBy(() -> devices.offline("/nope", false)).hasMessageContaining("no such device in pool");
        devices.offline("/two", false);
        devices.online("/two", false);
        devices.await();
        assertThat(zfs.status("pair").vdevs()).noneMatch(Vdev::missing);
        devices.offline("/two", true);
        assertThat(zfs.status("pair").vdevs())
                .extracting(vdev -> vdev.path() + " " + vdev.missing())
                .containsExactly("/one false", "/two true");
        assertThat(devices.copies()).isEqualTo(1);
        devices.replace("/two", "/three", false);
        devices.await();
        assertThat(devices.resilver()).isEmpty();
        assertThat(zfs.status("pair").vdevs())
                .extracting(vdev -> vdev.path() + " " + vdev.missing())
                .containsExactly("/one false", "/three false");
        devices.detach("/one");
        assertThat(devices.intendedCopies()).isEqualTo(1);
        assertThatThrownBy(() -> devices.detach("/three")).hasMessageContaining("cannot detach /three");
        zfs.sh("zpool destroy pair; rm /one /two /three").good();
    }

    @Nested
    @EnabledIfEnvironmentVariable(named = SLOW, matches = ".+", disabledReason = "takes minutes")
    class Names extends NamesContract {
        @Override
        ContractPool makePool() {
            return new GuestZfsPool(zfs);
        }
    }

    @Nested
    @EnabledIfEnvironmentVariable(named = SLOW, matches = ".+", disabledReason = "takes minutes")
    class Snapshots extends SnapshotsContract {
        @Override
        ContractPool makePool() {
            return new GuestZfsPool(zfs);
        }
    }

    @Nested
    @EnabledIfEnvironmentVariable(named = SLOW, matches = ".+", disabledReason = "takes minutes")
    class Dependents extends DependentsContract {
        @Override
        ContractPool makePool() {
            return new GuestZfsPool(zfs);
        }
    }

    @Nested
    @EnabledIfEnvironmentVariable(named = SLOW, matches = ".+", disabledReason = "takes minutes")
    class Volumes extends VolumesContract {
        @Override
        ContractPool makePool() {
            return new GuestZfsPool(zfs);
        }
    }

    @Nested
    @EnabledIfEnvironmentVariable(named = SLOW, matches = ".+", disabledReason = "takes minutes")
    class Allotments extends AllotmentContract {
        @Override
        ContractPool makePool() {
            return new GuestZfsPool(zfs);
        }
    }

    @Nested
    @EnabledIfEnvironmentVariable(named = SLOW, matches = ".+", disabledReason = "takes minutes")
    class Tunings extends TuningContract {
        @Override
        ContractPool makePool() {
            return new GuestZfsPool(zfs);
        }
    }

    @Nested
    @EnabledIfEnvironmentVariable(named = SLOW, matches = ".+", disabledReason = "takes minutes")
    class Lives extends LivesContract {
        @Override
        ContractPool makePool() {
            return new GuestZfsPool(zfs);
        }
    }

    @Nested
    @EnabledIfEnvironmentVariable(named = SLOW, matches = ".+", disabledReason = "takes minutes")
    class Delegations extends DelegatingContract {
        @Override
        ContractPool makePool() {
            return new GuestZfsPool(zfs);
        }
    }
}
