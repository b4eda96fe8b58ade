package zonda.vm;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Objects;
import zonda.kernel.DeviceNumber;
import zonda.kernel.Directory;
import zonda.kernel.FileStat;
import zonda.kvm.HostPci;
import zonda.zones.ZoneSpec;

/**
 * The devices that an emulator needs, Documentation/admin-guide/devices.txt of the kernel. Each VM has nodes of its own
 * in its zonepath, which belong to its emulator: whatever the modes of the host's own are, they stay.
 */
enum HvmDevice {
    TUN("/dev/net/tun", 200),
    KVM("/dev/kvm", 232),
    VFIO("/dev/vfio/vfio", 196);

    private static final int MAJOR = 10;

    private final String target;
    private final int minor;

    HvmDevice(String target, int minor) {
        this.target = target;
        this.minor = minor;
    }

    /** The VM's own node, made anew. */
    ZoneSpec.Device of(VmRecord vm, Path zonepath) {
        String word = name().toLowerCase(Locale.ROOT);
        return node(vm, zonepath, word, target, FileStat.Kind.CHARACTER, new DeviceNumber(MAJOR, minor));
    }

    /** The node of a group of PCI devices. */
    static ZoneSpec.Device group(VmRecord vm, Path zonepath, HostPci.Group group) {
        return node(
                vm,
                zonepath,
                "vfio" + group.number(),
                "/dev/vfio/" + group.number(),
                FileStat.Kind.CHARACTER,
                new DeviceNumber(group.major(), group.minor()));
    }

    /**
     * The node of a disk.
     *
     * @param index of the disk
     * @param volume the host's device of it
     */
    static ZoneSpec.Device disk(VmRecord vm, Path zonepath, int index, Path volume, String target) {
        return node(vm, zonepath, "disk" + index, target, FileStat.Kind.BLOCK, number(volume));
    }

    private static DeviceNumber number(Path device) {
        try {
            Path real = device.toRealPath();
            try (Directory directory = Directory.open(Objects.requireNonNull(real.getParent()))) {
                return directory.device(String.valueOf(real.getFileName()));
            }
        } catch (IOException e) {
            throw new UncheckedIOException("look at " + device + ": " + e, e);
        }
    }

    private static ZoneSpec.Device node(
            VmRecord vm, Path zonepath, String word, String target, FileStat.Kind kind, DeviceNumber number) {
        String name = "device." + word;
        Path node = zonepath.resolve(name);
        try (Directory directory = Directory.open(zonepath)) {
            Files.deleteIfExists(node);
            directory.mknod(name, kind, number);
            Files.setAttribute(node, "unix:uid", (int) HvmDatasets.hostId(vm.ids()), LinkOption.NOFOLLOW_LINKS);
        } catch (IOException e) {
            throw new UncheckedIOException("make " + node + ": " + e, e);
        }
        return new ZoneSpec.Device(node, target, kind, number);
    }
}
