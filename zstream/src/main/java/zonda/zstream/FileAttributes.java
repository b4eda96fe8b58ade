package zonda.zstream;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import zonda.kernel.DataFile;
import zonda.kernel.Directory;
import zonda.kernel.Errno;
import zonda.kernel.FileName;
import zonda.kernel.FileStat;
import zonda.kernel.KernelException;
import zonda.zstream.TreePlan.Node;

/** Gives files their length, owner, mode, extended attributes and time, as far as the host can have them. */
final class FileAttributes {
    /** Longer values are refused by some filesystems as if there were no space: on btrfs they must fit into a leaf. */
    private static final int SURELY_SHORT = 3000;

    private final ReceiveOptions options;
    private final Received.Tally tally;

    FileAttributes(ReceiveOptions options, Received.Tally tally) {
        this.options = options;
        this.tally = tally;
    }

    /** Of what has the name; not of a directory. @param old what the same file had before */
    void set(Directory directory, String name, Node node, Optional<Node> old) {
        Znode znode = node.znode();
        if (znode.isDevice() && !options.deviceNodes()) {
            return;
        }
        if (znode.isFile()) {
            long size = directory.stat(name).map(FileStat::size).orElse(-1L);
            if (size != znode.size()) {
                try (DataFile file = directory.openData(name)) {
                    file.truncate(znode.size());
                }
            }
        }
        superfluous(node, old).forEach(attribute -> directory.removeAttribute(name, attribute));
        if (znode.kind() == FileStat.Kind.SYMLINK) {
            directory.owner(name, znode.access().uid(), znode.access().gid());
        } else {
            directory.access(name, znode.access());
        }
        node.attributes()
                .forEach((attribute, value) ->
                        attribute(node, attribute, value, () -> directory.attribute(name, attribute, value)));
        directory.modified(name, znode.modified());
        if (!znode.isFile()) {
            check(node);
        }
    }

    /** Of a directory itself, except its time. */
    void set(Directory directory, Node node, Optional<Node> old) {
        superfluous(node, old).forEach(directory::removeAttribute);
        directory.access(node.znode().access());
        node.attributes()
                .forEach((attribute, value) ->
                        attribute(node, attribute, value, () -> directory.attribute(attribute, value)));
        check(node);
    }

    /** To be removed before the mode is set, which an access control list takes for that of its mask. */
    private List<String> superfluous(Node node, Optional<Node> old) {
        return old.map(Node::attributes).orElse(Map.of()).keySet().stream()
                .filter(attribute -> !node.attributes().containsKey(attribute)
                        && options.attributes().test(attribute))
                .toList();
    }

    /** Notes what this host can't have of it. */
    void check(Node node) {
        if (!node.znode().isOwnerKnown()) {
            tally.left(text(node) + ": its owner is an identity of the sender's, and is " + Znode.NOBODY + " here");
        }
        if (!node.znode().isAclTrivial()
                && !node.attributes().containsKey("system.posix_acl_access")
                && node.znode().kind() != FileStat.Kind.SYMLINK
                && !node.attributes().containsKey("system.posix_acl_default")) {
            tally.left(text(node) + ": its access control list is approximated by the mode");
        }
    }

    private void attribute(Node node, String attribute, byte[] value, Runnable set) {
        if (!options.attributes().test(attribute)) {
            return;
        }
        try {
            set.run();
        } catch (KernelException e) {
            boolean isTooLong = value.length > SURELY_SHORT && e.is(Errno.ENOSPC);
            if (!isTooLong
                    && !e.is(Errno.EOPNOTSUPP)
                    && !e.is(Errno.E2BIG)
                    && !e.is(Errno.ERANGE)
                    && !e.is(Errno.EPERM)
                    && !e.is(Errno.EINVAL)) {
                throw e;
            }
            tally.left(text(node) + ": its attribute " + FileName.printable(attribute) + " of " + value.length
                    + " bytes can't be set: " + e.getMessage());
        }
    }

    private static String text(Node node) {
        return "object " + node.id() + " (" + FileName.printable(node.name()) + ")";
    }
}
