package zonda.images;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import zonda.images.ImageFolder.Entry;

/**
 * The installed images as a folder of files for the image server. All are in it by their manifests; a file is made when it
 * is first asked for, and kept as long as the image is installed.
 */
final class ServedImages implements ImageServer.Supply {
    private static final int BUFFER = 128 << 10;

    private final HostImages images;
    private final Path directory;
    private final ImageFolder folder;
    private final Map<UUID, ReentrantLock> making = new ConcurrentHashMap<>();

    ServedImages(HostImages images) {
        this.images = images;
        this.directory = images.first().servedFolder();
        this.folder = new ImageFolder(directory);
        try {
            Files.createDirectories(directory);
        } catch (IOException e) {
            throw new UncheckedIOException("create " + directory + ": " + e, e);
        }
    }

    Path directory() {
        return directory;
    }

    /** What isn't installed any more goes, and what is new is there by its manifest. */
    @Override
    public void announce() {
        for (Entry entry : folder.all()) {
            UUID uuid = entry.manifest().uuid();
            locked(uuid, () -> {
                if (installed(uuid).isEmpty()) {
                    folder.delete(entry);
                }
            });
        }
        for (Images pool : images.all()) {
            pool.list().stream().map(ListedImage::manifest).forEach(manifest -> announce(manifest.uuid()));
        }
    }

    private void announce(UUID uuid) {
        locked(uuid, () -> {
            Optional<Manifest> manifest =
                    installed(uuid).map(pool -> pool.get(uuid).manifest());
            if (manifest.isPresent() && folder.find(uuid).isEmpty()) {
                folder.put(Manifest.of(manifest.get().json().without("files").with("state", "active")));
            }
        });
    }

    private Optional<Images> installed(UUID uuid) {
        return images.all().stream().filter(pool -> pool.find(uuid).isPresent()).findFirst();
    }

    /** Makes the image's file, if it is installed and has none yet. */
    @Override
    public void provide(UUID uuid) {
        announce(uuid);
        locked(uuid, () -> {
            Optional<Images> pool = installed(uuid);
            boolean whole = folder.find(uuid)
                    .filter(entry -> entry.manifest().file().sha1().isPresent())
                    .flatMap(Entry::file)
                    .isPresent();
            if (pool.isPresent() && !whole) {
                make(pool.get().again(uuid));
            }
        });
    }

    private void make(NewImage image) throws IOException {
        Path file = directory.resolve(image.manifest().uuid() + ".zfs.gz");
        Path unfinished = Path.of(file + ".partial");
        try {
            Manifest complete;
            try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(unfinished), BUFFER)) {
                complete = image.write(out);
            }
            try (FileChannel channel = FileChannel.open(unfinished, StandardOpenOption.WRITE)) {
                channel.force(true);
            }
            Files.move(unfinished, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            folder.put(complete);
        } finally {
            Files.deleteIfExists(unfinished);
        }
    }

    private interface Work {
        void run() throws IOException;
    }

    private void locked(UUID uuid, Work work) {
        ReentrantLock lock = making.computeIfAbsent(uuid, _ -> new ReentrantLock());
        lock.lock();
        try {
            work.run();
        } catch (IOException e) {
            throw new UncheckedIOException("serve image " + uuid + " from " + directory + ": " + e, e);
        } finally {
            lock.unlock();
        }
    }
}
