package zonda.images;

import java.util.Optional;
import java.util.UUID;
import zonda.base.Json;

/**
 * An image of the pool, as {@code /var/imgadm/images} records it.
 *
 * @param source the URL it came from; empty when it was installed from a file or made here
 */
public record InstalledImage(Manifest manifest, String zpool, Optional<String> source) {
    public UUID uuid() {
        return manifest.uuid();
    }

    static InstalledImage of(Json.Obj record) {
        return new InstalledImage(
                Manifest.of(record.object("manifest")), record.string("zpool", ""), record.string("source"));
    }

    /** What {@code imgadm get} prints. */
    public Json.Obj json() {
        return Json.object()
                .with("manifest", manifest.json())
                .with("zpool", zpool)
                .with("source", source);
    }
}
