package zonda.kernel;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.io.ByteArrayOutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The calls that take a directory's descriptor and a name: openat2(2), statx(2), mkdirat(2), unlinkat(2), renameat(2),
 * symlinkat(2), linkat(2), mkfifoat(3), mknodat(2), readlinkat(2), fchmod(2), fchownat(2), utimensat(2), fsetxattr(2), write(2),
 * read(2), getdents64(2).
 *
 * <p>Why not java.nio: it resolves whole paths, follows symbolic links on the way, and can't be told to stay below a
 * directory. These are for local filesystems, where they return soon; they are called on the caller's thread.
 */
final class FileCalls {
    static final int AT_FDCWD = -100;
    static final int AT_SYMLINK_NOFOLLOW = 0x100;
    static final int AT_REMOVEDIR = 0x200;
    static final int AT_EMPTY_PATH = 0x1000;

    /** openat2(2)'s resolve flags, linux/openat2.h, since 5.6. */
    static final long RESOLVE_NO_MAGICLINKS = 0x02;

    static final long RESOLVE_NO_SYMLINKS = 0x04;
    static final long RESOLVE_IN_ROOT = 0x10;

    /** Equal on all architectures. */
    private static final long SYS_OPENAT2 = 437;

    static final StructLayout OPEN_HOW = MemoryLayout.structLayout(
            JAVA_LONG.withName("flags"), JAVA_LONG.withName("mode"), JAVA_LONG.withName("resolve"));

    static final StructLayout TIMESPEC =
            MemoryLayout.structLayout(JAVA_LONG.withName("tv_sec"), JAVA_LONG.withName("tv_nsec"));

    static final StructLayout STATX = MemoryLayout.structLayout(
            JAVA_INT.withName("stx_mask"),
            JAVA_INT.withName("stx_blksize"),
            JAVA_LONG.withName("stx_attributes"),
            JAVA_INT.withName("stx_nlink"),
            JAVA_INT.withName("stx_uid"),
            JAVA_INT.withName("stx_gid"),
            JAVA_SHORT.withName("stx_mode"),
            MemoryLayout.paddingLayout(2),
            JAVA_LONG.withName("stx_ino"),
            JAVA_LONG.withName("stx_size"),
            JAVA_LONG.withName("stx_blocks"),
            JAVA_LONG.withName("stx_attributes_mask"),
            MemoryLayout.paddingLayout(32), // stx_atime, stx_btime
            JAVA_LONG.withName("stx_ctime"),
            JAVA_INT.withName("stx_ctime_nsec"),
            MemoryLayout.paddingLayout(4), // the rest of stx_ctime
            JAVA_LONG.withName("stx_mtime"),
            JAVA_INT.withName("stx_mtime_nsec"),
            MemoryLayout.paddingLayout(4), // the rest of stx_mtime
            JAVA_INT.withName("stx_rdev_major"),
            JAVA_INT.withName("stx_rdev_minor"),
            JAVA_INT.withName("stx_dev_major"),
            JAVA_INT.withName("stx_dev_minor"),
            MemoryLayout.paddingLayout(112));

    // Looked up once: that takes longer than the call.
    private static final long CTIME_AT = at(STATX, "stx_ctime");
    private static final long CTIME_NSEC_AT = at(STATX, "stx_ctime_nsec");
    private static final long DEV_MAJOR_AT = at(STATX, "stx_dev_major");
    private static final long DEV_MINOR_AT = at(STATX, "stx_dev_minor");
    private static final long GID_AT = at(STATX, "stx_gid");
    private static final long INO_AT = at(STATX, "stx_ino");
    private static final long MODE_AT = at(STATX, "stx_mode");
    private static final long MTIME_AT = at(STATX, "stx_mtime");
    private static final long MTIME_NSEC_AT = at(STATX, "stx_mtime_nsec");
    private static final long NLINK_AT = at(STATX, "stx_nlink");
    private static final long RDEV_MAJOR_AT = at(STATX, "stx_rdev_major");
    private static final long RDEV_MINOR_AT = at(STATX, "stx_rdev_minor");
    private static final long SIZE_AT = at(STATX, "stx_size");
    private static final long UID_AT = at(STATX, "stx_uid");

    /** STATX_BASIC_STATS. */
    private static final int BASIC_STATS = 0x7ff;

    private static final int BUFFER = 64 * 1024;

    private static final CFunction STATX_CALL = CFunction.of("statx");
    private static final CFunction MKDIRAT = CFunction.of("mkdirat");
    private static final CFunction MKFIFOAT = CFunction.of("mkfifoat");
    private static final CFunction MKNODAT = CFunction.of("mknodat");
    private static final CFunction UNLINKAT = CFunction.of("unlinkat");
    private static final CFunction FCHMODAT = CFunction.of("fchmodat");
    private static final CFunction RENAMEAT = CFunction.of("renameat");
    private static final CFunction SYMLINKAT = CFunction.of("symlinkat");
    private static final CFunction LINKAT = CFunction.of("linkat");
    private static final CFunction READLINKAT = CFunction.of("readlinkat");
    private static final CFunction FCHOWNAT = CFunction.of("fchownat");
    private static final CFunction FCHMOD = CFunction.of("fchmod");
    private static final CFunction FCHOWN = CFunction.of("fchown");
    private static final CFunction UTIMENSAT = CFunction.of("utimensat");
    private static final CFunction FUTIMENS = CFunction.of("futimens");
    private static final CFunction FSETXATTR = CFunction.of("fsetxattr");
    private static final CFunction WRITE = CFunction.of("write");
    private static final CFunction READ = CFunction.of("read");
    private static final CFunction LSEEK = CFunction.of("lseek");
    private static final CFunction FTRUNCATE = CFunction.of("ftruncate");
    private static final CFunction GETDENTS = CFunction.of("getdents64");

    private FileCalls() {}

    private static MemorySegment text(Arena arena, String name) {
        byte[] bytes = FileName.encode(name);
        MemorySegment text = arena.allocate(bytes.length + 1L);
        MemorySegment.copy(bytes, 0, text, JAVA_BYTE, 0, bytes.length);
        return text;
    }

    private static Object target(Fd directory, String name) {
        return new Target(directory, name);
    }

    /** What a call is about, as text only when someone wants to read it: most calls succeed. */
    private record Target(Fd directory, String name) {
        @Override
        public String toString() {
            return FileName.printable(directory + "/" + name);
        }
    }

    private record Move(Object from, Object to) {
        @Override
        public String toString() {
            return from + " to " + to;
        }
    }

    /** How to open: flags, mode of a new file, and resolve flags. */
    record OpenHow(int flags, int mode, long resolve) {}

    /** openat2(2), since Linux 5.6. With RESOLVE_IN_ROOT a rename elsewhere may make it answer EAGAIN: asked again. */
    static Fd openat2(Fd directory, String path, OpenHow how) {
        Object target = target(directory, path);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment name = text(arena, path);
            MemorySegment request = arena.allocate(OPEN_HOW);
            request.set(JAVA_LONG, 0, how.flags() | Fd.O_CLOEXEC);
            request.set(JAVA_LONG, 8, how.mode());
            request.set(JAVA_LONG, 16, how.resolve());
            for (int attempt = 0; ; attempt++) {
                try {
                    long fd = Native.syscall(
                            "openat2",
                            target,
                            SYS_OPENAT2,
                            directory.number(),
                            name.address(),
                            request.address(),
                            OPEN_HOW.byteSize(),
                            0);
                    return new Fd((int) fd, target);
                } catch (KernelException e) {
                    if (attempt >= 32 || !(e.is(Errno.EAGAIN) || e.is(Errno.EINTR))) {
                        throw e;
                    }
                }
            }
        }
    }

    /** statx(2) of a name, its symbolic link not followed; with an empty name, of the descriptor itself. */
    static FileStat stat(Fd directory, String name) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment path = text(arena, name);
            MemorySegment answer = arena.allocate(STATX);
            int flags = AT_SYMLINK_NOFOLLOW | (name.isEmpty() ? AT_EMPTY_PATH : 0);
            STATX_CALL.call(
                    "statx",
                    target(directory, name),
                    directory.number(),
                    path.address(),
                    flags,
                    BASIC_STATS,
                    answer.address());
            int mode = Short.toUnsignedInt(answer.get(JAVA_SHORT, MODE_AT));
            return new FileStat(
                    FileStat.Kind.of(mode),
                    mode & 07777,
                    answer.get(JAVA_INT, UID_AT),
                    answer.get(JAVA_INT, GID_AT),
                    answer.get(JAVA_LONG, SIZE_AT),
                    Instant.ofEpochSecond(answer.get(JAVA_LONG, MTIME_AT), answer.get(JAVA_INT, MTIME_NSEC_AT)),
                    answer.get(JAVA_INT, NLINK_AT),
                    answer.get(JAVA_LONG, INO_AT),
                    ((long) answer.get(JAVA_INT, DEV_MAJOR_AT) << 32) | answer.get(JAVA_INT, DEV_MINOR_AT),
                    Instant.ofEpochSecond(answer.get(JAVA_LONG, CTIME_AT), answer.get(JAVA_INT, CTIME_NSEC_AT)));
        }
    }

    /** The device that a node stands for; 0:0 for what isn't a device node. */
    static DeviceNumber device(Fd directory, String name) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment path = text(arena, name);
            MemorySegment answer = arena.allocate(STATX);
            STATX_CALL.call(
                    "statx",
                    target(directory, name),
                    directory.number(),
                    path.address(),
                    AT_SYMLINK_NOFOLLOW,
                    BASIC_STATS,
                    answer.address());
            return new DeviceNumber(answer.get(JAVA_INT, RDEV_MAJOR_AT), answer.get(JAVA_INT, RDEV_MINOR_AT));
        }
    }

    static long at(StructLayout layout, String field) {
        return layout.byteOffset(PathElement.groupElement(field));
    }

    static void mkdir(Fd directory, String name, int mode) {
        named("mkdirat", MKDIRAT, directory, name, mode);
    }

    static void mkfifo(Fd directory, String name, int mode) {
        named("mkfifoat", MKFIFOAT, directory, name, mode);
    }

    /** mknodat(2), of a mode with its type; the C library takes the device as makedev(3) makes it. */
    static void mknod(Fd directory, String name, int mode, DeviceNumber device) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment path = text(arena, name);
            MKNODAT.call(
                    "mknodat", target(directory, name), directory.number(), path.address(), mode, device.encoded());
        }
    }

    static void unlink(Fd directory, String name) {
        named("unlinkat", UNLINKAT, directory, name, 0);
    }

    static void rmdir(Fd directory, String name) {
        named("unlinkat", UNLINKAT, directory, name, AT_REMOVEDIR);
    }

    private static void named(String call, CFunction function, Fd directory, String name, int argument) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment path = text(arena, name);
            function.call(call, target(directory, name), directory.number(), path.address(), argument);
        }
    }

    static void rename(Fd from, String name, Fd to, String newName) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment old = text(arena, name);
            MemorySegment fresh = text(arena, newName);
            RENAMEAT.call(
                    "renameat",
                    new Move(target(from, name), target(to, newName)),
                    from.number(),
                    old.address(),
                    to.number(),
                    fresh.address());
        }
    }

    static void symlink(String text, Fd directory, String name) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment value = text(arena, text);
            MemorySegment path = text(arena, name);
            SYMLINKAT.call("symlinkat", target(directory, name), value.address(), directory.number(), path.address());
        }
    }

    /** linkat(2): a symbolic link is linked itself, not what it names. */
    static void link(Fd from, String name, Fd to, String newName) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment old = text(arena, name);
            MemorySegment fresh = text(arena, newName);
            LINKAT.call(
                    "linkat",
                    new Move(target(from, name), target(to, newName)),
                    from.number(),
                    old.address(),
                    to.number(),
                    fresh.address(),
                    0);
        }
    }

    static String readlink(Fd directory, String name) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment path = text(arena, name);
            MemorySegment answer = arena.allocate(4096); // PATH_MAX: no link's text is longer
            long length = READLINKAT.callLong(
                    "readlinkat", target(directory, name), directory.number(), path.address(), answer.address(), 4096L);
            return FileName.decode(answer.asSlice(0, length).toArray(JAVA_BYTE));
        }
    }

    static void chown(Fd directory, String name, Access access) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment path = text(arena, name);
            FCHOWNAT.call(
                    "fchownat",
                    target(directory, name),
                    directory.number(),
                    path.address(),
                    access.uid(),
                    access.gid(),
                    AT_SYMLINK_NOFOLLOW);
        }
    }

    static void fchown(Fd file, Access access) {
        FCHOWN.call("fchown", file, file.number(), access.uid(), access.gid());
    }

    static void fchmod(Fd file, int mode) {
        FCHMOD.call("fchmod", file, file.number(), mode);
    }

    /** Through its entry in proc(5), since fchmod(2) refuses an O_PATH descriptor. */
    static void chmodPath(Fd opened, int mode) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment path = text(arena, opened.procPath().toString());
            FCHMODAT.call("fchmodat", opened, AT_FDCWD, path.address(), mode, 0);
        }
    }

    /** Sets the time of modification, and that of access to the same. */
    static void utimens(Fd directory, String name, Instant modified) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment path = text(arena, name);
            MemorySegment times = times(arena, modified);
            UTIMENSAT.call(
                    "utimensat",
                    target(directory, name),
                    directory.number(),
                    path.address(),
                    times.address(),
                    AT_SYMLINK_NOFOLLOW);
        }
    }

    /** futimens(3): the C library's utimensat(2) refuses to take a descriptor alone. */
    static void futimens(Fd file, Instant modified) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment times = times(arena, modified);
            FUTIMENS.call("futimens", file, file.number(), times.address());
        }
    }

    private static MemorySegment times(Arena arena, Instant modified) {
        MemorySegment times = arena.allocate(TIMESPEC, 2);
        for (int i = 0; i < 4; i += 2) {
            times.setAtIndex(JAVA_LONG, i, modified.getEpochSecond());
            times.setAtIndex(JAVA_LONG, i + 1, modified.getNano());
        }
        return times;
    }

    static void setxattr(Fd file, String name, byte[] value) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment attribute = text(arena, name);
            MemorySegment bytes = arena.allocateFrom(JAVA_BYTE, value);
            FSETXATTR.call(
                    "fsetxattr",
                    file + " " + FileName.printable(name),
                    file.number(),
                    attribute.address(),
                    bytes.address(),
                    value.length,
                    0);
        }
    }

    /** Writes all of it. */
    static void write(Fd file, byte[] bytes, int offset, int length) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment buffer = arena.allocate(Math.max(1, length));
            MemorySegment.copy(bytes, offset, buffer, JAVA_BYTE, 0, length);
            long done = 0;
            while (done < length) {
                MemorySegment rest = buffer.asSlice(done);
                long left = length - done;
                done += WRITE.callLong("write", file, file.number(), rest.address(), left);
            }
        }
    }

    /** Reads to the end. @throws IllegalStateException when there are more bytes than the limit */
    static byte[] readAll(Fd file, int limit) {
        var bytes = new ByteArrayOutputStream();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment buffer = arena.allocate(BUFFER);
            while (true) {
                long got = READ.callLong("read", file, file.number(), buffer.address(), BUFFER);
                if (got == 0) {
                    return bytes.toByteArray();
                }
                bytes.writeBytes(buffer.asSlice(0, got).toArray(JAVA_BYTE));
                if (bytes.size() > limit) {
                    throw new IllegalStateException("read " + file + ": more than " + limit + " bytes");
                }
            }
        }
    }

    /** Moves the place of the next write, and makes the file reach at least to it: what lies between is a hole. */
    static void seek(Fd file, long position) {
        LSEEK.callLong("lseek", file, file.number(), position, 0);
    }

    static void truncate(Fd file, long size) {
        FTRUNCATE.call("ftruncate", file, file.number(), size);
    }

    /** The names in a directory opened for reading, without "." and "..", in the order the filesystem gives. */
    static List<String> names(Fd directory) {
        List<String> names = new ArrayList<>();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment buffer = arena.allocate(BUFFER, 8);
            while (true) {
                long got = GETDENTS.callLong("getdents64", directory, directory.number(), buffer.address(), BUFFER);
                if (got == 0) {
                    return names;
                }
                collectNames(buffer.asSlice(0, got), names);
            }
        }
    }

    /** struct linux_dirent64: u64 inode, s64 offset, u16 length of the record, u8 type, name ended by NUL. */
    private static void collectNames(MemorySegment records, List<String> names) {
        byte[] bytes = records.toArray(JAVA_BYTE);
        int at = 0;
        while (at < bytes.length) {
            int length = Short.toUnsignedInt(records.get(JAVA_SHORT, at + 16L));
            int end = at + 19;
            while (bytes[end] != 0) {
                end++;
            }
            String name = FileName.decode(Arrays.copyOfRange(bytes, at + 19, end));
            if (!".".equals(name) && !"..".equals(name)) {
                names.add(name);
            }
            at += length;
        }
    }
}
