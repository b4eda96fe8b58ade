package zonda.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import zonda.it.guest.OpenZfsGuest;
import zonda.kernel.Command;

/** Real OpenZFS in a guest, the judge of what is right about ZFS: that it is there, and does what we ask it about. */
@Tag("slow")
class OpenZfsIT {
    private static final Duration UNPACKING = Duration.ofSeconds(60);
    /** First of a stream after its type and payload's length, zfs_ioctl.h: DMU_BACKUP_MAGIC. */
    private static final long STREAM_MAGIC = 0x2F5bacbacL;

    @TempDir
    static Path directory;

    private static OpenZfsGuest zfs;

    @BeforeAll
    static void boot() throws IOException {
        Path in = Files.createDirectory(directory.resolve("in"));
        Path golden = Documents.top().resolve("zstream/src/test/resources/zonda/zstream");
        if (Files.exists(golden)) {
            for (String name : List.of("fs.zs", "fs-inc.zs", "vol.zs", "sums", "sums2", "volsum")) {
                Path packed = Files.copy(golden.resolve(name + ".xz"), in.resolve(name + ".xz"));
                Command.of("xz", "-d", packed.toString()).check(UNPACKING);
            }
        }
        zfs = OpenZfsGuest.boot(Documents.top(), in);
        zfs.createPool("tank");
    }

    @AfterAll
    static void close() {
        if (zfs != null) {
            zfs.close();
        }
    }

    private static void needGoldenStreams() {
        assumeTrue(Files.exists(directory.resolve("in/fs.zs")), "needs the streams of module zstream's tests");
    }

    private static void assertHealthy() {
        assertThat(zfs.sh("zpool scrub -w tank && zpool status -x tank").good()).isEqualTo("pool 'tank' is healthy");
    }

    @Test
    void it_says_which_it_is() {
        assertThat(zfs.sh("zfs version").good().lines())
                .hasSize(2)
                .first()
                .asString()
                .startsWith("zfs-2.");
    }

    @Test
    void a_clone_of_a_snapshot_has_what_was_there_and_pays_only_for_its_changes() {
        zfs.sh("""
                        set -e
                        zfs create tank/origin
                        dd if=/dev/urandom of=/tank/origin/file bs=1M count=8 2>/dev/null
                        zfs snapshot tank/origin@one
                        rm /tank/origin/file
                        zfs clone tank/origin@one tank/clone
                        """).good();

        assertThat(zfs.sh("stat -c %s /tank/clone/file; zfs get -Hp -o value used,origin tank/clone")
                        .good()
                        .lines())
                .first()
                .isEqualTo(String.valueOf(8 << 20));
        assertThat(zfs.sh("zfs get -H -o value origin tank/clone").good()).isEqualTo("tank/origin@one");
        assertThat(Long.parseLong(zfs.sh("zfs get -Hp -o value used tank/clone").good()))
                .isLessThan(1 << 20);
        assertThat(zfs.sh("zfs destroy tank/origin@one").status()).isNotZero();
        assertHealthy();
    }

    @Test
    void a_stream_comes_out_whole() throws IOException {
        Path out = Files.createDirectory(directory.resolve("out"));
        zfs.sh("""
                        set -e
                        zfs create tank/sent
                        echo content >/tank/sent/file
                        zfs snapshot tank/sent@a
                        zfs send tank/sent@a >/out/sent.zs
                        sha256sum </out/sent.zs >/out/sum
                        """).good();

        zfs.fetch(out);

        byte[] stream = Files.readAllBytes(out.resolve("sent.zs"));
        assertThat(ByteBuffer.wrap(stream).order(ByteOrder.LITTLE_ENDIAN).getLong(8))
                .isEqualTo(STREAM_MAGIC);
        assertThat(Command.of("sha256sum", out.resolve("sent.zs").toString())
                        .check(UNPACKING)
                        .substring(0, 64))
                .isEqualTo(Files.readString(out.resolve("sum")).substring(0, 64));
    }

    @Test
    void streams_of_an_older_release_go_in_with_all_their_files() {
        needGoldenStreams();

        zfs.sh("zfs recv tank/fs </in/fs.zs && zfs recv tank/vol </in/vol.zs").good();

        // Of the sums, only the paths below the filesystem: it was sent from a pool with more.
        assertThat(zfs.sh("cd /tank && grep ' [.]/fs/' /in/sums | sha256sum -c --quiet")
                        .good())
                .isEmpty();
        assertThat(zfs.sh("until [ -e /dev/zvol/tank/vol ] || [ -e /dev/zd0 ]; do sleep 0.1; done;"
                                + " sha256sum /dev/zd0 | cut -c 1-64")
                        .good())
                .isEqualTo(zfs.sh("cut -c 1-64 /in/volsum").good());
        zfs.sh("zfs recv -F tank/fs </in/fs-inc.zs").good();
        assertThat(zfs.sh("cd /tank/fs && sha256sum -c --quiet /in/sums2").good())
                .isEmpty();
        assertHealthy();
    }

    @Test
    void a_stream_with_one_changed_byte_is_refused() {
        needGoldenStreams();
        zfs.sh("cp /in/fs.zs /tmp/bad && printf x | dd of=/tmp/bad bs=1 seek=2000000 conv=notrunc 2>/dev/null")
                .good();

        var refused = zfs.sh("zfs recv tank/bad </tmp/bad");

        assertThat(refused.status()).isNotZero();
        assertThat(refused.err()).contains("checksum mismatch");
        assertThat(zfs.sh("zfs list tank/bad").status()).isNotZero();
    }
}
