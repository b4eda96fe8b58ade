package zonda.zstream;

import java.time.Instant;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import zonda.kernel.Access;
import zonda.kernel.DeviceNumber;
import zonda.kernel.FileName;
import zonda.kernel.FileStat;

/**
 * What a filesystem says of one of its files.
 *
 * @param uid a number of 32 bits, or with something above them an identity of Windows that only the sender knows
 * @param attributeDirectory the object whose entries are its extended attributes; 0 when there is none
 * @param packedAttributes an nvlist of further ones; empty when there are none
 * @param isAclTrivial its access control list says no more than its mode
 */
record Znode(
        FileStat.Kind kind,
        int mode,
        long uid,
        long gid,
        long size,
        long device,
        Instant modified,
        long attributeDirectory,
        Optional<String> symlink,
        NvList packedAttributes,
        boolean isAclTrivial) {

    /** Of nothing. */
    static final Znode NONE =
            new Znode(FileStat.Kind.FILE, 0, 0, 0, 0, 0, Instant.EPOCH, 0, Optional.empty(), NvList.EMPTY, true);

    /** Whom files of unknown owners belong to, as id-mapped ones do in Linux. */
    static final int NOBODY = 65534;

    private static final int ZNODE_SIZE = 264;
    private static final int ACL_TRIVIAL = 0x4;
    private static final int TYPE_MASK = 0170000;

    static Znode of(StoredObject object, AttributeSchema schema) {
        return switch (object.bonusType()) {
            case StoredObject.SA -> ofAttributes(object, schema.values(object));
            case StoredObject.ZNODE -> ofZnode(object);
            default ->
                throw StreamException.of(
                        object.id(),
                        "it is in a directory and is no file: its bonus has the type " + object.bonusType());
        };
    }

    private static Znode ofAttributes(StoredObject object, Map<String, byte[]> values) {
        byte[] time = values.getOrDefault(Attribute.MTIME.registered(), new byte[16]);
        long mode = number(values, Attribute.MODE);
        byte[] packed = values.getOrDefault(Attribute.DXATTR.registered(), new byte[0]);
        return new Znode(
                kind(object, mode),
                (int) mode & 07777,
                number(values, Attribute.UID),
                number(values, Attribute.GID),
                size(object, number(values, Attribute.SIZE)),
                number(values, Attribute.RDEV),
                time(object, Words.LITTLE.i64(time, 0), Words.LITTLE.i64(time, 8)),
                number(values, Attribute.XATTR),
                Optional.ofNullable(values.get(Attribute.SYMLINK.registered())).map(FileName::decode),
                packed.length == 0 ? NvList.EMPTY : NvCodec.decode(packed, packed.length),
                (number(values, Attribute.FLAGS) & ACL_TRIVIAL) != 0);
    }

    private static long number(Map<String, byte[]> values, Attribute attribute) {
        byte[] value = values.get(attribute.registered());
        return value == null || value.length < 8 ? 0 : Words.LITTLE.i64(value, 0);
    }

    /** znode_phys_t of filesystems up to version 4, sys/zfs_znode.h. */
    private static Znode ofZnode(StoredObject object) {
        byte[] bonus = object.bonus();
        if (bonus.length < ZNODE_SIZE) {
            throw StreamException.of(
                    object.id(), "its attributes have " + bonus.length + " bytes, and should have " + ZNODE_SIZE);
        }
        Words words = Words.LITTLE;
        long mode = words.i64(bonus, 72);
        long size = size(object, words.i64(bonus, 80));
        FileStat.Kind kind = kind(object, mode);
        boolean isTextHere = kind == FileStat.Kind.SYMLINK && size <= bonus.length - ZNODE_SIZE;
        return new Znode(
                kind,
                (int) mode & 07777,
                words.i64(bonus, 128),
                words.i64(bonus, 136),
                size,
                words.i64(bonus, 112),
                time(object, words.i64(bonus, 16), words.i64(bonus, 24)),
                words.i64(bonus, 104),
                isTextHere
                        ? Optional.of(FileName.decode(Arrays.copyOfRange(bonus, ZNODE_SIZE, ZNODE_SIZE + (int) size)))
                        : Optional.empty(),
                NvList.EMPTY,
                (words.i64(bonus, 120) & ACL_TRIVIAL) != 0);
    }

    private static FileStat.Kind kind(StoredObject object, long mode) {
        for (FileStat.Kind kind : FileStat.Kind.values()) {
            if ((mode & TYPE_MASK) == kind.bits()) {
                boolean isDirectory = kind == FileStat.Kind.DIRECTORY;
                if (isDirectory != (object.type() == StoredObject.DIRECTORY)) {
                    throw StreamException.of(
                            object.id(), "its mode and its type don't agree on whether it is a directory");
                }
                return kind;
            }
        }
        throw StreamException.of(object.id(), "its mode 0" + Long.toOctalString(mode) + " is that of no kind of file");
    }

    private static long size(StoredObject object, long size) {
        if (size < 0) {
            throw StreamException.of(object.id(), "it has the absurd size " + Long.toUnsignedString(size));
        }
        return size;
    }

    private static Instant time(StoredObject object, long seconds, long nanoseconds) {
        if (nanoseconds < 0 || nanoseconds >= 1_000_000_000 || seconds > 1L << 36 || seconds < -(1L << 36)) {
            throw StreamException.of(object.id(), "it was changed at the absurd time " + seconds + "." + nanoseconds);
        }
        return Instant.ofEpochSecond(seconds, nanoseconds);
    }

    /** Whether all is equal but where and what its extended attributes are. */
    boolean isLike(Znode other) {
        return kind == other.kind
                && mode == other.mode
                && uid == other.uid
                && gid == other.gid
                && (isDirectory() || size == other.size)
                && device == other.device
                && modified.equals(other.modified)
                && symlink.equals(other.symlink)
                && isAclTrivial == other.isAclTrivial;
    }

    boolean isDirectory() {
        return kind == FileStat.Kind.DIRECTORY;
    }

    boolean isFile() {
        return kind == FileStat.Kind.FILE;
    }

    /** Whether what it is is one number only, kept in its name. */
    boolean isDevice() {
        return kind == FileStat.Kind.CHARACTER || kind == FileStat.Kind.BLOCK;
    }

    boolean isOwnerKnown() {
        return uid >>> 32 == 0 && gid >>> 32 == 0;
    }

    Access access() {
        return new Access(mode, id(uid), id(gid));
    }

    private static int id(long number) {
        return number >>> 32 == 0 ? (int) number : NOBODY;
    }

    boolean hasAttributes() {
        return attributeDirectory != 0 || !packedAttributes.members().isEmpty();
    }

    /** illumos has 32 bits of major number above 32 of minor, Linux 12 above 20. */
    DeviceNumber deviceNumber() {
        long high = device >>> 32;
        return high != 0
                ? new DeviceNumber((int) high, (int) device)
                : new DeviceNumber((int) (device >>> 20), (int) (device & 0xfffff));
    }
}
