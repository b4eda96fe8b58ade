package zonda.storage;

import java.io.OutputStream;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import zonda.base.Bytes;
import zonda.storage.NodeRecord.Frozen;
import zonda.zstream.ResumeToken;

/**
 * A pool's means, below the dataset service: it knows ids, never names, and never mounts. Each call is idempotent, so
 * that a verb cut short can be run again: making what is there already and removing what is gone are fine.
 *
 * <p>Only {@link #snapshot}, {@link #cloneOf}, {@link #rollback} and {@link #sync} are durable on return, and they make durable all that
 * came before them.
 */
interface PoolDriver extends AutoCloseable {
    /** What it is called in messages about what it can not do. */
    String name();

    /**
     * Whom a dataset's space is charged to.
     *
     * @param accounts the dataset itself, then its ancestors
     * @param quota of the dataset itself
     */
    record Charge(List<Guid> accounts, Optional<Bytes> quota) {
        public Charge {
            accounts = List.copyOf(accounts);
        }
    }

    /**
     * What is on the pool.
     *
     * @param strangers what no record of this service can have made, by path: never touched
     */
    record Inventory(Set<Guid> datasets, Set<SnapshotId> snapshots, List<String> strangers) {}

    /** What to mount for a dataset; the caller decides where and when. */
    sealed interface MountSpec {
        /**
         * A directory of the pool's mounted top.
         *
         * @param directory whose tree is the dataset's
         * @param root of every mount of it, as mountinfo has it
         */
        record Tree(Path directory, String root) implements MountSpec {}

        /**
         * A filesystem of its own, for mount(2).
         *
         * @param source what is mounted, and what mountinfo has as the source of every mount of it
         */
        record Filesystem(String type, String source) implements MountSpec {}
    }

    /** Reservations, where a driver keeps them itself. */
    interface OwnReservations {
        /** Gives a dataset what is reserved for it, and takes away what is not any more. */
        void set(Guid dataset, Allotment allotment);

        /** As {@link #set}, of all datasets, after a crash. */
        void reconcile(Map<Guid, Allotment> expected);

        /** What can still be written to a dataset. */
        Bytes available(Guid dataset);

        /** {@code usedbyrefreservation} of zfsprops(7). */
        Bytes unfilled(Guid dataset);
    }

    /** Empty where this service counts what is reserved, and the driver only limits. */
    default Optional<OwnReservations> reservations() {
        return Optional.empty();
    }

    /**
     * Sets what all may have together that are charged to an account which is no dataset's; makes the account when it
     * isn't there. Only where reservations are not the driver's own.
     */
    default void ceiling(Guid account, Optional<Bytes> limit) {}

    /** How much of a dataset's data was written after its snapshot. Only where reservations are not the driver's own. */
    default Bytes written(Guid dataset, SnapshotId since) {
        return Bytes.of(0);
    }

    /** Makes an empty filesystem. */
    void create(Guid dataset, Charge charge);

    /** Makes a snapshot of a dataset. Durable on return. */
    void snapshot(SnapshotId id, List<Guid> accounts);

    /** Makes a writable copy of a snapshot. Durable on return. */
    void cloneOf(SnapshotId origin, Guid dataset, Charge charge);

    /** Makes a new dataset a sparse volume of a size; fine when it is one. */
    void makeVolume(Guid dataset, Bytes size);

    /** The file, or the device, that a volume is. */
    Path disk(Guid volume);

    /** Whether volumes are block devices, and not files. */
    default boolean hasDevices() {
        return false;
    }

    /** Cuts a volume off, or lengthens it by zeros. */
    void resize(Guid volume, Bytes size);

    Bytes sizeOf(Guid volume);

    Bytes sizeOf(SnapshotId volume);

    /** Gives a dataset, which isn't mounted, the content of its snapshot again. Durable on return. */
    void rollback(Guid dataset, SnapshotId to, List<Guid> accounts);

    /** Whether a dataset has been written to since it had the content of this snapshot of it. */
    boolean isModifiedSince(Guid dataset, SnapshotId snapshot);

    /** Streams, where a driver makes and receives them itself. */
    interface OwnStreams {
        /** By which streams know each snapshot. */
        Map<Guid, Long> identities();

        /** Writes the stream of a snapshot. @param from what it is incremental to */
        void send(SnapshotId snapshot, Optional<SnapshotId> from, OutputStream out);

        /** How long that will be, nearly. */
        long estimate(SnapshotId snapshot, Optional<SnapshotId> from);

        /** Writes what is missing of a stream whose receive was cut short. */
        void sendRest(ResumeToken token, OutputStream out);

        /** As {@link #estimate}, of {@link #sendRest}. */
        long estimateRest(ResumeToken token);

        /**
         * What a stream becomes.
         *
         * @param snapshot of a dataset that is there already, or is made with it
         * @param isNew whether it is made
         * @param origin what a new one is a clone of
         * @param isVolume whether it is a volume
         * @param force whether what was changed in the dataset goes
         */
        record Incoming(
                SnapshotId snapshot, boolean isNew, Optional<SnapshotId> origin, boolean isVolume, boolean force) {}

        /** Receives a stream: all of it is there when this returns, or nothing. @param stream writes it */
        void receive(Incoming what, Consumer<OutputStream> stream);

        /** What a volume is that was received. */
        VolumeShape shape(Guid volume);

        /** Snapshots that were about to be received at a crash: makes those its own that came in whole. */
        void adopt(List<Frozen> begun);
    }

    /** Empty where this service makes and receives streams, of directories and files. */
    default Optional<OwnStreams> streams() {
        return Optional.empty();
    }

    /** Removes a dataset, which isn't mounted and has no snapshots; its space comes back later. */
    void destroy(Guid dataset);

    /** Removes a snapshot. */
    void destroy(SnapshotId snapshot);

    /** Why some of these can't be destroyed together, in its own words: what others than this service need, say. */
    default Optional<String> obstacle(Collection<Guid> datasets, Collection<SnapshotId> snapshots) {
        return Optional.empty();
    }

    /** Takes a dataset that is about to be destroyed out from under the one above it, where datasets lie in each other. */
    default void moveApart(Guid dataset) {}

    /** Snapshots have got other names: of interest where they have names. */
    default void renamed(List<SnapshotId> snapshots) {}

    /** Shows the content of snapshots no more, where a clone that is to be promoted would wait for that. */
    default void letGo(Collection<SnapshotId> snapshots) {}

    /** A clone has been made independent of its origin: of interest where one depends on the other. */
    default void promoted(Guid clone) {}

    /** Tags have come to hold a snapshot, or let go of it: of interest where others than this service can destroy it. */
    default void protect(SnapshotId snapshot) {}

    /** Gives the top directory of a dataset, which isn't mounted, these nine bits of chmod(2). */
    void mode(Guid dataset, int mode);

    /** Keeps a description with the dataset itself, from which a lost store can be made again. */
    void describe(Guid dataset, String text);

    /** As {@link #describe(Guid, String)}, of a snapshot that is there or is made next. */
    default void describe(SnapshotId snapshot, String text) {}

    /** As {@link #describe(Guid, String)}, of a dataset's bookmark; empty when that goes. */
    default void describeBookmark(Guid dataset, Guid bookmark, Optional<String> text) {}

    /** All descriptions on the pool; none where a lost store is not made again. */
    default List<String> descriptions() {
        return List.of();
    }

    /** Whether it has a description; what was done before describing it is then as durable. */
    boolean isDescribed(Guid dataset);

    /**
     * Has what is written to a dataset from now on compressed; empty when no dataset above it says anything of that.
     * Of interest where that is not handed on from a dataset to those below it.
     */
    default void compress(Guid dataset, Optional<String> compression) {}

    /** Stores a dataset's data as it says itself. Of interest where that is handed on to those below it. */
    default void tune(Guid dataset, Tuning own) {}

    /** As {@link #tune}, of all datasets, after a crash. */
    default void reconcileTuning(Map<Guid, Tuning> expected) {}

    /** Whether {@link Tuning#recordSize} means anything to it. */
    default boolean hasRecords() {
        return false;
    }

    /** How data are compressed where nobody says. */
    default String usualCompression() {
        return Tuning.OFF;
    }

    /** Waits a moment for the space of what was destroyed. A driver that knows no way to hurry it up does nothing. */
    default void reclaim() {}

    /** Changes a quota at once. */
    void limit(Guid dataset, Optional<Bytes> quota);

    /** Charges a dataset, with its snapshots and all below it, to other ancestors. */
    void recharge(Guid dataset, List<Guid> from, List<Guid> to);

    /** As {@link #recharge(Guid, List, List)}, of one snapshot. */
    void recharge(SnapshotId snapshot, List<Guid> from, List<Guid> to);

    /** What is charged to a dataset. */
    Bytes used(Guid dataset);

    /** How much data a dataset's files refer to, shared with others or not, as of the last commit. */
    Bytes referenced(Guid dataset);

    /** As {@link #referenced(Guid)}, of a snapshot. */
    Bytes referenced(SnapshotId snapshot);

    /** The devices, with what they have got wrong so far. */
    List<Vdev> vdevs();

    /** Sets error counters to zero. @param device its path; all when empty. @return false when there is no such device */
    boolean clearErrors(Optional<String> device);

    /** What can still be written to the pool. */
    Bytes free();

    /** The size of the pool. */
    Bytes size();

    /** Where a snapshot's content is to be read. */
    Path directory(SnapshotId snapshot);

    /** How a dataset is mounted, and its mounts are told. */
    MountSpec mountSpec(Guid dataset);

    Inventory inventory();

    /**
     * Makes quotas and charges what they should be, after a crash, and drops accounts that nobody uses any more.
     *
     * @param expected of each dataset
     * @param snapshots to whom each is charged: its dataset, then that one's ancestors
     */
    void reconcile(Map<Guid, Charge> expected, Map<SnapshotId, List<Guid>> snapshots);

    /** Makes all that was done durable; concurrent callers share a commit. */
    void sync();

    @Override
    void close();
}
