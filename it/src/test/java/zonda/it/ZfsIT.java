package zonda.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** zfs(8) and zpool(8), on a pool with an image and a VM. */
class ZfsIT {
    @RegisterExtension
    static final Instance zonda = new Instance();

    @AfterEach
    void leave_nothing() {
        zonda.deleteAll();
        zonda.run("zfs", "destroy", "-r", "zones/t");
    }

    private static String zfs(String... words) {
        Ran ran = zonda.run("zfs", words);
        assertThat(ran.status()).as(ran.toString()).isZero();
        assertThat(ran.err()).isEmpty();
        return ran.out();
    }

    private static void refused(int status, String message, String... words) {
        Ran ran = zonda.run("zfs", words);
        assertThat(ran.status()).as(ran.toString()).isEqualTo(status);
        assertThat(ran.out()).isEmpty();
        assertThat(ran.err()).startsWith(message + "\n");
    }

    @Test
    void datasets_are_made_listed_changed_and_destroyed() throws Exception {
        zfs("create", "-p", "-o", "quota=1G", "-o", "org.example:note=one", "zones/t/a");
        zfs("snapshot", "zones/t/a@one");
        Files.writeString(zonda.root().resolve("zones/t/a/file"), "later");
        zfs("clone", "zones/t/a@one", "zones/t/b");

        assertThat(zfs("list", "-H", "-r", "-o", "name,quota,origin,mounted", "zones/t"))
                .isEqualTo("zones/t\tnone\t-\tyes\nzones/t/a\t1G\t-\tyes\nzones/t/b\tnone\tzones/t/a@one\tyes\n");
        assertThat(zfs("list", "-t", "snapshot", "-H", "-o", "name", "-r", "zones/t"))
                .isEqualTo("zones/t/a@one\n");
        assertThat(zfs("get", "-H", "-p", "-o", "value,source", "quota,org.example:note", "zones/t/a"))
                .isEqualTo("1073741824\tlocal\none\tlocal\n");
        assertThat(zfs("get", "org.example:note", "zones/t/a"))
                .isEqualTo("NAME       PROPERTY          VALUE  SOURCE\nzones/t/a  org.example:note  one    local\n");

        zfs("set", "quota=2G", "zones/t/a");
        assertThat(zfs("get", "-H", "-o", "value", "quota", "zones/t/a")).isEqualTo("2G\n");
        zfs("inherit", "org.example:note", "zones/t/a");
        assertThat(zfs("get", "-H", "-o", "value,source", "org.example:note", "zones/t/a"))
                .isEqualTo("-\t-\n");

        refused(
                1,
                "cannot destroy 'zones/t/a@one': snapshot has dependent clones: zones/t/b",
                "destroy",
                "zones/t/a@one");
        zfs("destroy", "zones/t/b");
        zfs("rollback", "zones/t/a@one");
        assertThat(zonda.root().resolve("zones/t/a/file")).doesNotExist();
        zfs("rename", "zones/t/a", "zones/t/c");
        assertThat(zfs("destroy", "-rn", "zones/t"))
                .isEqualTo("would destroy zones/t/c@one\nwould destroy zones/t/c\nwould destroy zones/t\n");
        zfs("destroy", "-r", "zones/t");
        refused(1, "cannot open 'zones/t': dataset does not exist", "list", "zones/t");
    }

    @Test
    void a_vm_is_a_clone_of_its_image_and_is_not_destroyed_while_it_runs() {
        UUID vm = zonda.create(zonda.payload());

        assertThat(zfs("get", "-H", "-o", "value", "origin", "zones/" + vm))
                .isEqualTo("zones/" + zonda.image() + "@final\n");
        long image = Long.parseLong(zfs("get", "-Hp", "-o", "value", "referenced", "zones/" + zonda.image())
                .strip());
        long clone = Long.parseLong(
                zfs("get", "-Hp", "-o", "value", "referenced", "zones/" + vm).strip());
        long own = Long.parseLong(
                zfs("get", "-Hp", "-o", "value", "used", "zones/" + vm).strip());
        assertThat(image).isGreaterThan(500_000);
        assertThat(clone).isGreaterThanOrEqualTo(image);
        assertThat(own).isLessThan(image);
        Ran ran = zonda.run("zfs", "destroy", "zones/" + vm);
        assertThat(ran.status()).isEqualTo(1);
        assertThat(ran.err()).startsWith("cannot ").contains("dataset is busy");
        assertThat(zonda.state(vm)).isEqualTo("running");
        assertThat(zonda.sh(vm, "echo alive")).isEqualTo("alive");
    }

    @Test
    void the_table_is_that_of_openzfs() {
        assertThat(zfs("list").lines().toList().getFirst()).matches("NAME +USED +AVAIL +REFER  MOUNTPOINT");
        assertThat(zfs("list").lines().toList().get(1))
                .matches("zones +[0-9.]+[BKMG] +[0-9.]+G +[0-9.]+[BKMG]  /.*/zones");
        assertThat(zfs("list", "-Hp", "-o", "used", "zones").strip()).matches("[0-9]+");
    }

    @Test
    void what_can_not_be_done_is_said_and_nothing_changes() {
        zfs("create", "zones/t");

        refused(
                1,
                "cannot set property for 'zones/t': 'compression' is not supported by the driver btrfs; quota and user"
                        + " properties are",
                "set",
                "compression=on",
                "zones/t");
        refused(1, "bad numeric value 'much'", "set", "quota=much", "zones/t");
        refused(1, "cannot create 'zones/t': dataset already exists", "create", "zones/t");
        refused(1, "cannot create 'zones/x/y': parent does not exist", "create", "zones/x/y");
        refused(2, "bad property list: invalid property 'colour'", "list", "-o", "colour");
        refused(2, "unrecognized command 'frobnicate'", "frobnicate");
        refused(2, "missing property=value argument(s)", "set", "zones/t");
        refused(2, "missing filesystem argument", "create");
        refused(2, "unknown option: -z", "list", "-z");
        assertThat(zfs("get", "-H", "-o", "value", "quota", "zones/t")).isEqualTo("none\n");
    }

    @Test
    void the_pool_tells_its_space_and_its_health() {
        List<String> list = zonda.run("zpool", "list").out().lines().toList();
        assertThat(list.getFirst())
                .matches("NAME +SIZE +ALLOC +FREE +CKPOINT +EXPANDSZ +FRAG +CAP +DEDUP +HEALTH +ALTROOT");
        assertThat(list.get(1)).matches("zones +[0-9.]+[MG] .*% +1\\.00x +ONLINE +-");
        assertThat(zonda.run("zpool", "list", "-H", "-o", "name,health").out()).isEqualTo("zones\tONLINE\n");
        assertThat(zonda.run("zpool", "status", "-x").out()).isEqualTo("all pools are healthy\n");
        assertThat(zonda.run("zpool", "status").out())
                .startsWith("  pool: zones\n state: ONLINE\n")
                .contains("\n\tNAME ")
                .endsWith("\nerrors: No known data errors\n");
        Ran none = zonda.run("zpool", "list", "tank");
        assertThat(none.status()).isEqualTo(1);
        assertThat(none.err()).isEqualTo("cannot open 'tank': no such pool\n");
    }
}
