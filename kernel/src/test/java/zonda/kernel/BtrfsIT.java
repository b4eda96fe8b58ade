package zonda.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.OptionalLong;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import zonda.base.Await;

class BtrfsIT {
    private static final long MIB = 1 << 20;

    @TempDir
    Path directory;

    private Path image;
    private Path top;

    @BeforeEach
    void makeFilesystem() throws IOException {
        assumeTrue("root".equals(System.getProperty("user.name")), "mounting needs root");
        assumeTrue(Files.exists(Path.of("/sys/fs/btrfs/features/simple_quota")), "needs btrfs of Linux 6.7");
        image = directory.resolve("image");
        top = Files.createDirectory(directory.resolve("top"));
        try (var file = new RandomAccessFile(image.toFile(), "rw")) {
            file.setLength(512 * MIB);
        }
        Command.of("mkfs.btrfs", "-q", image.toString()).check(Duration.ofSeconds(30));
        try (Loop loop = Loop.attach(image)) {
            assertThat(Loop.find(image)).hasValue(loop.device());
            assertThat(Loop.backingFile(loop.device())).hasValue(image);
            Mounts.mount(loop.device().toString(), top, "btrfs", Mounts.MS_NOATIME, "");
        }
    }

    @AfterEach
    void unmountAndSeeTheDeviceGo() {
        if (top == null) {
            return;
        }
        Mounts.list().reversed().stream()
                .filter(mount -> mount.target().startsWith(directory))
                .forEach(mount -> Mounts.unmount(mount.target()));
        assertThat(Await.until(Duration.ofSeconds(10), () -> Loop.find(image).isEmpty()))
                .as("the loop device is gone")
                .isTrue();
    }

    @Test
    void snapshots_are_listed_where_they_lie_and_destroyed() throws IOException {
        try (Fd in = Fd.openDirectory(top)) {
            Btrfs.createSubvolume(in, "origin", List.of());
            Files.writeString(top.resolve("origin/file"), "text");
            try (Fd source = Fd.openDirectory(top.resolve("origin"))) {
                Btrfs.snapshot(source, in, new Btrfs.SnapshotOptions("frozen", true, List.of()));
            }

            assertThat(Files.readString(top.resolve("frozen/file"))).isEqualTo("text");
            assertThatThrownBy(() -> Files.writeString(top.resolve("frozen/file"), "other"))
                    .isInstanceOf(IOException.class);
            assertThat(BtrfsTrees.subvolumes(in))
                    .extracting(BtrfsTrees.Place::name, BtrfsTrees.Place::parent)
                    .containsExactlyInAnyOrder(
                            org.assertj.core.groups.Tuple.tuple("origin", 5L),
                            org.assertj.core.groups.Tuple.tuple("frozen", 5L));
            try (Fd frozen = Fd.openDirectory(top.resolve("frozen"))) {
                Btrfs.Subvolume subvolume = Btrfs.subvolume(frozen);
                assertThat(subvolume.readOnly()).isTrue();
                assertThat(subvolume.name()).isEqualTo("frozen");
                Btrfs.setReadOnly(frozen, false);
                assertThat(Btrfs.subvolume(frozen).readOnly()).isFalse();
                Btrfs.destroySubvolume(in, subvolume.id());
            }
            Btrfs.destroySubvolume(in, "origin");
            Btrfs.sync(in);

            assertThat(BtrfsTrees.subvolumes(in)).isEmpty();
            assertThat(Btrfs.filesystem(in).devices()).isEqualTo(1);
            assertThat(Btrfs.device(in, 1).orElseThrow().totalBytes()).isEqualTo(512 * MIB);
            assertThat(Btrfs.device(in, 2)).isEmpty();
        }
    }

    @Test
    void many_subvolumes_are_listed_across_several_answers_of_the_kernel() {
        try (Fd in = Fd.openDirectory(top)) {
            for (int i = 0; i < 300; i++) {
                Btrfs.createSubvolume(in, "n" + i + "-".repeat(240), List.of());
            }
            Btrfs.sync(in);

            assertThat(BtrfsTrees.subvolumes(in)).hasSize(300).doesNotHaveDuplicates();
        }
    }

    @Test
    void a_subvolume_in_two_limited_groups_is_stopped_by_the_tighter_one() throws IOException {
        long outer = Btrfs.levelOneGroup(70_000);
        long inner = Btrfs.levelOneGroup(80_000);
        try (Fd in = Fd.openDirectory(top)) {
            Btrfs.enableSimpleQuota(in);
            Btrfs.createGroup(in, outer);
            Btrfs.createGroup(in, inner);
            Btrfs.limit(in, outer, OptionalLong.of(8 * MIB));
            Btrfs.limit(in, inner, OptionalLong.of(64 * MIB));
            Btrfs.createSubvolume(in, "data", List.of(outer, inner));

            assertThatThrownBy(() -> write(top.resolve("data/file"), 16)).hasMessageContaining("quota");
            Btrfs.sync(in);
            var groups = BtrfsTrees.groups(in);
            assertThat(groups.get(outer).limit()).hasValue(8 * MIB);
            assertThat(groups.get(outer).used().value()).isBetween(MIB, 8 * MIB);
            assertThat(groups.get(inner).used()).isEqualTo(groups.get(outer).used());
            long member = groups.get(outer).members().iterator().next();
            assertThat(groups.get(member).groups()).containsExactlyInAnyOrder(outer, inner);
            assertThatThrownBy(() -> Btrfs.createGroup(in, outer))
                    .isInstanceOf(KernelException.class)
                    .hasMessageContaining("create quota group 1/70000");
            assertThatThrownBy(() -> Btrfs.destroyGroup(in, outer))
                    .isInstanceOfSatisfying(
                            KernelException.class,
                            e -> assertThat(e.is(Errno.EBUSY)).isTrue());

            Btrfs.limit(in, outer, OptionalLong.empty());
            write(top.resolve("data/file"), 16);
            Btrfs.unassign(in, member, outer);
            Btrfs.sync(in);
            assertThat(BtrfsTrees.groups(in).get(outer).used().value()).isZero();
            Btrfs.destroyGroup(in, outer);
            Btrfs.sync(in);
            assertThat(BtrfsTrees.groups(in)).doesNotContainKey(outer);
        }
    }

    @Test
    void two_names_are_exchanged_in_one_step() throws IOException {
        Files.writeString(top.resolve("a"), "first");
        Files.writeString(top.resolve("b"), "second");

        Renames.exchange(top.resolve("a"), top.resolve("b"));

        assertThat(Files.readString(top.resolve("a"))).isEqualTo("second");
        assertThat(Files.readString(top.resolve("b"))).isEqualTo("first");
        assertThatThrownBy(() -> Renames.toFree(top.resolve("a"), top.resolve("b")))
                .isInstanceOfSatisfying(
                        KernelException.class,
                        e -> assertThat(e.is(Errno.EEXIST)).isTrue());
    }

    private static void write(Path file, int mebibytes) throws IOException {
        byte[] noise = new byte[(int) MIB];
        try (var out = new RandomAccessFile(file.toFile(), "rw")) {
            for (int i = 0; i < mebibytes; i++) {
                new Random(i).nextBytes(noise);
                out.write(noise);
                out.getFD().sync();
            }
        }
    }
}
