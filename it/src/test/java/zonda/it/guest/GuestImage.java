package zonda.it.guest;

import static org.junit.jupiter.api.Assumptions.abort;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import zonda.base.OpException;
import zonda.kernel.Command;

/**
 * A guest's kernel and disks, made by a script of {@code it/src/test/guest} and kept below {@code /var/cache/zonda-tests},
 * or where {@code ZONDA_TEST_CACHE} says, under a name that is the sum of the scripts and the packages.
 */
public record GuestImage(Path directory) {
    private static final Duration MAKING = Duration.ofMinutes(40);
    private static final Duration UNUSED = Duration.ofDays(14);
    private static final String USED = "used";

    public Path kernel() {
        return directory.resolve("vmlinuz");
    }

    /** Never written to. */
    public Path root() {
        return directory.resolve("root.ext4");
    }

    /** The root of a zone: Debian with systemd. */
    public Path zone() {
        return directory.resolve("zone.tar");
    }

    /** What the kernel must be told besides what {@link Guest} tells it. */
    String kernelArguments() throws IOException {
        Path file = directory.resolve("cmdline");
        return Files.exists(file) ? Files.readString(file).strip() : "";
    }

    /** A host of Zonda, from the cache or made now. Skips the test where that can't be, with the reason. */
    public static GuestImage ofHost(Path top) {
        return new Cache(top, "guest", List.of("make-guest", "sources", "agent", "agent.service"), packages(top))
                .find(true)
                .orElseThrow();
    }

    /**
     * A machine with OpenZFS, from the cache; made now only where {@code ZONDA_OPENZFS} is {@code build}, since building
     * the modules takes seven minutes of a CPU. Otherwise skips the test, with the reason.
     */
    public static GuestImage ofOpenZfs(Path top) {
        boolean make = "build".equals(System.getenv("ZONDA_OPENZFS"));
        Optional<GuestImage> image = new Cache(
                        top,
                        "openzfs",
                        List.of("make-zfs-guest", "install-zfs-modules", "sources", "agent", "init"),
                        List.of())
                .find(make);
        assumeTrue(
                image.isPresent(),
                "no guest with OpenZFS is in the cache; ZONDA_OPENZFS=build makes one, in seven minutes of a CPU");
        return image.orElseThrow();
    }

    /** Nothing but the kernel of a Debian suite. Skips the test where it can't be had, with the reason. */
    public static GuestImage ofKernel(Path top, String suite) {
        return new Cache(top, "kernel-" + suite, List.of("make-kernel", "sources"), List.of(suite))
                .find(true)
                .orElseThrow();
    }

    /** What a host needs to run, and runc besides. */
    private static List<String> packages(Path top) {
        try (Stream<String> lines = Files.lines(top.resolve("packages.debian"))) {
            List<String> names = new ArrayList<>(lines.takeWhile(line -> !line.equals("# [tests]"))
                    .filter(line -> !line.isBlank() && !line.startsWith("#"))
                    .map(line -> line.split(" ", 2)[0])
                    .filter(name -> !name.equals("maven") && !name.equals("mmdebstrap"))
                    .toList());
            names.add("runc");
            return names;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * The images of one flavour.
     *
     * @param scripts what it is made of, by names in the directory of scripts; the first makes it
     */
    record Cache(Path top, String flavour, List<String> scripts, List<String> packages) {
        private static Path home() {
            return Path.of(
                    Optional.ofNullable(System.getenv("ZONDA_TEST_CACHE")).orElse("/var/cache/zonda-tests"));
        }

        /** @param make whether to make it when it isn't there */
        Optional<GuestImage> find(boolean make) {
            Path directory = home().resolve(flavour + "-" + sum());
            try {
                Files.createDirectories(home());
                try (FileChannel file = FileChannel.open(
                                home().resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                        FileLock _ = file.lock()) {
                    if (!Files.exists(directory)) {
                        if (!make) {
                            return Optional.empty();
                        }
                        make(directory);
                    }
                    use(directory);
                }
                return Optional.of(new GuestImage(directory));
            } catch (IOException e) {
                throw new UncheckedIOException("find a guest in " + home() + ": " + e, e);
            }
        }

        private void make(Path directory) throws IOException {
            assumeTrue(Files.isExecutable(Path.of("/usr/bin/mmdebstrap")), "needs mmdebstrap");
            assumeTrue(Files.isExecutable(Path.of("/sbin/mke2fs")), "needs mke2fs");
            forgetUnused();
            Path partial = Files.createTempDirectory(home(), "making-");
            try {
                Command command = Command.of(
                                directoryOfScripts().resolve(scripts.getFirst()).toString(), partial.toString())
                        .with(packages.toArray(String[]::new));
                for (String inherited : List.of("http_proxy", "https_proxy", "no_proxy")) {
                    String value = System.getenv(inherited);
                    command = value == null ? command : command.environment(inherited, value);
                }
                command.check(MAKING);
                Files.move(partial, directory);
            } catch (OpException e) {
                deleteTree(partial);
                abort("no guest can be made here: " + e.getMessage());
            }
        }

        private Path directoryOfScripts() {
            return top.resolve("it/src/test/guest");
        }

        private String sum() {
            try {
                MessageDigest digest = MessageDigest.getInstance("SHA-256");
                for (String script : scripts) {
                    digest.update(Files.readAllBytes(directoryOfScripts().resolve(script)));
                }
                digest.update(String.join(" ", packages).getBytes(StandardCharsets.UTF_8));
                return HexFormat.of().formatHex(digest.digest(), 0, 8);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            } catch (NoSuchAlgorithmException e) {
                throw new AssertionError(e);
            }
        }

        private static void use(Path directory) throws IOException {
            Path used = directory.resolve(USED);
            if (!Files.exists(used)) {
                Files.createFile(used);
            }
            Files.setLastModifiedTime(used, FileTime.from(Instant.now()));
        }

        /** Each change of a recipe makes another; half a gigabyte each. */
        private void forgetUnused() throws IOException {
            Instant oldest = Instant.now().minus(UNUSED);
            try (Stream<Path> entries = Files.list(home())) {
                for (Path entry : entries.filter(Files::isDirectory).toList()) {
                    Path used = entry.resolve(USED);
                    Path witness = Files.exists(used) ? used : entry;
                    if (Files.getLastModifiedTime(witness).toInstant().isBefore(oldest)) {
                        deleteTree(entry);
                    }
                }
            }
        }

        private static void deleteTree(Path directory) throws IOException {
            try (Stream<Path> files = Files.walk(directory)) {
                for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.deleteIfExists(file);
                }
            }
        }
    }
}
