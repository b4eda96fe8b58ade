package zonda.zstream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import zonda.kernel.Access;
import zonda.kernel.Directory;

/** Trees at random, changed at random, arrive as they are. The seed is the test's parameter. */
class RoundTripIT {
    /** Repeated, what names that fill many chunks of a leaf begin with. */
    private static final String LONG = "a name of many chunks, number ";

    private static final Instant MADE = Instant.ofEpochSecond(1_750_000_000);

    @TempDir
    Path directory;

    @BeforeEach
    void needRoot() {
        assumeTrue("root".equals(System.getProperty("user.name")), "owners and devices need root");
    }

    @AfterEach
    void deleteTrees() throws IOException {
        // Their modes keep others than root from deleting them, and JUnit from setting them right.
        try (var paths = Files.list(directory)) {
            paths.filter(Files::isDirectory).forEach(Trees::delete);
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void a_tree_and_its_changes_arrive_as_they_are(long seed) {
        var random = new Random(seed);
        Path tree = directory.resolve("tree");
        Path arrived = directory.resolve("arrived");
        Trees.fill(tree, 120, random);
        ObjectMap sent = send(tree, 1, Optional.empty(), Words.LITTLE);
        Received received = receive(arrived, Optional.empty());

        assertThat(Trees.differences(arrived, tree)).isEmpty();
        assertThat(received.left()).isEmpty();

        for (int guid = 2; guid < 7; guid++) {
            Path before = directory.resolve("before");
            Trees.delete(before);
            Trees.copy(tree, before);
            Trees.change(tree, 25, random);
            try (Directory origin = Directory.open(before)) {
                sent = send(tree, guid, Optional.of(new SendOrigin(sent, origin, "before")), Words.LITTLE);
            }
            received = receive(arrived, Optional.of(received.map()));

            assertThat(Trees.differences(arrived, tree))
                    .as("after increment " + guid)
                    .isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {11, 12})
    void so_does_one_in_the_big_byte_order(long seed) {
        Path tree = directory.resolve("tree");
        Trees.fill(tree, 120, new Random(seed));
        send(tree, 1, Optional.empty(), Words.BIG);

        receive(directory.resolve("arrived"), Optional.empty());

        assertThat(Trees.differences(directory.resolve("arrived"), tree)).isEmpty();
    }

    /** The map is that of the receiver, as where a dataset was received and is sent on. */
    @ParameterizedTest
    @ValueSource(longs = {21})
    void what_was_received_is_sent_on_incrementally(long seed) throws IOException {
        var random = new Random(seed);
        Path tree = directory.resolve("tree");
        Files.createDirectory(tree);
        Received golden = receive(Golden.read("fs.zs", directory), tree, Optional.empty());
        Path other = directory.resolve("other");
        Trees.copy(tree, other);
        Path before = directory.resolve("before");
        Trees.copy(tree, before);
        Trees.change(tree, 60, random);

        try (Directory origin = Directory.open(before)) {
            send(tree, 5, Optional.of(new SendOrigin(golden.map(), origin, "a")), Words.LITTLE);
        }
        receive(other, Optional.of(golden.map()));

        assertThat(Trees.differences(other, tree)).isEmpty();
    }

    @Test
    void a_stream_with_properties_has_them_before_the_snapshot() {
        Path tree = directory.resolve("tree");
        Trees.fill(tree, 20, new Random(31));
        var properties = NvList.EMPTY.with("compression", NvList.number(15)).with("smartos:note", NvList.text("kept"));
        var out = new ByteArrayOutputStream();
        try (Directory root = Directory.open(tree)) {
            FilesystemSender.send(
                    root, SendOptions.of("tank/x@final", 9, MADE).withProperties(properties), Optional.empty(), out);
        }

        try (var stream = SendStream.open(new ByteArrayInputStream(out.toByteArray()));
                Directory target = made(directory.resolve("arrived"))) {
            NvList head = stream.properties().orElseThrow();
            NvList dataset = head.list("fss").list("0x9");
            assertThat(head.get("tosnap")).hasValue(NvList.text("final"));
            assertThat(dataset.list("props")).isEqualTo(properties);
            assertThat(dataset.list("snaps").get("final")).hasValue(NvList.number(9));
            assertThat(stream.next().orElseThrow().snapshot()).isEqualTo("final");
            FilesystemReceiver.receive(stream, target, Optional.empty(), ReceiveOptions.ALL);
            assertThat(stream.next()).isEmpty();
        }
        assertThat(Trees.differences(directory.resolve("arrived"), tree)).isEmpty();
    }

    @Test
    void a_directory_of_very_many_names_needs_a_pointer_table_of_its_own_and_arrives() throws IOException {
        Path tree = Files.createDirectory(directory.resolve("tree"));
        int names = 45_000;
        try (Directory root = Directory.open(tree)) {
            root.mkdir("many");
            root.mkdir("one");
            try (Directory one = root.child("one");
                    Directory many = root.child("many")) {
                // Few files of many names each, since inodes tell nothing more; ext4 has 65,000 links at most.
                for (int i = 0; i < names; i++) {
                    String file = "file" + i / 15_000;
                    if (i % 15_000 == 0) {
                        one.create(file).close();
                    }
                    many.link(LONG.repeat(8) + i, one, file);
                }
            }
        }
        send(tree, 1, Optional.empty(), Words.LITTLE);

        Received received = receive(directory.resolve("arrived"), Optional.empty());

        assertThat(received.counts().links()).isEqualTo(names);
        StoredObject largest = received.map().table().all().stream()
                .max(java.util.Comparator.comparingInt(object -> object.blocks().size()))
                .orElseThrow();
        assertThat(Words.LITTLE.i64(largest.blocks().get(0L), 24))
                .as("blocks of the pointer table")
                .isPositive();
        try (Directory many = Directory.open(directory.resolve("arrived/many"))) {
            assertThat(many.names()).hasSize(names);
        }
    }

    @Test
    void long_attributes_and_long_links_go_through_spill_blocks_and_hidden_directories() throws IOException {
        Path tree = Files.createDirectory(directory.resolve("tree"));
        Files.writeString(tree.resolve("short"), "text");
        Files.writeString(tree.resolve("spilled"), "text");
        Files.writeString(tree.resolve("linked"), "text");
        try (Directory root = Directory.open(tree)) {
            root.attribute("short", "user.a", new byte[] {1, 2, 3});
            root.attribute("spilled", "user.b", new byte[2000]);
            root.symlink("far", "f".repeat(4000));
            root.access("linked", Access.root(0070));
        }
        ObjectMap map = send(tree, 1, Optional.empty(), Words.LITTLE);

        receive(directory.resolve("arrived"), Optional.empty());

        assertThat(Trees.differences(directory.resolve("arrived"), tree)).isEmpty();
        assertThat(map.table().all()).allSatisfy(object -> {
            int room = object.spill().length == 0 ? AttributeWriter.BONUS : AttributeWriter.BONUS_WITH_SPILL;
            assertThat(object.bonus().length).as("bonus of " + object.id()).isLessThanOrEqualTo(room);
            assertThat(object.spill().length % 512).isZero();
        });
        assertThat(map.table().all().stream().filter(object -> object.spill().length > 0))
                .hasSize(2);
    }

    private byte[] stream = new byte[0];

    private ObjectMap send(Path tree, long guid, Optional<SendOrigin> origin, Words words) {
        var out = new ByteArrayOutputStream();
        try (Directory root = Directory.open(tree)) {
            var options = SendOptions.of("tank/tree@s" + guid, guid, MADE);
            ObjectMap map = FilesystemSender.send(root, options, origin, new RecordWriter(out, words));
            stream = out.toByteArray();
            Path file = directory.resolve("sent.map");
            map.save(file);
            return ObjectMap.load(file);
        }
    }

    private Received receive(Path target, Optional<ObjectMap> origin) {
        return receive(stream, target, origin);
    }

    private static Received receive(byte[] bytes, Path target, Optional<ObjectMap> origin) {
        try (var from = SendStream.open(new ByteArrayInputStream(bytes));
                Directory root = made(target)) {
            from.next();
            return FilesystemReceiver.receive(from, root, origin, ReceiveOptions.ALL);
        }
    }

    private static Directory made(Path directory) {
        try {
            Files.createDirectories(directory);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
        return Directory.open(directory);
    }
}
