package zonda.zones;

import java.nio.file.Path;
import java.util.List;

/**
 * Where one instance keeps its zones.
 *
 * @param runDirectory for what is gone after a reboot of the host
 * @param logDirectory for the logs of the consoles
 * @param cgroupParent the control group above all the zones', such as {@code zonda}
 * @param hiddenMounts the pools' mount points, of which a zone's monitor need not hold copies
 */
public record ZonesConfig(Path runDirectory, Path logDirectory, String cgroupParent, List<Path> hiddenMounts) {
    public ZonesConfig {
        hiddenMounts = List.copyOf(hiddenMounts);
    }
}
