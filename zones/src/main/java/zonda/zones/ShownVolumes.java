package zonda.zones;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import zonda.kernel.Fd;
import zonda.kernel.Mounts;

/**
 * The volumes and devices of a zone on their way into the runtime's mount namespace: taken hold of where they are, and mounted beside
 * the zone's root when all else of the host is out of sight.
 */
final class ShownVolumes implements AutoCloseable {
    private final Map<Path, Fd> trees = new LinkedHashMap<>();

    private ShownVolumes() {}

    /** @param root where the zone's root will be */
    static ShownVolumes open(ZoneSpec spec, Path root) {
        var volumes = new ShownVolumes();
        try {
            spec.volumes()
                    .forEach(volume -> volumes.trees.put(
                            Bundle.place(root, spec, volume), Mounts.openTree(volume.source(), false)));
            spec.devices()
                    .forEach(device ->
                            volumes.trees.put(Bundle.place(root, spec, device), Mounts.openTree(device.node(), false)));
            return volumes;
        } catch (RuntimeException e) {
            volumes.close();
            throw e;
        }
    }

    void show() {
        trees.forEach((place, tree) -> {
            try {
                if (!Files.exists(place)) {
                    Files.createFile(place);
                }
            } catch (IOException e) {
                throw new UncheckedIOException("create " + place + ": " + e, e);
            }
            Mounts.moveMount(tree, place);
        });
    }

    @Override
    public void close() {
        trees.values().forEach(Fd::close);
    }
}
