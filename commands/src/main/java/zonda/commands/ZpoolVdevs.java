package zonda.commands;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import zonda.base.Code;
import zonda.base.OpException;

/**
 * A vdev specification, zpoolconcepts(7), as btrfs can have it: devices, or mirrors of the same width, which together
 * are one.
 *
 * @param groups the devices of each mirror; one group of all when there is none
 */
record ZpoolVdevs(List<List<Path>> groups, boolean mirrored) {
    private static final List<String> SPECIAL = List.of("log", "cache", "spare", "special", "dedup");

    static ZpoolVdevs parse(Session session, List<String> words) {
        List<List<Path>> groups = new ArrayList<>();
        boolean mirrored = false;
        for (String word : words) {
            if (word.matches("d?raidz?[0-9]*(:.*)?") || SPECIAL.contains(word)) {
                throw new OpException(
                        Code.NOT_SUPPORTED,
                        "invalid vdev specification: '" + word + "' is not supported by the driver btrfs");
            }
            if (word.equals("mirror")) {
                if (!mirrored && !groups.isEmpty()) {
                    throw mismatch();
                }
                mirrored = true;
                groups.add(new ArrayList<>());
            } else {
                if (groups.isEmpty()) {
                    groups.add(new ArrayList<>());
                }
                groups.getLast().add(path(session, word));
            }
        }
        if (mirrored && groups.stream().anyMatch(group -> group.size() < 2)) {
            throw new OpException(Code.INVALID, "invalid vdev specification: mirror requires at least 2 devices");
        }
        if (groups.stream().map(List::size).distinct().count() > 1) {
            throw mismatch();
        }
        return new ZpoolVdevs(groups, mirrored);
    }

    private static OpException mismatch() {
        return new OpException(
                Code.NOT_SUPPORTED,
                "invalid vdev specification: mirrors of different widths, or mirrors and single devices in one pool, are"
                        + " not supported by the driver btrfs");
    }

    /** A name without a slash is a device of /dev, if there is one. */
    private static Path path(Session session, String word) {
        Path device = Path.of("/dev").resolve(word);
        return word.startsWith("/") || word.indexOf('/') >= 0 ? session.path(word) : device;
    }

    List<Path> devices() {
        return groups.stream().flatMap(List::stream).toList();
    }

    int copies() {
        return mirrored ? groups.getFirst().size() : 1;
    }

    /** As {@code zpool create -n} shows it. */
    String layout() {
        var text = new StringBuilder();
        for (List<Path> group : groups) {
            if (mirrored) {
                text.append("\t  mirror\n");
            }
            group.forEach(device -> text.append(mirrored ? "\t    " : "\t  ")
                    .append(shown(device.toString()))
                    .append('\n'));
        }
        return text.toString();
    }

    /** A device by its name, and a file, wherever that lies, by its path. */
    static String shown(String path) {
        return Files.isRegularFile(Path.of(path)) ? path : path.replaceFirst("^/dev/", "");
    }
}
