package zonda.zstream;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import zonda.kernel.DataFile;
import zonda.kernel.Directory;
import zonda.kernel.FileName;
import zonda.kernel.KernelException;
import zonda.zstream.TreePlan.Node;

/**
 * Makes a tree of files what its plan says. First all leaves its place that doesn't stay: what goes on elsewhere is
 * moved into the staging directory. Then, from the top, all is put where it belongs. Times of directories are set when
 * nothing in them changes any more. Confined to its caller.
 */
final class TreeRestorer {
    private static final String KEPT = "k";
    private static final String MADE = "n";

    private final Staging staging;
    private final TreePlan before;
    private final TreePlan after;
    private final TreeChange change;
    private final Map<Long, Znode> finished;
    private final FileAttributes attributes;
    private final ReceiveOptions options;
    private final Received.Tally tally;
    private final Set<Long> moved = new HashSet<>();
    private final Map<Long, TreeChange.Place> placed = new HashMap<>();
    private final List<Link> links = new ArrayList<>();

    /** A further name of a file. */
    private record Link(TreeChange.Place place, long id) {}

    /** What is to be done. @param finished files in the staging directory that have these attributes already */
    record Task(TreePlan before, TreePlan after, TreeChange change, Map<Long, Znode> finished) {}

    TreeRestorer(Staging staging, Task task, ReceiveOptions options, Received.Tally tally) {
        this.staging = staging;
        this.before = task.before();
        this.after = task.after();
        this.change = task.change();
        this.finished = task.finished();
        this.options = options;
        this.tally = tally;
        this.attributes = new FileAttributes(options, tally);
    }

    /** @param root what the tree is in, or will be. @throws StreamException naming the object that the host refused */
    void run(Directory root) {
        before.find(before.root()).filter(top -> change.isLeaving(top.id())).ifPresent(top -> leave(root, top));
        Node top = after.find(after.root()).orElseThrow();
        arrive(root, top);
        link(root);
        finish(root, top);
    }

    private void leave(Directory directory, Node node) {
        node.children().forEach((name, id) -> {
            if (change.isLeaving(id)) {
                try (Directory child = directory.child(name)) {
                    leave(child, before.find(id).orElseThrow());
                } catch (KernelException e) {
                    throw unexpected(id, e);
                }
            }
        });
        node.children().forEach((name, id) -> {
            if (!change.isInPlace(node.id(), name, id)) {
                try {
                    remove(directory, name, before.find(id).orElseThrow());
                } catch (KernelException e) {
                    throw unexpected(id, e);
                }
            }
        });
    }

    private static StreamException unexpected(long id, KernelException e) {
        return StreamException.host(
                id, new IllegalStateException(e.getMessage() + ": the tree isn't the one its map was made for", e));
    }

    private void remove(Directory directory, String name, Node node) {
        if (change.keeps(node.id()) && moved.add(node.id())) {
            directory.rename(name, staging.directory(), KEPT + node.id());
        } else if (node.znode().isDirectory()) {
            directory.rmdir(name);
        } else {
            directory.unlink(name);
        }
    }

    private void arrive(Directory directory, Node node) {
        node.children().forEach((name, id) -> {
            Node child = after.find(id).orElseThrow();
            try {
                boolean isThere = change.isInPlace(node.id(), name, id);
                if (!isThere) {
                    place(directory, new TreeChange.Place(node, name), child);
                }
                if (!child.znode().isDirectory()) {
                    if (isThere && change.isAltered(id)) {
                        attributes.set(directory, name, child, before.find(id));
                    }
                } else if (change.isArriving(id) || !isThere) {
                    try (Directory opened = directory.child(name)) {
                        arrive(opened, child);
                        finish(opened, child);
                    }
                }
            } catch (KernelException e) {
                throw StreamException.host(id, e);
            }
        });
    }

    private void finish(Directory directory, Node node) {
        boolean isNew = !change.keeps(node.id());
        if (isNew || change.isAltered(node.id())) {
            attributes.set(directory, node, before.find(node.id()).filter(_ -> !isNew));
        }
        directory.modified(node.znode().modified());
    }

    private void place(Directory directory, TreeChange.Place place, Node node) {
        long id = node.id();
        String name = place.name();
        if (moved.remove(id)) {
            staging.directory().rename(KEPT + id, directory, name);
            placed.put(id, place);
            if (!node.znode().isDirectory() && change.isAltered(id)) {
                attributes.set(directory, name, node, before.find(id));
            }
            return;
        }
        if (!node.znode().isDirectory() && (placed.containsKey(id) || change.keeps(id))) {
            links.add(new Link(place, id));
            return;
        }
        placed.put(id, place);
        if (change.hasDefaults(place.directory().id())) {
            // What is made in a directory with a default access control list gets one; what is moved there doesn't.
            if (make(staging.directory(), MADE + id, node)) {
                staging.directory().rename(MADE + id, directory, name);
            }
        } else {
            make(directory, name, node);
        }
    }

    /** @return whether it was made: devices may be left out */
    private boolean make(Directory directory, String name, Node node) {
        switch (node.znode().kind()) {
            case FILE -> file(directory, name, node);
            case DIRECTORY -> {
                directory.mkdir(name);
                tally.directories++;
            }
            case SYMLINK -> {
                directory.symlink(name, node.znode().symlink().orElseThrow());
                attributes.set(directory, name, node, Optional.empty());
                tally.symlinks++;
            }
            case FIFO, SOCKET -> node(directory, name, node);
            case CHARACTER, BLOCK -> {
                if (!options.deviceNodes()) {
                    tally.left("device node /" + FileName.printable(after.path(node)) + ": left out");
                    return false;
                }
                node(directory, name, node);
            }
        }
        return true;
    }

    private void file(Directory directory, String name, Node node) {
        tally.files++;
        if (staging.has(node.id())) {
            if (!node.znode().equals(finished.get(node.id()))) {
                attributes.set(staging.directory(), Staging.file(node.id()), node, Optional.empty());
            }
            attributes.check(node);
            staging.directory().rename(Staging.file(node.id()), directory, name);
            staging.taken(node.id());
            return;
        }
        try (DataFile file = directory.createData(name)) {
            ReceivedFiles.seal(file, node.znode(), 0);
        }
        attributes.check(node);
        if (!node.attributes().isEmpty()) {
            attributes.set(directory, name, node, Optional.empty());
        }
    }

    private void node(Directory directory, String name, Node node) {
        directory.mknod(name, node.znode().kind(), node.znode().deviceNumber());
        attributes.set(directory, name, node, Optional.empty());
        tally.others++;
    }

    /** Further names, when every file has its first one. */
    private void link(Directory root) {
        Set<Long> sought = links.stream()
                .map(Link::id)
                .filter(id -> !placed.containsKey(id))
                .collect(Collectors.toSet());
        Map<Long, TreeChange.Place> sources = new HashMap<>(change.inPlace(sought));
        sources.putAll(placed);
        Set<Long> directories = new HashSet<>();
        for (Link link : links) {
            TreeChange.Place source = sources.get(link.id());
            Node node = after.find(link.id()).orElseThrow();
            if (node.znode().isDevice() && !options.deviceNodes()) {
                continue;
            }
            if (source == null) {
                throw new AssertionError("no place of object " + link.id());
            }
            try (Directory from = root.resolve(after.path(source.directory()));
                    Directory to = root.resolve(after.path(link.place().directory()))) {
                to.link(link.place().name(), from, source.name());
                tally.links++;
                directories.add(link.place().directory().id());
            } catch (KernelException e) {
                throw StreamException.host(link.id(), e);
            }
        }
        for (long id : directories) {
            Node node = after.find(id).orElseThrow();
            try (Directory directory = root.resolve(after.path(node))) {
                directory.modified(node.znode().modified());
            }
        }
    }
}
