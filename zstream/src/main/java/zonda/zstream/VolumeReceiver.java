package zonda.zstream;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import zonda.kernel.Access;
import zonda.kernel.DataFile;
import zonda.kernel.Directory;
import zonda.kernel.IoBuffer;
import zonda.kernel.KernelException;

/**
 * Restores a volume of a stream into a raw, sparse file. Until all of the stream came and was found right, the file has
 * its old content, or isn't there.
 *
 * <p>It makes long series of calls to the filesystem: use it on a platform thread.
 */
public final class VolumeReceiver {
    /** The object of a volume that is its content, and that of its properties; sys/zvol.h. */
    static final long CONTENT = 1;

    static final long PROPERTIES = 2;

    private VolumeReceiver() {}

    /** Where a volume is: a name in a directory. */
    public record Place(Directory directory, String name) {}

    /**
     * Receives the snapshot that the stream is at.
     *
     * @param place of a file that isn't there for a full stream; for an incremental one it is the content of the
     *     snapshot that it is incremental to, and is replaced
     * @param origin the map of that snapshot
     * @throws StreamException as {@link FilesystemReceiver#receive} does
     */
    public static Received receive(SendStream stream, Place place, Optional<ObjectMap> origin, ReceiveOptions options) {
        Origins.checkWhole(stream.current(), origin);
        refuseOther(stream.current(), place, origin);
        Directory directory = place.directory();
        String temporary = ".zonda-receive-" + UUID.randomUUID();
        try {
            Received received;
            try (DataFile file = directory.createData(temporary)) {
                received = new Receive(stream, place, origin, options).into(file, true, Optional.empty());
            }
            directory.rename(temporary, place.name());
            stream.received();
            return received;
        } catch (KernelException e) {
            throw StreamException.host(CONTENT, e);
        } finally {
            directory.unlink(temporary);
        }
    }

    /**
     * As {@link #receive(SendStream, Place, Optional, ReceiveOptions)}, of one that was begun by {@link
     * FilesystemReceiver#begin}; what is said of such a receive there holds here, too.
     */
    public static Received receive(
            SendStream stream, Place place, Optional<ObjectMap> origin, ReceiveOptions options, Resumable resumable) {
        Origins.check(stream.current(), origin);
        refuseOther(stream.current(), place, origin);
        try (Staging staging = Staging.kept(place.directory(), resumable.name());
                Progress progress = Progress.resume(staging, stream, resumable.keeper())) {
            boolean isNew = !staging.has(CONTENT);
            String temporary = Staging.file(CONTENT);
            Received received;
            try (DataFile file = isNew
                    ? staging.directory().createData(temporary)
                    : staging.directory().openData(temporary)) {
                received = new Receive(stream, place, origin, options).into(file, isNew, Optional.of(progress));
            }
            staging.directory().rename(temporary, place.directory(), place.name());
            staging.isDone();
            stream.received();
            return received;
        } catch (KernelException e) {
            throw StreamException.host(CONTENT, e);
        }
    }

    private static void refuseOther(StreamHeader header, Place place, Optional<ObjectMap> origin) {
        if (header.kind() != StreamHeader.Kind.VOLUME) {
            throw StreamException.conflict(header.toName() + " is a filesystem, and can't be received into a file");
        }
        if (origin.isEmpty() && place.directory().stat(place.name()).isPresent()) {
            throw StreamException.conflict("a full stream makes a new file, and there is one of the name "
                    + place.name() + " in " + place.directory());
        }
    }

    /** One receive. */
    private record Receive(SendStream stream, Place place, Optional<ObjectMap> origin, ReceiveOptions options) {
        Received into(DataFile file, boolean isNew, Optional<Progress> progress) {
            long memory = options.memory().value();
            ObjectTable table =
                    origin.map(map -> map.table().withLimit(memory)).orElseGet(() -> new ObjectTable(memory));
            var content = new Content(file);
            if (isNew) {
                file.access(Access.root(0600));
                copyOrigin(file, content);
            }
            content.end = file.stat().size();
            Progress.take(new ObjectIntake(stream, table, content), progress);
            Long size =
                    table.find(PROPERTIES).map(Zap::numbers).orElse(Map.of()).get("size");
            if (size == null || size < 0) {
                throw StreamException.of(PROPERTIES, "the volume doesn't say its size");
            }
            if (table.find(CONTENT).isEmpty()) {
                throw StreamException.of(CONTENT, "the volume has no content");
            }
            file.truncate(size);
            StreamHeader header = stream.current();
            return new Received(
                    header,
                    new ObjectMap(StreamHeader.Kind.VOLUME, header.toGuid(), table),
                    new Received.Counts(1, 0, 0, 0, 0, content.bytes),
                    List.of());
        }

        private void copyOrigin(DataFile file, Content content) {
            if (origin.isPresent()) {
                try (DataFile old = place.directory().readData(place.name())) {
                    file.copyFrom(old, content.buffer);
                }
            }
        }
    }

    /** The file while it is written. Blocks of zeros become holes. */
    private static final class Content implements ObjectIntake.Files {
        private final DataFile file;
        private final IoBuffer buffer = IoBuffer.of(1 << 20);
        private long end;
        private long bytes;

        Content(DataFile file) {
            this.file = file;
        }

        @Override
        public void write(StoredObject object, boolean isFresh, long offset, byte[] content, int length) {
            if (object.id() != CONTENT) {
                throw StreamException.of(object.id(), "a volume with content in a second object");
            }
            try {
                if (!Zeros.are(content, length)) {
                    file.write(offset, content, 0, length, buffer);
                    end = Math.max(end, offset + length);
                } else {
                    free(object, isFresh, offset, length);
                }
            } catch (KernelException e) {
                throw StreamException.host(object.id(), e);
            }
            bytes += length;
        }

        @Override
        public void free(StoredObject object, boolean isFresh, long offset, long length) {
            if (object.id() != CONTENT || offset >= end || length == 0) {
                return;
            }
            try {
                if (length < 0 || length >= end - offset) {
                    file.truncate(offset);
                    end = offset;
                } else {
                    file.punch(offset, length);
                }
            } catch (KernelException e) {
                throw StreamException.host(object.id(), e);
            }
        }

        @Override
        public void discard(long id) {
            if (id == CONTENT) {
                file.truncate(0);
                end = 0;
            }
        }
    }
}
