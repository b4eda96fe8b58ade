package zonda.kernel;

/**
 * Numbers and offsets of linux/btrfs.h and linux/btrfs_tree.h, the same on x86-64 and arm64. {@code StorageLayoutTest} holds
 * them against the headers.
 */
final class BtrfsAbi {
    private static final long MAGIC = 0x94;
    private static final long WRITE = 1L << 30;
    private static final long READ = 2L << 30;

    static final long SYNC = MAGIC << 8 | 8;
    static final long TREE_SEARCH_V2 = request(READ | WRITE, 17, 112);
    static final long WAIT_SYNC = request(WRITE, 22, 8);
    static final long SNAP_CREATE_V2 = request(WRITE, 23, 4096);
    static final long SUBVOL_CREATE_V2 = request(WRITE, 24, 4096);
    static final long START_SYNC = request(READ, 24, 8);
    static final long SUBVOL_SETFLAGS = request(WRITE, 26, 8);
    static final long SCRUB = request(READ | WRITE, 27, 1024);
    static final long SCRUB_CANCEL = MAGIC << 8 | 28;
    static final long SCRUB_PROGRESS = request(READ | WRITE, 29, 1024);
    static final long DEV_INFO = request(READ | WRITE, 30, 4096);
    static final long FS_INFO = request(READ, 31, 1024);
    static final long QUOTA_CTL = request(READ | WRITE, 40, 16);
    static final long QGROUP_ASSIGN = request(WRITE, 41, 24);
    static final long QGROUP_CREATE = request(WRITE, 42, 16);
    static final long QGROUP_LIMIT = request(READ, 43, 48);
    static final long GET_DEV_STATS = request(READ | WRITE, 52, 1032);
    static final long GET_SUBVOL_INFO = request(READ, 60, 504);
    static final long SNAP_DESTROY_V2 = request(WRITE, 63, 4096);
    static final long FORGET_DEV = request(WRITE, 5, 4096);

    /** struct btrfs_ioctl_vol_args. */
    static final int VOL_ARGS_SIZE = 4096;

    static final int VOL_ARGS_NAME = 8;

    /** struct btrfs_ioctl_vol_args_v2. */
    static final int VOL_ARGS_V2_SIZE = 4096;

    static final int VOL_ARGS_V2_FD = 0;
    static final int VOL_ARGS_V2_FLAGS = 16;
    static final int VOL_ARGS_V2_INHERIT_SIZE = 24;
    static final int VOL_ARGS_V2_INHERIT = 32;
    static final int VOL_ARGS_V2_NAME = 56;
    static final int VOL_ARGS_V2_SUBVOLID = 56;
    static final int NAME_MAX = 255;
    static final long SUBVOL_RDONLY = 2;
    static final long SUBVOL_QGROUP_INHERIT = 4;
    static final long SUBVOL_SPEC_BY_ID = 16;

    /** struct btrfs_qgroup_inherit. */
    static final int INHERIT_COUNT = 8;

    static final int INHERIT_GROUPS = 72;

    /** struct btrfs_ioctl_get_subvol_info_args. */
    static final int SUBVOL_INFO_SIZE = 504;

    static final int SUBVOL_INFO_ID = 0;
    static final int SUBVOL_INFO_NAME = 8;
    static final int SUBVOL_INFO_PARENT = 264;
    static final int SUBVOL_INFO_GENERATION = 280;
    static final int SUBVOL_INFO_FLAGS = 288;
    static final int SUBVOL_INFO_OTRANSID = 352;

    /** struct btrfs_ioctl_search_key, and struct btrfs_ioctl_search_args_v2 around it. */
    static final int SEARCH_TREE = 0;

    static final int SEARCH_MIN_OBJECT = 8;
    static final int SEARCH_MAX_OBJECT = 16;
    static final int SEARCH_MIN_OFFSET = 24;
    static final int SEARCH_MAX_OFFSET = 32;
    static final int SEARCH_MIN_TRANSACTION = 40;
    static final int SEARCH_MAX_TRANSACTION = 48;
    static final int SEARCH_MIN_TYPE = 56;
    static final int SEARCH_MAX_TYPE = 60;
    static final int SEARCH_ITEMS = 64;
    static final int SEARCH_BUFFER_SIZE = 104;
    static final int SEARCH_BUFFER = 112;

    /** struct btrfs_ioctl_search_header. */
    static final int ITEM_OBJECT = 8;

    static final int ITEM_OFFSET = 16;
    static final int ITEM_TYPE = 24;
    static final int ITEM_LENGTH = 28;
    static final int ITEM_DATA = 32;

    /** struct btrfs_ioctl_fs_info_args. */
    static final int FS_INFO_SIZE = 1024;

    static final int FS_INFO_MAX_ID = 0;
    static final int FS_INFO_DEVICES = 8;
    static final int FS_INFO_UUID = 16;

    /** struct btrfs_ioctl_dev_info_args. */
    static final int DEV_INFO_SIZE = 4096;

    static final int DEV_INFO_ID = 0;
    static final int DEV_INFO_USED = 24;
    static final int DEV_INFO_TOTAL = 32;
    static final int DEV_INFO_PATH = 3072;

    /** struct btrfs_ioctl_scrub_args, and struct btrfs_scrub_progress in it. */
    static final int SCRUB_SIZE = 1024;

    static final int SCRUB_ID = 0;
    static final int SCRUB_START = 8;
    static final int SCRUB_END = 16;
    static final int SCRUB_DATA_BYTES = 48;
    static final int SCRUB_TREE_BYTES = 56;
    static final int SCRUB_READ_ERRORS = 64;
    static final int SCRUB_CHECKSUM_ERRORS = 72;
    static final int SCRUB_VERIFY_ERRORS = 80;
    static final int SCRUB_SUPER_ERRORS = 104;
    static final int SCRUB_UNCORRECTABLE = 120;
    static final int SCRUB_CORRECTED = 128;
    static final int SCRUB_LAST_PHYSICAL = 136;

    /** struct btrfs_ioctl_get_dev_stats. */
    static final int DEV_STATS_SIZE = 1032;

    static final int DEV_STATS_ITEMS = 8;
    static final int DEV_STATS_FLAGS = 16;
    static final long DEV_STATS_VALUES = 5;
    static final long DEV_STATS_RESET = 1;

    /** struct btrfs_ioctl_qgroup_limit_args: the group, then struct btrfs_qgroup_limit. */
    static final int LIMIT_ARGS_FLAGS = 8;

    static final int LIMIT_ARGS_MAX_REFERENCED = 16;
    static final long LIMIT_MAX_REFERENCED = 1;

    /** struct btrfs_qgroup_limit_item and struct btrfs_qgroup_info_item, on disk. */
    static final int LIMIT_ITEM_FLAGS = 0;

    static final int LIMIT_ITEM_MAX_REFERENCED = 8;
    static final int INFO_ITEM_REFERENCED = 8;

    /** BTRFS_QUOTA_CTL_ENABLE_SIMPLE_QUOTA, since Linux 6.7; older headers don't have the name. */
    static final long QUOTA_ENABLE_SIMPLE = 4;

    static final long ROOT_TREE = 1;
    static final long FS_TREE = 5;
    static final long QUOTA_TREE = 8;
    static final long FIRST_FREE_OBJECT = 256;
    static final long LAST_FREE_OBJECT = -256;
    static final int EXTENT_DATA_KEY = 108;
    static final int ROOT_BACKREF_KEY = 144;
    static final long ORPHAN_OBJECT = -5;
    static final int ORPHAN_ITEM_KEY = 48;
    static final int QGROUP_INFO_KEY = 242;
    static final int QGROUP_LIMIT_KEY = 244;
    static final int QGROUP_RELATION_KEY = 246;

    /** struct btrfs_file_extent_item, on disk and packed; the last three are not there when its data is inline. */
    static final int EXTENT_GENERATION = 0;

    static final int EXTENT_RAM_BYTES = 8;

    static final int EXTENT_COMPRESSION = 16;
    static final int EXTENT_TYPE = 20;
    static final int EXTENT_DISK_BYTENR = 21;
    static final int EXTENT_DISK_BYTES = 29;
    static final int EXTENT_BYTES = 45;
    static final int EXTENT_TYPE_INLINE = 0;

    private BtrfsAbi() {}

    private static long request(long direction, int number, int size) {
        return direction | (long) size << 16 | MAGIC << 8 | number;
    }
}
