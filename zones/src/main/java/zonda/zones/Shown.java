package zonda.zones;

import java.nio.file.Path;
import zonda.kernel.Fd;
import zonda.kernel.LinuxProcess;
import zonda.kernel.MountInfo;
import zonda.kernel.Mounts;
import zonda.kernel.Paths;
import zonda.kernel.PrivateMounts;

/** Directories of the host that a zone sees, with owners by its own id range. */
final class Shown {
    private Shown() {}

    /**
     * Mounts it where nothing of the guest's can lead elsewhere.
     *
     * @param source a directory of the host, by its real path: a zone may have made links in it
     * @param at a directory of the zone
     * @param attributes as mount_setattr(2) has them
     * @throws zonda.kernel.KernelException ELOOP when a part of either is a symbolic link
     */
    static void show(LinuxProcess init, Fd idMap, Path source, Path at, long attributes) {
        try (Fd from = Paths.withoutSymlinks(source);
                Fd tree = Mounts.openTree(from.procPath(), false)) {
            Mounts.idmap(tree, idMap);
            Mounts.setAttributes(tree, attributes, 0);
            PrivateMounts.inside(init, () -> {
                try (Fd onto = Paths.withoutSymlinks(at)) {
                    Mounts.moveMount(tree, onto);
                }
            });
        }
    }

    /** Takes it away again; fine when it isn't there. What the zone has open of it stays open to it. */
    static void hide(LinuxProcess init, Path at) {
        boolean there = Mounts.list(init.pid()).stream().map(MountInfo::target).anyMatch(at::equals);
        if (there) {
            PrivateMounts.inside(init, () -> Mounts.detach(at));
        }
    }
}
