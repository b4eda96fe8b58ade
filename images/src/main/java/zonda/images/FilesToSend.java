package zonda.images;

import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;
import java.util.UUID;
import zonda.kernel.Directory;
import zonda.zstream.FilesystemSender;
import zonda.zstream.ObjectMap;
import zonda.zstream.SendOptions;
import zonda.zstream.SendOrigin;
import zonda.zstream.VolumeReceiver;
import zonda.zstream.VolumeSender;

/**
 * An image's stream that is written here, of a tree of files or of the file that a disk is.
 *
 * @param origin the tree of the image that it is incremental to, with its map of objects
 */
record FilesToSend(Path tree, boolean isVolume, Optional<Path> origin) implements NewImage.Content {
    @Override
    public long guid() {
        // Signs get lost where JSON's numbers are doubles: a guid is a text of a positive number.
        return own().map(ObjectMap::guid).orElseGet(() -> UUID.randomUUID().getMostSignificantBits() >>> 1 | 1);
    }

    /** The map of a tree that came as a stream: it is sent with the same numbers and under the same guid again. */
    private Optional<ObjectMap> own() {
        Path file = tree.resolve(StreamImages.MAP);
        return Files.exists(file) ? Optional.of(ObjectMap.load(file)) : Optional.empty();
    }

    @Override
    public void send(String name, long guid, OutputStream out) {
        SendOptions options = SendOptions.of(name, guid, Instant.now());
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
        if (isVolume) {
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
}
