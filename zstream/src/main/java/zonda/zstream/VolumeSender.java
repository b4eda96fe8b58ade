package zonda.zstream;

import java.io.OutputStream;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import zonda.kernel.DataFile;
import zonda.kernel.Directory;

/**
 * Makes a ZFS send stream of a volume's raw file, which nobody changes meanwhile: a snapshot.
 *
 * <p>It makes long series of calls to the filesystem: use it on a platform thread.
 */
public final class VolumeSender {
    /** ZVOL_DEFAULT_BLOCKSIZE of all ZFS before 2.2, and what SmartOS' disks have. */
    private static final int BLOCK = 8 * 1024;

    private VolumeSender() {}

    /**
     * Writes a stream of a volume that has no map yet.
     *
     * @param place of the file; its length must be a multiple of 8 KiB
     * @param origin for an incremental one; its tree has the origin's file under the same name
     * @param out is flushed, and not closed
     * @return the map of what was sent, which the next incremental stream needs
     * @throws StreamException CONFLICT for a length that no volume has
     * @throws java.io.UncheckedIOException when the stream can't be written
     */
    public static ObjectMap send(
            VolumeReceiver.Place place, SendOptions options, Optional<SendOrigin> origin, OutputStream out) {
        int blockSize = origin.map(from -> from.map().blockSize()).orElse(BLOCK);
        ObjectMap map = map(place, options.guid(), blockSize);
        send(place, map, options, origin, out);
        return map;
    }

    /**
     * The map of a volume that has none yet.
     *
     * @param blockSize of which its length must be a multiple; its origin's if there is one
     * @throws StreamException CONFLICT for a length that no volume has
     */
    public static ObjectMap map(VolumeReceiver.Place place, long guid, int blockSize) {
        long size;
        try (DataFile file = place.directory().readData(place.name())) {
            size = file.stat().size();
        }
        if (size == 0 || size % blockSize != 0) {
            throw StreamException.conflict("the file " + place.name() + " has " + size
                    + " bytes, and a volume has a multiple of its block size, " + blockSize);
        }
        return new ObjectMap(StreamHeader.Kind.VOLUME, guid, table(blockSize, size));
    }

    /** Writes a stream of a volume that has a map. @param origin for an incremental one */
    public static void send(
            VolumeReceiver.Place place,
            ObjectMap map,
            SendOptions options,
            Optional<SendOrigin> origin,
            OutputStream out) {
        stream(place, map, options, origin, new Way(new RecordWriter(out, Words.LITTLE), false));
    }

    /** How long such a stream would be, without reading: all that isn't a hole in both counts. */
    public static long estimate(
            VolumeReceiver.Place place, ObjectMap map, SendOptions options, Optional<SendOrigin> origin) {
        var out = new RecordWriter(OutputStream.nullOutputStream(), Words.LITTLE);
        stream(place, map, options, origin, new Way(out, true));
        return out.offset();
    }

    private record Way(RecordWriter out, boolean isEstimate) {}

    private static void stream(
            VolumeReceiver.Place place, ObjectMap map, SendOptions options, Optional<SendOrigin> origin, Way way) {
        ObjectTable old = origin.map(from -> from.map().table()).orElseGet(() -> new ObjectTable(0));
        var contents = new Contents(place, origin.map(SendOrigin::tree));
        Streams.send(
                StreamHeader.Kind.VOLUME,
                options,
                origin,
                way.out(),
                new TableSender(way.out(), old, map.table(), contents, way.isEstimate()));
    }

    private static ObjectTable table(int blockSize, long size) {
        var table = new ObjectTable(Long.MAX_VALUE);
        table.put(new StoredObject(
                VolumeReceiver.CONTENT,
                new StreamRecord.Dnode(VolumeReceiver.CONTENT, StoredObject.VOLUME, 0, blockSize, 0, 1, 0),
                new byte[0]));
        ZapWriter.Content zap = ZapWriter.numbers(Map.of("size", size), VolumeReceiver.PROPERTIES);
        var properties = new StoredObject(
                VolumeReceiver.PROPERTIES,
                new StreamRecord.Dnode(
                        VolumeReceiver.PROPERTIES, StoredObject.VOLUME_PROPERTIES, 0, zap.blockSize(), 0, 1, 0),
                new byte[0]);
        properties.content(List.copyOf(zap.blocks()));
        table.put(properties);
        return table;
    }

    private record Contents(VolumeReceiver.Place place, Optional<Directory> origin) implements TableSender.Contents {
        @Override
        public Optional<DataFile> after(long id) {
            return id == VolumeReceiver.CONTENT
                    ? Optional.of(place.directory().readData(place.name()))
                    : Optional.empty();
        }

        @Override
        public Optional<DataFile> before(long id) {
            return id == VolumeReceiver.CONTENT ? origin.map(tree -> tree.readData(place.name())) : Optional.empty();
        }

        @Override
        public boolean isUnchanged(long id) {
            return false;
        }
    }
}
