package zonda.zones;

import java.nio.file.Path;
import zonda.base.StateFile;

/** Which life of the host this is: random(4), boot_id. */
final class HostBoot {
    private HostBoot() {}

    static String id() {
        return StateFile.read(Path.of("/proc/sys/kernel/random/boot_id"))
                .orElse("")
                .strip();
    }
}
