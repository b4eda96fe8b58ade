package zonda.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import zonda.kernel.Command;

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
                "cannot destroy 'zones/t/a@one': snapshot has dependent clones\nuse '-R' to destroy the following"
                        + " datasets:\nzones/t/b",
                "destroy",
                "zones/t/a@one");
        zfs("destroy", "zones/t/b");
        zfs("rollback", "zones/t/a@one");
        assertThat(zonda.root().resolve("zones/t/a/file")).doesNotExist();
        zfs("rename", "zones/t/a", "zones/t/c");
        assertThat(zfs("destroy", "-rnv", "zones/t"))
                .isEqualTo("would destroy zones/t/c@one\nwould destroy zones/t/c\nwould destroy zones/t\n");
        zfs("destroy", "-r", "zones/t");
        refused(1, "cannot open 'zones/t': dataset does not exist", "list", "zones/t");
    }

    @Test
    void snapshots_are_made_held_renamed_and_destroyed_together() {
        zfs("create", "-p", "zones/t/a");
        zfs("create", "zones/t/b");
        zfs("snapshot", "-r", "-o", "x:y=z", "zones/t@one");
        zfs("snapshot", "zones/t/a@two", "zones/t/b@three");

        assertThat(zfs("list", "-H", "-t", "snapshot", "-o", "name,x:y", "zones/t/a"))
                .isEqualTo("zones/t/a@one\tz\nzones/t/a@two\t-\n");
        refused(
                1,
                "cannot create snapshot 'zones/t@one': dataset already exists\nno snapshots were created",
                "snapshot",
                "-r",
                "zones/t@one");
        zfs("hold", "-r", "tag", "zones/t@one");
        assertThat(zfs("holds", "-H", "-r", "zones/t@one").lines())
                .hasSize(3)
                .allMatch(
                        line -> line.matches("zones/t(/[ab])?@one\ttag\t\\w{3} \\w{3} [ 0-9]\\d \\d\\d:\\d\\d \\d{4}"));
        assertThat(zfs("holds", "zones/t/a@one").lines().toList().getFirst()).matches("NAME +TAG +TIMESTAMP");
        refused(
                1,
                "cannot destroy snapshot zones/t/a@one: it's being held. Run 'zfs holds -r zones/t/a@one' to see"
                        + " holders.",
                "destroy",
                "zones/t/a@one");
        refused(
                1,
                "cannot hold snapshot 'zones/t/a@one': tag already exists on this dataset",
                "hold",
                "tag",
                "zones/t/a@one");
        zfs("rename", "-r", "zones/t@one", "@first");
        zfs("release", "-r", "tag", "zones/t@first");
        assertThat(zfs("destroy", "-nv", "zones/t/a@%")).isEqualTo("""
                would destroy zones/t/a@first
                would destroy zones/t/a@two
                """);
        assertThat(zfs("destroy", "-rp", "zones/t@first")).isEqualTo("""
                destroy\tzones/t@first
                destroy\tzones/t/a@first
                destroy\tzones/t/b@first
                """);
        refused(1, "could not find any snapshots to destroy; check snapshot names.", "destroy", "zones/t@first");
        assertThat(zfs("list", "-H", "-r", "-t", "snap", "-o", "name", "zones/t"))
                .isEqualTo("zones/t/a@two\nzones/t/b@three\n");
    }

    @Test
    void clones_are_promoted_and_destroyed_with_what_they_came_of_and_bookmarks_stay() {
        zfs("create", "-p", "zones/t/a");
        zfs("snapshot", "zones/t/a@s");
        zfs("clone", "zones/t/a@s", "zones/t/c");
        zfs("bookmark", "zones/t/a@s", "#mark");

        assertThat(zfs("list", "-H", "-t", "all", "-r", "-o", "name,type", "zones/t"))
                .isEqualTo("zones/t\tfilesystem\nzones/t/a\tfilesystem\nzones/t/a@s\tsnapshot\n"
                        + "zones/t/a#mark\tbookmark\nzones/t/c\tfilesystem\n");
        zfs("destroy", "-d", "zones/t/a@s");
        assertThat(zfs("get", "-H", "-o", "property,value", "defer_destroy,userrefs,clones", "zones/t/a@s"))
                .isEqualTo("defer_destroy\ton\nuserrefs\t0\nclones\tzones/t/c\n");
        zfs("promote", "zones/t/c");
        assertThat(zfs("get", "-H", "-o", "value", "origin", "zones/t/a")).isEqualTo("zones/t/c@s\n");
        refused(1, "cannot promote 'zones/t/c': not a cloned filesystem", "promote", "zones/t/c");
        assertThat(zfs("destroy", "-Rv", "zones/t/c@s"))
                .isEqualTo("will destroy zones/t/a\nwill destroy zones/t/c@s\n");
        assertThat(zfs("list", "-H", "-t", "all", "-r", "-o", "name", "zones/t"))
                .isEqualTo("zones/t\nzones/t/c\n");
        zfs("snapshot", "zones/t/c@t");
        zfs("bookmark", "zones/t/c@t", "zones/t/c#t");
        zfs("destroy", "zones/t/c#t");
        refused(1, "bookmark 'zones/t/c#t' does not exist.", "destroy", "zones/t/c#t");
        refused(2, "invalid bookmark name 'zones/t/c@u': must contain a '#'", "bookmark", "zones/t/c@t", "zones/t/c@u");
        refused(1, "dryrun is not supported with bookmark", "destroy", "-n", "zones/t/c#t");
    }

    @Test
    void lists_are_chosen_sorted_and_printed_as_asked() {
        zfs("create", "-p", "-o", "quota=3M", "zones/t/a");
        zfs("create", "-o", "quota=20M", "zones/t/b");
        zfs("create", "zones/t/b/below");
        zfs("snapshot", "zones/t/b@z", "zones/t/b/below@a");

        assertThat(zfs("list", "-H", "-d", "1", "-o", "name", "zones/t")).isEqualTo("zones/t\nzones/t/a\nzones/t/b\n");
        assertThat(zfs("list", "-H", "-r", "-o", "name", "-S", "name", "zones/t"))
                .isEqualTo("zones/t/b/below\nzones/t/b\nzones/t/a\nzones/t\n");
        assertThat(zfs("list", "-Hp", "-r", "-o", "quota,name", "-S", "quota", "-s", "name", "zones/t"))
                .isEqualTo("20971520\tzones/t/b\n3145728\tzones/t/a\n0\tzones/t\n0\tzones/t/b/below\n");
        assertThat(zfs("list", "-H", "-o", "name", "-t", "snapshot", "zones/t/b"))
                .isEqualTo("zones/t/b@z\n");
        assertThat(zfs("list", "-H", "-o", "name", "zones/t/b@z", "zones/t/a")).isEqualTo("zones/t/a\nzones/t/b@z\n");
        String path = zonda.root().resolve("zones/t/b").toString();
        assertThat(zfs("list", "-H", "-o", "name", path)).isEqualTo("zones/t/b\n");
        assertThat(zfs("get", "-H", "-r", "-s", "local", "-o", "name,value,received", "quota", "zones/t"))
                .isEqualTo("zones/t/a\t3M\t-\nzones/t/b\t20M\t-\n");
        assertThat(zfs("get", "-H", "-d", "1", "-t", "snapshot", "-o", "name", "type", "zones/t/b"))
                .isEqualTo("zones/t/b@z\n");
        assertThat(zfs("get", "-o", "all", "quota", "zones/t/a").lines().toList())
                .containsExactly(
                        "NAME       PROPERTY  VALUE  RECEIVED  SOURCE", "zones/t/a  quota     3M     -         local");
        refused(2, "invalid type 'colour'", "list", "-t", "colour");
        refused(2, "invalid source 'colour'", "get", "-s", "colour", "all");
        refused(2, "invalid column name 'colour'", "get", "-o", "colour", "all");
        refused(2, "bad property list: 'compressratio' is not supported by the driver btrfs", "get", "compressratio");
        refused(
                1,
                "cannot open 'zones/t/b@z': snapshot delimiter '@' is not expected here",
                "list",
                "-t",
                "filesystem",
                "zones/t/b@z");
    }

    @Test
    void volumes_are_made_resized_listed_and_copied() {
        zfs("create", "zones/t");
        zfs("create", "-V", "8M", "zones/t/v");
        assertThat(zfs("get", "-Hp", "-o", "value,source", "refreservation", "zones/t/v"))
                .isEqualTo((8 << 20) + 16 * (128 << 10) + "\tlocal\n");
        assertThat(Long.parseLong(zfs("get", "-Hp", "-o", "value", "usedbyrefreservation", "zones/t/v")
                        .strip()))
                .isGreaterThan(8 << 20);
        zfs("set", "refreservation=none", "zones/t/v");
        zfs("set", "refreservation=auto", "zones/t/v");
        assertThat(zfs("list", "-H", "-o", "refreserv,volsize", "zones/t/v")).isEqualTo("10M\t8M\n");
        refused(1, "cannot create 'zones/t/w': out of space", "create", "-V", "900T", "zones/t/w");
        zfs("destroy", "zones/t/v");
        refused(
                1,
                "cannot create 'zones/t/v': 'volblocksize' must be power of 2 from 512B to 128KB",
                "create",
                "-s",
                "-b",
                "1000",
                "-V",
                "1M",
                "zones/t/v");
        refused(2, "'-s' and '-b' can only be used when creating a volume", "create", "-s", "zones/t/v");
        zfs("create", "-p", "-s", "-b", "4K", "-V", "1000001", "zones/t/a/v");

        assertThat(zfs(
                        "list",
                        "-H",
                        "-r",
                        "-t",
                        "volume",
                        "-o",
                        "name,type,volsize,volblocksize,mountpoint",
                        "zones/t"))
                .isEqualTo("zones/t/a/v\tvolume\t980K\t4K\t-\n");
        zfs("snapshot", "-r", "zones/t@s");
        zfs("set", "volsize=2M", "zones/t/a/v");
        zfs("clone", "zones/t/a/v@s", "zones/t/c");
        assertThat(zfs("get", "-Hp", "-o", "value", "volsize", "zones/t/a/v", "zones/t/a/v@s", "zones/t/c"))
                .isEqualTo("2097152\n1003520\n1003520\n");
        assertThat(zfs("list", "-Hr", "-o", "name,type", "zones/t"))
                .isEqualTo("zones/t\tfilesystem\nzones/t/a\tfilesystem\nzones/t/a/v\tvolume\nzones/t/c\tvolume\n");
        zfs("rollback", "zones/t/a/v@s");
        assertThat(zfs("get", "-Hp", "-o", "value", "volsize", "zones/t/a/v")).isEqualTo("1003520\n");
        refused(1, "'volsize' must be a multiple of volume block size (4096)", "set", "volsize=1", "zones/t/a/v");
        refused(1, "cannot open 'zones/t/c': operation not applicable to datasets of this type", "mount", "zones/t/c");
        refused(1, "cannot create 'zones/t/c/d': parent is not a filesystem", "create", "zones/t/c/d");
        zfs("destroy", "-R", "zones/t/a");
        assertThat(zfs("list", "-Hr", "-o", "name", "zones/t")).isEqualTo("zones/t\n");
    }

    @Test
    void limits_and_reservations_are_set_told_and_kept() {
        zfs("create", "-p", "-o", "filesystem_limit=1", "-o", "reservation=1M", "zones/t/a/b");
        zfs("set", "filesystem_limit=1", "snapshot_limit=2000", "zones/t/a");

        assertThat(zfs("get", "-H", "-o", "property,value,source", "reservation,filesystem_limit", "zones/t/a/b"))
                .isEqualTo("reservation\t1M\tlocal\nfilesystem_limit\t1\tlocal\n");
        assertThat(zfs(
                        "get",
                        "-H",
                        "-o",
                        "value,source",
                        "filesystem_count,snapshot_count,snapshot_limit",
                        "zones/t/a"))
                .isEqualTo("1\t-\n0\t-\n1.95K\tlocal\n");
        assertThat(zfs("get", "-H", "-o", "value,source", "snapshot_limit,snapshot_count", "zones/t"))
                .isEqualTo("none\tdefault\nnone\tdefault\n");
        assertThat(zfs("get", "-Hp", "-o", "value", "snapshot_limit", "zones/t"))
                .isEqualTo("18446744073709551615\n");
        refused(
                1,
                "cannot create 'zones/t/a/c': out of space: filesystem_limit of 'zones/t/a' is 1",
                "create",
                "zones/t/a/c");
        refused(
                1,
                "cannot set property for 'zones/t/a': size is greater than available space",
                "set",
                "reservation=900T",
                "zones/t/a");
        refused(1, "'refreservation=auto' does not apply to filesystems", "set", "refreservation=auto", "zones/t/a");
        zfs("set", "filesystem_limit=none", "zones/t/a");
        zfs("create", "zones/t/a/c");
    }

    @Test
    void json_is_that_of_openzfs() {
        zfs("create", "-p", "-o", "quota=3M", "zones/t/a");
        zfs("snapshot", "zones/t/a@s");
        String txg = zfs("get", "-H", "-o", "value", "createtxg", "zones/t/a").strip();
        String later =
                zfs("get", "-H", "-o", "value", "createtxg", "zones/t/a@s").strip();

        assertThat(zfs("list", "-j", "-o", "name,quota,mounted", "zones/t/a")).isEqualTo("""
                {"output_version":{"command":"zfs list","vers_major":0,"vers_minor":1},"datasets":{"zones/t/a":\
                {"name":"zones/t/a","type":"FILESYSTEM","pool":"zones","createtxg":"%s","properties":{"quota":\
                {"value":"3M","source":{"type":"LOCAL","data":"-"}},"mounted":\
                {"value":"yes","source":{"type":"NONE","data":"-"}}}}}}
                """.formatted(txg));
        assertThat(zfs("get", "-j", "--json-int", "userrefs", "zones/t/a@s")).isEqualTo("""
                {"output_version":{"command":"zfs get","vers_major":0,"vers_minor":1},"datasets":{"zones/t/a@s":\
                {"name":"zones/t/a@s","type":"SNAPSHOT","pool":"zones","createtxg":%s,"dataset":"zones/t/a",\
                "snapshot_name":"s","properties":{"userrefs":{"value":0,"source":{"type":"NONE","data":"-"}}}}}}
                """.formatted(later));
        refused(2, "'--json-int' only works with '-j' option", "list", "--json-int");
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
        refused(1, "cannot userspace: not supported by the driver btrfs", "userspace", "zones");
        refused(1, "cannot load-key: not supported by the driver btrfs", "load-key", "zones");
        zfs("create", "zones/t");

        refused(
                1,
                "cannot set property for 'zones/t': 'recordsize' is not supported by the driver btrfs; compression,"
                        + " quota, reservations, limits, volsize and user properties are",
                "set",
                "recordsize=16k",
                "zones/t");
        refused(
                1,
                "cannot set property for 'zones/t': 'compression' must be one of 'on | off | lzjb | gzip | gzip-[1-9] |"
                        + " zle | lz4 | zstd | zstd-[1-19] | zstd-fast |"
                        + " zstd-fast-[1-10,20,30,40,50,60,70,80,90,100,500,1000]'",
                "set",
                "compression=much",
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

    /** What OpenZFS 2.3.9 says of the same files, but for the order. */
    @Test
    void what_became_of_files_is_told_as_openzfs_tells_it() {
        zfs("create", "-p", "zones/t/a");
        String top = zonda.root().resolve("zones/t/a").toString();
        sh("cd " + top + " && mkdir d d/e gone && echo 1 >f && echo 1 >same && echo 1 >moved && echo 1 >d/in"
                + " && ln -s f link && ln f hard && echo 1 >gone/x && echo 1 >'sp ace' && printf 1 >'new\nline'"
                + " && mkfifo fifo && echo 1 >hl1 && ln hl1 hl2 && echo x >chm && echo p >r\u00e9");
        zfs("snapshot", "zones/t/a@one");
        sh("cd " + top + " && echo 2 >>f && mv moved d/renamed && rm -r gone && mkdir new && echo n >new/file"
                + " && mv d dd && ln -s x newlink && mv 'sp ace' 'other space' && rm hl1 && chmod 600 chm"
                + " && mv 'new\nline' nl && ln same same2 && rm r\u00e9 && echo back >\u00e9t\u00e9");
        zfs("snapshot", "zones/t/a@two");

        String[] expected = {
            "R/T/d > T/dd",
            "-/T/gone",
            "-FT/gone/x",
            "RFT/sp\\0040ace > T/other\\0040space",
            "RFT/new\\0012line > T/nl",
            "MFT/hl2#(-1)",
            "MFT/chm",
            "-FT/r\\0303\\0251",
            "+FT/new/file",
            "+FT/\\0303\\0251t\\0303\\0251",
            "M/T/",
            "MFT/f",
            "MFT/same#(+1)",
            "RFT/moved > T/dd/renamed",
            "+/T/new",
            "+@T/newlink"
        };
        List<String> lines = Stream.of(expected)
                .map(line -> line.charAt(0) + "\t" + line.charAt(1) + "\t"
                        + line.substring(2)
                                .replace("T/", top + "/")
                                .replace("#", "\t")
                                .replace(" > ", " -> "))
                .toList();
        assertThat(zfs("diff", "-F", "zones/t/a@one", "zones/t/a@two").lines())
                .as("a file of two names by the first of them, where OpenZFS takes the last")
                .containsExactlyInAnyOrderElementsOf(lines);
        assertThat(zfs("diff", "-H", "zones/t/a@one", "@two"))
                .contains("R\t" + top + "/moved\t" + top + "/dd/renamed\n");
        assertThat(zfs("diff", "-h", "zones/t/a@one", "zones/t/a"))
                .contains("+\t" + top + "/\u00e9t\u00e9\n", top + "/other space\n");
        assertThat(zfs("diff", "-t", "zones/t/a@two")).isEmpty();
        sh("echo later >" + top + "/later");
        assertThat(zfs("diff", "-t", "zones/t/a@two"))
                .matches("[0-9]+\\.[0-9]{9}\tM\t" + top + "/\n[0-9]+\\.[0-9]{9}\t\\+\t" + top + "/later\n");

        String unrelated = "Unable to obtain diffs: \n   Not an earlier snapshot from the same fs";
        refused(1, unrelated, "diff", "zones/t/a@two", "zones/t/a@one");
        refused(1, unrelated, "diff", "zones/t/a@two", "zones/t");
        refused(1, "Unable to obtain diffs: No such file or directory", "diff", "zones/t/a@none");
        refused(1, "Badly formed snapshot name zones/t: missing '@' delimiter in snapshot name", "diff", "zones/t");
        refused(2, "must provide at least one snapshot name", "diff");
    }

    private static void sh(String script) {
        Command.of("sh", "-c", script).check(Instance.LIMIT);
    }
}
