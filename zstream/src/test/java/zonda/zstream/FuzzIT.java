package zonda.zstream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import zonda.base.Bytes;
import zonda.kernel.Directory;

/**
 * Streams changed at random, with their checksums put right again: each is received, or refused with a sentence, and a
 * refused one leaves nothing. The seed is printed where it fails, and {@code -Dzonda.fuzz.seed} and {@code
 * -Dzonda.fuzz.rounds} say others.
 */
class FuzzIT {
    private static final long SEED = Long.getLong("zonda.fuzz.seed", 20_261_126);
    private static final int ROUNDS = Integer.getInteger("zonda.fuzz.rounds", 400);
    private static final ReceiveOptions OPTIONS = new ReceiveOptions(true, _ -> true, Bytes.ofMiB(16));

    private Path directory;

    @BeforeEach
    void makeDirectory() throws IOException {
        assumeTrue("root".equals(System.getProperty("user.name")), "owners and devices need root");
        // In memory where that is possible: thousands of small trees are made and deleted.
        Path memory = Path.of("/dev/shm");
        directory = Files.isWritable(memory)
                ? Files.createTempDirectory(memory, "zonda-fuzz-")
                : Files.createTempDirectory("zonda-fuzz-");
    }

    @AfterEach
    void deleteDirectory() {
        if (directory != null) {
            Trees.delete(directory);
        }
    }

    @Test
    void a_tree_of_ours_changed_at_random() {
        Path tree = directory.resolve("tree");
        Trees.fill(tree, 9, new Random(SEED));
        var out = new ByteArrayOutputStream();
        try (Directory root = Directory.open(tree)) {
            FilesystemSender.send(root, SendOptions.of("t@1", 1, Instant.ofEpochSecond(1)), Optional.empty(), out);
        }
        Trees.delete(tree);
        fuzz(out.toByteArray(), ROUNDS, new Random(SEED));
    }

    @Test
    void the_metadata_of_openzfs_changed_at_random() throws IOException {
        fuzz(withoutContent(Golden.read("fs.zs", directory)), ROUNDS / 50, new Random(SEED + 1));
    }

    private void fuzz(byte[] stream, int rounds, RandomGenerator random) {
        List<Integer> records = Reseal.records(stream);
        int received = 0;
        int refused = 0;
        for (int i = 0; i < rounds; i++) {
            byte[] changed = stream.clone();
            for (int n = random.nextInt(1, 5); n > 0; n--) {
                change(changed, records, random);
            }
            if (random.nextInt(20) != 0) {
                Reseal.seal(changed, records);
            }
            try {
                receive(changed);
                received++;
            } catch (StreamException e) {
                assertThat(e.getMessage()).startsWith("ZFS stream");
                refused++;
            } catch (RuntimeException | StackOverflowError | OutOfMemoryError e) {
                throw new AssertionError("seed " + SEED + ", round " + i, e);
            }
        }
        assertThat(refused).as("refused of " + rounds).isPositive();
        assertThat(received).as("received of " + rounds).isPositive();
    }

    private static void change(byte[] stream, List<Integer> records, RandomGenerator random) {
        int record = random.nextInt(records.size() - 1);
        int from = records.get(record);
        // Fields of the record, rather than its padding; or what it carries.
        boolean isPayload = random.nextInt(3) > 0 && records.get(record + 1) - from > StreamRecord.SIZE;
        int start = isPayload ? from + StreamRecord.SIZE : from + 4;
        int end = isPayload ? records.get(record + 1) : from + 112;
        int at = random.nextInt(start, end);
        switch (random.nextInt(4)) {
            case 0 -> stream[at] ^= (byte) (1 << random.nextInt(8));
            case 1 -> stream[at] = (byte) random.nextInt();
            case 2 -> {
                int aligned = Math.max(start, at & ~7);
                if (aligned + 8 <= end) {
                    long[] values = {0, -1, 1, Long.MIN_VALUE, Long.MAX_VALUE, 1L << 48, random.nextLong(), 4, 7};
                    Words.LITTLE.put64(stream, aligned, values[random.nextInt(values.length)]);
                }
            }
            default -> {
                int length = Math.min(random.nextInt(1, 64), end - at);
                int other = random.nextInt(start, end - length + 1);
                System.arraycopy(stream, other, stream, at, length);
            }
        }
    }

    private void receive(byte[] bytes) {
        Path target = directory.resolve("target");
        try {
            Files.createDirectory(target);
            try (var stream = SendStream.open(new ByteArrayInputStream(bytes));
                    Directory root = Directory.open(target)) {
                StreamHeader header = stream.next().orElseThrow(() -> StreamException.stream("it is empty"));
                if (header.kind() == StreamHeader.Kind.VOLUME) {
                    VolumeReceiver.receive(stream, new VolumeReceiver.Place(root, "disk"), Optional.empty(), OPTIONS);
                } else {
                    FilesystemReceiver.receive(stream, root, Optional.empty(), OPTIONS);
                }
            } catch (StreamException e) {
                try (Stream<Path> left = Files.list(target)) {
                    assertThat(left).as("left by: " + e.getMessage()).isEmpty();
                }
                throw e;
            }
        } catch (IOException e) {
            throw new AssertionError(e);
        } finally {
            Trees.delete(target);
        }
    }

    /** The first records of a stream, without what files hold: a small one that has all kinds of metadata. */
    private static byte[] withoutContent(byte[] stream) {
        var out = new ByteArrayOutputStream();
        var writer = new RecordWriter(out, Words.LITTLE);
        var reader = new RecordReader(new ByteArrayInputStream(stream));
        var types = new java.util.HashMap<Long, Integer>();
        while (true) {
            switch (reader.next()) {
                case StreamRecord.Begin begin -> writer.begin(begin, new byte[0]);
                case StreamRecord.Dnode dnode -> {
                    types.put(dnode.object(), dnode.type());
                    writer.object(dnode, Arrays.copyOf(reader.payload(), dnode.bonusLength()));
                }
                case StreamRecord.Write write -> {
                    int type = types.get(write.object());
                    if (type != StoredObject.PLAIN_FILE) {
                        writer.write(write.object(), type, write.offset(), reader.payload(), write.size());
                    }
                }
                case StreamRecord.Spill spill ->
                    writer.spill(spill.object(), Arrays.copyOf(reader.payload(), spill.size()));
                case StreamRecord.End _ -> {
                    writer.end();
                    return out.toByteArray();
                }
                default -> {
                    // holes say nothing here
                }
            }
        }
    }
}
