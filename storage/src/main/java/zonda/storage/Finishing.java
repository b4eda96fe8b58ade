package zonda.storage;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import zonda.base.OpException;
import zonda.storage.NodeRecord.Filesystem;
import zonda.storage.NodeRecord.Frozen;
import zonda.storage.NodeRecord.Mark;

/** The steps of a verb behind its point of no return: the verb does them, and recovery does them again. */
final class Finishing {
    /** What an extended attribute of btrfs surely holds, with its name, in one leaf of 16 KiB. */
    static final int LONGEST_ATTRIBUTE = 12_000;

    private final PoolDriver driver;

    Finishing(PoolDriver driver) {
        this.driver = driver;
    }

    /** A dataset whose subvolume is there: gives its top directory the mode asked for, and describes it. */
    void finish(Filesystem record) {
        record.options().volume().ifPresent(shape -> driver.makeVolume(record.guid(), shape.size()));
        if (record.options().allotment().reserves()) {
            driver.reservations()
                    .ifPresent(own -> own.set(record.guid(), record.options().allotment()));
        }
        if (!record.options().tuning().equals(Tuning.NONE)) {
            driver.tune(record.guid(), record.options().tuning());
        }
        record.options().mode().ifPresent(mode -> driver.mode(record.guid(), mode));
        describe(record);
    }

    /** As {@link #finish}, after a crash: a mode that was set is left alone, since the dataset's user may have set another. */
    void finishAgain(Filesystem record) {
        if (driver.isDescribed(record.guid())) {
            describe(record);
        } else {
            finish(record);
        }
    }

    /** Keeps the record with what it is of. */
    void describe(NodeRecord record) {
        switch (record) {
            case Filesystem dataset -> describe(dataset);
            case Frozen snapshot ->
                driver.describe(snapshot.id(), snapshot.toJson().compact());
            case Mark mark ->
                driver.describeBookmark(
                        mark.dataset(), mark.guid(), Optional.of(mark.toJson().compact()));
        }
    }

    /** Writes the record onto the dataset itself. */
    private void describe(Filesystem record) {
        driver.describe(record.guid(), description(record));
    }

    /** What {@link #describe} keeps of a record. */
    static String description(NodeRecord record) {
        String text = record.toJson().compact();
        return length(text) <= LONGEST_ATTRIBUTE || !(record instanceof Filesystem)
                ? text
                : record.toJson().without("properties").compact();
    }

    /** In bytes, of which a letter may have several. */
    static int length(String text) {
        return text.getBytes(StandardCharsets.UTF_8).length;
    }

    /**
     * A snapshot that was received counts: its dataset, which isn't mounted, gets its content, and the place where it was
     * received goes.
     */
    void land(Frozen snapshot, List<Guid> accounts) {
        driver.rollback(snapshot.dataset(), snapshot.id(), accounts);
        clear(snapshot);
    }

    /** Destroys the place where a snapshot is, or was, received, with the states of it that are kept. */
    void clear(Frozen snapshot) {
        if (snapshot.notes().isResumable()) {
            states(driver.inventory(), snapshot).forEach(driver::destroy);
        }
        driver.destroy(snapshot.home());
    }

    /** The states of a place that a receive can go on from. */
    static List<SnapshotId> states(PoolDriver.Inventory inventory, Frozen snapshot) {
        return inventory.snapshots().stream()
                .filter(id ->
                        id.dataset().equals(snapshot.home()) && !id.snapshot().equals(snapshot.guid()))
                .toList();
    }

    /**
     * Destroys what records speak of, in an order that the driver can go: where datasets lie below others, and clones
     * need their origins, that isn't any. What is in the way of the rest is answered; nothing if all are gone.
     */
    List<String> destroyAll(List<NodeRecord> nodes) {
        List<NodeRecord> left = nodes;
        boolean apart = false;
        while (true) {
            List<NodeRecord> refused = new ArrayList<>();
            List<String> reasons = new ArrayList<>();
            for (NodeRecord node : left) {
                try {
                    destroy(node);
                } catch (OpException e) {
                    refused.add(node);
                    reasons.add(String.valueOf(e.getMessage()));
                }
            }
            if (refused.size() == left.size()) {
                if (apart || refused.isEmpty()) {
                    return reasons;
                }
                // An origin that was renamed to below its own clone: each waits for the other.
                refused.stream()
                        .filter(Filesystem.class::isInstance)
                        .forEach(dataset -> driver.moveApart(dataset.guid()));
                apart = true;
            }
            left = refused;
        }
    }

    /** Destroys what a record speaks of; fine when it is gone already. */
    void destroy(NodeRecord record) {
        switch (record) {
            case Filesystem dataset -> driver.destroy(dataset.guid());
            case Frozen snapshot -> {
                driver.destroy(snapshot.id());
                if (snapshot.notes().arriving()) {
                    clear(snapshot);
                }
            }
            case Mark mark -> driver.describeBookmark(mark.dataset(), mark.guid(), Optional.empty());
        }
    }
}
