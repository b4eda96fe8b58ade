package zonda.images.tar;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongConsumer;
import zonda.kernel.Access;
import zonda.kernel.Directory;
import zonda.kernel.Errno;
import zonda.kernel.FileStat;
import zonda.kernel.KernelException;
import zonda.kernel.NewFile;

/**
 * Writes archives into one directory, one over another.
 *
 * <p>A member replaces what has its name, except that a directory stays one. Device nodes are left out: they would work
 * in a zone as far as its device cgroup lets them, and its runtime gives it the ones it may have. So are extended
 * attributes of {@code trusted} and of security modules, which mean something to this host and not to a zone. Times of
 * directories are set at the end, by {@link #finish}.
 *
 * <p>Confined to its caller, who keeps everybody else out of the directory.
 */
public final class TreeUnpacker implements AutoCloseable {
    private static final String WHITEOUT = ".wh.";
    private static final String OPAQUE = ".wh..wh..opq";
    private static final String AUFS = ".wh..wh.";

    /**
     * What was unpacked.
     *
     * @param devices nodes that were left out
     */
    public record Summary(long entries, long bytes, long devices) {}

    private final Directories directories;
    private final FreeSpace space;
    private final byte[] buffer = new byte[256 * 1024];
    private final Map<String, Instant> directoryTimes = new HashMap<>();
    private long entries;
    private long bytes;
    private long devices;

    private TreeUnpacker(Directories directories, FreeSpace space) {
        this.directories = directories;
        this.space = space;
    }

    /** The directory must exist. */
    public static TreeUnpacker into(Path root) throws IOException {
        var space = new FreeSpace(root);
        return new TreeUnpacker(new Directories(Directory.open(root)), space);
    }

    /**
     * Unpacks one archive. A name that begins with {@code .wh.} has no special meaning.
     *
     * @param source compressed or not; it is closed
     * @param written called with the number of bytes of each file as they are written
     * @throws TarException when the archive is damaged, hostile, or lacks its end
     */
    public void archive(InputStream source, LongConsumer written) throws IOException {
        plainArchive(Compression.open(source), written);
    }

    /** As {@link #archive}, of one that is decompressed already. */
    public void plainArchive(InputStream source, LongConsumer written) throws IOException {
        try (var tar = new TarReader(source)) {
            for (var entry = tar.next(); entry.isPresent(); entry = tar.next()) {
                unpack(entry.get(), tar, TarPath.parse(entry.get().name()), written);
            }
            if (!tar.endSeen()) {
                throw new TarException("the archive is cut off: it has no end");
            }
            tar.drain();
        }
    }

    /**
     * Applies one layer of an OCI image over those before it, whiteouts included. An archive without its end is taken
     * for whole, as other programs do: a layer's digest was checked.
     */
    public void layer(InputStream source, LongConsumer written) throws IOException {
        Set<String> ofThisLayer = new HashSet<>();
        try (var tar = new TarReader(Compression.open(source))) {
            for (var entry = tar.next(); entry.isPresent(); entry = tar.next()) {
                TarPath path = TarPath.parse(entry.get().name());
                if (path.name().startsWith(WHITEOUT)) {
                    whiteout(path, ofThisLayer);
                } else {
                    unpack(entry.get(), tar, path, written);
                    for (String at = path.text(); !at.isEmpty() && ofThisLayer.add(at); at = parentOf(at)) {
                        // its directories count as of this layer, too
                    }
                }
            }
        }
    }

    private static String parentOf(String path) {
        return path.substring(0, Math.max(0, path.lastIndexOf('/')));
    }

    /** Sets the times of all directories. */
    public Summary finish() {
        directoryTimes.forEach((path, time) -> {
            try {
                directories.get(path).modified(time);
            } catch (KernelException e) {
                // A later layer took it away, or put something else there.
                if (!e.is(Errno.ENOENT) && !e.is(Errno.ENOTDIR) && !e.is(Errno.ELOOP)) {
                    throw e;
                }
            }
        });
        directoryTimes.clear();
        return new Summary(entries, bytes, devices);
    }

    private void unpack(TarEntry entry, TarReader tar, TarPath path, LongConsumer written) throws IOException {
        entries++;
        space.take(entry.size());
        try {
            switch (entry.kind()) {
                case DIRECTORY -> directory(entry, path);
                case FILE -> file(entry, tar, parent(path), path, written);
                case SYMLINK -> symlink(entry, parent(path), path);
                case HARD_LINK -> hardLink(parent(path), path, TarPath.parse(entry.link()));
                case FIFO -> {
                    Directory parent = parent(path);
                    replacing(parent, path, () -> parent.mkfifo(path.name()));
                    parent.access(path.name(), entry.access());
                    parent.modified(path.name(), entry.modified());
                }
                case CHARACTER, BLOCK -> {
                    remove(parent(path), path.name());
                    devices++;
                }
            }
        } catch (KernelException e) {
            throw new TarException("unpack " + path + ": " + e.getMessage(), e);
        }
    }

    private Directory parent(TarPath path) throws TarException {
        if (path.isRoot()) {
            throw new TarException("the archive has something other than a directory as its root");
        }
        return directories.make(path.parent());
    }

    private void directory(TarEntry entry, TarPath path) throws IOException {
        if (!path.isRoot()) {
            Directory parent = parent(path);
            Optional<KernelException> exists = attempt(() -> parent.mkdir(path.name()));
            if (exists.isPresent()) {
                Optional<FileStat> found = parent.stat(path.name());
                if (!found.map(FileStat::isDirectory).orElse(false)) {
                    remove(parent, path.name());
                    parent.mkdir(path.name());
                }
            }
        }
        Directory made = directories.get(path.text());
        made.access(entry.access());
        for (var attribute : Attributes.ofZone(entry.attributes()).entrySet()) {
            Attributes.set(attribute.getKey(), attribute.getValue(), made::attribute);
        }
        directoryTimes.put(path.text(), entry.modified());
    }

    private void file(TarEntry entry, TarReader tar, Directory parent, TarPath path, LongConsumer written)
            throws IOException {
        try (NewFile file = created(parent, path)) {
            for (TarEntry.Extent extent : TarReader.whole(entry)) {
                if (entry.extents().isPresent()) {
                    file.seek(extent.offset());
                }
                copy(tar, file, extent.length(), written);
            }
            if (entry.extents().isPresent()) {
                file.truncate(entry.size());
            }
            file.access(entry.access());
            for (var attribute : Attributes.ofZone(entry.attributes()).entrySet()) {
                Attributes.set(attribute.getKey(), attribute.getValue(), file::attribute);
            }
            file.modified(entry.modified());
        }
    }

    private void copy(TarReader tar, NewFile file, long length, LongConsumer written) throws IOException {
        for (long left = length; left > 0; ) {
            int got = fill(tar, (int) Math.min(buffer.length, left));
            if (length > buffer.length) {
                space.take(got);
            }
            file.write(buffer, 0, got);
            bytes += got;
            left -= got;
            written.accept(got);
        }
    }

    private int fill(TarReader tar, int wanted) throws IOException {
        int got = 0;
        while (got < wanted) {
            int more = tar.read(buffer, got, wanted - got);
            if (more < 0) {
                throw new TarException("a file has less content than its map says");
            }
            got += more;
        }
        return got;
    }

    private NewFile created(Directory parent, TarPath path) {
        try {
            return parent.create(path.name());
        } catch (KernelException e) {
            if (!e.is(Errno.EEXIST)) {
                throw e;
            }
            remove(parent, path.name());
            return parent.create(path.name());
        }
    }

    private void symlink(TarEntry entry, Directory parent, TarPath path) throws TarException {
        if (entry.link().indexOf(0) >= 0) {
            throw new TarException("the text of a symbolic link has a NUL");
        }
        replacing(parent, path, () -> parent.symlink(path.name(), entry.link()));
        parent.owner(path.name(), entry.access().uid(), entry.access().gid());
        parent.modified(path.name(), entry.modified());
    }

    private void hardLink(Directory parent, TarPath path, TarPath target) throws TarException {
        if (target.isRoot()) {
            throw new TarException("a hard link to the root");
        }
        if (target.text().equals(path.text())) {
            return;
        }
        try (Directory from = directories.open(target.parent())) {
            replacing(parent, path, () -> parent.link(path.name(), from, target.name()));
        }
    }

    /** Makes something; what has the name already is removed first. */
    private void replacing(Directory parent, TarPath path, Runnable make) {
        if (attempt(make).isPresent()) {
            remove(parent, path.name());
            make.run();
        }
    }

    /** The refusal, when it is that something has the name already. */
    private static Optional<KernelException> attempt(Runnable make) {
        try {
            make.run();
            return Optional.empty();
        } catch (KernelException e) {
            if (e.is(Errno.EEXIST)) {
                return Optional.of(e);
            }
            throw e;
        }
    }

    private void remove(Directory parent, String name) {
        directories.forget(parent.stat(name), parent);
        parent.deleteTree(name);
    }

    private void whiteout(TarPath marker, Set<String> ofThisLayer) throws IOException {
        Optional<Directory> found = directories.find(marker.parent());
        if (found.isEmpty() || marker.name().startsWith(AUFS) && !marker.name().equals(OPAQUE)) {
            return;
        }
        try (Directory parent = found.get()) {
            if (marker.name().equals(OPAQUE)) {
                prune(parent, marker.parent(), ofThisLayer);
                return;
            }
            String hidden = marker.name().substring(WHITEOUT.length());
            if (hidden.isEmpty() || ".".equals(hidden) || "..".equals(hidden)) {
                throw new TarException("a whiteout of \"" + hidden + "\" in the directory /" + marker.parent());
            }
            hide(parent, marker.parent().isEmpty() ? hidden : marker.parent() + "/" + hidden, hidden, ofThisLayer);
        } catch (KernelException e) {
            throw new TarException("apply the whiteout " + marker + ": " + e.getMessage(), e);
        }
    }

    /** Removes what is in the directory and isn't of this layer. */
    private void prune(Directory directory, String path, Set<String> ofThisLayer) {
        for (String name : directory.names()) {
            hide(directory, path.isEmpty() ? name : path + "/" + name, name, ofThisLayer);
        }
    }

    private void hide(Directory parent, String path, String name, Set<String> ofThisLayer) {
        if (!ofThisLayer.contains(path)) {
            remove(parent, name);
        } else if (parent.stat(name).map(FileStat::isDirectory).orElse(false)) {
            try (Directory child = parent.child(name)) {
                prune(child, path, ofThisLayer);
            }
        }
    }

    /** Directories missing from an archive are made with this. */
    static final Access IMPLIED = Access.root(0755);

    @Override
    public void close() {
        directories.close();
    }
}
