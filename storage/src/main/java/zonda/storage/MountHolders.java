package zonda.storage;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import zonda.kernel.MountInfo;
import zonda.kernel.Mounts;

/**
 * Who keeps a mount in use: the question behind every "busy". Mount namespaces that were copied while a dataset was
 * mounted hold it without any sign in ours, so all processes are asked.
 */
final class MountHolders {
    private static final Path PROC = Path.of("/proc");

    private MountHolders() {}

    /**
     * A process whose mount namespace has such a mount; each namespace is read once, ours included.
     *
     * @param own the place in our namespace that doesn't count
     */
    static Optional<Holder> ofMount(Predicate<MountInfo> wanted, Optional<Path> own) {
        String ours = link(Path.of("/proc/self/ns/mnt")).orElse("");
        Predicate<MountInfo> elsewhere =
                wanted.and(mount -> own.filter(mount.target()::equals).isEmpty());
        Set<String> seen = new HashSet<>();
        for (Path process : processes()) {
            Optional<String> namespace = link(process.resolve("ns/mnt"));
            if (namespace.isEmpty() || !seen.add(namespace.get())) {
                continue;
            }
            Predicate<MountInfo> here = namespace.get().equals(ours) ? elsewhere : wanted;
            Optional<MountInfo> found = mounts(process).stream().filter(here).findFirst();
            if (found.isPresent()) {
                return Optional.of(holder(process, namespace.get(), found.get().target(), "mounted"));
            }
        }
        return Optional.empty();
    }

    /** What keeps a mount in our namespace from being unmounted: a process, or another mount on it. */
    static Optional<Holder> ofPlace(Path path) {
        Optional<Holder> process = ofFilesBelow(path);
        return process.isPresent() ? process : ofMountsBelow(path);
    }

    private static Optional<Holder> ofMountsBelow(Path path) {
        return Mounts.list().stream()
                .filter(mount ->
                        mount.target().startsWith(path) && !mount.target().equals(path))
                .findFirst()
                .map(mount -> holder(
                        PROC.resolve("self"),
                        link(Path.of("/proc/self/ns/mnt")).orElse(""),
                        mount.target(),
                        "a mount point (" + mount.type() + ")"));
    }

    /** A process of our mount namespace that has something at or below the path open, or as working directory. */
    private static Optional<Holder> ofFilesBelow(Path path) {
        String ours = link(Path.of("/proc/self/ns/mnt")).orElse("");
        for (Path process : processes()) {
            Optional<String> namespace = link(process.resolve("ns/mnt"));
            if (namespace.isEmpty() || !namespace.get().equals(ours)) {
                continue;
            }
            for (String use : List.of("cwd", "root", "exe")) {
                Optional<Path> used = below(path, process.resolve(use));
                if (used.isPresent()) {
                    String how = use.equals("cwd") ? "working directory" : use.equals("exe") ? "executed" : "root";
                    return Optional.of(holder(process, ours, used.get(), how));
                }
            }
            Optional<Path> open = openBelow(path, process.resolve("fd"));
            if (open.isPresent()) {
                return Optional.of(holder(process, ours, open.get(), "open"));
            }
        }
        return Optional.empty();
    }

    /** A process, in whatever namespace, that has a file open. */
    static Optional<Holder> ofFile(Path file) {
        Optional<Map<String, Object>> wanted = identity(file);
        for (Path process : wanted.isEmpty() ? List.<Path>of() : processes()) {
            try (DirectoryStream<Path> descriptors = Files.newDirectoryStream(process.resolve("fd"))) {
                for (Path descriptor : descriptors) {
                    if (link(descriptor).filter(text -> text.startsWith("/")).isPresent()
                            && identity(descriptor).equals(wanted)) {
                        return Optional.of(
                                holder(process, link(process.resolve("ns/mnt")).orElse(""), file, "open"));
                    }
                }
            } catch (IOException e) {
                // The process has ended meanwhile.
            }
        }
        return Optional.empty();
    }

    /** A subvolume has a device number of its own. */
    private static Optional<Map<String, Object>> identity(Path file) {
        try {
            return Optional.of(Files.readAttributes(file, "unix:dev,ino"));
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    private static Optional<Path> openBelow(Path path, Path descriptors) {
        try (DirectoryStream<Path> links = Files.newDirectoryStream(descriptors)) {
            for (Path descriptor : links) {
                Optional<Path> used = below(path, descriptor);
                if (used.isPresent()) {
                    return used;
                }
            }
            return Optional.empty();
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    /** The path as its bytes are: a name need not be of any encoding. */
    private static Optional<Path> below(Path path, Path link) {
        try {
            return Optional.of(Files.readSymbolicLink(link)).filter(used -> used.startsWith(path));
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    private static List<Path> processes() {
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(PROC, "[0-9]*")) {
            var found = new java.util.ArrayList<Path>();
            entries.forEach(found::add);
            return found;
        } catch (IOException e) {
            throw new UncheckedIOException("list " + PROC + ": " + e, e);
        }
    }

    private static List<MountInfo> mounts(Path process) {
        try {
            return Mounts.list(Long.parseLong(String.valueOf(process.getFileName())));
        } catch (UncheckedIOException e) {
            // It has ended meanwhile: another of its namespace, if any, comes up later or holds nothing for long.
            return List.of();
        }
    }

    private static Holder holder(Path process, String namespace, Path path, String how) {
        String command = "?";
        try {
            command = Files.readString(process.resolve("comm")).strip();
        } catch (IOException e) {
            // It has ended meanwhile.
        }
        String pid = String.valueOf(process.getFileName());
        return new Holder(
                pid.equals("self") ? ProcessHandle.current().pid() : Long.parseLong(pid),
                command,
                namespace,
                path,
                how);
    }

    private static Optional<String> link(Path link) {
        try {
            return Optional.of(Files.readSymbolicLink(link).toString());
        } catch (IOException e) {
            return Optional.empty();
        }
    }
}
