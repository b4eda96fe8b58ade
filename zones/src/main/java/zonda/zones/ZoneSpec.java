package zonda.zones;

import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.UUID;

/**
 * Everything the runtime needs to boot a zone.
 *
 * @param root the directory that is the zone's /, owned by plain ids: it is shown to the zone through its id range
 * @param removedPrivileges illumos privileges that limit_priv takes away, such as net_rawaccess
 * @param binds directories of the host that the zone sees
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
        List<Bind> binds) {
    public ZoneSpec {
        removedPrivileges = Set.copyOf(removedPrivileges);
        binds = List.copyOf(binds);
    }

    /** A directory of the host shown in the zone. */
    public record Bind(Path source, String target, boolean readOnly) {}
}
