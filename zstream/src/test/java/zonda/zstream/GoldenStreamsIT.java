package zonda.zstream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Base64;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import zonda.kernel.Command;
import zonda.kernel.DeviceNumber;
import zonda.kernel.Directory;
import zonda.kernel.FileStat;

/** Streams of OpenZFS 2.1.11 become what was sent. */
class GoldenStreamsIT {
    @TempDir
    Path directory;

    @BeforeEach
    void needRoot() {
        assumeTrue("root".equals(System.getProperty("user.name")), "owners and devices need root");
    }

    @AfterEach
    void nothingIsLeft() throws IOException {
        try (var paths = Files.walk(directory)) {
            assertThat(paths.filter(path -> path.getFileName().toString().startsWith(".zonda-receive")))
                    .isEmpty();
        }
    }

    @Test
    void a_full_and_an_incremental_stream_restore_every_file() throws IOException {
        Path tree = Files.createDirectory(directory.resolve("tree"));

        Received full = receive(Golden.read("fs.zs", directory), tree, Optional.empty());

        assertThat(sums(tree)).isEqualTo(expectedSums("sums", "  ./fs/"));
        assertThat(full.counts().files()).isEqualTo(3305);
        assertThat(full.counts().links()).isEqualTo(1);
        assertThat(full.header().toName()).isEqualTo("tank/fs@a");
        assertModesOwnersAndTimes(tree);
        assertAttributes(tree);
        try (Directory root = Directory.open(tree)) {
            assertThat(root.device("bdev")).isEqualTo(new DeviceNumber(254, 7));
            assertThat(root.device("cdev")).isEqualTo(new DeviceNumber(10, 3));
        }

        Path map = directory.resolve("map");
        full.map().save(map);
        Received increment = receive(Golden.read("fs-inc.zs", directory), tree, Optional.of(ObjectMap.load(map)));

        assertThat(sums(tree)).isEqualTo(expectedSums("sums2", "  ./"));
        assertThat(increment.counts().files())
                .as("only what changed is written")
                .isLessThan(10);
    }

    @Test
    void a_stream_of_the_other_byte_order_restores_every_file() throws IOException {
        Path tree = Files.createDirectory(directory.resolve("tree"));
        byte[] turned = StreamTurner.turn(Golden.read("fs.zs", directory));
        assertThat(turned[3]).as("the type of the first record").isZero();
        assertThat(turned[11]).as("the mark in the big byte order").isEqualTo((byte) 0x2);

        Received full = receive(turned, tree, Optional.empty());

        assertThat(sums(tree)).isEqualTo(expectedSums("sums", "  ./fs/"));
        assertModesOwnersAndTimes(tree);
        assertAttributes(tree);

        receive(StreamTurner.turn(Golden.read("fs-inc.zs", directory)), tree, Optional.of(full.map()));

        assertThat(sums(tree)).isEqualTo(expectedSums("sums2", "  ./"));
    }

    /** As OpenZFS 2.3.9 sends a long symbolic link with -e; its own receive loses where the link points. */
    @Test
    void a_spill_block_that_was_sent_as_embedded_content_is_restored() throws IOException {
        Path tree = Files.createDirectory(directory.resolve("spill"));

        receive(Golden.read("spill-embedded.zs", directory), tree, Optional.empty());

        assertThat(Files.readSymbolicLink(tree.resolve("long-link"))).hasToString("l".repeat(300));
    }

    @Test
    void a_volume_is_restored_to_the_byte_and_sparse() throws IOException {
        try (var stream = SendStream.open(new ByteArrayInputStream(Golden.read("vol.zs", directory)));
                Directory place = Directory.open(directory)) {
            assertThat(stream.next().orElseThrow().kind()).isEqualTo(StreamHeader.Kind.VOLUME);

            VolumeReceiver.receive(
                    stream, new VolumeReceiver.Place(place, "disk"), Optional.empty(), ReceiveOptions.ALL);

            assertThat(stream.next()).isEmpty();
        }
        String expected = new String(Golden.read("volsum", directory), StandardCharsets.UTF_8).substring(0, 64);
        assertThat(Trees.hash(Files.readAllBytes(directory.resolve("disk")))).isEqualTo(expected);
        String[] used = Command.of("du", "-k", directory.resolve("disk").toString())
                .check(Duration.ofSeconds(10))
                .split("\\s");
        assertThat(Integer.parseInt(used[0])).as("KiB on disk of 64 MiB").isLessThan(16 * 1024);
    }

    private static Received receive(byte[] bytes, Path tree, Optional<ObjectMap> origin) {
        try (var stream = SendStream.open(new ByteArrayInputStream(bytes));
                Directory target = Directory.open(tree)) {
            stream.next();
            Received received = FilesystemReceiver.receive(stream, target, origin, ReceiveOptions.ALL);
            assertThat(stream.next()).isEmpty();
            assertThat(stream.atEnd()).isTrue();
            return received;
        }
    }

    private Map<String, String> expectedSums(String resource, String prefix) throws IOException {
        Map<String, String> sums = new TreeMap<>();
        new String(Golden.read(resource, directory), StandardCharsets.UTF_8)
                .lines()
                .filter(line -> line.startsWith(prefix, 64))
                .forEach(line -> sums.put(line.substring(64 + prefix.length()), line.substring(0, 64)));
        assertThat(sums).hasSizeGreaterThan(3000);
        return sums;
    }

    private static Map<String, String> sums(Path tree) {
        Map<String, String> sums = new TreeMap<>();
        Trees.describe(tree).forEach((path, line) -> {
            if (line.startsWith("FILE ")) {
                sums.put(path, line.replaceAll(".* ([0-9a-f]{64}) .*", "$1"));
            }
        });
        return sums;
    }

    /** Lines of find(1): path, kind, mode, uid, gid, size, links, text of a symbolic link, time. */
    private void assertModesOwnersAndTimes(Path tree) throws IOException {
        int compared = 0;
        try (Directory root = Directory.open(tree)) {
            for (String line : new String(Golden.read("find", directory), StandardCharsets.UTF_8)
                    .lines()
                    .filter(text -> text.startsWith("./fs/"))
                    .toList()) {
                String[] fields = line.split(" ", 9);
                String path = fields[0].substring(5);
                int slash = path.lastIndexOf('/');
                try (Directory parent = root.resolve(slash < 0 ? "" : path.substring(0, slash))) {
                    String name = path.substring(slash + 1);
                    FileStat stat = parent.stat(name).orElseThrow();
                    assertThat("%o %d %d".formatted(stat.mode(), stat.uid(), stat.gid()))
                            .as(path)
                            .isEqualTo(fields[2] + " " + fields[3] + " " + fields[4]);
                    if (!stat.isDirectory()) {
                        assertThat(stat.size() + " " + stat.links()).as(path).isEqualTo(fields[5] + " " + fields[6]);
                    }
                    if (stat.isSymlink()) {
                        assertThat(parent.readLink(name)).isEqualTo(fields[7]);
                    }
                    // Ten digits of a second, the last always 0.
                    String time = fields[8].replaceFirst("(\\.\\d{9})\\d", "$1").replaceAll(" +", " ");
                    assertThat(LocalDateTime.ofInstant(stat.modified(), ZoneOffset.UTC))
                            .as(path)
                            .isEqualTo(LocalDateTime.parse(
                                    time,
                                    DateTimeFormatter.ofPattern("EEE MMM d HH:mm:ss.SSSSSSSSS yyyy", Locale.ROOT)));
                }
                compared++;
            }
        }
        assertThat(compared).isGreaterThan(3300);
    }

    private void assertAttributes(Path tree) throws IOException {
        String file = "";
        int compared = 0;
        try (Directory root = Directory.open(tree)) {
            for (String line : new String(Golden.read("xattrs", directory), StandardCharsets.UTF_8)
                    .lines()
                    .toList()) {
                if (line.startsWith("# file: ")) {
                    file = line.substring("# file: ".length());
                } else if (file.startsWith("tank/fs/") && line.contains("=0s")) {
                    String name = line.substring(0, line.indexOf('='));
                    byte[] value = Base64.getDecoder().decode(line.substring(line.indexOf('=') + 3));
                    assertThat(root.attributes(file.substring("tank/fs/".length()))
                                    .get(name))
                            .as(file + " " + name)
                            .isEqualTo(value);
                    compared++;
                }
            }
        }
        assertThat(compared).isGreaterThanOrEqualTo(2);
    }
}
