package zonda.storage;

import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import zonda.base.Bytes;

/**
 * A dataset as it is at one moment.
 *
 * @param name its full name, {@code pool/part/part}
 * @param guid its identity, which renaming doesn't change
 * @param origin the full name of the snapshot it is a clone of
 * @param mountpoint where it is mounted, or would be; empty for none
 * @param properties its own user properties; {@link Datasets#property} also looks at its ancestors'
 * @param isVolume whether it is a disk, and not a tree of files
 * @param isVolume whether it is a disk, and not a tree of files
 */
public record Dataset(
        String name,
        String guid,
        Instant created,
        Optional<String> origin,
        Optional<Bytes> quota,
        Optional<Path> mountpoint,
        boolean mounted,
        Map<String, String> properties,
        boolean isVolume) {
    public Dataset {
        properties = Map.copyOf(properties);
    }
}
