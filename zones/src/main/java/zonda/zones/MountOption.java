package zonda.zones;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import zonda.kernel.Mounts;

/** How a directory of the host is mounted in a zone, in the words of mount(8) on SmartOS. */
public enum MountOption {
    READ_ONLY("ro", Mounts.MOUNT_ATTR_RDONLY),
    READ_WRITE("rw", 0),
    /** Always so. */
    NO_DEVICES("nodevices", Mounts.MOUNT_ATTR_NODEV),
    NO_DEVICE("nodevice", Mounts.MOUNT_ATTR_NODEV),
    NO_SETUID("nosetuid", Mounts.MOUNT_ATTR_NOSUID),
    /** Neither programs that change the user nor devices. */
    NO_SUID("nosuid", Mounts.MOUNT_ATTR_NOSUID),
    NO_EXEC("noexec", Mounts.MOUNT_ATTR_NOEXEC);

    private final String word;
    private final long attribute;

    MountOption(String word, long attribute) {
        this.word = word;
        this.attribute = attribute;
    }

    public static Optional<MountOption> find(String word) {
        return Arrays.stream(values())
                .filter(option -> option.word.equals(word))
                .findFirst();
    }

    public static List<String> words() {
        return Arrays.stream(values()).map(option -> option.word).toList();
    }

    /** As mount_setattr(2) takes them. Devices of the host are never seen through such a mount. */
    static long attributes(Set<MountOption> options) {
        return options.stream()
                .mapToLong(option -> option.attribute)
                .reduce(Mounts.MOUNT_ATTR_NODEV, (one, other) -> one | other);
    }
}
