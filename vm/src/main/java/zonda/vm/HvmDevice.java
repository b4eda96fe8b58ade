package zonda.vm;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import zonda.kernel.Command;
import zonda.zones.ZoneSpec;

/**
 * The devices that an emulator needs, Documentation/admin-guide/devices.txt of the kernel. Each VM has nodes of its own
 * in its zonepath, which belong to its emulator: whatever the modes of the host's own are, they stay.
 */
enum HvmDevice {
    TUN("/dev/net/tun", 200),
    KVM("/dev/kvm", 232);

    private static final int MAJOR = 10;
    private static final Duration LIMIT = Duration.ofSeconds(10);

    private final String target;
    private final int minor;

    HvmDevice(String target, int minor) {
        this.target = target;
        this.minor = minor;
    }

    /** The VM's own node, made if it isn't there. */
    ZoneSpec.Device of(VmRecord vm, Path zonepath) {
        Path node = zonepath.resolve("device." + name().toLowerCase(java.util.Locale.ROOT));
        try {
            Files.deleteIfExists(node);
            Command.of("mknod", "-m", "600", node.toString(), "c", String.valueOf(MAJOR), String.valueOf(minor))
                    .check(LIMIT);
            Files.setAttribute(node, "unix:uid", (int) HvmDatasets.hostId(vm.ids()), LinkOption.NOFOLLOW_LINKS);
        } catch (IOException e) {
            throw new UncheckedIOException("make " + node + ": " + e, e);
        }
        return new ZoneSpec.Device(node, target, MAJOR, minor);
    }
}
