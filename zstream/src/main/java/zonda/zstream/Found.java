package zonda.zstream;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import zonda.kernel.Directory;
import zonda.kernel.FileName;

/** Which files of a tree the objects of its map are. */
final class Found {
    private Found() {}

    /** @throws StreamException CONFLICT when the tree lacks a file of the map, or has another in its place */
    static Map<Long, FoundFile> files(Directory tree, ObjectMap map, Predicate<String> attributes) {
        TreePlan plan = TreePlan.of(map.table().copy(), (_, _) -> Optional.empty());
        List<FoundFile> found = TreeWalk.of(tree, attributes);
        Map<Long, FoundFile> files = new HashMap<>();
        Deque<FoundFile> directories = new ArrayDeque<>();
        FoundFile top = found.getFirst();
        top.id(plan.root());
        files.put(plan.root(), top);
        directories.add(top);
        while (!directories.isEmpty()) {
            FoundFile directory = directories.remove();
            plan.find(directory.id()).orElseThrow().children().forEach((name, id) -> {
                FoundFile child = directory.children().get(name);
                TreePlan.Node node = plan.find(id).orElseThrow();
                if (child == null || child.stat().kind() != node.znode().kind()) {
                    return;
                }
                child.id(id);
                if (files.putIfAbsent(id, child) == null && child.stat().isDirectory()) {
                    directories.add(child);
                }
            });
        }
        plan.nodes().values().forEach(node -> requireThere(plan, node, files));
        return files;
    }

    private static void requireThere(TreePlan plan, TreePlan.Node node, Map<Long, FoundFile> files) {
        if (!node.znode().isFile()) {
            return;
        }
        FoundFile file = files.get(node.id());
        if (file == null || file.stat().size() != node.znode().size()) {
            throw StreamException.conflict("/" + FileName.printable(plan.path(node))
                    + " isn't in the tree as the map of its objects says: the two don't belong together");
        }
    }
}
