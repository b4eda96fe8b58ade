package zonda.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RootDirectoryTest {
    private static final Access PLAIN = new Access(0644, uid(), gid());

    @TempDir
    Path directory;

    private Path inside;
    private Path outside;
    private RootDirectory root;

    @BeforeEach
    void make_a_root_and_something_outside_of_it() throws Exception {
        inside = Files.createDirectory(directory.resolve("root"));
        outside = Files.createDirectory(directory.resolve("outside"));
        Files.writeString(outside.resolve("secret"), "secret");
        root = RootDirectory.open(inside);
    }

    @AfterEach
    void close() {
        root.close();
    }

    private static int uid() {
        return stat().uid();
    }

    private static int gid() {
        return stat().gid();
    }

    private static FileStat stat() {
        try (Directory self = Directory.open(Path.of("/proc/self"))) {
            return self.stat();
        }
    }

    @Test
    void writes_and_reads_a_file() throws Exception {
        root.writeWithParents("/etc/a/b", "text", PLAIN);

        assertThat(root.readString("etc/a/b")).contains("text");
        assertThat(inside.resolve("etc/a/b")).hasContent("text");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(inside.resolve("etc/a/b"))))
                .isEqualTo("rw-r--r--");
        assertThat(inside.resolve("etc/a").toFile().list()).containsExactly("b");
    }

    @Test
    void absolute_links_and_dots_stay_inside() throws Exception {
        Files.createSymbolicLink(inside.resolve("abs"), outside);
        Files.createSymbolicLink(inside.resolve("up"), Path.of("../../outside"));
        Files.createDirectories(inside.resolve("outside"));
        Files.writeString(inside.resolve("outside/secret"), "mine");

        assertThat(root.readString("abs/secret")).isEmpty();
        assertThat(root.readString("up/secret")).contains("mine");
        assertThat(root.readString("../../outside/secret")).contains("mine");
        assertThat(root.exists("abs")).isFalse();
        assertThat(root.stat("abs").map(FileStat::isSymlink)).contains(true);
        assertThat(root.readLink("abs")).contains(outside.toString());
    }

    @Test
    void writing_replaces_a_link_instead_of_following_it() throws Exception {
        Files.createSymbolicLink(inside.resolve("resolv.conf"), outside.resolve("secret"));

        root.write("resolv.conf", "nameserver", PLAIN);

        assertThat(outside.resolve("secret")).hasContent("secret");
        assertThat(Files.isSymbolicLink(inside.resolve("resolv.conf"))).isFalse();
        assertThat(inside.resolve("resolv.conf")).hasContent("nameserver");
    }

    @Test
    void a_directory_made_through_a_dangling_link_is_made_inside() throws Exception {
        Files.createSymbolicLink(inside.resolve("run"), Path.of("/../../outside/made"));

        root.mkdirs("run/deep", new Access(0755, uid(), gid()));

        assertThat(inside.resolve("outside/made/deep")).isDirectory();
        assertThat(outside.toFile().list()).containsExactly("secret");
    }

    @Test
    void links_that_go_in_circles_are_refused() throws Exception {
        Files.createSymbolicLink(inside.resolve("a"), Path.of("b"));
        Files.createSymbolicLink(inside.resolve("b"), Path.of("a"));

        assertThatThrownBy(() -> root.readString("a/x"))
                .isInstanceOfSatisfying(
                        KernelException.class, e -> assertThat(e.errno()).isEqualTo(Errno.ELOOP));
        assertThatThrownBy(() -> root.mkdirs("a/x", PLAIN)).isInstanceOf(KernelException.class);
    }

    @Test
    void a_fifo_is_not_waited_for() {
        try (Directory here = Directory.open(inside)) {
            here.mkfifo("fifo");
        }

        assertThatThrownBy(() -> root.readString("fifo"))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("not a regular file but FIFO");
    }

    @Test
    void a_file_that_never_ends_is_not_read_to_its_end() throws Exception {
        try (var file = new java.io.RandomAccessFile(inside.resolve("big").toFile(), "rw")) {
            file.setLength(1L << 40);
        }

        assertThatThrownBy(() -> root.read("big")).hasMessageContaining("more than");
    }

    @Test
    void a_failed_write_leaves_nothing() throws Exception {
        Files.createDirectories(inside.resolve("dir/full"));

        assertThatThrownBy(() -> root.write("dir/full", "x", PLAIN)).isInstanceOf(KernelException.class);
        assertThat(inside.resolve("dir").toFile().list()).containsExactly("full");
    }

    @Test
    void deleting_a_tree_does_not_follow_links_out_of_it() throws Exception {
        Files.createDirectories(inside.resolve("tree/a/b"));
        Files.createSymbolicLink(inside.resolve("tree/a/out"), outside);
        Files.writeString(inside.resolve("tree/a/b/file"), "x");

        assertThat(root.deleteTree("tree")).isTrue();

        assertThat(inside.resolve("tree")).doesNotExist();
        assertThat(outside.resolve("secret")).hasContent("secret");
        assertThat(root.deleteTree("tree")).isFalse();
        assertThat(root.delete("no/such/file")).isFalse();
    }

    @Test
    void names_without_meaning_in_any_encoding_are_kept_to_the_byte() {
        String name = FileName.decode(new byte[] {'n', (byte) 0xff, (byte) 0xc3});

        root.write(name, "x", PLAIN);

        assertThat(root.list("/")).containsExactly(name);
        assertThat(root.readString(name)).contains("x");
        assertThat(root.deleteTree(name)).isTrue();
    }

    @Test
    void renames_and_links_and_modes() {
        root.write("a", "x", PLAIN);
        root.rename("a", "b");
        root.symlink("l", "/b");
        root.symlink("l", "/b");
        root.access("b", new Access(0600, uid(), gid()));

        assertThat(root.exists("a")).isFalse();
        assertThat(root.readString("l")).contains("x");
        assertThat(root.stat("b").orElseThrow().mode()).isEqualTo(0600);
        assertThat(root.target("l").orElseThrow().isFile()).isTrue();
        assertThat(root.stat("l").orElseThrow().isSymlink()).isTrue();
        assertThat(root.list("/")).containsExactly("b", "l");
    }

    @Test
    void a_rename_race_never_leads_outside() throws Exception {
        assumeTrue(Runtime.getRuntime().availableProcessors() > 1, "needs two processors to race");
        Files.createDirectories(inside.resolve("d/e"));
        Files.writeString(inside.resolve("d/e/secret"), "inside");
        long end = System.nanoTime() + Duration.ofMillis(300).toNanos();
        Thread mover = Thread.ofPlatform().start(() -> {
            try (Directory here = Directory.open(inside)) {
                while (System.nanoTime() < end) {
                    here.rename("d", "f");
                    here.rename("f", "d");
                }
            }
        });

        while (System.nanoTime() < end) {
            try {
                assertThat(root.readString("d/e/../../../../outside/secret")).isEmpty();
            } catch (KernelException e) {
                assertThat(e.is(Errno.EAGAIN)).isTrue();
            }
        }
        mover.join();
    }
}
