package zonda.images;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import zonda.base.Bytes;
import zonda.storage.DatasetOptions;
import zonda.storage.Datasets;
import zonda.storage.ReceiveListener;
import zonda.storage.ReceiveRequest;
import zonda.storage.VolumeShape;
import zonda.zstream.StreamHeader;

/**
 * Images of disks on a pool whose volumes are devices. One that is made here is put together as a file in a dataset beside
 * its own, {@code <uuid>-partial-files}, and copied to the device when it is whole. One that comes as a stream is received
 * by the pool itself, and so keeps what it is known by in other streams.
 */
record DeviceImages(Datasets datasets) {
    private static final String FILES = "-files";
    /** What came as a stream, until its file has been found right. */
    private static final String RECEIVED = "received";

    private static final int OWNER_ONLY = 0700;
    private static final int CHUNK = 1 << 20;

    /** The dataset in which the files of a partial one are put together. */
    static String files(String partial) {
        return partial + FILES;
    }

    /** The name of the partial dataset that one is for, or the name itself. */
    static String withoutFiles(String name) {
        return name.endsWith(FILES) ? name.substring(0, name.length() - FILES.length()) : name;
    }

    Path createFiles(String partial) {
        datasets.create(files(partial), DatasetOptions.DEFAULT.mode(OWNER_ONLY));
        return datasets.mount(files(partial));
    }

    void receive(String partial, Optional<String> origin, InputStream stream, Consumer<StreamHeader> check) {
        ReceiveRequest request = ReceiveRequest.into(partial + "@" + RECEIVED);
        datasets.streams().receive(origin.map(request::origin).orElse(request), stream, new ReceiveListener() {
            @Override
            public void begins(StreamHeader header, String to) {
                check.accept(header);
            }
        });
    }

    /** Takes the snapshot of a partial dataset, if that is a disk. @return whether it is one */
    boolean seal(String partial, String snapshot) {
        String received = partial + "@" + RECEIVED;
        if (datasets.has(partial) && datasets.findSnapshot(received).isPresent()) {
            datasets.renameSnapshots(List.of(received), snapshot);
            return true;
        }
        if (!datasets.has(files(partial))) {
            return false;
        }
        datasets.destroyIfExists(partial, true);
        copy(datasets.mount(files(partial)).resolve(StreamImages.DISK), partial);
        datasets.snapshot(partial, snapshot);
        return true;
    }

    private void copy(Path disk, String partial) {
        try (FileChannel from = FileChannel.open(disk)) {
            Bytes size = Bytes.of(Files.size(disk));
            datasets.create(partial, DatasetOptions.DEFAULT.volume(VolumeShape.of(size, VolumeShape.USUAL_BLOCK)));
            try (FileChannel to = FileChannel.open(datasets.volume(partial), StandardOpenOption.WRITE)) {
                copy(from, to);
                to.force(true);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("copy " + disk + " to volume " + partial + ": " + e, e);
        }
    }

    /** The device, which is new, has zeros already. */
    private static void copy(FileChannel from, FileChannel to) throws IOException {
        ByteBuffer zeros = ByteBuffer.allocateDirect(CHUNK);
        ByteBuffer chunk = ByteBuffer.allocateDirect(CHUNK);
        long at = 0;
        while (from.read(chunk, at) > 0) {
            chunk.flip();
            int length = chunk.limit();
            if (!chunk.equals(zeros.slice(0, length))) {
                while (chunk.hasRemaining()) {
                    to.write(chunk, at + chunk.position());
                }
            }
            at += length;
            chunk.clear();
        }
    }
}
