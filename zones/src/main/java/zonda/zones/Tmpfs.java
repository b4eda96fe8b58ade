package zonda.zones;

import java.nio.file.Path;
import zonda.base.Bytes;
import zonda.kernel.LinuxProcess;
import zonda.kernel.Mounts;
import zonda.kernel.PrivateMounts;

/** A running zone's /tmp: tmpfs(5). */
final class Tmpfs {
    private static final Path TMP = Path.of("/tmp");

    private Tmpfs() {}

    /** Changes its size, if there is one; switching it on or off takes a reboot of the zone. */
    static void resize(LinuxProcess init, Bytes size) {
        boolean mounted = Mounts.list(init.pid()).stream()
                .anyMatch(mount -> mount.target().equals(TMP) && mount.type().equals("tmpfs"));
        if (mounted && size.value() > 0) {
            long flags = Mounts.MS_REMOUNT | Mounts.MS_NOSUID | Mounts.MS_NODEV;
            PrivateMounts.inside(init, () -> Mounts.mount("tmpfs", TMP, "tmpfs", flags, "size=" + size.value()));
        }
    }
}
