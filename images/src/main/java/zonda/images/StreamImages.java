package zonda.images;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import zonda.base.OpException;
import zonda.kernel.Access;
import zonda.kernel.Directory;
import zonda.zstream.FilesystemReceiver;
import zonda.zstream.ObjectMap;
import zonda.zstream.ReceiveOptions;
import zonda.zstream.Received;
import zonda.zstream.SendStream;
import zonda.zstream.StreamHeader;
import zonda.zstream.VolumeReceiver;

/**
 * Images as ZFS streams, which is what SmartOS publishes: an lx-dataset has its root filesystem in the directory {@code
 * root}, a zvol becomes the file {@code disk}. Beside them lies the map of objects, which images that are incremental
 * to this one need.
 */
final class StreamImages {
    /** How much of a file tells whether it is a stream. */
    static final int MARK = 16;

    static final String DISK = "disk";
    private static final String NEW_DISK = "disk.new";
    static final String MAP = ".zonda-objects";
    private static final String EMPTY = "its file has no snapshot, and should have one";
    private static final String NOT_ALONE = "its file has something after its snapshot, and should have that alone";
    private static final long ZFS_MAGIC = 0x2F5BACBACL;

    private StreamImages() {}

    /** Whether a file that begins so is a stream, of either byte order. */
    static boolean isStream(byte[] first) {
        if (first.length < MARK) {
            return false;
        }
        long mark = 0;
        for (int i = 15; i >= 8; i--) {
            mark = mark << 8 | first[i] & 0xff;
        }
        return mark == ZFS_MAGIC || Long.reverseBytes(mark) == ZFS_MAGIC;
    }

    /**
     * Receives an image into its dataset.
     *
     * @param content decompressed; read to its end
     * @param dataset empty, or of an image with an origin, a copy of the origin's
     * @return what of it this host can't have, in words
     */
    static List<String> receive(InputStream content, Manifest manifest, Path dataset) {
        Path file = dataset.resolve(MAP);
        Optional<ObjectMap> origin = manifest.origin().map(_ -> originMap(manifest, file));
        boolean isVolume = manifest.isDisk();
        try (SendStream stream = SendStream.open(content);
                Directory directory = Directory.open(dataset)) {
            StreamHeader header = stream.next().orElseThrow(() -> refused(manifest, EMPTY));
            check(header, manifest, isVolume);
            Received received = isVolume
                    ? receiveDisk(stream, directory, dataset, origin)
                    : FilesystemReceiver.receive(stream, directory, origin, ReceiveOptions.OF_ZONE);
            if (stream.next().isPresent() || !stream.atEnd()) {
                throw refused(manifest, NOT_ALONE);
            }
            // As every image's: nobody on the host gets at the programs of a zone.
            directory.access(Access.root(0700));
            if (!isVolume && !Files.isDirectory(dataset.resolve("root"), LinkOption.NOFOLLOW_LINKS)) {
                throw refused(manifest, "its stream has no directory root/, where an lx-dataset has its root");
            }
            received.map().save(file);
            return said(received);
        }
    }

    /** Has a pool receive a disk that is a device there. @param content as of {@link #receive} */
    static void receiveDevice(InputStream content, Manifest manifest, ImageStore.DiskStreams pool) {
        boolean[] hasBegun = {false};
        try {
            pool.receive(manifest.uuid(), manifest.origin(), content, header -> {
                if (hasBegun[0]) {
                    throw refused(manifest, NOT_ALONE);
                }
                hasBegun[0] = true;
                check(header, manifest, true);
            });
        } catch (ImageException e) {
            throw e;
        } catch (OpException e) {
            throw new ImageException(
                    ImageError.UNCOMPRESSION_ERROR, "install image " + manifest.title() + ": " + e.getMessage(), e);
        }
        if (!hasBegun[0]) {
            throw refused(manifest, EMPTY);
        }
    }

    /** The volume has a disk already, which gives way to a whole one, and which an increment is to. */
    private static Received receiveDisk(
            SendStream stream, Directory directory, Path dataset, Optional<ObjectMap> origin) {
        String name = origin.isPresent() ? DISK : NEW_DISK;
        Received received = VolumeReceiver.receive(
                stream, new VolumeReceiver.Place(directory, name), origin, ReceiveOptions.OF_ZONE);
        if (origin.isEmpty()) {
            try {
                Files.move(dataset.resolve(name), dataset.resolve(DISK), StandardCopyOption.REPLACE_EXISTING);
            } catch (IOException e) {
                throw new UncheckedIOException("put the disk in its place in " + dataset + ": " + e, e);
            }
        }
        return received;
    }

    private static ObjectMap originMap(Manifest manifest, Path file) {
        if (!Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
            throw refused(
                    manifest,
                    "its origin " + manifest.origin().orElseThrow()
                            + " wasn't installed from a ZFS stream, so there is nothing it could be incremental to");
        }
        return ObjectMap.load(file);
    }

    private static void check(StreamHeader header, Manifest manifest, boolean isVolume) {
        if (isVolume != (header.kind() == StreamHeader.Kind.VOLUME)) {
            throw refused(
                    manifest,
                    "its type is " + manifest.type() + ", and its file is a stream of a "
                            + header.kind().label());
        }
        String guid = Long.toUnsignedString(header.toGuid());
        manifest.datasetGuid().filter(wanted -> !wanted.equals(guid)).ifPresent(wanted -> {
            throw refused(
                    manifest, "its file holds the snapshot " + guid + ", and its manifest says dataset_guid " + wanted);
        });
    }

    private static ImageException refused(Manifest manifest, String reason) {
        return new ImageException(ImageError.UNCOMPRESSION_ERROR, "install image " + manifest.title() + ": " + reason);
    }

    private static List<String> said(Received received) {
        // Devices are left out of every image: a zone's runtime gives it those it may have.
        List<String> all = received.left().stream()
                .filter(line -> !line.startsWith("device node "))
                .toList();
        int shown = Math.min(3, all.size());
        var lines = new ArrayList<>(all.subList(0, shown));
        if (shown < all.size()) {
            lines.add("and more that this host can't have");
        }
        return lines;
    }
}
