package zonda.images;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.UnaryOperator;
import zonda.base.Code;
import zonda.base.Journal;
import zonda.base.Json;
import zonda.base.OpException;
import zonda.base.Saga;
import zonda.images.tar.NotTarException;
import zonda.images.tar.TarException;
import zonda.kernel.KernelException;
import zonda.zstream.StreamException;

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
    private final ImportLocks locks;

    Installation(Images.Setup setup, Records records) {
        this.store = setup.store();
        this.records = records;
        this.journal = setup.journal();
        this.locks = new ImportLocks(setup.paths());
    }

    /** Puts an image's root filesystem into an empty directory of mode 0755. */
    @FunctionalInterface
    interface Filler {
        void fill(Path root) throws IOException;
    }

    /** Puts an image's dataset into an empty directory, or for one with an origin, into a copy of the origin's. */
    @FunctionalInterface
    interface DatasetFiller {
        void fill(Path dataset) throws IOException;
    }

    /** The image as it is installed, if it is. */
    Optional<InstalledImage> find(UUID uuid) {
        return records.read(uuid).filter(_ -> store.state(uuid) == ImageStore.State.INSTALLED);
    }

    /**
     * Installs the image unless it is; on any failure nothing of it is left.
     *
     * @return whether it was installed by this call
     * @throws ImageException UNCOMPRESSION_ERROR, FILE_SYSTEM, and what the filler throws
     */
    boolean install(InstalledImage image, Filler filler) {
        return installDataset(image, dataset -> filler.fill(Files.createDirectory(dataset.resolve("root"))));
    }

    /**
     * As {@link #install}, of what has more than a root.
     *
     * @throws ImageException as there, and ORIGIN_NOT_INSTALLED
     */
    boolean installDataset(InstalledImage image, DatasetFiller filler) {
        try (var _ = locks.acquire(image.uuid())) {
            if (find(image.uuid()).isPresent()) {
                return false;
            }
            if (store.state(image.uuid()) == ImageStore.State.INSTALLED) {
                throw new ImageException(
                        ImageError.FILE_SYSTEM,
                        "install image " + image.manifest().title() + ": the pool has a dataset of that name, and "
                                + "imgadm has no record of it");
            }
            fillAndComplete(image, filler);
            return true;
        }
    }

    private void fillAndComplete(InstalledImage image, DatasetFiller filler) {
        UUID uuid = image.uuid();
        Optional<UUID> origin = image.manifest().origin();
        if (origin.isPresent() && find(origin.get()).isEmpty()) {
            throw ImageException.originNotInstalled(origin.get(), store.pool());
        }
        Saga saga = journal.begin(INSTALL, image.json());
        try {
            store.discard(uuid);
            Path dataset = saga.step("partial", () -> makePartial(image.manifest()));
            saga.step("fill", () -> fill(dataset, image.manifest(), filler));
            complete(saga, image);
        } catch (RuntimeException e) {
            takeBack(saga, uuid, e);
            throw e;
        }
        saga.end();
    }

    private Path makePartial(Manifest manifest) {
        if (manifest.origin().isPresent()) {
            return store.clonePartial(manifest.uuid(), manifest.origin().get());
        }
        return manifest.isDisk() ? store.createPartialVolume(manifest.uuid()) : store.createPartial(manifest.uuid());
    }

    private void complete(Saga saga, InstalledImage image) {
        saga.step("seal", () -> store.seal(image.uuid()));
        saga.step("commit", () -> store.commit(image.uuid()));
        saga.step("record", () -> records.write(image));
    }

    private static void fill(Path dataset, Manifest manifest, DatasetFiller filler) {
        String what = "install image " + manifest.title() + ": ";
        try {
            filler.fill(dataset);
        } catch (StreamException e) {
            ImageError error =
                    e.code() == Code.NOT_SUPPORTED ? ImageError.NOT_SUPPORTED : ImageError.UNCOMPRESSION_ERROR;
            throw new ImageException(error, what + e.getMessage(), e);
        } catch (OpException e) {
            throw e;
        } catch (NotTarException e) {
            throw new ImageException(ImageError.NOT_SUPPORTED, what + e.getMessage(), e);
        } catch (TarException e) {
            throw new ImageException(ImageError.UNCOMPRESSION_ERROR, what + e.getMessage(), e);
        } catch (IOException e) {
            throw new ImageException(ImageError.FILE_SYSTEM, what + e, e);
        } catch (UncheckedIOException e) {
            boolean isDamage = e.getCause() instanceof TarException;
            throw new ImageException(
                    isDamage ? ImageError.UNCOMPRESSION_ERROR : ImageError.FILE_SYSTEM, what + e.getMessage(), e);
        } catch (KernelException e) {
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

    /** Removes an installed image. @throws ImageException IMAGE_NOT_INSTALLED, IMAGE_HAS_DEPENDENT_CLONES */
    void delete(UUID uuid) {
        try (var _ = locks.acquire(uuid)) {
            if (find(uuid).isEmpty()) {
                throw ImageException.notInstalled(uuid, store.pool());
            }
            List<String> clones = store.dependents(uuid);
            if (!clones.isEmpty()) {
                throw ImageException.hasClones(uuid, clones);
            }
            Saga saga = journal.begin(
                    DELETE, Json.object().with("uuid", uuid.toString()).with("zpool", store.pool()));
            try {
                delete(saga, uuid);
            } catch (RuntimeException e) {
                keepIfIntact(saga, uuid, e);
                throw e;
            }
        }
    }

    /** A deletion that was refused at once is over: recovery must not carry out what the operator was told has failed. */
    private void keepIfIntact(Saga saga, UUID uuid, RuntimeException reason) {
        try {
            if (find(uuid).isPresent()) {
                saga.end();
            }
        } catch (RuntimeException e) {
            reason.addSuppressed(e);
        }
    }

    /** Changes the record of an installed image; does nothing when it isn't there. */
    void change(UUID uuid, UnaryOperator<InstalledImage> change) {
        try (var _ = locks.acquire(uuid)) {
            find(uuid).ifPresent(image -> {
                InstalledImage changed = change.apply(image);
                if (!changed.equals(image)) {
                    records.write(changed);
                }
            });
        }
    }

    private void delete(Saga saga, UUID uuid) {
        saga.step("destroy", () -> store.destroy(uuid));
        saga.step("forget", () -> records.delete(uuid));
        saga.end();
    }

    /** Finishes or takes back what was interrupted; to be called before anything else. */
    Images.Recovered recover() {
        var completed = new ArrayList<UUID>();
        var discarded = new ArrayList<UUID>();
        var deleted = new ArrayList<UUID>();
        var failed = new ArrayList<String>();
        var unknown = new HashSet<>(store.partials());
        for (Saga saga : journal.unfinished()) {
            Json.Obj about = saga.intent().about();
            boolean isOfThisPool = about.string("zpool", store.pool()).equals(store.pool());
            if (!isOfThisPool) {
                continue;
            }
            try {
                switch (saga.intent().kind()) {
                    case INSTALL -> {
                        InstalledImage image = InstalledImage.of(about);
                        unknown.remove(image.uuid());
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
            } catch (RuntimeException e) {
                // One image that can't be recovered must not keep the host from starting.
                failed.add("recover " + saga.intent().kind() + " " + about.compact() + ": " + e.getMessage());
            }
        }
        return new Images.Recovered(completed, discarded, deleted, unknown, failed);
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
