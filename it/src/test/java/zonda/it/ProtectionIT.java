package zonda.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import zonda.base.Json;

/** VMs that must not be destroyed, what is kept of those that are, and directories of the host that they see. */
class ProtectionIT {
    @RegisterExtension
    static final Instance zonda = new Instance();

    @TempDir
    Path directory;

    @AfterEach
    void leave_nothing() {
        zonda.vmadm("lookup").out().lines().forEach(vm -> zonda.vmadm("update", vm, "indestructible_zoneroot=false"));
        zonda.deleteAll();
        assertThat(zonda.leftovers().ofZones()).isEmpty();
    }

    private static void refused(Ran ran, int status, String message) {
        assertThat(ran.err()).contains(message);
        assertThat(ran.status()).as(ran.toString()).isEqualTo(status);
    }

    private static void good(Ran ran) {
        assertThat(ran.status()).as(ran.toString()).isZero();
    }

    @Test
    void an_indestructible_vm_is_destroyed_by_nothing_until_it_is_said_so() {
        UUID vm = zonda.create(zonda.payload("web01").with("indestructible_zoneroot", true));
        String why = "indestructible_zoneroot is set, cannot ";
        refused(zonda.vmadm("delete", vm.toString()), 1, "Failed to delete VM " + vm + ": " + why + "delete");
        refused(
                zonda.feed("{\"image_uuid\": \"" + zonda.image() + "\"}", "vmadm", "reprovision", vm.toString()),
                1,
                why + "reprovision");
        zonda.vmadm("stop", vm.toString(), "-F");
        refused(zonda.run("zfs", "destroy", "-r", "zones/" + vm), 1, "@indestructible: it's being held");
        zonda.vmadm("start", vm.toString());

        good(zonda.vmadm("create-snapshot", vm.toString(), "one"));
        zonda.sh(vm, "touch /root/new");
        good(zonda.vmadm("rollback-snapshot", vm.toString(), "one"));
        assertThat(zonda.sh(vm, "ls /root")).isEmpty();
        assertThat(zonda.get(vm).array("snapshots").objects()).hasSize(1);
        assertThat(zonda.run("zfs", "holds", "-H", "zones/" + vm + "@indestructible")
                        .out())
                .contains("do_not_destroy");

        good(zonda.vmadm("update", vm.toString(), "indestructible_zoneroot=false"));
        assertThat(zonda.run("zfs", "list", "-H", "-t", "snapshot", "-o", "name", "zones/" + vm)
                        .out())
                .doesNotContain("indestructible");
        good(zonda.vmadm("update", vm.toString(), "indestructible_zoneroot=true"));
        refused(zonda.vmadm("delete", vm.toString()), 1, why + "delete");
        good(zonda.run("zfs", "hold", "somebody-elses", "zones/" + vm + "@indestructible"));
        good(zonda.vmadm("update", vm.toString(), "indestructible_zoneroot=false"));
        good(zonda.vmadm("delete", vm.toString()));
    }

    @Test
    void what_is_archived_of_a_deleted_vm_is_its_record_its_console_and_its_cores() throws IOException {
        Json.Obj payload = zonda.payload("web01").with("archive_on_delete", true);
        zonda.delete(zonda.create(payload));
        assertThat(zonda.root().resolve("zones/archive")).as("nobody made it").doesNotExist();

        good(zonda.run("zfs", "create", "zones/archive"));
        UUID vm = zonda.create(payload);
        Files.writeString(zonda.datasetRoot(vm).resolveSibling("cores").resolve("core.1"), "a core");
        zonda.delete(vm);
        Path kept = zonda.root().resolve("zones/archive/" + vm);
        assertThat(Json.parseObject(Files.readString(kept.resolve("vm.json"))).string("alias", ""))
                .isEqualTo("web01");
        assertThat(kept.resolve(vm + ".xml")).content().contains("<zone name=\"" + vm + "\"");
        assertThat(kept.resolve("cores/core.1")).hasContent("a core");
        assertThat(kept.resolve("console.log")).exists();
        good(zonda.run("zfs", "destroy", "zones/archive"));
    }

    private static Json.Obj lofs(Path source, String target, String... options) {
        return Json.object()
                .with("type", "lofs")
                .with("source", source.toString())
                .with("target", target)
                .with("options", Json.Arr.ofStrings(List.of(options)));
    }

    @Test
    void a_vm_sees_directories_of_the_host_where_it_wants_them() throws IOException {
        Path shared = Files.createDirectory(directory.resolve("shared"));
        Path fixed = Files.createDirectory(directory.resolve("fixed"));
        Files.writeString(shared.resolve("greeting"), "hello");
        Files.writeString(fixed.resolve("script"), "#!/bin/sh\necho ran\n");
        assertThat(fixed.resolve("script").toFile().setExecutable(true)).isTrue();
        UUID vm = zonda.create(zonda.payload("web01")
                .with(
                        "filesystems",
                        new Json.Arr(List.of(
                                lofs(shared, "/srv/shared"), lofs(fixed, "/opt/fixed", "ro", "nodevices", "noexec")))));

        assertThat(zonda.sh(vm, "cat /srv/shared/greeting; stat -c %u /srv/shared/greeting"))
                .isEqualTo("hello0");
        zonda.sh(vm, "echo from the zone > /srv/shared/answer");
        assertThat(shared.resolve("answer")).hasContent("from the zone\n");
        assertThat(Files.getAttribute(shared.resolve("answer"), "unix:uid")).isEqualTo(0);
        assertThat(zonda.sh(vm, "touch /opt/fixed/x 2>&1 | grep -c Read-only; /opt/fixed/script 2>&1 | grep -c denied"))
                .isEqualTo("1\n1");
        assertThat(zonda.get(vm).array("filesystems").objects()).hasSize(2);

        Ran ran = zonda.feed(
                "{\"remove_filesystems\": [\"/opt/fixed\"], \"update_filesystems\": [{\"target\": \"/srv/shared\","
                        + " \"options\": [\"ro\"]}]}",
                "vmadm",
                "update",
                vm.toString());
        good(ran);
        good(zonda.vmadm("reboot", vm.toString()));
        assertThat(zonda.sh(vm, "ls /opt/fixed; touch /srv/shared/x 2>&1 | grep -c Read-only"))
                .isEqualTo("1");
    }

    @Test
    void filesystems_that_can_not_be_are_refused_by_name() throws IOException {
        Json.Obj payload = zonda.payload("web01");
        Json.Obj wrong = lofs(Path.of("/srv"), "/mnt");
        refused(create(payload, wrong.with("type", "ufs")), 1, "filesystems.0.type");
        refused(create(payload, wrong.with("source", "srv/../x")), 1, "filesystems.0.source");
        refused(create(payload, wrong.with("target", "/proc/sys")), 1, "filesystems.0.target");
        refused(
                create(payload, wrong.with("options", Json.Arr.ofStrings(List.of("loud")))),
                1,
                "unknown option \"loud\"");
        refused(create(payload, wrong.without("source")), 1, "filesystems.0.source");
        refused(create(payload, wrong, wrong), 1, "Cannot add multiple filesystems at /mnt");
        refused(
                create(payload, lofs(directory.resolve("missing"), "/mnt")),
                1,
                "filesystem /mnt: its source " + directory.resolve("missing") + " is not a directory");
        Path link = Files.createSymbolicLink(directory.resolve("link"), Path.of("/etc"));
        refused(create(payload, lofs(link, "/mnt")), 1, "goes through a symbolic link; its real path is /etc");
        assertThat(zonda.vmadm("list", "-H").out()).isEmpty();
    }

    private static Ran create(Json.Obj payload, Json.Obj... filesystems) {
        return zonda.feed(
                payload.with("filesystems", new Json.Arr(List.of(filesystems))).compact(), "vmadm", "create");
    }

    @Test
    void a_guest_can_not_lead_a_filesystem_elsewhere() throws IOException {
        Files.writeString(directory.resolve("secret"), "s");
        UUID vm = zonda.create(zonda.payload("web01")
                .with("filesystems", new Json.Arr(List.of(lofs(directory, "/srv/shared", "ro")))));
        zonda.sh(vm, "rm -rf /srv/shared 2>/dev/null; rm -rf /srv; ln -s /etc /srv");
        Ran ran = zonda.vmadm("reboot", vm.toString());
        assertThat(zonda.state(vm) + ran.err()).doesNotContain("/etc/shared");
        assertThat(Path.of("/etc/shared")).doesNotExist();
    }
}
