package zonda.storage;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import zonda.base.Bytes;
import zonda.base.Code;
import zonda.base.OpException;
import zonda.base.StateFile;

/** The file that an embedded pool lives in. */
final class ImageFile {
    private static final Bytes LEAST_SIZE = Bytes.ofMiB(256);

    private ImageFile() {}

    /** Makes an empty file of this size, which takes space only as it fills. */
    static void create(Path image, Bytes size) {
        if (size.compareTo(LEAST_SIZE) < 0) {
            throw new OpException(Code.INVALID, "a pool of " + size + " is too small: at least " + LEAST_SIZE);
        }
        try {
            Path directory = Files.createDirectories(parent(image));
            if (Files.getFileStore(directory).type().equals("btrfs")) {
                throw new OpException(
                        Code.INVALID,
                        "an embedded pool in " + image + " would be btrfs within btrfs, which wears disks out:"
                                + " give a disk or a partition, or a file on another filesystem");
            }
            try (var channel = Files.newByteChannel(
                    image,
                    Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")))) {
                channel.position(size.value() - 1);
                channel.write(ByteBuffer.wrap(new byte[1]));
            }
        } catch (FileAlreadyExistsException e) {
            throw new OpException(Code.CONFLICT, "create a pool in " + image + ": the file exists", e);
        } catch (IOException e) {
            throw new UncheckedIOException("create " + image + ": " + e, e);
        }
    }

    /** Durable when it returns. */
    static void rename(Path from, Path to) {
        try {
            Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
            StateFile.syncDirectory(parent(to));
        } catch (IOException e) {
            throw new UncheckedIOException("rename " + from + " to " + to + ": " + e, e);
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
