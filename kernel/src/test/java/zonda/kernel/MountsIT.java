package zonda.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MountsIT {
    @TempDir
    Path directory;

    private Path tmpfs;

    @BeforeEach
    void mountTmpfs() throws IOException {
        assumeTrue("root".equals(System.getProperty("user.name")), "mounting needs root");
        tmpfs = Files.createDirectory(directory.resolve("a tmpfs"));
        Mounts.mount("tmpfs", tmpfs, "tmpfs", Mounts.MS_NOSUID, "size=1m,mode=0755");
    }

    @AfterEach
    void unmountAll() {
        Mounts.list().reversed().stream()
                .filter(mount -> mount.target().startsWith(directory))
                .forEach(mount -> Mounts.detach(mount.target()));
    }

    @Test
    void a_mount_is_listed_with_its_options() {
        MountInfo mount = mountAt(tmpfs);

        assertThat(mount.type()).isEqualTo("tmpfs");
        assertThat(mount.options()).contains("nosuid");
        assertThat(mount.superOptions()).contains("size=1024k");
    }

    @Test
    void unmounting_what_is_not_mounted_names_call_and_path() throws IOException {
        Path plain = Files.createDirectory(directory.resolve("plain"));

        assertThatThrownBy(() -> Mounts.unmount(plain))
                .isInstanceOf(KernelException.class)
                .hasMessage("unmount " + plain + ": EINVAL (errno 22)");
    }

    @Test
    void a_busy_mount_is_not_unmounted() {
        try (Fd user = Fd.openDirectory(tmpfs)) {
            assertThat(user.toString()).isNotEmpty();
            assertThatThrownBy(() -> Mounts.unmount(tmpfs))
                    .isInstanceOfSatisfying(
                            KernelException.class,
                            e -> assertThat(e.is(Errno.EBUSY)).isTrue());
        }
        Mounts.unmount(tmpfs);
    }

    @Test
    void a_detached_tree_is_idmapped_and_attached() throws IOException {
        Path file = Files.createFile(tmpfs.resolve("file"));
        Path mapped = Files.createDirectory(directory.resolve("mapped"));

        try (Fd tree = Mounts.openTree(tmpfs, false);
                Fd users = Namespaces.userNamespace(2_000_000, 65_536)) {
            Mounts.idmap(tree, users);
            Mounts.setAttributes(tree, Mounts.MOUNT_ATTR_NODEV, Mounts.MOUNT_ATTR_NOSUID);
            Mounts.moveMount(tree, mapped);
        }

        assertThat(Files.getAttribute(file, "unix:uid")).isEqualTo(0);
        assertThat(Files.getAttribute(mapped.resolve("file"), "unix:uid")).isEqualTo(2_000_000);
        assertThat(Files.getAttribute(mapped.resolve("file"), "unix:gid")).isEqualTo(2_000_000);
        assertThat(mountAt(mapped).options()).contains("nodev").doesNotContain("nosuid");
    }

    @Test
    void what_a_thread_mounts_in_its_own_namespace_stays_there() throws IOException {
        Path inside = Files.createDirectory(directory.resolve("inside"));

        boolean seen = Blocking.onOwnThread("own-mounts", () -> {
            Namespaces.unshareMount();
            Mounts.makeSlave(Path.of("/"), true);
            Mounts.bind(tmpfs, inside, false);
            return Mounts.list().stream().anyMatch(mount -> mount.target().equals(inside));
        });

        assertThat(seen).isTrue();
        assertThat(Mounts.list()).noneMatch(mount -> mount.target().equals(inside));
    }

    @Test
    void trusted_attributes_are_set_read_and_removed() throws IOException {
        Path file = Files.createFile(directory.resolve("file"));

        Xattrs.set(file, "trusted.zonda.test", new byte[] {1, 0, 2});

        assertThat(Xattrs.get(file, "trusted.zonda.test")).hasValue(new byte[] {1, 0, 2});
        Xattrs.remove(file, "trusted.zonda.test");
        assertThat(Xattrs.get(file, "trusted.zonda.test")).isEmpty();
    }

    private static MountInfo mountAt(Path target) {
        return Mounts.list().stream()
                .filter(mount -> mount.target().equals(target))
                .reduce((_, last) -> last)
                .orElseThrow();
    }
}
