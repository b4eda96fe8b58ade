package zonda.zstream;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import zonda.kernel.Directory;
import zonda.kernel.FileStat;

/**
 * All that is compared of a tree, as lines that {@link #SCRIPT} also makes on a machine that has no Java.
 *
 * @param files as {@code find} prints them: path, kind, mode, owners, time; sizes and links unless of directories; where
 *     a symbolic link points
 * @param sums of all files that are not empty, as {@code sha256sum} prints them
 * @param devices as {@code stat} prints them: path, major and minor number
 * @param attributes path, name and value of each extended attribute
 */
public record Listing(
        SortedSet<String> files, SortedSet<String> sums, SortedSet<String> devices, SortedSet<String> attributes) {
    /** Shows that much of what differs. */
    private static final int SHOWN = 10;

    /** A shell function: {@code listing TREE PREFIX} writes the four lists of a tree to files that begin so. */
    public static final String SCRIPT = """
            listing() { (
                cd "$1" || exit 1
                find . -mindepth 1 \\( -type d -printf '%P %y %m %U %G %T@ \\n' -o \
                    -printf '%P %y %m %U %G %T@ %s %n %l\\n' \\) >"$2.find"
                find . -type f -size +0 -print0 | xargs -0r sha256sum >"$2.sha256"
                find . \\( -type b -o -type c \\) -print0 | xargs -0r stat -c '%n %Hr:%Lr' >"$2.devices"
                getfattr -R -P -h -d -m - -e hex . |
                    awk '/^# file: / { path = substr($0, 9); sub("^[.]/", "", path) } /=0x/ { print path, $0 }' \
                        >"$2.attributes"
            ) }
            """;

    public static Listing of(Path tree) {
        var listing = new Listing(new TreeSet<>(), new TreeSet<>(), new TreeSet<>(), new TreeSet<>());
        try (Directory root = Directory.open(tree)) {
            listing.attributes(".", root.attributes());
            listing.add(root, "");
        }
        return listing;
    }

    /** What the script wrote. */
    public static Listing read(Path directory, String name) {
        return new Listing(
                lines(directory, name + ".find"),
                lines(directory, name + ".sha256"),
                lines(directory, name + ".devices"),
                lines(directory, name + ".attributes"));
    }

    private static SortedSet<String> lines(Path directory, String name) {
        try {
            return new TreeSet<>(Files.readAllLines(directory.resolve(name)));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** As the script writes it, but sorted. */
    public void write(Path directory, String name) throws IOException {
        Files.write(directory.resolve(name + ".find"), files);
        Files.write(directory.resolve(name + ".sha256"), sums);
        Files.write(directory.resolve(name + ".devices"), devices);
        Files.write(directory.resolve(name + ".attributes"), attributes);
    }

    /** Some of what one has and the other has otherwise; empty when they are equal. */
    public List<String> differences(Listing other) {
        List<String> lines = new ArrayList<>();
        compare(files, other.files, lines);
        compare(sums, other.sums, lines);
        compare(devices, other.devices, lines);
        compare(attributes, other.attributes, lines);
        return lines;
    }

    private static void compare(Set<String> here, Set<String> there, List<String> lines) {
        only(here, there).forEach(line -> lines.add("only here:  " + line));
        only(there, here).forEach(line -> lines.add("only there: " + line));
    }

    private static List<String> only(Set<String> one, Set<String> other) {
        var left = new HashSet<>(one);
        left.removeAll(other);
        return left.stream().sorted().limit(SHOWN).toList();
    }

    private void add(Directory parent, String prefix) {
        for (String name : parent.names()) {
            FileStat stat = parent.stat(name).orElseThrow();
            String path = prefix + name;
            String text = stat.isSymlink() ? parent.readLink(name) : "";
            files.add("%s %s %o %d %d %d.%09d0 %s"
                    .formatted(
                            path,
                            kind(stat),
                            stat.mode(),
                            stat.uid(),
                            stat.gid(),
                            stat.modified().getEpochSecond(),
                            stat.modified().getNano(),
                            stat.isDirectory() ? "" : stat.size() + " " + stat.links() + " " + text));
            if (stat.isFile() && stat.size() > 0) {
                sums.add(Trees.sum(parent, name) + "  ./" + path);
            }
            if (stat.kind() == FileStat.Kind.BLOCK || stat.kind() == FileStat.Kind.CHARACTER) {
                var device = parent.device(name);
                devices.add("./" + path + " " + device.major() + ":" + device.minor());
            }
            attributes(path, parent.attributes(name));
            if (stat.isDirectory()) {
                try (Directory child = parent.child(name)) {
                    add(child, path + "/");
                }
            }
        }
    }

    private void attributes(String path, java.util.Map<String, byte[]> values) {
        values.forEach((name, value) ->
                attributes.add(path + " " + name + "=0x" + HexFormat.of().formatHex(value)));
    }

    private static char kind(FileStat stat) {
        return switch (stat.kind()) {
            case FILE -> 'f';
            case DIRECTORY -> 'd';
            case SYMLINK -> 'l';
            case FIFO -> 'p';
            case SOCKET -> 's';
            case CHARACTER -> 'c';
            case BLOCK -> 'b';
        };
    }
}
