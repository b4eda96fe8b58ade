package zonda.storage;

import java.util.List;
import zonda.storage.NodeRecord.Filesystem;
import zonda.storage.NodeRecord.Frozen;

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

    /** Writes the record onto the dataset itself. */
    void describe(Filesystem record) {
        String text = record.toJson().compact();
        driver.describe(
                record.guid(),
                text.length() <= LONGEST_ATTRIBUTE
                        ? text
                        : record.toJson().without("properties").compact());
    }

    /** Destroys what is marked as gone; what is gone already is fine. */
    void destroy(List<Filesystem> datasets, List<Frozen> snapshots) {
        snapshots.forEach(one -> driver.destroy(new SnapshotId(one.dataset(), one.guid())));
        datasets.reversed().forEach(one -> driver.destroy(one.guid()));
    }
}
