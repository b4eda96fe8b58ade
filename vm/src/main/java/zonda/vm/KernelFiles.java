package zonda.vm;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import zonda.base.Code;
import zonda.base.Json;
import zonda.base.OpException;
import zonda.kernel.FileStat;
import zonda.kernel.RootDirectory;
import zonda.kvm.DirectBoot;

/**
 * The files that a machine with {@code boot} direct starts from, which are in its zone root: QEMU opens them there, and
 * sees no others of the host's than its programs.
 */
final class KernelFiles {
    /** The value of {@code boot}. */
    static final String DIRECT = "direct";

    /** The property that names an image whose kernels a machine gets. */
    static final String IMAGE = "zone_dataset_uuid";

    private static final String BOOT = "boot";
    private static final int READABLE_BY_OTHERS = 04;
    private static final List<String> FILES = List.of("kernel", "initrd");
    private static final List<String> PROPERTIES = List.of("kernel", "initrd", "cmdline");

    private KernelFiles() {}

    static boolean isDirect(Json.Obj properties) {
        return properties.string("boot", "").equals(DIRECT);
    }

    static void check(Json.Obj properties, Findings findings) {
        if (!isDirect(properties)) {
            for (String name : PROPERTIES) {
                if (properties.has(name)) {
                    findings.rule(name + ": is for machines with boot direct only");
                }
            }
            return;
        }
        if (!properties.has("kernel")) {
            findings.rule("kernel: boot direct needs one, the path of a file in the VM's zone root");
        }
        if (!properties.string("bootrom", "bios").equals("bios")) {
            findings.rule("bootrom: with boot direct it must be bios, since no firmware looks for a system");
        }
        for (String name : FILES) {
            properties
                    .string(name)
                    .filter(path -> !isPlain(path))
                    .ifPresent(path -> findings.rule(name + ": \"" + path
                            + "\" is no absolute path of the VM's zone root, such as /boot/vmlinuz"));
        }
    }

    /**
     * A VM after an update: one that starts a kernel no more has none, unless the update names one. It is refused then by
     * {@link #check}.
     */
    static Json.Obj settled(Json.Obj before, Json.Obj after, Json.Obj update) {
        Json.Obj settled = after;
        if (isDirect(before) && !isDirect(after)) {
            for (String name : PROPERTIES) {
                settled = update.has(name) ? settled : settled.without(name);
            }
        }
        return settled;
    }

    private static boolean isPlain(String path) {
        return path.startsWith("/")
                && path.length() > 1
                && Path.of(path).normalize().toString().equals(path);
    }

    /** @throws OpException NOT_FOUND naming the file that isn't there; links are not followed out of the root */
    static void require(Json.Obj properties, Path root) {
        if (!isDirect(properties)) {
            return;
        }
        try (RootDirectory directory = RootDirectory.open(root)) {
            for (String name : FILES) {
                properties.string(name).ifPresent(path -> require(name, path, directory, root));
            }
        }
    }

    private static void require(String name, String path, RootDirectory directory, Path root) {
        Optional<FileStat> file = directory.target(path).filter(stat -> stat.kind() == FileStat.Kind.FILE);
        if (file.isEmpty()) {
            throw new OpException(
                    Code.NOT_FOUND,
                    name + ": " + path
                            + " is no file of the VM's zone root: create the VM with autoboot false, put it at " + root
                            + path + ", and start the VM; or name an image that has it by zone_dataset_uuid");
        }
        if ((file.get().mode() & READABLE_BY_OTHERS) == 0) {
            throw new OpException(
                    Code.FAILED, name + ": QEMU, which is not root, can't read it: chmod o+r " + root + path);
        }
    }

    /**
     * Puts the directory /boot of an image into a new machine's zone root: its files, for everyone to read, its
     * directories and its symbolic links.
     *
     * @param image an image's root, which nobody changes
     */
    static void take(Path image, Path root) {
        Path from = image.resolve(BOOT);
        if (!Files.isDirectory(from, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        try (Stream<Path> all = Files.walk(from)) {
            for (Path source : (Iterable<Path>) all::iterator) {
                copy(source, root.resolve(image.relativize(source).toString()));
            }
        } catch (IOException e) {
            throw new UncheckedIOException("copy " + from + " to " + root + ": " + e, e);
        }
    }

    private static void copy(Path source, Path target) throws IOException {
        if (Files.isSymbolicLink(source)) {
            Files.createSymbolicLink(target, Files.readSymbolicLink(source));
        } else if (Files.isDirectory(source)) {
            Files.createDirectories(target);
            Files.setPosixFilePermissions(target, PosixFilePermissions.fromString("rwxr-xr-x"));
        } else if (Files.isRegularFile(source)) {
            Files.copy(source, target);
            Files.setPosixFilePermissions(target, PosixFilePermissions.fromString("rw-r--r--"));
        }
    }

    static Optional<DirectBoot> direct(Json.Obj properties) {
        return isDirect(properties)
                ? Optional.of(new DirectBoot(
                        Path.of(properties.string("kernel", "/")),
                        properties.string("initrd").map(Path::of),
                        properties.string("cmdline", "")))
                : Optional.empty();
    }
}
