package zonda.storage;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Optional;

/** A pool of one test, named {@code tank}, over some driver, on this host or another. */
interface ContractPool extends AutoCloseable {
    Datasets datasets();

    /** As a daemon that is started again. */
    Datasets reopen();

    /** What the last opening found. */
    List<String> findings();

    /** Where the files of a dataset are. */
    Path content(String dataset);

    /** Another view of the pool's records, to leave things there as a crash does. */
    RecordStore recordStore();

    PoolDriver driver();

    /** How what is written to a dataset now is compressed, in the driver's words; empty for not at all. */
    Optional<String> compression(String dataset);

    /** Writes the file of a dataset. */
    default void write(String dataset, String text) {
        try {
            Files.writeString(content(dataset).resolve("file"), text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What {@link #write} wrote; empty when there is no file. */
    default String read(String dataset) {
        Path file = content(dataset).resolve("file");
        try {
            return Files.exists(file) ? Files.readString(file) : "";
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Writes to a volume, durably. */
    default void writeTo(String volume, long at, String text) {
        try (var channel = FileChannel.open(datasets().volume(volume), StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII)), at);
            channel.force(true);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    default String readFrom(String volume, long at, int length) {
        try (var channel = FileChannel.open(datasets().volume(volume))) {
            var bytes = ByteBuffer.allocate(length);
            channel.read(bytes, at);
            return new String(bytes.array(), StandardCharsets.US_ASCII);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** How large the disk is that a volume is seen as. */
    default long sizeOfDisk(String volume) {
        try (var channel = FileChannel.open(datasets().volume(volume))) {
            return channel.size();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    void close();
}
