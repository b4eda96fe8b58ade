package zonda.zones;

import java.nio.file.Path;
import zonda.base.StateFile;

/** Which life of the host this is: random(4), boot_id. */
final class HostBoot {
    /** Read once: it is asked for with every look at a zone. */
    private static final String ID = StateFile.read(Path.of("/proc/sys/kernel/random/boot_id"))
            .orElse("")
            .strip();

    private HostBoot() {}

    static String id() {
        return ID;
    }
}
