package zonda.zones;

import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import zonda.kernel.DeviceNumber;
import zonda.kernel.FileStat;

/**
 * Everything the runtime needs to boot a zone.
 *
 * @param root the directory that is the zone's /, owned by plain ids: it is shown to the zone through its id range
 * @param removedPrivileges illumos privileges that limit_priv takes away, such as net_rawaccess
 * @param binds directories of the host that the zone sees
 * @param volumes files of the host that the zone may write, wherever they are
 * @param devices what of the host's devices the zone may use, besides those that every zone has
 * @param logLimit bytes after which the log of its console is begun anew
 */
public record ZoneSpec(
        UUID uuid,
        String zonename,
        String hostname,
        Path root,
        IdRange ids,
        InitProgram init,
        Limits limits,
        Set<String> removedPrivileges,
        List<Bind> binds,
        List<Volume> volumes,
        List<Device> devices,
        long logLimit) {
    /** Of a zone that says nothing else. */
    public static final long USUAL_LOG_LIMIT = 4L << 20;

    public ZoneSpec {
        removedPrivileges = Set.copyOf(removedPrivileges);
        binds = List.copyOf(binds);
        volumes = List.copyOf(volumes);
        devices = List.copyOf(devices);
    }

    /** Of what needs no volumes and no devices. */
    public ZoneSpec(
            UUID uuid,
            String zonename,
            String hostname,
            Path root,
            IdRange ids,
            InitProgram init,
            Limits limits,
            Set<String> removedPrivileges,
            List<Bind> binds) {
        this(
                uuid,
                zonename,
                hostname,
                root,
                ids,
                init,
                limits,
                removedPrivileges,
                binds,
                List.of(),
                List.of(),
                USUAL_LOG_LIMIT);
    }

    public ZoneSpec logLimit(long bytes) {
        return new ZoneSpec(
                uuid, zonename, hostname, root, ids, init, limits, removedPrivileges, binds, volumes, devices, bytes);
    }

    /** A file of the host shown in the zone; the directories above it need not be open to anyone. */
    public record Volume(Path source, String target, boolean readOnly) {}

    /**
     * A device that the zone may use.
     *
     * @param node a node of it that belongs to whoever is to use it
     * @param target where the zone sees it
     * @param kind CHARACTER or BLOCK
     */
    public record Device(Path node, String target, FileStat.Kind kind, DeviceNumber number) {}

    /** A directory of the host shown in the zone. */
    public record Bind(Path source, String target, boolean readOnly) {}
}
