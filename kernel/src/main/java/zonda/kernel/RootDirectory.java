package zonda.kernel;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * The root filesystem of a zone or an image, which nobody trusts, for reading and writing small files in it.
 *
 * <p>Every path is looked up as by a process that is chrooted there (openat2(2) with RESOLVE_IN_ROOT): an absolute
 * symbolic link starts at this root, {@code ..} stops at it, and nothing outside is ever opened, not even while a
 * running zone moves its directories about. A leading slash makes no difference. What acts on a name itself ({@link
 * #write}, {@link #delete}, {@link #rename}, {@link #symlink}, {@link #stat}, {@link #readLink}) doesn't follow a
 * symbolic link in the last place; what reads does.
 *
 * <p>Any thread may use it.
 */
public final class RootDirectory implements AutoCloseable {
    /** Larger files than any that a zone's runtime has a reason to read. */
    private static final int READ_LIMIT = 16 << 20;

    /** As path_resolution(7) has it. */
    private static final int SYMLINK_LIMIT = 40;

    private final Directory root;

    private RootDirectory(Directory root) {
        this.root = root;
    }

    /** @throws KernelException ENOENT, ENOTDIR */
    public static RootDirectory open(Path path) {
        return new RootDirectory(Directory.open(path));
    }

    /** The text of a file, as UTF-8; empty when nothing is there. */
    public Optional<String> readString(String path) {
        return read(path).map(bytes -> new String(bytes, StandardCharsets.UTF_8));
    }

    /**
     * The content of a regular file; empty when nothing is there, or only a symbolic link that leads nowhere.
     *
     * @throws IllegalStateException when it isn't a regular file, or has more than 16 MiB
     */
    public Optional<byte[]> read(String path) {
        // First as O_PATH: opening a fifo or a device for reading would wait, or do something.
        try (Fd found = root.open(inside(path), Fd.O_PATH)) {
            FileStat stat = FileCalls.stat(found, "");
            if (!stat.isFile()) {
                throw new IllegalStateException(
                        "read " + path + " in " + root + ": not a regular file but " + stat.kind());
            }
            try (Fd file = Fd.open(found.procPath(), Fd.O_RDONLY | Fd.O_NONBLOCK | Fd.O_NOCTTY, 0)) {
                return Optional.of(FileCalls.readAll(file, READ_LIMIT));
            }
        } catch (KernelException e) {
            if (isAbsence(e)) {
                return Optional.empty();
            }
            throw e;
        }
    }

    /**
     * Makes or replaces a file: a reader finds the old content or all of it. A symbolic link of that name is replaced,
     * not followed. Its directory must be there.
     *
     * @throws KernelException EISDIR, ENOENT for its directory, ENOSPC, EDQUOT
     */
    public void write(String path, byte[] content, Access access) {
        try (Place place = place(path)) {
            String temporary = ".zonda-" + UUID.randomUUID();
            try {
                try (NewFile file = place.directory().create(temporary)) {
                    file.write(content);
                    file.access(access);
                }
                place.directory().rename(temporary, place.name());
            } catch (RuntimeException e) {
                place.directory().unlink(temporary);
                throw e;
            }
        }
    }

    public void write(String path, String content, Access access) {
        write(path, content.getBytes(StandardCharsets.UTF_8), access);
    }

    /** As {@link #write}; directories missing on the way are made, of root and mode 0755. */
    public void writeWithParents(String path, String content, Access access) {
        int slash = trimmed(path).lastIndexOf('/');
        if (slash > 0) {
            mkdirs(trimmed(path).substring(0, slash), Access.root(0755));
        }
        write(path, content, access);
    }

    /** Whether the path leads to something; a symbolic link that leads nowhere doesn't. */
    public boolean exists(String path) {
        try (Fd _ = root.open(inside(path), Fd.O_PATH)) {
            return true;
        } catch (KernelException e) {
            if (isAbsence(e)) {
                return false;
            }
            throw e;
        }
    }

    /** What is under the name itself; empty when nothing is. */
    public Optional<FileStat> stat(String path) {
        if (isRoot(path)) {
            return Optional.of(root.stat());
        }
        return at(path).flatMap(place -> {
            try (place) {
                return place.directory().stat(place.name());
            }
        });
    }

    /** What the path leads to, symbolic links followed; empty when that is nothing. */
    public Optional<FileStat> target(String path) {
        try (Fd found = root.open(inside(path), Fd.O_PATH)) {
            return Optional.of(FileCalls.stat(found, ""));
        } catch (KernelException e) {
            if (isAbsence(e)) {
                return Optional.empty();
            }
            throw e;
        }
    }

    /** The text of a symbolic link; empty when there is none of that name. */
    public Optional<String> readLink(String path) {
        return at(path).flatMap(place -> {
            try (place) {
                return place.directory()
                        .stat(place.name())
                        .filter(FileStat::isSymlink)
                        .map(_ -> place.directory().readLink(place.name()));
            }
        });
    }

    /** The names in a directory, sorted; none when it isn't there. */
    public List<String> list(String path) {
        try (Directory found = root.resolve(inside(path))) {
            return found.names().stream().sorted().toList();
        } catch (KernelException e) {
            if (isAbsence(e)) {
                return List.of();
            }
            throw e;
        }
    }

    /**
     * Makes the directories of the path that are missing, each with this access; those that are there stay as they are.
     * A symbolic link on the way that leads nowhere gets its target made, inside the root.
     */
    public void mkdirs(String path, Access access) {
        mkdirs(root, path, access);
    }

    /** {@link #mkdirs} below an open root, for callers that hold a {@link Directory}. */
    public static void mkdirs(Directory root, String path, Access access) {
        mkdirs(root, components(path), access, 0);
    }

    private static void mkdirs(Directory root, List<String> wanted, Access access, int linksFollowed) {
        if (linksFollowed > SYMLINK_LIMIT) {
            throw new KernelException("mkdir", root + "/" + String.join("/", wanted), Errno.ELOOP);
        }
        for (int i = 1; i <= wanted.size(); i++) {
            List<String> parents = wanted.subList(0, i - 1);
            try (Directory parent = root.resolve(String.join("/", parents))) {
                Optional<String> leads = make(parent, wanted.get(i - 1), access);
                if (leads.isPresent()) {
                    var target = new ArrayList<String>();
                    if (!leads.get().startsWith("/")) {
                        target.addAll(parents);
                    }
                    leads.stream().flatMap(text -> split(text).stream()).forEach(part -> step(target, part));
                    mkdirs(root, target, access, linksFollowed + 1);
                }
            }
        }
    }

    /** Makes a directory unless something is there; when that is a symbolic link, answers where it leads. */
    private static Optional<String> make(Directory parent, String name, Access access) {
        try {
            parent.mkdir(name);
            parent.access(name, access);
            return Optional.empty();
        } catch (KernelException e) {
            if (!e.is(Errno.EEXIST)) {
                throw e;
            }
            FileStat found = parent.stat(name).orElseThrow(() -> e);
            if (found.isSymlink()) {
                return Optional.of(parent.readLink(name));
            }
            if (!found.isDirectory()) {
                throw new KernelException("mkdir", FileName.printable(parent + "/" + name), Errno.ENOTDIR);
            }
            return Optional.empty();
        }
    }

    /** Makes a symbolic link, or replaces what isn't a directory by it. */
    public void symlink(String path, String text) {
        try (Place place = place(path)) {
            String temporary = ".zonda-" + UUID.randomUUID();
            place.directory().symlink(temporary, text);
            try {
                place.directory().rename(temporary, place.name());
            } catch (RuntimeException e) {
                place.directory().unlink(temporary);
                throw e;
            }
        }
    }

    /** rename(2). @throws KernelException ENOENT, EISDIR, ENOTEMPTY, EXDEV */
    public void rename(String path, String newPath) {
        try (Place from = place(path);
                Place to = place(newPath)) {
            from.directory().rename(from.name(), to.directory(), to.name());
        }
    }

    /** Removes a name that isn't a directory's; false when there is none. */
    public boolean delete(String path) {
        return at(path).map(place -> {
                    try (place) {
                        return place.directory().unlink(place.name());
                    }
                })
                .orElse(false);
    }

    /** Removes a name with all below it; false when there is none. */
    public boolean deleteTree(String path) {
        return at(path).map(place -> {
                    try (place) {
                        return place.directory().deleteTree(place.name());
                    }
                })
                .orElse(false);
    }

    /** Owner and mode of what is under the name itself. @throws KernelException ENOENT */
    public void access(String path, Access access) {
        if (isRoot(path)) {
            root.access(access);
            return;
        }
        try (Place place = place(path)) {
            place.directory().access(place.name(), access);
        }
    }

    /** A name in an open directory. */
    private record Place(Directory directory, String name) implements AutoCloseable {
        @Override
        public void close() {
            directory.close();
        }
    }

    private Place place(String path) {
        String wanted = trimmed(path);
        int slash = wanted.lastIndexOf('/');
        String name = wanted.substring(slash + 1);
        if (name.isEmpty() || ".".equals(name) || "..".equals(name)) {
            throw new IllegalArgumentException("no name at the end of \"" + FileName.printable(path) + "\"");
        }
        return new Place(root.resolve(slash < 0 ? "" : wanted.substring(0, slash)), name);
    }

    private Optional<Place> at(String path) {
        try {
            return Optional.of(place(path));
        } catch (KernelException e) {
            if (isAbsence(e)) {
                return Optional.empty();
            }
            throw e;
        }
    }

    private static boolean isAbsence(KernelException e) {
        return e.is(Errno.ENOENT) || e.is(Errno.ENOTDIR);
    }

    private static boolean isRoot(String path) {
        return components(path).isEmpty();
    }

    private static String inside(String path) {
        String wanted = trimmed(path);
        return wanted.isEmpty() ? "." : wanted;
    }

    private static String trimmed(String path) {
        int from = 0;
        int to = path.length();
        while (from < to && path.charAt(from) == '/') {
            from++;
        }
        while (to > from && path.charAt(to - 1) == '/') {
            to--;
        }
        return path.substring(from, to);
    }

    /** The components, with {@code ..} taken by its letter: only for what is to be made, never for a lookup. */
    private static List<String> components(String path) {
        var parts = new ArrayList<String>();
        split(path).forEach(part -> step(parts, part));
        return parts;
    }

    private static List<String> split(String path) {
        return List.of(path.split("/"));
    }

    private static void step(List<String> parts, String part) {
        if ("..".equals(part)) {
            if (!parts.isEmpty()) {
                parts.removeLast();
            }
        } else if (!part.isEmpty() && !".".equals(part)) {
            parts.add(part);
        }
    }

    @Override
    public void close() {
        root.close();
    }

    @Override
    public String toString() {
        return root.toString();
    }
}
