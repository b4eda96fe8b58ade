package zonda.images;

import java.io.OutputStream;
import java.util.Optional;
import java.util.UUID;

/**
 * An image's stream that a pool makes itself, of a disk that is a device there.
 *
 * @param snapshot the full name of the one that is sent
 * @param origin the installed image that the stream is incremental to
 */
record DeviceToSend(ImageStore.DiskStreams pool, String snapshot, Optional<UUID> origin) implements NewImage.Content {
    @Override
    public long guid() {
        return pool.guid(snapshot);
    }

    /** Under the name and the guid that the snapshot has. */
    @Override
    public void send(String name, long guid, OutputStream out) {
        pool.send(snapshot, origin, out);
    }
}
