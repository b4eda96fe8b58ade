package zonda.zstream;

/** One record of a stream: dmu_replay_record_t of sys/zfs_ioctl.h. What it carries lies in its reader's payload. */
sealed interface StreamRecord {
    /** Bytes of every record, without what it carries. */
    int SIZE = 312;

    /** Where the checksum of all before it is, in every record but the first. */
    int CHECKSUM = 280;

    long MAGIC = 0x2F5bacbacL;
    int SUBSTREAM = 1;
    int COMPOUND = 2;

    /** Flags of BEGIN: that OBJECT says whether it has a spill block. */
    int FLAG_CLONE = 1;

    int FLAG_FREE_RECORDS = 1 << 2;
    int FLAG_SPILL_BLOCK = 1 << 3;

    /** Flags of OBJECT and SPILL. */
    int OBJECT_SPILL = 1 << 2;

    int SPILL_UNMODIFIED = 1 << 2;

    int T_BEGIN = 0;
    int T_OBJECT = 1;
    int T_FREEOBJECTS = 2;
    int T_WRITE = 3;
    int T_FREE = 4;
    int T_END = 5;
    int T_WRITE_BYREF = 6;
    int T_SPILL = 7;
    int T_WRITE_EMBEDDED = 8;
    int T_OBJECT_RANGE = 9;
    int T_REDACT = 10;

    /** The first of a stream or of a part of it; its payload is a name-value list or nothing. */
    record Begin(int headerType, long features, int type, int flags, StreamNames names) implements StreamRecord {}

    /** Which snapshot it is, and made when. */
    record StreamNames(long toGuid, long fromGuid, String toName, long created) {}

    /** An object's dnode; its payload is the bonus. */
    record Dnode(long object, int type, int bonusType, int blockSize, int bonusLength, int slots, int flags)
            implements StreamRecord {}

    /** Objects that aren't there any more; both numbers are unsigned. */
    record FreeObjects(long first, long count) implements StreamRecord {}

    /** A block of an object; its payload is the content, perhaps compressed. */
    record Write(long object, long offset, int size, int compression, int stored) implements StreamRecord {}

    /** A hole; a length of -1 means up to the end. */
    record Free(long object, long offset, long length) implements StreamRecord {}

    /** The second half of an object's attributes; its payload is that. */
    record Spill(long object, int size, int flags, int compression, int stored) implements StreamRecord {}

    /** A small block; its payload are {@code stored} bytes that are {@code size} ones after decompression. */
    record Embedded(long object, long offset, int length, int compression, int size, int stored)
            implements StreamRecord {}

    /** The end of a stream or of a part of it. @param isFinal it has no checksum: the end of a compound stream */
    record End(boolean isFinal) implements StreamRecord {}
}
