package zonda.images;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BusyboxIT {
    @TempDir
    Path directory;

    @Test
    void a_busybox_image_has_a_shell_an_init_and_a_user_within_a_moment() throws Exception {
        assumeTrue(Files.isExecutable(Path.of("/bin/busybox")), "no busybox-static");
        var host = new TestHost(directory);
        var creations = host.images().creations();
        create(creations); // warm

        long begun = System.nanoTime();
        UUID uuid = create(creations);
        Duration took = Duration.ofNanos(System.nanoTime() - begun);

        Path root = host.store.root(uuid);
        assertThat(TestHost.run(
                        "chroot", root.toString(), "/bin/sh", "-c", "id -un; readlink /sbin/init; ls /sbin/getty"))
                .isEqualTo("root\n/bin/busybox\n/sbin/getty\n");
        assertThat(Files.getPosixFilePermissions(root.resolve("etc/shadow"))).hasSize(2);
        assertThat(took).isLessThan(Duration.ofMillis(300));
        assertThat(host.images().get(uuid).manifest().name()).isEqualTo("bb");
        for (ListedImage image : host.images().list()) {
            host.images().delete(image.manifest().uuid());
        }
    }

    private static UUID create(Creations creations) {
        return creations
                .busybox(Creations.Fields.parse(List.of("name=bb", "version=1")), Progress.NONE)
                .uuid();
    }
}
