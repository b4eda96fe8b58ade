package zonda.base;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import java.util.Set;

/**
 * Small files that hold state: after a crash a reader finds the old text or the new one, never a part.
 *
 * <p>Replacing is write to a temporary name, fsync, rename, fsync of the directory (rename(2), fsync(2)). A temporary
 * file left by a crash ends in {@code .tmp}; the next writer of the same file overwrites it, and
 * {@link #discardTemporaries} takes away those that nobody would write again.
 */
public final class StateFile {
    private static final Set<PosixFilePermission> OWNER_ONLY = PosixFilePermissions.fromString("rw-------");

    private StateFile() {}

    /** Durable when it returns. The file gets mode 0600. @throws UncheckedIOException with the path */
    public static void replace(Path file, String text) {
        Path temporary = file.resolveSibling(file.getFileName() + ".tmp");
        try {
            try (var channel = FileChannel.open(
                    temporary,
                    Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING),
                    PosixFilePermissions.asFileAttribute(OWNER_ONLY))) {
                var bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
                while (bytes.hasRemaining()) {
                    channel.write(bytes);
                }
                channel.force(true);
            }
            Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            syncDirectory(parent(file));
        } catch (IOException e) {
            throw new UncheckedIOException("write " + file + ": " + e, e);
        }
    }

    public static void replace(Path file, Json value) {
        replace(file, value.pretty() + "\n");
    }

    /**
     * As {@link #replace(Path, String)}, for what need not outlive the kernel, as all of {@code /run}: a reader finds the
     * old text or the new one, also after the writer was killed, and nothing waits for a disk.
     */
    public static void replaceVolatile(Path file, String text) {
        Path temporary = file.resolveSibling(file.getFileName() + ".tmp");
        try {
            Files.writeString(temporary, text);
            Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw new UncheckedIOException("write " + file + ": " + e, e);
        }
    }

    /** The text, or empty when there is no such file. */
    public static Optional<String> read(Path file) {
        try {
            return Optional.of(Files.readString(file));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        } catch (IOException e) {
            throw new UncheckedIOException("read " + file + ": " + e, e);
        }
    }

    /**
     * The JSON object in the file, or empty when there is no such file.
     *
     * @throws OpException FAILED naming the file when it holds something else
     */
    public static Optional<Json.Obj> readObject(Path file) {
        return read(file).map(text -> {
            try {
                return Json.parseObject(text);
            } catch (Json.JsonSyntaxException e) {
                throw new OpException(Code.FAILED, "read " + file + ": not JSON: " + e.getMessage(), e);
            }
        });
    }

    /** Durable when it returns; fine when the file is gone already. */
    public static void delete(Path file) {
        try {
            if (Files.deleteIfExists(file)) {
                syncDirectory(parent(file));
            }
        } catch (IOException e) {
            throw new UncheckedIOException("delete " + file + ": " + e, e);
        }
    }

    /** Deletes what writers that were interrupted left in the directory; nobody may be writing there. */
    public static void discardTemporaries(Path directory) {
        try (DirectoryStream<Path> files = Files.newDirectoryStream(directory, "*.tmp")) {
            for (Path file : files) {
                Files.deleteIfExists(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("delete temporary files of " + directory + ": " + e, e);
        }
    }

    /** Makes names created, renamed or removed in the directory durable. */
    public static void syncDirectory(Path directory) throws IOException {
        try (var channel = FileChannel.open(directory)) {
            channel.force(true);
        }
    }

    private static Path parent(Path file) {
        Path parent = file.toAbsolutePath().getParent();
        if (parent == null) {
            throw new IllegalArgumentException("no directory holds " + file);
        }
        return parent;
    }
}
