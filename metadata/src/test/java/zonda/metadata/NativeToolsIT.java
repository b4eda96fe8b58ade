package zonda.metadata;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import zonda.kernel.Command;

/** The guest's tools against the real service, in a root that has nothing else but /dev/null: no C library, no shell. */
class NativeToolsIT {
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final String VM = """
            {"uuid": "u-1", "customer_metadata": {"greeting": "hello\\nworld", "ends": "with a newline\\n", "empty": ""}}""";

    @TempDir
    private Path directory;

    private final TestVm vm = new TestVm(VM);
    private MetadataService service;
    private Path root;
    private Path tree;

    @BeforeEach
    void a_zone_with_an_empty_root() throws IOException {
        Assumptions.assumeTrue(Files.isWritable(Path.of("/proc/sys/net/core/somaxconn")), "needs root");
        for (String program : List.of("/bin/busybox", "/bin/nc.openbsd", "/usr/bin/catatonit")) {
            Assumptions.assumeTrue(Files.exists(Path.of(program)), program + " is not installed");
        }
        service = new MetadataService(directory.resolve("zonecontrol"));
        service.open("z1", 0, vm.metadata());
        tree = new NativeTree(directory.resolve("trees")).assemble();
        root = Files.createDirectories(directory.resolve("root"));
        Files.createDirectories(root.resolve("native"));
        Files.createDirectories(root.resolve("dev"));
        Files.createFile(root.resolve("dev/null"));
    }

    @AfterEach
    void stop() {
        if (service != null) {
            service.close();
        }
    }

    /** In a mount namespace of its own, which takes its mounts along when it ends. */
    private Command inside(String... argv) {
        return inside(0, argv);
    }

    private Command inside(int user, String... argv) {
        String script = """
                set -e
                mount --make-rprivate /
                # Pools of other tests, which would be busy. One that these take away at this moment is gone here, too.
                awk '$3 == "btrfs" && $2 ~ /zonda/ { print $2 }' /proc/self/mounts | sort -r \\
                    | xargs -r umount -l 2>/dev/null || :
                mount --bind "$1" "$3/native"
                mount -o remount,bind,ro "$3/native"
                mount --bind "$2" "$3/native/.zonecontrol"
                mount --bind /dev/null "$3/dev/null"
                root=$3
                user=$4
                shift 4
                exec chroot --userspec="$user:$user" "$root" "$@" """;
        return Command.of(
                        "unshare",
                        "--mount",
                        "sh",
                        "-c",
                        script,
                        "sh",
                        tree.toString(),
                        service.directory("z1").toString(),
                        root.toString(),
                        "" + user)
                .with(argv);
    }

    private Command.Result tool(String... argv) {
        String[] command = argv.clone();
        command[0] = "/native/usr/sbin/" + argv[0];
        return inside(command).run(LIMIT);
    }

    @Test
    void values_are_read_written_listed_and_removed() {
        assertThat(tool("mdata-get", "greeting")).isEqualTo(new Command.Result(0, "hello\nworld\n", ""));
        assertThat(tool("mdata-get", "ends")).isEqualTo(new Command.Result(0, "with a newline\n", ""));
        assertThat(tool("mdata-get", "empty")).isEqualTo(new Command.Result(0, "\n", ""));
        assertThat(tool("mdata-get", "sdc:uuid")).isEqualTo(new Command.Result(0, "u-1\n", ""));
        assertThat(tool("mdata-put", "a key", "a value * with 'all' \"kinds\" \\n of % signs"))
                .isEqualTo(new Command.Result(0, "", ""));
        assertThat(vm.metadata().get("a key")).contains("a value * with 'all' \"kinds\" \\n of % signs");
        assertThat(inside("/native/usr/sbin/mdata-put", "script")
                        .input("#!/bin/sh\necho\n")
                        .run(LIMIT)
                        .status())
                .isZero();
        assertThat(vm.metadata().get("script")).contains("#!/bin/sh\necho\n");
        assertThat(tool("mdata-list").out()).isEqualTo("greeting\nends\nempty\na key\nscript\n");
        assertThat(tool("mdata-delete", "a key").status()).isZero();
        assertThat(vm.metadata().get("a key")).isEmpty();
    }

    @Test
    void large_values_pass_whole() {
        String large = "0123456789abcdef\n".repeat(40_000);

        assertThat(inside("/native/usr/sbin/mdata-put", "large")
                        .input(large)
                        .run(LIMIT)
                        .status())
                .isZero();
        assertThat(vm.metadata().get("large")).contains(large);
        assertThat(tool("mdata-get", "large").out()).isEqualTo(large);
    }

    @Test
    void exit_statuses_and_words_are_those_of_smartos() {
        assertThat(tool("mdata-get", "nothing")).isEqualTo(new Command.Result(1, "", "No metadata for 'nothing'\n"));
        assertThat(tool("mdata-get")).isEqualTo(new Command.Result(3, "", "Usage: mdata-get <keyname>\n"));
        assertThat(tool("mdata-put")).isEqualTo(new Command.Result(3, "", "Usage: mdata-put <keyname> [ <value> ]\n"));
        assertThat(tool("mdata-list", "x").status()).isEqualTo(3);
        assertThat(tool("mdata-put", "sdc:uuid", "x"))
                .isEqualTo(new Command.Result(2, "", "ERROR: Cannot update the \"sdc\" Namespace.\n"));
        service.close("z1");
        service.open("z1", 0, vm.metadata());
        assertThat(tool("mdata-get", "sdc:uuid").status()).isZero();
        service.close();
        assertThat(tool("mdata-get", "sdc:uuid").status()).isEqualTo(10);
    }

    @Test
    void the_zones_root_is_served_and_no_other_user_is() {
        service.open("z1", 500_000, vm.metadata());

        assertThat(as(500_000)).isEqualTo(new Command.Result(0, "u-1\n", ""));
        assertThat(as(500_001).status()).isEqualTo(10);
    }

    /** A user of the host's, as the zone's users are under their shifted ids. */
    private Command.Result as(int user) {
        return inside(user, "/native/usr/sbin/mdata-get", "sdc:uuid").run(LIMIT);
    }

    @Test
    void the_first_boot_hands_out_keys_and_runs_the_scripts() throws IOException {
        vm.put("root_authorized_keys", "ssh-ed25519 AAAA me");
        vm.put("user-data", "#cloud-config");
        vm.put("user-script", "#!/native/usr/bin/busybox sh\necho ran >> /ran; echo said; mdata-put done yes\n");
        Files.createDirectories(root.resolve("var/svc"));
        Files.createDirectories(root.resolve("usr/sbin"));
        Files.writeString(root.resolve("var/svc/provisioning"), "");

        assertThat(boot()).isEqualTo(new Command.Result(0, "", ""));

        assertThat(root.resolve("root/.ssh/authorized_keys")).hasContent("ssh-ed25519 AAAA me\n");
        assertThat(mode("root/.ssh")).isEqualTo("rwx------");
        assertThat(mode("root/.ssh/authorized_keys")).isEqualTo("rw-------");
        assertThat(mode("var/svc/mdata-user-script")).isEqualTo("rwxr-xr-x");
        assertThat(root.resolve("var/db/mdata-user-data")).hasContent("#cloud-config\n");
        assertThat(root.resolve("var/svc/provisioning")).doesNotExist();
        assertThat(root.resolve("var/svc/provision_success")).exists();
        assertThat(root.resolve("var/log/mdata-user-script.log")).hasContent("said\n");
        assertThat(vm.metadata().get("done")).contains("yes");
        assertThat(Files.readSymbolicLink(root.resolve("usr/sbin/mdata-get")))
                .hasToString("/native/usr/sbin/mdata-get");

        vm.put("user-script", "#!/native/usr/bin/busybox sh\necho again >> /ran; exit 7\n");
        assertThat(boot().status()).isEqualTo(95);
        assertThat(root.resolve("ran")).hasContent("ran\nagain\n");

        vm.delete("user-script");
        assertThat(boot().status()).isZero();
        assertThat(root.resolve("ran")).hasContent("ran\nagain\n");
        assertThat(root.resolve("var/svc/mdata-user-script")).doesNotExist();
    }

    private Command.Result boot() {
        return inside("/native/usr/lib/zonda/first-boot").run(LIMIT);
    }

    private String mode(String file) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(root.resolve(file)));
    }

    @Test
    void what_is_remembered_of_a_tree_counts_only_while_all_is_as_it_was() throws IOException {
        Path trees = directory.resolve("others");
        Path first = new NativeTree(trees).assemble();
        Path note = trees.resolve("made-of.json");
        String good = Files.readString(note);
        String other = good.replaceFirst("busybox\": \"", "busybox\": \"1");
        assertThat(other).isNotEqualTo(good);

        for (String text : List.of("", "{\"tree\": ", "{}", "[1]", other)) {
            Files.writeString(note, text);
            assertThat(new NativeTree(trees).assemble()).as(text).isEqualTo(first);
            assertThat(note).as(text).hasContent(good);
        }
        Files.move(first, trees.resolve("away"));
        assertThat(new NativeTree(trees).assemble()).isEqualTo(first).isDirectory();
    }

    @Test
    void the_tree_is_made_once_and_runs_without_the_image() throws IOException {
        var again = new NativeTree(directory.resolve("trees")).assemble();

        assertThat(again).isEqualTo(tree);
        try (var trees = Files.list(directory.resolve("trees"))) {
            assertThat(trees).containsExactlyInAnyOrder(tree, directory.resolve("trees/made-of.json"));
        }
        assertThat(Files.readString(tree.resolve("usr/sbin/mdata-get"), StandardCharsets.UTF_8))
                .startsWith("#!/native/");
        assertThat(inside("/native/usr/lib/zonda/reaper", "--", "/native/usr/bin/busybox", "echo", "x")
                        .run(LIMIT)
                        .out())
                .isEqualTo("x\n");
        assertThat(ElfInterpreter.of(Path.of("/bin/busybox"))).isEmpty();
    }
}
