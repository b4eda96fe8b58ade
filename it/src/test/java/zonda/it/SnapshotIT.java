package zonda.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import zonda.base.Json;

/** Snapshots of VMs, rollback, and a new root from an image. */
class SnapshotIT {
    @RegisterExtension
    static final Instance zonda = new Instance();

    private UUID vm;

    @BeforeEach
    void make_a_vm() {
        vm = zonda.create(Instance.withNics(zonda.payload("web01"), Instance.nic("dhcp")));
    }

    @AfterEach
    void leave_nothing() {
        zonda.deleteAll();
        assertThat(zonda.leftovers().ofZones()).isEmpty();
    }

    private void said(String message, String verb, String... words) {
        Ran ran = zonda.vmadm(line(verb, words));
        assertThat(ran.err()).isEqualTo(message + "\n");
        assertThat(ran.out()).isEmpty();
        assertThat(ran.status()).isZero();
    }

    private void refused(int status, String message, String verb, String... words) {
        Ran ran = zonda.vmadm(line(verb, words));
        assertThat(ran.err()).startsWith(message);
        assertThat(ran.status()).as(ran.toString()).isEqualTo(status);
    }

    private String[] line(String verb, String... words) {
        var line = new String[words.length + 2];
        line[0] = verb;
        line[1] = vm.toString();
        System.arraycopy(words, 0, line, 2, words.length);
        return line;
    }

    private List<String> names() {
        return zonda.get(vm).array("snapshots").objects().stream()
                .map(snapshot -> snapshot.string("name", ""))
                .toList();
    }

    @Test
    void a_snapshot_is_listed_and_seen_in_the_running_vm_until_it_is_deleted() {
        zonda.sh(vm, "echo one > /root/mark; dd if=/dev/urandom of=/root/data bs=1M count=5 2>/dev/null; sync");

        said("Created snapshot first for VM " + vm, "create-snapshot", "first");
        zonda.sh(vm, "echo two > /root/mark");
        said("Created snapshot a.b:c_-1 for VM " + vm, "create-snapshot", "a.b:c_-1");

        Json.Obj first = zonda.get(vm).array("snapshots").objects().getLast();
        assertThat(names()).as("newest first").containsExactly("a.b:c_-1", "first");
        assertThat(first.integer("size", 0)).isBetween(5L, 8L);
        assertThat(first.string("created_at", "")).matches("20\\d\\d-.*T.*Z");
        assertThat(zonda.sh(vm, "cat /checkpoints/first/root/mark /checkpoints/a.b:c_-1/root/mark"))
                .isEqualTo("one\ntwo");
        assertThat(zonda.sh(vm, "stat -c %u /checkpoints/first/root/mark; touch /checkpoints/first/x 2>&1 || true"))
                .startsWith("0\n")
                .containsIgnoringCase("read-only");
        refused(1, "snapshot with name \"first\" already exists.", "create-snapshot", "first");
        refused(1, "No snapshot named \"third\" for " + vm, "delete-snapshot", "third");
        refused(1, "Invalid snapshot name \"a b\"", "create-snapshot", "a b");
        refused(2, "Wrong number of parameters to \"create-snapshot\"", "create-snapshot");

        said("Deleted snapshot first for VM " + vm, "delete-snapshot", "first");

        assertThat(names()).containsExactly("a.b:c_-1");
        assertThat(zonda.sh(vm, "ls /checkpoints")).isEqualTo("a.b:c_-1");
    }

    private String mountpointOfCores() {
        return zonda.run("zfs", "list", "-H", "-o", "mountpoint,mounted", "zones/cores/" + vm)
                .out();
    }

    @Test
    void the_dataset_for_cores_stays_mounted_beside_the_root() throws IOException {
        Path cores = zonda.datasetRoot(vm).resolveSibling("cores");
        Path core = Files.writeString(cores.resolve("core.init.1"), "a core");
        assertThat(mountpointOfCores()).isEqualTo(cores + "\tyes\n");
        zonda.vmadm("create-snapshot", vm.toString(), "one");

        said("Rolled back snapshot one for VM " + vm, "rollback-snapshot", "one");
        assertThat(mountpointOfCores()).isEqualTo(cores + "\tyes\n");
        assertThat(core).hasContent("a core");

        zonda.feed("{\"image_uuid\": \"" + zonda.image() + "\"}", "vmadm", "reprovision", vm.toString());
        assertThat(mountpointOfCores()).isEqualTo(cores + "\tyes\n");
        assertThat(core).hasContent("a core");
    }

    @Test
    void a_rollback_takes_the_root_back_and_the_vm_runs_again() {
        zonda.sh(vm, "echo one > /root/mark");
        said("Created snapshot one for VM " + vm, "create-snapshot", "one");
        zonda.sh(vm, "echo two > /root/mark; touch /root/new");
        said("Created snapshot two for VM " + vm, "create-snapshot", "two");
        long init = zonda.init(vm);

        said("Rolled back snapshot one for VM " + vm, "rollback-snapshot", "one");

        assertThat(zonda.state(vm)).isEqualTo("running");
        assertThat(zonda.init(vm)).isNotEqualTo(init);
        assertThat(zonda.sh(vm, "cat /root/mark; ls /root")).isEqualTo("one\nmark");
        assertThat(names()).as("newer ones are gone").containsExactly("one");
        assertThat(zonda.sh(vm, "ls /checkpoints")).isEqualTo("one");
        refused(1, "No snapshot named \"two\" for " + vm, "rollback-snapshot", "two");
    }

    @Test
    void a_stopped_vm_stays_stopped_and_shows_its_snapshots_at_its_next_boot() {
        zonda.sh(vm, "echo one > /root/mark");
        zonda.vmadm("stop", vm.toString());
        said("Created snapshot cold for VM " + vm, "create-snapshot", "cold");

        said("Rolled back snapshot cold for VM " + vm, "rollback-snapshot", "cold");

        assertThat(zonda.state(vm)).isEqualTo("stopped");
        zonda.vmadm("start", vm.toString());
        assertThat(zonda.sh(vm, "cat /checkpoints/cold/root/mark")).isEqualTo("one");
    }

    @Test
    void a_guest_can_not_lead_the_mount_of_a_snapshot_elsewhere() {
        zonda.sh(vm, "ln -s /etc /checkpoints");

        Ran ran = zonda.vmadm("create-snapshot", vm.toString(), "led");

        assertThat(zonda.sh(vm, "test -e /etc/led/root && echo led astray || echo not"))
                .isEqualTo("not");
        assertThat(ran.status()).as(ran.toString()).isZero();
        assertThat(names()).containsExactly("led");
    }

    @Test
    void a_reprovisioned_vm_has_a_new_root_and_its_old_name_and_addresses() {
        String ip = zonda.get(vm).array("nics").objects().getFirst().string("mac", "");
        zonda.sh(vm, "echo one > /root/mark");
        said("Created snapshot one for VM " + vm, "create-snapshot", "one");

        Ran ran = zonda.feed("{\"image_uuid\": \"" + zonda.image() + "\"}", "vmadm", "reprovision", vm.toString());

        assertThat(ran.err()).isEqualTo("Successfully reprovisioned VM " + vm + "\n");
        assertThat(ran.status()).isZero();
        assertThat(zonda.state(vm)).isEqualTo("running");
        assertThat(zonda.sh(vm, "hostname; ls /root")).isEqualTo("web01");
        assertThat(names()).isEmpty();
        assertThat(zonda.get(vm).array("nics").objects().getFirst().string("mac", ""))
                .isEqualTo(ip);
        Ran unknown = zonda.feed("{\"image_uuid\": \"" + vm + "\"}", "vmadm", "reprovision", vm.toString());
        assertThat(unknown.err())
                .startsWith("Failed to reprovision VM " + vm + ": Image " + vm + " not found in zpool zones");
        Ran missing = zonda.feed("{}", "vmadm", "reprovision", vm.toString());
        assertThat(missing.err()).startsWith("Failed to reprovision VM " + vm + ": payload is missing image_uuid");
        assertThat(zonda.state(vm)).as("nothing has happened to it").isEqualTo("running");
    }
}
