package zonda.images;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import zonda.base.Bytes;
import zonda.base.Json;
import zonda.kernel.Directory;
import zonda.zstream.FilesystemSender;
import zonda.zstream.ObjectMap;
import zonda.zstream.SendOptions;
import zonda.zstream.SendOrigin;
import zonda.zstream.VolumeReceiver;
import zonda.zstream.VolumeSender;

/**
 * An image that is made of a tree of files or of a disk, for a file that it is published by: a ZFS stream of one
 * snapshot, whole or incremental to the image that the tree or the disk came of.
 */
public final class NewImage {
    private final Manifest manifest;
    private final Path tree;
    private final Packing packing;
    private final Optional<Path> origin;

    /** @param origin the tree of the manifest's origin, with its map of objects */
    NewImage(Manifest manifest, Path tree, Packing packing, Optional<Path> origin) {
        this.manifest = manifest;
        this.tree = tree;
        this.packing = packing;
        this.origin = origin;
    }

    /** What is known before the file is written. */
    public Manifest manifest() {
        return manifest;
    }

    /** {@code NAME-VERSION.zfs}, or {@code .zvol} of a disk, with a suffix for the compression. */
    public String fileName() {
        return baseName() + (isVolume() ? ".zvol" : ".zfs") + packing.suffix();
    }

    private boolean isVolume() {
        return manifest.type().equals("zvol");
    }

    public String manifestName() {
        return baseName() + ".imgmanifest";
    }

    private String baseName() {
        return (manifest.name() + "-" + manifest.version()).replace('/', '_').replace(' ', '_');
    }

    /**
     * Writes the file.
     *
     * @param out is flushed, and not closed
     * @return the manifest, complete
     */
    public Manifest write(OutputStream out) {
        var counted = new Counted(out);
        var summed = new DigestOutputStream(counted, sha1());
        // Signs get lost where JSON's numbers are doubles: a guid is a text of a positive number.
        long guid = own().map(ObjectMap::guid)
                .orElseGet(() -> java.util.UUID.randomUUID().getMostSignificantBits() >>> 1 | 1);
        try {
            OciUnpacking.onPlatformThread(() -> {
                packing.pack(stream -> send(guid, stream), summed);
                summed.flush();
                return guid;
            });
        } catch (IOException e) {
            throw new ImageException(ImageError.FILE_SYSTEM, "create image " + manifest.title() + ": " + e, e);
        }
        Json.Obj file = Json.object()
                .with("sha1", HexFormat.of().formatHex(summed.getMessageDigest().digest()))
                .with("size", counted.bytes)
                .with("dataset_guid", String.valueOf(guid))
                .with("compression", packing.word());
        return Manifest.of(manifest.json().with("files", new Json.Arr(List.of(file))));
    }

    /** The map of a tree that came as a stream: it is sent with the same numbers and under the same guid again. */
    private Optional<ObjectMap> own() {
        Path file = tree.resolve(StreamImages.MAP);
        return Files.exists(file) ? Optional.of(ObjectMap.load(file)) : Optional.empty();
    }

    private void send(long guid, OutputStream out) {
        SendOptions options = SendOptions.of("zones/" + manifest.uuid() + "@final", guid, Instant.now());
        try (Directory directory = Directory.open(tree)) {
            if (origin.isEmpty()) {
                send(directory, options, Optional.empty(), out);
                return;
            }
            try (Directory before = Directory.open(origin.get())) {
                ObjectMap map = ObjectMap.load(origin.get().resolve(StreamImages.MAP));
                // As of zfs(8) between two datasets: SmartOS receives it as a clone of the origin that it has.
                send(directory, options.ofClone(), Optional.of(new SendOrigin(map, before, "final")), out);
            }
        }
    }

    private void send(Directory directory, SendOptions options, Optional<SendOrigin> from, OutputStream out) {
        if (isVolume()) {
            VolumeSender.send(new VolumeReceiver.Place(directory, StreamImages.DISK), options, from, out);
            return;
        }
        Optional<ObjectMap> map = own();
        if (map.isPresent()) {
            FilesystemSender.send(directory, map.get(), options, from, out);
        } else {
            FilesystemSender.send(directory, options, from, out);
        }
    }

    private static MessageDigest sha1() {
        try {
            return MessageDigest.getInstance("SHA-1");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("no SHA-1 in this JDK", e);
        }
    }

    /** How large it became. */
    public static Bytes size(Manifest complete) {
        return Bytes.of(complete.file().size().orElse(0L));
    }

    private static final class Counted extends OutputStream {
        private final OutputStream out;
        private long bytes;

        Counted(OutputStream out) {
            this.out = out;
        }

        @Override
        public void write(int value) throws IOException {
            out.write(value);
            bytes++;
        }

        @Override
        public void write(byte[] data, int offset, int length) throws IOException {
            out.write(data, offset, length);
            bytes += length;
        }

        @Override
        public void flush() throws IOException {
            out.flush();
        }
    }
}
