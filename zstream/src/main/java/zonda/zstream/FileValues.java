package zonda.zstream;

import java.time.Instant;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import zonda.kernel.DeviceNumber;
import zonda.kernel.FileName;
import zonda.kernel.FileStat;

/**
 * The attributes of one file as ZFS has them, by their registered names and in the order in which they lie. What the
 * host doesn't know of is taken over from what the file's object had.
 */
final class FileValues {
    /** ZFS_ARCHIVE and ZFS_AV_MODIFIED, as on every file that was written. */
    private static final long FLAGS = 0x0000_0408_0000_0000L;

    private static final long FLAG_IN_ATTRIBUTES = 0x1;
    private static final long FLAG_ACL_TRIVIAL = 0x4;

    private final Map<String, byte[]> old;
    private final Map<String, byte[]> values = new LinkedHashMap<>();

    FileValues(Map<String, byte[]> old) {
        this.old = old;
    }

    /** Numbers that say where a file is in its dataset. @param parent the directory it has a name in */
    record Position(long parent, long links, long size) {}

    /** How the extended attributes of a file are kept. @param directory 0 for none */
    record Kept(long directory, byte[] packed) {
        static final Kept NONE = new Kept(0, new byte[0]);
    }

    Map<String, byte[]> of(FoundFile.Facts facts, Position position, Kept kept) {
        FileStat stat = facts.stat();
        int mode = stat.kind().bits() | stat.mode();
        boolean isSameMode = number(Attribute.MODE).map(value -> value == mode).orElse(false);
        put(Attribute.MODE, mode);
        put(Attribute.SIZE, position.size());
        put(Attribute.GEN, number(Attribute.GEN).orElse(1L));
        put(Attribute.UID, owner(Attribute.UID, stat.uid()));
        put(Attribute.GID, owner(Attribute.GID, stat.gid()));
        put(Attribute.PARENT, position.parent());
        long flags = number(Attribute.FLAGS).orElse(FLAGS | FLAG_ACL_TRIVIAL);
        put(Attribute.FLAGS, isSameMode ? flags : flags | FLAG_ACL_TRIVIAL);
        times(stat.modified());
        put(Attribute.LINKS, position.links());
        if (kept.directory() != 0) {
            put(Attribute.XATTR, kept.directory());
        }
        if (isDevice(stat)) {
            put(Attribute.RDEV, device(facts.device()));
        }
        accessList(stat, isSameMode);
        old.forEach((name, value) -> {
            if (Attribute.named(name).map(this::isCarried).orElse(true)) {
                values.put(name, value);
            }
        });
        facts.symlink().ifPresent(text -> values.put(Attribute.SYMLINK.registered(), FileName.encode(text)));
        if (kept.packed().length > 0) {
            values.put(Attribute.DXATTR.registered(), kept.packed());
        }
        return values;
    }

    /** Of a directory that holds extended attributes, or of one of them. */
    static Map<String, byte[]> ofAttributes(boolean isDirectory, Position position, Instant modified) {
        var made = new FileValues(Map.of());
        int permissions = isDirectory ? 01777 : 0644;
        FileStat.Kind kind = isDirectory ? FileStat.Kind.DIRECTORY : FileStat.Kind.FILE;
        var stat = new FileStat(kind, permissions, 0, 0, position.size(), modified, 1, 0, 0, modified);
        var facts = new FoundFile.Facts(stat, DeviceNumber.NONE, Optional.empty(), Map.of());
        made.of(facts, position, Kept.NONE);
        made.put(Attribute.FLAGS, FLAGS | FLAG_ACL_TRIVIAL | FLAG_IN_ATTRIBUTES);
        return made.values;
    }

    private boolean isCarried(Attribute attribute) {
        return switch (attribute) {
            case PAD, SCANSTAMP, PROJID -> true;
            default -> false;
        };
    }

    private static boolean isDevice(FileStat stat) {
        return stat.kind() == FileStat.Kind.CHARACTER || stat.kind() == FileStat.Kind.BLOCK;
    }

    /** As Linux keeps it, 12 bits of major number above 20 of minor. */
    private static long device(DeviceNumber device) {
        return (long) device.major() << 20 | device.minor() & 0xfffff;
    }

    /** An identity of the sender's is nobody here, and stays what it is as long as it is nobody. */
    private long owner(Attribute attribute, int id) {
        long before = number(attribute).orElse(0L);
        return before >>> 32 != 0 && id == Znode.NOBODY ? before : Integer.toUnsignedLong(id);
    }

    private void times(Instant modified) {
        byte[] time = new byte[16];
        Words.LITTLE.put64(time, 0, modified.getEpochSecond());
        Words.LITTLE.put64(time, 8, modified.getNano());
        values.put(Attribute.ATIME.registered(), old.getOrDefault(Attribute.ATIME.registered(), time));
        values.put(Attribute.MTIME.registered(), time);
        boolean isSame = Arrays.equals(time, old.get(Attribute.MTIME.registered()));
        values.put(Attribute.CTIME.registered(), isSame ? old.getOrDefault(Attribute.CTIME.registered(), time) : time);
        values.put(Attribute.CRTIME.registered(), old.getOrDefault(Attribute.CRTIME.registered(), time));
    }

    private void accessList(FileStat stat, boolean isSameMode) {
        byte[] entries = old.get(Attribute.DACL_ACES.registered());
        byte[] count = old.get(Attribute.DACL_COUNT.registered());
        if (isSameMode && entries != null && count != null) {
            values.put(Attribute.DACL_COUNT.registered(), count);
            values.put(Attribute.DACL_ACES.registered(), entries);
            return;
        }
        AccessList.Packed list = AccessList.of(stat.mode(), stat.isDirectory());
        put(Attribute.DACL_COUNT, list.count());
        values.put(Attribute.DACL_ACES.registered(), list.entries());
    }

    private Optional<Long> number(Attribute attribute) {
        return Optional.ofNullable(old.get(attribute.registered()))
                .filter(value -> value.length >= 8)
                .map(value -> Words.LITTLE.i64(value, 0));
    }

    private void put(Attribute attribute, long number) {
        byte[] value = new byte[8];
        Words.LITTLE.put64(value, 0, number);
        values.put(attribute.registered(), value);
    }
}
