package zonda.kernel;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.stream.LongStream;

/**
 * What btrfs does through ioctl(2): subvolumes, snapshots, quota groups, durability; btrfs(5), linux/btrfs.h.
 *
 * <p>A descriptor given as {@code in} or {@code any} is open on any directory of the filesystem unless said otherwise.
 * Snapshots and waits take as long as a commit of the filesystem, milliseconds to seconds: callers on virtual threads go
 * through {@link Blocking}. Why FFM: btrfs-progs has no library that Debian 12 and the kernels we want agree on, and a
 * process per call costs twenty times the call.
 */
public final class Btrfs {
    /** Quota groups of level 1 are these bits and 48 bits of the caller's choice: {@code 1/n}. */
    private static final long LEVEL_1 = 1L << 48;

    private Btrfs() {}

    /**
     * A subvolume.
     *
     * @param id never used again for another one
     * @param parent the subvolume it lies in; 5 is the filesystem's top
     * @param generation the commit of its last change
     * @param made the commit that it was made in
     */
    public record Subvolume(long id, long parent, String name, long generation, boolean readOnly, long made) {}

    /** A whole filesystem. */
    public record Filesystem(UUID uuid, long devices, long highestDeviceId) {}

    /**
     * One device of a filesystem; no path when it is missing.
     *
     * @param allotted bytes that chunks of data, metadata and the system have, full or not
     */
    public record Device(long id, Optional<String> path, long totalBytes, long allotted) {}

    /** The id of the group {@code 1/number}; only the number's low 48 bits count. */
    public static long levelOneGroup(long number) {
        return LEVEL_1 | (number & (LEVEL_1 - 1));
    }

    /**
     * Makes an empty subvolume, charged to the groups. Not durable until the next commit.
     *
     * @throws KernelException EEXIST when the name is taken
     */
    public static void createSubvolume(Fd in, String name, List<Long> groups) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment arguments = named(arena, name);
            inherit(arena, arguments, groups, 0);
            Native.ioctl("create subvolume " + name + " in", in, BtrfsAbi.SUBVOL_CREATE_V2, arguments);
        }
    }

    /** What a snapshot shall be: its name in the directory, whether it can be written, the groups it is charged to. */
    public record SnapshotOptions(String name, boolean readOnly, List<Long> groups) {
        public SnapshotOptions {
            groups = List.copyOf(groups);
        }
    }

    /**
     * Makes a snapshot of the subvolume that source is open on, in a directory. Durable when it returns, with all that
     * changed before the call: the kernel commits. It holds the directory's lock while it does, so snapshots in one
     * directory follow each other, and those in several share a commit.
     *
     * @throws KernelException EEXIST when the name is taken
     */
    public static void snapshot(Fd source, Fd in, SnapshotOptions options) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment arguments = named(arena, options.name());
            arguments.set(JAVA_LONG, BtrfsAbi.VOL_ARGS_V2_FD, source.number());
            inherit(arena, arguments, options.groups(), options.readOnly() ? BtrfsAbi.SUBVOL_RDONLY : 0);
            Native.ioctl(
                    "snapshot " + source + " as " + options.name() + " in", in, BtrfsAbi.SNAP_CREATE_V2, arguments);
        }
    }

    /**
     * Removes a subvolume by its name in the directory; the kernel frees its space later. Not durable until the next
     * commit.
     *
     * @throws KernelException ENOENT when there is none, ENOTEMPTY while other subvolumes lie in it
     */
    public static void destroySubvolume(Fd in, String name) {
        try (Arena arena = Arena.ofConfined()) {
            Native.ioctl("destroy subvolume " + name + " in", in, BtrfsAbi.SNAP_DESTROY_V2, named(arena, name));
        }
    }

    /** Removes a subvolume by its id, as {@link #destroySubvolume(Fd, String)}; top is open on the filesystem's top. */
    public static void destroySubvolume(Fd top, long id) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment arguments = arena.allocate(BtrfsAbi.VOL_ARGS_V2_SIZE, 8);
            arguments.set(JAVA_LONG, BtrfsAbi.VOL_ARGS_V2_FLAGS, BtrfsAbi.SUBVOL_SPEC_BY_ID);
            arguments.set(JAVA_LONG, BtrfsAbi.VOL_ARGS_V2_SUBVOLID, id);
            Native.ioctl("destroy subvolume " + id + " in", top, BtrfsAbi.SNAP_DESTROY_V2, arguments);
        }
    }

    /** The subvolume that the descriptor is open in. */
    public static Subvolume subvolume(Fd in) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment info = arena.allocate(BtrfsAbi.SUBVOL_INFO_SIZE, 8);
            Native.ioctl("get subvolume of", in, BtrfsAbi.GET_SUBVOL_INFO, info);
            return new Subvolume(
                    info.get(JAVA_LONG, BtrfsAbi.SUBVOL_INFO_ID),
                    info.get(JAVA_LONG, BtrfsAbi.SUBVOL_INFO_PARENT),
                    info.getString(BtrfsAbi.SUBVOL_INFO_NAME, StandardCharsets.UTF_8),
                    info.get(JAVA_LONG, BtrfsAbi.SUBVOL_INFO_GENERATION),
                    (info.get(JAVA_LONG, BtrfsAbi.SUBVOL_INFO_FLAGS) & 1) != 0,
                    info.get(JAVA_LONG, BtrfsAbi.SUBVOL_INFO_OTRANSID));
        }
    }

    /** Makes the subvolume that root is open on, at its top directory, read-only or writable. */
    public static void setReadOnly(Fd root, boolean readOnly) {
        withLong("set flags of", root, BtrfsAbi.SUBVOL_SETFLAGS, readOnly ? BtrfsAbi.SUBVOL_RDONLY : 0);
    }

    /** Makes everything that calls have changed so far durable; concurrent callers share a commit. */
    public static void sync(Fd any) {
        long transaction = withLong("start sync of", any, BtrfsAbi.START_SYNC, 0);
        withLong("wait for sync of", any, BtrfsAbi.WAIT_SYNC, transaction);
    }

    /** What the filesystem says of itself. */
    public static Filesystem filesystem(Fd any) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment info = arena.allocate(BtrfsAbi.FS_INFO_SIZE, 8);
            Native.ioctl("get filesystem of", any, BtrfsAbi.FS_INFO, info);
            var bytes = info.asSlice(BtrfsAbi.FS_INFO_UUID, 16).asByteBuffer().order(java.nio.ByteOrder.BIG_ENDIAN);
            return new Filesystem(
                    new UUID(bytes.getLong(), bytes.getLong()),
                    info.get(JAVA_LONG, BtrfsAbi.FS_INFO_DEVICES),
                    info.get(JAVA_LONG, BtrfsAbi.FS_INFO_MAX_ID));
        }
    }

    /** All devices of the filesystem, missing ones too. Ids are never used again, so some may be missing among them. */
    public static List<Device> devices(Fd any) {
        return LongStream.rangeClosed(1, filesystem(any).highestDeviceId())
                .mapToObj(id -> device(any, id))
                .flatMap(Optional::stream)
                .toList();
    }

    /** One device of the filesystem, or empty when there is none of this id. */
    public static Optional<Device> device(Fd any, long id) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment info = arena.allocate(BtrfsAbi.DEV_INFO_SIZE, 8);
            info.set(JAVA_LONG, BtrfsAbi.DEV_INFO_ID, id);
            Native.ioctl("get device " + id + " of", any, BtrfsAbi.DEV_INFO, info);
            String path = info.getString(BtrfsAbi.DEV_INFO_PATH, StandardCharsets.UTF_8);
            boolean missing = path.isEmpty() || path.equals("<missing disk>");
            return Optional.of(new Device(
                    info.get(JAVA_LONG, BtrfsAbi.DEV_INFO_ID),
                    missing ? Optional.empty() : Optional.of(path),
                    info.get(JAVA_LONG, BtrfsAbi.DEV_INFO_TOTAL),
                    info.get(JAVA_LONG, BtrfsAbi.DEV_INFO_USED)));
        } catch (KernelException e) {
            if (e.is(Errno.ENODEV)) {
                return Optional.empty();
            }
            throw e;
        }
    }

    /** Makes the kernel forget a device of a filesystem that isn't mounted, so that a mount doesn't take it in. */
    public static void forgetDevice(Fd control, String device) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment arguments = arena.allocate(BtrfsAbi.VOL_ARGS_SIZE, 8);
            arguments.setString(BtrfsAbi.VOL_ARGS_NAME, device);
            Native.ioctl("forget device " + device + " by", control, BtrfsAbi.FORGET_DEV, arguments);
        }
    }

    /**
     * Switches simple quotas on: each extent is charged to the subvolume that wrote it, and to that one's groups. What
     * was written before is never charged, so do it on an empty filesystem. Linux 6.7.
     */
    public static void enableSimpleQuota(Fd any) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment arguments = arena.allocate(16, 8);
            arguments.set(JAVA_LONG, 0, BtrfsAbi.QUOTA_ENABLE_SIMPLE);
            Native.ioctl("enable simple quota of", any, BtrfsAbi.QUOTA_CTL, arguments);
        }
    }

    /** Makes a group. @throws KernelException EEXIST when there is one of this id */
    public static void createGroup(Fd any, long group) {
        group("create quota group", any, group, 1);
    }

    /** Removes a group. @throws KernelException EBUSY while it has members or usage, ENOENT when there is none */
    public static void destroyGroup(Fd any, long group) {
        group("destroy quota group", any, group, 0);
    }

    private static void group(String what, Fd any, long group, long create) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment arguments = arena.allocate(16, 8);
            arguments.set(JAVA_LONG, 0, create);
            arguments.set(JAVA_LONG, 8, group);
            Native.ioctl(what + " " + groupName(group) + " in", any, BtrfsAbi.QGROUP_CREATE, arguments);
        }
    }

    /** Charges a group, with all its usage so far, to one of a higher level. @throws KernelException EEXIST when it is */
    public static void assign(Fd any, long member, long group) {
        assignment("charge", any, member, group, 1);
    }

    /** Takes a group, with its usage, out of another. @throws KernelException ENOENT when it isn't in it */
    public static void unassign(Fd any, long member, long group) {
        assignment("stop charging", any, member, group, 0);
    }

    private static void assignment(String what, Fd any, long member, long group, long assign) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment arguments = arena.allocate(24, 8);
            arguments.set(JAVA_LONG, 0, assign);
            arguments.set(JAVA_LONG, 8, member);
            arguments.set(JAVA_LONG, 16, group);
            String call = what + " " + groupName(member) + " to " + groupName(group) + " in";
            Native.ioctl(call, any, BtrfsAbi.QGROUP_ASSIGN, arguments);
        }
    }

    /** Limits what may be charged to a group, at once; empty takes the limit away. */
    public static void limit(Fd any, long group, OptionalLong bytes) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment arguments = arena.allocate(48, 8);
            arguments.set(JAVA_LONG, 0, group);
            arguments.set(JAVA_LONG, BtrfsAbi.LIMIT_ARGS_FLAGS, BtrfsAbi.LIMIT_MAX_REFERENCED);
            // The kernel takes -1 for "clear this limit" (fs/btrfs/qgroup.c, CLEAR_VALUE).
            arguments.set(JAVA_LONG, BtrfsAbi.LIMIT_ARGS_MAX_REFERENCED, bytes.orElse(-1));
            Native.ioctl("limit quota group " + groupName(group) + " in", any, BtrfsAbi.QGROUP_LIMIT, arguments);
        }
    }

    /** As btrfs-qgroup(8) writes it: level, slash, number. */
    public static String groupName(long group) {
        return (group >>> 48) + "/" + (group & (LEVEL_1 - 1));
    }

    private static MemorySegment named(Arena arena, String name) {
        byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
        if (bytes.length == 0 || bytes.length > BtrfsAbi.NAME_MAX) {
            throw new IllegalArgumentException("not a name for a subvolume: \"" + name + "\"");
        }
        MemorySegment arguments = arena.allocate(BtrfsAbi.VOL_ARGS_V2_SIZE, 8);
        arguments.setString(BtrfsAbi.VOL_ARGS_V2_NAME, name);
        return arguments;
    }

    private static void inherit(Arena arena, MemorySegment arguments, List<Long> groups, long flags) {
        if (groups.isEmpty()) {
            arguments.set(JAVA_LONG, BtrfsAbi.VOL_ARGS_V2_FLAGS, flags);
            return;
        }
        MemorySegment inherit = arena.allocate(BtrfsAbi.INHERIT_GROUPS + 8L * groups.size(), 8);
        inherit.set(JAVA_LONG, BtrfsAbi.INHERIT_COUNT, groups.size());
        for (int i = 0; i < groups.size(); i++) {
            inherit.set(JAVA_LONG, BtrfsAbi.INHERIT_GROUPS + 8L * i, groups.get(i));
        }
        arguments.set(JAVA_LONG, BtrfsAbi.VOL_ARGS_V2_FLAGS, flags | BtrfsAbi.SUBVOL_QGROUP_INHERIT);
        arguments.set(JAVA_LONG, BtrfsAbi.VOL_ARGS_V2_INHERIT_SIZE, inherit.byteSize());
        arguments.set(JAVA_LONG, BtrfsAbi.VOL_ARGS_V2_INHERIT, inherit.address());
    }

    private static long withLong(String call, Fd fd, long request, long value) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment argument = arena.allocate(JAVA_LONG);
            argument.set(JAVA_LONG, 0, value);
            Native.ioctl(call, fd, request, argument);
            return argument.get(JAVA_LONG, 0);
        }
    }
}
