package zonda.vm;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.ClosedWatchServiceException;
import java.nio.file.Path;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchEvent;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.util.UUID;
import java.util.function.Consumer;

/** Tells of zones that end: monitors leave a file for each, and inotify(7) tells of files. One platform thread. */
final class ExitWatch implements AutoCloseable {
    private final WatchService watch;

    private ExitWatch(WatchService watch) {
        this.watch = watch;
    }

    /** @param ended called on the watching thread, and must not block it */
    static ExitWatch start(Path exits, Consumer<UUID> ended, Runnable overflow) {
        try {
            WatchService watch = exits.getFileSystem().newWatchService();
            exits.register(watch, StandardWatchEventKinds.ENTRY_CREATE, StandardWatchEventKinds.ENTRY_MODIFY);
            Thread.ofPlatform().daemon().name("exit-watch").start(() -> loop(watch, ended, overflow));
            return new ExitWatch(watch);
        } catch (IOException e) {
            throw new UncheckedIOException("watch " + exits + ": " + e, e);
        }
    }

    private static void loop(WatchService watch, Consumer<UUID> ended, Runnable overflow) {
        try {
            while (true) {
                WatchKey key = watch.take();
                for (WatchEvent<?> event : key.pollEvents()) {
                    if (event.kind() == StandardWatchEventKinds.OVERFLOW) {
                        overflow.run();
                    } else if (Values.isUuid(String.valueOf(event.context()))) {
                        ended.accept(UUID.fromString(String.valueOf(event.context())));
                    }
                }
                key.reset();
            }
        } catch (InterruptedException | ClosedWatchServiceException e) {
            // The daemon stops.
        }
    }

    @Override
    public void close() {
        try {
            watch.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
