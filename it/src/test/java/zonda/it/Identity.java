package zonda.it;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;
import zonda.base.Json;
import zonda.base.StateFile;

/**
 * What an instance's names on the machine derive from, drawn at random so that instances don't meet.
 *
 * @param idBase below 2^31, and away from the ranges of instances that stay
 */
record Identity(String prefix, Path root, long idBase) {
    private static final long RANGE = 65_536;
    private static final long FIRST_RANGE = 24_576;
    private static final long RANGES = 8_000;
    private static final Path LINKS = Path.of("/sys/class/net");

    /** Draws one, and makes its root with its configuration. @param devices of its pool; none for one in a file */
    static Identity draw(List<Path> devices) {
        try {
            String random = UUID.randomUUID().toString();
            while (isTaken("i" + random.substring(0, 2))) {
                random = UUID.randomUUID().toString();
            }
            Path root = Files.createTempDirectory("zonda-it-");
            // The roots of its zones pass through it.
            Files.setPosixFilePermissions(root, PosixFilePermissions.fromString("rwx--x--x"));
            long range = FIRST_RANGE + Math.floorMod(random.hashCode(), RANGES);
            var identity = new Identity("i" + random.substring(0, 2), root, range * RANGE);
            identity.configure(devices);
            return identity;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static boolean isTaken(String prefix) throws IOException {
        try (Stream<Path> links = Files.list(LINKS)) {
            return links.anyMatch(link -> link.getFileName().toString().startsWith(prefix));
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
                Json.object().with("prefix", prefix).with("pool", pool).with("id_base", idBase));
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
