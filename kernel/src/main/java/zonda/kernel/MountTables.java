package zonda.kernel;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;

/**
 * The mounts of one filesystem in all mount namespaces of the host: listmount(2) and statmount(2), Linux 6.8, over the
 * namespaces that NS_MNT_GET_NEXT of ioctl_nsfs(2) lists, Linux 6.12. It asks the kernel once per namespace, where
 * {@code /proc} has to be asked once per process; and of a mount, whose number is never used again, only once what it is.
 *
 * <p>Any thread may call it; calls come one after another.
 */
public final class MountTables {
    static final int SYS_STATMOUNT = 457;
    static final int SYS_LISTMOUNT = 458;
    static final long NS_MNT_GET_INFO = 0x8010B70AL;
    static final long NS_MNT_GET_NEXT = 0x8010B70BL;
    static final long NS_MNT_GET_PREV = 0x8010B70CL;
    /** struct mnt_ns_info of linux/nsfs.h. */
    static final int NS_INFO_SIZE = 16;

    static final int NS_INFO_ID = 8;
    /** struct mnt_id_req of linux/mount.h, with the namespace: MNT_ID_REQ_SIZE_VER1. */
    static final int REQUEST_SIZE = 32;
    /** struct statmount of linux/mount.h, without its strings. */
    static final int STATMOUNT_SIZE = 512;

    static final int STATMOUNT_MAJOR = 16;
    static final int STATMOUNT_MINOR = 20;
    static final int STATMOUNT_ROOT = 104;
    private static final long STATMOUNT_SB_BASIC = 1;
    private static final long STATMOUNT_MNT_ROOT = 8;
    private static final long LSMT_ROOT = -1;
    private static final int BATCH = 512;
    private static final int ROOM = 8192;
    /** Stands for the mounts of other filesystems. */
    private static final String OTHER = "";

    private final String device;
    private final ReentrantLock lock = new ReentrantLock();
    /** By the number of the mount; those of the last look. Guarded by the lock. */
    private Map<Long, String> roots = Map.of();

    /** @param device of the filesystem, {@code major:minor}, as {@link MountInfo#device} has it */
    public MountTables(String device) {
        this.device = device;
    }

    /**
     * How many mounts there are, in all namespaces, whose root in the filesystem is wanted.
     *
     * @throws KernelException ENOTTY, ENOSYS or EINVAL when this kernel can't tell
     */
    public int count(Predicate<String> wantedRoot) {
        lock.lock();
        try (Arena arena = Arena.ofConfined();
                Fd own = Fd.open(Path.of("/proc/thread-self/ns/mnt"), Fd.O_RDONLY, 0)) {
            var look = new Look(arena);
            MemorySegment info = arena.allocate(NS_INFO_SIZE, 8);
            info.set(JAVA_INT, 0, NS_INFO_SIZE);
            Native.ioctl("get information of", own, NS_MNT_GET_INFO, info);
            look.add(info.get(JAVA_LONG, NS_INFO_ID));
            walk(own, NS_MNT_GET_NEXT, look, info);
            walk(own, NS_MNT_GET_PREV, look, info);
            roots = look.found;
            return (int) look.found.values().stream()
                    .filter(root -> !root.equals(OTHER) && wantedRoot.test(root))
                    .count();
        } finally {
            lock.unlock();
        }
    }

    private static void walk(Fd start, long direction, Look look, MemorySegment info) {
        Fd at = start;
        try {
            while (true) {
                Fd from = at;
                at = new Fd(Native.ioctl("get the namespace next to", from, direction, info), "mount namespace");
                if (from != start) {
                    from.close();
                }
                look.add(info.get(JAVA_LONG, NS_INFO_ID));
            }
        } catch (KernelException e) {
            if (!e.is(Errno.ENOENT)) {
                throw e;
            }
        } finally {
            if (at != start) {
                at.close();
            }
        }
    }

    /** One pass over all namespaces. */
    private final class Look {
        private final MemorySegment request;
        private final MemorySegment ids;
        private final MemorySegment answer;
        private final Map<Long, String> found = new HashMap<>();

        Look(Arena arena) {
            request = arena.allocate(REQUEST_SIZE, 8);
            ids = arena.allocate(JAVA_LONG, BATCH);
            answer = arena.allocate(ROOM, 8);
        }

        /** A namespace that ends meanwhile has no mounts. */
        void add(long namespace) {
            long last = 0;
            int count = BATCH;
            while (count == BATCH) {
                ask(LSMT_ROOT, last, namespace);
                try {
                    count = (int) Native.syscall(
                            "listmount",
                            "namespace " + namespace,
                            SYS_LISTMOUNT,
                            request.address(),
                            ids.address(),
                            BATCH,
                            0,
                            0);
                } catch (KernelException e) {
                    if (e.is(Errno.ENOENT)) {
                        return;
                    }
                    throw e;
                }
                for (int i = 0; i < count; i++) {
                    last = ids.getAtIndex(JAVA_LONG, i);
                    String known = roots.get(last);
                    found.put(last, known == null ? root(last, namespace) : known);
                }
            }
        }

        private void ask(long mount, long parameter, long namespace) {
            request.set(JAVA_INT, 0, REQUEST_SIZE);
            request.set(JAVA_LONG, 8, mount);
            request.set(JAVA_LONG, 16, parameter);
            request.set(JAVA_LONG, 24, namespace);
        }

        private String root(long mount, long namespace) {
            ask(mount, STATMOUNT_SB_BASIC | STATMOUNT_MNT_ROOT, namespace);
            try {
                Native.syscall(
                        "statmount", "mount " + mount, SYS_STATMOUNT, request.address(), answer.address(), ROOM, 0, 0);
            } catch (KernelException e) {
                if (e.is(Errno.ENOENT)) {
                    return OTHER;
                }
                throw e;
            }
            String filesystem = answer.get(JAVA_INT, STATMOUNT_MAJOR) + ":" + answer.get(JAVA_INT, STATMOUNT_MINOR);
            return filesystem.equals(device)
                    ? answer.getString(STATMOUNT_SIZE + (long) answer.get(JAVA_INT, STATMOUNT_ROOT))
                    : OTHER;
        }
    }
}
