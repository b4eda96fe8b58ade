package zonda.vm;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.ClosedWatchServiceException;
import java.nio.file.Path;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchEvent;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.UUID;
import zonda.base.OpException;

/**
 * Notices what an operator's editor, or another tool, writes to the files of VMs in {@code /etc/zones}, by inotify(7):
 * the files are the record, as on SmartOS. One virtual thread.
 */
public final class EditedFiles implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(EditedFiles.class.getName());

    /** A file that is written in pieces is read when it is whole. */
    private static final Duration REST = Duration.ofMillis(200);

    private final VmStore store;
    private final WatchService watch;

    private EditedFiles(VmStore store, WatchService watch) {
        this.store = store;
        this.watch = watch;
    }

    /** Where the kernel has no more watches to give, nothing is noticed before the next start, and the log says so. */
    public static AutoCloseable start(VmStore store) {
        try {
            WatchService watch = store.directory().getFileSystem().newWatchService();
            var files = new EditedFiles(store, watch);
            try {
                store.directory()
                        .register(watch, StandardWatchEventKinds.ENTRY_CREATE, StandardWatchEventKinds.ENTRY_MODIFY);
            } catch (IOException e) {
                files.close();
                throw e;
            }
            Thread.ofVirtual().name("edited-files").start(files::run);
            return files;
        } catch (IOException e) {
            LOG.log(
                    System.Logger.Level.WARNING,
                    "what is written to files in " + store.directory() + " by hand is seen at the next start only: "
                            + e.getMessage());
            return () -> {};
        }
    }

    private void run() {
        try {
            while (true) {
                WatchKey key = watch.take();
                Thread.sleep(REST);
                named(key).forEach(this::reread);
                key.reset();
            }
        } catch (InterruptedException | ClosedWatchServiceException _) {
            // close() was called.
        }
    }

    private Set<UUID> named(WatchKey key) {
        var vms = new HashSet<UUID>();
        for (WatchEvent<?> event : key.pollEvents()) {
            if (event.kind() == StandardWatchEventKinds.OVERFLOW) {
                store.all().forEach(vm -> vms.add(vm.uuid()));
            } else {
                VmStore.ofFile((Path) event.context()).ifPresent(vms::add);
            }
        }
        return vms;
    }

    private void reread(UUID vm) {
        try {
            store.reread(vm);
        } catch (OpException e) {
            LOG.log(
                    System.Logger.Level.WARNING,
                    "what was written to " + store.directory().resolve(vm + ".xml") + " is not taken: "
                            + e.getMessage());
        } catch (RuntimeException e) {
            LOG.log(System.Logger.Level.ERROR, "read " + store.directory().resolve(vm + ".xml"), e);
        }
    }

    @Override
    public void close() {
        try {
            watch.close();
        } catch (IOException e) {
            throw new UncheckedIOException("watch " + store.directory() + ": " + e, e);
        }
    }
}
