package zonda.kernel;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Mounts: mount(2), umount2(2), open_tree(2), move_mount(2) and mount_setattr(2).
 *
 * <p>All calls act in the mount namespace of the calling thread, and so run on that thread; several can block on a
 * filesystem, and a caller on a virtual thread goes through {@link Blocking}.
 */
public final class Mounts {
    /** mount(2)'s flags, linux/mount.h. */
    public static final long MS_RDONLY = 1;

    public static final long MS_NOSUID = 2;
    public static final long MS_NODEV = 4;
    public static final long MS_NOEXEC = 8;
    public static final long MS_REMOUNT = 32;
    public static final long MS_NOATIME = 1024;
    public static final long MS_BIND = 4096;
    static final long MS_REC = 16384;
    static final long MS_PRIVATE = 1 << 18;
    static final long MS_SLAVE = 1 << 19;

    /** mount_setattr(2)'s attributes, linux/mount.h. */
    public static final long MOUNT_ATTR_RDONLY = 0x1;

    public static final long MOUNT_ATTR_NOSUID = 0x2;
    public static final long MOUNT_ATTR_NODEV = 0x4;
    public static final long MOUNT_ATTR_NOEXEC = 0x8;
    static final long MOUNT_ATTR_IDMAP = 0x100000;

    static final int MNT_DETACH = 2;
    static final int UMOUNT_NOFOLLOW = 8;
    static final int OPEN_TREE_CLONE = 1;
    static final int OPEN_TREE_CLOEXEC = Fd.O_CLOEXEC;
    static final int MOVE_MOUNT_F_EMPTY_PATH = 4;
    static final int MOVE_MOUNT_T_EMPTY_PATH = 0x40;
    static final int AT_FDCWD = -100;
    static final int AT_EMPTY_PATH = 0x1000;
    static final int AT_RECURSIVE = 0x8000;
    static final int SYS_OPEN_TREE = 428;
    static final int SYS_MOVE_MOUNT = 429;
    static final int SYS_MOUNT_SETATTR = 442;

    /** struct mount_attr of linux/mount.h. */
    static final StructLayout MOUNT_ATTR = MemoryLayout.structLayout(
            JAVA_LONG.withName("attr_set"),
            JAVA_LONG.withName("attr_clr"),
            JAVA_LONG.withName("propagation"),
            JAVA_LONG.withName("userns_fd"));

    /** mount(2). */
    private static final CFunction MOUNT = CFunction.of("mount");
    /** umount2(2). */
    private static final CFunction UMOUNT2 = CFunction.of("umount2");

    private Mounts() {}

    /**
     * mount(2) of a filesystem.
     *
     * @param source a device, or any word for a filesystem without one
     * @param flags of {@code MS_*}
     * @param data the filesystem's own options, separated by commas; may be empty
     */
    public static void mount(String source, Path target, String type, long flags, String data) {
        call("mount " + type + " " + source + " on", source, target, type, flags, data);
    }

    /** Makes the tree below one directory, or a file, visible at another; with recursive, its submounts as well. */
    public static void bind(Path source, Path target, boolean recursive) {
        call("bind " + source + " on", source.toString(), target, "", MS_BIND | (recursive ? MS_REC : 0), "");
    }

    /** Changes the flags of one mount, and only of it; flags that aren't given are cleared. */
    public static void remountBind(Path target, long flags) {
        call("remount", "none", target, "", MS_REMOUNT | MS_BIND | flags, "");
    }

    /** Mounts made elsewhere still arrive below this one, and none made below it leave: mount_namespaces(7). */
    public static void makeSlave(Path target, boolean recursive) {
        call("make slave", "none", target, "", MS_SLAVE | (recursive ? MS_REC : 0), "");
    }

    /** Mounts below this one neither arrive nor leave: mount_namespaces(7). */
    public static void makePrivate(Path target, boolean recursive) {
        call("make private", "none", target, "", MS_PRIVATE | (recursive ? MS_REC : 0), "");
    }

    private static void call(String what, String source, Path target, String type, long flags, String data) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment from = arena.allocateFrom(source);
            MemorySegment to = arena.allocateFrom(target.toString());
            MemorySegment kind = arena.allocateFrom(type);
            MemorySegment options = arena.allocateFrom(data);
            MOUNT.call(what, target, from.address(), to.address(), kind.address(), flags, options.address());
        }
    }

    /** umount2(2), never through a symbolic link. @throws KernelException EBUSY while something uses it, EINVAL when
     * nothing is mounted there */
    public static void unmount(Path target) {
        unmount(target, UMOUNT_NOFOLLOW);
    }

    /** Takes the mount out of sight at once; it ends when its last user does. @throws KernelException EINVAL when
     * nothing is mounted there */
    public static void detach(Path target) {
        unmount(target, UMOUNT_NOFOLLOW | MNT_DETACH);
    }

    /** As {@link #detach}; fine when nothing is mounted there, or there is no such place. */
    public static void detachIfMounted(Path target) {
        try {
            detach(target);
        } catch (KernelException e) {
            boolean nothingThere = e.is(Errno.EINVAL) || e.is(Errno.ENOENT);
            if (!nothingThere) {
                throw e;
            }
        }
    }

    private static void unmount(Path target, int flags) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment where = arena.allocateFrom(target.toString());
            UMOUNT2.call("unmount", target, where.address(), flags);
        }
    }

    /** A copy of the mount at the path, attached nowhere: open_tree(2) with OPEN_TREE_CLONE, Linux 5.2. */
    public static Fd openTree(Path path, boolean recursive) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment from = arena.allocateFrom(path.toString());
            long flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | (recursive ? AT_RECURSIVE : 0);
            long fd = Native.syscall("open_tree", path, SYS_OPEN_TREE, AT_FDCWD, from.address(), flags, 0, 0);
            return new Fd((int) fd, "tree of " + path);
        }
    }

    /**
     * Shows the files of a detached mount with the owners that the user namespace maps them to: mount_setattr(2) with
     * MOUNT_ATTR_IDMAP, Linux 5.12, btrfs since 5.15.
     *
     * @throws KernelException EINVAL when the filesystem can't, or the mount is attached or mapped already
     */
    public static void idmap(Fd tree, Fd userNamespace) {
        setAttributes(tree, MOUNT_ATTR_IDMAP, 0, userNamespace.number());
    }

    /** Sets and clears {@code MOUNT_ATTR_*} of one mount, given by its tree: mount_setattr(2). */
    public static void setAttributes(Fd tree, long set, long clear) {
        setAttributes(tree, set, clear, 0);
    }

    private static void setAttributes(Fd tree, long set, long clear, long userNamespace) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment attributes = arena.allocate(MOUNT_ATTR);
            attributes.set(JAVA_LONG, 0, set);
            attributes.set(JAVA_LONG, 8, clear);
            attributes.set(JAVA_LONG, 24, userNamespace);
            Native.syscall(
                    "mount_setattr",
                    tree,
                    SYS_MOUNT_SETATTR,
                    tree.number(),
                    arena.allocateFrom("").address(),
                    AT_EMPTY_PATH,
                    attributes.address(),
                    MOUNT_ATTR.byteSize());
        }
    }

    /** Attaches a detached mount: move_mount(2), Linux 5.2. */
    public static void moveMount(Fd tree, Path to) {
        try (Arena arena = Arena.ofConfined()) {
            Native.syscall(
                    "move_mount " + tree + " to",
                    to,
                    SYS_MOVE_MOUNT,
                    tree.number(),
                    arena.allocateFrom("").address(),
                    AT_FDCWD,
                    arena.allocateFrom(to.toString()).address(),
                    MOVE_MOUNT_F_EMPTY_PATH);
        }
    }

    /** Attaches a detached mount onto a directory or file that is open: no name is looked up any more. */
    public static void moveMount(Fd tree, Fd onto) {
        try (Arena arena = Arena.ofConfined()) {
            long empty = arena.allocateFrom("").address();
            Native.syscall(
                    "move_mount " + tree + " onto",
                    onto,
                    SYS_MOVE_MOUNT,
                    tree.number(),
                    empty,
                    onto.number(),
                    empty,
                    MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
        }
    }

    /** What is mounted in the namespace of the calling thread, in the order of mounting. */
    public static List<MountInfo> list() {
        return read(Path.of("/proc/thread-self/mountinfo"));
    }

    /** What is mounted in the namespace of a process. @throws UncheckedIOException when it has ended */
    public static List<MountInfo> list(long pid) {
        return read(Path.of("/proc/" + pid + "/mountinfo"));
    }

    private static List<MountInfo> read(Path file) {
        try {
            return MountInfo.parse(Files.readString(file));
        } catch (IOException e) {
            throw new UncheckedIOException("read " + file + ": " + e, e);
        }
    }
}
