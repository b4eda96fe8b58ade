package zonda.zstream;

import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * The system attributes of files, sys/zfs_sa.h, with the numbers that ZFS gives them in a new filesystem; others have
 * them under other numbers, which their registry tells.
 *
 * <p>The order is that of the numbers.
 */
enum Attribute {
    ATIME(16, 0),
    MTIME(16, 0),
    CTIME(16, 0),
    CRTIME(16, 0),
    GEN(8, 0),
    MODE(8, 0),
    SIZE(8, 0),
    PARENT(8, 0),
    LINKS(8, 0),
    XATTR(8, 0),
    RDEV(8, 0),
    FLAGS(8, 0),
    UID(8, 0),
    GID(8, 0),
    PAD(32, 0),
    ZNODE_ACL(88, 3),
    DACL_COUNT(8, 0),
    SYMLINK(0, 3),
    SCANSTAMP(32, 3),
    DACL_ACES(0, 4),
    DXATTR(0, 3),
    PROJID(8, 0);

    private static final Map<String, Attribute> BY_NAME =
            Arrays.stream(values()).collect(Collectors.toUnmodifiableMap(Attribute::registered, Function.identity()));

    private final int length;
    private final int swap;
    private final String registered = "ZPL_" + name();

    Attribute(int length, int swap) {
        this.length = length;
        this.swap = swap;
    }

    /** In bytes; 0 when it varies. */
    int length() {
        return length;
    }

    /** Its entry in the registry: how to swap it, its length, its number. */
    long registration(int number) {
        return (long) length << 24 | (long) swap << 16 | number;
    }

    String registered() {
        return registered;
    }

    static Optional<Attribute> named(String registered) {
        return Optional.ofNullable(BY_NAME.get(registered));
    }
}
