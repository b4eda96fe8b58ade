package zonda.zstream;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import zonda.kernel.FileStat;
import zonda.zstream.TreePlan.Node;

/**
 * What becomes of a tree: which of its files stay where they are, and in which directories there is something to do.
 * Files are known by their objects, so one that was renamed is moved and not made again.
 */
final class TreeChange {
    private final TreePlan before;
    private final TreePlan after;
    private final Set<Long> fresh;
    /** Objects whose content came anew. */
    private final Set<Long> staged;

    private final Set<Long> leaving = new HashSet<>();
    private final Set<Long> arriving = new HashSet<>();

    TreeChange(TreePlan before, TreePlan after, ObjectIntake intake, Staging staging) {
        this.before = before;
        this.after = after;
        this.fresh = intake.fresh();
        this.staged = staging.ids();
        bottomUp(before).stream().filter(this::isLeft).map(Node::id).forEach(leaving::add);
        bottomUp(after).stream().filter(this::isChanged).map(Node::id).forEach(arriving::add);
    }

    /** Plans list directories before what is in them. */
    private static List<Node> bottomUp(TreePlan plan) {
        return new ArrayList<>(plan.nodes().values()).reversed();
    }

    /** Whether the file that is there goes on as this object's. */
    boolean keeps(long id) {
        FileStat.Kind old = before.find(id).map(node -> node.znode().kind()).orElse(null);
        FileStat.Kind wanted = after.find(id).map(node -> node.znode().kind()).orElse(null);
        if (old == null || old != wanted) {
            return false;
        }
        return switch (old) {
            case DIRECTORY -> true;
            case FILE -> !staged.contains(id) && !fresh.contains(id);
            case SYMLINK, FIFO, SOCKET, CHARACTER, BLOCK -> !isAltered(id);
        };
    }

    /** Whether owner, mode, time, length or attributes of a file are other ones than before; also when it is new. */
    boolean isAltered(long id) {
        TreePlan.Node old = before.find(id).orElse(null);
        TreePlan.Node wanted = after.find(id).orElse(null);
        return old == null || wanted == null || !TreePlan.areAlike(old, wanted);
    }

    /** Whether the entry stays as it is. */
    boolean isInPlace(long directory, String name, long id) {
        return keeps(directory)
                && before.find(directory).map(node -> isEntry(node, name, id)).orElse(false)
                && after.find(directory).map(node -> isEntry(node, name, id)).orElse(false)
                && keeps(id);
    }

    private static boolean isEntry(Node node, String name, long id) {
        Long entry = node.children().get(name);
        return entry != null && entry == id;
    }

    /** Directories of the old tree that something leaves, or with such below them. */
    boolean isLeaving(long directory) {
        return leaving.contains(directory);
    }

    /** Directories of the new tree where something is made, moved to or changed, or with such below them. */
    boolean isArriving(long directory) {
        return arriving.contains(directory);
    }

    private boolean isLeft(Node node) {
        return node.znode().isDirectory()
                && node.children().entrySet().stream()
                        .anyMatch(entry -> !isInPlace(node.id(), entry.getKey(), entry.getValue())
                                || leaving.contains(entry.getValue()));
    }

    private boolean isChanged(Node node) {
        return node.znode().isDirectory()
                && (isAltered(node.id())
                        || leaving.contains(node.id())
                        || node.children().entrySet().stream()
                                .anyMatch(entry -> !isInPlace(node.id(), entry.getKey(), entry.getValue())
                                        || isAltered(entry.getValue())
                                        || arriving.contains(entry.getValue())));
    }

    /** Whether it is a directory of the old tree that gives what is made in it an access control list. */
    boolean hasDefaults(long directory) {
        return before.find(directory)
                .map(node -> node.attributes().containsKey("system.posix_acl_default"))
                .orElse(false);
    }

    /** Where each of these objects is, and stays; for those that do. */
    Map<Long, Place> inPlace(Set<Long> wanted) {
        Map<Long, Place> places = new HashMap<>();
        for (Node node : after.nodes().values()) {
            node.children().forEach((name, id) -> {
                if (wanted.contains(id) && isInPlace(node.id(), name, id)) {
                    places.put(id, new Place(node, name));
                }
            });
        }
        return places;
    }

    /** A name in a directory of the new tree. */
    record Place(Node directory, String name) {}
}
