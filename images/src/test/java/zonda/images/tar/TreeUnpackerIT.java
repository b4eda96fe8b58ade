package zonda.images.tar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import zonda.kernel.Command;
import zonda.kernel.RootDirectory;

/** Real files, real owners: needs root. */
class TreeUnpackerIT {
    private Path scratch;
    private Path target;
    private Path outside;

    @BeforeEach
    void make_a_target_with_something_outside() throws Exception {
        assumeTrue("0".equals(run("id", "-u").strip()), "needs root");
        scratch = Files.createTempDirectory("zonda-unpack-");
        target = Files.createDirectory(scratch.resolve("target"));
        outside = Files.createDirectory(scratch.resolve("outside"));
        Files.writeString(outside.resolve("secret"), "secret");
    }

    @AfterEach
    void remove_it() throws Exception {
        if (scratch != null) {
            try (var parent = RootDirectory.open(scratch.getParent())) {
                parent.deleteTree(scratch.getFileName().toString());
            }
        }
    }

    private static String run(String... argv) {
        return Command.of(argv).check(Duration.ofSeconds(30));
    }

    private TreeUnpacker.Summary unpack(TarBuilder... layers) throws IOException {
        try (var unpacker = TreeUnpacker.into(target)) {
            for (TarBuilder layer : layers) {
                unpacker.layer(layer.stream(), _ -> {});
            }
            return unpacker.finish();
        }
    }

    /** All below the target: path, and what is there. */
    private Map<String, String> tree() {
        String lines = run("find", target.toString(), "-mindepth", "1", "-printf", "%P %y %m %U:%G %l\\n");
        var tree = new TreeMap<String, String>();
        lines.lines()
                .forEach(line -> tree.put(
                        line.substring(0, line.indexOf(' ')),
                        line.substring(line.indexOf(' ') + 1).strip()));
        return tree;
    }

    @Test
    void everything_that_gnu_tar_keeps_is_kept_in_every_format_and_compression() throws Exception {
        Path source = Files.createDirectories(scratch.resolve("source/dir/deep"));
        Path from = scratch.resolve("source");
        Files.writeString(source.resolve("file"), "content");
        Path longName = Path.of("l".repeat(90), "n".repeat(90));
        Files.createDirectory(from.resolve(longName.getParent()));
        Files.writeString(from.resolve(longName), "long name");
        Files.writeString(from.resolve("empty"), "");
        Files.createLink(from.resolve("hard"), source.resolve("file"));
        Files.createSymbolicLink(from.resolve("soft"), Path.of("/dir/deep/file"));
        run("mkfifo", "-m", "0640", from.resolve("fifo").toString());
        run(
                "chown",
                "-h",
                "33:44",
                from.resolve("soft").toString(),
                source.resolve("file").toString());
        run("chmod", "4751", source.resolve("file").toString());
        run("chmod", "1777", from.resolve("dir").toString());
        run("truncate", "-s", "5M", from.resolve("holes").toString());
        run("sh", "-c", "printf x | dd of=" + from.resolve("holes") + " bs=1 seek=3000000 conv=notrunc 2>/dev/null");
        run(
                "touch",
                "-h",
                "-d",
                "@1600000000.5",
                from.resolve("soft").toString(),
                from.resolve("dir").toString());
        Files.setAttribute(from.resolve("empty"), "user:note", "hello".getBytes(StandardCharsets.UTF_8));

        for (String format : List.of("gnu", "pax", "ustar")) {
            for (String compression : List.of("--no-auto-compress", "--gzip", "--zstd", "--xz", "--bzip2")) {
                Path archive = scratch.resolve("a.tar");
                run(
                        "tar",
                        "-C",
                        from.toString(),
                        "--format=" + format,
                        compression,
                        "--numeric-owner",
                        format.equals("ustar") ? "--no-xattrs" : "--sparse",
                        "-cf",
                        archive.toString(),
                        ".");
                try (var unpacker = TreeUnpacker.into(target)) {
                    unpacker.archive(Files.newInputStream(archive), _ -> {});
                    unpacker.finish();
                }

                String as = format + " " + compression;
                String difference = Command.of(
                                "diff", "-r", "--no-dereference", "--exclude=fifo", from.toString(), target.toString())
                        .run(Duration.ofSeconds(20))
                        .out();
                assertThat(difference).as(as).isEmpty();
                String fields = "%P %y %m %U:%G %s %l %Ts\\n";
                assertThat(run("find", target.toString(), "-mindepth", "1", "-not", "-type", "d", "-printf", fields)
                                .lines()
                                .sorted())
                        .as(as)
                        .containsExactlyElementsOf(
                                run("find", from.toString(), "-mindepth", "1", "-not", "-type", "d", "-printf", fields)
                                        .lines()
                                        .sorted()
                                        .toList());
                assertThat(Files.getLastModifiedTime(target.resolve("dir")).to(TimeUnit.SECONDS))
                        .as(as)
                        .isEqualTo(1600000000);
                assertThat(Files.getAttribute(target.resolve("hard"), "unix:ino"))
                        .as(as)
                        .isEqualTo(Files.getAttribute(target.resolve("dir/deep/file"), "unix:ino"));
                if (!format.equals("ustar")) {
                    long blocks = Long.parseLong(
                            run("stat", "-c", "%b", target.resolve("holes").toString())
                                    .strip());
                    assertThat(blocks).as(as).isLessThan(1000);
                }
            }
        }
        run(
                "tar",
                "-C",
                from.toString(),
                "--format=pax",
                "--xattrs",
                "-cf",
                scratch.resolve("x.tar").toString(),
                "empty");
        try (var unpacker = TreeUnpacker.into(target)) {
            unpacker.archive(Files.newInputStream(scratch.resolve("x.tar")), _ -> {});
        }
        assertThat(Files.getAttribute(target.resolve("empty"), "user:note"))
                .isEqualTo("hello".getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void a_file_capability_is_kept() throws Exception {
        assumeTrue(Files.isExecutable(Path.of("/sbin/getcap")), "no getcap: Debian's libcap2-bin");
        // struct vfs_ns_cap_data of revision 2: cap_net_raw, permitted and effective
        String capability = "\u0001\u0000\u0000\u0002\u0000\u0020\u0000\u0000" + "\0".repeat(12);
        unpack(new TarBuilder()
                .pax("SCHILY.xattr.security.capability", capability, "SCHILY.xattr.trusted.overlay.opaque", "y")
                .file("ping", "x"));

        assertThat(run("getcap", target.resolve("ping").toString())).contains("cap_net_raw=ep");
    }

    @Test
    void device_nodes_are_left_out_and_counted() throws Exception {
        byte[] device = TarBuilder.header('3', "null", "", 0);

        var summary = unpack(
                new TarBuilder().file("null", "x").raw(device, new byte[0]).file("other", ""));

        assertThat(tree()).containsOnlyKeys("other");
        assertThat(summary.devices()).isEqualTo(1);
    }

    @Test
    void names_that_lead_out_are_refused_or_stay_inside() throws Exception {
        for (String name : List.of("../outside/secret", "a/../../outside/secret", "..", "a/..", "./../x")) {
            assertThatThrownBy(() -> unpack(new TarBuilder().file(name, "bad")))
                    .as(name)
                    .isInstanceOf(TarException.class)
                    .hasMessageContaining("leads out");
        }
        for (String link : List.of("../outside/secret", "/../outside/secret")) {
            assertThatThrownBy(() -> unpack(new TarBuilder().hardLink("l", link)))
                    .as(link)
                    .isInstanceOf(TarException.class);
        }
        unpack(new TarBuilder().file("/etc/passwd", "inside").file("//x///y", "inside"));

        assertThat(target.resolve("etc/passwd")).hasContent("inside");
        assertThat(target.resolve("x/y")).hasContent("inside");
        assertUntouched();
    }

    private void assertUntouched() {
        assertThat(outside.resolve("secret")).hasContent("secret");
        assertThat(outside.toFile().list()).containsExactly("secret");
        assertThat(scratch.toFile().list()).contains("outside", "target");
    }

    @Test
    void a_link_to_the_outside_followed_by_files_through_it_writes_inside() throws Exception {
        unpack(new TarBuilder()
                .symlink("abs", outside.toString())
                .symlink("rel", "../../../../../../.." + outside)
                .directory("abs/")
                .symlink("dir", outside.toString())
                .file("dir/through", "inside")
                .file("rel/through", "inside")
                .hardLink("stolen", "rel/through"));

        assertUntouched();
        assertThat(target.resolve("abs").toFile().isDirectory()).isTrue();
        assertThat(Files.isSymbolicLink(target.resolve("abs"))).isFalse();
        assertThat(target.resolve(outside.toString().substring(1)).resolve("through"))
                .hasContent("inside");
    }

    @Test
    void a_file_over_a_link_replaces_it_and_hard_links_to_links_do_not_follow() throws Exception {
        unpack(
                new TarBuilder()
                        .symlink("passwd", outside.resolve("secret").toString())
                        .file("passwd", "mine"),
                new TarBuilder()
                        .symlink("x", outside.resolve("secret").toString())
                        .hardLink("y", "x")
                        .file("y", "mine"));

        assertUntouched();
        assertThat(target.resolve("passwd")).hasContent("mine");
        assertThat(target.resolve("y")).hasContent("mine");
        assertThat(Files.isSymbolicLink(target.resolve("x"))).isTrue();
    }

    @Test
    void whiteouts_and_opaque_markers_do_not_reach_outside() throws Exception {
        unpack(
                new TarBuilder()
                        .symlink("out", outside.toString())
                        .directory("d/")
                        .symlink("d/out", outside.toString()),
                new TarBuilder()
                        .file("out/.wh.secret", "")
                        .file("out/.wh..wh..opq", "")
                        .file("d/.wh.out", ""));

        assertUntouched();
        assertThat(tree()).containsOnlyKeys("out", "d");
        for (String evil : List.of(".wh...", ".wh..", ".wh.", "d/.wh...")) {
            assertThatThrownBy(() -> unpack(new TarBuilder().directory("d/").file(evil, "")))
                    .as(evil)
                    .isInstanceOf(TarException.class)
                    .hasMessageContaining("whiteout");
        }
    }

    @Test
    void layers_hide_and_replace_what_is_below_them() throws Exception {
        unpack(
                new TarBuilder()
                        .directory("keep/")
                        .file("keep/a", "1")
                        .file("keep/b", "1")
                        .directory("gone/")
                        .file("gone/x", "1")
                        .directory("opaque/")
                        .file("opaque/old", "1")
                        .directory("opaque/sub/")
                        .file("opaque/sub/old", "1")
                        .file("file-to-directory", "1")
                        .directory("directory-to-file/")
                        .file("directory-to-file/x", "1"),
                new TarBuilder()
                        .file("keep/.wh.a", "")
                        .file("keep/b", "2")
                        .file(".wh.gone", "")
                        // The marker may come after what it must not hide.
                        .directory("opaque/")
                        .file("opaque/new", "2")
                        .file("opaque/sub/new", "2")
                        .file("opaque/.wh..wh..opq", "")
                        .file("opaque/.wh..wh.plnk", "")
                        .directory("file-to-directory/")
                        .file("file-to-directory/y", "2")
                        .file("directory-to-file", "2"),
                new TarBuilder().file("gone/.wh.none", "").file("none/.wh..wh..opq", ""));

        assertThat(tree())
                .containsOnlyKeys(
                        "keep",
                        "keep/b",
                        "opaque",
                        "opaque/new",
                        "opaque/sub",
                        "opaque/sub/new",
                        "file-to-directory",
                        "file-to-directory/y",
                        "directory-to-file");
        assertThat(target.resolve("keep/b")).hasContent("2");
    }

    @Test
    void a_whiteout_does_not_hide_what_its_own_layer_brings() throws Exception {
        unpack(
                new TarBuilder().directory("d/").file("d/old", "1").file("f", "1"),
                new TarBuilder()
                        .directory("d/")
                        .file("d/new", "2")
                        .file(".wh.d", "")
                        .file("f", "2")
                        .file(".wh.f", ""));

        assertThat(tree()).containsOnlyKeys("d", "d/new", "f");
    }

    @Test
    void a_later_layer_writes_through_the_links_of_an_earlier_one() throws Exception {
        unpack(
                new TarBuilder().directory("usr/").directory("usr/lib/").symlink("lib", "usr/lib"),
                new TarBuilder().file("lib/libc.so", "x"),
                new TarBuilder().file("lib/.wh.libc.so", "").file("lib/other.so", "y"));

        assertThat(tree()).containsOnlyKeys("usr", "usr/lib", "lib", "usr/lib/other.so");
    }

    @Test
    void more_directories_than_are_kept_open_can_be_removed_and_made_again() throws Exception {
        var first = new TarBuilder();
        var second = new TarBuilder();
        for (int i = 0; i < 200; i++) {
            first.directory("d" + i + "/").file("d" + i + "/f", "1");
            second.file(".wh.d" + i, "").file("d" + i + "/g", "2");
        }
        long before = openFiles();

        unpack(first, second);

        assertThat(openFiles()).isEqualTo(before);
        assertThat(tree().keySet().stream().filter(path -> path.endsWith("/f"))).isEmpty();
        assertThat(tree().keySet().stream().filter(path -> path.endsWith("/g"))).hasSize(200);
    }

    private static long openFiles() {
        return Path.of("/proc/self/fd").toFile().list().length;
    }

    @Test
    void what_cannot_be_unpacked_is_said_with_its_name_and_leaks_nothing() throws Exception {
        long before = openFiles();

        assertThatThrownBy(() -> unpack(new TarBuilder().file("a", "").file("a/b", "")))
                .isInstanceOf(TarException.class)
                .hasMessageContaining("a/b");
        assertThatThrownBy(() ->
                        unpack(new TarBuilder().pax("path", "n".repeat(256)).file("", "")))
                .isInstanceOf(TarException.class)
                .hasMessageContaining("errno 36");
        assertThatThrownBy(() -> unpack(new TarBuilder().hardLink("a", "missing")))
                .isInstanceOf(TarException.class);
        assertThatThrownBy(() -> unpack(new TarBuilder().file("", "x"))).isInstanceOf(TarException.class);
        assertThat(openFiles()).isEqualTo(before);
    }

    /** Archives of random members whose names, links and whiteouts all try to meet outside. */
    @Test
    void no_random_archive_touches_anything_outside() throws Exception {
        long seed = System.nanoTime();
        var random = new Random(seed);
        String[] names = {"a", "b", "a/b", "b/a", "a/b/a", ".", "a/secret", "b/secret", "secret", "../secret", "/a"};
        String[] links = {
            "..",
            "../..",
            "/",
            outside.toString(),
            "../outside",
            "a",
            "b",
            "a/b",
            ".",
            outside.resolve("secret").toString()
        };
        for (int round = 0; round < 300; round++) {
            var archive = new TarBuilder();
            for (int i = 0; i < 12; i++) {
                String name = names[random.nextInt(names.length)];
                String link = links[random.nextInt(links.length)];
                switch (random.nextInt(6)) {
                    case 0 -> archive.directory(name + "/");
                    case 1 -> archive.symlink(name, link);
                    case 2 -> archive.hardLink(name, names[random.nextInt(names.length)]);
                    case 3 -> archive.file(name.replaceFirst("([^/]*)$", ".wh.$1"), "");
                    case 4 -> archive.file(name + "/.wh..wh..opq", "");
                    default -> archive.file(name, "bad");
                }
            }
            try {
                unpack(archive);
            } catch (TarException e) {
                // refused: as good
            }
            assertThat(outside.resolve("secret"))
                    .as("seed %d, round %d", seed, round)
                    .hasContent("secret");
            assertThat(outside.toFile().list())
                    .as("seed %d, round %d", seed, round)
                    .containsExactly("secret");
            assertThat(scratch.toFile().list())
                    .as("seed %d, round %d", seed, round)
                    .containsExactlyInAnyOrder("outside", "target");
        }
    }

    @Test
    void an_archive_larger_than_the_pool_is_stopped_before_it_is_full() throws Exception {
        run("mount", "-t", "tmpfs", "-o", "size=96m", "zonda-test", target.toString());
        try (var unpacker = TreeUnpacker.into(target)) {
            Process bomb = Command.of(
                            "sh",
                            "-c",
                            "truncate -s 4G " + scratch + "/zeros; tar -C " + scratch + " -c zeros | gzip -1")
                    .start();
            try {
                assertThatThrownBy(() -> unpacker.archive(bomb.getInputStream(), _ -> {}))
                        .isInstanceOf(TarException.class)
                        .hasMessageContaining("nearly full");
            } finally {
                bomb.destroyForcibly().waitFor();
            }
            assertThat(target.toFile().getUsableSpace()).isGreaterThan(8 << 20);
        } finally {
            run("umount", target.toString());
        }
    }

    @Test
    void names_in_no_encoding_keep_their_bytes() throws Exception {
        unpack(new TarBuilder().file("caf\u00e9-\u00ff", "latin"));

        byte[] listed = Command.of("ls", "-b", target.toString())
                .check(Duration.ofSeconds(5))
                .getBytes();
        assertThat(new String(listed)).isEqualTo("caf\\351-\\377\n");
        assertThat(Files.exists(target.resolve("x"), LinkOption.NOFOLLOW_LINKS)).isFalse();
    }
}
