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
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import zonda.base.Await;
import zonda.base.Json;
import zonda.kernel.Command;
import zonda.kvm.Qemu;

/** What is said of machines whose emulator, or whose disk, is gone, or whose pool is full, and how they come back. */
class MachineFailuresIT {
    private static final Duration SOON = Duration.ofSeconds(60);
    private static final Duration LOOK = Duration.ofMillis(500);
    private static final long MIB = 1 << 20;
    /** MiB of a disk that is larger than what its pool has left, and not than the pool. */
    private static final int FILLED = 180;

    @RegisterExtension
    static final Instance zonda = new Instance();

    @BeforeAll
    static void needs() {
        assumeTrue(Files.isExecutable(Qemu.PROGRAM), "needs " + Qemu.PROGRAM);
    }

    @AfterEach
    void leave_nothing() {
        zonda.deleteAll();
        assertThat(zonda.leftovers().ofZones()).isEmpty();
    }

    private static UUID machine() {
        Json.Obj disk = Json.object().with("model", "virtio").with("size", 8);
        return zonda.create(Json.object()
                .with("brand", "kvm")
                .with("alias", "machine")
                .with("ram", 64)
                .with("disks", new Json.Arr(List.of(disk, disk))));
    }

    private static Ran good(String tool, String... words) {
        Ran ran = zonda.run(tool, words);
        assertThat(ran.status()).as(ran.toString()).isZero();
        return ran;
    }

    private static String why(UUID vm) {
        return zonda.vmadm("why", vm.toString()).out();
    }

    @Test
    void an_emulator_that_dies_leaves_a_stopped_machine_that_says_so_and_boots_again() {
        UUID vm = machine();
        assertThat(ProcessHandle.of(zonda.init(vm)).orElseThrow().destroyForcibly())
                .isTrue();

        assertThat(Await.until(SOON, () -> zonda.state(vm).equals("stopped"))).isTrue();
        assertThat(zonda.get(vm).integer("exit_status", 0)).isEqualTo(-9);
        assertThat(why(vm)).contains("is stopped", "its init ended last at", "by signal 9", "vmadm start machine");
        assertThat(zonda.vmadm("start", vm.toString()).status()).isZero();
        assertThat(zonda.state(vm)).isEqualTo("running");
    }

    @Test
    void a_disk_that_is_gone_is_named_and_the_machine_boots_without_it_when_it_is_given_up() {
        UUID vm = machine();
        assertThat(zonda.vmadm("stop", "-F", vm.toString()).status()).isZero();
        String disk = "zones/" + vm + "-disk1";
        Ran gone = zonda.run("zfs", "destroy", disk);
        assertThat(gone.status()).as(gone.toString()).isZero();

        Ran start = zonda.vmadm("start", vm.toString());
        assertThat(start.status()).isEqualTo(1);
        assertThat(start.err()).contains(disk).contains("does not exist");
        assertThat(zonda.state(vm)).isEqualTo("stopped");
        assertThat(why(vm)).contains("the volume " + disk + " of its disks is missing");

        Ran update =
                zonda.feed("{\"remove_disks\": [\"/dev/zvol/rdsk/" + disk + "\"]}", "vmadm", "update", vm.toString());
        assertThat(update.status()).as(update.toString()).isZero();
        assertThat(zonda.vmadm("start", vm.toString()).status()).isZero();
        assertThat(why(vm)).contains("is running").doesNotContain("missing");
    }

    @Test
    void a_machine_whose_pool_is_full_stands_still_and_goes_on_when_there_is_room(@TempDir Path files)
            throws IOException {
        zonda.stop();
        zonda.start(Map.of("ZONDA_KEEPER_MS", "300"));
        Path vdev = files.resolve("disk");
        try (var file = new RandomAccessFile(vdev.toFile(), "rw")) {
            file.setLength(4096 * MIB);
        }
        good("zpool", "create", "tank", vdev.toString());
        try {
            good("zfs", "create", "-o", "compression=off", "tank/ballast");
            fill(Path.of(good("zfs", "get", "-H", "-o", "value", "mountpoint", "tank/ballast")
                    .out()
                    .strip()));
            UUID vm = filling(files);

            assertThat(Await.steadily(SOON, LOOK, () -> why(vm).contains("stands still")))
                    .as(() -> why(vm))
                    .isTrue();
            assertThat(why(vm))
                    .contains("is running", "volume tank/" + vm + "-disk0 could not be written to", "zpool list");
            assertThat(zonda.vmadm("info", vm.toString(), "status").json().object("status"))
                    .isEqualTo(
                            Json.parseObject("{\"running\": false, \"singlestep\": false, \"status\": \"io-error\"}"));
            good("zfs", "destroy", "tank/ballast");
            assertThat(Await.steadily(SOON, LOOK, () -> console(vm).contains("written.")))
                    .as(() -> why(vm))
                    .isTrue();
            assertThat(console(vm)).doesNotContain("failed");
            assertThat(why(vm)).doesNotContain("stands still");
        } finally {
            zonda.deleteAll();
            good("zpool", "destroy", "tank");
            zonda.restart();
        }
    }

    /** All but some 64 to 128 MiB of the pool. */
    private static void fill(Path directory) {
        String script = "cd " + directory + "; i=0; while fallocate -l 64M $i; do i=$((i + 1)); [ $i -lt 100 ]"
                + " || exit 0; done; rm -f $i 0; sync .";
        assertThat(Command.of("sh", "-c", script).run(SOON).err()).contains("quota");
    }

    /** A machine that writes to all of a disk for which no space is kept. */
    private static UUID filling(Path files) throws IOException {
        Path disk = Files.write(files.resolve("filling"), Arrays.copyOf(FillingDisk.sector(FILLED), (int) MIB));
        UUID image = UUID.randomUUID();
        good(
                "imgadm",
                "create",
                "-q",
                "-P",
                "tank",
                "--from",
                disk.toString(),
                "name=filling",
                "version=1",
                "uuid=" + image);
        Json.Obj boot = Json.object()
                .with("image_uuid", image.toString())
                .with("model", "virtio")
                .with("boot", true)
                .with("size", FILLED)
                .with("compression", "off")
                .with("refreservation", 0);
        return zonda.create(Json.object()
                .with("brand", "kvm")
                .with("alias", "filling")
                .with("zpool", "tank")
                .with("ram", 64)
                .with("disks", new Json.Arr(List.of(boot))));
    }

    private static String console(UUID vm) {
        return zonda.vmadm("logs", vm.toString()).out();
    }
}
