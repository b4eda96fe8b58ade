package zonda.zones;

import java.nio.file.Path;

/**
 * Where one instance keeps its zones.
 *
 * @param runDirectory for what is gone after a reboot of the host
 * @param logDirectory for the logs of the consoles
 * @param cgroupParent the control group above all the zones', such as {@code zonda}
 */
public record ZonesConfig(Path runDirectory, Path logDirectory, String cgroupParent) {}
