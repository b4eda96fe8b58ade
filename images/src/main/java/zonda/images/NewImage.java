package zonda.images;

import java.io.IOException;
import java.io.OutputStream;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import zonda.base.Bytes;
import zonda.base.Json;

/**
 * An image that is made of a tree of files or of a disk, for a file that it is published by: a ZFS stream of one
 * snapshot, whole or incremental to the image that the tree or the disk came of.
 */
public final class NewImage {
    private final Manifest manifest;
    private final Content content;
    private final Packing packing;

    NewImage(Manifest manifest, Content content, Packing packing) {
        this.manifest = manifest;
        this.content = content;
        this.packing = packing;
    }

    /** What its stream is made of. */
    interface Content {
        /** By which the stream's snapshot is known. */
        long guid();

        /** Writes the stream. @param name of the snapshot, in the stream, where its maker has a say in it */
        void send(String name, long guid, OutputStream out);
    }

    /** What is known before the file is written. */
    public Manifest manifest() {
        return manifest;
    }

    /** {@code NAME-VERSION.zfs}, or {@code .zvol} of a disk, with a suffix for the compression. */
    public String fileName() {
        return baseName() + (manifest.isDisk() ? ".zvol" : ".zfs") + packing.suffix();
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
        long guid = content.guid();
        String name = "zones/" + manifest.uuid() + "@final";
        try {
            OciUnpacking.onPlatformThread(() -> {
                packing.pack(stream -> content.send(name, guid, stream), summed);
                summed.flush();
                return guid;
            });
        } catch (IOException e) {
            throw new ImageException(ImageError.FILE_SYSTEM, "create image " + manifest.title() + ": " + e, e);
        }
        Json.Obj file = Json.object()
                .with("sha1", HexFormat.of().formatHex(summed.getMessageDigest().digest()))
                .with("size", counted.bytes)
                .with("dataset_guid", Long.toUnsignedString(guid))
                .with("compression", packing.word());
        return Manifest.of(manifest.json().with("files", new Json.Arr(List.of(file))));
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
