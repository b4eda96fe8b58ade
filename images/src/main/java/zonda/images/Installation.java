package zonda.images;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import zonda.base.Journal;
import zonda.base.Json;
import zonda.base.OpException;
import zonda.base.Saga;
import zonda.images.tar.TarException;
import zonda.kernel.KernelException;

/**
 * How an image comes into the pool and leaves it, as sagas: {@code image-install} of the steps partial, fill, seal,
 * commit, record; and {@code image-delete} of the steps destroy, forget.
 */
final class Installation {
    private static final String INSTALL = "image-install";
    private static final String DELETE = "image-delete";

    private final ImageStore store;
    private final Records records;
    private final Journal journal;

    Installation(ImageStore store, Records records, Journal journal) {
        this.store = store;
        this.records = records;
        this.journal = journal;
    }

    /** Puts an image's root filesystem into an empty directory of mode 0755. */
    @FunctionalInterface
    interface Filler {
        void fill(Path root) throws IOException;
    }

    /**
     * Installs the image; on any failure nothing of it is left. The caller holds its import lock, and knows that it isn't
     * installed.
     *
     * @throws ImageException UNCOMPRESSION_ERROR, FILE_SYSTEM, and what the filler throws
     */
    void install(InstalledImage image, Filler filler) {
        UUID uuid = image.uuid();
        Saga saga = journal.begin(INSTALL, image.json());
        try {
            store.discard(uuid);
            Path dataset = saga.step("partial", () -> store.createPartial(uuid));
            saga.step("fill", () -> fill(dataset, image.manifest(), filler));
            complete(saga, image);
        } catch (RuntimeException e) {
            takeBack(saga, uuid, e);
            throw e;
        }
        saga.end();
    }

    private void complete(Saga saga, InstalledImage image) {
        saga.step("seal", () -> store.seal(image.uuid()));
        saga.step("commit", () -> store.commit(image.uuid()));
        saga.step("record", () -> records.write(image));
    }

    private static void fill(Path dataset, Manifest manifest, Filler filler) {
        String what = "install image " + manifest.title() + ": ";
        try {
            filler.fill(Files.createDirectory(dataset.resolve("root")));
        } catch (OpException e) {
            throw e;
        } catch (TarException e) {
            throw new ImageException(ImageError.UNCOMPRESSION_ERROR, what + e.getMessage(), e);
        } catch (IOException e) {
            throw new ImageException(ImageError.FILE_SYSTEM, what + e, e);
        } catch (UncheckedIOException | KernelException e) {
            throw new ImageException(ImageError.FILE_SYSTEM, what + e.getMessage(), e);
        }
    }

    /** When even this fails, the intent stays for recovery. */
    private void takeBack(Saga saga, UUID uuid, RuntimeException reason) {
        try {
            if (store.state(uuid) == ImageStore.State.INSTALLED) {
                store.destroy(uuid);
            }
            store.discard(uuid);
            records.delete(uuid);
            saga.end();
        } catch (RuntimeException e) {
            reason.addSuppressed(e);
        }
    }

    /** Removes an installed image that nothing depends on. */
    void delete(UUID uuid) {
        Saga saga = journal.begin(DELETE, Json.object().with("uuid", uuid.toString()));
        delete(saga, uuid);
    }

    private void delete(Saga saga, UUID uuid) {
        saga.step("destroy", () -> store.destroy(uuid));
        saga.step("forget", () -> records.delete(uuid));
        saga.end();
    }

    /**
     * What recovery did.
     *
     * @param completed images whose interrupted installation was finished
     * @param discarded images whose interrupted installation was taken back
     * @param deleted images whose interrupted deletion was finished
     * @param unknown images with a partial dataset that no intent is known of: they are left as they are
     */
    record Recovered(List<UUID> completed, List<UUID> discarded, List<UUID> deleted, Set<UUID> unknown) {}

    /** Finishes or takes back what was interrupted; to be called before anything else. */
    Recovered recover() {
        var completed = new ArrayList<UUID>();
        var discarded = new ArrayList<UUID>();
        var deleted = new ArrayList<UUID>();
        for (Saga saga : journal.unfinished()) {
            Json.Obj about = saga.intent().about();
            switch (saga.intent().kind()) {
                case INSTALL -> {
                    InstalledImage image = InstalledImage.of(about);
                    (resume(saga, image) ? completed : discarded).add(image.uuid());
                }
                case DELETE -> {
                    UUID uuid = UUID.fromString(about.string("uuid", ""));
                    delete(saga, uuid);
                    deleted.add(uuid);
                }
                default -> {
                    // another feature's
                }
            }
        }
        return new Recovered(completed, discarded, deleted, Set.copyOf(store.partials()));
    }

    /** True when the image is installed, false when it is gone. */
    private boolean resume(Saga saga, InstalledImage image) {
        switch (store.state(image.uuid())) {
            case SEALED, INSTALLED -> {
                complete(saga, image);
                saga.end();
                return true;
            }
            case FILLING, ABSENT -> {
                store.discard(image.uuid());
                saga.end();
                return false;
            }
        }
        throw new AssertionError(image);
    }
}
