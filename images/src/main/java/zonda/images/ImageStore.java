package zonda.images;

import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Consumer;
import zonda.base.Bytes;
import zonda.zstream.StreamHeader;

/**
 * The pool, as far as images need it: each image is a dataset, {@code <pool>/<uuid>-partial} while it is filled, and
 * {@code <pool>/<uuid>} with the snapshot {@code @final} once it is installed.
 *
 * <p>{@link #seal}, {@link #commit}, {@link #discard} and {@link #destroy} do nothing when what they lead to is so
 * already: they are repeated after a crash.
 */
public interface ImageStore {
    /** Where an image's dataset is in its life. */
    enum State {
        ABSENT,
        /** Partial, and perhaps incomplete. */
        FILLING,
        /** Partial with its snapshot @final: complete, and on disk. */
        SEALED,
        INSTALLED
    }

    /** Streams of disks, as a pool has them whose volumes are devices. */
    interface DiskStreams {
        /**
         * Makes the partial dataset of a disk, of its stream, instead of what {@link #createPartialVolume} made.
         *
         * @param origin the installed image that the stream is incremental to
         * @param check is told what each snapshot of the stream is, before that is made
         * @throws zonda.base.OpException when it is damaged, or can't be received
         */
        void receive(UUID image, Optional<UUID> origin, InputStream stream, Consumer<StreamHeader> check);

        /** By which streams know a snapshot. @param snapshot its full name */
        long guid(String snapshot);

        /** Writes a snapshot's stream. @param origin the installed image that it is incremental to */
        void send(String snapshot, Optional<UUID> origin, OutputStream out);
    }

    /** Empty where a disk is a file, beside which a map tells what its stream had. */
    default Optional<DiskStreams> diskStreams() {
        return Optional.empty();
    }

    /** As the other, for an image; empty for one that is no disk. */
    default Optional<DiskStreams> diskStreams(Manifest manifest) {
        return manifest.isDisk() ? diskStreams() : Optional.empty();
    }

    /** The pool's name. */
    String pool();

    State state(UUID image);

    /** Makes an empty {@code <uuid>-partial} and mounts it. @return where, an absolute path */
    Path createPartial(UUID image);

    /** As {@link #createPartial}, of a disk: the file {@code disk} there, which is to be replaced by the image's. */
    Path createPartialVolume(UUID image);

    /**
     * As {@link #createPartial}, with the content of an installed image, which can't be destroyed while this one lives.
     *
     * @return where it is mounted, an absolute path
     */
    Path clonePartial(UUID image, UUID origin);

    /** Takes the snapshot @final of the partial dataset; when it returns, that and all data in it are on disk. */
    void seal(UUID image);

    /** Gives the sealed dataset its own name. */
    void commit(UUID image);

    /** Removes the partial dataset, sealed or not. */
    void discard(UUID image);

    /** Removes the installed dataset with its snapshots. */
    void destroy(UUID image);

    /** Where the content of an installed one is to be read, as it was sealed: an absolute path. */
    Path content(UUID image);

    /** Datasets cloned from it, by the last part of their names: the UUIDs of VMs and of incremental images. */
    List<String> dependents(UUID image);

    /** What the installed dataset occupies. */
    Bytes used(UUID image);

    /** Images with a partial dataset, sealed or not. */
    Set<UUID> partials();
}
