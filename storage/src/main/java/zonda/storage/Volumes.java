package zonda.storage;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import zonda.base.Bytes;

/** The files that volumes are: raw, and sparse. */
final class Volumes {
    private Volumes() {}

    /** Fine when it is there; a crash can have left it empty. */
    static void make(Path file, Bytes size) {
        if (!Files.exists(file) || !size(file).equals(size)) {
            resize(file, size);
        }
    }

    /** Cuts it off, or lengthens it by zeros; ends with fsync. */
    static void resize(Path file, Bytes size) {
        try (var channel = FileChannel.open(
                file,
                Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")))) {
            if (channel.size() > size.value()) {
                channel.truncate(size.value());
            } else if (channel.size() < size.value()) {
                // A zero at the end: Java has no ftruncate(2) that lengthens.
                channel.write(ByteBuffer.allocate(1), size.value() - 1);
            }
            channel.force(true);
        } catch (IOException e) {
            throw new UncheckedIOException("resize " + file + ": " + e, e);
        }
    }

    static Bytes size(Path file) {
        try {
            return Bytes.of(Files.size(file));
        } catch (IOException e) {
            throw new UncheckedIOException("stat " + file + ": " + e, e);
        }
    }
}
