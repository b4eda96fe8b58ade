package zonda.it;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import zonda.base.Json;
import zonda.base.StateFile;

/**
 * What an instance's names on the machine derive from, drawn at random among those that no other instance has, also one of
 * another run of the tests.
 *
 * @param idBase below 2^31, and away from the ranges of instances that stay
 * @param claim a port of loopback that is held as long as the identity is used
 */
record Identity(String prefix, Path root, long idBase, ServerSocket claim) {
    /** More zones than a test has at one time. */
    static final long ZONES = 128;

    static final long RANGE = 65_536;
    private static final long FIRST_RANGE = 24_576;
    private static final int SLOTS = 60;
    private static final int FIRST_PORT = 47_300;
    private static final Path LINKS = Path.of("/sys/class/net");

    /** Draws one, and makes its root with its configuration. @param devices of its pool; none for one in a file */
    static Identity draw(List<Path> devices) {
        try {
            int slot = RandomGenerator.getDefault().nextInt(SLOTS);
            Optional<ServerSocket> claim = claim(slot);
            for (int tries = 0; claim.isEmpty(); tries++) {
                if (tries > SLOTS) {
                    throw new IllegalStateException("too many instances run the tests");
                }
                slot = (slot + 1) % SLOTS;
                claim = claim(slot);
            }
            Path root = Files.createTempDirectory("zonda-it-");
            // The roots of its zones pass through it.
            Files.setPosixFilePermissions(root, PosixFilePermissions.fromString("rwx--x--x"));
            var identity = new Identity(prefix(slot), root, (FIRST_RANGE + slot * ZONES) * RANGE, claim.orElseThrow());
            identity.configure(devices);
            return identity;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String prefix(int slot) {
        return String.format("i%02d", slot);
    }

    private static Optional<ServerSocket> claim(int slot) throws IOException {
        try (Stream<Path> links = Files.list(LINKS)) {
            if (links.anyMatch(link -> link.getFileName().toString().startsWith(prefix(slot)))) {
                return Optional.empty();
            }
        }
        try {
            return Optional.of(new ServerSocket(FIRST_PORT + slot, 1, InetAddress.getLoopbackAddress()));
        } catch (BindException e) {
            return Optional.empty();
        }
    }

    /** Somebody else may have it. */
    void giveBack() {
        try {
            claim.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void configure(List<Path> devices) throws IOException {
        Files.createDirectories(root.resolve("etc/zonda"));
        Json.Obj named = Json.object().with("name", "zones");
        Json.Obj pool = devices.isEmpty()
                ? named.with("size_gib", 4)
                : named.with(
                        "devices",
                        Json.Arr.ofStrings(devices.stream().map(Path::toString).toList()));
        StateFile.replace(
                root.resolve("etc/zonda/zondad.json"),
                Json.object()
                        .with("prefix", prefix)
                        .with("pool", pool)
                        .with("id_base", idBase)
                        .with("admin_address", "127.0.0.1"));
    }

    Path socket() {
        return root.resolve("run/zonda/host.sock");
    }

    Path journal() {
        return root.resolve("var/lib/zonda/journal");
    }

    String cgroup() {
        return "zonda-" + prefix;
    }
}
