package zonda.images;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import zonda.kernel.RootDirectory;

class BusyboxIT {
    private final Path scratch = Files.createTempDirectory("zonda-busybox-");

    BusyboxIT() throws Exception {}

    @AfterEach
    void remove_it() {
        try (var parent = RootDirectory.open(scratch.getParent())) {
            parent.deleteTree(scratch.getFileName().toString());
        }
    }

    @Test
    void a_busybox_image_has_a_shell_an_init_and_a_user() throws Exception {
        assumeTrue(Files.isExecutable(Path.of("/bin/busybox")), "no busybox-static");
        var host = new TestHost(scratch);

        UUID uuid = create(host.images().creations());

        Path root = host.store.root(uuid);
        assertThat(TestHost.run(
                        "chroot", root.toString(), "/bin/sh", "-c", "id -un; readlink /sbin/init; ls /sbin/getty"))
                .isEqualTo("root\n/bin/busybox\n/sbin/getty\n");
        assertThat(Files.getPosixFilePermissions(root.resolve("etc/shadow"))).hasSize(2);
        assertThat(host.images().get(uuid).manifest().name()).isEqualTo("bb");
    }

    private static UUID create(Creations creations) {
        return creations
                .busybox(Creations.Fields.parse(List.of("name=bb", "version=1")), Progress.NONE)
                .uuid();
    }
}
