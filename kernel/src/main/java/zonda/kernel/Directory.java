package zonda.kernel;

import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;

/**
 * An open directory, and work on the names in it. A name is one component, never a path, and a symbolic link of that
 * name is never followed: whatever hostile content the directory has, only what is directly in it is touched.
 *
 * <p>Only {@link #resolve} walks further, as if this directory were the root of the filesystem.
 *
 * <p>Any thread may use it; its calls are to local filesystems and run on the caller's thread, so a long series of them
 * belongs onto a platform thread ({@link Blocking}).
 */
public final class Directory implements AutoCloseable {
    private static final int DIRECTORY = Fd.O_RDONLY | Fd.O_DIRECTORY;
    private static final long INSIDE = FileCalls.RESOLVE_IN_ROOT | FileCalls.RESOLVE_NO_MAGICLINKS;

    private final Fd fd;

    private Directory(Fd fd) {
        this.fd = fd;
    }

    /** Opens it by a path that is trusted: symbolic links on the way are followed. @throws KernelException ENOENT, ENOTDIR */
    public static Directory open(Path path) {
        return new Directory(Fd.openDirectory(path));
    }

    /**
     * Opens the directory that the path leads to for a process whose root this directory is: absolute symbolic links
     * start here, and {@code ..} doesn't lead out (openat2(2), RESOLVE_IN_ROOT).
     *
     * @throws KernelException ENOENT, ENOTDIR, ELOOP
     */
    public Directory resolve(String path) {
        return new Directory(open(path, DIRECTORY));
    }

    /** Opens what the path leads to inside, for reading or as O_PATH. */
    Fd open(String path, int flags) {
        return FileCalls.openat2(fd, path.isEmpty() ? "." : path, new FileCalls.OpenHow(flags, 0, INSIDE));
    }

    /** Opens a directory in this one. @throws KernelException ENOTDIR or ELOOP when the name is a symbolic link */
    public Directory child(String name) {
        int flags = DIRECTORY | Fd.O_NOFOLLOW;
        return new Directory(
                FileCalls.openat2(fd, one(name), new FileCalls.OpenHow(flags, 0, FileCalls.RESOLVE_NO_SYMLINKS)));
    }

    /** What is under the name, or empty. */
    public Optional<FileStat> stat(String name) {
        try {
            return Optional.of(FileCalls.stat(fd, one(name)));
        } catch (KernelException e) {
            if (e.is(Errno.ENOENT)) {
                return Optional.empty();
            }
            throw e;
        }
    }

    /** Of this directory itself. */
    public FileStat stat() {
        return FileCalls.stat(fd, "");
    }

    /** All names, in no order. */
    public List<String> names() {
        // A descriptor of its own, since getdents64(2) moves the one it reads.
        try (Directory again = resolve(".")) {
            return FileCalls.names(again.fd);
        }
    }

    /** Makes a directory of mode 0700: {@link #access} sets the wanted one. @throws KernelException EEXIST */
    public void mkdir(String name) {
        FileCalls.mkdir(fd, one(name), 0700);
    }

    /** Makes a file, of mode 0600, for writing. @throws KernelException EEXIST, also for a symbolic link */
    public NewFile create(String name) {
        int flags = Fd.O_WRONLY | Fd.O_CREAT | Fd.O_EXCL | Fd.O_NOFOLLOW;
        return new NewFile(
                FileCalls.openat2(fd, one(name), new FileCalls.OpenHow(flags, 0600, FileCalls.RESOLVE_NO_SYMLINKS)));
    }

    /** Makes a symbolic link with this text, whatever it says. @throws KernelException EEXIST */
    public void symlink(String name, String text) {
        FileCalls.symlink(text, fd, one(name));
    }

    /** Gives the file under the name in another directory (of the same filesystem) a name here. */
    public void link(String name, Directory other, String otherName) {
        FileCalls.link(other.fd, one(otherName), fd, one(name));
    }

    /** Makes a fifo(7) of mode 0600. @throws KernelException EEXIST */
    public void mkfifo(String name) {
        FileCalls.mkfifo(fd, one(name), 0600);
    }

    /**
     * Makes a node of mode 0600: a device, or a fifo or socket, for which the number says nothing.
     *
     * @throws KernelException EEXIST; EPERM for a device where the caller may not make one
     */
    public void mknod(String name, FileStat.Kind kind, DeviceNumber device) {
        FileCalls.mknod(fd, one(name), kind.bits() | 0600, device);
    }

    /** The device that a node stands for. @throws KernelException ENOENT */
    public DeviceNumber device(String name) {
        return FileCalls.device(fd, one(name));
    }

    /** Makes a file, of mode 0600, for reading and writing at offsets. @throws KernelException EEXIST */
    public DataFile createData(String name) {
        return data(name, Fd.O_RDWR | Fd.O_CREAT | Fd.O_EXCL, 0600);
    }

    /** Opens a regular file for reading and writing at offsets. @throws KernelException ENOENT, ELOOP */
    public DataFile openData(String name) {
        return data(name, Fd.O_RDWR, 0);
    }

    /** Opens a regular file for reading at offsets. @throws KernelException ENOENT, ELOOP */
    public DataFile readData(String name) {
        return data(name, Fd.O_RDONLY, 0);
    }

    private DataFile data(String name, int flags, int mode) {
        // O_NONBLOCK: a fifo or device of that name doesn't keep the caller waiting.
        int all = flags | Fd.O_NOFOLLOW | Fd.O_NONBLOCK | Fd.O_NOCTTY;
        return new DataFile(
                FileCalls.openat2(fd, one(name), new FileCalls.OpenHow(all, mode, FileCalls.RESOLVE_NO_SYMLINKS)));
    }

    /** All extended attributes of what is under the name, that of a symbolic link itself included; sorted by name. */
    public SortedMap<String, byte[]> attributes(String name) {
        try (Fd opened = path(name)) {
            return AttributeCalls.all(opened);
        }
    }

    /** All extended attributes of this directory itself. */
    public SortedMap<String, byte[]> attributes() {
        return AttributeCalls.all(fd);
    }

    /** Sets an extended attribute of what is under the name, xattr(7). @throws KernelException EOPNOTSUPP, ENOSPC */
    public void attribute(String name, String attribute, byte[] value) {
        try (Fd opened = path(name)) {
            AttributeCalls.set(opened, attribute, value);
        }
    }

    /** Removes an extended attribute of what is under the name; fine when there is none. */
    public void removeAttribute(String name, String attribute) {
        try (Fd opened = path(name)) {
            AttributeCalls.remove(opened, attribute);
        }
    }

    /** Removes an extended attribute of this directory itself; fine when there is none. */
    public void removeAttribute(String attribute) {
        AttributeCalls.remove(fd, attribute);
    }

    private Fd path(String name) {
        return FileCalls.openat2(fd, one(name), new FileCalls.OpenHow(Fd.O_PATH | Fd.O_NOFOLLOW, 0, 0));
    }

    /** The text of a symbolic link. @throws KernelException EINVAL when it isn't one */
    public String readLink(String name) {
        return FileCalls.readlink(fd, one(name));
    }

    /** Renames within this directory, over what has the new name if that can be replaced by it, rename(2). */
    public void rename(String name, String newName) {
        rename(name, this, newName);
    }

    public void rename(String name, Directory to, String newName) {
        FileCalls.rename(fd, one(name), to.fd, one(newName));
    }

    /** Owner and mode of what is under the name; for a symbolic link the owner only, since it has no mode. */
    public void access(String name, Access access) {
        FileCalls.chown(fd, one(name), access);
        int flags = Fd.O_PATH | Fd.O_NOFOLLOW;
        try (Fd opened = FileCalls.openat2(fd, name, new FileCalls.OpenHow(flags, 0, 0))) {
            if (!FileCalls.stat(opened, "").isSymlink()) {
                FileCalls.chmodPath(opened, access.mode());
            }
        }
    }

    /** Owner of what is under the name, a symbolic link itself included. */
    public void owner(String name, int uid, int gid) {
        FileCalls.chown(fd, one(name), new Access(0, uid, gid));
    }

    /** Owner and mode of this directory itself. */
    public void access(Access access) {
        FileCalls.fchown(fd, access);
        FileCalls.fchmod(fd, access.mode());
    }

    /** Time of modification of what is under the name, a symbolic link itself included. */
    public void modified(String name, Instant time) {
        FileCalls.utimens(fd, one(name), time);
    }

    /** Time of modification of this directory itself. */
    public void modified(Instant time) {
        FileCalls.futimens(fd, time);
    }

    /** An extended attribute of this directory itself, xattr(7). @throws KernelException EOPNOTSUPP, EPERM */
    public void attribute(String name, byte[] value) {
        FileCalls.setxattr(fd, name, value);
    }

    /** Removes a name that isn't a directory's; false when there is none. */
    public boolean unlink(String name) {
        return gone(() -> FileCalls.unlink(fd, one(name)));
    }

    /** Removes an empty directory; false when there is none. @throws KernelException ENOTEMPTY, ENOTDIR */
    public boolean rmdir(String name) {
        return gone(() -> FileCalls.rmdir(fd, one(name)));
    }

    /**
     * Removes the name with all that is below it; false when there is none. Other filesystems mounted below are not
     * entered: their mount point answers EBUSY.
     */
    public boolean deleteTree(String name) {
        Optional<FileStat> found = stat(name);
        if (found.isEmpty()) {
            return false;
        }
        if (!found.get().isDirectory()) {
            return unlink(name);
        }
        try (Directory child = child(name)) {
            if (child.stat().device() == stat().device()) {
                child.names().forEach(child::deleteTree);
            }
        }
        return rmdir(name);
    }

    private static boolean gone(Runnable removal) {
        try {
            removal.run();
            return true;
        } catch (KernelException e) {
            if (e.is(Errno.ENOENT)) {
                return false;
            }
            throw e;
        }
    }

    private static String one(String name) {
        if (name.isEmpty() || ".".equals(name) || "..".equals(name) || name.indexOf('/') >= 0 || name.indexOf(0) >= 0) {
            throw new IllegalArgumentException("not a name in a directory: \"" + FileName.printable(name) + "\"");
        }
        return name;
    }

    @Override
    public void close() {
        fd.close();
    }

    @Override
    public String toString() {
        return fd.toString();
    }
}
