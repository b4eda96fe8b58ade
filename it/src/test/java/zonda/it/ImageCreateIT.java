package zonda.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import zonda.base.Await;
import zonda.base.Json;
import zonda.kernel.Command;

/** imgadm create of VMs: what it writes is installed, and VMs of it have what the first had. */
class ImageCreateIT {
    private static final Duration SOON = Duration.ofSeconds(30);

    @RegisterExtension
    static final Instance zonda = new Instance();

    @TempDir
    Path directory;

    @AfterEach
    void leave_nothing() {
        zonda.deleteAll();
        assertThat(zonda.leftovers().ofZones()).isEmpty();
        assertThat(zonda.run("zfs", "list", "-H", "-o", "name").out()).doesNotContain("-imaging");
    }

    private static UUID stopped(UUID image, String script) {
        UUID vm = zonda.create(zonda.payload().with("image_uuid", image.toString()));
        zonda.sh(vm, script);
        assertThat(zonda.vmadm("stop", "-F", vm.toString()).status()).isZero();
        return vm;
    }

    private Json.Obj created(UUID vm, String name, String file, String... options) throws IOException {
        var arguments = new java.util.ArrayList<>(java.util.List.of("create", "-o", directory.toString()));
        arguments.addAll(java.util.List.of(options));
        arguments.addAll(java.util.List.of(vm.toString(), "name=" + name, "version=1"));
        Ran ran = zonda.imgadm(arguments.toArray(String[]::new));
        assertThat(ran.status()).as(ran.toString()).isZero();
        assertThat(ran.out()).contains("Saving image to \"" + directory + "/" + file + "\"");
        Json.Obj manifest = Json.parseObject(Files.readString(directory.resolve(name + "-1.imgmanifest")));
        Json.Obj facts = manifest.array("files").objects().getFirst();
        assertThat(facts.integer("size", 0)).isEqualTo(Files.size(directory.resolve(file)));
        return manifest;
    }

    private void install(String name, String file) {
        Ran ran = zonda.imgadm(
                "install",
                "-q",
                "-m",
                directory.resolve(name + "-1.imgmanifest").toString(),
                "-f",
                directory.resolve(file).toString());
        assertThat(ran.status()).as(ran.toString()).isZero();
    }

    private static UUID uuid(Json.Obj manifest) {
        return UUID.fromString(manifest.string("uuid", ""));
    }

    @Test
    void images_of_vms_whole_and_incremental_make_vms_with_all_the_first_had() throws IOException {
        UUID first = stopped(
                zonda.image(),
                "mkdir -p /srv; echo one > /srv/a; ln -s a /srv/l; chown 7:8 /srv/a;"
                        + " dd if=/dev/urandom of=/srv/big bs=64k count=20 2>/dev/null; md5sum < /srv/big > /srv/sum");
        Json.Obj before = zonda.get(first);

        Json.Obj whole = created(first, "whole", "whole-1.zfs.gz", "-c", "gzip");
        assertThat(whole.string("type", "")).isEqualTo("lx-dataset");
        assertThat(whole.has("origin")).isFalse();
        assertThat(zonda.get(first)).as("the VM is as it was").isEqualTo(before);
        install("whole", "whole-1.zfs.gz");

        UUID second = stopped(uuid(whole), "echo two > /srv/a; rm /srv/l; echo new > /srv/n");
        Json.Obj grown = created(second, "grown", "grown-1.zfs.xz", "-i", "-c", "xz");
        assertThat(grown.string("origin", "")).isEqualTo(whole.string("uuid", "-"));
        assertThat(Files.size(directory.resolve("grown-1.zfs.xz")))
                .as("only what changed is in it")
                .isLessThan(Files.size(directory.resolve("whole-1.zfs.gz")) / 4);
        install("grown", "grown-1.zfs.xz");

        UUID third = zonda.create(zonda.payload().with("image_uuid", uuid(grown).toString()));
        assertThat(zonda.sh(
                        third,
                        "cd /srv; cat a n; stat -c %u:%g a; ls l 2>/dev/null; md5sum < big | cmp - sum && echo same"))
                .isEqualTo("two\nnew\n7:8\nsame");
        assertThat(zonda.imgadm("ancestry", "-H", "-o", "name", uuid(grown).toString())
                        .out())
                .isEqualTo("grown\nwhole\n");
        Ran ran = zonda.imgadm("create", "-i", "--max-origin-depth", "1", third.toString(), "name=more", "version=1");
        assertThat(ran.err()).as("it runs").contains("stop " + third);
        zonda.vmadm("stop", "-F", third.toString());
        ran = zonda.imgadm("create", "-i", "--max-origin-depth", "1", third.toString(), "name=more", "version=1");
        assertThat(ran.err()).startsWith("imgadm create: error (MaxOriginDepth): ");

        zonda.deleteAll();
        for (Json.Obj image : List.of(grown, whole)) {
            ran = zonda.imgadm("delete", uuid(image).toString());
            assertThat(ran.status()).as(ran.toString()).isZero();
        }
    }

    @Test
    void an_image_is_published_on_a_server_of_ours_and_imported_from_there() throws IOException {
        UUID vm = stopped(zonda.image(), "echo one > /a");
        UUID image = uuid(created(vm, "shared", "shared-1.zfs.gz", "-c", "gzip"));
        Path served = Files.createDirectory(directory.resolve("served"));
        try (Call server = zonda.call("imgadm", "serve", "-w", "-l", "127.0.0.1:0", served.toString())) {
            assertThat(Await.until(Instance.LIMIT, () -> server.err().contains("http://")))
                    .isTrue();
            String url = server.err().strip().replaceFirst("(?s).* at ", "");
            Ran ran = zonda.imgadm(
                    "publish",
                    "-m",
                    directory.resolve("shared-1.imgmanifest").toString(),
                    "-f",
                    directory.resolve("shared-1.zfs.gz").toString(),
                    url);
            assertThat(ran.status()).as(ran.toString()).isZero();
            assertThat(ran.out()).endsWith("Activated image " + image + " (shared@1)\n");

            ran = zonda.imgadm("sources", "-a", url);
            assertThat(ran.out()).isEqualTo("Added \"imgapi\" image source \"" + url + "\"\n");
            ran = zonda.imgadm("import", "-q", "-S", url, image.toString());
            assertThat(ran.status()).as(ran.toString()).isZero();
            Path manifest = served.resolve(image + ".imgmanifest");
            Files.writeString(manifest, Files.readString(manifest).replace("of a VM of brand", "A VM of brand"));
            assertThat(zonda.imgadm("update", image.toString()).out())
                    .isEqualTo("Updated image " + image + " (shared@1): description\n");
            assertThat(zonda.imgadm("update", image.toString()).out())
                    .isEqualTo("All images are as their sources have them\n");
            assertThat(zonda.imgadm("sources", "-d", url).status()).isZero();

            ran = zonda.imgadm("create", "-q", "-p", url, "-c", "gzip", vm.toString(), "name=direct", "version=2");
            assertThat(ran.status()).as(ran.toString()).isZero();
            String direct = ran.out().replaceFirst("(?s).*Activated image ([0-9a-f-]{36}) .*", "$1");
            Json.Obj manifest2 = Json.parseObject(Files.readString(served.resolve(direct + ".imgmanifest")));
            assertThat(manifest2.array("files").objects().getFirst().integer("size", 0))
                    .isEqualTo(Files.size(served.resolve(direct + ".file")));
            Files.writeString(
                    served.resolve("channels.json"), "[{\"name\":\"release\",\"default\":true},{\"name\":\"dev\"}]");
            Files.writeString(
                    served.resolve(direct + ".imgmanifest"),
                    manifest2
                            .with("channels", Json.Arr.ofStrings(List.of("dev")))
                            .pretty());
            ran = zonda.imgadm("import", "-q", "-S", url, direct);
            assertThat(ran.err()).startsWith("imgadm import: error (ActiveImageNotFound): ");
            ran = zonda.imgadm("import", "-q", "-C", "dev", "-S", url, direct);
            assertThat(ran.status()).as(ran.toString()).isZero();
            assertThat(zonda.imgadm("delete", direct).status()).isZero();
            assertThat(zonda.imgadm("create", "-o", "/tmp", "-p", url, vm.toString(), "name=a", "version=1")
                            .status())
                    .isEqualTo(2);
        }
        UUID copy = zonda.create(zonda.payload().with("image_uuid", image.toString()));
        assertThat(zonda.sh(copy, "cat /a")).isEqualTo("one");
        zonda.deleteAll();
        assertThat(zonda.imgadm("delete", image.toString()).status()).isZero();
        assertThat(zonda.imgadm("serve", directory + "/none").err()).contains("not a directory");
        assertThat(zonda.imgadm("serve", "-l", "somewhere", served.toString()).status())
                .isEqualTo(2);
    }

    @Test
    void sources_are_edited_by_the_callers_editor_on_its_terminal() throws Exception {
        String client = String.join(" ", zonda.client("imgadm", "ioe"));
        assertThat(edited(client, "sed -i s,images.smartos.org,images.example.com,"))
                .endsWith("Saved 1 image source");
        assertThat(zonda.imgadm("sources").out()).isEqualTo("https://images.example.com\n");
        assertThat(edited(client, "false")).contains("the editor failed; the sources are as they were");
        assertThat(edited(client, "truncate -s 1")).contains("(ConfigError)");
        assertThat(zonda.imgadm("sources").out()).isEqualTo("https://images.example.com\n");
        edited(client, "sed -i s,images.example.com,images.smartos.org,");
        assertThat(zonda.imgadm("sources").out()).isEqualTo("https://images.smartos.org\n");
        assertThat(zonda.imgadm("sources", "-e").err()).contains("needs a terminal");
        try (var left = Files.list(zonda.root().resolve("var/imgadm"))) {
            assertThat(left.map(Path::toString)).noneMatch(name -> name.endsWith(".draft"));
        }
    }

    private static String edited(String client, String editor) {
        return Command.of("script", "-qec", client + " sources -e -f", "/dev/null")
                .environment("ZONDA_SOCKET", zonda.identity().socket().toString())
                .environment("VISUAL", editor)
                .run(Duration.ofSeconds(30))
                .out()
                .strip();
    }

    @Test
    void a_script_prepares_a_vm_that_is_afterwards_as_it_was_also_when_the_daemon_dies() throws IOException {
        UUID vm = stopped(zonda.image(), "echo secret > /root/key");
        Json.Obj before = zonda.get(vm);
        Path script = directory.resolve("prepare.sh");
        Files.writeString(script, """
                #!/bin/sh
                mdata-put prepare-image:state running
                rm /root/key && echo prepared > /srv-note
                mdata-put prepare-image:state success
                """);
        Json.Obj manifest = created(vm, "prep", "prep-1.zfs.gz", "-s", script.toString(), "-c", "gzip");
        assertThat(lasting(zonda.get(vm))).isEqualTo(lasting(before));
        assertThat(zonda.datasetRoot(vm).resolve("root/key")).hasContent("secret\n");
        install("prep", "prep-1.zfs.gz");
        UUID made =
                zonda.create(zonda.payload().with("image_uuid", uuid(manifest).toString()));
        assertThat(zonda.sh(made, "cat /srv-note; ls /root/key 2>/dev/null | wc -l"))
                .isEqualTo("prepared\n0");
        zonda.delete(made);
        assertThat(zonda.imgadm("delete", uuid(manifest).toString()).status()).isZero();

        Files.writeString(script, """
                #!/bin/sh
                rm /root/key
                mdata-put prepare-image:error "no space"
                mdata-put prepare-image:state error
                """);
        String[] command = {
            "create", "-s", script.toString(), "-o", directory.toString(), vm.toString(), "name=b", "version=1"
        };
        assertThat(zonda.imgadm(command).err()).isEqualTo("imgadm create: error (PrepareImageError): no space\n");
        assertThat(zonda.datasetRoot(vm).resolve("root/key")).hasContent("secret\n");
        boolean slow = System.getenv("ZONDA_SLOW_TESTS") != null;
        for (String step : slow ? List.of("intent", "snapshot", "script", "boot") : List.of("boot")) {
            zonda.restartToCrashAfter("vm-prepare:" + step);
            zonda.imgadm(command);
            assertThat(zonda.daemon().end()).as(step).isNotZero();
            zonda.start(Map.of());
            assertThat(zonda.state(vm)).as(step).isEqualTo("stopped");
        }
        assertThat(zonda.datasetRoot(vm).resolve("root/key")).hasContent("secret\n");
        assertThat(zonda.get(vm).object("internal_metadata").has("operator-script"))
                .isFalse();
        assertThat(zonda.run("zfs", "list", "-H", "-t", "snapshot", "-o", "name")
                        .out())
                .doesNotContain("prepare");
    }

    @Test
    void a_script_that_says_nothing_did_not_run() throws IOException {
        UUID vm = stopped(zonda.image(), "echo kept > /root/key");
        Path script = Files.writeString(directory.resolve("silent.sh"), "#!/bin/sh\nrm /root/key\nsleep 1000\n");
        Path key = zonda.datasetRoot(vm).resolve("root/key");
        try (Call create = zonda.call(
                "imgadm", "create", "-s", script + "", "-o", directory + "", vm + "", "name=c", "version=1")) {
            assertThat(Await.until(SOON, () -> Files.notExists(key))).isTrue();
            assertThat(zonda.vmadm("stop", "-F", vm.toString()).status()).isZero();
            Ran ran = create.ran(SOON);
            assertThat(ran.err()).startsWith("imgadm create: error (PrepareImageDidNotRun): the prepare-image script");
            assertThat(ran.status()).isEqualTo(1);
        }
        assertThat(key).hasContent("kept\n");
        assertThat(directory.resolve("c-1.imgmanifest")).doesNotExist();
    }

    /** Without what tells of the last run. */
    private static Json.Obj lasting(Json.Obj vm) {
        return vm.without("last_modified").without("exit_status").without("exit_timestamp");
    }

    @Test
    void what_can_not_be_made_is_said_and_leaves_nothing() throws IOException {
        UUID vm = stopped(zonda.image(), "true");
        Ran ran = zonda.imgadm("create", "-i", "-o", directory.toString(), vm.toString(), "name=a", "version=1");
        assertThat(ran.err())
                .startsWith("imgadm create: error (NotSupported): ")
                .contains("create without -i");
        ran = zonda.imgadm("create", "-o", directory.toString(), vm.toString(), "name=a");
        assertThat(ran.err()).contains("(Usage)", "version=");
        assertThat(ran.status()).isEqualTo(2);
        ran = zonda.imgadm("create", "-c", "zip", vm.toString(), "name=a", "version=1");
        assertThat(ran.err()).contains("unknown compression \"zip\"");
        ran = zonda.imgadm("create", "-o", directory + "/none", vm.toString(), "name=a", "version=1");
        assertThat(ran.status()).isEqualTo(1);
        assertThat(ran.err()).contains("error (FileSystem): ", "No such file");
        ran = zonda.imgadm("create", "nosuch", "name=a", "version=1");
        assertThat(ran.status()).isEqualTo(1);
        assertThat(Files.list(directory)).isEmpty();
    }

    @Test
    void a_daemon_that_dies_in_between_leaves_the_vm_and_nothing_else() throws IOException {
        UUID vm = stopped(zonda.image(), "true");
        zonda.restartToCrashAfter("vm-image:clone");
        zonda.imgadm("create", "-o", directory.toString(), vm.toString(), "name=a", "version=1");
        assertThat(zonda.daemon().end()).isNotZero();
        zonda.start(Map.of());
        assertThat(zonda.run("zfs", "list", "-H", "-t", "all", "-o", "name").out())
                .doesNotContain("imaging");
        created(vm, "a", "a-1.zfs");
    }
}
