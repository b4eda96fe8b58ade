package zonda.zstream;

import java.time.Instant;
import java.util.Optional;
import zonda.kernel.Directory;
import zonda.kernel.KernelException;

/**
 * Restores a filesystem of a stream into a directory. Until all of the stream came and was found right, the directory
 * has nothing of it but a hidden one of a random name, which goes away whatever happens.
 *
 * <p>It makes long series of calls to the filesystem: use it on a platform thread.
 */
public final class FilesystemReceiver {
    private FilesystemReceiver() {}

    /**
     * Receives the snapshot that the stream is at.
     *
     * @param target an empty directory for a full stream; for an incremental one, a writable copy of the tree of the
     *     snapshot that it is incremental to. When an incremental receive fails while it changes the tree, for want of
     *     space, the copy is of no use any more
     * @param origin the map of that snapshot
     * @throws StreamException INVALID when the stream is damaged or hostile, NOT_SUPPORTED when it can't be read here,
     *     CONFLICT when it isn't incremental to the origin or the target isn't empty, FAILED with the kernel's refusal
     */
    public static Received receive(
            SendStream stream, Directory target, Optional<ObjectMap> origin, ReceiveOptions options) {
        StreamHeader header = stream.current();
        if (header.kind() != StreamHeader.Kind.FILESYSTEM) {
            throw StreamException.conflict(header.toName() + " is a volume, and can't be received into a directory");
        }
        Origins.check(header, origin);
        if (origin.isEmpty() && !target.names().isEmpty()) {
            throw StreamException.conflict("a full stream needs an empty directory, and " + target + " has "
                    + target.names().size() + " entries");
        }
        try {
            Done done;
            try (Staging staging = Staging.in(target)) {
                done = new Receive(stream, staging, options).into(target, origin);
            }
            // Only now, since the staging directory came and went in it.
            target.modified(done.modified());
            return done.received();
        } catch (KernelException e) {
            throw StreamException.host(0, e);
        }
    }

    /** @param modified when the root was */
    private record Done(Received received, Instant modified) {}

    /** One receive. */
    private record Receive(SendStream stream, Staging staging, ReceiveOptions options) {
        Done into(Directory target, Optional<ObjectMap> origin) {
            var tally = new Received.Tally();
            ObjectTable table =
                    origin.map(map -> map.table().withLimit(memory())).orElseGet(() -> new ObjectTable(memory()));
            TreePlan before =
                    origin.isPresent() ? TreePlan.of(table.copy(), (_, _) -> Optional.empty()) : TreePlan.empty();
            var files = new ReceivedFiles(staging, target, before, table, tally);
            var intake = new ObjectIntake(stream, table, files);
            intake.run();
            staging.closeOpen(files::finish);
            TreePlan after = TreePlan.of(table, files::read);
            if (origin.isPresent() && before.root() != after.root()) {
                throw StreamException.of(after.root(), "the root of the filesystem is another one than before");
            }
            var change = new TreeChange(before, after, intake, staging);
            var restorer = new TreeRestorer(
                    staging, new TreeRestorer.Task(before, after, change, files.finished()), options, tally);
            if (origin.isPresent()) {
                restorer.run(target);
            } else {
                whole(target, after, restorer);
            }
            StreamHeader header = stream.current();
            stream.received();
            var map = new ObjectMap(StreamHeader.Kind.FILESYSTEM, header.toGuid(), table);
            return new Done(
                    new Received(header, map, tally.counts(), tally.left()),
                    after.find(after.root()).orElseThrow().znode().modified());
        }

        private long memory() {
            return options.memory().value();
        }

        /** Builds the tree aside, and then moves what is in its root. */
        private void whole(Directory target, TreePlan plan, TreeRestorer restorer) {
            try (Directory tree = staging.tree()) {
                restorer.run(tree);
                TreePlan.Node root = plan.find(plan.root()).orElseThrow();
                tree.names().forEach(name -> tree.rename(name, target, name));
                new FileAttributes(options, new Received.Tally()).set(target, root, Optional.empty());
            }
        }
    }
}
