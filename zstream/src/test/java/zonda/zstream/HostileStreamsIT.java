package zonda.zstream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.AnnotatedElementContext;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.io.TempDirFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import zonda.base.Bytes;
import zonda.kernel.DataFile;
import zonda.kernel.Directory;
import zonda.kernel.Errno;
import zonda.kernel.IoBuffer;
import zonda.kernel.KernelException;

/** Streams that nobody but an enemy sends end in a sentence, and leave nothing. */
class HostileStreamsIT {
    private static final Instant MADE = Instant.ofEpochSecond(1_750_000_000);
    /** Numbers in a stream of the sender's: the root, and the first file of it. */
    private static final long ROOT = 4;

    /** A filesystem in memory has files of any size. */
    static final class OnDisk implements TempDirFactory {
        @Override
        public Path createTempDirectory(AnnotatedElementContext element, ExtensionContext context) throws IOException {
            return Files.createTempDirectory(Files.createDirectories(Path.of("target")), "hostile-");
        }
    }

    @TempDir(factory = OnDisk.class)
    Path directory;

    private Path target;

    @BeforeEach
    void makeTarget() throws IOException {
        assumeTrue("root".equals(System.getProperty("user.name")), "owners and devices need root");
        target = Files.createDirectory(directory.resolve("target"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "..",
                ".",
                "a/b",
                "/",
                "../../escape",
                "nul\u0000 is kept only in the large form of directories, which long names lead to"
            })
    void a_name_that_is_no_name_is_refused(String name) {
        byte[] stream = built(table -> entries(table, Map.of(name, fileEntry(7))));

        assertThatThrownBy(() -> receive(stream))
                .isInstanceOf(StreamException.class)
                .hasMessageStartingWith("ZFS stream, object 4: this directory has an entry")
                .hasMessageEndingWith("which is no name");
        assertNothingIsLeft();
    }

    @Test
    void a_name_that_is_too_long_for_linux_is_refused_and_named() {
        byte[] stream = built(table -> entries(table, Map.of("n".repeat(256), fileEntry(7))));

        assertThatThrownBy(() -> receive(stream)).hasMessageContaining("a name of 256 bytes");
        assertNothingIsLeft();
    }

    @Test
    void a_directory_that_is_in_itself_is_refused() {
        byte[] stream = built(table -> entries(table, Map.of("loop", 4L << 60 | ROOT)));

        assertThatThrownBy(() -> receive(stream)).hasMessageContaining("object 4: this directory has two names");
        assertNothingIsLeft();
    }

    @Test
    void a_directory_of_two_names_is_refused() throws IOException {
        Files.createDirectory(Files.createDirectory(directory.resolve("tree")).resolve("dir"));
        byte[] stream = built(table -> entries(table, Map.of("a", 4L << 60 | 7, "b", 4L << 60 | 7)));

        assertThatThrownBy(() -> receive(stream)).hasMessageContaining("object 7: this directory has two names");
        assertNothingIsLeft();
    }

    @Test
    void a_name_that_is_there_twice_is_refused() {
        byte[] stream = built(table -> {
            StoredObject root = table.get(ROOT);
            byte[] block = new byte[512];
            System.arraycopy(root.blocks().get(0L), 0, block, 0, 128);
            System.arraycopy(block, 64, block, 128, 64);
            root.blocks().put(0L, block);
        });

        assertThatThrownBy(() -> receive(stream)).hasMessageContaining("object 4: the name \"file\" is in it twice");
        assertNothingIsLeft();
    }

    @Test
    void an_entry_of_an_object_that_isnt_there_is_refused() {
        byte[] stream = built(table -> entries(table, Map.of("file", fileEntry(123_456))));

        assertThatThrownBy(() -> receive(stream)).hasMessageContaining("object 123456: something refers to it");
        assertNothingIsLeft();
    }

    @Test
    void a_size_that_no_file_has_is_refused() {
        byte[] stream = built(table -> values(table, 7, values -> put(values, Attribute.SIZE, -5)));

        assertThatThrownBy(() -> receive(stream)).hasMessageContaining("object 7: it has the absurd size");
        assertNothingIsLeft();
    }

    @Test
    void a_size_that_the_host_cant_have_is_refused() {
        try (Directory place = Directory.open(directory);
                DataFile probe = place.createData("probe")) {
            boolean hasLimit = false;
            try {
                probe.truncate(Long.MAX_VALUE);
            } catch (KernelException e) {
                hasLimit = e.is(Errno.EFBIG);
            }
            assumeTrue(hasLimit, "files of any size can be had on this filesystem");
        }
        byte[] stream = built(table -> values(table, 7, values -> put(values, Attribute.SIZE, Long.MAX_VALUE)));

        assertThatThrownBy(() -> receive(stream))
                .hasMessageContaining("object 7: ")
                .hasMessageContaining("EFBIG");
        assertNothingIsLeft();
    }

    @Test
    void a_mode_that_is_no_kind_of_file_is_refused() {
        byte[] stream = built(table -> values(table, 7, values -> put(values, Attribute.MODE, 0770000)));

        assertThatThrownBy(() -> receive(stream)).hasMessageContaining("object 7: its mode 0770000");
        assertNothingIsLeft();
    }

    @Test
    void a_symbolic_link_leads_nobody_out() throws IOException {
        Path outside = Files.createDirectory(directory.resolve("outside"));
        Path tree = Files.createDirectory(directory.resolve("tree"));
        Files.createSymbolicLink(tree.resolve("a"), outside);
        Files.createDirectory(tree.resolve("b"));
        Files.writeString(tree.resolve("b/file"), "text");
        byte[] stream = sent(tree, 1);

        receive(stream);

        assertThat(Files.readSymbolicLink(target.resolve("a"))).isEqualTo(outside);
        assertThat(outside).isEmptyDirectory();
    }

    @Test
    void more_objects_than_there_is_memory_for_are_refused() {
        var out = new ByteArrayOutputStream();
        var writer = begun(out);
        for (int i = 1; i < 20_000; i++) {
            writer.object(new StreamRecord.Dnode(i, 19, 44, 512, 64, 1, 0), new byte[64]);
        }
        writer.end();

        assertThatThrownBy(() -> receive(out.toByteArray(), Bytes.ofMiB(1)))
                .hasMessageContaining("the 1 MiB of memory that a receive may use");
        assertNothingIsLeft();
    }

    @Test
    void an_object_of_an_absurd_number_is_refused() {
        var out = new ByteArrayOutputStream();
        var writer = begun(out);
        writer.object(new StreamRecord.Dnode(-1, 19, 44, 512, 64, 1, 0), new byte[64]);
        writer.end();

        assertThatThrownBy(() -> receive(out.toByteArray()))
                .hasMessageStartingWith("ZFS stream, record at byte 312: OBJECT 18446744073709551615");
        assertNothingIsLeft();
    }

    @Test
    void a_write_at_an_absurd_offset_is_refused() {
        var out = new ByteArrayOutputStream();
        var writer = begun(out);
        writer.object(new StreamRecord.Dnode(7, 19, 44, 512, 64, 1, 0), new byte[64]);
        writer.write(7, 19, -512, new byte[512], 512);
        writer.end();

        assertThatThrownBy(() -> receive(out.toByteArray()))
                .hasMessageContaining("WRITE to object 7 at the absurd offset 18446744073709551104");
        assertNothingIsLeft();
    }

    @Test
    void freeing_all_numbers_there_are_is_fine() throws IOException {
        Path tree = Files.createDirectory(directory.resolve("tree"));
        Files.writeString(tree.resolve("file"), "text");
        var out = new ByteArrayOutputStream();
        var writer = begun(out);
        writer.freeObjects(1, -1);
        writer.freeObjects(-10, -1);
        writer.end();

        assertThatThrownBy(() -> receive(out.toByteArray())).hasMessageContaining("the master node");
        assertNothingIsLeft();
    }

    @Test
    void features_that_cant_be_read_are_named() {
        Map<Long, String> refused = new HashMap<>();
        refused.put(Feature.RAW.mask(), "raw (zfs send -w)");
        refused.put(Feature.DEDUP.mask(), "deduplicated (zfs send -D)");
        refused.put(Feature.REDACTED.mask(), "redacted");
        refused.put(1L << 18, "features that aren't known here: bits 0x40000");
        refused.forEach((feature, text) -> {
            var out = new ByteArrayOutputStream();
            begun(out, feature).end();
            assertThatThrownBy(() -> receive(out.toByteArray())).hasMessageContaining(text);
        });
        assertNothingIsLeft();
    }

    @Test
    void a_stream_that_is_cut_off_anywhere_leaves_nothing() throws IOException {
        Path tree = directory.resolve("tree");
        Trees.fill(tree, 12, new Random(5));
        byte[] stream = sent(tree, 1);
        var random = new Random(6);
        for (int i = 0; i < 150; i++) {
            int length = i < 40 ? i * 8 : random.nextInt(stream.length);

            assertThatThrownBy(() -> receive(Arrays.copyOf(stream, length)))
                    .isInstanceOf(StreamException.class)
                    .hasMessageContaining("the stream is cut off after " + length + " bytes");
        }
        assertNothingIsLeft();
        Trees.delete(tree);
    }

    @Test
    void a_bit_that_fell_over_anywhere_is_found_and_leaves_nothing() {
        Path tree = directory.resolve("tree");
        Trees.fill(tree, 12, new Random(7));
        byte[] stream = sent(tree, 1);
        var random = new Random(8);
        for (int i = 0; i < 150; i++) {
            byte[] damaged = stream.clone();
            damaged[random.nextInt(damaged.length)] ^= (byte) (1 << random.nextInt(8));

            assertThatThrownBy(() -> receive(damaged)).isInstanceOf(StreamException.class);
        }
        assertNothingIsLeft();
        Trees.delete(tree);
    }

    @Test
    void an_incremental_stream_needs_its_own_origin() throws IOException {
        Path tree = Files.createDirectory(directory.resolve("tree"));
        ObjectMap first = map(tree, 1);
        var out = new ByteArrayOutputStream();
        try (Directory root = Directory.open(tree)) {
            FilesystemSender.send(
                    root, SendOptions.of("t@2", 2, MADE), Optional.of(new SendOrigin(first, root, "1")), out);
        }

        assertThatThrownBy(() -> receive(out.toByteArray()))
                .hasMessageContaining("t@2 is incremental to the snapshot with the guid 1, which isn't given");
        assertThatThrownBy(() -> {
                    try (var stream = SendStream.open(new ByteArrayInputStream(out.toByteArray()));
                            Directory root = Directory.open(target)) {
                        stream.next();
                        FilesystemReceiver.receive(stream, root, Optional.of(map(tree, 3)), ReceiveOptions.ALL);
                    }
                })
                .hasMessageContaining("received on top of is the filesystem 3");
        assertNothingIsLeft();
    }

    @Test
    void a_directory_that_has_something_is_left_alone() throws IOException {
        Path tree = Files.createDirectory(directory.resolve("tree"));
        Files.writeString(target.resolve("mine"), "text");

        assertThatThrownBy(() -> receive(sent(tree, 1))).hasMessageContaining("needs an empty directory");

        assertThat(target.resolve("mine")).hasContent("text");
    }

    @Test
    void a_volume_that_is_cut_off_leaves_the_old_one() throws IOException {
        try (Directory place = Directory.open(directory)) {
            try (DataFile file = place.createData("disk")) {
                file.truncate(1 << 20);
                file.write(8192, new byte[] {1, 2, 3}, 0, 3, IoBuffer.of(4096));
            }
            var out = new ByteArrayOutputStream();
            var volume = new VolumeReceiver.Place(place, "disk");
            VolumeSender.send(volume, SendOptions.of("t/v@1", 1, MADE), Optional.empty(), out);
            byte[] cut = Arrays.copyOf(out.toByteArray(), out.size() - 1);

            try (var stream = SendStream.open(new ByteArrayInputStream(cut));
                    Directory root = Directory.open(target)) {
                stream.next();
                assertThatThrownBy(() -> VolumeReceiver.receive(
                                stream, new VolumeReceiver.Place(root, "disk"), Optional.empty(), ReceiveOptions.ALL))
                        .hasMessageContaining("cut off");
            }
        }
        assertNothingIsLeft();
    }

    private void assertNothingIsLeft() {
        assertThat(target).isEmptyDirectory();
        assertThat(directory.resolve("escape")).doesNotExist();
    }

    private static long fileEntry(long id) {
        return 8L << 60 | id;
    }

    private static void entries(ObjectTable table, Map<String, Long> entries) {
        StoredObject root = table.get(ROOT);
        ZapWriter.Content zap = ZapWriter.numbers(entries, 1);
        var dnode = root.dnode();
        var changed = new StoredObject(
                ROOT,
                new StreamRecord.Dnode(
                        ROOT, dnode.type(), dnode.bonusType(), zap.blockSize(), dnode.bonusLength(), 1, 0),
                root.bonus());
        changed.content(zap.blocks());
        table.put(changed);
    }

    private static void values(ObjectTable table, long id, Consumer<Map<String, byte[]>> change) {
        AttributeSchema schema = TreePlan.schema(table).orElseThrow();
        StoredObject object = table.get(id);
        Map<String, byte[]> values = new java.util.LinkedHashMap<>(schema.values(object));
        change.accept(values);
        AttributeWriter.Laid laid = new AttributeWriter(schema, Words.LITTLE).lay(id, values);
        table.put(new StoredObject(id, object.dnode(), laid.bonus()));
    }

    private static void put(Map<String, byte[]> values, Attribute attribute, long number) {
        byte[] value = new byte[8];
        Words.LITTLE.put64(value, 0, number);
        values.put(attribute.registered(), value);
    }

    /** A stream of one file, object 7, or of what is in the directory tree; after a change of its objects. */
    private byte[] built(Consumer<ObjectTable> change) {
        Path tree = directory.resolve("tree");
        try {
            if (!Files.exists(tree)) {
                Files.createDirectory(tree);
                Files.writeString(tree.resolve("file"), "text");
            }
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
        ObjectTable table = map(tree, 1).table();
        change.accept(table);
        var out = new ByteArrayOutputStream();
        var contents = new TableSender.Contents() {
            @Override
            public Optional<DataFile> after(long id) {
                return Optional.empty();
            }

            @Override
            public Optional<DataFile> before(long id) {
                return Optional.empty();
            }

            @Override
            public boolean isUnchanged(long id) {
                return false;
            }
        };
        var writer = new RecordWriter(out, Words.LITTLE);
        Streams.send(
                StreamHeader.Kind.FILESYSTEM,
                SendOptions.of("t@1", 1, MADE),
                Optional.empty(),
                writer,
                new TableSender(writer, new ObjectTable(0), table, contents, false));
        return out.toByteArray();
    }

    private static RecordWriter begun(ByteArrayOutputStream out) {
        return begun(out, Feature.SPILL.mask());
    }

    private static RecordWriter begun(ByteArrayOutputStream out, long features) {
        var writer = new RecordWriter(out, Words.LITTLE);
        writer.begin(
                new StreamRecord.Begin(
                        StreamRecord.SUBSTREAM, features, 2, 0, new StreamRecord.StreamNames(1, 0, "t@1", 1)),
                new byte[0]);
        return writer;
    }

    private static ObjectMap map(Path tree, long guid) {
        try (Directory root = Directory.open(tree)) {
            return FilesystemSender.send(
                    root, SendOptions.of("t@" + guid, guid, MADE), Optional.empty(), new ByteArrayOutputStream());
        }
    }

    private static byte[] sent(Path tree, long guid) {
        var out = new ByteArrayOutputStream();
        try (Directory root = Directory.open(tree)) {
            FilesystemSender.send(root, SendOptions.of("t@" + guid, guid, MADE), Optional.empty(), out);
        }
        return out.toByteArray();
    }

    private void receive(byte[] bytes) {
        receive(bytes, ReceiveOptions.ALL.memory());
    }

    private void receive(byte[] bytes, Bytes memory) {
        try (var stream = SendStream.open(new ByteArrayInputStream(bytes));
                Directory root = Directory.open(target)) {
            stream.next();
            FilesystemReceiver.receive(stream, root, Optional.empty(), new ReceiveOptions(true, _ -> true, memory));
        }
    }
}
