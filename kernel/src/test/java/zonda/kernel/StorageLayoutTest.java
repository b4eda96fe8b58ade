package zonda.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Numbers and offsets in our code against the kernel's headers: the compiler is asked, nothing runs. */
class StorageLayoutTest {
    private static final List<String> HEADERS = List.of(
            "stddef.h",
            "asm/fcntl.h",
            "linux/btrfs.h",
            "linux/btrfs_tree.h",
            "linux/loop.h",
            "linux/mount.h",
            "asm/unistd.h");

    @Test
    void numbers_and_offsets_are_those_of_the_headers() {
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/gcc")), "needs gcc");
        assumeTrue(Files.exists(Path.of("/usr/include/linux/btrfs_tree.h")), "needs linux-libc-dev's headers");
        var source = new StringBuilder();
        HEADERS.forEach(
                header -> source.append("#if __has_include(<%1$s>)\n#include <%1$s>\n#endif\n".formatted(header)));
        Stream.of(requests(), btrfsOffsets(), healthOffsets(), searchOffsets(), btrfsNumbers(), loop(), mounts())
                .flatMap(List::stream)
                .forEach(fact -> source.append("_Static_assert(%s == %dL, \"%s\");%n"
                        .formatted(
                                fact.expression(),
                                fact.value(),
                                fact.expression().replace("\"", ""))));

        var result = Command.of("gcc", "-x", "c", "-std=gnu11", "-fsyntax-only", "-")
                .input(source.toString())
                .run(Duration.ofSeconds(30));

        assertThat(result.err()).isEmpty();
        assertThat(result.status()).isZero();
    }

    private record Fact(String expression, long value) {}

    private static Fact fact(String expression, long value) {
        return new Fact("(long)(" + expression + ")", value);
    }

    private static Fact offset(String structure, String member, long value) {
        return fact("offsetof(struct " + structure + ", " + member + ")", value);
    }

    private static Fact size(String structure, long value) {
        return fact("sizeof(struct " + structure + ")", value);
    }

    private static List<Fact> requests() {
        return List.of(
                fact("BTRFS_IOC_SYNC", BtrfsAbi.SYNC),
                fact("BTRFS_IOC_TREE_SEARCH_V2", BtrfsAbi.TREE_SEARCH_V2),
                fact("BTRFS_IOC_WAIT_SYNC", BtrfsAbi.WAIT_SYNC),
                fact("BTRFS_IOC_SNAP_CREATE_V2", BtrfsAbi.SNAP_CREATE_V2),
                fact("BTRFS_IOC_SUBVOL_CREATE_V2", BtrfsAbi.SUBVOL_CREATE_V2),
                fact("BTRFS_IOC_START_SYNC", BtrfsAbi.START_SYNC),
                fact("BTRFS_IOC_SUBVOL_SETFLAGS", BtrfsAbi.SUBVOL_SETFLAGS),
                fact("BTRFS_IOC_SCRUB", BtrfsAbi.SCRUB),
                fact("BTRFS_IOC_SCRUB_CANCEL", BtrfsAbi.SCRUB_CANCEL),
                fact("BTRFS_IOC_SCRUB_PROGRESS", BtrfsAbi.SCRUB_PROGRESS),
                fact("BTRFS_IOC_GET_DEV_STATS", BtrfsAbi.GET_DEV_STATS),
                fact("BTRFS_IOC_DEV_INFO", BtrfsAbi.DEV_INFO),
                fact("BTRFS_IOC_FS_INFO", BtrfsAbi.FS_INFO),
                fact("BTRFS_IOC_FORGET_DEV", BtrfsAbi.FORGET_DEV),
                fact("BTRFS_IOC_QUOTA_CTL", BtrfsAbi.QUOTA_CTL),
                fact("BTRFS_IOC_QGROUP_ASSIGN", BtrfsAbi.QGROUP_ASSIGN),
                fact("BTRFS_IOC_QGROUP_CREATE", BtrfsAbi.QGROUP_CREATE),
                fact("BTRFS_IOC_QGROUP_LIMIT", BtrfsAbi.QGROUP_LIMIT),
                fact("BTRFS_IOC_GET_SUBVOL_INFO", BtrfsAbi.GET_SUBVOL_INFO),
                fact("BTRFS_IOC_SNAP_DESTROY_V2", BtrfsAbi.SNAP_DESTROY_V2));
    }

    private static List<Fact> btrfsOffsets() {
        return List.of(
                size("btrfs_ioctl_vol_args", BtrfsAbi.VOL_ARGS_SIZE),
                offset("btrfs_ioctl_vol_args", "name", BtrfsAbi.VOL_ARGS_NAME),
                size("btrfs_ioctl_vol_args_v2", BtrfsAbi.VOL_ARGS_V2_SIZE),
                offset("btrfs_ioctl_vol_args_v2", "fd", BtrfsAbi.VOL_ARGS_V2_FD),
                offset("btrfs_ioctl_vol_args_v2", "flags", BtrfsAbi.VOL_ARGS_V2_FLAGS),
                offset("btrfs_ioctl_vol_args_v2", "size", BtrfsAbi.VOL_ARGS_V2_INHERIT_SIZE),
                offset("btrfs_ioctl_vol_args_v2", "qgroup_inherit", BtrfsAbi.VOL_ARGS_V2_INHERIT),
                offset("btrfs_ioctl_vol_args_v2", "name", BtrfsAbi.VOL_ARGS_V2_NAME),
                offset("btrfs_ioctl_vol_args_v2", "subvolid", BtrfsAbi.VOL_ARGS_V2_SUBVOLID),
                offset("btrfs_qgroup_inherit", "num_qgroups", BtrfsAbi.INHERIT_COUNT),
                size("btrfs_qgroup_inherit", BtrfsAbi.INHERIT_GROUPS),
                size("btrfs_ioctl_get_subvol_info_args", BtrfsAbi.SUBVOL_INFO_SIZE),
                offset("btrfs_ioctl_get_subvol_info_args", "treeid", BtrfsAbi.SUBVOL_INFO_ID),
                offset("btrfs_ioctl_get_subvol_info_args", "name", BtrfsAbi.SUBVOL_INFO_NAME),
                offset("btrfs_ioctl_get_subvol_info_args", "parent_id", BtrfsAbi.SUBVOL_INFO_PARENT),
                offset("btrfs_ioctl_get_subvol_info_args", "generation", BtrfsAbi.SUBVOL_INFO_GENERATION),
                offset("btrfs_ioctl_get_subvol_info_args", "flags", BtrfsAbi.SUBVOL_INFO_FLAGS),
                size("btrfs_ioctl_fs_info_args", BtrfsAbi.FS_INFO_SIZE),
                offset("btrfs_ioctl_fs_info_args", "max_id", BtrfsAbi.FS_INFO_MAX_ID),
                offset("btrfs_ioctl_fs_info_args", "num_devices", BtrfsAbi.FS_INFO_DEVICES),
                offset("btrfs_ioctl_fs_info_args", "fsid", BtrfsAbi.FS_INFO_UUID),
                size("btrfs_ioctl_dev_info_args", BtrfsAbi.DEV_INFO_SIZE),
                offset("btrfs_ioctl_dev_info_args", "devid", BtrfsAbi.DEV_INFO_ID),
                offset("btrfs_ioctl_dev_info_args", "total_bytes", BtrfsAbi.DEV_INFO_TOTAL),
                offset("btrfs_ioctl_dev_info_args", "path", BtrfsAbi.DEV_INFO_PATH),
                offset("btrfs_ioctl_qgroup_limit_args", "lim.flags", BtrfsAbi.LIMIT_ARGS_FLAGS),
                offset("btrfs_ioctl_qgroup_limit_args", "lim.max_rfer", BtrfsAbi.LIMIT_ARGS_MAX_REFERENCED),
                offset("btrfs_qgroup_limit_item", "flags", BtrfsAbi.LIMIT_ITEM_FLAGS),
                offset("btrfs_qgroup_limit_item", "max_rfer", BtrfsAbi.LIMIT_ITEM_MAX_REFERENCED),
                offset("btrfs_qgroup_info_item", "rfer", BtrfsAbi.INFO_ITEM_REFERENCED),
                size("btrfs_root_ref", 18),
                offset("btrfs_root_ref", "dirid", 0),
                offset("btrfs_root_ref", "name_len", 16));
    }

    private static List<Fact> healthOffsets() {
        return List.of(
                size("btrfs_ioctl_scrub_args", BtrfsAbi.SCRUB_SIZE),
                offset("btrfs_ioctl_scrub_args", "devid", BtrfsAbi.SCRUB_ID),
                offset("btrfs_ioctl_scrub_args", "start", BtrfsAbi.SCRUB_START),
                offset("btrfs_ioctl_scrub_args", "end", BtrfsAbi.SCRUB_END),
                offset("btrfs_ioctl_scrub_args", "progress.data_bytes_scrubbed", BtrfsAbi.SCRUB_DATA_BYTES),
                offset("btrfs_ioctl_scrub_args", "progress.tree_bytes_scrubbed", BtrfsAbi.SCRUB_TREE_BYTES),
                offset("btrfs_ioctl_scrub_args", "progress.read_errors", BtrfsAbi.SCRUB_READ_ERRORS),
                offset("btrfs_ioctl_scrub_args", "progress.csum_errors", BtrfsAbi.SCRUB_CHECKSUM_ERRORS),
                offset("btrfs_ioctl_scrub_args", "progress.verify_errors", BtrfsAbi.SCRUB_VERIFY_ERRORS),
                offset("btrfs_ioctl_scrub_args", "progress.super_errors", BtrfsAbi.SCRUB_SUPER_ERRORS),
                offset("btrfs_ioctl_scrub_args", "progress.uncorrectable_errors", BtrfsAbi.SCRUB_UNCORRECTABLE),
                offset("btrfs_ioctl_scrub_args", "progress.corrected_errors", BtrfsAbi.SCRUB_CORRECTED),
                offset("btrfs_ioctl_scrub_args", "progress.last_physical", BtrfsAbi.SCRUB_LAST_PHYSICAL),
                size("btrfs_ioctl_get_dev_stats", BtrfsAbi.DEV_STATS_SIZE),
                offset("btrfs_ioctl_get_dev_stats", "nr_items", BtrfsAbi.DEV_STATS_ITEMS),
                offset("btrfs_ioctl_get_dev_stats", "flags", BtrfsAbi.DEV_STATS_FLAGS),
                fact("BTRFS_DEV_STAT_VALUES_MAX", BtrfsAbi.DEV_STATS_VALUES),
                fact("BTRFS_DEV_STATS_RESET", BtrfsAbi.DEV_STATS_RESET));
    }

    private static List<Fact> searchOffsets() {
        return List.of(
                offset("btrfs_ioctl_search_key", "tree_id", BtrfsAbi.SEARCH_TREE),
                offset("btrfs_ioctl_search_key", "min_objectid", BtrfsAbi.SEARCH_MIN_OBJECT),
                offset("btrfs_ioctl_search_key", "max_objectid", BtrfsAbi.SEARCH_MAX_OBJECT),
                offset("btrfs_ioctl_search_key", "min_offset", BtrfsAbi.SEARCH_MIN_OFFSET),
                offset("btrfs_ioctl_search_key", "max_offset", BtrfsAbi.SEARCH_MAX_OFFSET),
                offset("btrfs_ioctl_search_key", "min_transid", BtrfsAbi.SEARCH_MIN_TRANSACTION),
                offset("btrfs_ioctl_search_key", "max_transid", BtrfsAbi.SEARCH_MAX_TRANSACTION),
                offset("btrfs_ioctl_search_key", "min_type", BtrfsAbi.SEARCH_MIN_TYPE),
                offset("btrfs_ioctl_search_key", "max_type", BtrfsAbi.SEARCH_MAX_TYPE),
                offset("btrfs_ioctl_search_key", "nr_items", BtrfsAbi.SEARCH_ITEMS),
                offset("btrfs_ioctl_search_args_v2", "buf_size", BtrfsAbi.SEARCH_BUFFER_SIZE),
                offset("btrfs_ioctl_search_args_v2", "buf", BtrfsAbi.SEARCH_BUFFER),
                offset("btrfs_ioctl_search_header", "objectid", BtrfsAbi.ITEM_OBJECT),
                offset("btrfs_ioctl_search_header", "offset", BtrfsAbi.ITEM_OFFSET),
                offset("btrfs_ioctl_search_header", "type", BtrfsAbi.ITEM_TYPE),
                offset("btrfs_ioctl_search_header", "len", BtrfsAbi.ITEM_LENGTH),
                size("btrfs_ioctl_search_header", BtrfsAbi.ITEM_DATA));
    }

    private static List<Fact> btrfsNumbers() {
        return List.of(
                fact("BTRFS_VOL_NAME_MAX", BtrfsAbi.NAME_MAX),
                fact("BTRFS_SUBVOL_RDONLY", BtrfsAbi.SUBVOL_RDONLY),
                fact("BTRFS_SUBVOL_QGROUP_INHERIT", BtrfsAbi.SUBVOL_QGROUP_INHERIT),
                fact("BTRFS_SUBVOL_SPEC_BY_ID", BtrfsAbi.SUBVOL_SPEC_BY_ID),
                fact("BTRFS_QGROUP_LIMIT_MAX_RFER", BtrfsAbi.LIMIT_MAX_REFERENCED),
                fact("BTRFS_ROOT_TREE_OBJECTID", BtrfsAbi.ROOT_TREE),
                fact("BTRFS_FS_TREE_OBJECTID", BtrfsAbi.FS_TREE),
                fact("BTRFS_QUOTA_TREE_OBJECTID", BtrfsAbi.QUOTA_TREE),
                fact("BTRFS_FIRST_FREE_OBJECTID", BtrfsAbi.FIRST_FREE_OBJECT),
                fact("BTRFS_LAST_FREE_OBJECTID", BtrfsAbi.LAST_FREE_OBJECT),
                fact("BTRFS_ROOT_BACKREF_KEY", BtrfsAbi.ROOT_BACKREF_KEY),
                fact("BTRFS_ORPHAN_OBJECTID", BtrfsAbi.ORPHAN_OBJECT),
                fact("BTRFS_ORPHAN_ITEM_KEY", BtrfsAbi.ORPHAN_ITEM_KEY),
                fact("BTRFS_QGROUP_INFO_KEY", BtrfsAbi.QGROUP_INFO_KEY),
                fact("BTRFS_QGROUP_LIMIT_KEY", BtrfsAbi.QGROUP_LIMIT_KEY),
                fact("BTRFS_QGROUP_RELATION_KEY", BtrfsAbi.QGROUP_RELATION_KEY));
    }

    private static List<Fact> loop() {
        return List.of(
                fact("LOOP_CONFIGURE", Loop.LOOP_CONFIGURE),
                fact("LOOP_CTL_GET_FREE", Loop.LOOP_CTL_GET_FREE),
                fact("LO_FLAGS_AUTOCLEAR", Loop.LO_FLAGS_AUTOCLEAR),
                fact("LO_FLAGS_DIRECT_IO", Loop.LO_FLAGS_DIRECT_IO),
                size("loop_config", Loop.CONFIG_SIZE),
                offset("loop_config", "fd", Loop.CONFIG_FD),
                offset("loop_config", "info.lo_flags", Loop.CONFIG_FLAGS));
    }

    private static List<Fact> mounts() {
        return List.of(
                fact("MS_RDONLY", Mounts.MS_RDONLY),
                fact("MS_NOSUID", Mounts.MS_NOSUID),
                fact("MS_NODEV", Mounts.MS_NODEV),
                fact("MS_NOEXEC", Mounts.MS_NOEXEC),
                fact("MS_REMOUNT", Mounts.MS_REMOUNT),
                fact("MS_NOATIME", Mounts.MS_NOATIME),
                fact("MS_BIND", Mounts.MS_BIND),
                fact("MS_REC", Mounts.MS_REC),
                fact("MS_PRIVATE", Mounts.MS_PRIVATE),
                fact("MS_SLAVE", Mounts.MS_SLAVE),
                fact("MOUNT_ATTR_RDONLY", Mounts.MOUNT_ATTR_RDONLY),
                fact("MOUNT_ATTR_NOSUID", Mounts.MOUNT_ATTR_NOSUID),
                fact("MOUNT_ATTR_NODEV", Mounts.MOUNT_ATTR_NODEV),
                fact("MOUNT_ATTR_NOEXEC", Mounts.MOUNT_ATTR_NOEXEC),
                fact("MOUNT_ATTR_IDMAP", Mounts.MOUNT_ATTR_IDMAP),
                fact("OPEN_TREE_CLONE", Mounts.OPEN_TREE_CLONE),
                fact("OPEN_TREE_CLOEXEC", Mounts.OPEN_TREE_CLOEXEC),
                fact("MOVE_MOUNT_F_EMPTY_PATH", Mounts.MOVE_MOUNT_F_EMPTY_PATH),
                fact("__NR_open_tree", Mounts.SYS_OPEN_TREE),
                fact("__NR_move_mount", Mounts.SYS_MOVE_MOUNT),
                fact("__NR_mount_setattr", Mounts.SYS_MOUNT_SETATTR),
                size("mount_attr", Mounts.MOUNT_ATTR.byteSize()),
                offset("mount_attr", "attr_clr", 8),
                offset("mount_attr", "userns_fd", 24));
    }
}
