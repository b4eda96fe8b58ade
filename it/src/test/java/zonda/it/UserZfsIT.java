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

    /** What OpenZFS 2.3.9 shows after the same commands. */
    @Test
    void what_is_delegated_is_shown_as_openzfs_shows_it() {
        root("create", "-p", "zones/t/b");
        root("allow", "daemon", "create,mount,snapshot", "zones/t");
        root("allow", "-l", "daemon", "destroy", "zones/t");
        root("allow", "-d", "daemon", "rename", "zones/t");
        root("allow", "-g", "adm", "send", "zones/t");
        root("allow", "-e", "hold", "zones/t");
        root("allow", "-c", "destroy,rollback", "zones/t");
        root("allow", "-s", "@pset", "create,mount,quota", "zones/t");
        root("allow", "-s", "@abc", "@pset,send", "zones/t");
        root("allow", "bin", "@pset,compression", "zones/t");
        root("allow", "-g", "432100", "userprop", "zones/t");
        root("allow", "-l", "-d", "bin", "rollback", "zones/t/b");
        root("allow", "everyone", "snapshot", "zones/t/b");

        String above = """
                ---- Permissions on zones/t ------------------------------------------
                Permission sets:
                \t@abc @pset,send
                \t@pset create,mount,quota
                Create time permissions:
                \tdestroy,rollback
                Local permissions:
                \tuser daemon destroy
                Descendent permissions:
                \tuser daemon rename
                Local+Descendent permissions:
                \tuser bin @pset,compression
                \tuser daemon create,mount,snapshot
                \tgroup (unknown: 432100) userprop
                \tgroup adm send
                \teveryone hold
                """;
        assertThat(shown("zones/t")).isEqualTo(above);
        assertThat(shown("zones/t/b")).isEqualTo("""
                ---- Permissions on zones/t/b ----------------------------------------
                Local+Descendent permissions:
                \tuser bin rollback
                \teveryone snapshot
                """ + above);

        root("unallow", "daemon", "snapshot", "zones/t");
        root("unallow", "-l", "daemon", "zones/t");
        root("unallow", "-e", "zones/t");
        root("unallow", "-c", "rollback", "zones/t");
        root("unallow", "-s", "@abc", "send", "zones/t");
        root("unallow", "-g", "432100", "zones/t");
        assertThat(shown("zones/t")).isEqualTo("""
                ---- Permissions on zones/t ------------------------------------------
                Permission sets:
                \t@abc @pset
                \t@pset create,mount,quota
                Create time permissions:
                \tdestroy
                Descendent permissions:
                \tuser daemon create,mount,rename
                Local+Descendent permissions:
                \tuser bin @pset,compression
                \tgroup adm send
                """);
        root("unallow", "-r", "bin", "zones/t");
        assertThat(shown("zones/t/b")).doesNotContain("user bin");

        refused(2, "zfs: error: wrong number of parameters", "allow");
        refused(2, "zfs: error: invalid user/group nobody-there", "allow", "nobody-there", "send", "zones/t");
        refused(2, "zfs: error: -u, -g, and -e are mutually exclusive", "allow", "-u", "-g", "adm", "send", "zones/t");
        refused(2, "zfs: error: invalid options combined with -c", "allow", "-c", "-l", "send", "zones/t");
        refused(2, "zfs: error: invalid set name: missing '@' prefix", "allow", "-s", "pset", "send", "zones/t");
        refused(1, "cannot open 'zones/none': dataset does not exist", "unallow", "bin", "zones/none");
        refused(1, "cannot open 'zones/t@x': snapshot delimiter '@' is not expected here", "allow", "zones/t@x");
    }

    private static String shown(String dataset) {
        Ran ran = zonda.run("zfs", "allow", dataset);
        assertThat(ran.status()).as(ran.toString()).isZero();
        return ran.out();
    }

    private static void refused(int status, String message, String... words) {
        Ran ran = zonda.run("zfs", words);
        assertThat(ran.status()).as(ran.toString()).isEqualTo(status);
        assertThat(ran.out()).isEmpty();
        assertThat(ran.err()).startsWith(message + "\n");
    }
}
