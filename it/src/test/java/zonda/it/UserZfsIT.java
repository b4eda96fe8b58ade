package zonda.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import zonda.client.Frame;
import zonda.kernel.Command;

/** zfs(8) and zpool(8) as a user of the host runs them, with the real client: what root has not delegated is refused. */
class UserZfsIT {
    private static final int UID = 424_242;
    private static final int GID = 434_343;

    @RegisterExtension
    static final Instance zonda = new Instance();

    private static Path classes;

    @AfterEach
    void leave_nothing() {
        zonda.run("zfs", "destroy", "-R", "zones/t");
    }

    private static void root(String... words) {
        Ran ran = zonda.run("zfs", words);
        assertThat(ran.status()).as(ran.toString()).isZero();
    }

    /** Where whoever it is may read it, wherever the tests lie. */
    @BeforeAll
    static void put_the_client_where_all_may_read_it() {
        String built =
                Frame.class.getProtectionDomain().getCodeSource().getLocation().getPath();
        classes = zonda.root().resolve("client");
        Command.of("cp", "-r", built, classes.toString()).check(Instance.LIMIT);
        Command.of("chmod", "-R", "a+rX", classes.toString()).check(Instance.LIMIT);
    }

    private static Ran user(String tool, String... words) {
        List<String> argv = new ArrayList<>(List.of("setpriv", "--reuid=" + UID, "--regid=" + UID, "--groups=" + GID));
        argv.addAll(List.of(System.getProperty("java.home") + "/bin/java", "-XX:TieredStopAtLevel=1"));
        argv.addAll(List.of("-XX:+UseSerialGC", "-cp", classes.toString(), "zonda.client.Main", tool, ""));
        argv.addAll(List.of(words));
        Command.Result ran = Command.of(argv)
                .environment("ZONDA_SOCKET", zonda.identity().socket().toString())
                .run(Instance.LIMIT);
        return new Ran(ran.status(), ran.out().getBytes(StandardCharsets.UTF_8), ran.err());
    }

    private static String may(String... words) {
        Ran ran = user("zfs", words);
        assertThat(ran.status()).as(ran.toString()).isZero();
        return ran.out();
    }

    private static void mayNot(String message, String... words) {
        Ran ran = user("zfs", words);
        assertThat(ran.status()).as(ran.toString()).isEqualTo(1);
        assertThat(ran.out()).isEmpty();
        assertThat(ran.err()).isEqualTo(message + "\n");
    }

    @Test
    void who_is_not_root_may_look_and_nothing_else() {
        root("create", "zones/t");
        root("snapshot", "zones/t@s");

        assertThat(may("list", "-H", "-o", "name", "-t", "all", "-r", "zones/t"))
                .isEqualTo("zones/t\nzones/t@s\n");
        assertThat(may("get", "-H", "-o", "value", "type", "zones/t")).isEqualTo("filesystem\n");
        assertThat(may("allow", "zones/t")).isEmpty();
        assertThat(user("zpool", "list", "-H", "-o", "name").out()).isEqualTo("zones\n");
        assertThat(user("zpool", "status").out()).contains("driver: btrfs");

        mayNot("cannot create 'zones/t/x': permission denied", "create", "zones/t/x");
        mayNot("cannot create snapshots : permission denied", "snapshot", "zones/t@x");
        mayNot("cannot destroy 'zones/t': permission denied", "destroy", "-r", "zones/t");
        mayNot("cannot destroy snapshots: permission denied", "destroy", "zones/t@s");
        mayNot("cannot set property for 'zones/t': permission denied", "set", "quota=1G", "zones/t");
        mayNot("cannot hold: permission denied", "hold", "tag", "zones/t@s");
        mayNot("warning: cannot send 'zones/t@s': permission denied", "send", "zones/t@s");
        mayNot("cannot set permissions on 'zones/t': permission denied", "allow", "everyone", "send", "zones/t");
        mayNot("cannot receive: permission denied", "receive", "zones/t/r");
        mayNot("cannot mount 'zones/t': permission denied", "mount", "zones/t");
        mayNot("cannot unmount: permission denied", "unmount", "zones/t");
        assertThat(user("zpool", "scrub", "zones").err()).isEqualTo("cannot scrub: permission denied\n");
        assertThat(user("zpool", "history").status()).isEqualTo(1);
        assertThat(user("vmadm", "list").err())
                .isEqualTo(
                        "FATAL: cannot run because: only root in the global zone may, and you are uid " + UID + "\n");
    }

    @Test
    void what_was_delegated_to_a_user_or_a_group_is_done() {
        root("create", "zones/t");
        root("allow", "-u", String.valueOf(UID), "create,mount,snapshot,rename,destroy,hold,send,allow", "zones/t");
        root("allow", "-g", String.valueOf(GID), "userprop,quota", "zones/t");
        root("allow", "-c", "rollback", "zones/t");

        mayNot("filesystem successfully created, but it may only be mounted by root", "create", "zones/t/x");
        assertThat(may("get", "-H", "-o", "value", "mounted", "zones/t/x")).isEqualTo("no\n");
        may("set", "quota=1G", "my:word=of mine", "zones/t/x");
        mayNot("cannot set property for 'zones/t/x': permission denied", "set", "compression=zstd", "zones/t/x");
        mayNot("cannot set property for 'zones/t/x': permission denied", "set", "zonda:mountpoint=/etc", "zones/t/x");
        mayNot("cannot create 'zones/t/y': permission denied", "create", "-o", "mountpoint=/etc", "zones/t/y");
        may("snapshot", "-r", "zones/t@s");
        may("hold", "tag", "zones/t/x@s");
        mayNot("cannot release hold: permission denied", "release", "tag", "zones/t/x@s");
        may("rollback", "zones/t/x@s");
        mayNot("cannot rollback 'zones/t': permission denied", "rollback", "zones/t@s");
        mayNot("cannot rename 'zones/t/x': permission denied", "rename", "zones/t/x", "zones/x");
        may("rename", "zones/t/x", "zones/t/y");
        mayNot("cannot create 'zones/t/z': permission denied", "clone", "zones/t/y@s", "zones/t/z");
        assertThat(may("send", "-nP", "zones/t/y@s")).startsWith("full\tzones/t/y@s\t");
        assertThat(user("zfs", "send", "zones/t/y@s").status()).isZero();
        may("allow", "-u", "1", "send", "zones/t");
        mayNot("cannot set permissions on 'zones/t': permission denied", "allow", "-u", "1", "clone", "zones/t");
        mayNot("cannot set permissions on 'zones/t': permission denied", "allow", "-u", "1", "allow", "zones/t");
        mayNot("cannot set permissions on 'zones/t': permission denied", "unallow", "-u", "1", "zones/t");
        root("release", "tag", "zones/t/y@s");
        may("destroy", "-r", "zones/t/y");
        mayNot("cannot destroy 'zones': permission denied", "destroy", "-r", "zones");

        assertThat(zonda.run("zpool", "history", "-l").out())
                .contains("zfs create zones/t/x [user " + UID + " on ")
                .contains("zfs destroy -r zones/t/y [user " + UID + " on ");
    }
}
