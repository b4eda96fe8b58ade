package zonda.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import zonda.base.Await;
import zonda.base.Json;
import zonda.kvm.Qemu;

/** What is said of machines whose emulator, or whose disk, is gone, and how they come back. */
class MachineFailuresIT {
    private static final Duration SOON = Duration.ofSeconds(60);

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
}
