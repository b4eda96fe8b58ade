package zonda.zstream;

import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import zonda.kernel.Directory;
import zonda.kernel.Errno;
import zonda.kernel.FileStat;
import zonda.kernel.KernelException;

/**
 * Which objects the files of a tree are: those they were in the origin, known by their inodes, else by their paths; and
 * new numbers for the others, above all that were ever used. Wrong guesses cost bytes in the stream and nothing else,
 * since contents and attributes are compared anyway.
 */
final class Matching {
    private final TreePlan before;
    private final Map<Long, Long> byInode = new HashMap<>();
    private final Map<Long, FileStat> stats = new HashMap<>();
    private final Map<Long, Set<String>> attributes = new HashMap<>();
    private final Set<Long> taken = new HashSet<>();
    private long next;

    private Matching(TreePlan before, long next) {
        this.before = before;
        this.next = next;
    }

    /** Without an origin. @param first the number that the first file gets */
    static Matching none(long first) {
        return new Matching(TreePlan.empty(), first);
    }

    /** @param tree what the plan's tree is in */
    static Matching of(TreePlan before, Directory tree, long next) {
        var matching = new Matching(before, next);
        matching.before.find(before.root()).ifPresent(root -> {
            matching.attributes.put(root.id(), tree.attributes().keySet());
            matching.remember(tree, root);
        });
        return matching;
    }

    private void remember(Directory directory, TreePlan.Node node) {
        node.children()
                .forEach((name, id) -> directory.stat(name).ifPresent(stat -> {
                    TreePlan.Node child = before.find(id).orElseThrow();
                    if (stat.kind() != child.znode().kind()) {
                        return;
                    }
                    stats.put(id, stat);
                    if (!child.attributes().isEmpty()) {
                        attributes.put(id, directory.attributes(name).keySet());
                    }
                    byInode.putIfAbsent(stat.inode(), id);
                    if (stat.isDirectory()) {
                        try (Directory opened = directory.child(name)) {
                            remember(opened, child);
                        } catch (KernelException e) {
                            if (!e.is(Errno.ENOENT)) {
                                throw e;
                            }
                        }
                    }
                }));
    }

    /** What the origin's tree has of an object; empty when it hasn't it. */
    Optional<FileStat> stat(long id) {
        return Optional.ofNullable(stats.get(id));
    }

    /** Whether the origin's tree has an extended attribute, and not only its map: the host may be unable to. */
    boolean hasAttribute(long id, String name) {
        return attributes.getOrDefault(id, Set.of()).contains(name);
    }

    TreePlan before() {
        return before;
    }

    /** A number for something that isn't a file of the tree. */
    long fresh() {
        return next++;
    }

    /** Gives each file its number. @param files the root first, and directories before what is in them */
    void number(List<FoundFile> files, long root) {
        Map<FoundFile, Long> byPath = byPath(files, root);
        files.getFirst().id(root);
        taken.add(root);
        if (areInodesKept(files, byPath)) {
            for (FoundFile file : files) {
                claim(file, byInode.get(file.stat().inode()));
            }
        }
        for (FoundFile file : files) {
            claim(file, byPath.get(file));
        }
        for (FoundFile file : files) {
            if (file.id() == 0) {
                file.id(fresh());
            }
        }
    }

    private void claim(FoundFile file, @Nullable Long id) {
        if (file.id() == 0 && id != null && isKind(id, file) && taken.add(id)) {
            file.id(id);
        }
    }

    /** What the origin has under the same paths. */
    private Map<FoundFile, Long> byPath(List<FoundFile> files, long root) {
        Map<FoundFile, Long> ids = new HashMap<>();
        ids.put(files.getFirst(), root);
        for (FoundFile file : files) {
            file.parent()
                    .flatMap(parent -> Optional.ofNullable(ids.get(parent)))
                    .flatMap(before::find)
                    .flatMap(directory ->
                            Optional.ofNullable(directory.children().get(file.name())))
                    .ifPresent(id -> ids.put(file, id));
        }
        return ids;
    }

    /** Snapshots of one subvolume have their inodes in common; of copies, only few are equal, by chance. */
    private boolean areInodesKept(List<FoundFile> files, Map<FoundFile, Long> byPath) {
        long equal = 0;
        long compared = 0;
        for (FoundFile file : files) {
            FileStat known = stats.get(byPath.getOrDefault(file, 0L));
            if (known != null) {
                compared++;
                equal += known.inode() == file.stat().inode() ? 1 : 0;
            }
        }
        return equal * 2 > compared;
    }

    private boolean isKind(long id, FoundFile file) {
        return before.find(id)
                .map(node -> node.znode().kind() == file.stat().kind())
                .orElse(false);
    }
}
