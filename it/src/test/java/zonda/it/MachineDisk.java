package zonda.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import zonda.base.Json;
import zonda.it.guest.GuestImage;
import zonda.kernel.Command;

/** The disk that tests boot machines from: a kernel, a busybox, and a page that says what its guest sees. */
final class MachineDisk {
    private static final Duration LIMIT = Duration.ofMinutes(2);
    private static final List<String> PROGRAMS = List.of(
            "/usr/bin/qemu-system-x86_64",
            "/usr/bin/qemu-img",
            "/usr/bin/mformat",
            "/usr/bin/syslinux",
            "/sbin/debugfs");

    private MachineDisk() {}

    /** Makes it, with the kernel of the guests of tests. Skips the test where that can't be, with the reason. */
    static Path make(Path directory) {
        PROGRAMS.forEach(program -> assumeTrue(Files.isExecutable(Path.of(program)), "needs " + program));
        Path top = Documents.top();
        GuestImage guest = GuestImage.ofHost(top);
        Path disk = directory.resolve("machine.img");
        Command.of(
                        top.resolve("it/src/test/guest/make-machine-disk").toString(),
                        disk.toString(),
                        guest.root().toString(),
                        guest.kernel().toString())
                .check(LIMIT);
        return disk;
    }

    /** Copies a file of the disk. */
    static void copy(Path disk, String file, Path directory) {
        Command.of(
                        "mcopy",
                        "-i",
                        disk.toString(),
                        "::" + file,
                        directory.resolve(file).toString())
                .check(LIMIT);
    }

    /** Installs an image for zones with the disk's kernel, which only its owner may read there. */
    static UUID installKernel(Instance zonda, Path disk, Path scratch) throws IOException {
        UUID uuid = UUID.randomUUID();
        Path tree = scratch.resolve("tree");
        Path boot = Files.createDirectories(tree.resolve("boot"));
        copy(disk, "vmlinuz", boot);
        Files.setPosixFilePermissions(boot.resolve("vmlinuz"), PosixFilePermissions.fromString("rw-------"));
        Files.writeString(Files.createDirectory(tree.resolve("etc")).resolve("hostname"), "image");
        Path tar = scratch.resolve("kernel.tar");
        Command.of("tar", "-C", tree.toString(), "-cf", tar.toString(), "boot", "etc")
                .check(LIMIT);
        String sum = Command.of("sha1sum", tar.toString()).check(LIMIT).substring(0, 40);
        Json.Obj file =
                Json.object().with("sha1", sum).with("size", Files.size(tar)).with("compression", "none");
        Json.Obj manifest = Json.object()
                .with("v", 2)
                .with("uuid", uuid.toString())
                .with("owner", uuid.toString())
                .with("name", "kernel")
                .with("version", "1")
                .with("type", "lx-dataset")
                .with("os", "linux")
                .with("files", new Json.Arr(List.of(file)));
        Path about = Files.writeString(scratch.resolve("kernel.manifest"), manifest.compact());
        Ran ran = zonda.imgadm("install", "-q", "-m", about.toString(), "-f", tar.toString());
        assertThat(ran.status()).as(ran.toString()).isZero();
        return uuid;
    }
}
