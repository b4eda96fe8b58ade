package zonda.zones;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;
import zonda.base.Await;
import zonda.base.Code;
import zonda.base.OpException;

/**
 * The control groups of the zones: cgroups(7), one group per zone below one parent per instance, in version 2's tree or
 * in each hierarchy of version 1, whichever holds the controllers.
 */
sealed interface Cgroups permits CgroupsV1, CgroupsV2 {
    Path TREE = Path.of("/sys/fs/cgroup");
    Duration REMOVAL = Duration.ofSeconds(5);

    /** By what the host has mounted: hybrid hosts keep their controllers in version 1. */
    static Cgroups find(String parent) {
        return Files.exists(TREE.resolve("cgroup.controllers"))
                ? new CgroupsV2(TREE.resolve(parent))
                : new CgroupsV1(CgroupsV1.hierarchies(TREE), parent);
    }

    /** The group as the OCI bundle names it. */
    String pathInBundle(UUID zone);

    /** Sets every limit, on a zone that is made or running. @throws OpException FAILED naming the limit and the file */
    void apply(UUID zone, Limits limits);

    /** Lets the zone's root make groups of its own below the zone's, as systemd(1) does, and not touch the limits. */
    void delegate(UUID zone, IdRange ids);

    /** The directories of the zone's group, one per hierarchy, that exist. */
    List<Path> directories(UUID zone);

    /** All processes of the zone, by their numbers on the host. */
    default List<Long> processes(UUID zone) {
        return directories(zone).stream()
                .flatMap(Cgroups::tree)
                .flatMap(directory -> read(directory.resolve("cgroup.procs")).stream())
                .flatMap(String::lines)
                .map(Long::valueOf)
                .distinct()
                .toList();
    }

    /** Removes the groups of a zone whose processes have ended. @throws OpException FAILED when one is still in use */
    default void remove(UUID zone) {
        boolean gone = Await.until(REMOVAL, () -> directories(zone).stream().allMatch(Cgroups::removeTree));
        if (!gone) {
            throw new OpException(
                    Code.FAILED, "remove the control groups of " + zone + ": still in use by " + processes(zone));
        }
    }

    /** The directories of the group above all zones'. */
    List<Path> parents();

    /** Removes the group above the zones'; fine when it is gone. */
    default void removeParent() {
        parents().forEach(Cgroups::removeTree);
    }

    /** The group and those below it, each before its own. */
    private static Stream<Path> tree(Path directory) {
        try {
            // In kernfs a directory has 2 links and one for each directory in it: a group of some 30 files is rarely
            // read.
            if (Files.getAttribute(directory, "unix:nlink") instanceof Integer links && links == 2) {
                return Stream.of(directory);
            }
            try (Stream<Path> entries = Files.list(directory)) {
                List<Path> below = entries.filter(Files::isDirectory).toList();
                return Stream.concat(Stream.of(directory), below.stream().flatMap(Cgroups::tree));
            }
        } catch (IOException | UncheckedIOException e) {
            return Stream.of();
        }
    }

    private static boolean removeTree(Path directory) {
        for (Path group : tree(directory).sorted(Comparator.reverseOrder()).toList()) {
            try {
                Files.deleteIfExists(group);
            } catch (DirectoryNotEmptyException e) {
                return false;
            } catch (IOException e) {
                return false;
            }
        }
        return !Files.exists(directory);
    }

    /** Gives a file of the group to the zone's root, if the kernel has it. */
    static void give(Path file, IdRange ids) {
        try {
            Files.setAttribute(file, "unix:uid", (int) ids.base());
            Files.setAttribute(file, "unix:gid", (int) ids.base());
        } catch (NoSuchFileException e) {
            // An older kernel has no such file.
        } catch (IOException e) {
            throw new UncheckedIOException("chown " + file + ": " + e, e);
        }
    }

    /** @throws OpException FAILED with the kernel's answer */
    static void write(Path file, String value) {
        try {
            Files.writeString(file, value);
        } catch (IOException e) {
            throw new OpException(Code.FAILED, "write \"" + value + "\" to " + file + ": " + e.getMessage(), e);
        }
    }

    /** For a controller that this kernel may lack. */
    static void writeIfThere(Path file, String value) {
        if (Files.exists(file)) {
            write(file, value);
        }
    }

    private static Optional<String> read(Path file) {
        try {
            return Optional.of(Files.readString(file));
        } catch (IOException e) {
            return Optional.empty();
        }
    }
}
