package zonda.images.tar;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import zonda.kernel.Directory;
import zonda.kernel.Errno;
import zonda.kernel.FileStat;
import zonda.kernel.KernelException;
import zonda.kernel.RootDirectory;

/**
 * The directories of a tree that were used last, kept open: members of an archive come directory by directory. Paths
 * are looked up inside the root, so that a path through a symbolic link is known under its own text.
 *
 * <p>Whoever removes a directory or a symbolic link says so by {@link #forget}, since it may be on the way to any of
 * them. What {@link #get} and {@link #make} answer stays open until the next call of either. Confined to its caller.
 */
final class Directories implements AutoCloseable {
    private static final int KEPT = 64;

    private final Directory root;
    private final Map<String, Directory> open = new LinkedHashMap<>(KEPT * 2, 0.75f, true);
    private Optional<Directory> lingering = Optional.empty();

    Directories(Directory root) {
        this.root = root;
    }

    /** @throws KernelException ENOENT, ENOTDIR */
    Directory get(String path) {
        lingering.ifPresent(Directory::close);
        lingering = Optional.empty();
        Directory known = open.get(path);
        if (known == null) {
            known = root.resolve(path);
            if (open.size() >= KEPT) {
                Iterator<Directory> eldest = open.values().iterator();
                eldest.next().close();
                eldest.remove();
            }
            open.put(path, known);
        }
        return known;
    }

    /** As {@link #get}, after it and those on the way to it were made if they are missing. */
    Directory make(String path) {
        try {
            return get(path);
        } catch (KernelException e) {
            if (!e.is(Errno.ENOENT)) {
                throw e;
            }
            RootDirectory.mkdirs(root, path, TreeUnpacker.IMPLIED);
            return get(path);
        }
    }

    /** One that the caller closes. */
    Directory open(String path) {
        return root.resolve(path);
    }

    /** One that the caller closes, if there is such a directory. */
    Optional<Directory> find(String path) {
        try {
            return Optional.of(open(path));
        } catch (KernelException e) {
            if (e.is(Errno.ENOENT) || e.is(Errno.ENOTDIR) || e.is(Errno.ELOOP)) {
                return Optional.empty();
            }
            throw e;
        }
    }

    /** Something was found and will be removed from this directory; that stays open, at least until the next get. */
    void forget(Optional<FileStat> found, Directory from) {
        if (found.isPresent() && (found.get().isDirectory() || found.get().isSymlink())) {
            if (open.values().removeIf(known -> known == from)) {
                lingering = Optional.of(from);
            }
            open.values().forEach(Directory::close);
            open.clear();
        }
    }

    @Override
    public void close() {
        open.values().forEach(Directory::close);
        lingering.ifPresent(Directory::close);
        root.close();
    }
}
