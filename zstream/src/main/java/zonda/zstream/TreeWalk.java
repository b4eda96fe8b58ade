package zonda.zstream;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Predicate;
import zonda.kernel.DeviceNumber;
import zonda.kernel.Directory;
import zonda.kernel.FileName;
import zonda.kernel.FileStat;
import zonda.kernel.FileStat.Kind;

/** Finds all files below a directory. What is mounted in it, or a subvolume of its own, is an empty directory to it. */
final class TreeWalk {
    private final Predicate<String> attributes;
    private final List<FoundFile> found = new ArrayList<>();
    /** Files with several names, by their inodes. */
    private final Map<Long, FoundFile> linked = new HashMap<>();

    private long device;

    private TreeWalk(Predicate<String> attributes) {
        this.attributes = attributes;
    }

    /** The root first, and each directory before what is in it. @param attributes which extended ones are sent */
    static List<FoundFile> of(Directory root, Predicate<String> attributes) {
        var walk = new TreeWalk(attributes);
        FileStat stat = root.stat();
        walk.device = stat.device();
        var facts = new FoundFile.Facts(stat, DeviceNumber.NONE, Optional.empty(), walk.chosen(root.attributes()));
        var top = new FoundFile(facts, Optional.empty(), "");
        walk.found.add(top);
        walk.directory(root, top, 0);
        return walk.found;
    }

    private void directory(Directory directory, FoundFile parent, int depth) {
        if (depth >= TreePlan.DEEPEST) {
            throw StreamException.conflict("/" + FileName.printable(parent.path()) + " is deeper than "
                    + TreePlan.DEEPEST + " directories, and can't be sent");
        }
        for (String name : directory.names().stream().sorted().toList()) {
            FileStat stat = directory.stat(name).orElse(null);
            if (stat == null) {
                continue; // gone since
            }
            FoundFile file = file(directory, parent, name, stat);
            parent.children().put(name, file);
            if (stat.isDirectory() && stat.device() == device) {
                try (Directory child = directory.child(name)) {
                    directory(child, file, depth + 1);
                }
            }
        }
    }

    private FoundFile file(Directory directory, FoundFile parent, String name, FileStat stat) {
        boolean hasNames = !stat.isDirectory() && stat.links() > 1;
        FoundFile known = hasNames ? linked.get(stat.inode()) : null;
        if (known != null) {
            return known;
        }
        boolean isDevice = stat.kind() == Kind.CHARACTER || stat.kind() == Kind.BLOCK;
        var facts = new FoundFile.Facts(
                stat,
                isDevice ? directory.device(name) : DeviceNumber.NONE,
                stat.isSymlink() ? Optional.of(directory.readLink(name)) : Optional.empty(),
                chosen(directory.attributes(name)));
        var file = new FoundFile(facts, Optional.of(parent), name);
        found.add(file);
        if (hasNames) {
            linked.put(stat.inode(), file);
        }
        return file;
    }

    private Map<String, byte[]> chosen(SortedMap<String, byte[]> all) {
        if (all.isEmpty()) {
            return Map.of();
        }
        var chosen = new TreeMap<>(all);
        chosen.keySet().removeIf(attributes.negate());
        return chosen;
    }
}
