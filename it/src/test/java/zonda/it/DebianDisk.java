package zonda.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import zonda.kernel.Command;

/**
 * Debian's disk for machines as {@code imgadm create --debian --vm} makes it, kept beside the guests of other tests under a
 * name that is the sum of what makes it.
 */
final class DebianDisk {
    private static final Duration MAKING = Duration.ofMinutes(20);
    private static final Duration COPY = Duration.ofMinutes(5);
    private static final String SUITE = "bookworm";
    /** MiB. */
    static final int SIZE = 2048;

    private static final List<String> MAKERS = List.of("Mmdebstrap", "DebianRoot", "DebianMachine", "BootableDisk");

    private DebianDisk() {}

    /** Installs it as an image. Skips the test where it can't be made, with the reason. */
    static UUID install(Instance zonda) {
        UUID image = UUID.randomUUID();
        Path kept = home().resolve("machine-" + sum()).resolve("disk");
        if (Files.exists(kept)) {
            use(kept);
            Ran ran = zonda.imgadm(
                    "create", "-q", "--from", kept.toString(), "name=debian", "version=1", "uuid=" + image);
            assertThat(ran.status()).as(ran.toString()).isZero();
        } else {
            make(zonda, image);
            keep(zonda.volume("zones/" + image), kept);
        }
        return image;
    }

    private static void make(Instance zonda, UUID image) {
        try (Call call = zonda.call(
                "imgadm",
                "create",
                "-q",
                "--debian",
                SUITE,
                "--vm",
                "name=debian",
                "version=1",
                "image_size=" + SIZE,
                "uuid=" + image)) {
            Ran ran = call.endInput().ran(MAKING);
            assumeTrue(!ran.err().contains("(NotSupported)"), ran.err());
            // A mirror that can't be reached is no fault of ours.
            assumeTrue(!ran.err().contains("Failed to fetch"), "mmdebstrap: " + ran.err());
            assertThat(ran.status()).as(ran.toString()).isZero();
        }
    }

    private static void keep(Path volume, Path kept) {
        Path partial = kept.resolveSibling("disk.partial");
        try {
            Files.createDirectories(kept.getParent());
            Command.of("cp", "--sparse=always", volume.toString(), partial.toString())
                    .check(COPY);
            Files.move(partial, kept, StandardCopyOption.ATOMIC_MOVE);
            use(kept);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Guests that no test has used for long are taken away when another is made. */
    private static void use(Path kept) {
        Path used = kept.resolveSibling("used");
        try {
            if (!Files.exists(used)) {
                Files.createFile(used);
            }
            Files.setLastModifiedTime(used, FileTime.from(Instant.now()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Path home() {
        return Path.of(Optional.ofNullable(System.getenv("ZONDA_TEST_CACHE")).orElse("/var/cache/zonda-tests"));
    }

    private static String sum() {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            for (String maker : MAKERS) {
                Path source = Documents.top().resolve("images/src/main/java/zonda/images/" + maker + ".java");
                digest.update(Files.readAllBytes(source));
            }
            digest.update((SUITE + SIZE).getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest.digest(), 0, 8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }
}
