package zonda.zstream;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
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
        Origins.checkWhole(stream.current(), origin);
        refuseOther(stream.current(), target, origin, Set.of());
        return received(target, () -> {
            try (Staging staging = Staging.in(target)) {
                return new Receive(stream, staging, options, Optional.empty()).into(target, origin);
            }
        });
    }

    private static void refuseOther(
            StreamHeader header, Directory target, Optional<ObjectMap> origin, Set<String> own) {
        if (header.kind() != StreamHeader.Kind.FILESYSTEM) {
            throw StreamException.conflict(header.toName() + " is a volume, and can't be received into a directory");
        }
        List<String> there =
                target.names().stream().filter(name -> !own.contains(name)).toList();
        if (origin.isEmpty() && !there.isEmpty()) {
            throw StreamException.conflict(
                    "a full stream needs an empty directory, and " + target + " has " + there.size() + " entries");
        }
    }

    private static Received received(Directory target, Supplier<Done> work) {
        try {
            Done done = work.get();
            // Only now, since the staging directory came and went in it.
            target.modified(done.modified());
            return done.received();
        } catch (KernelException e) {
            throw StreamException.host(0, e);
        }
    }

    /**
     * Begins a receive that can be cut short and gone on with; nothing but the stream's BEGIN was read.
     *
     * @throws StreamException as {@link #receive(SendStream, Directory, Optional, ReceiveOptions)} does
     */
    public static void begin(SendStream stream, Directory target, Resumable resumable) {
        try {
            Progress.begin(target, stream, resumable);
        } catch (KernelException e) {
            throw StreamException.host(0, e);
        }
    }

    /** How far a receive is that was begun there. @throws StreamException when none was */
    public static ResumeToken position(Directory target, String name) {
        try (Directory directory = target.child(name)) {
            return Progress.position(directory);
        } catch (KernelException e) {
            throw StreamException.host(0, e);
        }
    }

    /**
     * As {@link #receive(SendStream, Directory, Optional, ReceiveOptions)}, of one that was begun. What came is kept,
     * also when this fails, and once more when all came, before the tree is changed. When it fails after that, the
     * target must become what it was when it was kept last.
     */
    public static Received receive(
            SendStream stream,
            Directory target,
            Optional<ObjectMap> origin,
            ReceiveOptions options,
            Resumable resumable) {
        Origins.check(stream.current(), origin);
        refuseOther(stream.current(), target, origin, Set.of(resumable.name()));
        return received(target, () -> {
            try (Staging staging = Staging.kept(target, resumable.name());
                    Progress progress = Progress.resume(staging, stream, resumable.keeper())) {
                Done done = new Receive(stream, staging, options, Optional.of(progress)).into(target, origin);
                staging.isDone();
                return done;
            }
        });
    }

    /** @param modified when the root was */
    private record Done(Received received, Instant modified) {}

    /** One receive. */
    private record Receive(SendStream stream, Staging staging, ReceiveOptions options, Optional<Progress> progress) {
        Done into(Directory target, Optional<ObjectMap> origin) {
            var tally = new Received.Tally();
            ObjectTable table =
                    origin.map(map -> map.table().withLimit(memory())).orElseGet(() -> new ObjectTable(memory()));
            TreePlan before =
                    origin.isPresent() ? TreePlan.of(table.copy(), (_, _) -> Optional.empty()) : TreePlan.empty();
            var files = new ReceivedFiles(staging, target, before, table, tally);
            var intake = new ObjectIntake(stream, table, files);
            Progress.take(intake, progress);
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
